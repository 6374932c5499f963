// Previews: what an update would change, as rows. Deletes and inserts are worked out as for the update itself, but go into tables, and what
// they leave of each fact is compared with what the store holds: nothing that is there already is new, and what is taken back and put in
// again is not gone.
#include "exec/rowtable.h"
#include "exec/sort.h"
#include "exec/update.h"
#include "store/assertion.h"

#include <stdlib.h>

enum { FILL_ROWS = 64, SHOWN = 5 };

/// Columns of the tables below. GONE: rows of the store; NEW: rows that it does not have, told apart by the identity of their assertion.
enum { GONE_KEYS = 4, GONE_BACK = 4, GONE_WIDTH };
enum { NEW_HIGH = 3, NEW_LOW, NEW_KEYS, NEW_SOURCE = NEW_KEYS, NEW_WIDTH };
/// FACTS: rows of a fact that go and come.
enum { FACT_KEYS = 3, FACT_GONE = 3, FACT_NEW, FACT_WIDTH };

typedef enum change { ASSERTION_GONE, ASSERTION_NEW, FACT_GONE_WHOLE, FACT_NEW_WHOLE, CHANGE_COUNT } change;

struct pl_preview {
  pl_updater updater;           ///< works out what is to be done
  pl_run* run;                  ///< pays
  pl_rowtable gone;             ///< see above
  pl_rowtable fresh;            ///< rows that are new
  pl_rowtable facts;            ///< of both
  pl_scan* rows;                ///< over spo
  pl_scan* annotations;         ///< over cpo
  uint64_t blanks;              ///< new blank nodes numbered so far
  pl_id changes[CHANGE_COUNT];  ///< their names
  pl_sorter sorter;             ///< rows to show
  size_t next;                  ///< next of them
  pl_chunk chunk;               ///< handed on
  pl_id* columns[SHOWN];        ///< of the chunk
};

// ---- rows that go -------------------------------------------------------------------------------------------------

static pl_status count_fact(pl_preview* pv, const pl_id fact[3], int column) {
  const pl_id row[FACT_WIDTH] = {fact[0], fact[1], fact[2], 0, 0};
  uint32_t at = 0;
  bool added = false;
  PL_TRY(pl_rowtable_put(&pv->facts, row, &at, &added));
  pv->facts.rows[(size_t)at * FACT_WIDTH + (size_t)column]++;
  return PL_OK;
}

static pl_status add_gone(pl_preview* pv, const pl_id fact[3], pl_id c) {
  const pl_id row[GONE_WIDTH] = {fact[0], fact[1], fact[2], c, false};
  uint32_t at = 0;
  bool added = false;
  PL_TRY(pl_rowtable_put(&pv->gone, row, &at, &added));
  return added ? count_fact(pv, fact, FACT_GONE) : PL_OK;
}

/// Rows of a range of spo go.
static pl_status add_range(pl_preview* pv, const pl_id* prefix, unsigned n) {
  PL_TRY(pl_scan_range(pv->rows, prefix, n, 0, UINT64_MAX));
  for (;;) {
    pl_id cs[FILL_ROWS];
    pl_id* const into[4] = {NULL, NULL, NULL, cs};
    size_t count = 0;
    PL_TRY(pl_scan_fill(pv->rows, into, FILL_ROWS, &count));
    for (size_t i = 0; i < count; i++) {
      PL_TRY(add_gone(pv, prefix, cs[i]));
    }
    if (count == 0) {
      return PL_OK;
    }
  }
}

static pl_status add_retractions(pl_preview* pv) {
  for (size_t i = 0; i < pv->updater.retractions.count; i++) {
    const pl_retraction* const r = &pv->updater.retractions.data[i];
    const pl_id row[4] = {r->s, r->p, r->o, r->c};
    PL_TRY(i % 256 == 0 ? pl_guard_check(pv->run->guard, pv->run->err) : PL_OK);
    PL_TRY(add_range(pv, row, r->whole ? 3 : 4));
  }
  return PL_OK;
}

// ---- rows that come -----------------------------------------------------------------------------------------------

static pl_status rows_of(pl_preview* pv, const pl_id* prefix, unsigned n, uint64_t* count) {
  *count = 0;
  for (unsigned i = 0; i < n; i++) {
    if (pl_id_tag(prefix[i]) == PL_TAG_TEMP) {
      return PL_OK;
    }
  }
  PL_TRY(pl_scan_range(pv->rows, prefix, n, 0, UINT64_MAX));
  return pl_scan_count(pv->rows, count);
}

static pl_status fingerprint(pl_preview* pv, pl_id id, pl_identity* out) {
  pl_term term = {.kind = PL_TERM_NONE};
  PL_TRY(pl_termpool_term(pv->run->pool, id, &term));
  *out = pl_term_fingerprint(&term);
  return PL_OK;
}

/// Identity of an assertion and its smallest source.
static pl_status identify(pl_preview* pv, const pl_id fact[3], const pl_annotation_id* annotations, size_t count,
                          pl_identity* identity, pl_id* source) {
  pl_identity of_fact[3];
  pl_identity(*pairs)[2] = pl_arena_alloc(&pv->run->scratch, (count + 1) * sizeof(*pairs));
  if (!pairs) {
    return pl_run_nomem(pv->run);
  }
  for (int i = 0; i < 3; i++) {
    PL_TRY(fingerprint(pv, fact[i], &of_fact[i]));
  }
  *source = PL_ID_NULL;
  for (size_t i = 0; i < count; i++) {
    int order = 1;
    PL_TRY(fingerprint(pv, annotations[i].predicate, &pairs[i][0]));
    PL_TRY(fingerprint(pv, annotations[i].object, &pairs[i][1]));
    if (annotations[i].predicate == PL_KNOWN(SOURCE)) {
      PL_TRY(*source ? pl_termpool_order(pv->run->pool, *source, annotations[i].object, &order) : PL_OK);
      *source = order > 0 ? annotations[i].object : *source;
    }
  }
  *identity = pl_assertion_identity(of_fact, pairs, count);
  return PL_OK;
}

/// The row is in the store: it does not go, if it was to.
static pl_status keep(pl_preview* pv, const pl_id fact[3], pl_id c) {
  const pl_id key[GONE_KEYS] = {fact[0], fact[1], fact[2], c};
  const uint32_t at = pl_rowtable_find(&pv->gone, key);
  if (at == PL_ROW_NONE) {
    return PL_OK;
  }
  pl_id* const back = &pv->gone.rows[(size_t)at * GONE_WIDTH + GONE_BACK];
  const uint32_t of_fact = pl_rowtable_find(&pv->facts, key);
  assert(of_fact != PL_ROW_NONE);
  pv->facts.rows[(size_t)of_fact * FACT_WIDTH + FACT_GONE] -= !*back;
  *back = true;
  return PL_OK;
}

pl_status pl_preview_insert(pl_preview* pv, const pl_id fact[3], const pl_annotation_id* annotations, size_t count) {
  pl_id row[NEW_WIDTH] = {fact[0], fact[1], fact[2], 0, 0, 0};
  if (pl_id_tag(fact[2]) == PL_TAG_ASSERTION) {
    return pl_fail(pv->run->err, PL_MSG_STATEMENT_TERM, "object", "an assertion");
  }
  if (count == 0) {
    uint64_t there = 0;
    const pl_id plain[4] = {fact[0], fact[1], fact[2], PL_ID_NULL};
    PL_TRY(rows_of(pv, plain, 4, &there));
    if (there) {
      return keep(pv, fact, PL_ID_NULL);
    }
  } else {
    pl_identity identity;
    pl_id c = PL_ID_NULL;
    PL_TRY(identify(pv, fact, annotations, count, &identity, &row[NEW_SOURCE]));
    const pl_status status = pl_assertion_find(pv->run->txn, identity, &c);
    if (status != PL_NOT_FOUND) {
      return status == PL_OK ? keep(pv, fact, c) : status;
    }
    row[NEW_HIGH] = identity.high;
    row[NEW_LOW] = identity.low;
  }
  uint32_t at = 0;
  bool added = false;
  PL_TRY(pl_rowtable_put(&pv->fresh, row, &at, &added));
  return added ? count_fact(pv, fact, FACT_NEW) : PL_OK;
}

pl_status pl_preview_blank(pl_preview* pv, pl_id* id) {
  for (;;) {
    char label[32];
    pl_id known = PL_ID_NULL;
    (void)snprintf(label, sizeof(label), "new%llu", (unsigned long long)++pv->blanks);
    const pl_term term = {.kind = PL_TERM_BLANK, .text = pl_str_c(label)};
    const pl_status status = pl_dict_find(pv->run->txn, &term, &known);
    if (status != PL_OK) {
      return status == PL_NOT_FOUND ? pl_termpool_put_term(pv->run->pool, &term, id) : status;
    }
    PL_TRY(pl_guard_check(pv->run->guard, pv->run->err));
  }
}

// ---- what changes -------------------------------------------------------------------------------------------------

/// The smallest source of a stored row; a named graph is its own.
static pl_status source_of(pl_preview* pv, pl_id c, pl_id* source) {
  const pl_id prefix[2] = {c, PL_KNOWN(SOURCE)};
  *source = PL_ID_NULL;
  if (pl_id_tag(c) != PL_TAG_ASSERTION) {
    *source = c;
    return PL_OK;
  }
  PL_TRY(pl_scan_range(pv->annotations, prefix, 2, 0, UINT64_MAX));
  for (;;) {
    pl_id objects[8];
    pl_id* const into[4] = {NULL, NULL, objects, NULL};
    size_t count = 0;
    PL_TRY(pl_scan_fill(pv->annotations, into, PL_COUNT_OF(objects), &count));
    for (size_t i = 0; i < count; i++) {
      int order = 1;
      PL_TRY(*source ? pl_termpool_order(pv->run->pool, *source, objects[i], &order) : PL_OK);
      *source = order > 0 ? objects[i] : *source;
    }
    if (count == 0) {
      return PL_OK;
    }
  }
}

static pl_status show(pl_preview* pv, change what, const pl_id fact[3], pl_id source) {
  pl_id* row = NULL;
  PL_TRY(pl_sorter_add(&pv->sorter, &row));
  row[0] = pv->changes[what];
  memcpy(row + 1, fact, 3 * sizeof(pl_id));
  row[4] = source;
  return PL_OK;
}

/// What becomes of a fact: rows that it has, that go and that come.
static pl_status fact_rows(pl_preview* pv, const pl_id fact[3], uint64_t* had, const pl_id** counts) {
  const uint32_t at = pl_rowtable_find(&pv->facts, fact);
  assert(at != PL_ROW_NONE);
  *counts = pl_rowtable_row(&pv->facts, at);
  return rows_of(pv, fact, 3, had);
}

static pl_status show_all(pl_preview* pv) {
  uint64_t had = 0;
  const pl_id* counts = NULL;
  for (uint32_t i = 0; i < pv->gone.count; i++) {
    const pl_id* const row = pl_rowtable_row(&pv->gone, i);
    pl_id source = PL_ID_NULL;
    PL_TRY(i % 256 == 0 ? pl_guard_check(pv->run->guard, pv->run->err) : PL_OK);
    if (row[GONE_BACK]) {
      continue;
    }
    PL_TRY(fact_rows(pv, row, &had, &counts));
    PL_TRY(source_of(pv, row[PL_C], &source));
    const bool whole = counts[FACT_GONE] == had && counts[FACT_NEW] == 0;
    PL_TRY(show(pv, whole ? FACT_GONE_WHOLE : ASSERTION_GONE, row, source));
  }
  for (uint32_t i = 0; i < pv->fresh.count; i++) {
    const pl_id* const row = pl_rowtable_row(&pv->fresh, i);
    PL_TRY(i % 256 == 0 ? pl_guard_check(pv->run->guard, pv->run->err) : PL_OK);
    PL_TRY(fact_rows(pv, row, &had, &counts));
    PL_TRY(show(pv, had ? ASSERTION_NEW : FACT_NEW_WHOLE, row, row[NEW_SOURCE]));
  }
  return pl_sorter_sort(&pv->sorter);
}

// ---- the run ------------------------------------------------------------------------------------------------------

static pl_status make_names(pl_preview* pv) {
  static const char* const names[CHANGE_COUNT] = {[ASSERTION_GONE] = "assertion gone",
                                                  [ASSERTION_NEW] = "assertion new",
                                                  [FACT_GONE_WHOLE] = "fact gone",
                                                  [FACT_NEW_WHOLE] = "fact new"};
  for (int i = 0; i < CHANGE_COUNT; i++) {
    const pl_term term = {.kind = PL_TERM_LITERAL, .text = pl_str_c(names[i])};
    PL_TRY(pl_termpool_put_term(pv->run->pool, &term, &pv->changes[i]));
  }
  return PL_OK;
}

static pl_status make_chunk(pl_preview* pv) {
  const pl_query* const query = pv->run->plan->query;
  assert(query->column_count == SHOWN);
  PL_TRY(pl_chunk_make(pv->run, &pv->chunk));
  for (uint32_t i = 0; i < SHOWN; i++) {
    pv->columns[i] = pl_arena_alloc(&pv->run->arena, PL_CHUNK_ROWS * sizeof(pl_id));
    if (!pv->columns[i]) {
      return pl_run_nomem(pv->run);
    }
    pv->chunk.columns[query->columns[i].slot] = pv->columns[i];
  }
  return PL_OK;
}

static pl_status begin(pl_preview* pv) {
  static const bool ascending[SHOWN] = {false};
  pl_run* const run = pv->run;
  pl_rowtable_init(&pv->gone, &run->mem, run->guard, run->err, GONE_WIDTH, GONE_KEYS);
  pl_rowtable_init(&pv->fresh, &run->mem, run->guard, run->err, NEW_WIDTH, NEW_KEYS);
  pl_rowtable_init(&pv->facts, &run->mem, run->guard, run->err, FACT_WIDTH, FACT_KEYS);
  pl_sorter_init(&pv->sorter, run, SHOWN, SHOWN, ascending);
  PL_TRY(make_names(pv));
  PL_TRY(make_chunk(pv));
  PL_TRY(pl_scan_open(run->txn, PL_ORDER_SPO, PL_SCAN_ROWS, NULL, &run->mem, &pv->rows));
  PL_TRY(pl_scan_open(run->txn, PL_ORDER_CPO, PL_SCAN_ROWS, NULL, &run->mem, &pv->annotations));
  PL_TRY(pl_updater_collect(&pv->updater));
  PL_TRY(pl_updater_deletes(&pv->updater));
  PL_TRY(add_retractions(pv));
  PL_TRY(pl_updater_inserts(&pv->updater));
  return show_all(pv);
}

pl_status pl_run_preview(pl_run* run, const pl_chunk** out) {
  pl_preview* pv = run->preview;
  if (!pv) {
    pv = run->preview = PL_ARENA_NEW(&run->arena, pl_preview);
    if (!pv) {
      return pl_run_nomem(run);
    }
    pv->run = run;
    pv->updater = (pl_updater){.run = run, .preview = pv};
    const pl_status status = begin(pv);
    if (status == PL_ERR_LIMIT && run->mem.limit_hit && run->failed == PL_OK) {
      return pl_fail_memory(run->err, "the preview", run->mem.bytes_max);
    }
    PL_TRY(status);
  }
  uint32_t count = 0;
  for (; count < PL_CHUNK_ROWS && pv->next < pv->sorter.count; count++) {
    const pl_id* const row = pl_sorter_row(&pv->sorter, pv->next++);
    for (uint32_t i = 0; i < SHOWN; i++) {
      pv->columns[i][count] = row[i];
    }
  }
  pl_chunk_set(&pv->chunk, count);
  *out = &pv->chunk;
  return count ? PL_OK : PL_DONE;
}

void pl_preview_free(pl_run* run) {
  pl_preview* const pv = run->preview;
  if (!pv) {
    return;
  }
  pl_updater_free(&pv->updater);
  pl_rowtable_free(&pv->gone);
  pl_rowtable_free(&pv->fresh);
  pl_rowtable_free(&pv->facts);
  pl_sorter_free(&pv->sorter);
  pl_scan_close(pv->rows);
  pl_scan_close(pv->annotations);
  run->preview = NULL;
}
