/// Packed bytes: whatever gzip or zstd makes of them, the document comes in pieces that fit the buffer and the same in
/// small pieces as in large ones; memory stays what the source takes itself. The first byte is the size of the small pieces.
#include "load_fuzz.h"

enum { DOCUMENT_MAX = 1 << 20, MEMORY_MAX = 1 << 20 };

/// Read all, at most DOCUMENT_MAX bytes (a bomb goes on far beyond). Returns what was read; *hash tells the bytes.
static size_t unpack(const uint8_t* data, size_t size, size_t piece, pl_status* status, uint64_t* hash) {
  static char buf[65536];
  pl_mem mem;
  pl_error err;
  pl_bytes* bytes = NULL;
  size_t total = 0;
  size_t len = 0;
  const pl_input input = {.memory = {size ? (const char*)data : "", size}, .name = "fuzz"};
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_error_init(&err, &mem);
  *hash = 0;
  *status = pl_bytes_open(&input, &mem, &err, &bytes);
  while (*status == PL_OK && total < DOCUMENT_MAX) {
    const size_t wanted = piece < DOCUMENT_MAX - total ? piece : DOCUMENT_MAX - total;
    *status = pl_bytes_read(bytes, buf, wanted, &len);
    fuzz_require(len <= wanted);
    for (size_t i = 0; i < len; i++) {
      *hash = *hash * UINT64_C(1099511628211) + (uint8_t)buf[i] + 1;
    }
    total += len;
    if (len == 0) {
      break;
    }
  }
  fuzz_require(mem.bytes_peak <= MEMORY_MAX && (*status == PL_OK || err.error_count > 0));
  pl_bytes_close(bytes);
  pl_error_clear(&err);
  fuzz_require(mem.bytes_used == 0);
  return total;
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) {
    return 0;
  }
  pl_status status[2];
  uint64_t hash[2];
  const size_t large = unpack(data + 1, size - 1, 65536, &status[0], &hash[0]);
  const size_t small = unpack(data + 1, size - 1, 1 + (size_t)data[0], &status[1], &hash[1]);
  // A damaged document ends somewhere; a good one is the same whatever the pieces.
  fuzz_require(status[0] == status[1] && (status[0] != PL_OK || (large == small && hash[0] == hash[1])));
  if (large < DOCUMENT_MAX) {
    fuzz_reader(&pl_reader_ntriples, data + 1, size - 1);
  }
  return 0;
}
