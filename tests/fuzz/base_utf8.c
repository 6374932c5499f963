/// What the checker accepts, the decoder and the encoder agree on byte for byte; what it refuses, the decoder refuses
/// there.
#include "base/utf8.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

static void require(bool condition) {
  if (!condition) {
    abort();
  }
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const pl_str s = {(const char*)data, size};
  const size_t valid = pl_utf8_check(s);
  size_t pos = 0;
  size_t count = 0;
  while (pos < size) {
    const size_t start = pos;
    const uint32_t c = pl_utf8_next(s, &pos);
    char out[4];
    const size_t len = pl_utf8_put(out, c);
    require(len ? len == pos - start && !memcmp(out, s.data + start, len) : c == UINT32_MAX && pos == start + 1);
    require(start >= valid || len > 0);
    require(start != valid || len == 0);
    count++;
  }
  require(count == pl_utf8_count(s));
  require(pl_utf8_width(s) <= 2 * count);
  return 0;
}
