/// Folding arbitrary bytes: the result is valid UTF-8 and folding it again leaves ASCII alone.
#include "base/utf8.h"
#include "text/fold.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  pl_mem mem;
  pl_buf out;
  pl_mem_init(&mem, NULL, NULL, (size_t)64 << 20);
  pl_buf_init(&out, &mem, SIZE_MAX);
  const pl_status status = pl_fold((pl_str){(const char*)data, size}, &out);
  const pl_str folded = pl_buf_view(&out);
  if (status == PL_OK && pl_utf8_check(folded) != folded.len) {
    abort();
  }
  for (size_t i = 0; i < folded.len; i++) {
    if (folded.data[i] >= 'A' && folded.data[i] <= 'Z') {
      abort();
    }
  }
  pl_buf_free(&out);
  if (mem.bytes_used) {
    abort();
  }
  return 0;
}
