/// Parameters and values of every type and with any content, bound into queries and added as statements: refused with a
/// message, or stored and read back.
///
/// Input: one byte picks the query; then values, each a byte of type, a byte of flags, a byte of length and so many
/// bytes of text. Numbers are taken from the text's bytes.
#include "api_fuzz.h"

enum { VALUES_MAX = 6, TEXT_MAX = 256, HAS_NO_TEXT = 1, HAS_DATATYPE = 2, HAS_LANG = 4, IS_NAME = 8 };

static const char* const queries[] = {
    "return $a, $b",
    "match $a ?p $b return ?p",
    "match ?s ?p $a where ?s != $b return ?s, ?p",
    "for ?x in $a return ?x, ?x in $b as ?in order by ?x",
    "return $a = $b, $a < $b, $a + $b, $a * $b, $a - $b, $a / $b, -$a, not $a",
    "return string($a), integer($a), decimal($a), double($a), year($a), start($a), end($a)",
    "return length($a), lower($a), label($a), confidence($a), -$b",
    "return contains($a, $b), matches($a, $b), replace($a, $b, \"x\"), split($a, $b), substr($a, $b)",
    "during $a match ?s knows ?o return ?s",
    "not according to $a at $b match ?s knows ?o return ?s, ?o",
    "match ?s knows+ $a return ?s",
    "match ?s ?p ?o where ?o ~ $a return ?s, label($b)",
    "insert ( Ada note $a { source $b } )",
    "delete ( $a ?p $b )",
};

typedef struct cursor {
  const uint8_t* data;  ///< not yet used
  size_t size;          ///< bytes of it
} cursor;

static uint8_t take(cursor* c) { return c->size ? (c->size--, *c->data++) : 0; }

static parley_value take_value(cursor* c, char text[TEXT_MAX]) {
  const uint8_t type = take(c);
  const uint8_t flags = take(c);
  size_t len = take(c);
  parley_value value = {.type = (parley_type)(type % (PARLEY_LIST + 2))};
  len = len < c->size ? len : c->size;
  memcpy(text, c->data, len);
  text[len] = '\0';
  memcpy(&value.integer, c->data, len < sizeof value.integer ? len : sizeof value.integer);
  memcpy(&value.real, c->data, len < sizeof value.real ? len : sizeof value.real);
  c->data += len;
  c->size -= len;
  if (flags & IS_NAME) {
    return parley_name(text);
  }
  if (!(flags & HAS_NO_TEXT)) {
    value.text = text;
    value.text_len = len;
  }
  if (flags & HAS_DATATYPE) {
    static const char* const types[] = {"http://www.w3.org/2001/XMLSchema#integer",
                                        "http://www.w3.org/2001/XMLSchema#date",
                                        "http://www.w3.org/2001/XMLSchema#double",
                                        "urn:type",
                                        "",
                                        "not an iri"};
    value.datatype = types[(flags >> 4) % (sizeof types / sizeof *types)];
  }
  value.lang = flags & HAS_LANG ? text : NULL;
  return value;
}

/// One value alone, several as a list.
static void bind(parley_query* query, const char* name, const parley_value* values, size_t count) {
  const parley_status status =
      count == 1 ? parley_bind(query, name, values) : parley_bind_list(query, name, values, count);
  if (status != PARLEY_OK && status != PARLEY_NOT_FOUND) {
    fuzz_failure(status, parley_query_error(query));
  }
}

static void run_query(parley_txn* txn, const char* text, const parley_value* values, size_t count) {
  parley_query* query = NULL;
  const parley_status status = parley_prepare_in(txn, text, SIZE_MAX, &query, NULL);
  if (status == PARLEY_LIMIT) {  // of time, on a machine that has much else to do
    parley_finalize(query);
    return;
  }
  fuzz_require(status == PARLEY_OK);
  const size_t half = count / 2;
  bind(query, "a", values, half ? half : count);
  bind(query, "b", values + half, count - half);
  (void)fuzz_run(query);
  parley_finalize(query);
}

/// What was added is there, and is gone when it was removed.
static void run_statement(parley_txn* txn, const parley_value* v) {
  const parley_annotation annotation = {.key = "source", .value = v[3]};
  const parley_status added = parley_add(txn, &v[0], &v[1], &v[2], &annotation, 1, NULL);
  if (added != PARLEY_OK) {
    fuzz_failure(added, parley_txn_error(txn));
    return;
  }
  fuzz_require(parley_contains(txn, &v[0], &v[1], &v[2]) == PARLEY_OK);
  fuzz_require(parley_remove(txn, &v[0], &v[1], &v[2], NULL, 0, NULL) == PARLEY_OK);
  fuzz_require(parley_contains(txn, &v[0], &v[1], &v[2]) == PARLEY_NOT_FOUND);
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static char texts[VALUES_MAX][TEXT_MAX];
  parley_value values[VALUES_MAX] = {{.type = PARLEY_NULL}};
  parley* const store = fuzz_store();
  cursor c = {data, size};
  const uint8_t pick = take(&c);
  size_t count = 0;
  while (c.size && count < VALUES_MAX) {
    values[count] = take_value(&c, texts[count]);
    count++;
  }
  parley_txn* txn = NULL;
  fuzz_require(parley_begin(store, 1, &txn) == PARLEY_OK);
  if (count > 0) {
    run_query(txn, queries[pick % (sizeof queries / sizeof *queries)], values, count);
  }
  if (count >= 4) {
    run_statement(txn, values);
  }
  parley_rollback(txn);
  return 0;
}
