/// Checking facts: all orders hold the same rows, every id is known, counters per predicate are right.
#include "store/check_internal.h"

/// A row of an order in the frame s, p, o, c.
static void to_frame(pl_order order, const uint64_t* row, uint64_t out[4]) {
  for (unsigned i = 0; i < 4; i++) {
    out[pl_order_columns[order][i]] = row[i];
  }
}

static bool is_node(pl_id id) { return pl_id_tag(id) == PL_TAG_IRI || pl_id_tag(id) == PL_TAG_BLANK; }

static void check_row(pl_checker* check, const uint64_t row[4]) {
  const pl_id c = row[PL_C];
  if (!is_node(row[PL_S]) || !pl_check_id(check, row[PL_S])) {
    pl_check_damage(check, "facts: subject %016llx is no known node", (unsigned long long)row[PL_S]);
  }
  if (pl_id_tag(row[PL_P]) != PL_TAG_IRI || !pl_check_id(check, row[PL_P])) {
    pl_check_damage(check, "facts: predicate %016llx is no known IRI", (unsigned long long)row[PL_P]);
  }
  if (pl_id_tag(row[PL_O]) == PL_TAG_ASSERTION || !pl_check_id(check, row[PL_O])) {
    pl_check_damage(check, "facts: object %016llx is no known term", (unsigned long long)row[PL_O]);
  }
  if (c != 0 && !pl_check_mark(check, c, PL_SEEN_FACT) && !(is_node(c) && pl_check_id(check, c))) {
    pl_check_damage(check, "facts: %016llx is neither an assertion nor a graph", (unsigned long long)c);
  }
}

static pl_status on_spo(void* user, const uint64_t* rows, size_t count) {
  pl_checker* const check = user;
  for (size_t i = 0; i < count; i++) {
    const uint64_t* const row = rows + 4 * i;
    check_row(check, row);
    pl_sum_add(&check->sums[PL_ORDER_SPO], row);
    if (row[PL_C] != 0) {
      pl_sum_add(&check->stated, row);
    }
    check->totals.plain += row[PL_C] == 0;
    check->totals.facts += check->rows == 0 || memcmp(check->last, row, 3 * sizeof *row) != 0;
    memcpy(check->last, row, sizeof check->last);
    check->rows++;
  }
  check->totals.rows = check->rows;
  return pl_guard_check(check->guard, check->txn->err);
}

static pl_status on_other(void* user, const uint64_t* rows, size_t count) {
  pl_checker* const check = user;
  for (size_t i = 0; i < count; i++) {
    uint64_t row[4];
    to_frame(check->order, rows + 4 * i, row);
    pl_sum_add(&check->sums[check->order], row);
  }
  check->rows += count;
  return pl_guard_check(check->guard, check->txn->err);
}

/// pso: rows, facts and subjects per predicate.
static pl_status on_pso(void* user, const uint64_t* rows, size_t count) {
  pl_checker* const check = user;
  for (size_t i = 0; i < count; i++) {
    const uint64_t* const row = rows + 4 * i;
    const bool predicate_new = check->facts.count == 0 || row[0] != check->last[0];
    if (predicate_new &&
        pl_vec_push(&check->txn->mem, &check->facts, ((pl_predicate_stats){.predicate = row[0]})) != PL_OK) {
      return pl_fail(check->txn->err, PL_MSG_NOMEM);
    }
    pl_predicate_stats* const s = &check->facts.data[check->facts.count - 1];
    const bool subject_new = predicate_new || row[1] != check->last[1];
    s->rows++;
    s->subjects += subject_new;
    s->facts += subject_new || row[2] != check->last[2];
    memcpy(check->last, row, sizeof check->last);
  }
  return on_other(user, rows, count);
}

/// pos, after pso: objects per predicate. A predicate that pso does not have is damage that the sums tell.
static pl_status on_pos(void* user, const uint64_t* rows, size_t count) {
  pl_checker* const check = user;
  for (size_t i = 0; i < count; i++) {
    const uint64_t* const row = rows + 4 * i;
    while (check->stats_at < check->facts.count && check->facts.data[check->stats_at].predicate < row[0]) {
      check->stats_at++;
    }
    if (check->stats_at < check->facts.count && check->facts.data[check->stats_at].predicate == row[0]) {
      check->facts.data[check->stats_at].objects += row[0] != check->last[0] || row[1] != check->last[1];
    }
    memcpy(check->last, row, sizeof check->last);
  }
  return on_other(user, rows, count);
}

/// cspo: an assertion states one fact.
static pl_status on_cspo(void* user, const uint64_t* rows, size_t count) {
  pl_checker* const check = user;
  for (size_t i = 0; i < count; i++) {
    const pl_id c = rows[4 * i];
    if (c == check->last[0] && pl_id_tag(c) == PL_TAG_ASSERTION) {
      pl_check_damage(check, "assertions: assertion %llu states more than one fact",
                      (unsigned long long)pl_id_payload(c));
    }
    check->last[0] = c;
  }
  return on_other(user, rows, count);
}

static void compare_orders(pl_checker* check, pl_order order, const pl_row_sum* wanted, const char* wanted_name) {
  const pl_row_sum* const sum = &check->sums[order];
  if (!pl_sum_eq(sum, wanted)) {
    pl_check_damage(check, "orders: %s holds other rows (%llu) than %s (%llu)", pl_order_names[order],
                    (unsigned long long)sum->count, wanted_name, (unsigned long long)wanted->count);
  }
}

static pl_status compare_counters(pl_checker* check) {
  for (size_t i = 0; i < check->facts.count; i++) {
    pl_predicate_stats kept;
    PL_TRY(pl_stats_predicate(check->txn, check->facts.data[i].predicate, &kept));
    pl_check_counters(check, "fact", &check->facts.data[i], &kept);
  }
  return PL_OK;
}

pl_status pl_check_facts(pl_checker* check) {
  PL_TRY(pl_check_walk(check, PL_DB_SPO, on_spo));
  PL_TRY(pl_check_walk(check, PL_DB_PSO, on_pso));
  PL_TRY(pl_check_walk(check, PL_DB_POS, on_pos));
  PL_TRY(pl_check_walk(check, PL_DB_OSP, on_other));
  PL_TRY(pl_check_walk(check, PL_DB_CSPO, on_cspo));
  const pl_row_sum* const spo = &check->sums[PL_ORDER_SPO];
  compare_orders(check, PL_ORDER_PSO, spo, "spo");
  compare_orders(check, PL_ORDER_POS, spo, "spo");
  compare_orders(check, PL_ORDER_OSP, spo, "spo");
  compare_orders(check, PL_ORDER_CSPO, &check->stated, "spo has with an assertion or graph");
  return compare_counters(check);
}
