/// Any span in any text gives a caret that stands under the shown line. Input: two bytes of span start, two of span
/// end, the text.
#include "base/diag.h"
#include "base/utf8.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

static void require(bool condition) {
  if (!condition) {
    abort();
  }
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 4) {
    return 0;
  }
  pl_mem mem;
  pl_error err;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_error_init(&err, &mem);
  const pl_span span = {(uint32_t)(data[0] | data[1] << 8), (uint32_t)(data[2] | data[3] << 8)};
  const pl_source source = {.name = "fuzz", .text = {(const char*)data + 4, size - 4}};
  require(pl_fail_at(&err, &source, span, PL_MSG_INTERNAL, "x") == PL_ERR_MISUSE);
  const pl_diag* const diag = &err.items[0];
  const pl_str line = pl_str_c(diag->source_line);
  const size_t width = pl_utf8_width(line);
  require(pl_utf8_check(line) == line.len && width <= 122);
  require(diag->line >= 1 && diag->column >= 1 && diag->length >= 1 && diag->caret_cells >= 1);
  // One cell behind the line is where its end is pointed at; a wide character may miss one cell at a cut.
  require(diag->caret_skip + diag->caret_cells <= width + 2);
  pl_buf out;
  pl_buf_init(&out, &mem, SIZE_MAX);
  require(pl_error_print(&err, &out) == PL_OK);
  pl_buf_free(&out);
  pl_error_clear(&err);
  require(mem.bytes_used == 0);
  return 0;
}
