/// Collecting changes: statements become rows, assertions find or get their number.
///
/// The writer collects either insertions or deletions; a change of direction applies what is there. An assertion is
/// looked up by its identity when it is made, among those waiting here and then in the store, so that its number can be
/// handed back at once; the hashes of texts that come again and again (predicates, sources) are remembered by id.
#include "store/writer_internal.h"

#include "store/dict.h"
#include "store/fact.h"
#include "store/index.h"

#define BYTES_MAX_DEFAULT ((size_t)256 << 20)
#define FILL_ROWS 64u

static void pile_init(pl_writer* writer, pl_pile* pile, uint32_t columns) {
  // Spo, cpo and identities are held at once with the orders they feed: eight shares, one of them for the set of
  // pending rows.
  *pile = (pl_pile){.txn = writer->txn, .guard = writer->guard, .bytes_max = writer->bytes_max / 8, .columns = columns};
}

pl_status pl_writer_open(pl_txn* txn, size_t bytes_max, pl_guard* guard, pl_writer** out) {
  *out = NULL;
  if (!txn->write) {
    return pl_fail(txn->err, PL_MSG_TXN_READONLY);
  }
  pl_writer* const writer = pl_mem_calloc(&txn->mem, 1, sizeof *writer);
  if (!writer) {
    return pl_fail(txn->err, PL_MSG_NOMEM);
  }
  writer->txn = txn;
  writer->guard = guard;
  writer->bytes_max = bytes_max ? bytes_max : BYTES_MAX_DEFAULT;
  writer->pending.key_columns = 2;
  for (unsigned order = 0; order < PL_ORDER_COUNT; order++) {
    pile_init(writer, &writer->piles[order], pl_order_width[order]);
  }
  pile_init(writer, &writer->identities, 3);
  pile_init(writer, &writer->literals, 1);
  pile_init(writer, &writer->texts, 2);
  pl_text_room_init(&writer->room, &txn->mem);
  *out = writer;
  return PL_OK;
}

void pl_writer_close(pl_writer* writer) {
  if (!writer) {
    return;
  }
  pl_mem* const mem = &writer->txn->mem;
  for (unsigned order = 0; order < PL_ORDER_COUNT; order++) {
    pl_pile_free(&writer->piles[order]);
  }
  pl_pile_free(&writer->identities);
  pl_pile_free(&writer->literals);
  pl_pile_free(&writer->texts);
  pl_text_room_free(&writer->room);
  pl_rowset_free(mem, &writer->pending);
  pl_vec_free(mem, &writer->changes);
  pl_vec_free(mem, &writer->pairs);
  pl_vec_free(mem, &writer->notes);
  pl_mem_free(mem, writer->fingerprints, PL_FINGERPRINT_SLOTS * sizeof *writer->fingerprints);
  pl_mem_free(mem, writer, sizeof *writer);
}

pl_status pl_writer_term(pl_writer* writer, const pl_term* term, pl_id* id) {
  return pl_dict_intern(writer->txn, term, id);
}

pl_status pl_writer_flush(pl_writer* writer, pl_write_counts* counts) {
  PL_TRY(pl_writer_apply(writer));
  if (counts) {
    *counts = writer->counts;
  }
  return PL_OK;
}

// ---- inserting ----------------------------------------------------------------------------------------------------

static pl_status check_annotations(const pl_writer* writer, const pl_annotation_id* annotations, size_t count) {
  for (size_t i = 0; i < count; i++) {
    PL_TRY(pl_fact_check_note(writer->txn->err, annotations[i].predicate, annotations[i].object));
  }
  return pl_fact_check_notes(writer->txn->err, count);
}

static pl_status add_row(pl_writer* writer, pl_id s, pl_id p, pl_id o, pl_id c) {
  const uint64_t row[4] = {s, p, o, c};
  return pl_pile_add(&writer->piles[PL_ORDER_SPO], row);
}

pl_status pl_writer_fact(pl_writer* writer, pl_id s, pl_id p, pl_id o, pl_id graph) {
  PL_TRY(pl_fact_check(writer->txn->err, s, p, o));
  if (graph != PL_ID_NULL) {
    PL_TRY(pl_fact_check_graph(writer->txn->err, graph));
  }
  PL_TRY(pl_writer_turn(writer, false));
  return add_row(writer, s, p, o, graph);
}

/// Number of the assertion with this identity: waiting here, stored, or new.
static pl_status number_assertion(pl_writer* writer, pl_identity identity, pl_id* c, bool* fresh) {
  pl_txn* const txn = writer->txn;
  const uint64_t key[2] = {identity.high, identity.low};
  const uint64_t* const waiting = pl_rowset_find(&writer->pending, key);
  *fresh = false;
  if (waiting) {
    *c = waiting[2];
    return PL_OK;
  }
  const pl_status status = txn->totals.assertions > 0 ? pl_assertion_find(txn, identity, c) : PL_NOT_FOUND;
  if (status != PL_NOT_FOUND) {
    return status;
  }
  if (txn->next_assertion > PL_ASSERTIONS_MAX) {
    return pl_fail(txn->err, PL_MSG_STORE_ASSERTIONS, (unsigned long long)PL_ASSERTIONS_MAX);
  }
  *c = pl_id_make(PL_TAG_ASSERTION, txn->next_assertion++);
  *fresh = true;
  txn->totals_dirty = true;
  const uint64_t row[4] = {identity.high, identity.low, *c, 0};
  if (pl_rowset_put(&txn->mem, &writer->pending, row) != PL_OK) {
    return pl_writer_nomem(writer);
  }
  return pl_pile_add(&writer->identities, row);
}

static pl_status add_assertion(pl_writer* writer, const uint64_t fact[3], pl_identity identity,
                               const pl_annotation_id* annotations, size_t count, pl_id* c) {
  bool fresh;
  PL_TRY(number_assertion(writer, identity, c, &fresh));
  if (!fresh) {
    return PL_OK;
  }
  PL_TRY(add_row(writer, fact[0], fact[1], fact[2], *c));
  for (size_t i = 0; i < count; i++) {
    const uint64_t note[3] = {*c, annotations[i].predicate, annotations[i].object};
    PL_TRY(pl_pile_add(&writer->piles[PL_ORDER_CPO], note));
  }
  return pl_writer_relieve(writer);
}

/// After a failure half way through an assertion its rows are not whole: the transaction must not be committed.
static pl_status fail_transaction(pl_writer* writer, pl_status status) {
  writer->txn->failed |= status != PL_OK && status != PL_NOT_FOUND;
  return status;
}

static pl_status fingerprint(pl_writer* writer, pl_id id, pl_identity* out) {
  pl_txn* const txn = writer->txn;
  if (!writer->fingerprints) {
    writer->fingerprints = pl_mem_calloc(&txn->mem, PL_FINGERPRINT_SLOTS, sizeof *writer->fingerprints);
    if (!writer->fingerprints) {
      return pl_writer_nomem(writer);
    }
  }
  // Multiplying by the golden ratio spreads dense keys; the top bits choose the slot.
  pl_fingerprint_slot* const slot = &writer->fingerprints[id * 0x9E3779B97F4A7C15u >> 55];
  if (slot->id != id) {
    pl_arena arena;
    pl_term term;
    pl_arena_init(&arena, &txn->mem);
    const pl_status status = pl_dict_term(txn, id, &arena, &term);
    if (status == PL_OK) {
      *slot = (pl_fingerprint_slot){.id = id, .identity = pl_term_fingerprint(&term)};
    }
    pl_arena_free(&arena);
    PL_TRY(status);
  }
  *out = slot->identity;
  return PL_OK;
}

static pl_status push_pair(pl_writer* writer, pl_identity predicate, pl_identity object) {
  pl_mem* const mem = &writer->txn->mem;
  if (pl_vec_push(mem, &writer->pairs, predicate) != PL_OK || pl_vec_push(mem, &writer->pairs, object) != PL_OK) {
    return pl_writer_nomem(writer);
  }
  return PL_OK;
}

static pl_identity identity_of_pairs(pl_writer* writer, const pl_identity fact[3]) {
  return pl_assertion_identity(fact, (pl_identity(*)[2])writer->pairs.data, writer->pairs.count / 2);
}

static pl_status assert_ids(pl_writer* writer, const uint64_t ids[3], const pl_annotation_id* annotations, size_t count,
                            pl_id* c) {
  pl_identity fact[3];
  for (unsigned i = 0; i < 3; i++) {
    PL_TRY(fingerprint(writer, ids[i], &fact[i]));
  }
  writer->pairs.count = 0;
  for (size_t i = 0; i < count; i++) {
    pl_identity predicate, object;
    PL_TRY(fingerprint(writer, annotations[i].predicate, &predicate));
    PL_TRY(fingerprint(writer, annotations[i].object, &object));
    PL_TRY(push_pair(writer, predicate, object));
  }
  return add_assertion(writer, ids, identity_of_pairs(writer, fact), annotations, count, c);
}

pl_status pl_writer_assert(pl_writer* writer, pl_id s, pl_id p, pl_id o, const pl_annotation_id* annotations,
                           size_t count, pl_id* c) {
  const uint64_t ids[3] = {s, p, o};
  pl_id made;
  PL_TRY(pl_fact_check(writer->txn->err, s, p, o));
  PL_TRY(check_annotations(writer, annotations, count));
  PL_TRY(pl_writer_turn(writer, false));
  return fail_transaction(writer, assert_ids(writer, ids, annotations, count, c ? c : &made));
}

// ---- batches of text ----------------------------------------------------------------------------------------------

/// Texts are at hand, so their hashes need no look into the dictionary.
static pl_status assert_statement(pl_writer* writer, const pl_statement* st, const uint64_t ids[3]) {
  const pl_identity fact[3] = {pl_term_fingerprint(&st->subject), pl_term_fingerprint(&st->predicate),
                               pl_term_fingerprint(&st->object)};
  pl_id c;
  writer->pairs.count = 0;
  writer->notes.count = 0;
  for (uint32_t i = 0; i < st->annotation_count; i++) {
    const pl_annotation* const note = &st->annotations[i];
    pl_annotation_id id;
    PL_TRY(pl_writer_term(writer, &note->predicate, &id.predicate));
    PL_TRY(pl_writer_term(writer, &note->object, &id.object));
    PL_TRY(push_pair(writer, pl_term_fingerprint(&note->predicate), pl_term_fingerprint(&note->object)));
    if (pl_vec_push(&writer->txn->mem, &writer->notes, id) != PL_OK) {
      return pl_writer_nomem(writer);
    }
  }
  PL_TRY(check_annotations(writer, writer->notes.data, writer->notes.count));
  return add_assertion(writer, ids, identity_of_pairs(writer, fact), writer->notes.data, writer->notes.count, &c);
}

static pl_status add_statement(pl_writer* writer, const pl_statement* st) {
  pl_id ids[3];
  pl_id graph = PL_ID_NULL;
  PL_TRY(pl_writer_term(writer, &st->subject, &ids[0]));
  PL_TRY(pl_writer_term(writer, &st->predicate, &ids[1]));
  PL_TRY(pl_writer_term(writer, &st->object, &ids[2]));
  if (st->asserted && st->annotation_count > 0) {
    PL_TRY(pl_fact_check(writer->txn->err, ids[0], ids[1], ids[2]));
    return assert_statement(writer, st, ids);
  }
  if (st->graph.kind != PL_TERM_NONE) {
    PL_TRY(pl_writer_term(writer, &st->graph, &graph));
  }
  return pl_writer_fact(writer, ids[0], ids[1], ids[2], graph);
}

pl_status pl_writer_batch(pl_writer* writer, const pl_batch* batch) {
  PL_TRY(pl_writer_turn(writer, false));
  for (size_t i = 0; i < batch->count; i++) {
    const pl_status status = add_statement(writer, &batch->statements[i]);
    if (status != PL_OK) {
      return fail_transaction(writer, status);
    }
  }
  return pl_guard_check(writer->guard, writer->txn->err);
}

// ---- deleting -----------------------------------------------------------------------------------------------------

/// Mark the annotations of an assertion, and its identity, for deletion.
static pl_status remove_assertion(pl_writer* writer, pl_id c) {
  pl_txn* const txn = writer->txn;
  pl_id predicates[FILL_ROWS];
  pl_id objects[FILL_ROWS];
  pl_id* const columns[4] = {NULL, predicates, objects, NULL};
  pl_identity identity;
  pl_scan* scan;
  size_t count = 0;
  PL_TRY(pl_assertion_identity_of(txn, c, &identity));
  const uint64_t row[3] = {identity.high, identity.low, c};
  PL_TRY(pl_pile_add(&writer->identities, row));
  PL_TRY(pl_scan_open(txn, PL_ORDER_CPO, PL_SCAN_ROWS, NULL, &txn->mem, &scan));
  pl_status status = pl_scan_range(scan, &c, 1, 0, UINT64_MAX);
  do {
    status = status == PL_OK ? pl_scan_fill(scan, columns, FILL_ROWS, &count) : status;
    for (size_t i = 0; status == PL_OK && i < count; i++) {
      const uint64_t note[3] = {c, predicates[i], objects[i]};
      status = pl_pile_add(&writer->piles[PL_ORDER_CPO], note);
    }
  } while (status == PL_OK && count > 0);
  pl_scan_close(scan);
  return status;
}

/// Mark one stored row for deletion, unless it is marked already.
static pl_status remove_row(pl_writer* writer, const uint64_t row[4], bool* marked) {
  if (pl_rowset_find(&writer->pending, row)) {
    return PL_OK;
  }
  *marked = true;
  if (pl_rowset_put(&writer->txn->mem, &writer->pending, row) != PL_OK) {
    return pl_writer_nomem(writer);
  }
  PL_TRY(pl_pile_add(&writer->piles[PL_ORDER_SPO], row));
  return pl_id_tag(row[PL_C]) == PL_TAG_ASSERTION ? remove_assertion(writer, row[PL_C]) : PL_OK;
}

static pl_status remove_fact(pl_writer* writer, pl_scan* scan, const uint64_t fact[3], bool* marked) {
  pl_id cs[FILL_ROWS];
  pl_id* const columns[4] = {NULL, NULL, NULL, cs};
  size_t count = 0;
  PL_TRY(pl_scan_range(scan, fact, 3, 0, UINT64_MAX));
  do {
    PL_TRY(pl_scan_fill(scan, columns, FILL_ROWS, &count));
    for (size_t i = 0; i < count; i++) {
      const uint64_t row[4] = {fact[0], fact[1], fact[2], cs[i]};
      PL_TRY(remove_row(writer, row, marked));
    }
  } while (count > 0);
  return PL_OK;
}

pl_status pl_writer_delete(pl_writer* writer, pl_id s, pl_id p, pl_id o) {
  const uint64_t fact[3] = {s, p, o};
  pl_txn* const txn = writer->txn;
  pl_scan* scan;
  bool marked = false;
  PL_TRY(pl_writer_turn(writer, true));
  PL_TRY(pl_scan_open(txn, PL_ORDER_SPO, PL_SCAN_ROWS, NULL, &txn->mem, &scan));
  const pl_status status = remove_fact(writer, scan, fact, &marked);
  pl_scan_close(scan);
  PL_TRY(fail_transaction(writer, status));
  PL_TRY(pl_writer_relieve(writer));
  return marked ? PL_OK : PL_NOT_FOUND;
}

pl_status pl_writer_retract(pl_writer* writer, pl_id s, pl_id p, pl_id o, pl_id c) {
  const uint64_t row[4] = {s, p, o, c};
  bool found = false, marked = false;
  PL_TRY(pl_writer_turn(writer, true));
  PL_TRY(pl_index_contains(pl_index_of(writer->txn, PL_DB_SPO), row, &found));
  if (found) {
    PL_TRY(fail_transaction(writer, remove_row(writer, row, &marked)));
    PL_TRY(pl_writer_relieve(writer));
  }
  return marked ? PL_OK : PL_NOT_FOUND;
}
