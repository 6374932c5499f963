/// Collecting a bulk build: terms become ids in memory, statements rows in external sorters. bulk_write.c makes the
/// store of them.
///
/// Plain rows, nearly all there are in most files, are sorted without the column for c. An assertion gets its number at
/// once, from a hash set of identities: 32 bytes a slot, counted to the dictionary.
#include "store/bulk.h"

#include "store/bulk_internal.h"
#include "store/fact.h"

#include <stdlib.h>

#define BYTES_MAX_DEFAULT ((size_t)1 << 30)

enum { FILL_MIN = 30, FILL_MAX = 100 };

pl_status pl_bulk_nomem(pl_bulk* bulk) { return pl_fail(bulk->err, PL_MSG_NOMEM); }

pl_status pl_bulk_sorter(pl_bulk* bulk, uint32_t columns, unsigned share, pl_rowsort** out) {
  const pl_rowsort_options options = {.columns = columns,
                                      .bytes_max = bulk->options.bytes_max / share,
                                      .temp_dir = bulk->temp_dir,
                                      .pool = bulk->pool,
                                      .guard = bulk->options.guard};
  return pl_rowsort_new(&bulk->mem, &options, bulk->err, out);
}

/// Three blocks hold plain rows at most: those that are handed out, those that are collected, and scratch. Windows onto runs in files come on top,
/// small beside them unless the budget is.
pl_status pl_bulk_plain_sorter(pl_bulk* bulk, uint32_t key_columns, pl_rowsort** out) {
  const pl_rowsort_options options = {.columns = 3,
                                      .key_columns = key_columns,
                                      .bytes_max = bulk->options.bytes_max / 3 * 2,
                                      .temp_dir = bulk->temp_dir,
                                      .pool = bulk->pool,
                                      .guard = bulk->options.guard,
                                      .spare = &bulk->spare};
  return pl_rowsort_new(&bulk->mem, &options, bulk->err, out);
}

// ---- opening ------------------------------------------------------------------------------------------------------

static void take_options(pl_bulk* bulk, const pl_bulk_options* options) {
  bulk->options = *options;
  pl_bulk_options* const o = &bulk->options;
  o->bytes_max = o->bytes_max ? o->bytes_max : BYTES_MAX_DEFAULT;
  o->fill_percent = o->fill_percent ? o->fill_percent : PL_INDEX_FILL_PERCENT;
  o->fill_percent = o->fill_percent < FILL_MIN ? FILL_MIN : o->fill_percent > FILL_MAX ? FILL_MAX : o->fill_percent;
  if (!o->guard) {
    pl_guard_init(&bulk->no_guard, NULL, 0);
    o->guard = &bulk->no_guard;
  }
}

static pl_status open_parts(pl_bulk* bulk, const char* path) {
  PL_TRY(pl_place_open(&bulk->place, path, &bulk->arena, bulk->err));
  bulk->temp_dir = getenv("TMPDIR") ? NULL : bulk->place.parent;
  const pl_store_options options = {.create = true,
                                    .exclusive = true,
                                    .private_folder = true,
                                    .durability = PL_SYNC_NONE,
                                    .base = bulk->options.base,
                                    .threads = bulk->options.threads,
                                    .realloc_fn = bulk->options.realloc_fn,
                                    .realloc_user = bulk->options.realloc_user};
  PL_TRY(pl_store_open(bulk->place.store_path, &options, bulk->err, &bulk->store));
  if (bulk->options.threads != 1) {
    (void)pl_pool_new(&bulk->mem, bulk->options.threads, &bulk->pool);  // without a pool it only takes longer
  }
  PL_TRY(pl_dict_build_new(&bulk->side_mem, bulk->err, &bulk->dict));
  pl_dict_build_lend(bulk->dict, bulk->options.guard, bulk->err);
  PL_TRY(pl_dict_build_seed(bulk->dict, bulk->options.base));
  return pl_bulk_plain_sorter(bulk, 3, &bulk->facts.plain);
}

static void release(pl_bulk* bulk) {
  pl_rowsort_free(bulk->facts.plain);
  pl_rowsort_free(bulk->facts.stated);
  pl_rowsort_free(bulk->notes);
  pl_rowsort_free(bulk->identities);
  pl_rowsort_spare_free(&bulk->mem, &bulk->spare);
  pl_rowset_free(&bulk->side_mem, &bulk->assertions);
  pl_dict_build_free(bulk->dict);
  pl_vec_free(&bulk->mem, &bulk->terms);
  pl_vec_free(&bulk->mem, &bulk->ids);
  pl_vec_free(&bulk->mem, &bulk->refs);
  pl_vec_free(&bulk->mem, &bulk->rows);
  pl_vec_free(&bulk->mem, &bulk->pairs);
  pl_vec_free(&bulk->mem, &bulk->marks);
  pl_pool_free(bulk->pool);
  pl_error_clear(&bulk->side_err);
}

void pl_bulk_abort(pl_bulk* bulk) {
  if (!bulk) {
    return;
  }
  release(bulk);
  pl_store_close(bulk->store);
  pl_place_discard(&bulk->place);
  pl_arena_free(&bulk->arena);
  pl_mem mem = bulk->mem;
  pl_mem_free(&mem, bulk, sizeof *bulk);
}

pl_status pl_bulk_open(const char* path, const pl_bulk_options* options, pl_error* err, pl_bulk** out) {
  static const pl_bulk_options defaults = {0};
  const pl_bulk_options* const given = options ? options : &defaults;
  pl_mem mem;
  *out = NULL;
  pl_mem_init(&mem, given->realloc_fn, given->realloc_user, SIZE_MAX);
  pl_bulk* const bulk = pl_mem_calloc(&mem, 1, sizeof *bulk);
  if (!bulk) {
    return pl_fail(err, PL_MSG_NOMEM);
  }
  bulk->mem = mem;
  bulk->err = err;
  bulk->next_assertion = 1;
  bulk->assertions.key_columns = 2;
  bulk->place.lock_fd = -1;
  pl_mem_init(&bulk->side_mem, given->realloc_fn, given->realloc_user, SIZE_MAX);
  pl_error_init(&bulk->side_err, &bulk->side_mem);
  pl_arena_init(&bulk->arena, &bulk->mem);
  take_options(bulk, given);
  const pl_status status = open_parts(bulk, path);
  if (status != PL_OK) {
    pl_bulk_abort(bulk);
    return status;
  }
  *out = bulk;
  return PL_OK;
}

pl_status pl_bulk_set_prefix(pl_bulk* bulk, pl_str prefix, pl_str iri) {
  pl_txn* txn;
  PL_TRY(pl_txn_begin(bulk->store, true, bulk->err, &txn));
  const pl_status status = pl_txn_set_prefix(txn, prefix, iri);
  if (status != PL_OK) {
    pl_txn_abort(txn);
    return status;
  }
  return pl_txn_commit(txn);
}

// ---- terms of a batch ---------------------------------------------------------------------------------------------

/// A reader gives the same bytes where it saw the same term.
static bool same_node(const pl_term* a, const pl_term* b) {
  const bool same_bytes = a->text.data == b->text.data && a->text.len == b->text.len;
  return a->kind == b->kind && (same_bytes || pl_str_eq(a->text, b->text));
}

static bool is_assertion(const pl_statement* st) { return st->asserted && st->annotation_count > 0; }

static uint32_t push_term(pl_bulk* bulk, const pl_term* term) {
  bulk->terms.data[bulk->terms.count] = *term;
  return (uint32_t)bulk->terms.count++;
}

/// List the terms of a statement. A subject or predicate that repeats the statement before is not listed again.
static pl_status list_terms(pl_bulk* bulk, const pl_statement* st, const pl_statement* before) {
  const size_t count = bulk->terms.count + 4 + 2 * (size_t)st->annotation_count;
  if (count > UINT32_MAX || pl_vec_reserve(&bulk->mem, &bulk->terms, count) != PL_OK) {
    return pl_bulk_nomem(bulk);
  }
  const pl_statement_terms* const last = before ? &bulk->refs.data[bulk->refs.count - 1] : NULL;
  pl_statement_terms ref = {.g = UINT32_MAX};
  ref.s = last && same_node(&before->subject, &st->subject) ? last->s : push_term(bulk, &st->subject);
  ref.p = last && same_node(&before->predicate, &st->predicate) ? last->p : push_term(bulk, &st->predicate);
  ref.o = push_term(bulk, &st->object);
  ref.notes = (uint32_t)bulk->terms.count;
  if (is_assertion(st)) {
    for (uint32_t i = 0; i < st->annotation_count; i++) {
      (void)push_term(bulk, &st->annotations[i].predicate);
      (void)push_term(bulk, &st->annotations[i].object);
    }
  } else if (st->graph.kind != PL_TERM_NONE) {
    ref.g = push_term(bulk, &st->graph);
  }
  return pl_vec_push(&bulk->mem, &bulk->refs, ref) == PL_OK ? PL_OK : pl_bulk_nomem(bulk);
}

static pl_status intern_terms(pl_bulk* bulk, const pl_batch* batch) {
  bulk->terms.count = bulk->refs.count = 0;
  for (size_t i = 0; i < batch->count; i++) {
    PL_TRY(list_terms(bulk, &batch->statements[i], i ? &batch->statements[i - 1] : NULL));
  }
  if (pl_vec_reserve(&bulk->mem, &bulk->ids, bulk->terms.count) != PL_OK) {
    return pl_bulk_nomem(bulk);
  }
  return pl_dict_build_intern(bulk->dict, bulk->terms.data, bulk->terms.count, bulk->ids.data);
}

// ---- rows of a batch ----------------------------------------------------------------------------------------------

/// Add a row to a sorter that is made when first needed.
static pl_status add_row(pl_bulk* bulk, pl_rowsort** sort, uint32_t columns, const uint64_t* row) {
  enum { SHARE = 8 };
  if (!*sort) {
    PL_TRY(pl_bulk_sorter(bulk, columns, SHARE, sort));
  }
  return pl_rowsort_add(*sort, row, 1);
}

/// Identity of an asserted statement, from its texts.
static pl_status identity_of(pl_bulk* bulk, const pl_statement* st, pl_identity* identity) {
  const pl_identity fact[3] = {pl_term_fingerprint(&st->subject), pl_term_fingerprint(&st->predicate),
                               pl_term_fingerprint(&st->object)};
  bulk->pairs.count = 0;
  if (pl_vec_reserve(&bulk->mem, &bulk->pairs, 2 * (size_t)st->annotation_count) != PL_OK) {
    return pl_bulk_nomem(bulk);
  }
  for (uint32_t i = 0; i < st->annotation_count; i++) {
    bulk->pairs.data[bulk->pairs.count++] = pl_term_fingerprint(&st->annotations[i].predicate);
    bulk->pairs.data[bulk->pairs.count++] = pl_term_fingerprint(&st->annotations[i].object);
  }
  *identity = pl_assertion_identity(fact, (pl_identity(*)[2])bulk->pairs.data, st->annotation_count);
  return PL_OK;
}

/// Identities of all assertions of a batch, so that the set of those known is asked when its slots have come.
static pl_status list_identities(pl_bulk* bulk, const pl_batch* batch) {
  bulk->marks.count = 0;
  for (size_t i = 0; i < batch->count; i++) {
    if (!is_assertion(&batch->statements[i])) {
      continue;
    }
    pl_identity identity;
    PL_TRY(identity_of(bulk, &batch->statements[i], &identity));
    if (pl_vec_push(&bulk->mem, &bulk->marks, identity) != PL_OK) {
      return pl_bulk_nomem(bulk);
    }
    pl_rowset_prefetch(&bulk->assertions, (const uint64_t[]){identity.high, identity.low});
  }
  return PL_OK;
}

static pl_status add_notes(pl_bulk* bulk, const pl_id* ids, uint32_t count, pl_id c) {
  for (uint32_t i = 0; i < count; i++) {
    const uint64_t note[3] = {c, ids[2 * i], ids[2 * i + 1]};
    PL_TRY(pl_fact_check_note(bulk->err, note[1], note[2]));
    PL_TRY(add_row(bulk, &bulk->notes, 3, note));
  }
  return PL_OK;
}

static pl_status add_assertion(pl_bulk* bulk, const pl_statement* st, pl_identity identity, const uint64_t fact[3],
                               const pl_id* notes) {
  const uint64_t key[2] = {identity.high, identity.low};
  if (pl_rowset_find(&bulk->assertions, key)) {
    return PL_OK;
  }
  if (bulk->next_assertion > PL_ASSERTIONS_MAX) {
    return pl_fail(bulk->err, PL_MSG_STORE_ASSERTIONS, (unsigned long long)PL_ASSERTIONS_MAX);
  }
  const pl_id c = pl_id_make(PL_TAG_ASSERTION, bulk->next_assertion++);
  const uint64_t identity_row[4] = {identity.high, identity.low, c, 0};
  const uint64_t row[4] = {fact[0], fact[1], fact[2], c};
  if (pl_rowset_put(&bulk->side_mem, &bulk->assertions, identity_row) != PL_OK) {
    return pl_bulk_nomem(bulk);
  }
  PL_TRY(add_row(bulk, &bulk->identities, 3, identity_row));
  PL_TRY(add_row(bulk, &bulk->facts.stated, 4, row));
  return add_notes(bulk, notes, st->annotation_count, c);
}

static pl_status add_statement(pl_bulk* bulk, const pl_statement* st, const pl_statement_terms* ref,
                               size_t* assertions) {
  const pl_id* const ids = bulk->ids.data;
  const uint64_t fact[3] = {ids[ref->s], ids[ref->p], ids[ref->o]};
  PL_TRY(pl_fact_check(bulk->err, fact[PL_S], fact[PL_P], fact[PL_O]));
  if (is_assertion(st)) {
    const pl_identity identity = bulk->marks.data[(*assertions)++];
    return add_assertion(bulk, st, identity, fact, ids + ref->notes);
  }
  if (ref->g == UINT32_MAX) {
    memcpy(bulk->rows.data + bulk->rows.count, fact, sizeof fact);
    bulk->rows.count += 3;
    return PL_OK;
  }
  const uint64_t row[4] = {fact[0], fact[1], fact[2], ids[ref->g]};
  PL_TRY(pl_fact_check_graph(bulk->err, row[3]));
  return add_row(bulk, &bulk->facts.stated, 4, row);
}

pl_status pl_bulk_batch(pl_bulk* bulk, const pl_batch* batch) {
  PL_TRY(pl_guard_check(bulk->options.guard, bulk->err));
  PL_TRY(intern_terms(bulk, batch));
  PL_TRY(list_identities(bulk, batch));
  bulk->rows.count = 0;
  if (pl_vec_reserve(&bulk->mem, &bulk->rows, 3 * batch->count) != PL_OK) {
    return pl_bulk_nomem(bulk);
  }
  size_t assertions = 0;
  for (size_t i = 0; i < batch->count; i++) {
    PL_TRY(add_statement(bulk, &batch->statements[i], &bulk->refs.data[i], &assertions));
  }
  return pl_rowsort_add(bulk->facts.plain, bulk->rows.data, bulk->rows.count / 3);
}

// ---- finishing ----------------------------------------------------------------------------------------------------

static pl_status call_on_written(pl_bulk* bulk) {
  pl_txn* txn;
  if (!bulk->options.on_written) {
    return PL_OK;
  }
  PL_TRY(pl_txn_begin(bulk->store, true, bulk->err, &txn));
  return pl_bulk_end_txn(txn, bulk->options.on_written(bulk->options.user, txn));
}

pl_status pl_bulk_finish(pl_bulk* bulk, pl_write_counts* counts) {
  pl_status status = pl_bulk_write(bulk);
  if (status == PL_OK) {
    status = call_on_written(bulk);
  }
  const pl_totals totals = bulk->totals;
  pl_store_close(bulk->store);  // LMDB's lock file must not be in use when the file is moved
  bulk->store = NULL;
  if (status == PL_OK) {
    status = pl_place_publish(&bulk->place, bulk->err);
  }
  if (status == PL_OK && counts) {
    *counts = (pl_write_counts){.facts_new = totals.facts, .assertions_new = totals.rows - totals.plain};
  }
  pl_bulk_abort(bulk);
  return status;
}
