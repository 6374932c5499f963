/// Random graphs and random query texts.
///
/// A query text holds marks around the pieces that can be left out, so that a failing one can be shrunk; gen_plain removes them.
#ifndef PL_TESTS_DIFF_GENERATE_H
#define PL_TESTS_DIFF_GENERATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GEN_OPEN '\1'   ///< begins a piece
#define GEN_CLOSE '\2'  ///< ends it
enum { GEN_LINES_MAX = 64, GEN_LINE_MAX = 192, GEN_QUERY_MAX = 8192 };

/// What may occur. Plain triples, constants and `return` always do.
#define GEN_FEATURES(FEATURE)                                       \
  FEATURE(OPTIONAL, "optional")                                     \
  FEATURE(NOT, "not")                                               \
  FEATURE(EITHER, "either")                                         \
  FEATURE(WHERE, "where")                                           \
  FEATURE(EXISTS, "exists")                                         \
  FEATURE(ANNOTATIONS, "annotations")                               \
  FEATURE(LENSES, "lenses")                                         \
  FEATURE(GIVEN, "given")                                           \
  FEATURE(GROUPING, "grouping")                                     \
  FEATURE(ORDER, "order")                                           \
  FEATURE(UNION, "union")                                           \
  FEATURE(CLAUSES, "clauses") /* let, for, with, several matches */ \
  FEATURE(VALUES, "values")   /* numbers, dates, labels */          \
  FEATURE(GRAPHS, "graphs")   /* named graphs */                    \
  FEATURE(PATHS, "paths")                                           \
  FEATURE(SHORTEST, "shortest")                                     \
  FEATURE(SAME, "same")                                             \
  FEATURE(LABELS, "labels")                                         \
  FEATURE(TEXT, "text")                                             \
  FEATURE(CYCLES, "cycles")
typedef enum gen_feature {
#define FEATURE(slug, name) GEN_##slug,
  GEN_FEATURES(FEATURE)
#undef FEATURE
      GEN_FEATURE_COUNT
} gen_feature;
extern const char* const gen_feature_names[GEN_FEATURE_COUNT];

typedef struct gen_data {
  char lines[GEN_LINES_MAX][GEN_LINE_MAX];  ///< a triple of `insert`, or after "nq " a line of N-Quads
  bool dropped[GEN_LINES_MAX];
  size_t count;
} gen_data;

void gen_make_data(uint64_t seed, uint32_t features, gen_data* out);
void gen_make_query(uint64_t seed, uint32_t features, char out[GEN_QUERY_MAX]);
void gen_plain(const char* marked, char out[GEN_QUERY_MAX]);

#endif
