/// The byte source: packed or not, in pieces of any size, with a byte order mark, damaged, cut, too long, and inputs that
/// are none.
#include "load/bytes.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cmocka.h>

typedef struct pieces {
  pl_str text;     ///< document
  size_t pos;      ///< delivered
  size_t piece;    ///< bytes a read gives
  size_t fail_at;  ///< from there on the callback fails
  size_t lie;      ///< added to the length that is told
} pieces;

static int read_piece(void* user, char* buf, size_t size, size_t* len) {
  pieces* const p = user;
  *len = p->text.len - p->pos < p->piece ? p->text.len - p->pos : p->piece;
  *len = *len < size ? *len : size;
  memcpy(buf, p->text.data + p->pos, *len);
  p->pos += *len;
  *len += p->lie;
  return p->pos >= p->fail_at;
}

typedef struct result {
  char text[64 << 10];  ///< what was read
  size_t len;           ///< of it
  pl_status status;     ///< PL_OK at the end
  int message;          ///< number of the error, 0 = none
} result;

/// Read all, `size` bytes at a time.
static void read_all(const pl_input* input, size_t size, uint64_t limit, result* r) {
  pl_mem mem;
  pl_error err;
  pl_bytes* bytes = NULL;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_error_init(&err, &mem);
  r->len = 0;
  r->status = pl_bytes_open(input, &mem, &err, &bytes);
  if (r->status == PL_OK) {
    pl_bytes_limit(bytes, limit);
  }
  for (size_t len = 1; r->status == PL_OK && len > 0; r->len += len) {
    assert_true(r->len + size <= sizeof(r->text));
    r->status = pl_bytes_read(bytes, r->text + r->len, size, &len);
  }
  r->message = err.count ? (int)err.items[0].number : 0;
  pl_bytes_close(bytes);
  pl_error_clear(&err);
  assert_int_equal(mem.bytes_used, 0);
}

static void check_text(pl_str document, pl_str expected) {
  static result r;
  static const size_t sizes[] = {1, 3, 1000};
  for (size_t i = 0; i < PL_COUNT_OF(sizes); i++) {
    for (size_t piece = 1; piece < 8; piece++) {
      pieces p = {.text = document, .piece = piece, .fail_at = SIZE_MAX};
      const pl_input input = {.read = read_piece, .user = &p};
      read_all(&input, sizes[i], 0, &r);
      assert_int_equal(r.status, PL_OK);
      assert_int_equal(r.len, expected.len);
      assert_memory_equal(r.text, expected.data, r.len);
    }
  }
}

static void check_fails(const pl_input* input, uint64_t limit, pl_status status, pl_msg message) {
  static result r;
  read_all(input, 1000, limit, &r);
  assert_int_equal(r.status, status);
  assert_int_equal(r.message, message);
}

/// Documents as they are, and what only looks like a mark of order or of packing.
static void test_plain(void** state) {
  PL_UNUSED(state);
  static const char* const texts[] = {
      "",           "x",    "text of a document", "\xEF",    "\xEF\xBB",     "\xEF\xBBx",     "\xEF\xBCxx", "\x1F",
      "\x1Fx text", "\x28", "\x28\xB5x",          "\x28xxx", "\x28\xB5\x2F", "\x28\xB5\x2Fx", "\x28\xB5xx"};
  for (size_t i = 0; i < PL_COUNT_OF(texts); i++) {
    check_text(pl_str_c(texts[i]), pl_str_c(texts[i]));
  }
  check_text(PL_STR("\xEF\xBB\xBF"), PL_STR(""));
  check_text(PL_STR("\xEF\xBB\xBFtext"), PL_STR("text"));
  check_text(PL_STR("\xEF\xBB\xBF\xEF\xBB\xBF"), PL_STR("\xEF\xBB\xBF"));
}

static size_t gzip(const char* text, char* out, size_t size) {
  z_stream z = {0};
  assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  z.next_in = (unsigned char*)(uintptr_t)text;
  z.avail_in = (unsigned)strlen(text);
  z.next_out = (unsigned char*)out;
  z.avail_out = (unsigned)size;
  assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
  assert_int_equal(deflateEnd(&z), Z_OK);
  return size - z.avail_out;
}

static size_t zstd(const char* text, char* out, size_t size) {
  const size_t len = ZSTD_compress(out, size, text, strlen(text), 1);
  assert_false(ZSTD_isError(len));
  return len;
}

/// Members and frames behind each other are one document; each one cut or damaged is told.
static void test_packed(void** state) {
  PL_UNUSED(state);
  size_t (*const pack[])(const char*, char*, size_t) = {gzip, zstd};
  char out[1000];
  for (size_t k = 0; k < 2; k++) {
    const size_t first = pack[k]("one ", out, sizeof(out));
    const size_t both = first + pack[k]("two", out + first, sizeof(out) - first);
    check_text((pl_str){out, first}, PL_STR("one "));
    check_text((pl_str){out, both}, PL_STR("one two"));
    for (size_t len = first + 1; len < both; len++) {
      const pl_input cut = {.memory = {out, len}};
      check_fails(&cut, 0, PL_ERR_FORMAT, PL_MSG_INPUT_TRUNCATED);
    }
    const pl_input whole = {.memory = {out, both}};
    check_fails(&whole, 7, PL_OK, 0);
    check_fails(&whole, 6, PL_ERR_LIMIT, PL_MSG_DOCUMENT_LIMIT);
    memset(out + first, 'x', both - first);
    check_fails(&whole, 0, PL_ERR_FORMAT, PL_MSG_INPUT_DAMAGED);
  }
}

/// A callback that fails, or tells more than there is room for.
static void test_callback(void** state) {
  PL_UNUSED(state);
  pieces p = {.text = PL_STR("a text"), .piece = 2, .fail_at = 4};
  const pl_input input = {.read = read_piece, .user = &p};
  check_fails(&input, 0, PL_ERR_IO, PL_MSG_INPUT_CALLBACK);
  p = (pieces){.text = PL_STR("a text"), .piece = 2, .fail_at = SIZE_MAX, .lie = SIZE_MAX / 2};
  check_fails(&input, 0, PL_ERR_IO, PL_MSG_INPUT_CALLBACK);
}

static void test_no_input(void** state) {
  PL_UNUSED(state);
  pl_input input = {.path = NULL};
  check_fails(&input, 0, PL_ERR_MISUSE, PL_MSG_INPUT_NONE);
  input = (pl_input){.path = "x", .memory = PL_STR("x")};
  check_fails(&input, 0, PL_ERR_MISUSE, PL_MSG_INPUT_NONE);
  input = (pl_input){.use_fd = true, .fd = -1};
  check_fails(&input, 0, PL_ERR_CANTOPEN, PL_MSG_INPUT_OPEN);
  input = (pl_input){.use_fd = true, .fd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  check_fails(&input, 0, PL_ERR_CANTOPEN, PL_MSG_INPUT_DIRECTORY);
  assert_int_equal(close(input.fd), 0);
  input.fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
  check_fails(&input, 0, PL_ERR_IO, PL_MSG_INPUT_READ);
  assert_int_equal(close(input.fd), 0);
  pl_bytes_close(NULL);
}

/// A pipe is waited for; asked to stop, the wait ends.
static void test_pipe(void** state) {
  PL_UNUSED(state);
  static result r;
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  assert_int_equal(write(ends[1], "text", 4), 4);
  assert_int_equal(close(ends[1]), 0);
  const pl_input input = {.use_fd = true, .fd = ends[0]};
  read_all(&input, 1000, 0, &r);
  assert_int_equal(r.status, PL_OK);
  assert_int_equal(r.len, 4);
  assert_int_equal(close(ends[0]), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_plain),    cmocka_unit_test(test_packed), cmocka_unit_test(test_callback),
      cmocka_unit_test(test_no_input), cmocka_unit_test(test_pipe),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
