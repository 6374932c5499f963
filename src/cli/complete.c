// Tab: completes the word before the cursor with what can stand there: dot commands, file names after commands that
// take them, variables of the statement, words the parser expects, and the store's predicates and classes.
#include "shell.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAMES_MAX 5000
#define SHOWN_MAX 200

// Candidates for one completion: owned texts.
typedef struct candidates {
  char** words;
  size_t count, capacity;
  const char* prefix;  // what they must begin with
  size_t prefix_len;
} candidates;

static void offer(candidates* c, const char* word, size_t len) {
  if (len < c->prefix_len || strncmp(word, c->prefix, c->prefix_len)) {
    return;
  }
  for (size_t i = 0; i < c->count; i++) {
    if (strlen(c->words[i]) == len && !strncmp(c->words[i], word, len)) {
      return;
    }
  }
  if (c->count == c->capacity) {
    const size_t capacity = c->capacity ? c->capacity * 2 : 64;
    char** grown = realloc(c->words, capacity * sizeof *grown);
    if (!grown) {
      return;
    }
    c->words = grown;
    c->capacity = capacity;
  }
  char* copy = strndup(word, len);
  if (copy) {
    c->words[c->count++] = copy;
  }
}

static void candidates_free(candidates* c) {
  for (size_t i = 0; i < c->count; i++) {
    free(c->words[i]);
  }
  free(c->words);
}

// ---- names of the store ----

void shell_names_forget(shell* sh) {
  for (size_t i = 0; i < sh->name_count; i++) {
    free(sh->names[i]);
  }
  free(sh->names);
  sh->names = NULL;
  sh->name_count = 0;
}

static void names_add(shell* sh, const char* text) {
  parley_query* query = NULL;
  if (sh->name_count >= NAMES_MAX || parley_prepare(sh->session.db, text, SIZE_MAX, &query, NULL) != PARLEY_OK) {
    parley_finalize(query);
    return;
  }
  const parley_limits limits = {.size = sizeof limits, .seconds = 0.5};  // completion never makes a person wait
  if (parley_query_set_limits(query, &limits) == PARLEY_OK) {
    while (sh->name_count < NAMES_MAX && parley_step(query) == PARLEY_ROW) {
      char* name = strdup(parley_column_source(query, 0));
      if (name) {
        sh->names[sh->name_count++] = name;
      }
    }
  }
  parley_finalize(query);
}

static void names_read(shell* sh) {
  if (sh->names || !sh->session.db) {
    return;
  }
  sh->names = calloc(NAMES_MAX, sizeof *sh->names);
  if (sh->names) {
    names_add(sh, "match _ a ?class with ?class, count(*) as ?n order by ?n desc return ?class");
    names_add(sh, "match ?s ?p ?o with ?p, count(*) as ?n order by ?n desc return ?p");
    // Annotations are met in no fact pattern; these are the ones the language itself reads.
    names_add(sh, "for ?p in [source, span, confidence, from, until, on] return ?p");
  }
}

// ---- sources of candidates ----

static void offer_files(candidates* c) {
  const char* slash = strrchr(c->prefix, '/');
  char folder[4096], entry[8192];
  const size_t len = slash ? (size_t)(slash - c->prefix) + 1 : 0;
  if (len >= sizeof folder) {
    return;
  }
  snprintf(folder, sizeof folder, "%.*s", (int)len, c->prefix);
  DIR* dir = opendir(len ? folder : ".");
  if (!dir) {
    return;
  }
  for (struct dirent* d; (d = readdir(dir));) {
    struct stat info;
    if (d->d_name[0] == '.' && !(slash ? slash[1] == '.' : c->prefix[0] == '.')) {
      continue;
    }
    snprintf(entry, sizeof entry, "%s%s", folder, d->d_name);
    if (stat(entry, &info) == 0 && S_ISDIR(info.st_mode)) {
      strncat(entry, "/", sizeof entry - strlen(entry) - 1);
    }
    offer(c, entry, strlen(entry));
  }
  closedir(dir);
}

static void offer_variables(candidates* c, const char* text, size_t len) {
  for (size_t i = 0; i < len; i++) {
    if (text[i] != '?') {
      continue;
    }
    size_t end = i + 1;
    while (end < len && (isalnum((unsigned char)text[end]) || text[end] == '_' || (unsigned char)text[end] >= 0x80)) {
      end++;
    }
    if (end > i + 1 && text + i != c->prefix) {
      offer(c, text + i, end - i);
    }
  }
}

static void on_expected(void* user, const char* word) {
  if (isalpha((unsigned char)*word)) {
    offer(user, word, strlen(word));
  }
}

static bool takes_file(const char* line) {
  static const char* const commands[] = {".load ", ".read ", ".output ", ".export ", ".backup "};
  for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
    if (!strncmp(line, commands[i], strlen(commands[i]))) {
      return true;
    }
  }
  return false;
}

// Commands that take a word of a fixed list.
static const char* const* words_after(const char* line) {
  static const char* const edits[] = {"add", "drop", "set", NULL};
  static const char* const switches[] = {"on", "off", NULL};
  static const char* const facts[] = {"deep", "facts", NULL};
  static const struct {
    const char* command;
    const char* const* words;
  } lists[] = {
      {".mode ", cli_format_names}, {".format ", cli_format_names}, {".labels ", edits},        {".text ", edits},
      {".single ", edits},          {".timer ", switches},          {".assertions ", switches}, {".check ", facts}};
  for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
    const size_t len = strlen(lists[i].command);
    if (!strncmp(line, lists[i].command, len) && !strchr(line + len, ' ')) {
      return lists[i].words;
    }
  }
  return NULL;
}

static void offer_words(candidates* c, const char* const* words) {
  for (size_t i = 0; words[i]; i++) {
    offer(c, words[i], strlen(words[i]));
  }
}

static void offer_names(shell* sh, candidates* c) {
  names_read(sh);
  for (size_t i = 0; i < sh->name_count && c->prefix_len > 0; i++) {
    offer(c, sh->names[i], strlen(sh->names[i]));
  }
}

static const char* const transaction_words[] = {"begin", "commit", "rollback", NULL};

static void gather(shell* sh, candidates* c, const char* line, size_t len) {
  const char* start = line + strspn(line, " \t");
  if (!sh->pending && *start == '.' && c->prefix == start) {
    for (const shell_command* command = shell_commands; command->name; command++) {
      offer(c, command->name, strlen(command->name));
    }
  } else if (!sh->pending && takes_file(start)) {
    offer_files(c);
  } else if (!sh->pending && words_after(start)) {
    offer_words(c, words_after(start));
  } else if (!sh->pending && *start == '.') {
    offer_names(sh, c);
  } else if (*c->prefix == '?') {
    offer_variables(c, sh->pending ? sh->pending : "", sh->pending_len);
    offer_variables(c, line, len - c->prefix_len);
  } else {
    char* text = NULL;
    if (asprintf(&text, "%s%.*s", sh->pending ? sh->pending : "", (int)(len - c->prefix_len), line) >= 0) {
      parley_expected(text, strlen(text), on_expected, c);
      free(text);
    }
    if (!sh->pending && c->prefix == start) {
      offer_words(c, transaction_words);
    }
    offer_names(sh, c);
  }
}

static int by_text(const void* a, const void* b) { return strcmp(*(char* const*)a, *(char* const*)b); }

static void show(const candidates* c) {
  const int width = cli_width(stdout);
  size_t widest = 0, column = 0;
  for (size_t i = 0; i < c->count; i++) {
    const size_t cells = cli_text_width(c->words[i], strlen(c->words[i]));
    widest = cells > widest ? cells : widest;
  }
  const size_t columns = width > 0 && widest + 2 < (size_t)width ? (size_t)width / (widest + 2) : 1;
  fputc('\n', stdout);
  const size_t shown = c->count < SHOWN_MAX ? c->count : SHOWN_MAX;
  for (size_t i = 0; i < shown; i++) {
    const size_t cells = cli_text_print(stdout, c->words[i], strlen(c->words[i]), 0);
    const bool last = ++column == columns || i + 1 == shown;
    fprintf(stdout, "%*s", last ? 0 : (int)(widest + 2 - cells), "");
    if (last) {
      fputc('\n', stdout);
      column = 0;
    }
  }
  if (shown < c->count) {
    fprintf(stdout, "and %zu more\n", c->count - shown);
  }
}

// Length that all candidates share, never ending inside a character.
static size_t common(const candidates* c) {
  size_t len = strlen(c->words[0]);
  for (size_t i = 1; i < c->count; i++) {
    size_t same = 0;
    while (same < len && c->words[i][same] == c->words[0][same]) {
      same++;
    }
    len = same;
  }
  while (len > 0 && ((unsigned char)c->words[0][len] & 0xC0) == 0x80) {
    len--;
  }
  return len;
}

unsigned char shell_complete(EditLine* editor, int key) {
  shell* sh = NULL;
  (void)key;
  edit.el_get(editor, EL_CLIENTDATA, &sh);
  const LineInfo* info = edit.el_line(editor);
  const size_t len = (size_t)(info->cursor - info->buffer);
  char* line = strndup(info->buffer, len);
  if (!line || !sh) {
    free(line);
    return CC_ERROR;
  }
  const char* prefix = line + len;
  while (prefix > line && !strchr(" \t,;()[]{}|^=<>!\"'", prefix[-1])) {
    prefix--;
  }
  candidates c = {.prefix = prefix, .prefix_len = strlen(prefix)};
  unsigned char result = CC_ERROR;
  gather(sh, &c, line, len);
  if (c.count > 0) {
    qsort(c.words, c.count, sizeof *c.words, by_text);
    const size_t shared = common(&c);
    char* more = strndup(c.words[0] + c.prefix_len, shared - c.prefix_len);
    const bool folder = shared > 0 && c.words[0][shared - 1] == '/';
    if (more && shared > c.prefix_len && edit.el_insertstr(editor, more) == 0) {
      result = CC_REFRESH;
    }
    if (c.count == 1 && !folder && edit.el_insertstr(editor, " ") == 0) {
      result = CC_REFRESH;
    } else if (c.count > 1 && shared == c.prefix_len) {
      show(&c);
      result = CC_REDISPLAY;
    }
    free(more);
  }
  candidates_free(&c);
  free(line);
  return result;
}
