/// The logical form of a query: what it means, free of how it was written and of how it will run.
///
/// A query is a tree of operators, each taking the table of bindings of its input and handing on a new one. Variables are numbered
/// slots, unique in the whole query (a variable that goes through `with` under a new name gets a new slot), so no operator ever looks at names.
///
/// Groups. The elements of one pattern are a set: PL_ALG_GROUP holds them unordered, so that answers cannot depend on the order of writing:
///   1. all required parts (scans, annotation scans, either) are joined with each other and with the input;
///   2. each optional, in order of writing, extends the rows so far (left join, once per row);
///   3. marks (exists) are computed, nots remove rows, filters keep those that are true.
/// A slot of the input that is null and is used by a required part matches nothing. A slot first bound inside the group by only some branches
/// of an `either` counts as unbound, not as null, for the group's other required parts ( either(A or B) . C = (A . C) or (B . C) ).
/// Inside optional, not, mark and either branches, slots of the enclosing group and of the input are visible (correlated).
#ifndef PL_ALGEBRA_ALGEBRA_H
#define PL_ALGEBRA_ALGEBRA_H

#include "base/diag.h"
#include "base/mem.h"
#include "store/dataset.h"
#include "term/term.h"

typedef uint32_t pl_slot;
#define PL_SLOT_NONE UINT32_MAX
#define PL_LENS_NONE UINT32_MAX

// ---- expressions --------------------------------------------------------------------------------------------------

/// Functions and operators: PL_FN_<slug>. Names, arities and kinds are rows of functions.def.
typedef enum pl_fn {
#define PL_FUNCTION(slug, name, args_min, args_max, flags) PL_FN_##slug,
#include "algebra/functions.def"
#undef PL_FUNCTION
  PL_FN_COUNT_
} pl_fn;
typedef enum pl_fn_flags {
  PL_FN_OPERATOR = 1,   ///< written as syntax, not callable by name
  PL_FN_AGGREGATE = 2,  ///< only where grouping is allowed
  PL_FN_NULLS = 4,      ///< sees null arguments (others give null at once)
  PL_FN_LAZY = 8        ///< does not evaluate all arguments for every row (if, and, or, coalesce)
} pl_fn_flags;
typedef struct pl_fn_info {
  const char* name;  ///< as written
  uint8_t args_min;  ///< fewest arguments
  uint8_t args_max;  ///< most; 255 = any number
  uint8_t flags;     ///< pl_fn_flags
} pl_fn_info;
extern const pl_fn_info pl_fn_table[PL_FN_COUNT_];
/// Function callable by name (operators excluded); PL_FN_COUNT_ if there is none.
pl_fn pl_fn_find(pl_str name);

typedef enum pl_expr_kind {
  PL_EXPR_SLOT,   ///< value of a variable
  PL_EXPR_TERM,   ///< constant: index in pl_query.terms; PL_TERM_NONE there is null
  PL_EXPR_PARAM,  ///< index in pl_query.params
  PL_EXPR_CALL    ///< function or operator
} pl_expr_kind;

typedef struct pl_expr pl_expr;
struct pl_expr {
  pl_expr_kind kind;
  pl_span span;        ///< in the query text
  uint32_t index;      ///< slot, term or parameter
  uint32_t same;       ///< TERM and PARAM: number + 1 of the lens whose identity part (same N) holds here; 0 = none
  pl_fn fn;            ///< for CALL
  pl_expr** args;      ///< for CALL
  uint32_t arg_count;  ///< used
};

// ---- patterns -----------------------------------------------------------------------------------------------------

typedef enum pl_ref_kind { PL_REF_ANY, PL_REF_SLOT, PL_REF_TERM, PL_REF_PARAM } pl_ref_kind;
/// What stands at a place of a triple: anything, a variable, a constant (number and date constants match by value), or a parameter.
typedef struct pl_ref {
  pl_ref_kind kind;
  uint32_t index;  ///< slot, term or parameter
  pl_span span;    ///< in the query text
} pl_ref;

/// One alternative of a verb: `p` or `^p`.
typedef struct pl_verb {
  pl_ref predicate;  ///< ANY for `_`; SLOT only if it is the scan's single verb
  bool inverse;      ///< subject and object change places
} pl_verb;

typedef struct pl_alg pl_alg;

/// A triple pattern. FACTS mode gives one row per distinct fact, or, with several verbs or with verb `_`, per distinct pair of ends.
/// ASSERTIONS mode gives one row per assertion (or named graph) c of each matching fact.
typedef struct pl_alg_scan {
  pl_ref subject, object;
  pl_verb* verbs;
  uint32_t verb_count;  ///< at least 1
  pl_slot c;          ///< slot of the assertion; PL_SLOT_NONE in FACTS mode (a hidden slot if only annotations use it)
  pl_scan_mode mode;  ///< PL_SCAN_FACTS or PL_SCAN_ASSERTIONS
  uint32_t lens;      ///< index in pl_query.lenses or PL_LENS_NONE
} pl_alg_scan;

/// Annotations: rows (c, predicate, object) of an assertion; for a named graph c, the facts about it. Never under a lens, but for identity
/// (same N), which holds for annotation values too. No inverse verbs.
typedef struct pl_alg_annot {
  pl_ref c;  ///< SLOT (assertion variable); bound by a scan of the same group or outside
  pl_ref object;
  pl_verb* verbs;
  uint32_t verb_count;
  uint32_t lens;  ///< only its identity part counts; or PL_LENS_NONE
} pl_alg_annot;

typedef enum pl_path_kind {
  PL_PATH_STEP,  ///< one fact with one of the verbs; predicates are TERM, PARAM or ANY
  PL_PATH_EXCEPT,  ///< one fact with none of them: read forward if a forward verb is listed, backward if an inverse one is
  PL_PATH_SEQ,     ///< parts one after the other, at least two
  PL_PATH_ALT,     ///< one of the parts, at least two
  PL_PATH_REPEAT  ///< one part, min to max times
} pl_path_kind;

#define PL_PATH_NO_END UINT32_MAX  ///< pl_path.max of `+` and `*`
/// What lies between two ends. Inverses are pushed down to the verbs. `~p` is a STEP of p and ^p.
typedef struct pl_path pl_path;
struct pl_path {
  pl_path_kind kind;
  pl_span span;
  pl_verb* verbs;  ///< STEP, EXCEPT
  uint32_t verb_count;
  pl_path** parts;  ///< SEQ, ALT, REPEAT
  uint32_t part_count;
  uint32_t min, max;  ///< REPEAT
};

typedef enum pl_path_mode {
  PL_PATH_PAIRS,        ///< one row per distinct pair of ends
  PL_PATH_SHORTEST,     ///< for each pair of ends one path with fewest facts
  PL_PATH_SHORTEST_ALL  ///< each of them
} pl_path_mode;
/// Two ends linked by a path. Every fact on it passes the lens. Never so simple that a SCAN would do, but for the modes of shortest.
typedef struct pl_alg_path {
  pl_ref subject, object;
  pl_path* path;
  pl_path_mode mode;
  pl_slot as;     ///< receives the path (shortest); or PL_SLOT_NONE
  uint32_t lens;  ///< or PL_LENS_NONE
} pl_alg_path;

/// @"name": `node` is every node with that label or alias, compared folded. Under identity each class of nodes once.
typedef struct pl_alg_label {
  pl_ref name;    ///< TERM (a string), PARAM or SLOT; a null or a value that is no string matches nothing
  pl_slot node;   ///< receives the node
  bool one;       ///< several nodes are an error (insert)
  uint32_t lens;  ///< only its identity part counts; or PL_LENS_NONE
} pl_alg_label;

/// Literals of an indexed predicate that match a text (made by the rule text-index in place of a filter): `literal` is each of them.
typedef struct pl_alg_text {
  pl_slot literal;       ///< receives a literal
  pl_ref text;           ///< TERM or PARAM
  const pl_verb* verbs;  ///< whose objects: should one no longer be indexed when the query runs, all of them count
  uint32_t verb_count;   ///< at least 1
} pl_alg_text;

typedef struct pl_alg_group {
  pl_alg* input;      ///< table to join with; NULL = one empty row (or, nested, the enclosing rows)
  pl_alg** required;  ///< SCAN, ANNOT, PATH, LABEL, TEXT, EITHER
  uint32_t required_count;
  pl_alg** optionals;  ///< GROUP without input, in order of writing
  uint32_t optional_count;
  pl_alg** marks;  ///< MARK without input: exists() used by the filters
  uint32_t mark_count;
  pl_alg** nots;  ///< GROUP without input
  uint32_t not_count;
  pl_expr** filters;  ///< all must be true
  uint32_t filter_count;
} pl_alg_group;

typedef struct pl_alg_item {
  pl_slot slot;   ///< receives the value
  pl_expr* expr;  ///< what is computed
} pl_alg_item;

typedef struct pl_alg_agg {
  pl_slot slot;    ///< receives the result
  pl_fn fn;        ///< an aggregate
  bool distinct;   ///< aggregate(distinct ...)
  bool star;       ///< count(*)
  pl_expr** args;  ///< first the aggregated value, then e.g. join's separator
  uint32_t arg_count;
  pl_span span;
} pl_alg_agg;

typedef struct pl_alg_key {
  pl_expr* expr;  ///< sort key
  bool descending;
} pl_alg_key;

/// insert/delete template: one triple with its annotations; slots that no row binds are fresh blank nodes, one per row (insert).
typedef struct pl_alg_template {
  pl_ref subject, predicate, object;
  pl_slot c;  ///< delete ( ... as ?st ): the assertion to take back; else PL_SLOT_NONE
  struct {
    pl_ref predicate, object;
  } * annotations;
  uint32_t annotation_count;
  uint32_t lens;  ///< delete: only passing assertions go
  pl_span span;
} pl_alg_template;

/// Contradictions: for each predicate, each two assertions or plain facts with the same subject and different objects (see docs/language.md, conflicts).
/// Columns: subject, predicate, kind, then object, source, confidence, from, until, on of either side.
#define PL_CONFLICT_COLUMNS 15u
typedef struct pl_alg_conflicts {
  pl_ref* predicates;  ///< TERM or PARAM; none: all that the store holds single-valued
  uint32_t predicate_count;
  uint32_t lens;                       ///< or PL_LENS_NONE
  pl_slot slots[PL_CONFLICT_COLUMNS];  ///< receive the columns
} pl_alg_conflicts;

/// The facts behind its input's rows, or built from templates: distinct, in order of their terms, one row each.
typedef struct pl_alg_graph {
  pl_alg* input;
  pl_alg_template* templates;  ///< NULL: every fact that a pattern of the input matched
  uint32_t template_count;
  pl_slot slots[3];  ///< receive subject, predicate, object
} pl_alg_graph;

typedef enum pl_alg_kind {
  PL_ALG_UNIT,  ///< one row without columns
  PL_ALG_SCAN,
  PL_ALG_ANNOT,
  PL_ALG_PATH,
  PL_ALG_LABEL,
  PL_ALG_TEXT,
  PL_ALG_EITHER,     ///< branches: GROUP without input; bag union of the branches' rows
  PL_ALG_GROUP,      ///< a pattern
  PL_ALG_MARK,       ///< slot = true if the group has a row, else false; input may be NULL inside a group
  PL_ALG_FILTER,     ///< where
  PL_ALG_EXTEND,     ///< let, items: computed in order, each may use the ones before
  PL_ALG_UNNEST,     ///< for: one row per list element (null and empty list: none)
  PL_ALG_AGGREGATE,  ///< implicit grouping
  PL_ALG_DISTINCT,   ///< distinct rows over slots
  PL_ALG_ORDER,
  PL_ALG_SLICE,
  PL_ALG_PRIOR,      ///< slot = value of expr in the row before, null in the first (also after aggregate and order)
  PL_ALG_PROJECT,    ///< only these slots go on (order of columns for return)
  PL_ALG_UNION,      ///< whole queries with the same columns
  PL_ALG_GRAPH,      ///< return graph, describe
  PL_ALG_CONFLICTS,  ///< a leaf
  PL_ALG_KIND_COUNT_
} pl_alg_kind;

struct pl_alg {
  pl_alg_kind kind;
  pl_span span;
  union {
    pl_alg_scan scan;
    pl_alg_annot annot;
    pl_alg_path path;
    pl_alg_label label;
    pl_alg_text text;
    pl_alg_graph graph;
    pl_alg_conflicts conflicts;
    struct {
      pl_alg** branches;
      uint32_t count;
    } either;
    pl_alg_group group;
    struct {
      pl_alg* input;
      pl_alg* group;
      pl_slot slot;
    } mark;
    struct {
      pl_alg* input;
      pl_expr* expr;
    } filter;
    struct {
      pl_alg* input;
      pl_alg_item* items;
      uint32_t count;
    } extend;
    struct {
      pl_alg* input;
      pl_slot slot;
      pl_expr* expr;
    } unnest;
    struct {
      pl_alg* input;
      pl_alg_item* keys;
      uint32_t key_count;
      pl_alg_agg* aggs;
      uint32_t agg_count;
      bool row_order; /* collect, join, first, last follow the order of the input's rows, else term order */
    } aggregate;
    struct {
      pl_alg* input;
      pl_slot* slots;
      uint32_t count;
    } distinct;
    struct {
      pl_alg* input;
      pl_alg_key* keys;
      uint32_t count;
    } order;
    struct {
      pl_alg* input;
      pl_expr* skip;
      pl_expr* limit; /* NULL = none; constants or parameters */
    } slice;
    struct {
      pl_alg* input;
      pl_alg_item* items;
      uint32_t count;
    } prior;
    struct {
      pl_alg* input;
      pl_slot* slots;
      uint32_t count;
    } project;
    struct {
      pl_alg** branches;
      uint32_t count;
      bool distinct;
      pl_slot* slots;
      uint32_t slot_count;
      /* branch_slots[b * slot_count + i] is moved to slots[i] */ pl_slot* branch_slots;
    } union_;
  };
};

// ---- lenses -------------------------------------------------------------------------------------------------------

typedef enum pl_lens_kind { PL_LENS_AT, PL_LENS_DURING, PL_LENS_ACCORDING, PL_LENS_TRUST, PL_LENS_SAME } pl_lens_kind;
typedef struct pl_lens_part {
  pl_lens_kind kind;
  bool negated;  ///< not according to
  pl_expr*
      low;  ///< AT: the date; DURING: start; TRUST and SAME: the number. May use slots (then the lens is correlated)
  pl_expr* high;    ///< DURING: end; NULL if low is an interval
  pl_ref* sources;  ///< ACCORDING: terms, parameters or slots
  uint32_t source_count;
  pl_alg* pattern;       ///< ACCORDING ( pattern ): a GROUP without input, evaluated without lenses; else NULL
  pl_slot pattern_slot;  ///< its first variable
  pl_span span;
} pl_lens_part;
/// All parts must pass (for one and the same row).
typedef struct pl_lens {
  pl_lens_part* parts;
  uint32_t count;
  bool correlated;  ///< an argument uses a slot: computed per row, not once
} pl_lens;

// ---- the query ----------------------------------------------------------------------------------------------------

typedef enum pl_query_kind { PL_QUERY_ROWS, PL_QUERY_EXISTS, PL_QUERY_UPDATE, PL_QUERY_DEFINE } pl_query_kind;
/// PREVIEW: an update whose changes are listed, not written.
typedef enum pl_query_mode { PL_MODE_RUN, PL_MODE_EXPLAIN, PL_MODE_PROFILE, PL_MODE_PREVIEW } pl_query_mode;

typedef struct pl_variable {
  pl_str name;      ///< without `?`; empty for hidden slots
  bool assertion;   ///< bound by `as`: its values are assertions or named graphs
  bool maybe_null;  ///< may be null where it is visible last (optional, either, computed)
  pl_span span;     ///< first use
} pl_variable;

typedef struct pl_column {
  pl_str name;  ///< alias, else source text without a leading `?`
  pl_slot slot;
} pl_column;

typedef struct pl_query {
  pl_query_kind kind;
  pl_query_mode mode;
  pl_str text;         ///< the statement, copied
  pl_alg* root;        ///< for EXISTS: a GROUP; for UPDATE: the rows that drive it (UNIT if it stands alone)
  pl_column* columns;  ///< for ROWS (EXISTS has one column "exists")
  uint32_t column_count;
  pl_variable* slots;  ///< by slot number
  uint32_t slot_count;
  pl_term* terms;  ///< constants
  uint32_t term_count;
  pl_str* params;  ///< names without `$`
  uint32_t param_count;
  pl_lens* lenses;
  uint32_t lens_count;
  pl_alg_template* deletes;
  uint32_t delete_count;
  pl_alg_template* inserts;
  uint32_t insert_count;
  bool why;            ///< each row with its support
  bool graph;          ///< the rows are the facts of a graph: return graph, describe
  bool describe;       ///< of these, describe
  pl_str define_name;  ///< DEFINE: IRI of the name
  pl_str define_path;  ///< DEFINE: the path as a query would write it, with full IRIs; empty = forget the name
} pl_query;

/// Does the lens (PL_LENS_NONE: no) hold an identity part (same N)?
static inline bool pl_lens_has_same(const pl_query* query, uint32_t lens) {
  for (uint32_t i = 0; lens != PL_LENS_NONE && i < query->lenses[lens].count; i++) {
    if (query->lenses[lens].parts[i].kind == PL_LENS_SAME) {
      return true;
    }
  }
  return false;
}

/// Print as an indented tree (golden tests, `.algebra`). Terms as names.
pl_status pl_query_print(const pl_query* query, const pl_names* names, pl_buf* out);
pl_status pl_expr_print(const pl_query* query, const pl_names* names, const pl_expr* expr, pl_buf* out);
/// Check the invariants written above; a message on the first one broken (debug builds call it after binding and after each rule).
bool pl_query_verify(const pl_query* query, const char** broken);

#endif
