/// Verification of a whole store, first LMDB's pages (check_pages.c), then what they hold: each value on its own (check_fast.c), or, deep, each order
/// walked once and what must agree gathered on the way and compared:
///
///     rows of spo, pos, osp, pso         equal multisets (count and 128-bit sum of row hashes)
///     rows of cspo                       the rows of spo with c != 0
///     rows of cpo, poc                   equal multisets
///     rows of text                       the words of the string objects of indexed predicates
///     ids in rows                        known to the dictionary under that tag
///     assertions                         one fact, at least one annotation, one identity, which is the hash of what
///     they say counters, totals, settings         recounted
///
/// A finding is a line of text, never a failure: the check goes on as far as the file can be read.
#include "store/check.h"

#include "store/check_internal.h"
#include "store/dict_internal.h"

#include <stdio.h>

enum { FINDINGS_MAX = 1000 };

#define ASSERTION_END_MAX ((uint64_t)UINT32_MAX + 1)  ///< a counter has 32 bits

void pl_check_forward(void* user, const char* text) {
  pl_checker* const check = user;
  if (check->report.damage_count++ < FINDINGS_MAX) {
    check->options->on_damage(check->options->user, text);
  }
}

void pl_check_damage(pl_checker* check, const char* format, ...) {
  char text[256];
  va_list args;
  va_start(args, format);
  (void)vsnprintf(text, sizeof text, format, args);  // a shortened line is still a finding
  va_end(args);
  pl_check_forward(check, text);
}

// ---- multisets of rows --------------------------------------------------------------------------------------------

static uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

void pl_sum_add(pl_row_sum* sum, const uint64_t row[4]) {
  const uint64_t a = mix(row[0] + mix(row[1] + mix(row[2] + mix(row[3] + 1))));
  sum->count++;
  sum->low += a;
  sum->high += mix(a ^ 0x9e3779b97f4a7c15u);
}

bool pl_sum_eq(const pl_row_sum* a, const pl_row_sum* b) {
  return a->count == b->count && a->low == b->low && a->high == b->high;
}

// ---- ids ----------------------------------------------------------------------------------------------------------

bool pl_check_id(const pl_checker* check, pl_id id) {
  const pl_tag tag = pl_id_tag(id);
  const uint64_t payload = pl_id_payload(id);
  if (tag == PL_TAG_ASSERTION) {
    return payload > 0 && payload < check->assertion_end;
  }
  if (pl_tag_in_dict(tag)) {
    return payload > 0 && payload < check->key_end && (!check->tags || check->tags[payload] == tag);
  }
  return pl_tag_is_inline(tag);
}

bool pl_check_mark(pl_checker* check, pl_id c, uint8_t mark) {
  const uint64_t counter = pl_id_payload(c);
  if (pl_id_tag(c) != PL_TAG_ASSERTION || counter == 0 || counter >= check->assertion_end) {
    return false;
  }
  check->seen[counter] |= mark;
  return true;
}

pl_status pl_check_step(void* user, uint64_t items) {
  pl_checker* const check = user;
  PL_UNUSED(items);
  check->work.done += check->work.done < check->work.total;  // a damaged dictionary is walked twice
  if (check->options->work) {
    *check->options->work = check->work;
  }
  return pl_guard_check(check->guard, check->txn->err);
}

pl_status pl_check_walk(pl_checker* check, pl_db db, pl_status (*fn)(void* user, const uint64_t* rows, size_t count)) {
  const pl_verifier verifier = {.on_damage = pl_check_forward, .on_value = pl_check_step, .on_rows = fn, .user = check};
  check->work.phase = pl_db_names[db];
  check->order = (pl_order)db;
  check->rows = 0;
  memset(check->last, 0, sizeof check->last);
  const pl_status status = pl_index_verify(pl_index_of(check->txn, db), &check->txn->mem, &verifier);
  check->report.rows_checked += check->rows;
  return status;
}

void pl_check_counters(pl_checker* check, const char* kind, const pl_predicate_stats* counted,
                       const pl_predicate_stats* kept) {
  if (counted->rows == kept->rows && counted->facts == kept->facts && counted->subjects == kept->subjects &&
      counted->objects == kept->objects) {
    return;
  }
  pl_check_damage(check,
                  "counters: %s predicate %016llx has %llu rows, %llu facts, %llu subjects, %llu objects; kept are "
                  "%llu, %llu, %llu, %llu",
                  kind, (unsigned long long)counted->predicate, (unsigned long long)counted->rows,
                  (unsigned long long)counted->facts, (unsigned long long)counted->subjects,
                  (unsigned long long)counted->objects, (unsigned long long)kept->rows, (unsigned long long)kept->facts,
                  (unsigned long long)kept->subjects, (unsigned long long)kept->objects);
}

// ---- dictionary, totals, settings ---------------------------------------------------------------------------------

static pl_status on_term(void* user, pl_id id, const pl_term* term) {
  pl_checker* const check = user;
  PL_UNUSED(term);
  if (pl_id_payload(id) < check->key_end) {
    check->tags[pl_id_payload(id)] = (uint8_t)pl_id_tag(id);
  }
  check->report.terms_checked++;
  return check->report.terms_checked % 4096 ? PL_OK : pl_guard_check(check->guard, check->txn->err);
}

/// Verify the dictionary and note the tag of every key. A dictionary that cannot be walked has been reported; ids go
/// unchecked then.
static pl_status check_dictionary(pl_checker* check) {
  const pl_verifier verifier = {.on_damage = pl_check_forward, .on_value = pl_check_step, .user = check};
  check->work.phase = "dictionary";
  PL_TRY(pl_dict_verify(check->txn, true, &verifier));
  pl_status status = pl_dict_each(check->txn, on_term, check);
  if (status == PL_ERR_CORRUPT) {
    pl_error_clear(check->txn->err);
    pl_check_damage(check, "dictionary: cannot be read to its end");
    pl_mem_free(&check->txn->mem, check->tags, check->key_end);
    check->tags = NULL;
    status = PL_OK;
  }
  return status;
}

void pl_check_total(pl_checker* check, const char* what, uint64_t counted, uint64_t kept) {
  if (counted != kept) {
    pl_check_damage(check, "totals: %llu %s counted, %llu kept", (unsigned long long)counted, what,
                    (unsigned long long)kept);
  }
}

static pl_status check_totals(pl_checker* check) {
  pl_totals kept;
  PL_TRY(pl_stats_totals(check->txn, &kept));
  const pl_totals* const t = &check->totals;
  pl_check_total(check, "facts", t->facts, kept.facts);
  pl_check_total(check, "rows", t->rows, kept.rows);
  pl_check_total(check, "plain facts", t->plain, kept.plain);
  pl_check_total(check, "assertions", t->assertions, kept.assertions);
  pl_check_total(check, "annotations", t->annotations, kept.annotations);
  pl_check_total(check, "predicates", check->facts.count, kept.predicates);
  MDB_stat stat;
  const int rc = mdb_stat(check->txn->mdb, check->txn->store->dbs[PL_DB_STATS], &stat);
  if (rc) {
    return pl_mdb_fail(check->txn->err, rc, "cannot read the counters");
  }
  pl_check_total(check, "counted predicates", check->facts.count + check->notes.count, stat.ms_entries);
  return PL_OK;
}

static void check_list(pl_checker* check, const char* what, const pl_id* ids, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (!pl_check_id(check, ids[i])) {
      pl_check_damage(check, "settings: %s predicate %016llx is not in the dictionary", what,
                      (unsigned long long)ids[i]);
    }
  }
}

static pl_status check_settings(pl_checker* check) {
  const pl_status status = pl_meta_header(check->txn, NULL);
  if (status == PL_ERR_CORRUPT || status == PL_ERR_VERSION || status == PL_ERR_CANTOPEN) {
    pl_error_clear(check->txn->err);
    pl_check_damage(check, "settings: the header is damaged");
    return PL_OK;
  }
  PL_TRY(status);
  const pl_settings* const settings = pl_txn_settings(check->txn);
  if (check->txn->err->error_count > 0) {
    pl_error_clear(check->txn->err);
    pl_check_damage(check, "settings: they cannot be read");
    return PL_OK;
  }
  check_list(check, "label", settings->label_predicates, settings->label_predicate_count);
  check_list(check, "indexed", settings->text_predicates, settings->text_predicate_count);
  check_list(check, "single-valued", settings->single_predicates, settings->single_predicate_count);
  return PL_OK;
}

/// A counter that nothing can have brought there would ask for room without bounds.
static pl_status check_room(pl_checker* check) {
  MDB_stat stat;
  const int rc = mdb_stat(check->txn->mdb, check->txn->store->dbs[PL_DB_TERM], &stat);
  if (rc) {
    return pl_mdb_fail(check->txn->err, rc, "cannot read the dictionary");
  }
  const uint64_t key_max = (uint64_t)stat.ms_entries * PL_GROUP_TERMS_MAX + 1;
  if (check->key_end > key_max && !check->txn->write) {
    pl_check_damage(check, "totals: the next term is %llu, but the dictionary cannot hold so many",
                    (unsigned long long)check->key_end);
    check->key_end = key_max;
  }
  if (check->assertion_end > ASSERTION_END_MAX) {
    pl_check_damage(check, "totals: the next assertion is %llu, more than a store can have",
                    (unsigned long long)check->assertion_end);
    check->assertion_end = ASSERTION_END_MAX;
  }
  return PL_OK;
}

static pl_status check_deep(pl_checker* check) {
  PL_TRY(check_room(check));
  check->tags = pl_mem_calloc(&check->txn->mem, check->key_end, 1);
  check->seen = pl_mem_calloc(&check->txn->mem, check->assertion_end, 1);
  if (!check->tags || !check->seen) {
    return pl_fail(check->txn->err, PL_MSG_NOMEM);
  }
  PL_TRY(check_dictionary(check));
  PL_TRY(check_settings(check));
  PL_TRY(pl_check_facts(check));
  PL_TRY(pl_check_assertions(check));
  PL_TRY(pl_check_text(check));
  return check_totals(check);
}

/// What there is to do: values of LMDB, all databases together.
static pl_status count_values(pl_checker* check) {
  const pl_txn* const txn = check->txn;
  for (int db = 0; db < PL_DB_COUNT; db++) {
    MDB_stat stat;
    if (db != PL_DB_TERM && pl_db_columns((pl_db)db) == 0) {
      continue;
    }
    const int rc = txn->store->dbs[db] ? mdb_stat(txn->mdb, txn->store->dbs[db], &stat) : 0;
    if (rc) {
      return pl_mdb_fail(txn->err, rc, "cannot measure the store");
    }
    check->work.total += txn->store->dbs[db] ? stat.ms_entries : 0;
  }
  return PL_OK;
}

static pl_status check_all(pl_checker* check) {
  bool sound;
  PL_TRY(count_values(check));
  if (check->options->work) {
    *check->options->work = check->work;
  }
  PL_TRY(pl_guard_check(check->guard, check->txn->err));
  PL_TRY(pl_check_pages(check, &sound));
  if (!sound) {
    return PL_OK;
  }
  if (check->options->deep) {
    return check_deep(check);
  }
  PL_TRY(check_settings(check));
  return pl_check_values(check);
}

pl_status pl_check(pl_txn* txn, const pl_check_options* options, pl_check_report* out) {
  pl_checker check = {.txn = txn,
                      .options = options,
                      .guard = options->guard,
                      .work = {.phase = "pages"},
                      .key_end = txn->next_key,
                      .assertion_end = txn->next_assertion};
  const pl_status status = check_all(&check);
  if (check.report.damage_count > FINDINGS_MAX) {
    char text[64];
    (void)snprintf(text, sizeof text, "and %llu more findings",
                   (unsigned long long)(check.report.damage_count - FINDINGS_MAX));
    options->on_damage(options->user, text);
  }
  pl_mem_free(&txn->mem, check.tags, check.key_end);
  pl_mem_free(&txn->mem, check.seen, check.assertion_end);
  pl_vec_free(&txn->mem, &check.facts);
  pl_vec_free(&txn->mem, &check.notes);
  *out = check.report;
  return status;
}
