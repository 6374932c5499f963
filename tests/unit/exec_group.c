/// Random groups over a small random store, run with and without every rule and join order, against an evaluator that
/// follows the words of algebra.h row by row.
#include "store_fixture.h"

#include "exec/run.h"
#include "store/writer.h"

enum {
  NODES = 5,
  PREDICATES = 3,
  TERMS = NODES + PREDICATES,
  SLOTS = 9,  ///< 0-4 shared, 5-6 inside nots, 7-8 assertions
  SHARED = 5,
  STORE_ROWS_MAX = 40,
  ROWS_MAX = 60000
};

typedef struct row {
  pl_id v[SLOTS];   ///< values
  bool set[SLOTS];  ///< bound, perhaps to null
} row;
typedef struct rows {
  row* data;
  size_t count, capacity;
} rows;

typedef struct world {
  fixture* f;
  pl_id ids[TERMS];                ///< of the terms
  pl_term terms[TERMS];            ///< nodes, then predicates
  char names[TERMS][32];           ///< their text
  pl_id facts[STORE_ROWS_MAX][4];  ///< s, p, o, c
  size_t fact_count;
  uint64_t seed;   ///< of the random numbers
  pl_arena arena;  ///< of the query at hand
  bool overflow;   ///< too many rows: the query is skipped
} world;

static uint32_t below(world* w, uint32_t n) {
  w->seed = w->seed * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(w->seed >> 33) % n;
}

// ---- the store ----------------------------------------------------------------------------------------------------

static void fill_store(world* w) {
  pl_writer* writer = NULL;
  fixture* f = w->f;
  fixture_begin(f, true);
  CHECK_OK(f, pl_writer_open(f->txn, 0, NULL, &writer));
  for (int i = 0; i < TERMS; i++) {
    snprintf(w->names[i], sizeof w->names[i], "urn:parley:%c%d", i < NODES ? 'n' : 'p', i);
    w->terms[i] = pl_term_iri(pl_str_c(w->names[i]));
    CHECK_OK(f, pl_writer_term(writer, &w->terms[i], &w->ids[i]));
  }
  for (int i = 0; i < STORE_ROWS_MAX; i++) {
    const pl_id s = w->ids[below(w, NODES)], p = w->ids[NODES + below(w, PREDICATES)], o = w->ids[below(w, NODES)];
    if (below(w, 3)) {
      CHECK_OK(f, pl_writer_fact(writer, s, p, o, 0));
      continue;
    }
    const pl_annotation_id note = {PL_KNOWN(SOURCE), w->ids[below(w, NODES)]};
    CHECK_OK(f, pl_writer_assert(writer, s, p, o, &note, 1, NULL));
  }
  CHECK_OK(f, pl_writer_flush(writer, NULL));
  pl_writer_close(writer);
  fixture_commit(f);
}

static void read_store(world* w) {
  pl_scan* scan = NULL;
  size_t count = 0;
  pl_id columns[4][STORE_ROWS_MAX * 2];
  pl_id* const into[4] = {columns[0], columns[1], columns[2], columns[3]};
  CHECK_OK(w->f, pl_scan_open(w->f->txn, PL_ORDER_SPO, PL_SCAN_ROWS, NULL, &w->f->mem, &scan));
  CHECK_OK(w->f, pl_scan_range(scan, NULL, 0, 0, UINT64_MAX));
  CHECK_OK(w->f, pl_scan_fill(scan, into, STORE_ROWS_MAX * 2, &count));
  pl_scan_close(scan);
  assert_true(count <= STORE_ROWS_MAX);
  w->fact_count = count;
  for (size_t i = 0; i < count; i++) {
    for (int c = 0; c < 4; c++) {
      w->facts[i][c] = columns[c][i];
    }
  }
}

// ---- random algebra -----------------------------------------------------------------------------------------------

#define NEW(w, type) PL_ARENA_NEW(&(w)->arena, type)
#define ARRAY(w, type, n) PL_ARENA_ARRAY(&(w)->arena, type, n)

static pl_ref slot_ref(pl_slot slot) { return (pl_ref){.kind = PL_REF_SLOT, .index = slot}; }
static pl_ref end_ref(world* w, pl_slot local) {
  const uint32_t dice = below(w, 10);
  if (dice == 0) {
    return (pl_ref){.kind = PL_REF_ANY};
  }
  if (dice < 3) {
    return (pl_ref){.kind = PL_REF_TERM, .index = below(w, NODES)};
  }
  return slot_ref(local != PL_SLOT_NONE && dice < 6 ? local : below(w, SHARED));
}

static pl_alg* random_scan(world* w, pl_slot local, pl_slot c) {
  pl_alg* alg = NEW(w, pl_alg);
  pl_alg_scan* scan = &alg->scan;
  const uint32_t dice = below(w, 8);
  alg->kind = PL_ALG_SCAN;
  scan->subject = end_ref(w, local);
  scan->object = end_ref(w, local);
  scan->verb_count = dice == 0 ? 2 + below(w, 2) : 1;
  scan->verbs = ARRAY(w, pl_verb, scan->verb_count);
  for (uint32_t i = 0; i < scan->verb_count; i++) {
    scan->verbs[i].predicate = (pl_ref){.kind = PL_REF_TERM, .index = NODES + below(w, PREDICATES)};
    scan->verbs[i].inverse = below(w, 3) == 0;
  }
  if (dice == 1) {
    scan->verbs[0].predicate = (pl_ref){.kind = PL_REF_ANY};
  } else if (dice == 2) {
    scan->verbs[0].predicate = slot_ref(below(w, SHARED));
  }
  scan->c = c;
  scan->mode = c == PL_SLOT_NONE ? PL_SCAN_FACTS : PL_SCAN_ASSERTIONS;
  scan->lens = PL_LENS_NONE;
  return alg;
}

static pl_alg* random_annot(world* w, pl_slot c) {
  pl_alg* alg = NEW(w, pl_alg);
  alg->kind = PL_ALG_ANNOT;
  alg->annot.c = slot_ref(c);
  alg->annot.object = end_ref(w, PL_SLOT_NONE);
  alg->annot.verb_count = 1;
  alg->annot.lens = PL_LENS_NONE;
  alg->annot.verbs = ARRAY(w, pl_verb, 1);
  alg->annot.verbs[0].predicate = (pl_ref){.kind = PL_REF_TERM, .index = TERMS};  // source
  return alg;
}

static pl_alg* random_group(world* w, int depth, bool branch, pl_slot local, bool assertions);

static pl_alg* random_either(world* w, int depth) {
  pl_alg* alg = NEW(w, pl_alg);
  alg->kind = PL_ALG_EITHER;
  alg->either.count = 1 + below(w, 3);
  alg->either.branches = ARRAY(w, pl_alg*, alg->either.count);
  for (uint32_t i = 0; i < alg->either.count; i++) {
    alg->either.branches[i] = random_group(w, depth + 1, true, PL_SLOT_NONE, false);
  }
  return alg;
}

static void add_filter(world* w, pl_alg_group* group) {
  pl_expr* filter = NEW(w, pl_expr);
  *filter = (pl_expr){.kind = PL_EXPR_CALL, .fn = below(w, 3) ? PL_FN_NE : PL_FN_EQ, .arg_count = 2};
  filter->args = ARRAY(w, pl_expr*, 2);
  for (int i = 0; i < 2; i++) {
    filter->args[i] = NEW(w, pl_expr);
    *filter->args[i] = (pl_expr){.kind = PL_EXPR_SLOT, .index = below(w, SHARED)};
  }
  group->filters = ARRAY(w, pl_expr*, 1);
  group->filters[group->filter_count++] = filter;
}

/// A group. Branches hold only scans; `local` is a slot for use inside only.
static pl_alg* random_group(world* w, int depth, bool branch, pl_slot local, bool assertions) {
  pl_alg* alg = NEW(w, pl_alg);
  pl_alg_group* group = &alg->group;
  alg->kind = PL_ALG_GROUP;
  const uint32_t scans = 1 + below(w, depth ? 2 : 3);
  group->required = ARRAY(w, pl_alg*, scans + 4);
  for (uint32_t i = 0; i < scans; i++) {
    group->required[group->required_count++] = random_scan(w, local, PL_SLOT_NONE);
  }
  if (assertions && below(w, 3) == 0) {
    group->required[group->required_count++] = random_scan(w, local, 7);
    group->required[group->required_count++] = random_annot(w, 7);
  }
  if (branch || depth > 1) {
    return alg;
  }
  if (below(w, 3) == 0) {
    group->required[group->required_count++] = random_either(w, depth);
  }
  group->optionals = ARRAY(w, pl_alg*, 2);
  for (uint32_t i = below(w, 3); i > 0 && group->optional_count < 2; i--) {
    group->optionals[group->optional_count++] = random_group(w, depth + 1, false, PL_SLOT_NONE, false);
  }
  group->nots = ARRAY(w, pl_alg*, 1);
  if (below(w, 3) == 0) {
    group->nots[group->not_count++] = random_group(w, depth + 1, false, (pl_slot)(SHARED + depth), false);
  }
  if (below(w, 3) == 0) {
    add_filter(w, group);
  }
  return alg;
}

// ---- the other evaluator ------------------------------------------------------------------------------------------

static void push(world* w, rows* to, const row* r) {
  if (to->count == ROWS_MAX) {
    w->overflow = true;
    return;
  }
  if (to->count == to->capacity) {
    to->capacity = to->capacity ? to->capacity * 2 : 64;
    to->data = realloc(to->data, to->capacity * sizeof(row));
    assert_non_null(to->data);
  }
  to->data[to->count++] = *r;
}

static bool meet(const world* w, const pl_ref* ref, pl_id id, row* r) {
  switch (ref->kind) {
    case PL_REF_ANY:
      return true;
    case PL_REF_TERM:
      return id == (ref->index < TERMS ? w->ids[ref->index] : PL_KNOWN(SOURCE));
    default:
      break;
  }
  if (r->set[ref->index]) {
    return r->v[ref->index] == id && id != PL_ID_NULL;
  }
  r->set[ref->index] = true;
  r->v[ref->index] = id;
  return true;
}

/// Does statement i match scan by some verb v? Extends r.
static bool match(const world* w, const pl_alg_scan* scan, uint32_t v, size_t i, row* r) {
  const pl_id* fact = w->facts[i];
  const bool inverse = scan->verbs[v].inverse;
  return meet(w, &scan->subject, fact[inverse ? 2 : 0], r) && meet(w, &scan->verbs[v].predicate, fact[1], r) &&
         meet(w, &scan->object, fact[inverse ? 0 : 2], r);
}

static void naive_scan(world* w, const pl_alg_scan* scan, const row* in, rows* out) {
  struct {
    pl_id a, p, b, c;
  } seen[STORE_ROWS_MAX * 4];
  size_t seen_count = 0;
  const bool pairs =
      scan->mode == PL_SCAN_FACTS && (scan->verb_count > 1 || scan->verbs[0].predicate.kind == PL_REF_ANY);
  for (uint32_t v = 0; v < scan->verb_count; v++) {
    for (size_t i = 0; i < w->fact_count; i++) {
      row r = *in;
      const pl_id* fact = w->facts[i];
      const bool inverse = scan->verbs[v].inverse;
      if (!match(w, scan, v, i, &r) || (scan->mode == PL_SCAN_ASSERTIONS && fact[3] == 0)) {
        continue;
      }
      const pl_id a = fact[inverse ? 2 : 0], b = fact[inverse ? 0 : 2];
      const pl_id p = pairs ? 0 : fact[1], c = scan->mode == PL_SCAN_FACTS ? 0 : fact[3];
      bool repeated = false;
      for (size_t k = 0; k < seen_count; k++) {
        repeated |= seen[k].a == a && seen[k].p == p && seen[k].b == b && seen[k].c == c;
      }
      seen[seen_count].a = a, seen[seen_count].p = p, seen[seen_count].b = b, seen[seen_count++].c = c;
      if (!repeated &&
          (scan->c == PL_SLOT_NONE || meet(w, &(pl_ref){.kind = PL_REF_SLOT, .index = scan->c}, fact[3], &r))) {
        push(w, out, &r);
      }
    }
  }
}

static void naive_annot(world* w, const pl_alg_annot* annot, const row* in, rows* out) {
  pl_id c[256], o[256];
  size_t count = 0;
  pl_scan* scan = NULL;
  pl_id* const into[4] = {c, NULL, o, NULL};
  CHECK_OK(w->f, pl_scan_open(w->f->txn, PL_ORDER_CPO, PL_SCAN_ROWS, NULL, &w->f->mem, &scan));
  CHECK_OK(w->f, pl_scan_range(scan, NULL, 0, 0, UINT64_MAX));
  CHECK_OK(w->f, pl_scan_fill(scan, into, 256, &count));
  pl_scan_close(scan);
  for (size_t i = 0; i < count; i++) {
    row r = *in;
    if (meet(w, &annot->c, c[i], &r) && meet(w, &annot->object, o[i], &r)) {
      push(w, out, &r);
    }
  }
}

static void naive_group(world* w, const pl_alg_group* group, const rows* in, rows* out);

static void naive_part(world* w, const pl_alg* part, const rows* in, rows* out) {
  for (size_t i = 0; i < in->count && part->kind != PL_ALG_EITHER; i++) {
    if (part->kind == PL_ALG_SCAN) {
      naive_scan(w, &part->scan, &in->data[i], out);
    } else {
      naive_annot(w, &part->annot, &in->data[i], out);
    }
  }
  for (uint32_t b = 0; part->kind == PL_ALG_EITHER && b < part->either.count; b++) {
    naive_group(w, &part->either.branches[b]->group, in, out);
  }
}

static void bound_by(const pl_alg* alg, bool* set) {
  if (alg->kind == PL_ALG_EITHER) {
    for (uint32_t i = 0; i < alg->either.count; i++) {
      bound_by(alg->either.branches[i], set);
    }
  } else if (alg->kind == PL_ALG_GROUP) {
    for (uint32_t i = 0; i < alg->group.required_count; i++) {
      bound_by(alg->group.required[i], set);
    }
    for (uint32_t i = 0; i < alg->group.optional_count; i++) {
      bound_by(alg->group.optionals[i], set);
    }
  } else if (alg->kind == PL_ALG_ANNOT) {
    set[alg->annot.object.kind == PL_REF_SLOT ? alg->annot.object.index : alg->annot.c.index] = true;
  } else {
    const pl_ref* refs[3] = {&alg->scan.subject, &alg->scan.object, &alg->scan.verbs[0].predicate};
    for (int i = 0; i < 3; i++) {
      if (refs[i]->kind == PL_REF_SLOT) {
        set[refs[i]->index] = true;
      }
    }
    if (alg->scan.c != PL_SLOT_NONE) {
      set[alg->scan.c] = true;
    }
  }
}

/// What `alg` might have bound and did not is null from now on.
static void settle(const pl_alg* alg, row* r) {
  bool set[SLOTS] = {false};
  bound_by(alg, set);
  for (int s = 0; s < SLOTS; s++) {
    r->set[s] |= set[s];
  }
}

static bool filter_holds(const pl_expr* filter, const row* r) {
  const pl_id a = r->v[filter->args[0]->index], b = r->v[filter->args[1]->index];
  return a && b && (a == b) == (filter->fn == PL_FN_EQ);
}

static void replace(rows* old, rows* new_rows) {
  free(old->data);
  *old = *new_rows;
  *new_rows = (rows){0};
}

static void naive_group(world* w, const pl_alg_group* group, const rows* in, rows* out) {
  rows now = {0}, next = {0};
  for (size_t i = 0; i < in->count; i++) {
    push(w, &now, &in->data[i]);
  }
  for (int eithers = 0; eithers <= 1; eithers++) {
    for (uint32_t i = 0; i < group->required_count; i++) {
      if ((group->required[i]->kind == PL_ALG_EITHER) == eithers) {
        naive_part(w, group->required[i], &now, &next);
        replace(&now, &next);
      }
    }
  }
  for (uint32_t i = 0; i < group->required_count && group->optionals; i++) {
    for (size_t k = 0; k < now.count; k++) {
      settle(group->required[i], &now.data[k]);
    }
  }
  for (uint32_t i = 0; i < group->optional_count; i++) {
    for (size_t k = 0; k < now.count; k++) {
      const rows one = {&now.data[k], 1, 1};
      const size_t before = next.count;
      naive_group(w, &group->optionals[i]->group, &one, &next);
      if (next.count == before) {
        push(w, &next, &now.data[k]);
      }
      for (size_t n = before; n < next.count; n++) {
        settle(group->optionals[i], &next.data[n]);
      }
    }
    replace(&now, &next);
  }
  for (size_t k = 0; k < now.count; k++) {
    const rows one = {&now.data[k], 1, 1};
    bool keep = true;
    for (uint32_t i = 0; i < group->not_count; i++) {
      rows found = {0};
      naive_group(w, &group->nots[i]->group, &one, &found);
      keep &= found.count == 0;
      free(found.data);
    }
    for (uint32_t i = 0; i < group->filter_count; i++) {
      keep &= filter_holds(group->filters[i], &now.data[k]);
    }
    if (keep) {
      push(w, out, &now.data[k]);
    }
  }
  free(now.data);
}

// ---- comparison ---------------------------------------------------------------------------------------------------

static int compare_rows(const void* a, const void* b) {
  return memcmp(((const row*)a)->v, ((const row*)b)->v, sizeof((row*)0)->v);
}

static void run_query(world* w, const pl_query* query, const pl_plan_options* options, rows* out, bool explain) {
  fixture* f = w->f;
  pl_arena arena;
  pl_plan* plan = NULL;
  pl_run* run = NULL;
  pl_arena_init(&arena, &f->mem);
  CHECK_OK(f, pl_plan_make(query, f->txn, options, &arena, &f->err, &plan));
  if (explain) {
    pl_buf text;
    pl_buf_init(&text, &f->mem, (size_t)1 << 20);
    CHECK_OK(f, pl_plan_explain(plan, f->txn, &text));
    print_message("%s", text.data);
    pl_buf_free(&text);
  } else {
    CHECK_OK(f, pl_run_open(plan, f->txn, NULL, NULL, NULL, &f->err, &run));
    const pl_chunk* chunk = NULL;
    pl_status status = PL_OK;
    while ((status = pl_run_next(run, &chunk)) == PL_OK) {
      for (uint32_t i = 0; i < chunk->selected; i++) {
        const uint32_t at = pl_chunk_row(chunk, i);
        row r = {0};
        for (uint32_t c = 0; c < query->column_count; c++) {
          r.v[c] = pl_chunk_id(chunk, pl_run_slot(run, c), at);
        }
        for (uint64_t k = chunk->multiplicity ? chunk->multiplicity[at] : 1; k > 0; k--) {
          push(w, out, &r);
        }
      }
    }
    assert_int_equal(status, PL_DONE);
    pl_run_close(run);
  }
  pl_arena_free(&arena);
}

static void check_same(world* w, const pl_query* query, const pl_plan_options* options, const rows* expected) {
  rows got = {0};
  run_query(w, query, options, &got, false);
  if (got.count) {
    qsort(got.data, got.count, sizeof(row), compare_rows);
  }
  bool same = got.count == expected->count;
  for (size_t i = 0; same && i < got.count; i++) {
    same = compare_rows(&got.data[i], &expected->data[i]) == 0;
  }
  if (!same) {
    run_query(w, query, options, NULL, true);
    fail_msg("%zu rows, expected %zu (rules off %llx, order off %d)", got.count, expected->count,
             (unsigned long long)options->rules_off, options->join_order_off);
  }
  free(got.data);
}

/// Columns: a random choice of slots; the rest is to be pruned.
static void choose_columns(world* w, pl_query* query, pl_alg* project) {
  query->columns = ARRAY(w, pl_column, SLOTS);
  project->project.slots = ARRAY(w, pl_slot, SLOTS);
  for (pl_slot s = 0; s < SLOTS; s++) {
    if ((s < SHARED || s == 7) && below(w, 3)) {
      project->project.slots[project->project.count++] = s;
      query->columns[query->column_count++].slot = s;
    }
  }
}

static void keep_columns(const pl_query* query, rows* all) {
  for (size_t i = 0; i < all->count; i++) {
    row r = {0};
    for (uint32_t c = 0; c < query->column_count; c++) {
      r.v[c] = all->data[i].v[query->columns[c].slot];
    }
    all->data[i] = r;
  }
  if (all->count) {
    qsort(all->data, all->count, sizeof(row), compare_rows);
  }
}

static void one_query(world* w) {
  pl_alg project = {.kind = PL_ALG_PROJECT};
  pl_variable slots[SLOTS];
  memset(slots, 0, sizeof slots);
  pl_term terms[TERMS + 1];
  memcpy(terms, w->terms, sizeof w->terms);
  terms[TERMS] = pl_term_iri(PL_STR("urn:parley:source"));
  project.project.input = random_group(w, 0, false, PL_SLOT_NONE, true);
  pl_query query = {.kind = PL_QUERY_ROWS,
                    .root = &project,
                    .slots = slots,
                    .slot_count = SLOTS,
                    .terms = terms,
                    .term_count = TERMS + 1};
  choose_columns(w, &query, &project);
  row empty = {0};
  const rows start = {&empty, 1, 1};
  rows expected = {0};
  w->overflow = false;
  naive_group(w, &project.project.input->group, &start, &expected);
  keep_columns(&query, &expected);
  const pl_plan_options options[] = {{0},
                                     {.join_order_off = true},
                                     {.rules_off = UINT64_MAX},
                                     {.rules_off = UINT64_MAX, .join_order_off = true},
                                     {.rules_off = below(w, 1u << 10)}};
  for (size_t i = 0; i < PL_COUNT_OF(options) && !w->overflow; i++) {
    check_same(w, &query, &options[i], &expected);
  }
  free(expected.data);
}

static void test_random(void** state) {
  world w = {.f = *state};
  const char* seed = getenv("SEED");
  w.seed = seed ? strtoull(seed, NULL, 10) : 7;
  pl_arena_init(&w.arena, &w.f->mem);
  fixture_open(w.f, (pl_str){0});
  for (int store = 0; store < 6; store++) {
    fill_store(&w);
    fixture_begin(w.f, false);
    read_store(&w);
    for (int i = 0; i < 120; i++) {
      one_query(&w);
      pl_arena_reset(&w.arena);
    }
    fixture_abort(w.f);
    pl_store_close(w.f->store);
    w.f->store = NULL;
    (void)unlink(w.f->path);
    fixture_open(w.f, (pl_str){0});
  }
  pl_arena_free(&w.arena);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_random, fixture_setup, fixture_teardown)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
