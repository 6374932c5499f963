/// gen_kg TRIPLES [SEED]: knowledge-graph-like N-Triples on standard output.
#include "kg.h"

#include <stdio.h>
#include <stdlib.h>

static bool write_line(const pl_buf* buf) { return fwrite(buf->data, 1, buf->len, stdout) == buf->len; }

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    fprintf(stderr, "usage: gen_kg TRIPLES [SEED]\n");
    return 2;
  }
  const unsigned long long count = strtoull(argv[1], NULL, 10);
  pl_mem mem;
  pl_buf buf;
  kg g;
  pl_mem_init(&mem, NULL, NULL, SIZE_MAX);
  pl_buf_init(&buf, &mem, SIZE_MAX);
  kg_start(&g, argc > 2 ? strtoull(argv[2], NULL, 10) : 1, count);
  bool ok = true;
  for (unsigned long long i = 0; i < count && ok; i++) {
    pl_term terms[3];
    kg_next(&g, terms);
    for (unsigned k = 0; k < 3; k++) {
      (void)pl_term_write_nt(&buf, &terms[k]);  // errors stick in the buffer
      (void)pl_buf_char(&buf, ' ');
    }
    ok = pl_buf_str(&buf, PL_STR(".\n")) == PL_OK;
    if (ok && buf.len > (1 << 20)) {
      ok = write_line(&buf);
      pl_buf_clear(&buf);
    }
  }
  ok = ok && write_line(&buf) && fflush(stdout) == 0;
  pl_buf_free(&buf);
  return ok ? 0 : 1;
}
