/// Statements made from a seed, for the tests of the bulk build and the check: plain, in graphs, asserted, many of them
/// twice.
#ifndef PL_TESTS_STORE_STATEMENTS_H
#define PL_TESTS_STORE_STATEMENTS_H

#include "store_fixture.h"

static inline uint64_t next_random(uint64_t* state) {
  *state += 0x9e3779b97f4a7c15u;
  uint64_t x = *state;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

static inline pl_term make_iri(pl_arena* arena, const char* kind, uint64_t n) {
  return pl_term_iri(pl_arena_printf(arena, "http://example.org/%s/%llu", kind, (unsigned long long)n));
}

static inline pl_term make_object(pl_arena* arena, uint64_t* state) {
  const uint64_t n = next_random(state) % 50;
  switch (next_random(state) % 6) {
    case 0:
      return make_iri(arena, "s", n);
    case 1:
      return pl_term_string(pl_arena_printf(arena, "text number %llu", (unsigned long long)n));
    case 2:
      return pl_term_typed(pl_arena_printf(arena, "%llu", (unsigned long long)n), PL_STR(PL_XSD "integer"));
    case 3:
      return pl_term_typed(pl_arena_printf(arena, "20%02llu-01-01", (unsigned long long)n), PL_STR(PL_XSD "date"));
    case 4:
      return (pl_term){.kind = PL_TERM_LITERAL, .text = PL_STR("xin"), .lang = PL_STR("vi")};
    default:
      return (pl_term){.kind = PL_TERM_BLANK, .text = pl_arena_printf(arena, "b%llu", (unsigned long long)n)};
  }
}

static inline void make_annotations(pl_statement* st, pl_arena* arena, uint64_t* state) {
  st->asserted = true;
  st->annotation_count = 1 + (uint32_t)(next_random(state) % 3);
  pl_annotation* const notes = PL_ARENA_ARRAY(arena, pl_annotation, st->annotation_count);
  assert_non_null(notes);
  for (uint32_t i = 0; i < st->annotation_count; i++) {
    notes[i].predicate = make_iri(arena, "note", next_random(state) % 3);
    notes[i].object = make_object(arena, state);
  }
  st->annotations = notes;
}

/// Fill a batch with `count` statements. Free with batch_free.
static inline void batch_make(pl_batch* batch, pl_mem* mem, size_t count, uint64_t* state) {
  *batch = (pl_batch){.count = count, .capacity = count};
  pl_arena_init(&batch->arena, mem);
  batch->statements = PL_ARENA_ARRAY(&batch->arena, pl_statement, count);
  assert_non_null(batch->statements);
  for (size_t i = 0; i < count; i++) {
    pl_statement* const st = &batch->statements[i];
    st->subject = make_iri(&batch->arena, "s", next_random(state) % 60);
    st->predicate = make_iri(&batch->arena, "p", next_random(state) % 7);
    st->object = make_object(&batch->arena, state);
    const uint64_t kind = next_random(state) % 10;
    if (kind < 2) {
      st->graph = make_iri(&batch->arena, "g", kind);
    } else if (kind < 5) {
      make_annotations(st, &batch->arena, state);
    }
  }
}
static inline void batch_free(pl_batch* batch) { pl_arena_free(&batch->arena); }

#endif
