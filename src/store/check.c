/// Verification of a whole store, first LMDB's pages (check_pages.c), then what they hold. Each order is walked once; what must agree is gathered on the way and compared:
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

void pl_check_forward(void* user, const char* text) {
  pl_checker* const check = user;
  if (check->report.damage_count++ < FINDINGS_MAX) {
    check->on_damage(check->user, text);
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
  return tag == PL_TAG_BOOLEAN || tag == PL_TAG_INTEGER || tag == PL_TAG_DECIMAL || tag == PL_TAG_DOUBLE ||
         tag == PL_TAG_DATE || tag == PL_TAG_INTERVAL || tag == PL_TAG_SHORT;
}

bool pl_check_mark(pl_checker* check, pl_id c, uint8_t mark) {
  const uint64_t counter = pl_id_payload(c);
  if (pl_id_tag(c) != PL_TAG_ASSERTION || counter == 0 || counter >= check->assertion_end) {
    return false;
  }
  check->seen[counter] |= mark;
  return true;
}

pl_status pl_check_walk(pl_checker* check, pl_order order,
                        pl_status (*fn)(void* user, const uint64_t* rows, size_t count)) {
  check->order = order;
  check->rows = 0;
  memset(check->last, 0, sizeof check->last);
  const pl_status status =
      pl_index_verify(pl_index_of(check->txn, (pl_db)order), &check->txn->mem, fn, pl_check_forward, check);
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
  PL_TRY(pl_dict_verify(check->txn, pl_check_forward, check));
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

static void check_total(pl_checker* check, const char* what, uint64_t counted, uint64_t kept) {
  if (counted != kept) {
    pl_check_damage(check, "totals: %llu %s counted, %llu kept", (unsigned long long)counted, what,
                    (unsigned long long)kept);
  }
}

static pl_status check_totals(pl_checker* check) {
  pl_totals kept;
  PL_TRY(pl_stats_totals(check->txn, &kept));
  const pl_totals* const t = &check->totals;
  check_total(check, "facts", t->facts, kept.facts);
  check_total(check, "rows", t->rows, kept.rows);
  check_total(check, "plain facts", t->plain, kept.plain);
  check_total(check, "assertions", t->assertions, kept.assertions);
  check_total(check, "annotations", t->annotations, kept.annotations);
  check_total(check, "predicates", check->facts.count, kept.predicates);
  MDB_stat stat;
  const int rc = mdb_stat(check->txn->mdb, check->txn->store->dbs[PL_DB_STATS], &stat);
  if (rc) {
    return pl_mdb_fail(check->txn->err, rc, "cannot read the counters");
  }
  check_total(check, "counted predicates", check->facts.count + check->notes.count, stat.ms_entries);
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

static pl_status check_all(pl_checker* check) {
  if (!pl_check_pages(check)) {
    return PL_OK;
  }
  PL_TRY(check_dictionary(check));
  PL_TRY(check_settings(check));
  PL_TRY(pl_check_facts(check));
  PL_TRY(pl_check_assertions(check));
  PL_TRY(pl_check_text(check));
  return check_totals(check);
}

pl_status pl_check(pl_txn* txn, pl_guard* guard, void (*on_damage)(void* user, const char* text), void* user,
                   pl_check_report* out) {
  pl_checker check = {.txn = txn,
                      .guard = guard,
                      .on_damage = on_damage,
                      .user = user,
                      .key_end = txn->next_key,
                      .assertion_end = txn->next_assertion};
  check.tags = pl_mem_calloc(&txn->mem, check.key_end, 1);
  check.seen = pl_mem_calloc(&txn->mem, check.assertion_end, 1);
  pl_status status = check.tags && check.seen ? check_all(&check) : pl_fail(txn->err, PL_MSG_NOMEM);
  if (check.report.damage_count > FINDINGS_MAX) {
    char text[64];
    (void)snprintf(text, sizeof text, "and %llu more findings",
                   (unsigned long long)(check.report.damage_count - FINDINGS_MAX));
    on_damage(user, text);
  }
  pl_mem_free(&txn->mem, check.tags, check.key_end);
  pl_mem_free(&txn->mem, check.seen, check.assertion_end);
  pl_vec_free(&txn->mem, &check.facts);
  pl_vec_free(&txn->mem, &check.notes);
  *out = check.report;
  return status;
}
