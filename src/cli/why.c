// A row's support arrives as lines with depths, from the top. As a tree each line is printed where it comes; as JSON a
// line that is not deeper closes what is open.
#include "why.h"

#include "printer.h"

#include <stdlib.h>
#include <string.h>

enum { LEVELS_MAX = 64 };

// ---- one assertion ----

static const char* name_of(cli_names* names, const parley_value* v) { return cli_names_of(names, v)->name; }

static void put_time(FILE* out, cli_names* names, const parley_support* s) {
  if (s->from.type != PARLEY_NULL && s->until.type != PARLEY_NULL) {
    char* const from = cli_need(strdup(name_of(names, &s->from)));
    const char* const until = name_of(names, &s->until);
    fprintf(out, ", %s%s%s", from, strcmp(from, until) ? " to " : "", strcmp(from, until) ? until : "");
    free(from);
  } else if (s->from.type != PARLEY_NULL) {
    fprintf(out, ", from %s", name_of(names, &s->from));
  } else if (s->until.type != PARLEY_NULL) {
    fprintf(out, ", until %s", name_of(names, &s->until));
  }
  if (s->on.type != PARLEY_NULL) {
    fprintf(out, ", on %s", name_of(names, &s->on));
  }
}

void cli_assertion_text(FILE* out, cli_names* names, const parley_support* s) {
  const bool of_graph = s->source.type == PARLEY_NULL && s->assertion.type == PARLEY_IRI;
  if (s->source.type != PARLEY_NULL) {
    fputs(name_of(names, &s->source), out);
  } else {
    fprintf(out, of_graph ? "graph %s" : "no source", of_graph ? name_of(names, &s->assertion) : "");
  }
  if (s->span.type != PARLEY_NULL) {
    fprintf(out, ", %s", name_of(names, &s->span));
  }
  if (s->confidence.type != PARLEY_NULL) {
    fprintf(out, ", confidence %s", name_of(names, &s->confidence));
  }
  put_time(out, names, s);
}

static void json_key(FILE* out, cli_names* names, const char* key, const parley_value* v, bool* first) {
  if (v->type == PARLEY_NULL) {
    return;
  }
  fprintf(out, "%s\"%s\": ", *first ? "" : ", ", key);
  cli_json_value(out, v, name_of(names, v));
  *first = false;
}

void cli_assertion_json(FILE* out, cli_names* names, const parley_support* s) {
  bool first = true;
  fputc('{', out);
  if (s->source.type == PARLEY_NULL && s->assertion.type == PARLEY_IRI) {
    json_key(out, names, "graph", &s->assertion, &first);
  }
  json_key(out, names, "source", &s->source, &first);
  json_key(out, names, "span", &s->span, &first);
  json_key(out, names, "confidence", &s->confidence, &first);
  json_key(out, names, "from", &s->from, &first);
  json_key(out, names, "until", &s->until, &first);
  json_key(out, names, "on", &s->on, &first);
  fputc('}', out);
}

// ---- a tree ----

static void tree_text(FILE* out, cli_names* names, const parley_support* s) {
  switch (s->kind) {
    case PARLEY_SUPPORT_FACT:
      fputs(s->text, out);
      break;
    case PARLEY_SUPPORT_IDENTITY:
      fprintf(out, "same: %s", s->text);
      break;
    case PARLEY_SUPPORT_ASSERTION:
      cli_assertion_text(out, names, s);
      break;
    case PARLEY_SUPPORT_PLAIN:
      fputs("stated plainly", out);
      break;
    case PARLEY_SUPPORT_MEMBER:
      fprintf(out, "row %llu", (unsigned long long)s->count);
      break;
    case PARLEY_SUPPORT_ABSENT:
      fprintf(out, "nothing matches: %s", s->text);
      break;
    case PARLEY_SUPPORT_MORE:
      fprintf(out, "and %llu more", (unsigned long long)s->count);
      break;
  }
}

parley_status cli_why_tree(FILE* out, cli_names* names, parley_query* query, unsigned indent, size_t width) {
  parley_support s = {.size = sizeof s};
  parley_status status;
  while ((status = parley_why_next(query, &s)) == PARLEY_OK) {
    char* text = NULL;
    size_t len = 0;
    FILE* const line = cli_need(open_memstream(&text, &len));
    tree_text(line, names, &s);
    fclose(line);
    cli_need(text);
    const unsigned depth = s.depth < LEVELS_MAX ? s.depth : LEVELS_MAX;
    const size_t margin = indent + (size_t)depth * 2;
    fprintf(out, "%*s", (int)margin, "");
    cli_text_print(out, text, len, width > margin + 20 ? width - margin : 0);
    fputc('\n', out);
    free(text);
  }
  return status == PARLEY_NOT_FOUND ? PARLEY_OK : status;
}

// ---- JSON ----

// What is open: how many elements each level has.
typedef struct json_levels {
  bool filled[LEVELS_MAX + 1];
  unsigned count;
} json_levels;

static void close_to(FILE* out, json_levels* levels, unsigned depth) {
  while (levels->count > depth) {
    fputs("]}", out);
    levels->count--;
  }
}

static void json_fact(FILE* out, cli_names* names, const parley_support* s) {
  fputs(s->kind == PARLEY_SUPPORT_IDENTITY ? "{\"identity\": true, \"subject\": " : "{\"subject\": ", out);
  cli_json_value(out, &s->subject, name_of(names, &s->subject));
  fputs(", \"predicate\": ", out);
  cli_json_value(out, &s->predicate, name_of(names, &s->predicate));
  fputs(", \"object\": ", out);
  cli_json_value(out, &s->object, name_of(names, &s->object));
  fputs(", \"assertions\": [", out);
}

// True if the line opens a level.
static bool json_line(FILE* out, cli_names* names, const parley_support* s) {
  switch (s->kind) {
    case PARLEY_SUPPORT_FACT:
    case PARLEY_SUPPORT_IDENTITY:
      json_fact(out, names, s);
      return true;
    case PARLEY_SUPPORT_MEMBER:
      fprintf(out, "{\"member\": %llu, \"why\": [", (unsigned long long)s->count);
      return true;
    case PARLEY_SUPPORT_ASSERTION:
      cli_assertion_json(out, names, s);
      return false;
    case PARLEY_SUPPORT_PLAIN:
      fputs("{\"plain\": true}", out);
      return false;
    case PARLEY_SUPPORT_ABSENT:
      fputs("{\"absent\": ", out);
      cli_json_string(out, s->text);
      fputc('}', out);
      return false;
    case PARLEY_SUPPORT_MORE:
      fprintf(out, "{\"more\": %llu}", (unsigned long long)s->count);
      return false;
  }
  return false;
}

parley_status cli_why_json(FILE* out, cli_names* names, parley_query* query) {
  json_levels levels = {.count = 0};
  parley_support s = {.size = sizeof s};
  parley_status status;
  fputc('[', out);
  while ((status = parley_why_next(query, &s)) == PARLEY_OK) {
    close_to(out, &levels, s.depth);
    fputs(levels.filled[levels.count] ? ", " : "", out);
    levels.filled[levels.count] = true;
    if (json_line(out, names, &s)) {
      if (levels.count == LEVELS_MAX) {
        return PARLEY_LIMIT;
      }
      levels.filled[++levels.count] = false;
    }
  }
  close_to(out, &levels, 0);
  fputc(']', out);
  return status == PARLEY_NOT_FOUND ? PARLEY_OK : status;
}
