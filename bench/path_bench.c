// Figures of paths: shortest paths between random nodes, reachability from one node to all, short paths from many nodes.
//
//   path_bench [FACTS]
//
// Makes a temporary store of FACTS facts (default 1 000 000) between FACTS / 5 nodes, most of them pointing at few (power law), nine in ten with
// predicate p0. Only parley.h is used. Each figure is the least and the mean of its runs, prepared anew, so that nothing is kept between them.
#include "bench.h"

#include <string.h>
#include <unistd.h>

static double now_ms(void) { return seconds_of(CLOCK_MONOTONIC) * 1e3; }

static unsigned long long seed = 1;
static double chance(void) {
  seed = seed * 6364136223846793005ull + 1442695040888963407ull;
  return (double)(seed >> 11) / (double)(1ull << 53);
}

// One statement after the other, as N-Triples.
typedef struct generator {
  unsigned next, count;  // statement to make, how many
  char line[160];        // what of it is not yet taken
  size_t at, len;
} generator;

static void make_line(generator* g) {
  const double nodes = (double)g->count / 5, far = chance();
  const unsigned s = (unsigned)(chance() * nodes), o = (unsigned)(far * far * far * nodes);
  const unsigned p = g->next % 10 ? 0 : 1 + g->next / 10 % 2;
  g->len = (size_t)snprintf(g->line, sizeof g->line, "<urn:parley:n%u> <urn:parley:p%u> <urn:parley:n%u> .\n", s, p, o);
  g->at = 0;
  g->next++;
}

static int generate(void* user, char* buf, size_t size, size_t* len) {
  generator* const g = user;
  *len = 0;
  while (*len < size) {
    if (g->at == g->len) {
      if (g->next == g->count) {
        return 0;
      }
      make_line(g);
    }
    const size_t left = g->len - g->at, room = size - *len, n = left < room ? left : room;
    memcpy(buf + *len, g->line + g->at, n);
    g->at += n;
    *len += n;
  }
  return 0;
}

static unsigned long long run(parley* store, const char* text) {
  parley_query* q = NULL;
  parley_status status = parley_prepare(store, text, SIZE_MAX, &q, NULL);
  unsigned long long rows = 0;
  while (status == PARLEY_OK && (status = parley_step(q)) == PARLEY_ROW) {
    rows++;
    status = PARLEY_OK;
  }
  if (status != PARLEY_DONE) {
    die(text, q ? parley_query_error(q) : parley_error(store));
  }
  parley_finalize(q);
  return rows;
}

// Run a text `times` times with two random nodes in its two places.
static void measure(parley* store, const char* what, const char* text, unsigned nodes, int times) {
  double least = 1e300, sum = 0;
  unsigned long long rows = 0;
  for (int i = 0; i < times; i++) {
    char from[32], to[32], full[512], *out = full;
    snprintf(from, sizeof from, "n%u", (unsigned)(chance() * nodes));
    snprintf(to, sizeof to, "n%u", (unsigned)(chance() * nodes));
    for (const char* c = text; *c; c++) {
      if (*c == '<' || *c == '>') {
        out += snprintf(out, sizeof full - (size_t)(out - full), "%s", *c == '<' ? from : to);
      } else {
        *out++ = *c;
      }
    }
    *out = 0;
    const double start = now_ms();
    rows += run(store, full);
    const double spent = now_ms() - start;
    least = spent < least ? spent : least;
    sum += spent;
  }
  printf("%-52s %8.2f ms least %8.2f ms mean  %9.1f rows\n", what, least, sum / times, (double)rows / times);
}

int main(int argc, char** argv) {
  char folder[] = "/tmp/parley-bench-XXXXXX", path[64];
  const unsigned facts = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 1000000;
  if (!mkdtemp(folder) || facts < 1000) {
    die("needs a temporary folder and at least 1000 facts", NULL);
  }
  snprintf(path, sizeof path, "%s/store", folder);
  generator g = {.count = facts};
  parley* store = NULL;
  parley_error_object* error = NULL;
  const parley_input input = {.read = generate, .user = &g, .name = "generated", .format = "nt"};
  const parley_options options = {.size = sizeof options};
  if (parley_build(path, NULL, &input, 1, NULL, NULL, NULL, &error) != PARLEY_OK ||
      parley_open(path, &options, &store, &error) != PARLEY_OK) {
    die("build", error);
  }
  const unsigned nodes = facts / 5;
  measure(store, "shortest < p0+ >", "match shortest < p0+ > as ?p return ?p", nodes, 100);
  measure(store, "shortest < (~p0)+ >", "match shortest < (~p0)+ > as ?p return ?p", nodes, 100);
  measure(store, "all shortest < _+ >", "match all shortest < _+ > as ?p return ?p", nodes, 100);
  measure(store, "exists < p0+ >", "exists ( < p0+ > )", nodes, 100);
  measure(store, "< p0+ ?x, all rows", "match < p0+ ?x return ?x", nodes, 5);
  measure(store, "?x p0+ <, all rows", "match ?x p0+ < return ?x", nodes, 5);
  measure(store, "< _* ?x, all rows", "match < _* ?x return ?x", nodes, 5);
  measure(store, "< p0/p1 ?y", "match < p0/p1 ?y return ?y", nodes, 100);
  measure(store, "?x p1 ?z . ?x p0/p1 ?y, counted", "match ?x p1 ?z . ?x p0/p1 ?y return count(*)", nodes, 3);
  measure(store, "?x p1/p2 ?y, counted", "match ?x p1/p2 ?y return count(*)", nodes, 3);
  parley_close(store);
  (void)unlink(path);
  snprintf(path, sizeof path, "%s/store-lock", folder);
  (void)unlink(path);
  return rmdir(folder) ? 1 : 0;
}
