/// Every allocation of a load, an export and a comparison fails in turn: the call says that memory ran out, or it did all
/// that it was asked for; a row is never taken for bad because of it, and nothing is kept.
#include "../tools/failing.h"
#include "load/diff.h"
#include "load/export.h"
#include "load_help.h"

#include <unistd.h>

#define REIFIES "<" PL_RDF "reifies>"

static const failing sound = {.left = -1};

// ---- readers ------------------------------------------------------------------------------------------------------

static const char nt[] =
    "<a:b> <c:d> \"x\\ty\"@EN-us .\n_:x <c:d> _:y .\nbad\n<a:\\u00e9> <c:d> \"5\"^^<http://x/t> .\n"
    "_:r " REIFIES " <<( <a:b> <c:d> _:z )>> .\n_:r <s:p> \"1\" .\n_:q " REIFIES
    " <<( <a:b> <c:d> \"\\u0041\" )>> .\n\"\xFF\" .\n";
static const char jsonl[] =
    "{\"subject\": \"A b\", \"predicate\": \"knows\", \"object\": \"C\", \"source\": [\"D\", {\"iri\": \"x:d\"}], "
    "\"span\": [[1, 2], [3, 4]], \"confidence\": 0.5, \"from\": \"2023\", \"until\": \"2023-01-01T10:30\", "
    "\"on\": \"2021..2025\", \"method\": [\"a\", 2, true, 1e30], \"subject_type\": \"T\", \"object_type\": [\"T\"]}\n"
    "{\"subject\": {\"blank\": \"b\"}, \"predicate\": {\"iri\": \"x:p\"}, \"object\": {\"value\": \"x\", \"lang\": "
    "\"EN\"}}\n"
    "{\"subject\": \"A b\", \"predicate\": \"p\", \"object\": {\"value\": 5, \"type\": \"double\"}}\n"
    "{\"subject\": \"A b\", \"predicate\": \"p\", \"object\": {\"value\": 5, \"type\": \"xsd:byte\"}}\n"
    "{\"subject\": \"A b\", \"predicate\": \"p\", \"object\": {\"value\": 0.5, \"type\": \"decimal\"}}\n"
    "{\"subject\": \"A b\", \"predicate\": \"p\", \"object\": {\"value\": \"5 km\", \"type\": \"distance\"}}\n"
    "{\"subject\": \"A b\", \"predicate\": \"p\", \"object\": {\"value\": \"x\", \"type\": \"<mailto:t>\"}}\n"
    "{\"subject\": \"A b\", \"predicate\": \"p\", \"object\": {\"value\": \"x\", \"type\": \"string\"}}\n"
    "{\"subject\": \"A b\", \"predicate\": \"p\", \"object\": {\"value\": \"2023\", \"type\": \"date\"}}\n"
    "{\"subject\": \"A b\", \"predicate\": \"p\", \"object\": {\"value\": \"2023/2024\", \"type\": \"interval\"}}\n"
    "{\"subject\": \"A b\", \"predicate\": \"p\", \"object\": {\"value\": \"x\", \"type\": \"integer\"}}\n"
    "{\"subject\": \"A b\", \"predicate\": \"p\", \"object\": {\"value\": \"x\", \"type\": \"zz:t\"}}\n"
    "{\"subject\": {\"iri\": \"x:s\"}, \"predicate\": \"p\", \"object\": 1, \"graph\": {\"iri\": \"x:g\"}}\n"
    "{\"predicate\": 1}\n";
static const char csv[] =
    "subject,predicate,object:integer,span,confidence,on,from,until,n,d,s,e:node,source,subject_type,object_type\n"
    "A,p,5,\"1,2\",0.5,2023,2023-01,2023-01-02,7,2023-01,x,E,D,T,\n"
    "B,p,5,\"1,2\",1,2021/2025,,,7.5,,\"x \"\"y\"\"\",,D,,\nB,p\nB,p,x,,,,,,,,,,,,\n";
static const char nodes_csv[] =
    "subject:iri,predicate,object,graph,object_type,_\nx:a,<x:p>,O,G,T,left out\nno iri,p,O,,,\n";
static const char ttl[] =
    "@prefix e: <http://e/> .\n@base <http://b/> .\ne:a e:b e:c , \"x\"@EN , \"y\"^^e:t ; a <rel> .\n"
    "[] e:p (1 2.5 true) .\n<a:b> <c:d> nope:x .\n_:b e:q <http://b/../c/./d?e> .\n";
static const char trig[] = "<a:g> { <a:b> <c:d> <e:f> . }\n<a:b> <c:d> _:x .\n";

typedef struct document {
  const pl_reader_class* class_;  ///< reader
  const char* text;               ///< what it reads
} document;

static read_result read_failing(const document* d, size_t left, bool* failed, pl_mem* steady) {
  failing f = {.left = (long)left};
  pl_mem mem;
  pl_error err;
  pl_mem_init(&mem, failing_reallocate, &f, SIZE_MAX);
  pl_error_init(&err, steady);
  const pl_load_options options = {.base = PL_STR("http://d/"), .threads = 1};
  const pl_input input = {.memory = pl_str_c(d->text), .name = "test"};
  const read_result result = help_read_input(d->class_, &input, &options, &mem, &err, true);
  *failed = f.failed;
  if (f.failed && result.status != PL_DONE) {
    assert_int_equal(result.status, PL_ERR_NOMEM);
    assert_true(err.count > 0);
    assert_int_equal(err.items[0].number, PL_MSG_NOMEM);
  }
  pl_error_clear(&err);
  assert_int_equal(mem.bytes_used, 0);
  return result;
}

static void test_readers(void** state) {
  PL_UNUSED(state);
  static const document documents[] = {
      {&pl_reader_ntriples, nt},   {&pl_reader_nquads, nt},  {&pl_reader_jsonl, jsonl}, {&pl_reader_csv, csv},
      {&pl_reader_csv, nodes_csv}, {&pl_reader_turtle, ttl}, {&pl_reader_trig, trig},
  };
  for (size_t k = 0; k < PL_COUNT_OF(documents); k++) {
    pl_mem steady;
    pl_mem_init(&steady, NULL, NULL, SIZE_MAX);
    bool failed;
    read_result whole = read_failing(&documents[k], SIZE_MAX, &failed, &steady);
    assert_int_equal(whole.status, PL_DONE);
    failed = true;
    for (size_t left = 0; failed; left++) {
      read_result one = read_failing(&documents[k], left, &failed, &steady);
      if (one.status == PL_DONE) {
        assert_int_equal(one.statements, whole.statements);
        assert_int_equal(one.bad, whole.bad);
      }
      pl_buf_free(&one.text);
    }
    pl_buf_free(&whole.text);
    assert_int_equal(steady.bytes_used, 0);
  }
}

// ---- stores -------------------------------------------------------------------------------------------------------

typedef struct fixture {
  char folder[64];  ///< temporary
  char path[96];    ///< of the store
  char other[96];   ///< of a second one
  failing f;        ///< memory of the store
  pl_mem mem;       ///< sound account
  pl_error err;     ///< errors
  pl_store* store;  ///< open
} fixture;

static const char kg[] =
    "@prefix e: <http://e/> .\n@prefix : <urn:parley:> .\ne:a e:p e:c , 5 , 1.5 , true , \"x\"@en , \"y\"^^e:t ; a e:T "
    ".\n"
    ":A_b :label \"A b\" , \"a b\" ; :knows :C , _:x , \"x\\ny\\u0001\\\"\" , \"2023\"^^<mailto:t> .\n"
    ":C :label \"C\" . :A_b :p \"2023\"^^<http://www.w3.org/2001/XMLSchema#gYear> .\n";
static const char claims[] =
    "_:a " REIFIES
    " <<( <urn:parley:A_b> <urn:parley:knows> <urn:parley:C> )>> .\n"
    "_:a <urn:parley:source> <urn:parley:C> .\n_:a <urn:parley:span> \"char=1,5\" .\n_:a <urn:parley:confidence> "
    "\"0.5\"^^<" PL_XSD "decimal> .\n_:a <urn:parley:from> \"2023\"^^<" PL_XSD
    "gYear> .\n_:a <urn:parley:until> \"Tuesday\" .\n"
    "_:a <http://x/k> \"v\"@en .\n_:a <mailto:k> <urn:parley:A_b> .\n"
    "_:b " REIFIES
    " <<( <urn:parley:A_b> <urn:parley:knows> _:x )>> .\n_:b <urn:parley:source> <http://e/d> .\n"
    "_:b <urn:parley:source> <urn:parley:C> .\n<urn:parley:A_b> <http://x/p> \"g\" <urn:parley:C> .\n";

static void remove_store(const char* path) {
  char lock[128];
  (void)snprintf(lock, sizeof(lock), "%s-lock", path);
  (void)unlink(path);
  (void)unlink(lock);
}

static int setup(void** state) {
  static fixture f;
  f = (fixture){.folder = "/tmp/parley-memory-XXXXXX", .f = sound};
  assert_non_null(mkdtemp(f.folder));
  (void)snprintf(f.path, sizeof(f.path), "%s/store", f.folder);
  (void)snprintf(f.other, sizeof(f.other), "%s/other", f.folder);
  pl_mem_init(&f.mem, NULL, NULL, SIZE_MAX);
  pl_error_init(&f.err, &f.mem);
  const pl_store_options options = {
      .create = true, .durability = PL_SYNC_NONE, .threads = 1, .realloc_fn = failing_reallocate, .realloc_user = &f.f};
  assert_int_equal(pl_store_open(f.path, &options, &f.err, &f.store), PL_OK);
  const pl_input inputs[] = {{.memory = pl_str_c(kg), .name = "kg", .format = PL_FORMAT_TTL},
                             {.memory = pl_str_c(claims), .name = "claims", .format = PL_FORMAT_NQ}};
  assert_int_equal(pl_load_into(f.store, inputs, 2, NULL, &f.err, NULL), PL_OK);
  *state = &f;
  return 0;
}

static int teardown(void** state) {
  fixture* const f = *state;
  pl_store_close(f->store);
  pl_error_clear(&f->err);
  assert_int_equal(f->mem.bytes_used, 0);
  remove_store(f->path);
  remove_store(f->other);
  return rmdir(f->folder);
}

static void check_status(fixture* f, pl_status status) {
  if (status != PL_OK) {
    assert_true(f->f.failed);
    assert_int_equal(status, PL_ERR_NOMEM);
  }
  pl_error_clear(&f->err);
}

static int append(void* user, const char* data, size_t len) { return pl_buf_append(user, data, len) != PL_OK; }

static pl_status export_failing(fixture* f, pl_format format, bool assertions, size_t left, pl_buf* out) {
  const pl_export_options options = {.format = format, .assertions = assertions, .write = append, .user = out};
  pl_txn* txn;
  pl_buf_clear(out);
  assert_int_equal(pl_txn_begin(f->store, false, &f->err, &txn), PL_OK);
  f->f = (failing){.left = (long)left};
  const pl_status status = pl_export(txn, &options);
  f->f.left = -1;
  pl_txn_abort(txn);
  check_status(f, status);
  return status;
}

static void test_export(void** state) {
  fixture* const f = *state;
  static const pl_format formats[] = {PL_FORMAT_NT, PL_FORMAT_NQ, PL_FORMAT_TTL, PL_FORMAT_JSONL};
  pl_buf whole, one;
  pl_buf_init(&whole, &f->mem, SIZE_MAX / 2);
  pl_buf_init(&one, &f->mem, SIZE_MAX / 2);
  for (size_t k = 0; k < 2 * PL_COUNT_OF(formats); k++) {
    const pl_format format = formats[k / 2];
    assert_int_equal(export_failing(f, format, k % 2, SIZE_MAX, &whole), PL_OK);
    f->f.failed = true;
    for (size_t left = 0; f->f.failed; left++) {
      if (export_failing(f, format, k % 2, left, &one) == PL_OK) {
        assert_int_equal(one.len, whole.len);
        assert_memory_equal(one.data, whole.data, whole.len);
      }
    }
  }
  pl_buf_free(&whole);
  pl_buf_free(&one);
}

static int add_difference(void* user, const pl_difference* difference) {
  (void)pl_buf_str(user, difference->json);
  (void)pl_buf_str(user, difference->text);
  return pl_buf_char(user, '\n') != PL_OK;
}

static pl_status diff_failing(fixture* f, const pl_term* a, const pl_term* b, size_t left, pl_buf* out) {
  const pl_diff_options options = {.source = {a, b}, .write = add_difference, .user = out, .sort_bytes = 200};
  pl_txn* txn;
  pl_buf_clear(out);
  assert_int_equal(pl_txn_begin(f->store, false, &f->err, &txn), PL_OK);
  f->f = (failing){.left = (long)left};
  const pl_status status = pl_diff(txn, txn, &options, &f->err);
  f->f.left = -1;
  pl_txn_abort(txn);
  check_status(f, status);
  return status;
}

static void test_diff(void** state) {
  fixture* const f = *state;
  const pl_term source = pl_term_iri(PL_STR("urn:parley:C"));
  const pl_term other = pl_term_iri(PL_STR("http://e/d"));
  pl_buf whole, one;
  pl_buf_init(&whole, &f->mem, SIZE_MAX / 2);
  pl_buf_init(&one, &f->mem, SIZE_MAX / 2);
  for (size_t k = 0; k < 2; k++) {
    const pl_term* const a = k ? NULL : &other;
    assert_int_equal(diff_failing(f, a, &source, SIZE_MAX, &whole), PL_OK);
    assert_true(whole.len > 0);
    f->f.failed = true;
    for (size_t left = 0; f->f.failed; left++) {
      if (diff_failing(f, a, &source, left, &one) == PL_OK) {
        assert_int_equal(one.len, whole.len);
        assert_memory_equal(one.data, whole.data, whole.len);
      }
    }
  }
  pl_buf_free(&whole);
  pl_buf_free(&one);
}

/// Into an open store and into a new one, on one thread and on two; what failed has left nothing.
static void test_load(void** state) {
  fixture* const f = *state;
  pl_buf before, after;
  pl_buf_init(&before, &f->mem, SIZE_MAX / 2);
  pl_buf_init(&after, &f->mem, SIZE_MAX / 2);
  const pl_input inputs[] = {
      {.memory = PL_STR("@prefix n: <http://n/> . n:a n:b n:c ."), .name = "more", .format = PL_FORMAT_TTL},
      {.memory = PL_STR("<n:a> <n:b> <n:d> .\nbad\n"), .name = "more", .format = PL_FORMAT_NT}};
  const pl_load_options skip = {.skip_bad = 1, .threads = 1};
  const pl_load_options stop = {.threads = 1};
  assert_int_equal(export_failing(f, PL_FORMAT_NQ, true, SIZE_MAX, &before), PL_OK);
  f->f.failed = true;
  for (size_t left = 0; f->f.failed; left++) {
    f->f = (failing){.left = (long)left};
    const pl_status status = pl_load_into(f->store, inputs, 2, &stop, &f->err, NULL);
    f->f.left = -1;
    assert_true(status == PL_ERR_FORMAT || (status == PL_ERR_NOMEM && f->f.failed));
    pl_error_clear(&f->err);
    const bool failed = f->f.failed;
    assert_int_equal(export_failing(f, PL_FORMAT_NQ, true, SIZE_MAX, &after), PL_OK);
    assert_string_equal(before.data, after.data);
    f->f.failed = failed;
  }
  f->f.failed = true;
  for (size_t left = 0; f->f.failed; left++) {
    remove_store(f->other);
    f->f = (failing){.left = (long)left};
    const pl_bulk_options bulk = {.threads = 1, .realloc_fn = failing_reallocate, .realloc_user = &f->f};
    const pl_status status = pl_load_new(f->other, &bulk, inputs, 2, &skip, &f->err, NULL);
    assert_int_equal(access(f->other, F_OK), status == PL_OK ? 0 : -1);
    check_status(f, status);
  }
  f->f.left = -1;
  pl_buf_free(&before);
  pl_buf_free(&after);
}

#define WITH_STORE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_readers),
      WITH_STORE(test_export),
      WITH_STORE(test_diff),
      WITH_STORE(test_load),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
