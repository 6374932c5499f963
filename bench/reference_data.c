/// Terms, triples and their two orders (reference.h). Sorting is a stable pass for each column.
#include "reference.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static _Noreturn void no_memory(void) {
  fprintf(stderr, "reference: no memory\n");
  exit(1);
}

static void* memory(void* old, size_t bytes) {
  void* grown = realloc(old, bytes ? bytes : 1);
  if (grown == NULL) {
    no_memory();
  }
  return grown;
}

static uint64_t hash(const char* text, size_t len) {
  uint64_t h = 0x9e3779b97f4a7c15u ^ len, word;
  for (; len >= 8; len -= 8, text += 8) {
    memcpy(&word, text, 8);
    h = (h ^ word) * 0xff51afd7ed558ccdu;
    h ^= h >> 32;
  }
  word = 0;
  memcpy(&word, text, len);
  h = (h ^ word) * 0xff51afd7ed558ccdu;
  return h ^ h >> 29;
}

static const char* text_of(const terms* t, uint32_t term, size_t* len) {
  const size_t start = term ? t->ends[term - 1] : 0;
  *len = t->ends[term] - start;
  return t->bytes + start;
}

static bool is_text(const terms* t, uint32_t term, const char* text, size_t len) {
  size_t have;
  const char* bytes = text_of(t, term, &have);
  return have == len && memcmp(bytes, text, len) == 0;
}

/// The slot that holds the text or, empty, waits for it.
static uint32_t* slot_of(const terms* t, const char* text, size_t len) {
  size_t at = hash(text, len) & (t->table_size - 1);
  while (t->table[at] && !is_text(t, t->table[at] - 1, text, len)) {
    at = (at + 1) & (t->table_size - 1);
  }
  return &t->table[at];
}

uint32_t terms_find(const terms* t, const char* text, size_t len) {
  const uint32_t found = t->table_size ? *slot_of(t, text, len) : 0;
  return found ? found - 1 : NO_TERM;
}

static void grow_table(terms* t) {
  free(t->table);
  t->table_size = t->table_size ? t->table_size * 2 : 1 << 16;
  t->table = calloc(t->table_size, sizeof *t->table);
  if (t->table == NULL) {
    no_memory();
  }
  (void)madvise(t->table, t->table_size * sizeof *t->table, MADV_HUGEPAGE);
  for (uint32_t i = 0; i < t->count; i++) {
    size_t len;
    const char* text = text_of(t, i, &len);
    size_t at = hash(text, len) & (t->table_size - 1);
    while (t->table[at]) {
      at = (at + 1) & (t->table_size - 1);
    }
    t->table[at] = i + 1;
  }
}

static uint32_t intern(terms* t, const char* text, size_t len) {
  if (2 * ((size_t)t->count + 1) > t->table_size) {
    grow_table(t);
  }
  uint32_t* slot = slot_of(t, text, len);
  if (*slot) {
    return *slot - 1;
  }
  if (t->bytes_len + len > t->bytes_max) {
    t->bytes_max = (t->bytes_len + len) * 2;
    t->bytes = memory(t->bytes, t->bytes_max);
  }
  if (t->count == t->ends_max) {
    t->ends_max = t->ends_max ? t->ends_max * 2 : 1024;
    t->ends = memory(t->ends, t->ends_max * sizeof *t->ends);
  }
  memcpy(t->bytes + t->bytes_len, text, len);
  t->bytes_len += len;
  t->ends[t->count++] = t->bytes_len;
  *slot = t->count;
  return t->count - 1;
}

void terms_column(const terms* t, uint32_t term, peer_row* row) {
  size_t len;
  const char* text = text_of(t, term, &len);
  char* copy = memory(NULL, len + 1);
  memcpy(copy, text, len);
  copy[len] = '\0';
  peer_term parsed;
  if (peer_parse_term(copy, &parsed)) {
    peer_column(row, parsed.text, parsed.len);
  }
  free(copy);
}

static void append(triples* d, uint32_t s, uint32_t p, uint32_t o) {
  if (d->count == d->max) {
    d->max = d->max ? d->max * 2 : 1 << 16;
    d->p = memory(d->p, d->max * sizeof *d->p);
    d->pso_s = memory(d->pso_s, d->max * sizeof *d->pso_s);
    d->pso_o = memory(d->pso_o, d->max * sizeof *d->pso_o);
  }
  d->p[d->count] = p;
  d->pso_s[d->count] = s;
  d->pso_o[d->count++] = o;
}

/// Subject and predicate hold no space; the object is what is left before the last dot.
static bool read_line(triples* d, const char* line, size_t len) {
  const char* end = line + len;
  while (end > line && (end[-1] == '\n' || end[-1] == '\r' || end[-1] == ' ' || end[-1] == '\t')) {
    end--;
  }
  if (end == line || line[0] == '#') {
    return true;
  }
  const size_t s = strcspn(line, " \t");
  const char* p = line + s + strspn(line + s, " \t");
  const size_t p_len = strcspn(p, " \t");
  const char* o = p + p_len + strspn(p + p_len, " \t");
  for (end -= *(end - 1) == '.'; end > o && (end[-1] == ' ' || end[-1] == '\t'); end--) {
  }
  if (o >= end) {
    return false;
  }
  const uint32_t subject = intern(&d->terms, line, s), predicate = intern(&d->terms, p, p_len);
  append(d, subject, predicate, intern(&d->terms, o, (size_t)(end - o)));
  return true;
}

int triples_read(triples* d, const char* path) {
  FILE* file = fopen(path, "r");
  if (file == NULL) {
    return peer_fail("%s: cannot be opened", path);
  }
  char* line = NULL;
  size_t room = 0;
  ssize_t len;
  bool ok = true;
  while (ok && (len = getline(&line, &room, file)) > 0) {
    ok = read_line(d, line, (size_t)len);
  }
  free(line);
  fclose(file);
  return ok ? 0 : peer_fail("%s: a line is no triple", path);
}

/// Order of the rows by one column: a stable counting sort of row numbers.
static uint32_t* order_by(const uint32_t* column, const uint32_t* before, size_t count, uint32_t values) {
  size_t* at = calloc((size_t)values + 1, sizeof *at);
  uint32_t* after = memory(NULL, count * sizeof *after);
  if (at == NULL) {
    no_memory();
  }
  for (size_t i = 0; i < count; i++) {
    at[column[i] + 1]++;
  }
  for (uint32_t v = 0; v < values; v++) {
    at[v + 1] += at[v];
  }
  for (size_t i = 0; i < count; i++) {
    const uint32_t row = before ? before[i] : (uint32_t)i;
    after[at[column[row]]++] = row;
  }
  free(at);
  return after;
}

static uint32_t* take(const uint32_t* column, const uint32_t* order, size_t count) {
  uint32_t* taken = memory(NULL, count * sizeof *taken);
  for (size_t i = 0; i < count; i++) {
    taken[i] = column[order[i]];
  }
  return taken;
}

static void replace(uint32_t** column, const uint32_t* order, size_t count) {
  uint32_t* sorted = take(*column, order, count);
  free(*column);
  *column = sorted;
}

static void drop_repeated(triples* d) {
  size_t kept = 0;
  for (size_t i = 0; i < d->count; i++) {
    if (i == 0 || d->p[i] != d->p[kept - 1] || d->pso_s[i] != d->pso_s[kept - 1] || d->pso_o[i] != d->pso_o[kept - 1]) {
      d->p[kept] = d->p[i];
      d->pso_s[kept] = d->pso_s[i];
      d->pso_o[kept++] = d->pso_o[i];
    }
  }
  d->count = kept;
}

static void find_starts(triples* d) {
  d->start = calloc((size_t)d->terms.count + 2, sizeof *d->start);
  if (d->start == NULL) {
    no_memory();
  }
  for (size_t i = 0; i < d->count; i++) {
    d->start[d->p[i] + 1]++;
  }
  for (uint32_t p = 0; p < d->terms.count; p++) {
    d->start[p + 1] += d->start[p];
  }
}

void triples_sort(triples* d) {
  const uint32_t values = d->terms.count;
  uint32_t* by_o = order_by(d->pso_o, NULL, d->count, values);
  uint32_t* by_so = order_by(d->pso_s, by_o, d->count, values);
  uint32_t* by_pso = order_by(d->p, by_so, d->count, values);
  replace(&d->p, by_pso, d->count);
  replace(&d->pso_s, by_pso, d->count);
  replace(&d->pso_o, by_pso, d->count);
  free(by_o);
  free(by_so);
  free(by_pso);
  drop_repeated(d);
  uint32_t* by_ops = order_by(d->pso_o, NULL, d->count, values);
  uint32_t* by_pos = order_by(d->p, by_ops, d->count, values);
  d->pos_o = take(d->pso_o, by_pos, d->count);
  d->pos_s = take(d->pso_s, by_pos, d->count);
  free(by_ops);
  free(by_pos);
  find_starts(d);
}

void places_make(places* all, const uint32_t* keys, size_t start, size_t end, uint32_t nodes) {
  all->first = memory(NULL, ((size_t)nodes + 2) * sizeof *all->first);
  size_t at = start;
  for (uint32_t n = 0; n <= nodes; n++) {
    while (at < end && keys[at] < n) {
      at++;
    }
    all->first[n] = (uint32_t)at;
  }
}
