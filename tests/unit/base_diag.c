/// What an error looks like, character for character, and what becomes of it when memory is short.
#include "base/diag.h"
#include "base/messages.h"
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

#include <cmocka.h>

static void* no_memory(void* user, void* ptr, size_t size_old, size_t size_new) {
  PL_UNUSED(user);
  PL_UNUSED(ptr);
  PL_UNUSED(size_old);
  PL_UNUSED(size_new);
  return NULL;
}

static void expect_at(pl_source source, pl_span span, const char* hint, const char* wanted) {
  pl_mem mem;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_error err;
  pl_error_init(&err, &mem);
  assert_int_equal(pl_fail_at(&err, &source, span, PL_MSG_INTERNAL, "boom"), PL_ERR_MISUSE);
  if (hint) {
    pl_error_hint(&err, "%s", hint);
  }
  pl_buf out;
  pl_buf_init(&out, &mem, SIZE_MAX);
  assert_int_equal(pl_error_print(&err, &out), PL_OK);
  assert_string_equal(out.data, wanted);
  pl_buf_free(&out);
  pl_error_clear(&err);
  assert_int_equal(mem.bytes_used, 0);
}

static void test_caret(void** state) {
  PL_UNUSED(state);
  const pl_source query = {.name = "people.pq", .text = PL_STR("match ?m\n\nreturn ?mm, ?where\r\n")};
  expect_at(query, (pl_span){17, 20}, "did you mean `?m`?",
            "PLY-0006: internal error: boom\n"
            "  --> people.pq:3:8\n"
            "3 | return ?mm, ?where\n"
            "  |        ^~~\n"
            "hint: did you mean `?m`?\n");
  const pl_source stream = {.name = "x.nt", .text = PL_STR("\u4e2d\u6587\tx"), .line_first = 1234, .offset_first = 9};
  expect_at(stream, (pl_span){6, 8}, NULL,
            "PLY-0006: internal error: boom\n"
            "     --> x.nt:1234:3\n"
            "1234 | \u4e2d\u6587 x\n"
            "     |     ^~\n");
}

static void test_caret_ends(void** state) {
  PL_UNUSED(state);
  const pl_source query = {.text = PL_STR("ab\ncd\n")};
  const char* const first = "PLY-0006: internal error: boom\n  --> 1:2\n1 | ab\n  |  ^\n";
  const char* const end = "PLY-0006: internal error: boom\n  --> 2:3\n2 | cd\n  |   ^\n";
  expect_at(query, (pl_span){1, 5}, NULL, first);  // stops at the line's end
  expect_at(query, (pl_span){6, 6}, NULL, end);    // end of input
  expect_at(query, (pl_span){5, 6}, NULL, end);    // the newline itself
  expect_at(query, (pl_span){400, 2}, NULL, end);  // a span that is out of the text
  expect_at((pl_source){.name = "q"}, (pl_span){0, 0}, NULL,
            "PLY-0006: internal error: boom\n  --> q:1:1\n1 | \n  | ^\n");
}

static void test_long_line(void** state) {
  PL_UNUSED(state);
  const size_t len = 1000000;
  char* const text = malloc(len);
  assert_non_null(text);
  pl_mem mem;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  const uint32_t starts[] = {0, 1, 39, 40, 41, 79, 80, 500000, 999900, 999999, 1000000};
  for (size_t i = 0; i < PL_COUNT_OF(starts) * 2; i++) {
    const bool combining = i % 2;
    const uint32_t start = starts[i / 2] & (combining ? ~1u : ~0u);
    for (size_t k = 0; k < len; k++) {
      text[k] = combining ? (k % 2 ? '\x81' : '\xCC') : 'a';  // U+0301 has no width
    }
    const pl_source source = {.name = "q", .text = {text, len}};
    pl_error err;
    pl_error_init(&err, &mem);
    assert_int_equal(pl_fail_at(&err, &source, (pl_span){start, (uint32_t)len}, PL_MSG_INTERNAL, "x"), PL_ERR_MISUSE);
    const pl_diag* const d = &err.items[0];
    assert_int_equal(d->line, 1);
    assert_int_equal(d->column, combining ? start / 2 + 1 : start + 1);
    const size_t width = pl_utf8_width(pl_str_c(d->source_line));
    assert_true(width <= 122);
    assert_true(strlen(d->source_line) < 4096);
    assert_true(d->caret_skip + d->caret_cells <= width + 1);
    assert_true(combining || d->caret_skip == (start <= 40 ? start : start <= 999920 ? 41 : start - 999880 + 1));
    pl_error_clear(&err);
  }
  free(text);
  assert_int_equal(mem.bytes_used, 0);
}

static void test_text_is_one_line(void** state) {
  PL_UNUSED(state);
  pl_mem mem;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_error err;
  pl_error_init(&err, &mem);
  (void)pl_fail(&err, PL_MSG_INTERNAL, "a\nb\x1b[31m\xFF");
  assert_string_equal(err.items[0].text, "internal error: a b [31m\uFFFD");
  char big[5000];
  for (size_t i = 0; i < sizeof(big); i++) {
    big[i] = i % 2 ? '\xA0' : '\xC3';
  }
  big[sizeof(big) - 1] = '\0';
  (void)pl_fail(&err, PL_MSG_INTERNAL, big);
  const pl_str text = pl_str_c(err.items[1].text);
  assert_true(text.len < 1100);
  assert_int_equal(pl_utf8_check(text), text.len);
  assert_memory_equal(text.data + text.len - 3, "\u2026", 3);
  pl_error_clear(&err);
}

static void test_bounds(void** state) {
  PL_UNUSED(state);
  pl_mem mem;
  pl_mem_init(&mem, NULL, NULL, 1);  // errors may pass the limit, or it could not be reported
  pl_error err;
  pl_error_init(&err, &mem);
  for (int i = 0; i < 7; i++) {
    assert_int_equal(pl_fail(&err, PL_MSG_MEMORY_LIMIT, "Sort", (size_t)i, "MiB"), PL_ERR_LIMIT);
    pl_error_hint(&err, "hint %d", i);
  }
  assert_int_equal(err.count, PL_DIAG_ERRORS_MAX);
  assert_true(err.truncated);
  assert_int_equal(err.status, PL_ERR_LIMIT);
  assert_string_equal(err.items[4].text, "Sort needs more than the memory limit of 4 MiB");
  assert_string_equal(err.items[4].hint, "hint 4");
  assert_int_equal(pl_fail(NULL, PL_MSG_NOMEM), PL_ERR_NOMEM);
  pl_error_hint(NULL, "none");
  pl_error_clear(&err);
  assert_int_equal(err.status, PL_OK);
  assert_int_equal(mem.bytes_used, 0);
}

static void test_no_memory(void** state) {
  PL_UNUSED(state);
  pl_mem mem;
  pl_mem_init(&mem, no_memory, NULL, SIZE_MAX);
  pl_error err;
  pl_error_init(&err, &mem);
  const pl_source source = {.name = "q", .text = PL_STR("abc")};
  assert_int_equal(pl_fail_at(&err, &source, (pl_span){1, 2}, PL_MSG_INTERNAL, "x"), PL_ERR_MISUSE);
  pl_error_hint(&err, "gone");
  assert_non_null(err.items[0].text);
  assert_null(err.items[0].hint);
  assert_int_equal(err.items[0].column, 2);
  pl_error_clear(&err);
  assert_int_equal(mem.bytes_used, 0);
}

static void test_move(void** state) {
  PL_UNUSED(state);
  pl_mem mems[2];
  pl_error to;
  pl_error from;
  for (int same = 0; same < 2; same++) {
    pl_mem_init(&mems[0], NULL, NULL, SIZE_MAX);
    pl_mem_init(&mems[1], NULL, NULL, SIZE_MAX);
    pl_error_init(&to, &mems[0]);
    pl_error_init(&from, &mems[same ? 0 : 1]);
    for (int i = 0; i < 4; i++) {
      (void)pl_fail(i % 2 ? &to : &from, PL_MSG_INTERNAL, i % 2 ? "to" : "from");
      pl_error_hint(i % 2 ? &to : &from, "h%d", i);
    }
    (void)pl_fail(&from, PL_MSG_NOMEM);
    (void)pl_fail(&from, PL_MSG_NOMEM);
    pl_error_move(&to, &from);
    assert_int_equal(from.count, 0);
    assert_int_equal(from.status, PL_OK);
    assert_int_equal(to.count, 5);
    assert_true(to.truncated);
    assert_string_equal(to.items[2].text, "internal error: from");
    assert_string_equal(to.items[3].hint, "h2");
    pl_error_clear(&to);
    pl_error_clear(&from);
    assert_int_equal(mems[0].bytes_used + mems[1].bytes_used, 0);
  }
}

static void test_messages(void** state) {
  PL_UNUSED(state);
  int last = 0;
  for (size_t i = 0; pl_message_at(i); i++) {
    const pl_message* const m = pl_message_at(i);
    assert_true(m->number > last);
    assert_true((m->number >= 900) == (m->status == PL_OK));
    last = m->number;
    const char *slug, *format, *explanation;
    assert_true(pl_msg_lookup(m->number, &slug, &format, &explanation));
    assert_ptr_equal(slug, m->slug);
    assert_true(*format && *explanation);
  }
  assert_null(pl_message_find(0));
  assert_null(pl_message_find(9999));
}

static void test_suggest(void** state) {
  PL_UNUSED(state);
  const pl_str names[] = {PL_STR("member_of"), PL_STR("holds"), PL_STR("hold"), PL_STR("Holds"),
                          PL_STR("\u0111\u1ea1i")};
  assert_int_equal(pl_suggest(PL_STR("memebr_of"), names, 5), 0);
  assert_int_equal(pl_suggest(PL_STR("hodls"), names, 5), 1);
  assert_int_equal(pl_suggest(PL_STR("holds"), names, 5), 3);  // other case is nearer than one letter less
  assert_int_equal(pl_suggest(PL_STR("\u0111a\u0323i"), names, 5), SIZE_MAX);
  assert_int_equal(pl_suggest(PL_STR("\u0111\u1ea1"), names, 5), 4);
  assert_int_equal(pl_suggest(PL_STR("x"), names, 5), SIZE_MAX);
  assert_int_equal(pl_suggest(PL_STR(""), names, 5), SIZE_MAX);
  assert_int_equal(pl_edit_distance(PL_STR("ca"), PL_STR("abc"), 9), 3);
  assert_int_equal(pl_edit_distance(PL_STR("ab"), PL_STR("BA"), 9), 1);
  assert_int_equal(pl_edit_distance(PL_STR("kitten"), PL_STR("sitting"), 9), 3);
  assert_int_equal(pl_edit_distance(PL_STR("kitten"), PL_STR("sitting"), 1), 2);
  assert_int_equal(pl_edit_distance(PL_STR(""), PL_STR("abc"), 5), 3);
}

/// Hints that have nothing to stand under, or say what they cannot; errors cut back to a count.
static void test_hints(void** state) {
  PL_UNUSED(state);
  pl_mem mem;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_error err;
  pl_error_init(&err, &mem);
  pl_error_hint(&err, "under nothing");
  assert_int_equal(err.count, 0);
  (void)pl_fail(&err, PL_MSG_INTERNAL, "one");
  pl_error_hint(&err, "first");
  pl_error_hint(&err, "%lc", (wint_t)0xD800);  // no character: the format itself is shown
  assert_string_equal(err.items[0].hint, "%lc");
  (void)pl_fail(&err, PL_MSG_INTERNAL, "two");
  pl_error_truncate(&err, 5);
  assert_int_equal(err.count, 2);
  pl_error_truncate(&err, 1);
  assert_int_equal(err.count, 1);
  assert_string_equal(err.items[0].text, "internal error: one");
  pl_error_clear(&err);
  assert_int_equal(mem.bytes_used, 0);
}

/// An error without an account, and one whose text finds no memory on its way to another.
static void test_no_account(void** state) {
  PL_UNUSED(state);
  pl_error none;
  pl_error_init(&none, NULL);
  assert_int_equal(pl_fail(&none, PL_MSG_INTERNAL, "x"), PL_ERR_MISUSE);
  assert_non_null(strstr(none.items[0].text, "out of memory"));
  pl_mem full;
  pl_mem_init(&full, no_memory, NULL, SIZE_MAX);
  pl_mem mem;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_error to, from;
  pl_error_init(&to, &full);
  pl_error_init(&from, &mem);
  (void)pl_fail(&from, PL_MSG_INTERNAL, "x");
  pl_error_move(&to, &from);
  pl_error_move(&to, &none);
  assert_int_equal(to.count, 2);
  assert_non_null(strstr(to.items[0].text, "out of memory"));
  assert_ptr_equal(to.items[0].text, to.items[1].text);
  pl_error_clear(&to);
  assert_int_equal(mem.bytes_used, 0);
}

/// Printed as far as it is known: without a name, without a line of text.
static void test_print(void** state) {
  PL_UNUSED(state);
  pl_mem mem;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_buf out;
  pl_buf_init(&out, &mem, SIZE_MAX);
  char text[] = "text";
  char name[] = "name";
  const pl_diag diag = {.number = PL_MSG_INTERNAL, .status = PL_ERR_MISUSE, .text = text, .line = 3, .column = 7};
  assert_int_equal(pl_diag_print(&diag, &out), PL_OK);
  assert_non_null(strstr(out.data, ": text\n  --> 3:7\n"));
  const pl_diag named = {.number = PL_MSG_INTERNAL, .text = text, .source_name = name, .line = 3, .column = 7};
  pl_buf_clear(&out);
  assert_int_equal(pl_diag_print(&named, &out), PL_OK);
  assert_non_null(strstr(out.data, "warning PLY-"));
  assert_non_null(strstr(out.data, "--> name:3:7\n"));
  pl_buf_free(&out);
  assert_int_equal(mem.bytes_used, 0);
}

/// A word longer than a line of text has no typo in it, on either side.
static void test_suggest_long(void** state) {
  PL_UNUSED(state);
  char text[140];
  memset(text, 'a', sizeof(text));
  const pl_str full = {text, 128};
  const pl_str longer = {text, 129};
  assert_int_equal(pl_edit_distance(full, (pl_str){text, 127}, 3), 1);
  assert_int_equal(pl_edit_distance(full, longer, 3), 4);
  assert_int_equal(pl_edit_distance(longer, full, 3), 4);
  assert_int_equal(pl_suggest(longer, &full, 1), SIZE_MAX);
  assert_int_equal(pl_suggest(full, &longer, 1), SIZE_MAX);
  const pl_str words[] = {PL_STR("knows"), PL_STR("KNOWS"), PL_STR("know")};
  assert_int_equal(pl_suggest(PL_STR("knows"), words, 3), 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_caret),        cmocka_unit_test(test_caret_ends), cmocka_unit_test(test_long_line),
      cmocka_unit_test(test_bounds),       cmocka_unit_test(test_no_memory),  cmocka_unit_test(test_text_is_one_line),
      cmocka_unit_test(test_messages),     cmocka_unit_test(test_suggest),    cmocka_unit_test(test_move),
      cmocka_unit_test(test_hints),        cmocka_unit_test(test_no_account), cmocka_unit_test(test_print),
      cmocka_unit_test(test_suggest_long),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
