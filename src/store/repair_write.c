/// The new store of a repair: which rows are believed, statements of them, settings.
///
/// A row stands in four orders, one of an assertion or graph in five. It is believed if two of them say so, or if only
/// one does and no other could be read where it would stand there: a byte changed in a block makes rows that one order
/// alone has. An annotation stands in two orders only; where they differ, the identity under which the assertion is
/// filed, a hash of all that it says, decides.
#include "store/repair_internal.h"

#include "store/assertion.h"
#include "store/bulk.h"
#include "store/meta.h"

/// Sorted rows, read one at a time.
typedef struct row_reader {
  pl_rowsort* sort;      ///< finished
  uint32_t columns;      ///< of a row
  const uint64_t* rows;  ///< at hand
  size_t left;           ///< of them
} row_reader;

/// An annotation of the assertion at hand.
typedef struct found_note {
  pl_id predicate, object;  ///< what it says
  unsigned orders;          ///< bits of the orders that have it
  bool readable;            ///< its terms are
  pl_annotation terms;      ///< in the batch's arena
} found_note;

typedef struct repair_writer {
  pl_repair_state* r;            ///< what was found
  pl_bulk* bulk;                 ///< new store
  pl_batch batch;                ///< being filled
  row_reader notes;              ///< (c, p, o, order)
  row_reader identities;         ///< (c, high, low)
  PL_VEC(found_note) own;        ///< annotations of the assertion at hand
  PL_VEC(pl_identity) filed;     ///< its identities
  PL_VEC(pl_identity) pairs;     ///< scratch
  PL_VEC(pl_annotation) chosen;  ///< scratch
  uint64_t notes_lost;           ///< annotations that could not be saved
  uint64_t notes_single;         ///< annotations that one order has and the other lacks
  uint64_t unfiled;              ///< assertions without one identity
  uint64_t lacking[PL_DB_HASH];  ///< by order: rows that are believed and that it lacks where it was read
} repair_writer;

enum { ORDER_CPO = 1u << PL_DB_CPO, ORDER_POC = 1u << PL_DB_POC };

// ---- readers ------------------------------------------------------------------------------------------------------

/// The row at hand in *row; NULL at the end.
static pl_status peek(row_reader* reader, const uint64_t** row) {
  if (reader->left == 0) {
    PL_TRY(pl_rowsort_next(reader->sort, &reader->rows, &reader->left));
  }
  *row = reader->left ? reader->rows : NULL;
  return PL_OK;
}

static void advance(row_reader* reader) {
  reader->rows += reader->columns;
  reader->left--;
}

/// The next row without its last column, in which the orders that have it are gathered as bits. *orders = 0 at the end.
static pl_status next_voted(row_reader* reader, uint64_t* row, unsigned* orders) {
  const uint32_t width = reader->columns - 1;
  const uint64_t* at;
  *orders = 0;
  for (;;) {
    PL_TRY(peek(reader, &at));
    if (!at || (*orders && memcmp(at, row, width * sizeof *row) != 0)) {
      return PL_OK;
    }
    memcpy(row, at, width * sizeof *row);
    *orders |= 1u << at[width];
    advance(reader);
  }
}

// ---- telling what is lost -----------------------------------------------------------------------------------------

static void write_term(pl_repair_state* r, pl_buf* out, pl_arena* arena, pl_id id) {
  pl_term term;
  if (pl_repair_term(r, id, arena, &term) == PL_OK) {
    (void)pl_term_write_nt(out, &term);
  } else {
    (void)pl_buf_printf(out, "[term %llu]", (unsigned long long)pl_id_payload(id));
  }
}

/// Tell of a fact with what is known of it.
static void tell_fact(repair_writer* w, const char* what, const uint64_t row[4]) {
  pl_repair_state* const r = w->r;
  pl_buf text;
  pl_arena arena;
  if (r->report->findings >= PL_REPAIR_FINDINGS_MAX) {
    r->report->findings++;
    return;
  }
  pl_buf_init(&text, &r->mem, SIZE_MAX / 2);
  pl_arena_init(&arena, &r->mem);
  for (unsigned i = 0; i < 3; i++) {
    write_term(r, &text, &arena, row[i]);
    (void)pl_buf_char(&text, i < 2 ? ' ' : '\0');
  }
  if (row[PL_C] == 0) {
    pl_repair_finding(r, "%s: %.800s", what, text.data ? text.data : "");
  } else if (pl_id_tag(row[PL_C]) == PL_TAG_ASSERTION) {
    pl_repair_finding(r, "%s: %.800s (assertion %llu)", what, text.data ? text.data : "",
                      (unsigned long long)pl_id_payload(row[PL_C]));
  } else {
    pl_repair_finding(r, "%s: %.800s (in a graph)", what, text.data ? text.data : "");
  }
  pl_arena_free(&arena);
  pl_buf_free(&text);
}

// ---- the batch ----------------------------------------------------------------------------------------------------

static pl_status flush(repair_writer* w) {
  if (w->batch.count > 0) {
    PL_TRY(pl_bulk_batch(w->bulk, &w->batch));
  }
  w->batch.count = 0;
  pl_arena_reset(&w->batch.arena);
  return pl_repair_step(w->r, "writing");
}

/// Terms of a fact and its graph. *lost: one of them cannot be read; that has been told.
static pl_status fact_terms(repair_writer* w, const uint64_t row[4], pl_statement* st, bool* lost) {
  pl_term* const to[4] = {&st->subject, &st->predicate, &st->object, &st->graph};
  const bool in_graph = row[PL_C] != 0 && pl_id_tag(row[PL_C]) != PL_TAG_ASSERTION;
  *st = (pl_statement){0};
  *lost = false;
  for (unsigned i = 0; i < (in_graph ? 4u : 3u); i++) {
    const pl_status status = pl_repair_term(w->r, row[i], &w->batch.arena, to[i]);
    if (status == PL_NOT_FOUND) {
      *lost = true;
      w->r->report->rows_lost++;
      tell_fact(w, "facts: a term is lost of", row);
      return PL_OK;
    }
    PL_TRY(status);
  }
  return PL_OK;
}

static pl_status emit(repair_writer* w, const pl_statement* st) {
  w->batch.statements[w->batch.count++] = *st;
  return w->batch.count == w->batch.capacity ? flush(w) : PL_OK;
}

// ---- facts --------------------------------------------------------------------------------------------------------

static bool has_sense(const uint64_t row[4]) {
  const pl_tag s = pl_id_tag(row[PL_S]), o = pl_id_tag(row[PL_O]), c = pl_id_tag(row[PL_C]);
  return (s == PL_TAG_IRI || s == PL_TAG_BLANK) && pl_id_tag(row[PL_P]) == PL_TAG_IRI && o != PL_TAG_ASSERTION &&
         o != PL_TAG_NULL && (row[PL_C] == 0 || c == PL_TAG_ASSERTION || c == PL_TAG_IRI || c == PL_TAG_BLANK);
}

static bool is_one_bit(unsigned orders) { return (orders & (orders - 1)) == 0; }

/// Orders that could be read where the row would stand and do not have it.
static unsigned lacking(const pl_repair_state* r, const uint64_t row[4], unsigned orders) {
  unsigned lack = 0;
  for (int db = PL_DB_SPO; db <= PL_DB_CSPO; db++) {
    uint64_t there[4];
    for (unsigned k = 0; k < 4; k++) {
      there[k] = row[pl_order_columns[db][k]];
    }
    if (!(orders & 1u << db) && (db != PL_DB_CSPO || row[PL_C] != 0) && pl_repair_covers(r, (pl_db)db, there)) {
      lack |= 1u << db;
    }
  }
  return lack;
}

static bool believed(repair_writer* w, const uint64_t row[4], unsigned orders) {
  const unsigned all = (2u << (row[PL_C] == 0 ? PL_DB_PSO : PL_DB_CSPO)) - (1u << PL_DB_SPO);
  const unsigned lack = orders == all ? 0 : lacking(w->r, row, orders);
  if (lack != 0 && is_one_bit(orders)) {
    w->r->only_one[__builtin_ctz(orders)]++;
    return false;
  }
  for (int db = PL_DB_SPO; db <= PL_DB_CSPO; db++) {
    w->lacking[db] += lack >> db & 1;
  }
  return true;
}

/// Facts that are stated plainly or by a graph are written; the others wait in the order of their assertions.
static pl_status write_facts(repair_writer* w) {
  pl_repair_state* const r = w->r;
  row_reader reader = {.sort = r->rows, .columns = 5};
  for (;;) {
    uint64_t row[4];
    unsigned orders;
    pl_statement st;
    bool lost;
    PL_TRY(next_voted(&reader, row, &orders));
    if (orders == 0) {
      return PL_OK;
    }
    if (!believed(w, row, orders)) {
      continue;
    }
    r->rows_found++;
    if (!has_sense(row)) {
      r->report->rows_lost++;
      tell_fact(w, "facts: no statement", row);
    } else if (pl_id_tag(row[PL_C]) == PL_TAG_ASSERTION) {
      const uint64_t by_c[4] = {row[PL_C], row[PL_S], row[PL_P], row[PL_O]};
      PL_TRY(pl_rowsort_add(r->stated, by_c, 1));
    } else {
      PL_TRY(fact_terms(w, row, &st, &lost));
      PL_TRY(lost ? PL_OK : emit(w, &st));
    }
  }
}

// ---- assertions ---------------------------------------------------------------------------------------------------

static pl_status take_note(repair_writer* w, const uint64_t row[3], unsigned orders) {
  found_note note = {.predicate = row[1], .object = row[2], .orders = orders, .readable = true};
  const pl_id ids[2] = {row[1], row[2]};
  pl_term* const to[2] = {&note.terms.predicate, &note.terms.object};
  for (unsigned i = 0; i < 2; i++) {
    const bool sense = i == 0 ? pl_id_tag(ids[0]) == PL_TAG_IRI : pl_id_tag(ids[1]) != PL_TAG_ASSERTION;
    const pl_status status = sense ? pl_repair_term(w->r, ids[i], &w->batch.arena, to[i]) : PL_NOT_FOUND;
    if (status != PL_OK && status != PL_NOT_FOUND) {
      return status;
    }
    note.readable &= status == PL_OK;
  }
  return pl_vec_push(&w->r->mem, &w->own, note) == PL_OK ? PL_OK : pl_repair_nomem(w->r);
}

/// Annotations and identities of an assertion; those of assertions before it, whose facts are lost, are passed over.
static pl_status gather(repair_writer* w, pl_id c) {
  const uint64_t* at;
  w->own.count = w->filed.count = 0;
  PL_TRY(peek(&w->notes, &at));
  while (at && at[0] <= c) {
    uint64_t row[3];
    unsigned orders;
    const bool own = at[0] == c;
    PL_TRY(next_voted(&w->notes, row, &orders));
    w->notes_lost += !own;
    PL_TRY(own ? take_note(w, row, orders) : PL_OK);
    PL_TRY(peek(&w->notes, &at));
  }
  PL_TRY(peek(&w->identities, &at));
  while (at && at[0] <= c) {
    const pl_identity identity = {at[1], at[2]};
    if (at[0] == c && pl_vec_push(&w->r->mem, &w->filed, identity) != PL_OK) {
      return pl_repair_nomem(w->r);
    }
    advance(&w->identities);
    PL_TRY(peek(&w->identities, &at));
  }
  return PL_OK;
}

/// Is the fact with the annotations of these orders what one of the identities says?
static pl_status proved(repair_writer* w, const pl_statement* st, unsigned orders, bool* yes) {
  const pl_identity fact[3] = {pl_term_fingerprint(&st->subject), pl_term_fingerprint(&st->predicate),
                               pl_term_fingerprint(&st->object)};
  *yes = false;
  w->pairs.count = 0;
  for (size_t i = 0; i < w->own.count; i++) {
    const found_note* const note = &w->own.data[i];
    if (!(note->orders & orders)) {
      continue;
    }
    if (!note->readable) {
      return PL_OK;
    }
    if (pl_vec_push(&w->r->mem, &w->pairs, pl_term_fingerprint(&note->terms.predicate)) != PL_OK ||
        pl_vec_push(&w->r->mem, &w->pairs, pl_term_fingerprint(&note->terms.object)) != PL_OK) {
      return pl_repair_nomem(w->r);
    }
  }
  const pl_identity identity = pl_assertion_identity(fact, (pl_identity(*)[2])w->pairs.data, w->pairs.count / 2);
  for (size_t i = 0; i < w->filed.count; i++) {
    *yes |= w->filed.data[i].high == identity.high && w->filed.data[i].low == identity.low;
  }
  return PL_OK;
}

/// Which orders tell the annotations: those whose annotations the identity proves, or 0 if none is proved.
static pl_status choose_orders(repair_writer* w, const pl_statement* st, unsigned* orders) {
  static const unsigned choices[] = {ORDER_CPO | ORDER_POC, ORDER_CPO, ORDER_POC};
  for (size_t i = 0; i < PL_COUNT_OF(choices); i++) {
    bool yes;
    PL_TRY(proved(w, st, choices[i], &yes));
    if (yes) {
      *orders = choices[i];
      return PL_OK;
    }
  }
  *orders = 0;
  return PL_OK;
}

/// Without proof: what both orders say, and what only one says where the other could not be read.
static bool note_believed(const repair_writer* w, pl_id c, const found_note* note) {
  if (note->orders == (ORDER_CPO | ORDER_POC)) {
    return true;
  }
  const bool in_cpo = note->orders == ORDER_CPO;
  const uint64_t row[3] = {in_cpo ? note->predicate : c, in_cpo ? note->object : note->predicate,
                           in_cpo ? c : note->object};
  return !pl_repair_covers(w->r, in_cpo ? PL_DB_POC : PL_DB_CPO, row);
}

static pl_status choose_notes(repair_writer* w, pl_id c, const pl_statement* st, bool* whole) {
  unsigned orders;
  PL_TRY(choose_orders(w, st, &orders));
  w->unfiled += w->filed.count != 1;
  *whole = orders != 0 || (w->filed.count == 0 && w->own.count > 0);
  w->chosen.count = 0;
  for (size_t i = 0; i < w->own.count; i++) {
    const found_note* const note = &w->own.data[i];
    w->notes_single += note->orders != (ORDER_CPO | ORDER_POC);
    // Where the identity is lost, two orders that agree are enough.
    *whole &= orders != 0 || (note->readable && note->orders == (ORDER_CPO | ORDER_POC));
    if (orders ? !(note->orders & orders) : !note_believed(w, c, note)) {
      continue;
    }
    w->r->notes_found++;
    if (!note->readable) {
      w->notes_lost++;
    } else if (pl_vec_push(&w->r->mem, &w->chosen, note->terms) != PL_OK) {
      return pl_repair_nomem(w->r);
    }
  }
  return PL_OK;
}

static pl_status write_assertion(repair_writer* w, const uint64_t by_c[4]) {
  const uint64_t row[4] = {by_c[1], by_c[2], by_c[3], by_c[0]};
  pl_statement st;
  bool lost, whole;
  PL_TRY(gather(w, by_c[0]));
  PL_TRY(fact_terms(w, row, &st, &lost));
  if (lost) {
    w->notes_lost += w->own.count;
    return PL_OK;
  }
  PL_TRY(choose_notes(w, by_c[0], &st, &whole));
  const size_t count = w->chosen.count;
  if (count == 0) {  // without annotations it would be a plain fact, which nobody stated
    w->r->report->rows_lost++;
    tell_fact(w, "assertions: no annotation left of", row);
    return PL_OK;
  }
  if (!whole) {
    tell_fact(w, "assertions: perhaps not all annotations of", row);
  }
  pl_annotation* const notes = PL_ARENA_ARRAY(&w->batch.arena, pl_annotation, count);
  if (!notes) {
    return pl_repair_nomem(w->r);
  }
  memcpy(notes, w->chosen.data, count * sizeof *notes);
  st.annotations = notes;
  st.annotation_count = (uint32_t)count;
  st.asserted = true;
  w->r->report->annotations += count;
  return emit(w, &st);
}

static pl_status write_assertions(repair_writer* w) {
  row_reader reader = {.sort = w->r->stated, .columns = 4};
  const uint64_t* at;
  pl_id last = 0;
  PL_TRY(pl_rowsort_finish(w->r->stated));
  PL_TRY(peek(&reader, &at));
  while (at) {
    uint64_t row[4];
    memcpy(row, at, sizeof row);
    advance(&reader);
    if (row[0] == last) {
      w->r->report->rows_lost++;
      const uint64_t fact[4] = {row[1], row[2], row[3], row[0]};
      tell_fact(w, "assertions: a second fact of one assertion", fact);
    } else {
      PL_TRY(write_assertion(w, row));
    }
    last = row[0];
    PL_TRY(peek(&reader, &at));
  }
  return PL_OK;
}

// ---- settings -----------------------------------------------------------------------------------------------------

static pl_status set_list(repair_writer* w, pl_txn* txn, pl_property property, pl_str value) {
  pl_arena arena;
  PL_VEC(pl_id) ids = {0};
  pl_status status = PL_OK;
  pl_arena_init(&arena, &w->r->mem);
  for (size_t at = 0; status == PL_OK && at + 8 <= value.len; at += 8) {
    pl_term term;
    pl_id id = 0;
    status = pl_repair_term(w->r, pl_get_le64((const uint8_t*)value.data + at), &arena, &term);
    if (status == PL_NOT_FOUND || (status == PL_OK && term.kind != PL_TERM_IRI)) {
      pl_repair_finding(w->r, "settings: a predicate of a list is lost");
      status = PL_OK;
      continue;
    }
    status = status == PL_OK ? pl_dict_intern(txn, &term, &id) : status;
    if (status == PL_OK && pl_vec_push(&w->r->mem, &ids, id) != PL_OK) {
      status = pl_repair_nomem(w->r);
    }
  }
  if (status == PL_OK) {
    status = pl_txn_set_property(txn, property, ids.data, ids.count, w->r->options->guard);
  }
  pl_vec_free(&w->r->mem, &ids);
  pl_arena_free(&arena);
  return status;
}

static pl_str after(pl_str key, pl_str start) { return (pl_str){key.data + start.len, key.len - start.len}; }

static pl_status set_one(repair_writer* w, pl_txn* txn, const pl_repair_setting* s) {
  static const char* const lists[PL_PROPERTY_COUNT] = {PL_META_LABELS, PL_META_TEXT, PL_META_SINGLE};
  for (int i = 0; i < PL_PROPERTY_COUNT; i++) {
    if (pl_str_eq(s->key, pl_str_c(lists[i]))) {
      return set_list(w, txn, (pl_property)i, s->value);
    }
  }
  if (pl_str_starts(s->key, PL_STR(PL_META_PREFIX))) {
    return pl_txn_set_prefix(txn, after(s->key, PL_STR(PL_META_PREFIX)), s->value);
  }
  if (pl_str_starts(s->key, PL_STR(PL_META_DEFINE)) && s->value.len > 0) {
    return pl_txn_set_definition(txn, after(s->key, PL_STR(PL_META_DEFINE)), s->value);
  }
  return PL_ERR_MISUSE;
}

static pl_status write_settings(void* user, pl_txn* txn) {
  repair_writer* const w = user;
  for (size_t i = 0; i < w->r->settings.count; i++) {
    const pl_status status = set_one(w, txn, &w->r->settings.data[i]);
    if (status == PL_ERR_MISUSE || status == PL_ERR_LIMIT) {
      pl_error_clear(w->r->err);
      pl_repair_finding(w->r, "settings: a record cannot be kept");
    } else {
      PL_TRY(status);
    }
  }
  return PL_OK;
}

// ---- all ----------------------------------------------------------------------------------------------------------

/// Rows that nothing readable holds can be counted where the totals are known.
static void count_missing(repair_writer* w) {
  pl_repair_state* const r = w->r;
  for (int db = PL_DB_SPO; db <= PL_DB_CSPO; db++) {
    if (r->only_one[db] > 0) {
      pl_repair_finding(r, "index %s: %llu rows that no other order has were left out", pl_db_names[db],
                        (unsigned long long)r->only_one[db]);
    }
    if (w->lacking[db] > 0) {
      pl_repair_finding(r, "index %s: it lacks %llu rows that others have", pl_db_names[db],
                        (unsigned long long)w->lacking[db]);
    }
  }
  if (r->has_totals && r->totals[1] > r->rows_found) {
    r->report->rows_lost += r->totals[1] - r->rows_found;
    pl_repair_finding(r, "facts: %llu statements are in no block that could be read",
                      (unsigned long long)(r->totals[1] - r->rows_found));
  }
  if (w->notes_single > 0) {
    pl_repair_finding(r, "assertions: %llu annotations stand in one order only", (unsigned long long)w->notes_single);
  }
  if (w->unfiled > 0) {
    pl_repair_finding(r, "assertions: %llu are not filed under one identity", (unsigned long long)w->unfiled);
  }
  if (w->notes_lost > 0) {
    pl_repair_finding(r, "assertions: %llu annotations are lost", (unsigned long long)w->notes_lost);
  }
}

static pl_status build(repair_writer* w, pl_write_counts* counts) {
  PL_TRY(write_facts(w));
  PL_TRY(write_assertions(w));
  PL_TRY(flush(w));
  count_missing(w);
  pl_bulk* const bulk = w->bulk;
  w->bulk = NULL;
  return pl_bulk_finish(bulk, counts);
}

static pl_status finish_sorters(pl_repair_state* r) {
  PL_TRY(pl_rowsort_finish(r->rows));
  PL_TRY(pl_rowsort_finish(r->notes));
  return pl_rowsort_finish(r->identities);
}

pl_status pl_repair_write(pl_repair_state* r, const char* dest) {
  repair_writer w = {.r = r,
                     .batch = {.capacity = PL_BATCH_STATEMENTS},
                     .notes = {.sort = r->notes, .columns = 4},
                     .identities = {.sort = r->identities, .columns = 3}};
  const pl_bulk_options options = {.base = r->base,
                                   .bytes_max = r->options->bytes_max,
                                   .threads = r->options->threads,
                                   .guard = r->options->guard,
                                   .realloc_fn = r->options->realloc_fn,
                                   .realloc_user = r->options->realloc_user,
                                   .on_written = write_settings,
                                   .user = &w};
  pl_write_counts counts = {0};
  PL_TRY(finish_sorters(r));
  PL_TRY(pl_bulk_open(dest, &options, r->err, &w.bulk));
  pl_arena_init(&w.batch.arena, &r->mem);
  w.batch.statements = pl_mem_calloc(&r->mem, PL_BATCH_STATEMENTS, sizeof *w.batch.statements);
  const pl_status status = w.batch.statements ? build(&w, &counts) : pl_repair_nomem(r);
  pl_bulk_abort(w.bulk);
  r->report->facts = counts.facts_new;
  r->report->assertions = counts.assertions_new;
  pl_mem_free(&r->mem, w.batch.statements, PL_BATCH_STATEMENTS * sizeof *w.batch.statements);
  pl_arena_free(&w.batch.arena);
  pl_vec_free(&r->mem, &w.own);
  pl_vec_free(&r->mem, &w.filed);
  pl_vec_free(&r->mem, &w.pairs);
  pl_vec_free(&r->mem, &w.chosen);
  return status;
}
