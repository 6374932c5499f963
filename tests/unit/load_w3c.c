/// The W3C test suites of N-Triples, N-Quads and Turtle (RDF 1.1), from a copy of github.com/w3c/rdf-tests: set PARLEY_SHARED_DATA to the
/// folder that holds it as w3c-rdf-tests. Tests that serd itself gets wrong are listed in tests/data/w3c-known.txt with the reason.
#include "load_help.h"

#include <unistd.h>
#include <xxhash.h>

#define MF "<http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
#define RDFT "<http://www.w3.org/ns/rdftest#Test"
#define ORIGIN "https://w3c.github.io/rdf-tests/rdf/rdf11/"

typedef struct suite {
  const char* folder;             ///< below rdf/rdf11
  const pl_reader_class* class_;  ///< reader of the documents
  size_t passed;                  ///< tests
  size_t failed;                  ///< tests not listed as known
  size_t known;                   ///< tests that fail as listed
} suite;

static const char* data_root;
static char known_list[64 << 10];

/// All statements of a document as text; status as of the reader, PL_ERR_FORMAT if a row was bad.
static pl_status read_document(const char* path, const char* base, const pl_reader_class* class_, pl_mem* mem,
                               pl_buf* out) {
  pl_error err;
  pl_error_init(&err, mem);
  const pl_input input = {.path = path};
  const pl_load_options options = {.base = pl_str_c(base)};
  read_result result = help_read_input(class_, &input, &options, mem, &err, true);
  pl_error_clear(&err);
  *out = result.text;
  return result.status != PL_DONE ? result.status : result.bad ? PL_ERR_FORMAT : PL_OK;
}

/// Object (or subject) of the line that holds both texts: the IRI between the last or first brackets, without them.
static bool find_object(const char* text, const char* subject, const char* predicate, char out[512]) {
  char start[640];
  (void)snprintf(start, sizeof(start), "%s %s <", subject, predicate);
  const char* const found = strstr(text, start);
  if (!found) {
    return false;
  }
  const char* const from = found + strlen(start);
  const size_t len = strcspn(from, ">");
  (void)snprintf(out, 512, "%.*s", (int)(len < 500 ? len : 500), from);
  return true;
}

enum { LINES_MAX = 4096, ROUNDS = 6 };

/// Hash of one statement line in which a blank node stands for what earlier rounds learned about it; `self` is marked.
static uint64_t line_hash(const char* line, size_t len, const char* self, size_t self_len, const uint64_t* marks,
                          const char* const* labels, size_t count) {
  char text[8192];
  size_t used = 0;
  for (size_t i = 0; i < len && used + 32 < sizeof(text);) {
    if (i + 1 < len && line[i] == '_' && line[i + 1] == ':') {
      const size_t label_len = strcspn(line + i, " \n");
      uint64_t mark = 0;
      for (size_t k = 0; k < count; k++) {
        if (strlen(labels[k]) == label_len && !memcmp(labels[k], line + i, label_len)) {
          mark = marks[k];
        }
      }
      const bool is_self = self_len == label_len && !memcmp(self, line + i, label_len);
      used +=
          (size_t)snprintf(text + used, sizeof(text) - used, "%s%llx", is_self ? "*" : "_", (unsigned long long)mark);
      i += label_len;
    } else {
      text[used++] = line[i++];
    }
  }
  return XXH3_64bits(text, used);
}

/// A hash of the whole graph that does not depend on blank node labels: marks of blank nodes refined by their statements.
static uint64_t graph_hash(char* text) {
  static char* lines[LINES_MAX];
  static size_t lens[LINES_MAX];
  static char* labels[LINES_MAX];
  static uint64_t marks[LINES_MAX];
  static uint64_t fresh[LINES_MAX];
  size_t line_count = 0;
  size_t label_count = 0;
  for (char* p = text; p && *p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL) {
    assert_true(line_count < LINES_MAX);
    lines[line_count] = p;
    lens[line_count] = strcspn(p, "\n");
    // The statement ends before its row number.
    while (lens[line_count] > 4 && memcmp(p + lens[line_count] - 4, " . #", 4) != 0) {
      lens[line_count]--;
    }
    line_count++;
  }
  for (size_t i = 0; i < line_count; i++) {
    for (char* q = lines[i]; (q = memmem(q, lens[i] - (size_t)(q - lines[i]), "_:", 2)) != NULL; q += 2) {
      char* const label = strndup(q, strcspn(q, " \n"));
      bool found = false;
      for (size_t k = 0; k < label_count; k++) {
        found |= !strcmp(labels[k], label);
      }
      if (found || label_count == LINES_MAX) {
        free(label);
      } else {
        marks[label_count] = 1;
        labels[label_count++] = label;
      }
    }
  }
  const char* const* const names = (const char* const*)labels;
  for (int round = 0; round < ROUNDS; round++) {
    for (size_t k = 0; k < label_count; k++) {
      fresh[k] = marks[k] * 31;
      for (size_t i = 0; i < line_count; i++) {
        if (memmem(lines[i], lens[i], labels[k], strlen(labels[k]))) {
          fresh[k] += line_hash(lines[i], lens[i], labels[k], strlen(labels[k]), marks, names, label_count);
        }
      }
    }
    memcpy(marks, fresh, label_count * sizeof(marks[0]));
  }
  // Statements are a set: equal hashes count once.
  uint64_t total = 0;
  static uint64_t seen[LINES_MAX];
  for (size_t i = 0; i < line_count; i++) {
    seen[i] = line_hash(lines[i], lens[i], "", 0, marks, names, label_count);
    bool again = false;
    for (size_t j = 0; j < i; j++) {
      again |= seen[j] == seen[i];
    }
    total += again ? 0 : seen[i];
  }
  for (size_t k = 0; k < label_count; k++) {
    free(labels[k]);
  }
  return total;
}

static const char* base_name(const char* iri) {
  const char* const slash = strrchr(iri, '/');
  return slash ? slash + 1 : iri;
}

/// One test of a suite. *why gets what went wrong.
static bool run_one(const suite* s, const char* type, const char* action, const char* result, pl_mem* mem,
                    const char** why) {
  char path[1024];
  (void)snprintf(path, sizeof(path), "%s/w3c-rdf-tests/rdf/rdf11/%s/%s", data_root, s->folder, base_name(action));
  pl_buf out;
  const pl_status status = read_document(path, action, s->class_, mem, &out);
  bool good = true;
  if (strstr(type, "Negative")) {
    good = status == PL_ERR_FORMAT;
    *why = "was accepted";
  } else {
    good = status == PL_OK;
    *why = "was refused";
  }
  if (good && strstr(type, "Eval") && result[0]) {
    (void)snprintf(path, sizeof(path), "%s/w3c-rdf-tests/rdf/rdf11/%s/%s", data_root, s->folder, base_name(result));
    pl_buf expected;
    good = read_document(path, action, &pl_reader_ntriples, mem, &expected) == PL_OK &&
           graph_hash(out.data ? out.data : strcpy(path, "")) ==
               graph_hash(expected.data ? expected.data : strcpy(path, ""));
    *why = "gave other statements";
    pl_buf_free(&expected);
  }
  pl_buf_free(&out);
  return good;
}

static void run_suite(suite* s) {
  char path[1024];
  char base[512];
  pl_mem mem;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  (void)snprintf(path, sizeof(path), "%s/w3c-rdf-tests/rdf/rdf11/%s/manifest.ttl", data_root, s->folder);
  (void)snprintf(base, sizeof(base), ORIGIN "%s/manifest.ttl", s->folder);
  pl_buf manifest;
  assert_int_equal(read_document(path, base, &pl_reader_turtle, &mem, &manifest), PL_OK);
  for (char* p = manifest.data; p && (p = strstr(p, " " MF "action> ")) != NULL; p++) {
    char* line = p;
    while (line > manifest.data && line[-1] != '\n') {
      line--;
    }
    char subject[512];
    char type[512];
    char action[512];
    char result[512] = "";
    (void)snprintf(subject, sizeof(subject), "%.*s", (int)(p - line), line);
    assert_true(find_object(manifest.data, subject, "<" PL_RDF "type>", type));
    assert_true(find_object(manifest.data, subject, MF "action>", action));
    (void)find_object(manifest.data, subject, MF "result>", result);
    const char* why = "";
    const char* const name = strchr(subject, '#') + 1;
    char listed[600];
    (void)snprintf(listed, sizeof(listed), "\n%s/%.*s ", s->folder, (int)strcspn(name, ">"), name);
    const bool is_known = strstr(known_list, listed) != NULL;
    const bool good = run_one(s, type, action, result, &mem, &why);
    s->passed += good;
    s->known += !good && is_known;
    s->failed += !good && !is_known;
    if (!good && !is_known) {
      print_error("%s %s\n", listed + 1, why);
    } else if (good && is_known) {
      print_error("%s is listed as known but passes\n", listed + 1);
      s->failed++;
    }
  }
  pl_buf_free(&manifest);
  assert_int_equal(mem.bytes_used, 0);
  print_message("%s: %zu passed, %zu known, %zu failed\n", s->folder, s->passed, s->known, s->failed);
}

static void test_suites(void** state) {
  PL_UNUSED(state);
  suite suites[] = {{.folder = "rdf-n-triples", .class_ = &pl_reader_ntriples},
                    {.folder = "rdf-n-quads", .class_ = &pl_reader_nquads},
                    {.folder = "rdf-turtle", .class_ = &pl_reader_turtle}};
  size_t failed = 0;
  for (size_t i = 0; i < PL_COUNT_OF(suites); i++) {
    run_suite(&suites[i]);
    failed += suites[i].failed;
    assert_true(suites[i].passed > 50);
  }
  assert_int_equal(failed, 0);
}

static void read_known(void) {
  char path[1024];
  const char* const slash = strrchr(__FILE__, '/');
  (void)snprintf(path, sizeof(path), "%.*s/../data/w3c-known.txt", (int)(slash ? slash - __FILE__ : 0), __FILE__);
  FILE* const file = fopen(path, "r");
  known_list[0] = '\n';
  if (file) {
    known_list[1 + fread(known_list + 1, 1, sizeof(known_list) - 2, file)] = '\0';
    (void)fclose(file);
  }
}

int main(void) {
  char path[1024];
  data_root = getenv("PARLEY_SHARED_DATA");
  (void)snprintf(path, sizeof(path), "%s/w3c-rdf-tests/rdf/rdf11", data_root ? data_root : "");
  if (!data_root || access(path, R_OK) != 0) {
    printf("skipped: the W3C suites (set PARLEY_SHARED_DATA to the folder that holds w3c-rdf-tests)\n");
    return 77;
  }
  read_known();
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_suites)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
