/// Sets of slots: what the short one lacks is not in it, whichever stands first.
#include "opt/slots.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

typedef struct fixture {
  pl_mem mem;
  pl_arena arena;
  pl_slots small;  ///< 1 and 5, of ten slots
  pl_slots large;  ///< 5 and 190, of two hundred
} fixture;

static void begin(fixture* f) {
  pl_mem_init(&f->mem, NULL, NULL, SIZE_MAX);
  pl_arena_init(&f->arena, &f->mem);
  assert_int_equal(pl_slots_make(&f->arena, 10, &f->small), PL_OK);
  assert_int_equal(pl_slots_make(&f->arena, 200, &f->large), PL_OK);
  pl_slots_add(f->small, 1);
  pl_slots_add(f->small, 5);
  pl_slots_add(f->large, 5);
  pl_slots_add(f->large, 190);
}

static void end(fixture* f) {
  pl_arena_free(&f->arena);
  assert_int_equal(f->mem.bytes_used, 0);
}

static void test_has(void** state) {
  fixture f;
  PL_UNUSED(state);
  begin(&f);
  assert_true(pl_slots_has(f.small, 5) && pl_slots_has(f.large, 190));
  assert_false(pl_slots_has(f.small, 4) || pl_slots_has(f.small, 190));
  assert_int_equal(pl_slots_count(f.small), 2);
  end(&f);
}

static void test_add_all(void** state) {
  fixture f;
  PL_UNUSED(state);
  begin(&f);
  pl_slots_add_all(f.large, f.small);
  assert_true(pl_slots_has(f.large, 1) && pl_slots_has(f.large, 5) && pl_slots_has(f.large, 190));
  pl_slots_add_all(f.small, f.large);
  assert_int_equal(pl_slots_count(f.small), 2);
  end(&f);
}

static void test_keep_and_remove(void** state) {
  fixture f;
  pl_slots copy;
  PL_UNUSED(state);
  begin(&f);
  assert_int_equal(pl_slots_copy(&f.arena, f.large, &copy), PL_OK);
  pl_slots_keep(copy, f.small);
  assert_int_equal(pl_slots_count(copy), 1);
  assert_true(pl_slots_has(copy, 5));
  pl_slots_remove_all(f.large, f.small);
  assert_int_equal(pl_slots_count(f.large), 1);
  assert_true(pl_slots_has(f.large, 190));
  pl_slots_remove_all(f.small, copy);
  assert_int_equal(pl_slots_count(f.small), 1);
  pl_slots_clear(copy);
  assert_int_equal(pl_slots_count(copy), 0);
  end(&f);
}

static void test_meet_and_within(void** state) {
  fixture f;
  PL_UNUSED(state);
  begin(&f);
  assert_true(pl_slots_meet(f.small, f.large) && pl_slots_meet(f.large, f.small));
  assert_false(pl_slots_within(f.small, f.large) || pl_slots_within(f.large, f.small));
  pl_slots_clear(f.small);
  assert_false(pl_slots_meet(f.small, f.large) || pl_slots_meet(f.large, f.small));
  assert_true(pl_slots_within(f.small, f.large));
  pl_slots_clear(f.large);
  pl_slots_add(f.large, 190);
  assert_false(pl_slots_within(f.large, f.small));
  end(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_has), cmocka_unit_test(test_add_all),
                                     cmocka_unit_test(test_keep_and_remove), cmocka_unit_test(test_meet_and_within)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
