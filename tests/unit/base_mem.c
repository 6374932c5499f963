/// Accounts, arenas, buffers and vectors, with every allocation failing once.
#include "../tools/failing.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <wchar.h>

#include <cmocka.h>

static void test_account(void** state) {
  PL_UNUSED(state);
  pl_mem mem;
  pl_mem_init(&mem, NULL, NULL, 1000);
  assert_null(pl_mem_alloc(&mem, 0));
  void* a = pl_mem_alloc(&mem, 600);
  assert_non_null(a);
  assert_false(mem.limit_hit);
  assert_null(pl_mem_alloc(&mem, 401));
  assert_true(mem.limit_hit);
  assert_int_equal(pl_mem_status(&mem), PL_ERR_LIMIT);
  assert_null(pl_mem_realloc(&mem, a, 600, 1001));
  a = pl_mem_realloc(&mem, a, 600, 1000);
  assert_non_null(a);
  mem.bytes_max = 10;
  a = pl_mem_realloc(&mem, a, 1000, 500);  // shrinking past a lowered limit
  assert_non_null(a);
  assert_int_equal(mem.bytes_used, 500);
  assert_int_equal(mem.bytes_peak, 1000);
  pl_mem_free(&mem, a, 500);
  pl_mem_free(&mem, NULL, 12);
  assert_int_equal(mem.bytes_used, 0);
  mem.bytes_max = SIZE_MAX;
  assert_null(pl_mem_calloc(&mem, SIZE_MAX / 2, 3));
  assert_null(pl_mem_alloc(&mem, SIZE_MAX));
  assert_int_equal(mem.bytes_used, 0);
}

typedef struct order {
  char* text;  ///< where to write
  char name;   ///< what to write
} order;

static void write_name(void* user) {
  order* const o = user;
  const size_t len = strlen(o->text);
  o->text[len] = o->name;
  o->text[len + 1] = '\0';
}

static void test_arena(void** state) {
  PL_UNUSED(state);
  pl_mem mem;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_arena arena;
  pl_arena_init(&arena, &mem);
  char log[8] = "";
  order orders[2] = {{log, '1'}, {log, '2'}};
  assert_int_equal(pl_arena_on_release(&arena, write_name, &orders[0]), PL_OK);
  assert_int_equal(pl_arena_on_release(&arena, write_name, &orders[1]), PL_OK);
  for (size_t i = 0; i < 3000; i++) {
    const size_t size = i % 7 == 0 ? 10000 + i : i % 97;
    char* const p = pl_arena_alloc(&arena, size);
    assert_non_null(p);
    assert_int_equal((uintptr_t)p % 16, 0);
    memset(p, 0x5A, size);
  }
  assert_null(pl_arena_alloc(&arena, SIZE_MAX));
  assert_null(pl_arena_calloc(&arena, SIZE_MAX, 2));
  const pl_str s = pl_arena_str(&arena, PL_STR("abc"));
  assert_string_equal(s.data, "abc");
  assert_string_equal(pl_arena_str(&arena, (pl_str){NULL, 0}).data, "");
  const pl_str f = pl_arena_printf(&arena, "%d-%s", 12, "x");
  assert_string_equal(f.data, "12-x");
  assert_int_equal(f.len, 4);
  pl_arena_reset(&arena);
  assert_string_equal(log, "21");
  assert_non_null(PL_ARENA_NEW(&arena, order));
  pl_arena_reset(&arena);
  assert_string_equal(log, "21");
  pl_arena_free(&arena);
  assert_int_equal(mem.bytes_used, 0);
  assert_non_null(pl_arena_alloc(&arena, 8 << 20));
  pl_arena_reset(&arena);
  assert_int_equal(mem.bytes_used, 0);
}

/// The block of one arena becomes that of another, whose account pays, if it can.
static void test_move(void** state) {
  PL_UNUSED(state);
  pl_mem a, b, small;
  pl_arena from, to, no;
  pl_mem_init(&a, NULL, NULL, SIZE_MAX);
  pl_mem_init(&b, NULL, NULL, SIZE_MAX);
  pl_mem_init(&small, NULL, NULL, 100);
  pl_arena_init(&from, &a);
  pl_arena_init(&to, &b);
  pl_arena_init(&no, &small);
  assert_false(pl_arena_move(&from, &to));
  assert_non_null(pl_arena_alloc(&from, 1000));
  const size_t bytes = a.bytes_used;
  assert_false(pl_arena_move(&from, &no));
  assert_int_equal(small.bytes_used, 0);
  if (pl_arena_move(&from, &to)) {  // not where every request has a block of its own
    assert_int_equal(a.bytes_used, 0);
    assert_int_equal(b.bytes_used, bytes);
    void* const p = pl_arena_alloc(&to, 1000);
    assert_non_null(p);
    memset(p, 1, 1000);
    assert_int_equal(b.bytes_used, bytes);
  }
  pl_arena_free(&from);
  pl_arena_free(&to);
  assert_int_equal(a.bytes_used + b.bytes_used, 0);
}

static void test_buf(void** state) {
  PL_UNUSED(state);
  pl_mem mem;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_buf buf;
  pl_buf_init(&buf, &mem, 200);
  assert_int_equal(pl_buf_append(&buf, NULL, 0), PL_OK);
  assert_string_equal(buf.data, "");
  for (int i = 0; i < 60; i++) {
    assert_int_equal(pl_buf_printf(&buf, "%03d", i), PL_OK);
  }
  assert_int_equal(buf.len, 180);
  assert_int_equal(strlen(buf.data), 180);
  assert_int_equal(pl_buf_str(&buf, PL_STR("twenty bytes at most")), PL_OK);
  assert_int_equal(pl_buf_char(&buf, 'x'), PL_ERR_LIMIT);
  assert_int_equal(pl_buf_append(&buf, "", 0), PL_ERR_LIMIT);  // sticks
  assert_int_equal(buf.len, 200);
  pl_buf_clear(&buf);
  assert_int_equal(pl_buf_reserve(&buf, SIZE_MAX), PL_ERR_LIMIT);
  pl_buf_clear(&buf);
  assert_int_equal(pl_buf_char(&buf, 'y'), PL_OK);
  assert_string_equal(buf.data, "y");
  pl_buf_free(&buf);
  assert_int_equal(mem.bytes_used, 0);
}

/// Everything once with the n-th allocation failing: no crash, no leak, an honest status.
static pl_status exercise(pl_mem* mem) {
  pl_arena arena;
  pl_buf buf;
  PL_VEC(uint32_t) numbers = {0};
  pl_status status = PL_OK;
  pl_arena_init(&arena, mem);
  pl_buf_init(&buf, mem, SIZE_MAX);
  for (uint32_t i = 0; i < 500 && status == PL_OK; i++) {
    status = pl_vec_push(mem, &numbers, i);
    if (status == PL_OK) {
      status = pl_buf_printf(&buf, "%u,", (unsigned)numbers.data[i]);
    }
    if (status == PL_OK && !pl_arena_alloc(&arena, 100)) {
      status = pl_mem_status(mem);
    }
  }
  assert_true(status != PL_OK || numbers.count == 500);
  pl_vec_free(mem, &numbers);
  pl_buf_free(&buf);
  pl_arena_free(&arena);
  return status;
}

static void test_failing(void** state) {
  PL_UNUSED(state);
  pl_status status = PL_ERR_NOMEM;
  for (long n = 0; status != PL_OK; n++) {
    failing f = {.left = n};
    pl_mem mem;
    pl_mem_init(&mem, failing_reallocate, &f, SIZE_MAX);
    status = exercise(&mem);
    assert_int_equal(mem.bytes_used, 0);
    assert_true(status == PL_OK || status == PL_ERR_NOMEM);
    assert_true(n < 1000);
  }
}

/// What cannot be: sizes beyond all memory, counts that overflow, formats that fail.
static void test_impossible(void** state) {
  PL_UNUSED(state);
  pl_mem mem;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_buf buf;
  pl_buf_init(&buf, &mem, SIZE_MAX);
  assert_int_equal(pl_buf_char(&buf, 'x'), PL_OK);
  assert_int_equal(pl_buf_reserve(&buf, SIZE_MAX - 1), PL_ERR_LIMIT);
  pl_buf_clear(&buf);
  assert_int_equal(pl_buf_reserve(&buf, SIZE_MAX - 2), PL_ERR_NOMEM);
  pl_buf_clear(&buf);
  assert_int_equal(pl_buf_printf(&buf, "%lc", (wint_t)0xD800), PL_ERR_MISUSE);  // no character
  assert_int_equal(pl_buf_char(&buf, 'x'), PL_ERR_MISUSE);
  pl_buf_free(&buf);
  pl_arena arena;
  pl_arena_init(&arena, &mem);
  assert_null(pl_arena_printf(&arena, "%lc", (wint_t)0xD800).data);
  pl_arena_free(&arena);
  size_t capacity = SIZE_MAX;
  void* data = NULL;
  assert_int_equal(pl_vec_grow(&mem, &data, &capacity, 1, 1), PL_ERR_NOMEM);
  capacity = 0;
  assert_int_equal(pl_vec_grow(&mem, &data, &capacity, SIZE_MAX / 2, 16), PL_ERR_NOMEM);
  assert_int_equal(capacity, 0);
  void* const block = pl_mem_alloc(&mem, 100);
  assert_non_null(block);
  mem.bytes_max = 50;
  assert_null(pl_mem_alloc(&mem, 1));  // what is in use is more than the limit already
  assert_true(mem.limit_hit);
  pl_mem_free(&mem, block, 100);
  assert_int_equal(mem.bytes_used, 0);
}

static void test_slices(void** state) {
  PL_UNUSED(state);
  assert_int_equal(pl_str_c(NULL).len, 0);
  assert_true(pl_str_eq((pl_str){NULL, 0}, PL_STR("")));
  assert_false(pl_str_eq(PL_STR("a"), PL_STR("b")));
  assert_true(pl_str_starts(PL_STR("ab"), (pl_str){NULL, 0}));
  assert_true(pl_str_starts(PL_STR("ab"), PL_STR("a")));
  assert_false(pl_str_starts(PL_STR("ab"), PL_STR("b")));
  assert_false(pl_str_starts(PL_STR("a"), PL_STR("ab")));
  assert_true(pl_str_cmp(PL_STR("a"), PL_STR("ab")) < 0);
  assert_true(pl_str_cmp(PL_STR("ab"), PL_STR("a")) > 0);
  assert_true(pl_str_cmp(PL_STR("b"), PL_STR("ab")) > 0);
  assert_int_equal(pl_str_cmp((pl_str){NULL, 0}, PL_STR("")), 0);
  assert_true(pl_str_cmp((pl_str){NULL, 0}, PL_STR("a")) < 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_account), cmocka_unit_test(test_move),    cmocka_unit_test(test_arena),
      cmocka_unit_test(test_buf),     cmocka_unit_test(test_failing), cmocka_unit_test(test_impossible),
      cmocka_unit_test(test_slices),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
