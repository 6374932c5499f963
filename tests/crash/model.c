/// The universe of statements: each has a number, an export line, and calls that write and remove it.
///
/// Four kinds take turns: a fact between nodes, a name (some long enough for a value of their own in the file), an
/// assertion with source and confidence, a number.
#include "crash.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DECIMAL "http://www.w3.org/2001/XMLSchema#decimal"

enum { NAME_BYTES = 2200, SUBJECTS = 13, SOURCES = 3 };
enum { KIND_FACT, KIND_NAME, KIND_SAID, KIND_NUMBER, KINDS };

uint64_t crash_random(uint64_t* seed) {
  uint64_t z = *seed += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

uint64_t crash_hash(const void* data, size_t len, uint64_t start) {
  const unsigned char* const bytes = data;
  uint64_t h = (start ? start : 0xCBF29CE484222325u) ^ len;
  for (size_t i = 0; i < len; i += sizeof h) {
    uint64_t word = 0;
    memcpy(&word, bytes + i, len - i < sizeof word ? len - i : sizeof word);
    h = (h ^ word) * 0x9E3779B97F4A7C15u;
    h ^= h >> 32;
  }
  return h;
}

/// The words of a name; of some of them many.
static void name_text(unsigned number, char text[NAME_BYTES]) {
  const unsigned words = number % 64 == KIND_NAME ? 150 : 3 + number % 5;
  size_t len = 0;
  for (unsigned i = 0; i < words; i++) {
    len += (size_t)snprintf(text + len, NAME_BYTES - len, "%sword%u", i ? " " : "", number + i);
  }
}

size_t model_line(unsigned number, char line[LINE_BYTES]) {
  static const char* const predicates[KINDS] = {"knows", "wrote", "said", "age"};
  const unsigned base = number % MODEL_BASE;
  const unsigned kind = base % KINDS;
  char object[NAME_BYTES + 64];
  char text[NAME_BYTES];
  if (kind == KIND_NAME) {
    name_text(base, text);
    (void)snprintf(object, sizeof object, "{\"value\": \"%s\"}", text);
  } else if (kind == KIND_NUMBER) {
    (void)snprintf(object, sizeof object, "%u", base);
  } else {
    (void)snprintf(object, sizeof object, "{\"iri\": \"urn:parley:o%u\"}", base);
  }
  char note[128] = "";
  if (kind == KIND_SAID) {
    (void)snprintf(note, sizeof note, ", \"confidence\": 0.5, \"source\": {\"iri\": \"urn:parley:source%u\"}",
                   base % SOURCES);
  }
  return (size_t)snprintf(line, LINE_BYTES,
                          "{\"subject\": {\"iri\": \"urn:parley:s%u\"}, \"predicate\": \"%s\", \"object\": %s%s}",
                          base % SUBJECTS, number >= MODEL_BASE ? "knew" : predicates[kind], object, note);
}

/// Hashes of lines are added up, so that their order does not matter; mixed, so that no two lines cancel out.
static void add_line(state* s, const char* line, size_t len) {
  uint64_t seed = crash_hash(line, len, 0);
  s->hash += crash_random(&seed);
  s->lines++;
}

state model_state(const model* m) {
  state s = {.absent = m->absent, .text = m->text};
  char line[LINE_BYTES];
  for (unsigned i = 0; i < MODEL_ALL; i++) {
    if (m->has[i]) {
      add_line(&s, line, model_line(i, line));
    }
  }
  return s;
}

bool model_same(const state* a, const state* b) {
  return a->absent == b->absent && (a->absent || (a->text == b->text && a->hash == b->hash && a->lines == b->lines));
}

// ---- writing --------------------------------------------------------------------------------------------------------

typedef struct texts {
  char subject[32], object[32], source[32], name[NAME_BYTES];
} texts;

static parley_status change(parley_txn* txn, unsigned number, bool add) {
  static const char* const predicates[KINDS] = {"knows", "wrote", "said", "age"};
  const unsigned kind = number % KINDS;
  texts t;
  (void)snprintf(t.subject, sizeof t.subject, "urn:parley:s%u", number % SUBJECTS);
  (void)snprintf(t.object, sizeof t.object, "urn:parley:o%u", number);
  (void)snprintf(t.source, sizeof t.source, "urn:parley:source%u", number % SOURCES);
  name_text(number, t.name);
  const parley_value subject = parley_iri(t.subject);
  const parley_value predicate = parley_name(predicates[kind]);
  const parley_value object = kind == KIND_NAME     ? parley_string(t.name)
                              : kind == KIND_NUMBER ? parley_integer((int64_t)number)
                                                    : parley_iri(t.object);
  const parley_annotation notes[2] = {{"source", parley_iri(t.source)}, {"confidence", parley_typed("0.5", DECIMAL)}};
  const size_t count = kind == KIND_SAID ? 2 : 0;
  return add ? parley_add(txn, &subject, &predicate, &object, notes, count, NULL)
             : parley_remove(txn, &subject, &predicate, &object, notes, count, NULL);
}

parley_status model_add(parley_txn* txn, unsigned number) { return change(txn, number, true); }
parley_status model_remove(parley_txn* txn, unsigned number) { return change(txn, number, false); }

// ---- reading --------------------------------------------------------------------------------------------------------

typedef struct reader {
  state* out;
  char line[LINE_BYTES];
  size_t len;
} reader;

static int take(void* user, const char* data, size_t len) {
  reader* const r = user;
  for (size_t i = 0; i < len; i++) {
    if (data[i] == '\n') {
      add_line(r->out, r->line, r->len);
      r->len = 0;
    } else if (r->len < sizeof r->line) {
      r->line[r->len++] = data[i];
    }
  }
  return 0;
}

static void see_name(void* user, const char* name) {
  bool* const found = user;
  *found = *found || strcmp(name, "wrote") == 0;
}

bool model_read(parley* store, state* out) {
  reader r = {.out = out};
  *out = (state){0};
  const parley_export_options options = {.size = sizeof options, .write = take, .user = &r};
  return parley_export(store, &options) == PARLEY_OK &&
         parley_get_property(store, PARLEY_PROPERTY_TEXT, see_name, &out->text) == PARLEY_OK;
}
