/// Runs a reader over a text and prints what it made, one statement a line, for tests of the readers.
#ifndef TESTS_UNIT_LOAD_HELP_H
#define TESTS_UNIT_LOAD_HELP_H

#include "load/batch.h"
#include "load/bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define TEST_SCOPE "x0123456789abcdef_"

typedef struct read_result {
  pl_buf text;        ///< statements and bad rows; paid by the account of the error
  size_t statements;  ///< made
  size_t bad;         ///< bad rows
  uint64_t rows;      ///< input rows
  pl_status status;   ///< of the reader
} read_result;

static inline void help_put_term(pl_buf* out, const pl_term* term) {
  (void)pl_term_write_nt(out, term);
  (void)pl_buf_char(out, ' ');
}

static inline void help_put_statement(pl_buf* out, const pl_statement* s) {
  help_put_term(out, &s->subject);
  help_put_term(out, &s->predicate);
  help_put_term(out, &s->object);
  if (s->graph.kind != PL_TERM_NONE) {
    help_put_term(out, &s->graph);
  }
  if (s->asserted) {
    (void)pl_buf_str(out, PL_STR("{ "));
    for (uint32_t i = 0; i < s->annotation_count; i++) {
      help_put_term(out, &s->annotations[i].predicate);
      help_put_term(out, &s->annotations[i].object);
      (void)pl_buf_str(out, PL_STR("; "));
    }
    (void)pl_buf_str(out, PL_STR("} "));
  }
  (void)pl_buf_printf(out, ". #%llu\n", (unsigned long long)s->row);
}

static inline void help_put_bad(pl_buf* out, const pl_bad_row* bad) {
  (void)pl_buf_printf(out, "bad #%llu:%u %s", (unsigned long long)bad->row, (unsigned)bad->diag.column, bad->diag.text);
  (void)pl_buf_char(out, '\n');
}

/// Read a whole input; `print` false only counts.
static inline read_result help_read_input(const pl_reader_class* class_, const pl_input* input,
                                          const pl_load_options* options, pl_mem* mem, pl_error* err, bool print) {
  read_result result = {0};
  pl_buf_init(&result.text, err->mem, SIZE_MAX / 2);
  pl_bytes* bytes;
  result.status = pl_bytes_open(input, mem, err, &bytes);
  if (result.status != PL_OK) {
    return result;
  }
  pl_reader_context context = {.mem = mem,
                               .err = err,
                               .bytes = bytes,
                               .base = PL_STR("urn:b:"),
                               .document_base = options->base,
                               .options = options,
                               .blank_scope = PL_STR(TEST_SCOPE)};
  pl_batch batch;
  pl_reader* reader = NULL;
  result.status = pl_batch_init(&batch, mem) == PL_OK ? PL_OK : pl_fail(err, PL_MSG_NOMEM);
  result.status = result.status == PL_OK ? class_->open(&context, &reader) : result.status;
  while (result.status == PL_OK) {
    pl_batch_clear(&batch);
    result.status = class_->next(reader, &batch);
    result.rows += batch.rows;
    result.statements += batch.count;
    result.bad += batch.bad_count;
    for (size_t i = 0; print && i < batch.count; i++) {
      help_put_statement(&result.text, &batch.statements[i]);
    }
    for (size_t i = 0; print && i < batch.bad_count; i++) {
      help_put_bad(&result.text, &batch.bad[i]);
    }
  }
  if (reader) {
    class_->close(reader);
  }
  pl_batch_free(&batch);
  pl_bytes_close(bytes);
  return result;
}

/// Read a text and compare what comes out; the expected status is PL_DONE.
static inline void help_check(const pl_reader_class* class_, const pl_load_options* options, pl_str text,
                              const char* expected) {
  pl_mem mem;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_error err;
  pl_error_init(&err, &mem);
  const pl_input input = {.memory = text, .name = "test"};
  read_result result = help_read_input(class_, &input, options, &mem, &err, true);
  if (result.status != PL_DONE) {
    print_error("status %d: %s\n", (int)result.status, err.count ? err.items[0].text : "");
  }
  assert_int_equal(result.status, PL_DONE);
  assert_string_equal(result.text.data ? result.text.data : "", expected);
  pl_buf_free(&result.text);
  pl_error_clear(&err);
  assert_int_equal(mem.bytes_used, 0);
}

#endif
