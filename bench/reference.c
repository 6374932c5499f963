/// The physical reference: the questions of the suite as hand-written loops over sorted arrays of ids in memory.
///
/// Nobody's store: no transactions, no text in the answer unless asked for, one thread, everything in memory, the right
/// loop chosen by a person. It tells what the machine could do. It speaks the protocol of README.md and answers the
/// texts listed there. Triples lie in two orders, each predicate a range:
///
///     pso   s: 3 3 3 7 9 9 ...      pos   o: 1 1 4 4 4 8 ...
///           o: 1 4 8 4 1 7 ...            s: 3 9 3 7 9 3 ...
///
/// The columns p and s of all triples are read where every triple has to be looked at. Places where the
/// triples of a node begin are counted once for each predicate that needs them, as a store builds an index.
#include "reference.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct reference {
  triples data;            ///< what is loaded
  places* out;             ///< by predicate id: where each subject's triples begin; made when first asked for
  places* in;              ///< the same for objects
  uint32_t* marks;         ///< one for each term, all zero between questions
  uint32_t* counts;        ///< one for each term, all zero between questions
  uint32_t* list;          ///< nodes at hand
  char store[PATH_BYTES];  ///< folder with the names of the files
  char* prepared;          ///< text of the prepared question
} reference;

/// A question, read: `triangles <p>`.
typedef struct question {
  char word[32];      ///< which
  uint32_t terms[3];  ///< ids of its IRIs; NO_TERM if the data has none such
  unsigned count;     ///< how many IRIs
} question;

static const places* places_of(const reference* r, places* all, const uint32_t* keys, uint32_t p) {
  if (all[p].first == NULL) {
    places_make(&all[p], keys, r->data.start[p], r->data.start[p + 1], r->data.terms.count);
  }
  return &all[p];
}

static const places* out_of(const reference* r, uint32_t p) { return places_of(r, r->out, r->data.pso_s, p); }
static const places* in_of(const reference* r, uint32_t p) { return places_of(r, r->in, r->data.pos_o, p); }

/// Rows of ?a P ?b . ?b Q ?c: runs of equal objects of P beside runs of equal subjects of Q.
static uint64_t two_hop(const reference* r, uint32_t p, uint32_t q) {
  const uint32_t *o = r->data.pos_o, *s = r->data.pso_s;
  size_t i = r->data.start[p], k = r->data.start[q];
  const size_t i_end = r->data.start[p + 1], k_end = r->data.start[q + 1];
  uint64_t rows = 0;
  while (i < i_end && k < k_end) {
    const uint32_t a = o[i], b = s[k];
    const size_t i_from = i, k_from = k;
    for (; a <= b && i < i_end && o[i] == a; i++) {
    }
    for (; b <= a && k < k_end && s[k] == b; k++) {
    }
    rows += (uint64_t)(i - i_from) * (k - k_from);
  }
  return rows;
}

/// Each edge of Q counts the edges of P into its start times those of R out of its end.
static uint64_t three_hop(const reference* r, uint32_t p, uint32_t q, uint32_t t) {
  const triples* d = &r->data;
  const places *in = in_of(r, p), *out = out_of(r, t);
  uint64_t rows = 0;
  for (size_t i = d->start[q]; i < d->start[q + 1];) {
    const uint32_t s = d->pso_s[i];
    uint64_t ends = 0;
    for (; i < d->start[q + 1] && d->pso_s[i] == s; i++) {
      const uint32_t o = d->pso_o[i];
      ends += out->first[o + 1] - out->first[o];
    }
    rows += ends * (in->first[s + 1] - in->first[s]);
  }
  return rows;
}

static void mark(uint32_t* marks, const uint32_t* nodes, size_t count, uint32_t value) {
  for (size_t i = 0; i < count; i++) {
    marks[nodes[i]] = value;
  }
}

static uint64_t marked(const uint32_t* marks, const uint32_t* nodes, size_t count) {
  uint64_t sum = 0;
  for (size_t i = 0; i < count; i++) {
    sum += marks[nodes[i]];
  }
  return sum;
}

/// Neighbours of a are marked; those of its neighbours are counted.
static uint64_t triangles(const reference* r, uint32_t p) {
  const triples* d = &r->data;
  const places* out = out_of(r, p);
  uint64_t rows = 0;
  for (size_t i = d->start[p]; i < d->start[p + 1];) {
    const uint32_t a = d->pso_s[i];
    const uint32_t* nodes = d->pso_o + i;
    const size_t count = out->first[a + 1] - out->first[a];
    mark(r->marks, nodes, count, 1);
    for (size_t k = 0; k < count; k++) {
      const uint32_t from = out->first[nodes[k]];
      rows += marked(r->marks, d->pso_o + from, out->first[nodes[k] + 1] - from);
    }
    mark(r->marks, nodes, count, 0);
    i += count;
  }
  return rows;
}

/// For each a: how often each c is two steps ahead, times how often it is two steps behind.
static uint64_t four_cycles(const reference* r, uint32_t p) {
  const triples* d = &r->data;
  const places *out = out_of(r, p), *in = in_of(r, p);
  uint64_t rows = 0;
  for (size_t i = d->start[p]; i < d->start[p + 1];) {
    const uint32_t a = d->pso_s[i];
    const size_t end = out->first[a + 1];
    for (size_t k = i; k < end; k++) {
      const uint32_t b = d->pso_o[k];
      for (uint32_t m = out->first[b]; m < out->first[b + 1]; m++) {
        r->counts[d->pso_o[m]]++;
      }
    }
    for (uint32_t k = in->first[a]; k < in->first[a + 1]; k++) {
      const uint32_t from = in->first[d->pos_s[k]];
      rows += marked(r->counts, d->pos_s + from, in->first[d->pos_s[k] + 1] - from);
    }
    for (size_t k = i; k < end; k++) {
      const uint32_t from = out->first[d->pso_o[k]];
      mark(r->counts, d->pso_o + from, out->first[d->pso_o[k] + 1] - from, 0);
    }
    i = end;
  }
  return rows;
}

/// Common neighbours of a and b are marked; each of them counts its own neighbours among them.
static uint64_t cliques_of_edge(const reference* r, const places* out, const uint32_t* nodes, size_t count) {
  const triples* d = &r->data;
  uint64_t rows = 0;
  mark(r->counts, nodes, count, 1);
  for (size_t i = 0; i < count; i++) {
    const uint32_t from = out->first[nodes[i]];
    rows += marked(r->counts, d->pso_o + from, out->first[nodes[i] + 1] - from);
  }
  mark(r->counts, nodes, count, 0);
  return rows;
}

static uint64_t four_cliques(const reference* r, uint32_t p) {
  const triples* d = &r->data;
  const places* out = out_of(r, p);
  uint64_t rows = 0;
  for (size_t i = d->start[p]; i < d->start[p + 1];) {
    const uint32_t a = d->pso_s[i];
    const size_t end = out->first[a + 1];
    mark(r->marks, d->pso_o + i, end - i, 1);
    for (size_t k = i; k < end; k++) {
      const uint32_t b = d->pso_o[k];
      size_t count = 0;
      for (uint32_t m = out->first[b]; m < out->first[b + 1]; m++) {
        r->list[count] = d->pso_o[m];
        count += r->marks[d->pso_o[m]];
      }
      rows += cliques_of_edge(r, out, r->list, count);
    }
    mark(r->marks, d->pso_o + i, end - i, 0);
    i = end;
  }
  return rows;
}

/// Nodes behind one or more edges from s, in the order they are met; list holds them until it is used again.
static uint64_t reach(const reference* r, uint32_t s, uint32_t p) {
  const triples* d = &r->data;
  const places* out = out_of(r, p);
  uint64_t count = 0;
  for (uint64_t i = 0; i <= count; i++) {
    const uint32_t node = i == 0 ? s : r->list[i - 1];
    for (uint32_t k = out->first[node]; k < out->first[node + 1]; k++) {
      const uint32_t o = d->pso_o[k];
      r->list[count] = o;
      count += !r->marks[o];
      r->marks[o] = 1;
    }
  }
  mark(r->marks, r->list, count, 0);
  return count;
}

static void give_number(peer_sink* sink, uint64_t n) {
  sink->rows += !sink->sum;
  if (sink->sum) {
    peer_column_real(&sink->row, (double)n);
    peer_sink_row(sink);
  }
}

/// A row of a term and, unless it is NO_NUMBER, a number.
static const uint64_t NO_NUMBER = UINT64_MAX;

static void give_term(const reference* r, peer_sink* sink, uint32_t term, uint64_t n) {
  if (!sink->sum) {
    sink->rows++;
    return;
  }
  terms_column(&r->data.terms, term, &sink->row);
  if (n != NO_NUMBER) {
    peer_column_real(&sink->row, (double)n);
  }
  peer_sink_row(sink);
}

/// Rows per predicate: a pass over the column p of all triples, as if nothing were known of its order.
static void predicates(const reference* r, peer_sink* sink) {
  const triples* d = &r->data;
  memset(r->counts, 0, d->terms.count * sizeof *r->counts);
  for (size_t i = 0; i < d->count; i++) {
    r->counts[d->p[i]]++;
  }
  for (uint32_t t = 0; t < d->terms.count; t++) {
    if (r->counts[t]) {
      give_term(r, sink, t, r->counts[t]);
      r->counts[t] = 0;
    }
  }
}

static uint64_t changes(const uint32_t* values, size_t count) {
  uint64_t n = count > 0;
  for (size_t i = 1; i < count; i++) {
    n += values[i] != values[i - 1];
  }
  return n;
}

static void subjects(const reference* r, peer_sink* sink) {
  const triples* d = &r->data;
  for (uint32_t p = 0; p < d->terms.count; p++) {
    if (d->start[p] < d->start[p + 1]) {
      give_term(r, sink, p, changes(d->pso_s + d->start[p], d->start[p + 1] - d->start[p]));
    }
  }
}

/// How many subjects have each out-degree.
static void degrees(const reference* r, peer_sink* sink, uint32_t p) {
  const triples* d = &r->data;
  size_t most = 0;
  for (size_t i = d->start[p]; i < d->start[p + 1];) {
    const size_t from = i;
    for (const uint32_t s = d->pso_s[i]; i < d->start[p + 1] && d->pso_s[i] == s; i++) {
    }
    r->marks[i - from]++;
    most = i - from > most ? i - from : most;
  }
  for (size_t n = 1; n <= most; n++) {
    if (r->marks[n] && sink->sum) {
      peer_column_real(&sink->row, (double)n);
      peer_column_real(&sink->row, (double)r->marks[n]);
      peer_sink_row(sink);
    } else {
      sink->rows += r->marks[n] > 0;
    }
    r->marks[n] = 0;
  }
}

/// Binary search for the subject, then its objects.
static void look_up(const reference* r, peer_sink* sink, uint32_t p, uint32_t s) {
  const triples* d = &r->data;
  size_t low = d->start[p], high = d->start[p + 1];
  while (low < high) {
    const size_t mid = low + (high - low) / 2;
    if (d->pso_s[mid] < s) {
      low = mid + 1;
    } else {
      high = mid;
    }
  }
  for (; low < d->start[p + 1] && d->pso_s[low] == s; low++) {
    give_term(r, sink, d->pso_o[low], NO_NUMBER);
  }
}

static int read_question(const reference* r, const char* text, question* q) {
  char iri[PATH_BYTES];
  int used = 0;
  *q = (question){.count = 0};
  if (sscanf(text, "%31s%n", q->word, &used) != 1) {
    return peer_cannot("an empty question");
  }
  for (const char* at = text + used; q->count < 3 && sscanf(at, "%4000s%n", iri, &used) == 1; at += used) {
    q->terms[q->count++] = terms_find(&r->data.terms, iri, strlen(iri));
  }
  return 0;
}

static int parameter_of(const reference* r, const json* parameters, uint32_t* term) {
  const char* text = json_text(parameters, "s", NULL);
  if (text == NULL) {
    return peer_fail("the parameter s is missing");
  }
  *term = terms_find(&r->data.terms, text, strlen(text));
  return 0;
}

static int answer(const reference* r, const question* q, const json* parameters, peer_sink* sink) {
  const uint32_t *t = q->terms, missing = NO_TERM;
  const bool known = t[0] != missing && (q->count < 2 || t[1] != missing) && (q->count < 3 || t[2] != missing);
  static const struct {
    const char* word;  ///< of the question
    unsigned iris;     ///< it takes
  } all[] = {{"two-hop", 2}, {"three-hop", 3},  {"triangles", 1}, {"four-cycles", 1}, {"four-cliques", 1},
             {"reach", 2},   {"predicates", 0}, {"subjects", 0},  {"degrees", 1},     {"look-up", 1}};
  unsigned which = 0;
  while (which < sizeof all / sizeof *all && (strcmp(all[which].word, q->word) != 0 || all[which].iris != q->count)) {
    which++;
  }
  uint32_t s = NO_TERM;
  switch (which) {
    case 0:
      give_number(sink, known ? two_hop(r, t[0], t[1]) : 0);
      return 0;
    case 1:
      give_number(sink, known ? three_hop(r, t[0], t[1], t[2]) : 0);
      return 0;
    case 2:
      give_number(sink, known ? triangles(r, t[0]) : 0);
      return 0;
    case 3:
      give_number(sink, known ? four_cycles(r, t[0]) : 0);
      return 0;
    case 4:
      give_number(sink, known ? four_cliques(r, t[0]) : 0);
      return 0;
    case 5:
      give_number(sink, known ? reach(r, t[0], t[1]) : 0);
      return 0;
    case 6:
      predicates(r, sink);
      return 0;
    case 7:
      subjects(r, sink);
      return 0;
    case 8:
      if (known) {
        degrees(r, sink, t[0]);
      }
      return 0;
    case 9:
      if (parameter_of(r, parameters, &s)) {
        return -1;
      }
      if (known && s != NO_TERM) {
        look_up(r, sink, t[0], s);
      }
      return 0;
    default:
      return peer_cannot("no loop was written for this");
  }
}

static int run(void* self, const char* text, const json* parameters, peer_sink* sink) {
  reference* r = self;
  question q;
  return read_question(r, text ? text : r->prepared, &q) || answer(r, &q, parameters, sink) ? -1 : 0;
}

static int prepare(void* self, const char* text) {
  reference* r = self;
  free(r->prepared);
  r->prepared = text ? strdup(text) : NULL;
  return 0;
}

static int load_files(reference* r, char** files, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (triples_read(&r->data, files[i])) {
      return -1;
    }
  }
  triples_sort(&r->data);
  const size_t nodes = (size_t)r->data.terms.count + 1;
  r->out = calloc(nodes, sizeof *r->out);
  r->in = calloc(nodes, sizeof *r->in);
  r->marks = calloc(nodes > r->data.count ? nodes : r->data.count + 1, sizeof *r->marks);
  r->counts = calloc(nodes, sizeof *r->counts);
  r->list = calloc(nodes + 1, sizeof *r->list);
  return r->out && r->in && r->marks && r->counts && r->list ? 0 : peer_fail("no memory");
}

/// The names of the files are the store: the next open reads them again.
static int load(void* self, char** files, size_t count, const char* format, uint64_t* loaded) {
  reference* r = self;
  if (strcmp(format, "nt") != 0) {
    return peer_cannot("reads N-Triples only");
  }
  if (r->data.count > 0) {
    return peer_fail("the store is not empty");
  }
  FILE* names = fopen(r->store, "w");
  for (size_t i = 0; names && i < count; i++) {
    fprintf(names, "%s\n", files[i]);
  }
  if (names == NULL || fclose(names) != 0) {
    return peer_fail("%s: cannot be written", r->store);
  }
  const int status = load_files(r, files, count);
  *loaded = r->data.count;
  return status;
}

static int open_store(void* self, const char* store, const json* settings, const char** version, const char** told) {
  reference* r = self;
  (void)settings;
  *version = "1";
  *told = "sorted arrays in memory, one thread";
  snprintf(r->store, sizeof r->store, "%s/files.txt", store);
  FILE* names = fopen(r->store, "r");
  char* files[64] = {0};
  size_t count = 0, room = 0;
  while (names && count < 63 && getline(&files[count], &room, names) > 0) {
    files[count][strcspn(files[count], "\n")] = '\0';
    count++;
    room = 0;
  }
  if (names) {
    fclose(names);
  }
  const int status = count ? load_files(r, files, count) : 0;
  for (size_t i = 0; i < 64; i++) {
    free(files[i]);
  }
  return status;
}

/// Memory goes with the process.
static int close_store(void* self) {
  (void)self;
  return 0;
}

int main(void) {
  static const peer_class class = {
      .open = open_store, .load = load, .prepare = prepare, .run = run, .close = close_store};
  static reference r;
  return peer_main(&class, &r);
}
