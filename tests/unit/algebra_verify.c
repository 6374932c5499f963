/// pl_query_verify: each invariant of algebra.h broken once, and the sound neighbour of each.
#include "algebra/algebra.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SLOTS = 3 };

/// A query of three slots, one constant, one parameter and one lens.
typedef struct fixture {
  pl_query query;
  pl_lens lens;
  pl_lens_part part;
  pl_verb verb;
  pl_alg scan, group;
  pl_alg* required[1];
  pl_expr slot_expr;
  pl_term term;
  pl_variable slots[SLOTS];
  pl_str param;
} fixture;

static const pl_ref any = {.kind = PL_REF_ANY};
static const pl_ref beyond_slot = {.kind = PL_REF_SLOT, .index = SLOTS};

static void start(fixture* f) {
  *f = (fixture){.verb = {.predicate = {.kind = PL_REF_TERM}}, .slot_expr = {.kind = PL_EXPR_SLOT}};
  f->part = (pl_lens_part){.kind = PL_LENS_TRUST, .low = &f->slot_expr};
  f->lens = (pl_lens){.parts = &f->part, .count = 1};
  f->scan = (pl_alg){.kind = PL_ALG_SCAN,
                     .scan = {.subject = {.kind = PL_REF_SLOT},
                              .object = {.kind = PL_REF_PARAM},
                              .verbs = &f->verb,
                              .verb_count = 1,
                              .c = PL_SLOT_NONE,
                              .lens = PL_LENS_NONE}};
  f->required[0] = &f->scan;
  f->group = (pl_alg){.kind = PL_ALG_GROUP, .group = {.required = f->required, .required_count = 1}};
  f->query = (pl_query){.kind = PL_QUERY_ROWS,
                        .root = &f->group,
                        .slots = f->slots,
                        .slot_count = SLOTS,
                        .terms = &f->term,
                        .term_count = 1,
                        .params = &f->param,
                        .param_count = 1,
                        .lenses = &f->lens,
                        .lens_count = 1};
}

static void sound(const fixture* f) {
  const char* broken = "?";
  assert_true(pl_query_verify(&f->query, &broken));
  assert_null(broken);
}

static void breaks(const fixture* f, const char* what) {
  const char* broken = NULL;
  assert_false(pl_query_verify(&f->query, &broken));
  assert_string_equal(broken, what);
}

/// The operator as the query's root.
static void root_breaks(fixture* f, pl_alg* a, const char* what) {
  f->query.root = a;
  breaks(f, what);
}

static void root_sound(fixture* f, pl_alg* a) {
  f->query.root = a;
  sound(f);
}

static void test_places(void** state) {
  fixture f;
  start(&f);
  PL_UNUSED(state);
  sound(&f);
  f.scan.scan.subject.index = SLOTS;
  breaks(&f, "a slot is beyond the query's slots");
  f.scan.scan.subject = (pl_ref){.kind = PL_REF_TERM, .index = 1};
  breaks(&f, "a term is beyond the query's constants");
  f.scan.scan.subject = (pl_ref){.kind = PL_REF_PARAM, .index = 1};
  breaks(&f, "a parameter is beyond the query's parameters");
  f.scan.scan.subject = any;
  f.query.column_count = 1;
  f.query.columns = &(pl_column){.slot = SLOTS};
  breaks(&f, "a slot is beyond the query's slots");
}

static void test_scan(void** state) {
  fixture f;
  PL_UNUSED(state);
  start(&f);
  f.scan.scan.verb_count = 0;
  breaks(&f, "a scan without a verb");
  pl_verb two[2] = {{.predicate = {.kind = PL_REF_SLOT}}, f.verb};
  f.scan.scan.verbs = two;
  f.scan.scan.verb_count = 2;
  breaks(&f, "a variable verb beside others");
  f.scan.scan.verb_count = 1;
  sound(&f);
  f.scan.scan.mode = PL_SCAN_ASSERTIONS;
  breaks(&f, "assertion mode without its slot");
  f.scan.scan.c = 1;
  sound(&f);
  f.scan.scan.c = SLOTS;
  breaks(&f, "a slot is beyond the query's slots");
  f.scan.scan.c = 1;
  f.scan.scan.lens = 1;
  breaks(&f, "a lens is beyond the query's lenses");
  f.scan.scan.lens = 0;
  sound(&f);
}

static void test_leaves(void** state) {
  fixture f;
  PL_UNUSED(state);
  start(&f);
  pl_alg annot = {.kind = PL_ALG_ANNOT, .annot = {.verbs = &f.verb, .verb_count = 1, .lens = PL_LENS_NONE}};
  root_breaks(&f, &annot, "an annotation of no assertion");
  annot.annot.c.kind = PL_REF_SLOT;
  root_sound(&f, &annot);
  f.verb.inverse = true;
  root_breaks(&f, &annot, "an annotation read backwards");
  pl_alg label = {.kind = PL_ALG_LABEL, .label = {.node = SLOTS, .lens = PL_LENS_NONE}};
  root_breaks(&f, &label, "a slot is beyond the query's slots");
  pl_alg text = {.kind = PL_ALG_TEXT, .text = {.literal = SLOTS}};
  root_breaks(&f, &text, "a slot is beyond the query's slots");
  pl_alg conflicts = {.kind = PL_ALG_CONFLICTS, .conflicts = {.lens = 7}};
  root_breaks(&f, &conflicts, "a lens is beyond the query's lenses");
  root_sound(&f, &(pl_alg){.kind = PL_ALG_UNIT});
  root_breaks(&f, &(pl_alg){.kind = PL_ALG_KIND_COUNT_}, "an operator of no kind");
  root_breaks(&f, NULL, "a query without operators");
}

static void test_paths(void** state) {
  fixture f;
  PL_UNUSED(state);
  start(&f);
  pl_path step = {.kind = PL_PATH_STEP, .verbs = &f.verb, .verb_count = 1};
  pl_path* parts[2] = {&step, &step};
  pl_path whole = {.kind = PL_PATH_SEQ, .parts = parts, .part_count = 2, .min = 2, .max = 1};
  pl_alg path = {.kind = PL_ALG_PATH, .path = {.path = &whole, .as = PL_SLOT_NONE, .lens = PL_LENS_NONE}};
  root_sound(&f, &path);
  path.path.as = 2;
  root_breaks(&f, &path, "a path value without shortest");
  path.path.mode = PL_PATH_SHORTEST;
  root_sound(&f, &path);
  whole.part_count = 1;
  root_breaks(&f, &path, "a path without parts");
  whole.kind = PL_PATH_REPEAT;
  root_breaks(&f, &path, "a repetition that ends before it begins");
  whole.max = 2;
  root_sound(&f, &path);
  step.verb_count = 0;
  whole.part_count = 2;
  root_breaks(&f, &path, "a scan without a verb");
}

static void test_groups(void** state) {
  fixture f;
  PL_UNUSED(state);
  start(&f);
  pl_alg inner = f.group;
  pl_alg unit = {.kind = PL_ALG_UNIT};
  pl_alg* optionals[2] = {&inner, &inner};
  f.group.group.optionals = optionals;
  f.group.group.optional_count = 2;
  sound(&f);
  inner.group.input = &unit;
  breaks(&f, "a nested group has an input");
  optionals[0] = &unit;
  breaks(&f, "an operator stands where another kind belongs");
  f.group.group.optional_count = 0;
  f.required[0] = &inner;
  breaks(&f, "a required part is no leaf and no either");
  f.required[0] = &(pl_alg){.kind = PL_ALG_EITHER};
  sound(&f);
  pl_expr* filters[2] = {NULL, &f.slot_expr};
  f.group.group.filters = filters;
  f.group.group.filter_count = 2;
  breaks(&f, "an expression is missing");
  f.group.group.filter_count = 0;
  pl_alg mark = {.kind = PL_ALG_MARK};
  root_breaks(&f, &mark, "a mark without a plain group");
  mark.mark.group = &unit;
  root_breaks(&f, &mark, "a mark without a plain group");
  mark.mark.group = &inner;
  root_breaks(&f, &mark, "a mark without a plain group");
  inner.group.input = NULL;
  root_sound(&f, &mark);
}

static void test_expressions(void** state) {
  fixture f;
  PL_UNUSED(state);
  start(&f);
  pl_expr expr = {.kind = PL_EXPR_TERM, .index = 1};
  pl_alg filter = {.kind = PL_ALG_FILTER, .filter = {.expr = &expr}};
  root_breaks(&f, &filter, "a term is beyond the query's constants");
  expr.kind = PL_EXPR_PARAM;
  root_breaks(&f, &filter, "a parameter is beyond the query's parameters");
  expr = (pl_expr){.kind = PL_EXPR_CALL, .fn = PL_FN_COUNT_};
  root_breaks(&f, &filter, "a call of no function");
  pl_expr* args[3] = {&f.slot_expr, &f.slot_expr, &f.slot_expr};
  expr = (pl_expr){.kind = PL_EXPR_CALL, .fn = PL_FN_COUNT, .args = args, .arg_count = 1};
  root_breaks(&f, &filter, "an aggregate inside an expression");
  expr.fn = PL_FN_PRIOR;
  root_breaks(&f, &filter, "an aggregate inside an expression");
  expr.fn = PL_FN_NOT;
  root_sound(&f, &filter);
  expr.arg_count = 0;
  root_breaks(&f, &filter, "a call with a wrong number of arguments");
  expr.arg_count = 3;
  root_breaks(&f, &filter, "a call with a wrong number of arguments");
  expr.fn = PL_FN_COALESCE;
  root_sound(&f, &filter);
  f.slot_expr.index = SLOTS;
  root_breaks(&f, &filter, "a slot is beyond the query's slots");
}

static void test_lists_stop_at_the_first(void** state) {
  fixture f;
  PL_UNUSED(state);
  start(&f);
  f.part.low = NULL;
  breaks(&f, "a lens part without an argument");
  pl_ref sources[2] = {beyond_slot, any};
  f.part.sources = sources;
  f.part.source_count = 2;
  breaks(&f, "a slot is beyond the query's slots");
  f.part.sources = &sources[1];
  f.part.source_count = 1;
  f.part.pattern = &f.group;
  f.part.pattern_slot = SLOTS;
  breaks(&f, "a slot is beyond the query's slots");
  start(&f);
  pl_slot slots[2] = {SLOTS, 0};
  pl_alg distinct = {.kind = PL_ALG_DISTINCT, .distinct = {.slots = slots, .count = 2}};
  root_breaks(&f, &distinct, "a slot is beyond the query's slots");
  pl_alg_item items[2] = {{.slot = SLOTS, .expr = &f.slot_expr}, {.slot = 0, .expr = &f.slot_expr}};
  pl_alg extend = {.kind = PL_ALG_EXTEND, .extend = {.items = items, .count = 2}};
  root_breaks(&f, &extend, "a slot is beyond the query's slots");
  pl_alg_key keys[2] = {{.expr = NULL}, {.expr = NULL}};
  pl_alg order = {.kind = PL_ALG_ORDER, .order = {.keys = keys, .count = 2}};
  root_breaks(&f, &order, "an expression is missing");
  pl_alg slice = {.kind = PL_ALG_SLICE};
  root_breaks(&f, &slice, "a slice without skip and limit");
  slice.slice.skip = &f.slot_expr;
  root_sound(&f, &slice);
  pl_alg join = {.kind = PL_ALG_UNION, .union_ = {.count = 1}};
  root_breaks(&f, &join, "a union of one");
}

static void test_aggregates(void** state) {
  fixture f;
  PL_UNUSED(state);
  start(&f);
  pl_expr* args[2] = {NULL, &f.slot_expr};
  pl_alg_agg aggs[2] = {{.slot = 0, .fn = PL_FN_NOT, .star = true}, {.slot = 0, .fn = PL_FN_COUNT, .star = true}};
  pl_alg aggregate = {.kind = PL_ALG_AGGREGATE, .aggregate = {.aggs = aggs, .agg_count = 2}};
  root_breaks(&f, &aggregate, "an aggregate that is none");
  aggs[0].fn = PL_FN_COUNT;
  root_sound(&f, &aggregate);
  aggs[0].star = false;
  root_breaks(&f, &aggregate, "an aggregate without a value");
  aggs[0].args = args;
  aggs[0].arg_count = 2;
  root_breaks(&f, &aggregate, "an expression is missing");
}

static void test_queries(void** state) {
  fixture f;
  PL_UNUSED(state);
  start(&f);
  f.query.kind = PL_QUERY_EXISTS;
  sound(&f);
  f.query.root = &f.scan;
  breaks(&f, "exists over no group");
  f.query.root = NULL;
  breaks(&f, "a query without operators");
  start(&f);
  f.query.kind = PL_QUERY_UPDATE;
  breaks(&f, "an update without templates");
  pl_alg_template templates[2] = {{.subject = any}, {.subject = beyond_slot}};
  f.query.inserts = templates;
  f.query.insert_count = 2;
  breaks(&f, "a slot is beyond the query's slots");
  f.query.insert_count = 1;
  sound(&f);
  f.query.kind = PL_QUERY_DEFINE;
  f.query.root = NULL;
  sound(&f);
}

/// The first invariant that is broken is told, whatever follows in the list.
static void test_first_of_lists(void** state) {
  fixture f;
  PL_UNUSED(state);
  start(&f);
  pl_alg unit = {.kind = PL_ALG_UNIT};
  pl_alg* required[2] = {&unit, &f.scan};
  f.group.group.required = required;
  f.group.group.required_count = 2;
  breaks(&f, "a required part is no leaf and no either");
  start(&f);
  pl_column columns[2] = {{.slot = SLOTS}, {.slot = 0}};
  f.query.columns = columns;
  f.query.column_count = 2;
  breaks(&f, "a slot is beyond the query's slots");
  start(&f);
  f.query.kind = PL_QUERY_UPDATE;
  pl_alg_template templates[2] = {{.subject = beyond_slot}, {.subject = any}};
  f.query.deletes = templates;
  f.query.delete_count = 2;
  breaks(&f, "a slot is beyond the query's slots");
  templates[0].subject = any;
  templates[0].annotations = calloc(2, sizeof(*templates[0].annotations));
  templates[0].annotation_count = 2;
  templates[0].annotations[0].predicate = beyond_slot;
  breaks(&f, "a slot is beyond the query's slots");
  templates[0].annotations[0].predicate = any;
  sound(&f);
  free(templates[0].annotations);
  start(&f);
  pl_alg slice = {.kind = PL_ALG_SLICE, .slice = {.limit = &f.slot_expr}};
  root_sound(&f, &slice);
}

static void test_lens_has_same(void** state) {
  fixture f;
  PL_UNUSED(state);
  start(&f);
  assert_false(pl_lens_has_same(&f.query, PL_LENS_NONE));
  assert_false(pl_lens_has_same(&f.query, 0));
  f.part.kind = PL_LENS_SAME;
  assert_true(pl_lens_has_same(&f.query, 0));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_places),
                                     cmocka_unit_test(test_scan),
                                     cmocka_unit_test(test_leaves),
                                     cmocka_unit_test(test_paths),
                                     cmocka_unit_test(test_groups),
                                     cmocka_unit_test(test_expressions),
                                     cmocka_unit_test(test_lists_stop_at_the_first),
                                     cmocka_unit_test(test_aggregates),
                                     cmocka_unit_test(test_queries),
                                     cmocka_unit_test(test_first_of_lists),
                                     cmocka_unit_test(test_lens_has_same)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
