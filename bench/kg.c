/// Generator of knowledge-graph-like statements (kg.h). Zipf-like skew: the cube of a uniform number, scaled.
#include "kg.h"

#include <stdio.h>

enum { LINK_PREDICATES = 30, PREDICATES = 60, STATEMENTS_MAX = 19, TRIPLES_PER_ENTITY = 10 };

uint64_t kg_random(kg* g) {
  g->state += 0x9e3779b97f4a7c15u;
  uint64_t x = g->state;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

void kg_start(kg* g, uint64_t seed, uint64_t triples) {
  *g = (kg){.state = seed * 0x2545f4914f6cdd1du + 1, .entities = triples / TRIPLES_PER_ENTITY + 100};
}

/// A number below n, small ones far more often.
static uint64_t skewed(kg* g, uint64_t n) {
  const double u = (double)(kg_random(g) >> 11) / 9007199254740992.0;
  return (uint64_t)(u * u * u * (double)n);
}

static pl_str print_entity(char buf[200], uint64_t n) {
  static const char* const kinds[] = {"Person", "Party", "Meeting", "Place", "Organisation"};
  const int len = snprintf(buf, 200, "http://kg.example.org/resource/%s_%llu", kinds[n % 5], (unsigned long long)n);
  return (pl_str){buf, (size_t)len};
}

static pl_str print(char buf[200], const char* format, unsigned long long a, unsigned long long b,
                    unsigned long long c) {
  const int len = snprintf(buf, 200, format, a, b, c);
  return (pl_str){buf, (size_t)len};
}

static pl_term literal(kg* g, unsigned predicate, char buf[200]) {
  static const char words[] =
      "general secretary of the central committee visited a delegation for talks on trade and culture";
  const uint64_t r = kg_random(g);
  switch (predicate % 6) {
    case 0:
      return (pl_term){
          .kind = PL_TERM_LITERAL, .text = print(buf, "Name of %llu", g->subject, 0, 0), .lang = PL_STR("en")};
    case 1:
      return pl_term_typed(print(buf, "%04llu-%02llu-%02llu", 1950 + r % 75, 1 + r / 75 % 12, 1 + r / 900 % 28),
                           PL_STR(PL_XSD "date"));
    case 2:
      return pl_term_typed(print(buf, "%llu", skewed(g, 1000000), 0, 0), PL_STR(PL_XSD "integer"));
    case 3:
      return pl_term_typed(print(buf, "%llu.%llu", r % 1000, 1 + r / 1000 % 9, 0), PL_STR(PL_XSD "decimal"));
    case 4:
      return pl_term_string(print(buf, "code-%llu", skewed(g, 50000), 0, 0));
    default: {
      const size_t start = r % 40, len = 10 + r / 40 % 50;
      const int n = snprintf(buf, 200, "%.*s %llu", (int)len, words + start, (unsigned long long)(r % 100000));
      return pl_term_string((pl_str){buf, (size_t)n});
    }
  }
}

void kg_next(kg* g, pl_term terms[3]) {
  if (g->left == 0) {
    g->subject = kg_random(g) % g->entities;
    g->left = 1 + (uint32_t)skewed(g, STATEMENTS_MAX);
  }
  g->left--;
  const unsigned predicate = (unsigned)skewed(g, PREDICATES);
  terms[0] = pl_term_iri(print_entity(g->texts[0], g->subject));
  terms[1] = pl_term_iri(print(g->texts[1], "http://kg.example.org/ontology/predicate%llu", predicate, 0, 0));
  terms[2] = predicate < LINK_PREDICATES ? pl_term_iri(print_entity(g->texts[2], skewed(g, g->entities)))
                                         : literal(g, predicate, g->texts[2]);
}
