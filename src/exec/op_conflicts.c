// Conflicts: contradictions between statements of single-valued predicates.
//
// First all subjects with several objects are found by one walk over each predicate (pso) and sorted: two ids for each. Then one subject at a time
// is read with its annotations, and its pairs are handed on as they are asked for: object by object, times before sources.
#include "exec/conflict_rows.h"
#include "exec/lens.h"
#include "exec/support.h"

typedef struct conflicts_node {
  pl_node node;
  const pl_alg_conflicts* alg;
} conflicts_node;

/// Kinds, in the order handed on.
enum { KIND_SOURCE, KIND_TIME, KIND_COUNT };

/// Columns of PL_CONFLICT_COLUMNS.
enum { COLUMN_SUBJECT, COLUMN_PREDICATE, COLUMN_KIND, COLUMN_SIDES, SIDE_COLUMNS = 6 };
static const uint8_t side_columns[SIDE_COLUMNS] = {PL_SAID_OBJECT, PL_SAID_SOURCE, PL_SAID_CONFIDENCE,
                                                   PL_SAID_FROM,   PL_SAID_UNTIL,  PL_SAID_ON};
_Static_assert(COLUMN_SIDES + 2 * SIDE_COLUMNS == PL_CONFLICT_COLUMNS, "columns as algebra.h lists them");

/// Which pair comes next: rows [a_from, a_to) have one object, [b_from, b_to) another.
typedef struct pair_place {
  size_t a_from, a_to, b_from, b_to;
  size_t a, b;  ///< the rows at hand
  int kind;     ///< handed on now
  bool done;    ///< none left
} pair_place;

typedef struct conflicts_op {
  pl_op op;
  bool found;               ///< subjects are known
  pl_sorter subjects;       ///< subject, predicate: with several objects
  size_t next;              ///< next of them
  pl_id subject;            ///< at hand
  pl_id predicate;          ///< at hand
  pl_said said;             ///< its rows
  pair_place at;            ///< in its pairs
  pl_id kinds[KIND_COUNT];  ///< their names
  uint64_t looked;          ///< pairs looked at, for the guard
} conflicts_op;

static conflicts_op* state_of(pl_op* op) { return (conflicts_op*)op; }
static const pl_alg_conflicts* alg_of(const pl_op* op) { return ((const conflicts_node*)op->node)->alg; }

// ---- subjects -----------------------------------------------------------------------------------------------------

static pl_status add_subject(conflicts_op* st, pl_id subject, pl_id predicate) {
  pl_id* row = NULL;
  PL_TRY(pl_sorter_add(&st->subjects, &row));
  row[0] = subject;
  row[1] = predicate;
  return PL_OK;
}

/// Subjects of a predicate with several objects, or with several nodes that are one: whether those differ is seen later.
static pl_status find_subjects(conflicts_op* st, pl_scan* scan, pl_id predicate) {
  const pl_classes* const classes = st->said.classes;
  pl_run* const run = st->op.run;
  pl_id last = PL_ID_NULL, object = PL_ID_NULL;
  bool added = false;
  PL_TRY(pl_scan_range(scan, &predicate, 1, 0, UINT64_MAX));
  for (;;) {
    pl_id subjects[1024], objects[1024];
    pl_id* const into[4] = {NULL, subjects, objects, NULL};
    size_t count = 0;
    PL_TRY(pl_guard_check(run->guard, run->err));
    PL_TRY(pl_scan_fill(scan, into, PL_COUNT_OF(subjects), &count));
    for (size_t i = 0; i < count; i++) {
      const pl_id* members = NULL;
      const pl_id shown = pl_classes_shown(classes, objects[i]);
      bool add = subjects[i] == last && shown != object && !added;
      if (subjects[i] != last) {
        add = pl_classes_members(classes, &subjects[i], &members) > 1;
        last = subjects[i];
        object = shown;
        added = false;
      }
      if (add) {
        PL_TRY(add_subject(st, pl_classes_shown(classes, last), predicate));
        added = true;
      }
    }
    if (count == 0) {
      return PL_OK;
    }
  }
}

/// The predicates to look at, sorted.
static pl_status list_predicates(conflicts_op* st, pl_ids* out) {
  const pl_alg_conflicts* const alg = alg_of(&st->op);
  pl_run* const run = st->op.run;
  if (alg->predicate_count == 0) {
    const pl_settings* const settings = pl_txn_settings(run->txn);
    for (size_t i = 0; i < settings->single_predicate_count; i++) {
      PL_TRY(pl_vec_push(&run->mem, out, settings->single_predicates[i]));
    }
    if (out->count == 0) {
      pl_warn(run->err, PL_MSG_CONFLICTS_NONE);
      pl_error_hint(run->err, "name predicates after `conflicts`, or declare them with `.single` in the shell");
    }
    return PL_OK;
  }
  for (uint32_t i = 0; i < alg->predicate_count; i++) {
    PL_TRY(pl_const_add(run, &alg->predicates[i], out));
  }
  return pl_ids_unique(run, out);
}

static pl_status find_all(conflicts_op* st) {
  pl_run* const run = st->op.run;
  pl_ids predicates = {0};
  pl_scan* scan = NULL;
  pl_status status = list_predicates(st, &predicates);
  if (status == PL_OK) {
    status = pl_scan_open(run->txn, PL_ORDER_PSO, PL_SCAN_FACTS, st->said.pass, &run->mem, &scan);
  }
  for (size_t i = 0; i < predicates.count && status == PL_OK; i++) {
    status = find_subjects(st, scan, predicates.data[i]);
  }
  pl_scan_close(scan);
  pl_vec_free(&run->mem, &predicates);
  return status == PL_OK ? pl_sorter_sort(&st->subjects) : status;
}

// ---- pairs --------------------------------------------------------------------------------------------------------

static pl_id object_at(const conflicts_op* st, size_t row) { return pl_said_row(&st->said, row)[PL_SAID_OBJECT]; }

/// End of the rows that have the object of row `from`.
static size_t group_end(const conflicts_op* st, size_t from) {
  size_t to = from;
  while (to < st->said.rows.count && object_at(st, to) == object_at(st, from)) {
    to++;
  }
  return to;
}

/// The next two objects that differ in value (1 and 1.0 do not).
static pl_status next_objects(conflicts_op* st) {
  pair_place* const at = &st->at;
  pl_termpool* const pool = st->op.run->pool;
  for (;;) {
    at->b_from = at->b_to;
    if (at->b_from >= st->said.rows.count) {
      at->a_from = at->a_to;
      at->done = at->a_from >= st->said.rows.count;
      if (at->done) {
        return PL_OK;
      }
      at->a_to = at->b_to = group_end(st, at->a_from);
      continue;
    }
    at->b_to = group_end(st, at->b_from);
    pl_value a, b;
    PL_TRY(pl_guard_check(st->op.run->guard, st->op.run->err));
    PL_TRY(pl_termpool_value(pool, object_at(st, at->a_from), &a));
    PL_TRY(pl_termpool_value(pool, object_at(st, at->b_from), &b));
    if (pl_value_compare(PL_CMP_EQ, &a, &b) != PL_TRUE) {
      at->a = at->a_from;
      at->b = at->b_from;
      at->kind = 0;
      return PL_OK;
    }
  }
}

/// Go behind the pair at hand.
static pl_status step(conflicts_op* st) {
  pair_place* const at = &st->at;
  if (++at->b < at->b_to) {
    return PL_OK;
  }
  at->b = at->b_from;
  if (++at->a < at->a_to) {
    return PL_OK;
  }
  at->a = at->a_from;
  return ++at->kind < KIND_COUNT ? PL_OK : next_objects(st);
}

static int kind_of(const conflicts_op* st, const pl_id* a, const pl_id* b) {
  return pl_said_overlap(&st->said, a, b)         ? KIND_TIME
         : a[PL_SAID_SOURCE] != b[PL_SAID_SOURCE] ? KIND_SOURCE
                                                  : KIND_COUNT;
}

/// Begin the next subject; PL_DONE if there is none.
static pl_status next_subject(conflicts_op* st) {
  while (st->next < st->subjects.count) {
    const pl_id* const row = pl_sorter_row(&st->subjects, st->next++);
    if (row[0] == st->subject && row[1] == st->predicate) {
      continue;
    }
    st->subject = row[0];
    st->predicate = row[1];
    PL_TRY(pl_said_read(&st->said, st->subject, st->predicate));
    st->at = (pair_place){.b_to = st->said.rows.count};  // nothing is left to pair with no object: the first comes next
    return next_objects(st);
  }
  return PL_DONE;
}

static pl_status put_support(conflicts_op* st, uint32_t row, const pl_id* a, const pl_id* b) {
  pl_run* const run = st->op.run;
  const uint32_t lens = alg_of(&st->op)->lens;
  pl_id* const column = pl_why_asked(run) ? st->op.chunk.columns[run->plan->why] : NULL;
  if (!column) {
    return PL_OK;
  }
  pl_why left = 0, right = 0;
  PL_TRY(pl_why_fact(run, PL_WHY_FACT, a[PL_SAID_SUBJECT], st->predicate, a[PL_SAID_STORED_OBJECT], a[PL_SAID_C], lens,
                     &left));
  PL_TRY(pl_why_fact(run, PL_WHY_FACT, b[PL_SAID_SUBJECT], st->predicate, b[PL_SAID_STORED_OBJECT], b[PL_SAID_C], lens,
                     &right));
  return pl_why_join(run, left, right, &column[row]);
}

static pl_status put_pair(conflicts_op* st, uint32_t row, const pl_id* a, const pl_id* b) {
  const pl_slot* const slots = alg_of(&st->op)->slots;
  pl_id values[PL_CONFLICT_COLUMNS] = {st->subject, st->predicate, st->kinds[st->at.kind]};
  for (uint32_t i = 0; i < SIDE_COLUMNS; i++) {
    values[COLUMN_SIDES + i] = a[side_columns[i]];
    values[COLUMN_SIDES + SIDE_COLUMNS + i] = b[side_columns[i]];
  }
  for (uint32_t i = 0; i < PL_CONFLICT_COLUMNS; i++) {
    pl_id* const column = st->op.chunk.columns[slots[i]];
    if (column) {
      column[row] = values[i];
    }
  }
  return put_support(st, row, a, b);
}

// ---- the operator -------------------------------------------------------------------------------------------------

static pl_status conflicts_open(pl_op* op) {
  static const bool ascending[2] = {false, false};
  static const char* const names[KIND_COUNT] = {[KIND_SOURCE] = "source", [KIND_TIME] = "time"};
  conflicts_op* const st = state_of(op);
  pl_sorter_init(&st->subjects, op->run, 2, 2, ascending);
  for (int i = 0; i < KIND_COUNT; i++) {
    const pl_term term = {.kind = PL_TERM_LITERAL, .text = pl_str_c(names[i])};
    PL_TRY(pl_termpool_put_term(op->run->pool, &term, &st->kinds[i]));
  }
  return pl_op_columns(op);
}

static void conflicts_close(pl_op* op) {
  conflicts_op* const st = state_of(op);
  pl_sorter_free(&st->subjects);
  pl_said_close(&st->said);
}

static pl_status conflicts_rewind(pl_op* op) {
  conflicts_op* const st = state_of(op);
  st->next = 0;
  st->subject = st->predicate = PL_ID_NULL;
  st->at = (pair_place){.done = true};
  return PL_OK;
}

/// On first use: lenses and classes cannot be computed while the run is opened.
static pl_status begin(conflicts_op* st) {
  pl_run* const run = st->op.run;
  const uint32_t lens = alg_of(&st->op)->lens;
  const pl_pass* pass = NULL;
  const pl_classes* classes = NULL;
  if (lens != PL_LENS_NONE) {
    PL_TRY(pl_lens_pass(run, lens, &pass));
    PL_TRY(pl_run_classes(run, lens, &classes));
  }
  PL_TRY(pl_said_open(&st->said, run, pass, classes));
  PL_TRY(find_all(st));
  st->found = true;
  return conflicts_rewind(&st->op);
}

static pl_status conflicts_next(pl_op* op, pl_chunk** out) {
  conflicts_op* const st = state_of(op);
  PL_TRY(st->found ? PL_OK : begin(st));
  pl_op_clear(op);
  uint32_t count = 0;
  while (count < PL_CHUNK_ROWS) {
    if (st->at.done) {
      const pl_status status = next_subject(st);
      if (status == PL_DONE) {
        break;
      }
      PL_TRY(status);
      continue;
    }
    const pl_id* const a = pl_said_row(&st->said, st->at.a);
    const pl_id* const b = pl_said_row(&st->said, st->at.b);
    if (kind_of(st, a, b) == st->at.kind) {
      PL_TRY(put_pair(st, count++, a, b));
    }
    if (++st->looked % 1024 == 0) {
      PL_TRY(pl_guard_check(op->run->guard, op->run->err));
    }
    PL_TRY(step(st));
  }
  pl_chunk_set(&op->chunk, count);
  *out = &op->chunk;
  return count ? PL_OK : PL_DONE;
}

static pl_status conflicts_prune(pl_planner* planner, pl_node* node, pl_slots needed) {
  PL_UNUSED(planner);
  pl_slots_keep(node->out, needed);
  return PL_OK;
}

static pl_status conflicts_describe(const pl_node* base, pl_explain* explain) {
  const pl_alg_conflicts* const alg = ((const conflicts_node*)base)->alg;
  for (uint32_t i = 0; i < alg->predicate_count; i++) {
    PL_TRY(pl_buf_str(explain->out, pl_str_c(i ? ", " : " ")));
    PL_TRY(pl_explain_ref(explain, &alg->predicates[i]));
  }
  PL_TRY(pl_buf_str(explain->out, pl_str_c(alg->predicate_count ? "" : " single-valued predicates")));
  return pl_explain_order(explain, PL_ORDER_PSO, 1);
}

static const pl_op_class conflicts_class = {.name = "Conflicts",
                                            .state_bytes = sizeof(conflicts_op),
                                            .open = conflicts_open,
                                            .next = conflicts_next,
                                            .rewind = conflicts_rewind,
                                            .close = conflicts_close,
                                            .prune = conflicts_prune,
                                            .describe = conflicts_describe};

/// As many conflicts as there are facts beyond one for each subject.
static pl_status expect(pl_planner* planner, const pl_alg_conflicts* alg, double* rows) {
  const pl_settings* const settings = pl_txn_settings(planner->txn);
  const size_t count = alg->predicate_count ? alg->predicate_count : settings->single_predicate_count;
  for (size_t i = 0; i < count; i++) {
    pl_id id = PL_ID_NULL;
    pl_predicate_stats stats = {0};
    if (!alg->predicate_count) {
      id = settings->single_predicates[i];
    } else if (alg->predicates[i].kind == PL_REF_TERM) {
      const pl_status found = pl_dict_find(planner->txn, &planner->query->terms[alg->predicates[i].index], &id);
      PL_TRY(found == PL_NOT_FOUND ? PL_OK : found);
    }
    if (id) {
      PL_TRY(pl_stats_predicate(planner->txn, id, &stats));
      *rows += (double)(stats.facts - stats.subjects);
    }
  }
  return PL_OK;
}

pl_status pl_node_conflicts(pl_planner* planner, const pl_alg_conflicts* conflicts, pl_node** out) {
  conflicts_node* node = NULL;
  PL_TRY(pl_node_make(planner, &conflicts_class, sizeof(*node), NULL, 0, &node));
  node->alg = conflicts;
  for (uint32_t i = 0; i < PL_CONFLICT_COLUMNS; i++) {
    pl_slots_add(node->node.out, conflicts->slots[i]);
  }
  pl_why_declare(planner, &node->node);
  PL_TRY(expect(planner, conflicts, &node->node.rows_expected));
  *out = &node->node;
  return PL_OK;
}
