/// What the targets over the public interface share: a small store that lives as long as the process, and rows read to
/// their end.
#ifndef TESTS_FUZZ_API_FUZZ_H
#define TESTS_FUZZ_API_FUZZ_H

#include "parley.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

enum { FUZZ_ROWS = 1000, FUZZ_SUPPORT = 50, FUZZ_MAP_MIB = 64, FUZZ_MEMORY_MIB = 8 };

#define FUZZ_LINE(s, p, o, rest) "{\"subject\":\"" s "\",\"predicate\":\"" p "\",\"object\":" o rest "}\n"
/// Every kind of term, assertions with all annotations, a cycle, conflicts, identity and labels.
static const char fuzz_facts[] = FUZZ_LINE(
    "Ada", "knows", "\"Max\"",
    ",\"source\":\"doc1\",\"confidence\":0.9,\"from\":\"2020-01-01\",\"until\":\"2020-12-31\"")
    FUZZ_LINE("Ada", "knows", "\"Max\"", ",\"source\":\"doc2\",\"confidence\":0.5,\"on\":\"2022-03\",\"span\":[4,9]")
        FUZZ_LINE("Ada", "knows", "\"Eve\"", ",\"source\":\"doc1\",\"confidence\":0.6")
            FUZZ_LINE("Max", "knows", "\"Eve\"", ",\"source\":\"doc2\"") FUZZ_LINE("Eve", "knows", "\"Ada\"", "")
                FUZZ_LINE("Bob", "knows", "\"Bob\"", "") FUZZ_LINE("Ada", "a", "\"Person\"", "")
                    FUZZ_LINE("Max", "a", "\"Person\"", "") FUZZ_LINE("Ada", "age", "36", "") FUZZ_LINE(
                        "Max", "age", "-9223372036854775808", "") FUZZ_LINE("Eve", "age", "41.5", "")
                        FUZZ_LINE("Bob", "age", "1e300", "") FUZZ_LINE("Ada", "alive", "true", "") FUZZ_LINE(
                            "Robert", "same_as", "\"Bob\"", ",\"source\":\"doc3\",\"confidence\":0.7")
                            FUZZ_LINE("Max", "same_as", "\"Maximilian\"", ",\"source\":\"doc1\",\"confidence\":0.4")
                                FUZZ_LINE("Ada", "born_in", "\"Hue\"", ",\"source\":\"doc1\",\"confidence\":0.9")
                                    FUZZ_LINE("Ada", "born_in", "\"Vinh\"", ",\"source\":\"doc2\",\"confidence\":0.4")
                                        FUZZ_LINE("Hue", "part_of", "\"Vietnam\"", "")
                                            FUZZ_LINE("Vinh", "part_of", "\"Vietnam\"", "");
static const char fuzz_labels[] =
    "<urn:parley:Ada> <http://www.w3.org/2000/01/rdf-schema#label> \"Ada Lovelace\" .\n"
    "<urn:parley:Ada> <http://www.w3.org/2000/01/rdf-schema#label> \"\xE8\x89\xBE\xE8\xBE\xBE\"@zh .\n"
    "<urn:parley:Hue> <http://www.w3.org/2000/01/rdf-schema#label> \"Hu\xE1\xBA\xBF\"@vi .\n"
    "<urn:parley:Ada> <urn:parley:died> \"1852-11-27\"^^<http://www.w3.org/2001/XMLSchema#date> .\n"
    "<urn:parley:Ada> <urn:parley:born> \"1815\"^^<http://www.w3.org/2001/XMLSchema#gYear> .\n"
    "<urn:parley:Ada> <urn:parley:note> \"a long text that does not fit into an id, with words\" .\n"
    "<urn:parley:Ada> <urn:parley:code> \"x\"^^<urn:type> .\n"
    "_:b <urn:parley:knows> <urn:parley:Ada> .\n";

static inline void fuzz_require(int condition) {
  if (!condition) {
    abort();
  }
}

static inline void fuzz_load(parley* store, const char* format, const char* text) {
  const parley_input input = {.memory = text, .memory_len = strlen(text), .format = format};
  fuzz_require(parley_load(store, &input, 1, NULL, NULL) == PARLEY_OK);
}

/// A new store whose files have no name any more: they end with the process, however it ends.
static inline parley* fuzz_store_new(unsigned threads) {
  char folder[] = "/dev/shm/parley-fuzz-XXXXXX";
  char path[64];
  char lock[72];
  parley* store = NULL;
  fuzz_require(mkdtemp(folder) != NULL);
  (void)snprintf(path, sizeof path, "%s/store", folder);
  (void)snprintf(lock, sizeof lock, "%s-lock", path);
  const parley_options options = {.size = sizeof options,
                                  .flags = PARLEY_OPEN_CREATE | PARLEY_OPEN_NO_SYNC,
                                  .threads = threads,
                                  .map_bytes = (size_t)FUZZ_MAP_MIB << 20};
  fuzz_require(parley_open(path, &options, &store, NULL) == PARLEY_OK);
  fuzz_require(unlink(path) == 0 && unlink(lock) == 0 && rmdir(folder) == 0);
  return store;
}

/// The store with the facts above and limits, made at the first call.
static inline parley* fuzz_store(void) {
  static parley* store;
  if (!store) {
    const parley_limits limits = {
        .size = sizeof limits, .memory_bytes = (size_t)FUZZ_MEMORY_MIB << 20, .seconds = 0.2, .rows = FUZZ_ROWS};
    store = fuzz_store_new(1);
    fuzz_load(store, "jsonl", fuzz_facts);
    fuzz_load(store, "nt", fuzz_labels);
    fuzz_require(parley_set_limits(store, &limits) == PARLEY_OK);
  }
  return store;
}

/// A failure is told, is no broken state of ours, and no damage of a sound store.
static inline void fuzz_failure(parley_status status, const parley_error_object* error) {
  parley_diagnostic d;
  int told = 0;
  for (size_t i = 0; parley_error_get(error, i, &d) == PARLEY_OK; i++) {
    fuzz_require(d.code != 6 && d.message && d.text);
    told |= d.status == status;
  }
  fuzz_require(told && status != PARLEY_CORRUPT && status != PARLEY_IO && status != PARLEY_NOMEM);
}

static inline void fuzz_support(parley_query* query) {
  parley_support line = {.size = sizeof line};
  double confidence;
  for (int i = 0; i < FUZZ_SUPPORT && parley_why_next(query, &line) == PARLEY_OK; i++) {
    fuzz_require(line.text != NULL);
  }
  (void)parley_why_confidence(query, &confidence);
}

static inline void fuzz_row(parley_query* query) {
  for (size_t c = 0; c < parley_column_count(query); c++) {
    parley_value value;
    const parley_value* items;
    size_t count;
    if (parley_column(query, c, &value) == PARLEY_OK) {
      fuzz_require(value.type <= PARLEY_LIST);
      fuzz_require((parley_column_list(query, c, &items, &count) == PARLEY_OK) == (value.type == PARLEY_LIST));
      const char* const text = parley_column_text(query, c);
      fuzz_require(!text || strlen(text) <= parley_column_text_len(query, c));
      (void)parley_column_source(query, c);
    }
  }
  if (parley_query_is_why(query)) {
    fuzz_support(query);
  }
}

/// Step to the end: rows within the limit, then the end or a failure that is told.
static inline parley_status fuzz_run(parley_query* query) {
  parley_status status;
  size_t rows = 0;
  while ((status = parley_step(query)) == PARLEY_ROW) {
    fuzz_require(++rows <= FUZZ_ROWS || parley_query_is_explain(query));
    fuzz_row(query);
  }
  if (status != PARLEY_DONE) {
    fuzz_failure(status, parley_query_error(query));
  }
  return status;
}

#endif
