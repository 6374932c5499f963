/// The binder: from the tree (what was written) to the algebra (what it means). Shared by the bind_*.c files.
///
/// Names become slots here. A symbol is an interned name; it knows the slot that it means at the moment. Entering a scope
/// remembers how long the trail of changes is, leaving it undoes the changes since. Errors about meaning are recorded and
/// binding goes on with a stand-in, so that one run reports several; only memory and limits stop it.
#ifndef PL_LANG_BIND_H
#define PL_LANG_BIND_H

#include "lang/parse.h"

/// Growing array in the scratch arena; pl_bind_pack copies it to the plan.
#define PL_BIND_LIST(T) \
  struct {              \
    T* data;            \
    uint32_t count;     \
    uint32_t capacity;  \
  }
bool pl_bind_room(pl_arena* arena, void** data, uint32_t* capacity, uint32_t count, size_t item_size);
#define pl_bind_push(b, list, item)                                                                           \
  (pl_bind_room((b)->scratch, (void**)&(list)->data, &(list)->capacity, (list)->count, sizeof(*(list)->data)) \
       ? ((list)->data[(list)->count++] = (item), PL_OK)                                                      \
       : pl_mem_status((b)->scratch->mem))
/// Copy of `count` items in the plan's arena.
pl_status pl_bind_copy(pl_arena* arena, const void* data, uint32_t count, size_t item_size, void** out);
#define pl_bind_pack(b, list, out) \
  pl_bind_copy((b)->arena, (list)->data, (list)->count, sizeof(*(list)->data), (void**)(out))

typedef PL_BIND_LIST(pl_alg*) pl_alg_list;
typedef PL_BIND_LIST(pl_expr*) pl_expr_list;
typedef PL_BIND_LIST(pl_alg_item) pl_item_list;
typedef PL_BIND_LIST(pl_alg_agg) pl_agg_list;

/// Hash table from content to index: the content itself lies in a list.
typedef struct pl_bind_index {
  uint32_t* cells;    ///< index + 1, or 0
  uint32_t capacity;  ///< power of two, or 0
  uint32_t count;     ///< used
} pl_bind_index;

typedef struct pl_symbol {
  pl_str name;   ///< without `?`
  pl_slot slot;  ///< what it means now; PL_SLOT_NONE if nothing
} pl_symbol;
typedef struct pl_trail_entry {
  uint32_t symbol;  ///< which was changed
  pl_slot slot;     ///< its slot before
} pl_trail_entry;

typedef struct pl_binder {
  const pl_lang_context* context;
  pl_source source;
  pl_arena* arena;    ///< the plan's: what stays
  pl_arena* scratch;  ///< the parse's: gone after binding
  pl_names names;     ///< of the store, with the query's own prefixes and base
  pl_query* query;    ///< being made
  pl_status status;   ///< first recorded failure
  uint32_t errors;    ///< recorded
  uint32_t warnings;  ///< about unknown names
  PL_BIND_LIST(pl_variable) slots;
  PL_BIND_LIST(bool) lists;  ///< by slot: its values are lists
  PL_BIND_LIST(bool) paths;  ///< by slot: its values are paths
  PL_BIND_LIST(pl_term) terms;
  PL_BIND_LIST(pl_str) params;
  PL_BIND_LIST(pl_lens) lenses;
  PL_BIND_LIST(pl_symbol) symbols;
  PL_BIND_LIST(pl_trail_entry) trail;
  pl_bind_index term_index, param_index, symbol_index;
  uint32_t lens;                ///< lens in force, or PL_LENS_NONE
  uint32_t path_parts;          ///< of the path at hand, made so far
  uint32_t verbs;               ///< of all paths
  const pl_ast** definitions;   ///< paths of the store's definitions, by number; NULL where not read yet
  pl_span definition;           ///< where the name stands whose definition is being read; empty outside of one
  uint32_t clause_slots;        ///< slots below this were there before the pattern at hand
  bool maybe;                   ///< variables first seen now may be null
  bool ordered;                 ///< the rows so far have an order
  struct pl_bind_hints* hints;  ///< names of the store, read when first needed (suggest.c)
} pl_binder;

/// Record an error at a span and go on.
#define PL_BIND_FAIL(b, span, number, ...) \
  pl_bind_failed(b, pl_fail_at((b)->context->err, &(b)->source, span, PL_MSG_##number, __VA_ARGS__))
void pl_bind_failed(pl_binder* b, pl_status status);
#define PL_BIND_HINT(b, ...) pl_error_hint((b)->context->err, __VA_ARGS__)
pl_status pl_bind_no_memory(const pl_binder* b);
/// Fail if there are more than PL_PARTS_MAX of `what` at the span.
pl_status pl_bind_check_count(pl_binder* b, uint32_t count, pl_span span, const char* what);
/// False once no further error is shown: then looking for a hint is wasted work.
bool pl_bind_hints_shown(const pl_binder* b);
/// Lens in force if it has an identity part (same N), else PL_LENS_NONE.
uint32_t pl_bind_identity(const pl_binder* b);

// ---- slots and scope (bind_scope.c) -------------------------------------------------------------------------------

pl_status pl_bind_slot_new(pl_binder* b, pl_str name, pl_span span, pl_slot* out);
pl_status pl_bind_symbol(pl_binder* b, pl_str name, uint32_t* out);
uint32_t pl_bind_scope_enter(const pl_binder* b);
void pl_bind_scope_leave(pl_binder* b, uint32_t mark);
pl_status pl_bind_scope_set(pl_binder* b, pl_str name, pl_slot slot);
/// Make every name mean nothing.
pl_status pl_bind_scope_hide(pl_binder* b);
/// Slot of a variable, a new one if its name means nothing yet.
pl_status pl_bind_declare(pl_binder* b, const pl_ast* var, pl_slot* out);
/// Slot of a variable that must mean something; else an error is recorded and a new slot stands in.
pl_status pl_bind_use(pl_binder* b, const pl_ast* var, pl_slot* out);
/// Slot that a name means now, or PL_SLOT_NONE.
pl_slot pl_bind_find(pl_binder* b, pl_str name);

// ---- terms (bind_term.c) ------------------------------------------------------------------------------------------

pl_status pl_bind_names(pl_binder* b, const pl_ast* prologue);
bool pl_bind_is_constant(const pl_ast* node);
/// IRI of a name, in whatever way it is written.
pl_status pl_bind_iri(pl_binder* b, const pl_ast* node, pl_str* iri);
/// Index in the query's constants of a term written as a constant.
pl_status pl_bind_constant(pl_binder* b, const pl_ast* node, uint32_t* index);
pl_status pl_bind_term(pl_binder* b, const pl_term* term, uint32_t* index);
pl_status pl_bind_param(pl_binder* b, pl_str name, pl_span span, uint32_t* index);
/// Constant `low..high` of two dates or years written as constants.
pl_status pl_bind_interval(pl_binder* b, const pl_ast* low, const pl_ast* high, pl_span span, uint32_t* index);
/// A variable, parameter, constant or `_` as a place of a triple.
pl_status pl_bind_ref(pl_binder* b, const pl_ast* node, pl_ref* out);
/// A variable that stands where a node must: an error if it is a path.
void pl_bind_check_node(pl_binder* b, const pl_ast* var, pl_slot slot);
bool pl_bind_is_label(const pl_ast* node);
/// What a label is named by: a text, a parameter, or the value of a variable that is bound.
pl_status pl_bind_label_name(pl_binder* b, const pl_ast* node, pl_ref* out);

// ---- expressions (bind_expr.c) ------------------------------------------------------------------------------------

/// Where an expression stands: what it may hold, and where its parts go that are not expressions.
typedef struct pl_bind_site {
  pl_alg_list marks;     ///< exists( ) met, as MARK without input
  pl_agg_list* aggs;     ///< aggregates met; NULL = none allowed
  pl_item_list* priors;  ///< prior( ) met; NULL = none allowed
} pl_bind_site;

pl_status pl_bind_expr(pl_binder* b, pl_bind_site* site, const pl_ast* node, pl_expr** out);
pl_status pl_bind_expr_new(pl_binder* b, pl_expr_kind kind, pl_span span, uint32_t index, pl_expr** out);
pl_status pl_bind_call(pl_binder* b, pl_fn fn, pl_span span, pl_expr* const* args, uint32_t count, pl_expr** out);
/// The filter that a comparison standing as an object means for `slot`.
pl_status pl_bind_compare(pl_binder* b, pl_bind_site* site, const pl_ast* compare, pl_slot slot, pl_expr** out);
/// Condition split at its `and`s.
pl_status pl_bind_condition(pl_binder* b, pl_bind_site* site, const pl_ast* node, pl_expr_list* filters);
bool pl_bind_is_list(const pl_binder* b, const pl_expr* expr);
bool pl_bind_is_path(const pl_binder* b, const pl_expr* expr);
bool pl_bind_expr_eq(const pl_expr* a, const pl_expr* c);
/// True if the value can differ from row to row.
bool pl_bind_varies(const pl_expr* expr);

// ---- patterns (bind_pattern.c) ------------------------------------------------------------------------------------

/// What a group is made of, while it is being made.
typedef struct pl_later {
  const pl_ast* node;  ///< element, condition, or part of an annotation
  uint32_t lens;       ///< that holds there
  pl_slot c;           ///< assertion, for a part of an annotation
} pl_later;
typedef struct pl_parts {
  pl_alg_list required, optionals, nots;
  pl_expr_list filters;
  pl_bind_site site;
  PL_BIND_LIST(pl_alg_label*) labels;  ///< of the required parts
  pl_slot optional_slots;              ///< slots from here to optional_end are bound by optionals only
  pl_slot optional_end;
  PL_BIND_LIST(pl_later) optionals_later, nots_later, filters_later;
} pl_parts;

pl_status pl_bind_alg_new(pl_binder* b, pl_alg_kind kind, pl_span span, pl_alg** out);
/// A GROUP or PATTERN of the tree, joined with `input` (may be NULL).
pl_status pl_bind_group(pl_binder* b, const pl_ast* node, pl_alg* input, pl_alg** out);
/// The same in a scope of its own: what it binds first stays inside.
pl_status pl_bind_group_inside(pl_binder* b, const pl_ast* node, pl_alg** out);
/// Give slots to the variables of triples.
pl_status pl_bind_declare_all(pl_binder* b, const pl_ast* node);
/// A node that every label `@...` of that name in the group stands for: a hidden slot, bound by a LABEL part.
pl_status pl_bind_label(pl_binder* b, pl_parts* parts, const pl_ast* node, pl_ref* out);
/// Parts of `{ ... }` for the assertion `c`.
pl_status pl_bind_annotation(pl_binder* b, pl_parts* parts, pl_slot c, const pl_ast* annotation);
/// Bind what had to wait and make the GROUP.
pl_status pl_bind_parts_finish(pl_binder* b, pl_parts* parts, pl_span span, pl_alg* input, pl_alg** out);

// ---- paths (bind_path.c, bind_define.c) ----------------------------------------------------------------------------

#define PL_PATH_TIMES_MAX 1000u   ///< largest number of a repetition {m,n}
#define PL_PATH_STEPS_MAX 10000u  ///< longest path with its repetitions written out

/// What stands between subject and object: a STEP if it is a set of plain verbs. A variable is allowed as the only verb
/// if `alone`.
pl_status pl_bind_path(pl_binder* b, const pl_ast* node, bool alone, pl_path** out);
/// The path that a name is defined for in the store; NULL if it is for none.
pl_status pl_bind_definition(pl_binder* b, const pl_ast* node, const pl_ast** path);
/// List of the verbs that a name is defined for; NULL if it is for none.
pl_status pl_bind_defined_set(pl_binder* b, const pl_ast* node, pl_expr** out);
/// DEFINE.
pl_status pl_bind_define(pl_binder* b, const pl_ast* node);

// ---- clauses ------------------------------------------------------------------------------------------------------

/// Put the marks of a site above `input`.
void pl_bind_marks(pl_bind_site* site, pl_alg** input);
/// bind_clause.c: a SINGLE without its updates. columns is filled by `return`.
pl_status pl_bind_single(pl_binder* b, const pl_ast* single, pl_alg** root, pl_column** columns, uint32_t* count);
/// bind_project.c: `with` and `return`.
pl_status pl_bind_project(pl_binder* b, const pl_ast* clause, pl_alg** input, pl_column** columns, uint32_t* count);
/// bind_lens.c: lenses in force plus these; *lens receives the index of the combination.
pl_status pl_bind_lenses(pl_binder* b, const pl_ast* lenses, uint32_t* lens);
/// bind_update.c: `delete` and `insert` at the end of a SINGLE; *root are the rows that drive them.
pl_status pl_bind_updates(pl_binder* b, const pl_ast* single, pl_alg** root);
/// The PATTERN of `return graph`.
pl_status pl_bind_graph_templates(pl_binder* b, const pl_ast* pattern, pl_alg** root, pl_alg_template** templates,
                                  uint32_t* count);
/// bind_graph.c: the query's columns, over hidden slots. The names are static.
pl_status pl_bind_columns(pl_binder* b, const char* const* names, uint32_t count, pl_span span, pl_slot* slots);
/// GRAPH above *root, which ends the query.
pl_status pl_bind_graph(pl_binder* b, pl_alg_template* templates, uint32_t count, pl_span span, pl_alg** root);
pl_status pl_bind_describe(pl_binder* b, const pl_ast* node);
pl_status pl_bind_conflicts(pl_binder* b, const pl_ast* node);

// ---- suggestions (suggest.c) --------------------------------------------------------------------------------------

void pl_bind_hint_variable(pl_binder* b, pl_str name);
void pl_bind_hint_prefix(pl_binder* b, pl_str prefix);
void pl_bind_hint_function(pl_binder* b, pl_str name);
/// Warn about a verb, a class or a name in an expression that the store does not know.
pl_status pl_bind_check_verb(pl_binder* b, const pl_ref* verb);
pl_status pl_bind_check_class(pl_binder* b, const pl_ref* object);
pl_status pl_bind_check_name(pl_binder* b, uint32_t term, pl_span span);

#endif
