/// Checking assertions: each states a fact, has annotations in both orders, and is filed under the identity of what it
/// says.
#include "store/check_internal.h"

static pl_status on_cpo(void* user, const uint64_t* rows, size_t count) {
  pl_checker* const check = user;
  for (size_t i = 0; i < count; i++) {
    const uint64_t* const note = rows + 3 * i;
    const uint64_t row[4] = {note[0], note[1], note[2], 0};
    pl_sum_add(&check->sums[PL_ORDER_CPO], row);
    if (!pl_check_mark(check, note[0], PL_SEEN_NOTE)) {
      pl_check_damage(check, "assertions: an annotation belongs to %016llx, which is no assertion",
                      (unsigned long long)note[0]);
    }
    if (pl_id_tag(note[1]) != PL_TAG_IRI || !pl_check_id(check, note[1]) || !pl_check_id(check, note[2])) {
      pl_check_damage(check, "assertions: an annotation of assertion %llu names an unknown term",
                      (unsigned long long)pl_id_payload(note[0]));
    }
  }
  check->rows += count;
  check->totals.annotations += count;
  return pl_guard_check(check->guard, check->txn->err);
}

static pl_status on_poc(void* user, const uint64_t* rows, size_t count) {
  pl_checker* const check = user;
  for (size_t i = 0; i < count; i++) {
    const uint64_t* const note = rows + 3 * i;
    const uint64_t row[4] = {note[2], note[0], note[1], 0};
    pl_sum_add(&check->sums[PL_ORDER_POC], row);
    const bool predicate_new = check->notes.count == 0 || note[0] != check->last[0];
    if (predicate_new &&
        pl_vec_push(&check->txn->mem, &check->notes, ((pl_predicate_stats){.predicate = note[0]})) != PL_OK) {
      return pl_fail(check->txn->err, PL_MSG_NOMEM);
    }
    pl_predicate_stats* const s = &check->notes.data[check->notes.count - 1];
    s->objects += predicate_new || note[1] != check->last[1];
    s->rows = s->facts = s->subjects = s->rows + 1;
    memcpy(check->last, note, 3 * sizeof *note);
  }
  check->rows += count;
  return pl_guard_check(check->guard, check->txn->err);
}

/// The identity of an assertion recomputed from its rows must be the one it is filed under.
static pl_status check_identity(pl_checker* check, const uint64_t row[3]) {
  const unsigned long long counter = pl_id_payload(row[2]);
  if (counter < check->assertion_end && (check->seen[counter] & PL_SEEN_IDENTITY)) {
    pl_check_damage(check, "assertions: assertion %llu has two identities", counter);
  }
  if (!pl_check_mark(check, row[2], PL_SEEN_IDENTITY)) {
    pl_check_damage(check, "assertions: an identity names %016llx, which is no assertion", (unsigned long long)row[2]);
    return PL_OK;
  }
  if (!(check->seen[counter] & PL_SEEN_FACT)) {
    return PL_OK;  // reported with the others that lack something
  }
  pl_identity identity;
  const pl_status status = pl_assertion_identity_of(check->txn, row[2], &identity);
  if (status == PL_ERR_CORRUPT || status == PL_NOT_FOUND) {
    pl_error_clear(check->txn->err);
    pl_check_damage(check, "assertions: assertion %llu cannot be read", counter);
    return PL_OK;
  }
  if (status == PL_OK && (identity.high != row[0] || identity.low != row[1])) {
    pl_check_damage(check, "assertions: assertion %llu is filed under an identity it does not have", counter);
  }
  return status;
}

static pl_status on_identity(void* user, const uint64_t* rows, size_t count) {
  pl_checker* const check = user;
  for (size_t i = 0; i < count; i++) {
    PL_TRY(check_identity(check, rows + 3 * i));
    if (i % 64 == 0) {
      PL_TRY(pl_guard_check(check->guard, check->txn->err));
    }
  }
  check->rows += count;
  return PL_OK;
}

/// A counter that was given and whose assertion was deleted has none of the three; any other must have all.
static void check_whole(pl_checker* check) {
  for (uint64_t i = 1; i < check->assertion_end; i++) {
    const unsigned seen = check->seen[i];
    check->totals.assertions += (seen & PL_SEEN_FACT) != 0;
    if (seen != 0 && seen != (PL_SEEN_FACT | PL_SEEN_NOTE | PL_SEEN_IDENTITY)) {
      pl_check_damage(check, "assertions: assertion %llu has %s fact, %s annotations, %s identity",
                      (unsigned long long)i, seen & PL_SEEN_FACT ? "a" : "no", seen & PL_SEEN_NOTE ? "some" : "no",
                      seen & PL_SEEN_IDENTITY ? "an" : "no");
    }
  }
}

static pl_status compare_counters(pl_checker* check) {
  for (size_t i = 0; i < check->notes.count; i++) {
    pl_predicate_stats kept;
    PL_TRY(pl_stats_annotation(check->txn, check->notes.data[i].predicate, &kept));
    pl_check_counters(check, "annotation", &check->notes.data[i], &kept);
  }
  return PL_OK;
}

pl_status pl_check_assertions(pl_checker* check) {
  PL_TRY(pl_check_walk(check, PL_DB_CPO, on_cpo));
  PL_TRY(pl_check_walk(check, PL_DB_POC, on_poc));
  const pl_row_sum *const cpo = &check->sums[PL_ORDER_CPO], *const poc = &check->sums[PL_ORDER_POC];
  if (!pl_sum_eq(cpo, poc)) {
    pl_check_damage(check, "orders: poc holds other annotations (%llu) than cpo (%llu)", (unsigned long long)poc->count,
                    (unsigned long long)cpo->count);
  }
  PL_TRY(pl_check_walk(check, PL_DB_IDENTITY, on_identity));
  check_whole(check);
  return compare_counters(check);
}
