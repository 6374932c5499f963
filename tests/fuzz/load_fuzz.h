/// Runs a reader over fuzzed bytes and checks what it makes.
#ifndef TESTS_FUZZ_LOAD_FUZZ_H
#define TESTS_FUZZ_LOAD_FUZZ_H

#include "base/utf8.h"
#include "load/batch.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

static inline void fuzz_require(bool condition) {
  if (!condition) {
    abort();
  }
}

static inline void fuzz_term(const pl_term* term) {
  const pl_str texts[] = {term->text, term->datatype, term->lang};
  for (size_t i = 0; i < PL_COUNT_OF(texts); i++) {
    fuzz_require(texts[i].len == 0 || pl_utf8_check(texts[i]) == texts[i].len);
  }
  fuzz_require(term->kind != PL_TERM_IRI || pl_iri_check(term->text) == term->text.len);
  fuzz_require(term->kind != PL_TERM_NONE);
}

static inline void fuzz_statement(const pl_statement* s) {
  fuzz_term(&s->subject);
  fuzz_term(&s->predicate);
  fuzz_term(&s->object);
  fuzz_require(s->subject.kind != PL_TERM_LITERAL && s->predicate.kind == PL_TERM_IRI);
  for (uint32_t i = 0; i < s->annotation_count; i++) {
    fuzz_term(&s->annotations[i].predicate);
    fuzz_term(&s->annotations[i].object);
  }
}

static inline void fuzz_batches(pl_reader* reader, pl_batch* batch) {
  pl_status status = PL_OK;
  while (status == PL_OK) {
    pl_batch_clear(batch);
    status = reader->class_->next(reader, batch);
    for (size_t i = 0; i < batch->count; i++) {
      fuzz_statement(&batch->statements[i]);
    }
  }
}

static inline void fuzz_reader(const pl_reader_class* class_, const uint8_t* data, size_t size) {
  pl_mem mem;
  pl_error err;
  pl_bytes* bytes = NULL;
  pl_reader* reader = NULL;
  pl_batch batch;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_error_init(&err, &mem);
  const pl_load_options options = {.base = {"http://b/", 9}};
  const pl_input input = {.memory = {size ? (const char*)data : "", size}, .name = "fuzz"};
  fuzz_require(pl_batch_init(&batch, &mem) == PL_OK);
  if (pl_bytes_open(&input, &mem, &err, &bytes) == PL_OK) {
    const pl_reader_context context = {.mem = &mem,
                                       .err = &err,
                                       .bytes = bytes,
                                       .base = {"urn:b:", 6},
                                       .document_base = options.base,
                                       .options = &options};
    if (class_->open(&context, &reader) == PL_OK) {
      fuzz_batches(reader, &batch);
    }
  }
  if (reader) {
    reader->class_->close(reader);
  }
  pl_bytes_close(bytes);
  pl_batch_free(&batch);
  pl_error_clear(&err);
  fuzz_require(mem.bytes_used == 0);
}

#endif
