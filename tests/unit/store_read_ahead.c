/// Reading ahead begins after a few pages in order, asks once for each half MiB, and begins anew elsewhere.
#include "store/read_ahead.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
//
#include <cmocka.h>

enum { PAGE = 4096, PAGES = 1024, AHEAD = 1 << 19 };

static uint8_t* map;

static void read_page(pl_read_ahead* r, unsigned page) { pl_read_ahead_at(r, map + (size_t)page * PAGE + 100); }

static void test_in_order(void** state) {
  (void)state;
  pl_read_ahead r = {0};
  for (unsigned page = 8; page < 12; page++) {
    read_page(&r, page);
    read_page(&r, page);  // a page of many values counts once
  }
  assert_int_equal(r.in_order, 3);
  assert_int_equal(r.ahead, (uintptr_t)map + 8 * PAGE);
  read_page(&r, 12);
  assert_int_equal(r.ahead, (uintptr_t)map + 12 * PAGE + AHEAD);
  for (unsigned page = 13; page < 12 + AHEAD / PAGE / 2; page++) {
    read_page(&r, page);
  }
  assert_int_equal(r.ahead, (uintptr_t)map + 12 * PAGE + AHEAD);
  read_page(&r, 12 + AHEAD / PAGE / 2);
  assert_int_equal(r.ahead, (uintptr_t)map + 12 * PAGE + 2 * AHEAD);
}

static void test_elsewhere(void** state) {
  (void)state;
  pl_read_ahead r = {0};
  for (unsigned page = 500; page < 510; page++) {
    read_page(&r, page);
  }
  read_page(&r, 3);
  assert_int_equal(r.in_order, 0);
  assert_int_equal(r.ahead, (uintptr_t)map + 3 * PAGE);
  for (unsigned i = 1; i < 20; i++) {
    read_page(&r, 3 + i * 17);  // each further on than what counts as behind the other
    assert_int_equal(r.in_order, 0);
  }
}

int main(void) {
  map = mmap(NULL, (size_t)PAGES * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (map == MAP_FAILED) {
    return 1;
  }
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_in_order), cmocka_unit_test(test_elsewhere)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
