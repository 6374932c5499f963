/// Reads WatDiv's data model language (watdiv_model.h) line by line.
#include "watdiv_model.h"

#include "gen.h"

#include <stdlib.h>
#include <string.h>

enum { TOKENS_MAX = 16, LINE_BYTES_MAX = 4096, IRI_BYTES_MAX = 1000, INTEGER_MAX_DEFAULT = 65535 };

static const double instances_max = 1e9;

/// Where in the file we are.
typedef struct reader {
  watdiv_model* m;           ///< what is filled
  const char* path;          ///< for messages
  unsigned line;             ///< for messages, from 1
  double scale;              ///< multiplies the instances of scalable types
  char* tokens[TOKENS_MAX];  ///< of this line
  unsigned count;            ///< how many
  bool in_group;             ///< between <pgroup> and </pgroup>
} reader;

_Noreturn static void bad(const reader* r, const char* what) { gen_die("%s:%u: %s", r->path, r->line, what); }

/// Append a zeroed element to an array whose length is *count.
static void* append(void* array, uint32_t* count, size_t size) {
  char* grown = gen_grow(array, (*count + 1) * size);
  memset(grown + *count * size, 0, size);
  ++*count;
  return grown;
}

#define APPEND(m, field, counter) \
  ((m)->field = append((m)->field, &(m)->counter, sizeof *(m)->field), &(m)->field[(m)->counter - 1])

char* watdiv_model_expand(const watdiv_model* m, const char* name) {
  const char* colon = strchr(name, ':');
  for (uint32_t i = 0; colon && i < m->namespace_count; i++) {
    const watdiv_namespace* n = &m->namespaces[i];
    if (strlen(n->alias) == (size_t)(colon - name) && memcmp(n->alias, name, (size_t)(colon - name)) == 0) {
      const size_t bytes = strlen(n->prefix) + strlen(colon);
      char* iri = gen_memory(bytes);
      snprintf(iri, bytes, "%s%s", n->prefix, colon + 1);
      return iri;
    }
  }
  return NULL;
}

static char* expand(const reader* r, const char* name) {
  char* iri = watdiv_model_expand(r->m, name);
  if (iri == NULL || strlen(iri) > IRI_BYTES_MAX) {
    bad(r, "a name without a known namespace, or too long");
  }
  return iri;
}

int watdiv_model_type(const watdiv_model* m, const char* name) {
  char* iri = watdiv_model_expand(m, name);
  int found = -1;
  for (uint32_t i = 0; iri && i < m->type_count; i++) {
    if (strcmp(m->types[i].iri, iri) == 0) {
      found = (int)i;
    }
  }
  free(iri);
  return found;
}

static int type_of(const reader* r, const char* name) {
  const int type = watdiv_model_type(r->m, name);
  if (type < 0) {
    bad(r, "a type that was not declared");
  }
  return type;
}

static double number(const reader* r, const char* text, double max) {
  char* end;
  const double n = strtod(text, &end);
  if (end == text || *end != '\0' || !(n >= 0 && n <= max)) {
    bad(r, "not a number, or not one that is possible here");
  }
  return n;
}

static watdiv_dist dist(const reader* r, const char* name) {
  static const struct {
    const char* name;
    watdiv_dist dist;
  } names[] = {{"uniform", WATDIV_UNIFORM}, {"normal", WATDIV_NORMAL}, {"zipfian", WATDIV_ZIPFIAN}};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (strcasecmp(name, names[i].name) == 0) {
      return names[i].dist;
    }
  }
  bad(r, "a distribution is uniform, normal or zipfian");
}

/// `@wsdbm:Role2`: instance 2 of type wsdbm:Role, as a class of instances of subject. `@null` is none.
static int class_of(reader* r, int subject, const char* token) {
  if (token[0] != '@') {
    bad(r, "a class begins with @");
  }
  if (strcasecmp(token, "@null") == 0) {
    return -1;
  }
  char name[LINE_BYTES_MAX];
  snprintf(name, sizeof name, "%s", token + 1);
  size_t digits = strlen(name);
  while (digits > 0 && name[digits - 1] >= '0' && name[digits - 1] <= '9') {
    digits--;
  }
  const uint32_t id = (uint32_t)number(r, name + digits, instances_max);
  name[digits] = '\0';
  const int type = type_of(r, name);
  for (uint32_t i = 0; i < r->m->class_count; i++) {
    const watdiv_class* c = &r->m->classes[i];
    if (c->subject == subject && c->type == type && c->id == id) {
      return (int)i;
    }
  }
  watdiv_class* c = APPEND(r->m, classes, class_count);
  const uint32_t members = r->m->types[subject].count;
  *c = (watdiv_class){.subject = subject, .type = type, .id = id, .member = gen_memory(members)};
  memset(c->member, 0, members);
  return (int)r->m->class_count - 1;
}

static void read_namespace(reader* r) {
  char* equals = r->count == 2 ? strchr(r->tokens[1], '=') : NULL;
  if (equals == NULL) {
    bad(r, "a namespace is written alias=prefix");
  }
  *equals = '\0';
  watdiv_namespace* n = APPEND(r->m, namespaces, namespace_count);
  *n = (watdiv_namespace){.alias = strdup(r->tokens[1]), .prefix = strdup(equals + 1)};
  if (n->alias == NULL || n->prefix == NULL) {
    bad(r, "no memory");
  }
}

static void read_type(reader* r, bool scalable) {
  if (r->count != 3) {
    bad(r, "a type is written <type> name instances");
  }
  const double count = number(r, r->tokens[2], instances_max) * (scalable ? r->scale : 1);
  if (count > instances_max) {
    bad(r, "too many instances at this scale");
  }
  char* iri = expand(r, r->tokens[1]);
  watdiv_type* t = APPEND(r->m, types, type_count);
  *t = (watdiv_type){.iri = iri, .count = count < 1 ? 1 : (uint32_t)count, .group_first = r->m->group_count};
}

static void read_group(reader* r) {
  if (r->m->type_count == 0 || r->count > 3) {
    bad(r, "a group stands in a type: <pgroup> probability @class");
  }
  const int subject = (int)r->m->type_count - 1;
  const double probability = r->count > 1 ? number(r, r->tokens[1], 1) : 1;
  const int class = r->count > 2 ? class_of(r, subject, r->tokens[2]) : -1;
  watdiv_group* g = APPEND(r->m, groups, group_count);
  *g = (watdiv_group){.probability = probability, .class = class, .first = r->m->predicate_count};
  r->m->types[subject].groups++;
  r->in_group = true;
}

static watdiv_kind kind_of(const reader* r, const char* name) {
  static const char* const names[] = {
      [WATDIV_INTEGER] = "integer", [WATDIV_STRING] = "string", [WATDIV_NAME] = "name", [WATDIV_DATE] = "date"};
  for (int i = 0; i < 4; i++) {
    if (strcasecmp(name, names[i]) == 0) {
      return (watdiv_kind)i;
    }
  }
  bad(r, "a value is an integer, string, name or date");
}

static void read_predicate(reader* r) {
  if (!r->in_group || (r->count != 3 && r->count != 5 && r->count != 6)) {
    bad(r, "a predicate stands in a group: #predicate name kind min max distribution");
  }
  char* iri = expand(r, r->tokens[1]);
  watdiv_predicate* p = APPEND(r->m, predicates, predicate_count);
  *p = (watdiv_predicate){.iri = iri, .kind = kind_of(r, r->tokens[2]), .dist = WATDIV_UNIFORM};
  if (p->kind == WATDIV_DATE) {
    p->min = gen_day(r->count > 3 ? r->tokens[3] : "1970-01-01");
    p->max = gen_day(r->count > 3 ? r->tokens[4] : "2019-12-31");
  } else if (p->kind == WATDIV_INTEGER) {
    p->min = r->count > 3 ? (uint32_t)number(r, r->tokens[3], UINT32_MAX) : 0;
    p->max = r->count > 3 ? (uint32_t)number(r, r->tokens[4], UINT32_MAX) : INTEGER_MAX_DEFAULT;
  }
  if (r->count == 6) {
    p->dist = dist(r, r->tokens[5]);
  }
  if (p->min > p->max || p->dist == WATDIV_ZIPFIAN) {
    bad(r, "no such values");
  }
  r->m->groups[r->m->group_count - 1].count++;
}

/// `20[normal]`
static void read_right(reader* r, char* token, watdiv_association* a) {
  char* bracket = strchr(token, '[');
  if (bracket) {
    *bracket = '\0';
    char* end = strchr(bracket + 1, ']');
    if (end == NULL) {
      bad(r, "a bracket that is not closed");
    }
    *end = '\0';
    a->spread = dist(r, bracket + 1);
    if (a->spread == WATDIV_ZIPFIAN) {
      bad(r, "how many is uniform or normal");
    }
  }
  a->right = (uint32_t)number(r, token, instances_max);
}

static void read_association(reader* r) {
  if (r->count != 8 && r->count != 10) {
    bad(r, "#association subject predicate object left right cover distribution [@class @class]");
  }
  watdiv_association a = {.iri = expand(r, r->tokens[2]),
                          .subject = type_of(r, r->tokens[1]),
                          .object = type_of(r, r->tokens[3]),
                          .once = strcmp(r->tokens[4], "1") == 0,
                          .cover = number(r, r->tokens[6], 1),
                          .dist = dist(r, r->tokens[7]),
                          .subject_class = -1,
                          .object_class = -1,
                          .restricted = r->count == 10};
  read_right(r, r->tokens[5], &a);
  if (a.restricted) {
    a.subject_class = class_of(r, a.subject, r->tokens[8]);
    a.object_class = class_of(r, a.object, r->tokens[9]);
  }
  *APPEND(r->m, associations, association_count) = a;
}

static void read_line(reader* r, char* line) {
  char* rest = NULL;
  r->count = 0;
  for (char* t = strtok_r(line, " \t\r\n", &rest); t; t = strtok_r(NULL, " \t\r\n", &rest)) {
    if (r->count == TOKENS_MAX) {
      bad(r, "too many words");
    }
    r->tokens[r->count++] = t;
  }
  const char* first = r->count ? r->tokens[0] : "//";
  if (strcmp(first, "#namespace") == 0) {
    read_namespace(r);
  } else if (strcmp(first, "<type>") == 0 || strcmp(first, "<type*>") == 0) {
    read_type(r, strcmp(first, "<type>") == 0);
  } else if (strcmp(first, "<pgroup>") == 0) {
    read_group(r);
  } else if (strcmp(first, "#predicate") == 0) {
    read_predicate(r);
  } else if (strcmp(first, "#association") == 0) {
    read_association(r);
  } else if (strcmp(first, "</pgroup>") == 0) {
    r->in_group = false;
  } else if (strcmp(first, "</type>") != 0 && strncmp(first, "//", 2) != 0) {
    bad(r, "a line of no known kind");
  }
}

void watdiv_model_read(watdiv_model* m, const char* path, double scale) {
  *m = (watdiv_model){0};
  reader r = {.m = m, .path = path, .scale = scale};
  char line[LINE_BYTES_MAX];
  FILE* file = fopen(path, "r");
  if (file == NULL) {
    gen_die("%s: cannot be opened", path);
  }
  while (fgets(line, sizeof line, file)) {
    r.line++;
    if (strchr(line, '\n') == NULL && !feof(file)) {
      bad(&r, "a line too long");
    }
    read_line(&r, line);
  }
  if (ferror(file)) {
    gen_die("%s: cannot be read", path);
  }
  fclose(file);
}
