/// What a query means, evaluated the slow way: the words of algebra.h followed row by row over a list of statements.
///
/// It shares nothing with planning, execution and storage: terms are numbered here, rows are plain arrays, every pattern is
/// matched against every statement. Only terms and single values (comparison, arithmetic, folding) come from the library.
#ifndef PL_TESTS_DIFF_REFERENCE_H
#define PL_TESTS_DIFF_REFERENCE_H

#include "algebra/algebra.h"
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

/// A statement, or, with s the assertion, an annotation.
typedef struct ref_statement {
  ref_id s, p, o, c;
} ref_statement;
typedef struct ref_statements {
  ref_statement* data;
  size_t count, capacity;
} ref_statements;

typedef struct ref_graph {
  pl_mem mem;
  pl_arena arena;
  ref_entry* entries;
  size_t entry_count, entry_capacity;
  ref_statements facts;        ///< rows (s, p, o, c)
  ref_statements annotations;  ///< rows (c, p, o, 0)
} ref_graph;

typedef struct ref_rows {
  ref_id** data;
  size_t count, capacity;
} ref_rows;

void ref_graph_init(ref_graph* graph);
void ref_graph_free(ref_graph* graph);
ref_id ref_put(ref_graph* graph, const pl_term* term);  ///< 0 for PL_TERM_NONE
ref_id ref_put_items(ref_graph* graph, ref_kind kind, const ref_id* items, size_t count);
void ref_state(ref_statements* list, ref_statement statement);
void ref_print(const ref_graph* graph, ref_id id, pl_buf* out);

/// Evaluation of one query.
typedef struct ref_run {
  ref_graph* graph;
  const pl_query* query;
  pl_arena arena;  ///< rows
  ref_id* terms;   ///< by number in the query
  ref_id same_as, owl_same_as;
  const uint8_t* raw;  ///< by slot: only same_as patterns of the group at hand use it, so it shows nodes as stored
  const char* skip;    ///< why the answer is not determined or not known here; NULL = it is
  bool ties;           ///< an order left rows of different contents equal
  uint8_t** passes;    ///< by lens, then by id of an assertion: 0 unknown, 1 no, 2 yes
  ref_id** shown;      ///< by lens: shown node by id; NULL = not computed yet
  size_t id_count;     ///< ids that stood in the store or the query when it began; later ones are computed
  struct {
    const pl_path* path;
    uint8_t* pairs;
  } relations[32];  ///< of paths met so far
  size_t relation_count;
} ref_run;

/// Rows of result columns. *ordered: their order is part of the answer. NULL, or why there is no answer.
const char* ref_answer(ref_run* run, ref_graph* graph, const pl_query* query, ref_rows* out, bool* ordered);
void ref_run_free(ref_run* run);

// ---- between the files of the evaluator ---------------------------------------------------------------------------

static inline const ref_entry* ref_entry_of(const ref_run* run, ref_id id) { return &run->graph->entries[id]; }
void* ref_alloc(pl_arena* arena, size_t size);  ///< zeroed; never NULL
void ref_push(ref_run* run, ref_rows* rows, ref_id* row);
ref_id* ref_copy(ref_run* run, const ref_id* row);
void ref_reset(const ref_run* run, ref_id* row, const ref_id* to);
void ref_group(ref_run* run, const pl_alg_group* group, const ref_id* row, ref_rows* out);
/// Does `ref` accept `id` in this row? Binds. `shown` (may be NULL) holds the node each one stands for.
bool ref_meet(ref_run* run, const pl_ref* ref, ref_id id, bool object, const ref_id* shown, ref_id* row);
ref_id* ref_blank_row(ref_run* run);  ///< nothing bound
void ref_match_scan(ref_run* run, const pl_alg* part, const ref_id* row, ref_rows* out);
void ref_match_annot(ref_run* run, const pl_alg_annot* annot, const ref_id* row, ref_rows* out);
void ref_match_label(ref_run* run, const pl_alg_label* label, const ref_id* row, ref_rows* out);
/// A pattern all of whose verbs are same_as: it shows nodes as stored.
bool ref_is_raw(const ref_run* run, const pl_alg* part);
ref_id ref_known(ref_run* run, const char* iri);  ///< id of an IRI; "source" is below the default base

ref_id ref_eval(ref_run* run, const pl_expr* expr, const ref_id* row);
bool ref_true(ref_run* run, const pl_expr* expr, const ref_id* row);
int ref_order(const ref_run* run, ref_id a, ref_id b);
int ref_order_paths(const ref_run* run, const ref_id* a, size_t a_count, const ref_id* b, size_t b_count);
ref_id ref_put_value(ref_run* run, const pl_value* value);
ref_id ref_aggregate(ref_run* run, const pl_alg_agg* agg, bool row_order, const ref_rows* rows);
bool ref_folded_equal(ref_run* run, pl_str a, pl_str b);
bool ref_is_label(ref_run* run, ref_id predicate, size_t* rank);

/// Does the statement by c count under the lens? NONE lets all pass.
bool ref_passes(ref_run* run, uint32_t lens, ref_id c, const ref_id* row);
/// Shown nodes under the identity part of the lens, by id; NULL if it has none.
const ref_id* ref_shown(ref_run* run, uint32_t lens, const ref_id* row);
static inline ref_id ref_shown_of(const ref_run* run, const ref_id* shown, ref_id id) {
  return shown && id < run->id_count ? shown[id] : id;
}
/// Slots in the arguments of a lens that this row does not bind?
bool ref_lens_waits(ref_run* run, uint32_t lens, const ref_id* row);

void ref_path(ref_run* run, const pl_alg_path* path, const ref_id* row, ref_rows* out);

#endif
