/// One N-Triples term: parse, print, parse again, equal; and where it is inline, term -> id -> term is the same term.
#include <stdlib.h>

#include "term/names.h"
#include "term/value.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

static void require(bool ok) {
  if (!ok) {
    abort();
  }
}

static void check_id(const pl_term* term) {
  char buf[PL_INLINE_TEXT_MAX];
  pl_id id = 0;
  const pl_tag tag = pl_term_classify(term, &id);
  pl_value v;
  pl_value_from_term(term, &v);
  require(pl_value_order(&v, &v) == 0);
  if (id == 0) {
    require(pl_tag_in_dict(tag));
    return;
  }
  pl_term back;
  pl_id again = 0;
  pl_id_to_term(id, buf, &back);
  require(pl_term_eq(term, &back));
  require(pl_value_to_id(&v, &again) && again == id);
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  pl_mem mem;
  pl_arena arena;
  pl_buf buf;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_arena_init(&arena, &mem);
  pl_buf_init(&buf, &mem, (size_t)1 << 24);
  size_t pos = 0;
  pl_term term;
  const char* reason = NULL;
  const pl_str s = {(const char*)data, size};
  if (pl_term_parse_nt(&arena, s, &pos, &term, &reason) == PL_OK) {
    require(pos <= size);
    check_id(&term);
    require(pl_term_write_nt(&buf, &term) == PL_OK);
    pl_term again;
    size_t end = 0;
    require(pl_term_parse_nt(&arena, pl_buf_view(&buf), &end, &again, &reason) == PL_OK);
    require(end == buf.len && pl_term_eq(&term, &again));
    const pl_names names = {.base = PL_STR(PL_BASE_DEFAULT)};
    require(pl_term_write_name(&buf, &names, NULL, &term) == PL_OK);
  } else {
    require(reason != NULL && pos <= size);
  }
  pl_buf_free(&buf);
  pl_arena_free(&arena);
  require(mem.bytes_used == 0);
  return 0;
}
