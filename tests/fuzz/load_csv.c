/// Any bytes: the reader ends, and every term it gives is valid UTF-8; IRIs are absolute.
#include "load_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const pl_reader_class* const classes[] = {&pl_reader_csv, &pl_reader_tsv};
  for (size_t i = 0; i < PL_COUNT_OF(classes); i++) {
    fuzz_reader(classes[i], data, size);
  }
  return 0;
}
