/// load(export(x)) = x: random statements of all kinds go into a store, out in each format, into a new store by either path, and out
/// again to the same bytes.
#include "load/export.h"
#include "load_help.h"

#include <unistd.h>

typedef struct box {
  char path[96];    ///< of the store
  pl_mem mem;       ///< account
  pl_error err;     ///< errors
  pl_store* store;  ///< open
} box;

static void box_open(box* b, const char* folder, const char* name, bool create) {
  (void)snprintf(b->path, sizeof(b->path), "%s/%s", folder, name);
  pl_mem_init(&b->mem, NULL, NULL, SIZE_MAX);
  pl_error_init(&b->err, &b->mem);
  const pl_store_options options = {.create = create, .durability = PL_SYNC_NONE, .threads = 1};
  const pl_status status = pl_store_open(b->path, &options, &b->err, &b->store);
  if (status != PL_OK) {
    print_error("%s\n", b->err.items[0].text);
  }
  assert_int_equal(status, PL_OK);
}

static void box_close(box* b) {
  char lock[128];
  (void)snprintf(lock, sizeof(lock), "%s-lock", b->path);
  pl_store_close(b->store);
  pl_error_clear(&b->err);
  assert_int_equal(b->mem.bytes_used, 0);
  (void)unlink(b->path);
  (void)unlink(lock);
}

static int append(void* user, const char* data, size_t len) { return pl_buf_append(user, data, len) != PL_OK; }

static void export_to(box* b, pl_format format, bool assertions, pl_buf* out) {
  const pl_export_options options = {.format = format, .assertions = assertions, .write = append, .user = out};
  pl_txn* txn;
  pl_buf_clear(out);
  assert_int_equal(pl_txn_begin(b->store, false, &b->err, &txn), PL_OK);
  const pl_status status = pl_export(txn, &options);
  if (status != PL_OK) {
    print_error("%s\n", b->err.items[0].text);
  }
  assert_int_equal(status, PL_OK);
  pl_txn_abort(txn);
}

static uint32_t next_random(uint32_t* seed) {
  *seed = *seed * 1664525u + 1013904223u;
  return *seed >> 8;
}

static const char* const nodes[] = {"<http://x/a>",
                                    "<urn:parley:A_b>",
                                    "<urn:parley:subject>",
                                    "<urn:parley:100%25>",
                                    "_:x0123456789abcdef_b",
                                    "<mailto:q>",
                                    "_:n0123456789abcdef0123456789abcdef",
                                    "<urn:parley:http://y>",
                                    "<http://x/a#f>"};
static const char* const predicates[] = {"<http://x/p>",
                                         "<urn:parley:label>",
                                         "<urn:parley:source>",
                                         "<mailto:p>",
                                         "<urn:parley:span>",
                                         "<urn:parley:from>",
                                         "<urn:parley:confidence>",
                                         "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>",
                                         "<urn:parley:object>",
                                         "<urn:parley:on>",
                                         "<urn:parley:knows_well>"};
#define XSD "^^<http://www.w3.org/2001/XMLSchema#"
static const char* const literals[] = {"\"A b\"",
                                       "\"\"",
                                       "\"x\\n\\\"\\\\\\u0001y\"",
                                       "\"xin ch\xC3\xA0o\"@vi",
                                       "\"5\"" XSD "integer>",
                                       "\"007\"" XSD "integer>",
                                       "\"abc\"" XSD "integer>",
                                       "\"1.5\"" XSD "decimal>",
                                       "\"1.50\"" XSD "decimal>",
                                       "\"0.123456789012345678\"" XSD "decimal>",
                                       "\"1.0E30\"" XSD "double>",
                                       "\"NaN\"" XSD "double>",
                                       "\"true\"" XSD "boolean>",
                                       "\"1\"" XSD "boolean>",
                                       "\"2023\"" XSD "gYear>",
                                       "\"2023-09\"" XSD "gYearMonth>",
                                       "\"2023-09-05\"" XSD "date>",
                                       "\"2023-09-05Z\"" XSD "date>",
                                       "\"2023-09-05T10:30:00+07:00\"" XSD "dateTime>",
                                       "\"--05\"" XSD "gMonth>",
                                       "\"2021/2025\"^^<urn:parley:type:interval>",
                                       "\"x\"^^<http://t/u>",
                                       "\"x\"^^<mailto:t>",
                                       "\"char=1,5\"",
                                       "\"char=05,1\"",
                                       "\"0.97\"" XSD "decimal>",
                                       "\"7\"" XSD "byte>",
                                       "\"9223372036854775807\"" XSD "integer>",
                                       "\"99999999999999999999999\"" XSD "integer>",
                                       "\"Tuesday\"",
                                       "\"2023\""};

#define PICK(list) list[next_random(seed) % PL_COUNT_OF(list)]

static const char* any_term(uint32_t* seed) { return next_random(seed) % 2 ? PICK(nodes) : PICK(literals); }

static void put_random(pl_buf* out, uint32_t* seed, size_t i) {
  const char* const s = PICK(nodes);
  const char* const p = PICK(predicates);
  const char* const o = any_term(seed);
  const uint32_t kind = next_random(seed) % 4;
  if (kind == 0) {
    (void)pl_buf_printf(out, "%s %s %s %s .\n", s, p, o, PICK(nodes));
  } else if (kind == 1) {
    (void)pl_buf_printf(out, "%s %s %s .\n", s, p, o);
  } else {
    (void)pl_buf_printf(out, "_:a%zu <" PL_RDF "reifies> <<( %s %s %s )>> .\n", i, s, p, o);
    for (uint32_t n = 1 + next_random(seed) % 5; n > 0; n--) {
      (void)pl_buf_printf(out, "_:a%zu %s %s .\n", i, PICK(predicates), any_term(seed));
    }
  }
}

static void load_into(box* b, pl_str text, pl_format format) {
  const pl_input input = {.memory = text, .name = "test", .format = format};
  const pl_status status = pl_load_into(b->store, &input, 1, NULL, &b->err, NULL);
  if (status != PL_OK) {
    pl_buf out;
    pl_buf_init(&out, &b->mem, SIZE_MAX / 2);
    (void)pl_error_print(&b->err, &out);
    print_error("%s\n", out.data);
    pl_buf_free(&out);
  }
  assert_int_equal(status, PL_OK);
}

static void check_same(const pl_buf* a, const pl_buf* b) {
  if (a->len != b->len || memcmp(a->data, b->data, a->len) != 0) {
    size_t at = 0;
    while (at < a->len && at < b->len && a->data[at] == b->data[at]) {
      at++;
    }
    at = at > 200 ? at - 200 : 0;
    print_error("--- first\n%.600s\n--- second\n%.600s\n", a->data + at, b->data + at);
    fail_msg("exports differ near byte %zu", at);
  }
}

static void round_trip(const char* folder, box* first, pl_format format, bool bulk) {
  box second = {0};
  pl_buf text;
  pl_buf again;
  pl_mem mem;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_buf_init(&text, &mem, SIZE_MAX / 2);
  pl_buf_init(&again, &mem, SIZE_MAX / 2);
  export_to(first, format, true, &text);
  if (bulk) {
    char path[96];
    (void)snprintf(path, sizeof(path), "%s/second", folder);
    const pl_input input = {.memory = pl_buf_view(&text), .name = "test", .format = format};
    assert_int_equal(pl_load_new(path, NULL, &input, 1, NULL, &first->err, NULL), PL_OK);
    box_open(&second, folder, "second", false);
  } else {
    box_open(&second, folder, "second", true);
    load_into(&second, pl_buf_view(&text), format);
  }
  export_to(&second, format, true, &again);
  check_same(&text, &again);
  pl_buf_free(&text);
  pl_buf_free(&again);
  box_close(&second);
  assert_int_equal(mem.bytes_used, 0);
}

static void test_round_trips(void** state) {
  PL_UNUSED(state);
  char folder[] = "/tmp/parley-export-XXXXXX";
  assert_non_null(mkdtemp(folder));
  for (uint32_t seed = 1; seed <= 4; seed++) {
    box first = {0};
    box_open(&first, folder, "first", true);
    pl_buf text;
    pl_buf_init(&text, &first.mem, SIZE_MAX / 2);
    uint32_t random = seed;
    for (size_t i = 0; i < 400; i++) {
      put_random(&text, &random, i);
    }
    load_into(&first, pl_buf_view(&text), PL_FORMAT_NQ);
    pl_buf_free(&text);
    round_trip(folder, &first, PL_FORMAT_NQ, false);
    round_trip(folder, &first, PL_FORMAT_NQ, true);
    round_trip(folder, &first, PL_FORMAT_JSONL, false);
    round_trip(folder, &first, PL_FORMAT_JSONL, true);
    round_trip(folder, &first, PL_FORMAT_NT, false);
    box_close(&first);
  }
  assert_int_equal(rmdir(folder), 0);
}

static void test_turtle(void** state) {
  PL_UNUSED(state);
  char folder[] = "/tmp/parley-export-XXXXXX";
  assert_non_null(mkdtemp(folder));
  box b = {0};
  box_open(&b, folder, "store", true);
  load_into(&b, PL_STR("@prefix e: <http://e/> . e:a e:p e:c, 5 ; a e:T . e:b e:p \"x\"@en, \"2023\"^^<http://e/t> ."),
            PL_FORMAT_TTL);
  pl_buf text;
  pl_buf_init(&text, &b.mem, SIZE_MAX / 2);
  export_to(&b, PL_FORMAT_TTL, false, &text);
  assert_string_equal(text.data,
                      "@prefix e: <http://e/> .\n\ne:a e:p 5 , e:c ;\n  a e:T .\n\n"
                      "e:b e:p \"2023\"^^e:t , \"x\"@en .\n");
  pl_buf_free(&text);
  box_close(&b);
  assert_int_equal(rmdir(folder), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_round_trips), cmocka_unit_test(test_turtle)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
