/// See data.h.
#include "data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

static const char* const syllables[] = {"al",  "be", "gam", "delt", "eps", "zet", "et",  "thet", "iot", "kap",
                                        "lam", "mu", "nu",  "xi",   "omi", "pi",  "rho", "sig",  "tau", "Đà"};

/// A cheap hash: the same numbers everywhere.
static unsigned long mix(unsigned long x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ul;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebul;
  return x ^ (x >> 31);
}

static size_t word(char* out, unsigned long r) {
  const size_t n = sizeof syllables / sizeof *syllables;
  return (size_t)sprintf(out, "%s%s%lu", syllables[r % n], syllables[r / n % n], r / (n * n) % 1000);
}

char* data_words(size_t bytes, unsigned seed) {
  char* const text = malloc(bytes + 64);
  size_t len = 0;
  for (unsigned long i = 1; text && len < bytes; i++) {
    len += word(text + len, mix(i * 1000003u + seed) >> 8);
    text[len++] = ' ';
  }
  if (text) {
    text[len] = '\0';
  }
  return text;
}

/// What is said of one node.
static void node(FILE* f, size_t i, size_t nodes) {
  const unsigned long r = mix(i + 1) >> 8;
  char a[64], b[64], c[64];
  (void)word(a, r);
  (void)word(b, r / 7);
  (void)word(c, r / 13);
  (void)fprintf(f,
                "{\"subject\":\"n%zu\",\"subject_type\":\"T%zu\",\"predicate\":\"knows\",\"object\":\"n%zu\","
                "\"source\":\"s%zu\",\"confidence\":0.%lu,"
                "\"from\":\"20%02zu\"}\n",
                i, i % 7, (i + 1) % nodes, i % 50, 5 + r % 5, i % 20);
  (void)fprintf(f, "{\"subject\":\"n%zu\",\"predicate\":\"knows\",\"object\":\"n%lu\"}\n", i, r % nodes);
  (void)fprintf(
      f, "{\"subject\":\"n%zu\",\"predicate\":\"member\",\"object\":\"hub\",\"source\":\"s%zu\",\"confidence\":0.9}\n",
      i, i % 50);
  (void)fprintf(f, "{\"subject\":\"n%zu\",\"predicate\":\"age\",\"object\":%zu}\n", i, i % 97);
  (void)fprintf(f, "{\"subject\":\"n%zu\",\"predicate\":\"note\",\"object\":{\"value\":\"%s %s about %s of %zu\"}}\n",
                i, a, b, c, i);
  if (i % 20 == 3) {
    (void)fprintf(f, "{\"subject\":\"n%zu\",\"predicate\":\"label\",\"object\":{\"value\":\"Shared Name\"}}\n", i);
  }
  if (i < nodes / 10 || i % 10 < 3) {
    (void)fprintf(
        f,
        "{\"subject\":\"n%zu\",\"predicate\":\"same_as\",\"object\":\"n%zu\",\"source\":\"s1\",\"confidence\":0.%lu}\n",
        i, (i + 1) % nodes, 7 + r % 3);
  }
}

static bool write_jsonl(FILE* f, size_t nodes, size_t text_bytes) {
  for (size_t i = 0; i < 50; i++) {
    (void)fprintf(f, "{\"subject\":\"s%zu\",\"subject_type\":\"Source\",\"predicate\":\"knows\",\"object\":\"hub\"}\n",
                  i);
  }
  for (size_t i = 0; i < nodes; i++) {
    node(f, i, nodes);
  }
  for (unsigned i = 0; i < 3; i++) {
    char* const text = data_words(text_bytes, 100 + i);
    if (!text) {
      return false;
    }
    (void)fprintf(f, "{\"subject\":\"n%u\",\"predicate\":\"huge\",\"object\":{\"value\":\"%s\"}}\n", i, text);
    free(text);
  }
  return true;
}

static void write_table(FILE* f, size_t nodes, char comma) {
  (void)fprintf(f, "subject%cpredicate%cobject%csource\n", comma, comma, comma);
  for (size_t i = 0; i < nodes * 4; i++) {
    (void)fprintf(f, "n%zu%cnear%cn%lu%cs%zu\n", i % nodes, comma, comma, (mix(i) >> 8) % nodes, comma, i % 50);
  }
}

bool data_write(const char* folder, size_t nodes, size_t text_bytes) {
  static const char* const names[] = {"in.jsonl", "in.csv", "in.tsv"};
  bool ok = true;
  for (size_t i = 0; i < 3 && ok; i++) {
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
    FILE* const f = fopen(path, "w");
    if (!f) {
      return false;
    }
    if (i == 0) {
      ok = write_jsonl(f, nodes, text_bytes);
    } else {
      write_table(f, nodes, i == 1 ? ',' : '\t');
    }
    ok = !ferror(f) && ok;
    ok = fclose(f) == 0 && ok;
  }
  return ok;
}

static char* whole(const char* path, size_t* len) {
  FILE* const f = fopen(path, "r");
  if (!f || fseek(f, 0, SEEK_END) != 0) {
    return NULL;
  }
  const long size = ftell(f);
  char* const text = size >= 0 ? malloc((size_t)size + 1) : NULL;
  rewind(f);
  *len = text ? fread(text, 1, (size_t)size, f) : 0;
  (void)fclose(f);
  return text;
}

static bool store_file(const char* path, const void* data, size_t len) {
  FILE* const f = fopen(path, "w");
  const bool ok = f && fwrite(data, 1, len, f) == len;
  return f && fclose(f) == 0 && ok;
}

bool data_pack(const char* path, bool zstd) {
  char to[600];
  size_t len = 0;
  char* const text = whole(path, &len);
  bool ok = text != NULL;
  (void)snprintf(to, sizeof to, "%s.%s", path, zstd ? "zst" : "gz");
  if (ok && zstd) {
    const size_t bound = ZSTD_compressBound(len);
    void* const out = malloc(bound);
    const size_t packed = out ? ZSTD_compress(out, bound, text, len, 1) : 0;
    ok = out && !ZSTD_isError(packed) && store_file(to, out, packed);
    free(out);
  } else if (ok) {
    gzFile const f = gzopen(to, "wb1");
    ok = f && gzwrite(f, text, (unsigned)len) == (int)len;
    ok = f && gzclose(f) == Z_OK && ok;
  }
  free(text);
  return ok;
}

bool data_trig(const char* folder) {
  char from[512], to[512];
  size_t len = 0;
  (void)snprintf(from, sizeof from, "%s/in.nt", folder);
  (void)snprintf(to, sizeof to, "%s/in.trig", folder);
  char* const text = whole(from, &len);
  FILE* const f = text ? fopen(to, "w") : NULL;
  bool ok = f && fputs("<urn:parley:g> {\n", f) >= 0 && fwrite(text, 1, len, f) == len && fputs("}\n", f) >= 0;
  ok = f && fclose(f) == 0 && ok;
  free(text);
  return ok;
}
