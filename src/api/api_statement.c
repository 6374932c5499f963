/// Statements without the language: add, remove, contains.
#include "store/assertion.h"
#include "store/index.h"

#include "api/api.h"

typedef struct fact_ids {
  pl_id s;  ///< subject
  pl_id p;  ///< predicate
  pl_id o;  ///< object
} fact_ids;

typedef struct fact_terms {
  pl_term s;                   ///< subject
  pl_term p;                   ///< predicate
  pl_term o;                   ///< object
  pl_annotation* annotations;  ///< in the transaction's arena
  size_t annotation_count;     ///< used
} fact_terms;

// ---- the caller's statement ---------------------------------------------------------------------------------------

static const char* kind_name(const pl_term* term) {
  return term->kind == PL_TERM_NONE      ? "null"
         : term->kind == PL_TERM_BLANK   ? "a blank node"
         : term->kind == PL_TERM_LITERAL ? "a literal"
                                         : "an IRI";
}

static pl_status part_in(parley_txn* txn, const parley_value* value, const char* function, const char* part,
                         pl_term* out) {
  pl_error* const err = &txn->error.diags;
  if (!value) {
    return pl_fail(err, PL_MSG_API_NULL, function, part);
  }
  PL_TRY(pl_api_value_in(value, pl_api_base(txn->store), &txn->arena, err, out));
  const bool node = out->kind == PL_TERM_IRI || out->kind == PL_TERM_BLANK;
  const bool good = *part == 's' ? node : *part == 'p' ? out->kind == PL_TERM_IRI : out->kind != PL_TERM_NONE;
  return good ? PL_OK : pl_fail(err, PL_MSG_VALUE_TYPE, part, kind_name(out));
}

static pl_status key_in(parley_txn* txn, const char* key, const char* function, pl_term* out) {
  if (!key) {
    return pl_fail(&txn->error.diags, PL_MSG_API_NULL, function, "key");
  }
  const bool full = strstr(key, "://") || strncmp(key, "urn:", 4) == 0;
  const parley_value value = full ? parley_iri(key) : parley_name(key);
  return pl_api_value_in(&value, pl_api_base(txn->store), &txn->arena, &txn->error.diags, out);
}

static pl_status annotations_in(parley_txn* txn, const parley_annotation* annotations, size_t count,
                                const char* function, fact_terms* out) {
  if (count == 0) {
    return PL_OK;
  }
  if (!annotations) {
    return pl_fail(&txn->error.diags, PL_MSG_API_NULL, function, "annotations");
  }
  out->annotations = PL_ARENA_ARRAY(&txn->arena, pl_annotation, count);
  if (!out->annotations) {
    return pl_fail(&txn->error.diags, PL_MSG_NOMEM);
  }
  out->annotation_count = count;
  for (size_t i = 0; i < count; i++) {
    PL_TRY(key_in(txn, annotations[i].key, function, &out->annotations[i].predicate));
    PL_TRY(part_in(txn, &annotations[i].value, function, "value", &out->annotations[i].object));
  }
  return PL_OK;
}

static pl_status fact_in(parley_txn* txn, const parley_value* subject, const parley_value* predicate,
                         const parley_value* object, const char* function, fact_terms* out) {
  *out = (fact_terms){0};
  PL_TRY(part_in(txn, subject, function, "subject", &out->s));
  PL_TRY(part_in(txn, predicate, function, "predicate", &out->p));
  return part_in(txn, object, function, "object", &out->o);
}

// ---- add ----------------------------------------------------------------------------------------------------------

static pl_status assert_fact(parley_txn* txn, const fact_ids* ids, const fact_terms* terms) {
  pl_annotation_id* const notes = PL_ARENA_ARRAY(&txn->arena, pl_annotation_id, terms->annotation_count);
  if (!notes) {
    return pl_fail(&txn->error.diags, PL_MSG_NOMEM);
  }
  for (size_t i = 0; i < terms->annotation_count; i++) {
    PL_TRY(pl_writer_term(txn->writer, &terms->annotations[i].predicate, &notes[i].predicate));
    PL_TRY(pl_writer_term(txn->writer, &terms->annotations[i].object, &notes[i].object));
  }
  return pl_writer_assert(txn->writer, ids->s, ids->p, ids->o, notes, terms->annotation_count, NULL);
}

static pl_status add(parley_txn* txn, const fact_terms* terms) {
  fact_ids ids;
  PL_TRY(pl_writer_term(txn->writer, &terms->s, &ids.s));
  PL_TRY(pl_writer_term(txn->writer, &terms->p, &ids.p));
  PL_TRY(pl_writer_term(txn->writer, &terms->o, &ids.o));
  return terms->annotation_count ? assert_fact(txn, &ids, terms)
                                 : pl_writer_fact(txn->writer, ids.s, ids.p, ids.o, PL_ID_NULL);
}

// ---- remove -------------------------------------------------------------------------------------------------------

static pl_status find(pl_txn* txn, const fact_terms* terms, fact_ids* ids) {
  PL_TRY(pl_dict_find(txn, &terms->s, &ids->s));
  PL_TRY(pl_dict_find(txn, &terms->p, &ids->p));
  return pl_dict_find(txn, &terms->o, &ids->o);
}

/// The assertion of the fact with exactly these annotations.
static pl_status find_assertion(parley_txn* txn, const fact_terms* terms, pl_id* c) {
  const pl_identity fact[3] = {pl_term_fingerprint(&terms->s), pl_term_fingerprint(&terms->p),
                               pl_term_fingerprint(&terms->o)};
  pl_identity(*const pairs)[2] = pl_arena_calloc(&txn->arena, terms->annotation_count, sizeof *pairs);
  if (!pairs) {
    return pl_fail(&txn->error.diags, PL_MSG_NOMEM);
  }
  for (size_t i = 0; i < terms->annotation_count; i++) {
    pairs[i][0] = pl_term_fingerprint(&terms->annotations[i].predicate);
    pairs[i][1] = pl_term_fingerprint(&terms->annotations[i].object);
  }
  return pl_assertion_find(txn->txn, pl_assertion_identity(fact, pairs, terms->annotation_count), c);
}

static pl_status remove_fact(parley_txn* txn, const fact_terms* terms) {
  fact_ids ids;
  pl_id c;
  PL_TRY(find(txn->txn, terms, &ids));
  if (terms->annotation_count == 0) {
    return pl_writer_delete(txn->writer, ids.s, ids.p, ids.o);
  }
  PL_TRY(find_assertion(txn, terms, &c));
  return pl_writer_retract(txn->writer, ids.s, ids.p, ids.o, c);
}

// ---- the functions ------------------------------------------------------------------------------------------------

typedef pl_status (*change_fn)(parley_txn* txn, const fact_terms* terms);

/// Run one change. Counting it alone means applying what was waiting before it, and then it.
static pl_status change(parley_txn* txn, change_fn fn, bool apply, const fact_terms* terms, parley_changes* changes) {
  pl_write_counts before = {0};
  pl_write_counts after = {0};
  PL_TRY(pl_api_txn_write(txn));
  if (apply || changes) {
    PL_TRY(pl_writer_flush(txn->writer, &before));
  }
  PL_TRY(fn(txn, terms));
  if (!changes) {
    return PL_OK;
  }
  PL_TRY(pl_writer_flush(txn->writer, &after));
  *changes = (parley_changes){.facts_new = after.facts_new - before.facts_new,
                              .facts_gone = after.facts_gone - before.facts_gone,
                              .assertions_new = after.assertions_new - before.assertions_new,
                              .assertions_gone = after.assertions_gone - before.assertions_gone};
  return PL_OK;
}

// parley_add and parley_remove differ in what is done with the statement they take.
static parley_status take_statement(parley_txn* txn, const char* name, change_fn fn, bool apply,
                                    const parley_value* const spo[3], const parley_annotation* annotations,
                                    size_t annotation_count, parley_changes* changes) {
  fact_terms terms;
  if (!txn) {
    return PARLEY_MISUSE;
  }
  pl_api_txn_enter(txn);
  if (changes) {
    *changes = (parley_changes){0};
  }
  pl_status status = fact_in(txn, spo[0], spo[1], spo[2], name, &terms);
  if (status == PL_OK) {
    status = annotations_in(txn, annotations, annotation_count, name, &terms);
  }
  if (status == PL_OK) {
    status = change(txn, fn, apply, &terms, changes);
  }
  return pl_api_txn_leave(txn, status);
}

parley_status parley_add(parley_txn* txn, const parley_value* subject, const parley_value* predicate,
                         const parley_value* object, const parley_annotation* annotations, size_t annotation_count,
                         parley_changes* changes) {
  const parley_value* const spo[3] = {subject, predicate, object};
  return take_statement(txn, "parley_add", add, false, spo, annotations, annotation_count, changes);
}

parley_status parley_remove(parley_txn* txn, const parley_value* subject, const parley_value* predicate,
                            const parley_value* object, const parley_annotation* annotations, size_t annotation_count,
                            parley_changes* changes) {
  const parley_value* const spo[3] = {subject, predicate, object};
  return take_statement(txn, "parley_remove", remove_fact, true, spo, annotations, annotation_count, changes);
}

static pl_status contains(parley_txn* txn, const fact_terms* terms) {
  fact_ids ids;
  uint64_t row[4];
  PL_TRY(find(txn->txn, terms, &ids));
  const uint64_t key[3] = {ids.s, ids.p, ids.o};
  return pl_index_first(pl_index_of(txn->txn, PL_DB_SPO), key, 3, row);
}

/// A flush moves blocks under scans that are open: not while a query reads.
static pl_status settle(parley_txn* txn) { return txn->writer && txn->reading == 0 ? pl_api_txn_flush(txn) : PL_OK; }

parley_status parley_contains(parley_txn* txn, const parley_value* subject, const parley_value* predicate,
                              const parley_value* object) {
  fact_terms terms;
  if (!txn) {
    return PARLEY_MISUSE;
  }
  pl_api_txn_enter(txn);
  pl_status status = fact_in(txn, subject, predicate, object, "parley_contains", &terms);
  if (status == PL_OK) {
    status = settle(txn);
  }
  if (status == PL_OK) {
    status = contains(txn, &terms);
  }
  return pl_api_txn_leave(txn, status);
}
