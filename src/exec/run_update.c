// Updates: all rows are read first, then deletes, then inserts go through the store's writer. A triple with a null in it is skipped.
#include "exec/update.h"

#include <sys/random.h>

#define POOL_BYTES_KEPT ((size_t)64 << 20)  ///< decoded terms kept between chunks

// ---- reading rows -------------------------------------------------------------------------------------------------

static pl_status collect_row(pl_updater* u, const pl_chunk* chunk, uint32_t row) {
  for (uint32_t i = 0; i < u->slots.count; i++) {
    PL_TRY(pl_vec_push(&u->run->mem, &u->rows, pl_chunk_id(chunk, u->slots.slots[i], row)));
  }
  u->row_count++;
  return PL_OK;
}

/// A row that stands for several counts once, unless each of them makes blank nodes of its own.
static pl_status collect_chunk(pl_updater* u, const pl_chunk* chunk) {
  for (uint32_t i = 0; i < chunk->selected; i++) {
    const uint32_t row = pl_chunk_row(chunk, i);
    const uint64_t times = u->makes_blanks ? pl_chunk_times(chunk, row) : 1;
    for (uint64_t k = 0; k < times; k++) {
      if (k % 1024 == 1023) {
        PL_TRY(pl_guard_check(u->run->guard, u->run->err));
      }
      PL_TRY(collect_row(u, chunk, row));
    }
  }
  return PL_OK;
}

static pl_status collect_rows(pl_updater* u) {
  pl_op* const root = u->run->ops[u->run->plan->root->index];
  for (;;) {
    pl_chunk* chunk = NULL;
    pl_termpool_trim(u->run->pool, POOL_BYTES_KEPT);
    const pl_status status = pl_op_next(root, &chunk);
    if (status != PL_OK) {
      return status == PL_DONE ? PL_OK : status;
    }
    PL_TRY(collect_chunk(u, chunk));
  }
}

static bool is_fresh(const pl_run* run, const pl_ref* ref) {
  return ref->kind == PL_REF_SLOT && !pl_slots_has(run->plan->bound, ref->index);
}

static bool makes_blanks(const pl_run* run) {
  const pl_query* query = run->plan->query;
  bool fresh = false;
  for (uint32_t i = 0; i < query->insert_count && !fresh; i++) {
    const pl_alg_template* t = &query->inserts[i];
    fresh = is_fresh(run, &t->subject) || is_fresh(run, &t->predicate) || is_fresh(run, &t->object);
    for (uint32_t a = 0; a < t->annotation_count; a++) {
      fresh = fresh || is_fresh(run, &t->annotations[a].predicate) || is_fresh(run, &t->annotations[a].object);
    }
  }
  return fresh;
}

static void load_row(pl_updater* u, size_t row) {
  for (uint32_t i = 0; i < u->slots.count; i++) {
    u->values[u->slots.slots[i]] = u->rows.data[row * u->slots.count + i];
  }
}

static pl_status make_slots(pl_updater* u) {
  const pl_plan* plan = u->run->plan;
  u->values = PL_ARENA_ARRAY(&u->run->arena, pl_id, plan->slot_count);
  u->slots.slots = PL_ARENA_ARRAY(&u->run->arena, pl_slot, plan->slot_count);
  if (!u->values || !u->slots.slots) {
    return pl_run_nomem(u->run);
  }
  for (pl_slot slot = 0; slot < plan->query->slot_count; slot++) {
    if (pl_slots_has(plan->root->out, slot)) {
      u->slots.slots[u->slots.count++] = slot;
    }
  }
  return PL_OK;
}

pl_status pl_updater_collect(pl_updater* u) {
  PL_TRY(make_slots(u));
  u->makes_blanks = makes_blanks(u->run);
  return collect_rows(u);
}

// ---- deletes ------------------------------------------------------------------------------------------------------

/// Ids a place of a delete template stands for: constants by value, as in a pattern.
static pl_status place_ids(pl_updater* u, const pl_ref* ref, bool object, pl_ids* out) {
  out->count = 0;
  if (ref->kind == PL_REF_TERM || ref->kind == PL_REF_PARAM) {
    return pl_const_ids(u->run, ref, object, false, 0, out);
  }
  const pl_id id = u->values[ref->index];
  return id && pl_id_tag(id) != PL_TAG_TEMP ? pl_vec_push(&u->run->mem, out, id) : PL_OK;
}

/// The rows of one fact that a lens lets pass.
static pl_status rows_of_fact(pl_updater* u, const pl_pass* pass, const pl_id fact[3]) {
  pl_scan* scan = NULL;
  PL_TRY(pl_scan_open(u->run->txn, PL_ORDER_SPO, PL_SCAN_ROWS, pass, &u->run->mem, &scan));
  pl_status status = pl_scan_range(scan, fact, 3, 0, UINT64_MAX);
  while (status == PL_OK) {
    pl_id c = 0;
    pl_id* const into[4] = {NULL, NULL, NULL, &c};
    size_t count = 0;
    status = pl_scan_fill(scan, into, 1, &count);
    if (status != PL_OK || count == 0) {
      break;
    }
    const pl_retraction r = {fact[0], fact[1], fact[2], c, false};
    status = pl_vec_push(&u->run->mem, &u->retractions, r);
  }
  pl_scan_close(scan);
  return status;
}

static pl_status retract_fact(pl_updater* u, const pl_alg_template* t, const pl_pass* pass, const pl_id fact[3]) {
  if (t->c != PL_SLOT_NONE) {
    const pl_retraction one = {fact[0], fact[1], fact[2], u->values[t->c], false};
    return one.c ? pl_vec_push(&u->run->mem, &u->retractions, one) : PL_OK;
  }
  if (pass) {
    return rows_of_fact(u, pass, fact);
  }
  const pl_retraction whole = {fact[0], fact[1], fact[2], 0, true};
  return pl_vec_push(&u->run->mem, &u->retractions, whole);
}

static pl_status plan_delete(pl_updater* u, const pl_alg_template* t) {
  const pl_pass* pass = NULL;
  PL_TRY(t->lens != PL_LENS_NONE ? pl_lens_pass(u->run, t->lens, &pass) : PL_OK);
  PL_TRY(place_ids(u, &t->subject, false, &u->subjects));
  PL_TRY(place_ids(u, &t->predicate, false, &u->predicates));
  PL_TRY(place_ids(u, &t->object, true, &u->objects));
  for (size_t s = 0; s < u->subjects.count; s++) {
    for (size_t p = 0; p < u->predicates.count; p++) {
      for (size_t o = 0; o < u->objects.count; o++) {
        PL_TRY(retract_fact(u, t, pass, (pl_id[3]){u->subjects.data[s], u->predicates.data[p], u->objects.data[o]}));
      }
    }
  }
  return PL_OK;
}

pl_status pl_updater_deletes(pl_updater* u) {
  const pl_query* query = u->run->plan->query;
  for (size_t row = 0; row < u->row_count && query->delete_count; row++) {
    load_row(u, row);
    PL_TRY(pl_guard_check(u->run->guard, u->run->err));
    for (uint32_t i = 0; i < query->delete_count; i++) {
      PL_TRY(plan_delete(u, &query->deletes[i]));
    }
  }
  return PL_OK;
}

static pl_status apply_deletes(pl_updater* u) {
  for (size_t i = 0; i < u->retractions.count; i++) {
    const pl_retraction* r = &u->retractions.data[i];
    const pl_status status =
        r->whole ? pl_writer_delete(u->writer, r->s, r->p, r->o) : pl_writer_retract(u->writer, r->s, r->p, r->o, r->c);
    PL_TRY(status == PL_NOT_FOUND ? PL_OK : status);
    PL_TRY(pl_guard_check(u->run->guard, u->run->err));  // one may take milliseconds
  }
  return PL_OK;
}

// ---- inserts ------------------------------------------------------------------------------------------------------

/// A blank node that no store has: 128 random bits.
static pl_status fresh_blank(pl_updater* u, pl_id* id) {
  uint8_t bytes[16];
  char label[34] = "n";
  if (u->preview) {
    return pl_preview_blank(u->preview, id);
  }
  if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes)) {
    return pl_fail(u->run->err, PL_MSG_INTERNAL, "no random numbers");
  }
  for (size_t i = 0; i < sizeof(bytes); i++) {
    (void)snprintf(label + 1 + 2 * i, 3, "%02x", bytes[i]);
  }
  const pl_term term = {.kind = PL_TERM_BLANK, .text = {label, 33}};
  return pl_writer_term(u->writer, &term, id);
}

/// Stored id of a place of an insert template; 0 for null.
static pl_status insert_id(pl_updater* u, const pl_ref* ref, pl_id* id) {
  const pl_run* run = u->run;
  *id = PL_ID_NULL;
  if (ref->kind == PL_REF_SLOT) {
    *id = u->values[ref->index];
    if (*id == PL_ID_NULL && !pl_slots_has(run->plan->bound, ref->index)) {
      PL_TRY(fresh_blank(u, id));
      u->values[ref->index] = *id;
    }
  } else {
    *id = ref->kind == PL_REF_TERM ? run->terms[ref->index] : run->params[ref->index];
  }
  if (pl_id_tag(*id) != PL_TAG_TEMP) {
    return PL_OK;
  }
  pl_term term = {.kind = PL_TERM_NONE};
  const pl_status status = pl_termpool_term(run->pool, *id, &term);
  if (status == PL_NOT_FOUND) {
    return pl_fail(run->err, PL_MSG_INSERT_TERM, "a list", "part");
  }
  PL_TRY(status);
  return u->preview ? PL_OK : pl_writer_term(u->writer, &term, id);
}

static pl_status check_term(pl_updater* u, const pl_alg_template* t, pl_id id, const char* place, bool ok) {
  if (ok) {
    return PL_OK;
  }
  const pl_source source = {.name = "query", .text = u->run->plan->query->text};
  const pl_tag tag = pl_termpool_tag(u->run->pool, id);
  const char* what = tag == PL_TAG_ASSERTION ? "an assertion" : tag == PL_TAG_BLANK ? "a blank node" : "a literal";
  return pl_fail_at(u->run->err, &source, t->span, PL_MSG_INSERT_TERM, what, place);
}

static bool is_node(const pl_updater* u, pl_id id) {
  const pl_tag tag = pl_termpool_tag(u->run->pool, id);
  return tag == PL_TAG_IRI || tag == PL_TAG_BLANK;
}
static bool is_iri(const pl_updater* u, pl_id id) { return pl_termpool_tag(u->run->pool, id) == PL_TAG_IRI; }

static pl_status insert_one(pl_updater* u, const pl_alg_template* t) {
  pl_id s = 0, p = 0, o = 0;
  PL_TRY(insert_id(u, &t->subject, &s));
  PL_TRY(insert_id(u, &t->predicate, &p));
  PL_TRY(insert_id(u, &t->object, &o));
  if (!s || !p || !o) {
    return PL_OK;
  }
  PL_TRY(check_term(u, t, s, "subject", is_node(u, s)));
  PL_TRY(check_term(u, t, p, "predicate", is_iri(u, p)));
  pl_annotation_id* annotations = pl_arena_calloc(&u->run->scratch, t->annotation_count + 1, sizeof(*annotations));
  if (!annotations) {
    return pl_run_nomem(u->run);
  }
  size_t count = 0;
  for (uint32_t i = 0; i < t->annotation_count; i++) {
    pl_annotation_id* a = &annotations[count];
    PL_TRY(insert_id(u, &t->annotations[i].predicate, &a->predicate));
    PL_TRY(insert_id(u, &t->annotations[i].object, &a->object));
    if (a->predicate && a->object) {
      PL_TRY(check_term(u, t, a->predicate, "predicate", is_iri(u, a->predicate)));
      count++;
    }
  }
  if (u->preview) {
    return pl_preview_insert(u->preview, (pl_id[3]){s, p, o}, annotations, count);
  }
  return count ? pl_writer_assert(u->writer, s, p, o, annotations, count, NULL) : pl_writer_fact(u->writer, s, p, o, 0);
}

pl_status pl_updater_inserts(pl_updater* u) {
  const pl_query* query = u->run->plan->query;
  for (size_t row = 0; row < u->row_count && query->insert_count; row++) {
    memset(u->values, 0, u->run->plan->slot_count * sizeof(pl_id));
    load_row(u, row);
    PL_TRY(pl_guard_check(u->run->guard, u->run->err));
    pl_arena_reset(&u->run->scratch);
    for (uint32_t i = 0; i < query->insert_count; i++) {
      PL_TRY(insert_one(u, &query->inserts[i]));
    }
  }
  return PL_OK;
}

void pl_updater_free(pl_updater* u) {
  pl_mem* const mem = &u->run->mem;
  pl_writer_close(u->writer);
  pl_vec_free(mem, &u->rows);
  pl_vec_free(mem, &u->retractions);
  pl_vec_free(mem, &u->subjects);
  pl_vec_free(mem, &u->predicates);
  pl_vec_free(mem, &u->objects);
}

static pl_status update(pl_updater* u, pl_write_counts* counts) {
  PL_TRY(pl_updater_collect(u));
  pl_run_say(u->run, "writing");
  PL_TRY(pl_writer_open(u->run->txn, 0, u->run->guard, &u->writer));
  PL_TRY(pl_updater_deletes(u));
  PL_TRY(apply_deletes(u));
  PL_TRY(pl_updater_inserts(u));
  return pl_writer_flush(u->writer, counts);
}

pl_status pl_run_update(pl_run* run, pl_write_counts* counts) {
  pl_updater u = {.run = run};
  const pl_status status = update(&u, counts);
  pl_updater_free(&u);
  run->done = true;
  return pl_run_tell_memory(run, "the update", status);
}
