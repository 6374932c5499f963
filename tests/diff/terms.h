/// What the reference works on: terms with numbers of their own, and rows of these numbers.
#ifndef PL_TESTS_DIFF_TERMS_H
#define PL_TESTS_DIFF_TERMS_H

#include "base/mem.h"
#include "term/value.h"

typedef uint32_t ref_id;  ///< a term, list or path; 0 = null
#define REF_UNBOUND UINT32_MAX

typedef enum ref_kind { REF_TERM, REF_LIST, REF_PATH } ref_kind;
typedef struct ref_entry {
  ref_kind kind;
  pl_term term;
  pl_value value;
  const ref_id* items;  ///< LIST: elements; PATH: node, then (predicate, inverse 0 or 1, node) per fact
  size_t count;         ///< of items
  uint32_t hash;        ///< of the content
} ref_entry;

/// A list of rows, or a set of them (ref_add_new).
typedef struct ref_rows {
  ref_id** data;
  size_t count, capacity;
} ref_rows;

/// A statement is a row too. The subject of an annotation is its assertion.
enum { REF_S, REF_P, REF_O, REF_C, REF_STATEMENT };

/// IRIs that the language knows; of those of labels the first that a node has names it.
typedef enum ref_known {
  REF_SOURCE,
  REF_CONFIDENCE,
  REF_FROM,
  REF_UNTIL,
  REF_ON,
  REF_SAME_AS,
  REF_OWL_SAME_AS,
  REF_LABELS,
  REF_KNOWN_COUNT = REF_LABELS + 8
} ref_known;

typedef struct ref_graph {
  pl_mem mem;
  pl_arena arena;
  ref_entry* entries;
  size_t entry_count, entry_capacity;
  ref_rows statements;            ///< facts, then annotations
  size_t fact_count;              ///< of these, facts
  ref_id known[REF_KNOWN_COUNT];  ///< their ids
} ref_graph;

void ref_graph_init(ref_graph* graph);
void ref_graph_free(ref_graph* graph);
ref_id ref_put(ref_graph* graph, const pl_term* term);  ///< 0 for PL_TERM_NONE
ref_id ref_put_items(ref_graph* graph, ref_kind kind, const ref_id* items, size_t count);
void ref_print(const ref_graph* graph, ref_id id, pl_buf* out);

void* ref_alloc(pl_arena* arena, size_t size);                                       ///< zeroed; never NULL
void ref_add(pl_arena* arena, ref_rows* rows, const ref_id* row, size_t width);      ///< copies the row
bool ref_add_new(pl_arena* arena, ref_rows* rows, const ref_id* row, size_t width);  ///< false if it is there

static inline bool ref_is_literal(const ref_graph* graph, ref_id id) {
  return graph->entries[id].kind == REF_TERM && graph->entries[id].term.kind == PL_TERM_LITERAL;
}

#endif
