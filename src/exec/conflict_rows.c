// See conflict_rows.h. An assertion's annotations are read in one pass over cpo; a named graph's are the facts about it.
#include "exec/conflict_rows.h"

enum { FILL_ROWS = 256 };

/// Annotations of one statement.
typedef struct annotations {
  pl_id first[PL_SAID_KEYS];  ///< by column: the smallest value
  pl_extent validity;         ///< from the first `from` to the last `until`
  bool from, until;           ///< validity has that end
} annotations;

pl_status pl_said_open(pl_said* said, pl_run* run, const pl_pass* pass, const pl_classes* classes) {
  static const bool descending[PL_SAID_KEYS] = {[PL_SAID_SURE] = true, [PL_SAID_CONFIDENCE] = true};
  *said = (pl_said){.run = run, .pass = pass, .classes = classes};
  pl_sorter_init(&said->sorter, run, PL_SAID_WIDTH, PL_SAID_KEYS, descending);
  PL_TRY(pl_scan_open(run->txn, PL_ORDER_PSO, PL_SCAN_ROWS, pass, &run->mem, &said->facts));
  PL_TRY(pl_scan_open(run->txn, PL_ORDER_CPO, PL_SCAN_ROWS, NULL, &run->mem, &said->annotations));
  return pl_scan_open(run->txn, PL_ORDER_SPO, PL_SCAN_FACTS, NULL, &run->mem, &said->about);
}

void pl_said_close(pl_said* said) {
  if (!said->run) {
    return;
  }
  pl_scan_close(said->facts);
  pl_scan_close(said->annotations);
  pl_scan_close(said->about);
  pl_sorter_free(&said->sorter);
  pl_vec_free(&said->run->mem, &said->times);
  pl_vec_free(&said->run->mem, &said->rows);
  *said = (pl_said){0};
}

// ---- one statement ------------------------------------------------------------------------------------------------

/// Column of an annotation predicate; PL_SAID_KEYS for others.
static uint32_t column_of(pl_id predicate) {
  static const uint8_t columns[PL_KNOWN_END_] = {[PL_KNOWN_SOURCE] = PL_SAID_SOURCE,
                                                 [PL_KNOWN_CONFIDENCE] = PL_SAID_CONFIDENCE,
                                                 [PL_KNOWN_FROM] = PL_SAID_FROM,
                                                 [PL_KNOWN_UNTIL] = PL_SAID_UNTIL,
                                                 [PL_KNOWN_ON] = PL_SAID_ON};
  const uint64_t key = pl_id_payload(predicate);
  const bool known = pl_id_tag(predicate) == PL_TAG_IRI && key < PL_KNOWN_END_ && columns[key];
  return known ? columns[key] : PL_SAID_KEYS;
}

static pl_status add_time(pl_said* said, annotations* out, uint32_t column, pl_id object) {
  pl_value value;
  pl_extent extent;
  PL_TRY(pl_termpool_value(said->run->pool, object, &value));
  if (!pl_value_extent(&value, &extent)) {
    return PL_OK;
  }
  if (column == PL_SAID_FROM) {
    out->validity.start_ms =
        out->from && out->validity.start_ms < extent.start_ms ? out->validity.start_ms : extent.start_ms;
    out->from = true;
  } else if (column == PL_SAID_UNTIL) {
    out->validity.end_ms = out->until && out->validity.end_ms > extent.end_ms ? out->validity.end_ms : extent.end_ms;
    out->until = true;
  } else {
    return pl_vec_push(&said->run->mem, &said->times, extent);
  }
  return PL_OK;
}

static pl_status add_annotation(pl_said* said, annotations* out, pl_id predicate, pl_id object) {
  const uint32_t column = column_of(predicate);
  if (column == PL_SAID_KEYS) {
    return PL_OK;
  }
  if (column == PL_SAID_SOURCE) {
    object = pl_classes_shown(said->classes, object);
  } else if (column != PL_SAID_CONFIDENCE) {
    PL_TRY(add_time(said, out, column, object));
  }
  int order = 1;
  if (out->first[column]) {
    PL_TRY(pl_termpool_order(said->run->pool, out->first[column], object, &order));
  }
  out->first[column] = order > 0 ? object : out->first[column];
  return PL_OK;
}

static pl_status read_annotations(pl_said* said, pl_id c, annotations* out) {
  const bool assertion = pl_id_tag(c) == PL_TAG_ASSERTION;
  pl_scan* const scan = assertion ? said->annotations : said->about;
  PL_TRY(pl_scan_range(scan, &c, 1, 0, UINT64_MAX));
  for (;;) {
    pl_id predicates[16];
    pl_id objects[16];
    pl_id* const into[4] = {NULL, predicates, objects, NULL};
    size_t count = 0;
    PL_TRY(pl_scan_fill(scan, into, PL_COUNT_OF(objects), &count));
    for (size_t i = 0; i < count; i++) {
      PL_TRY(add_annotation(said, out, predicates[i], objects[i]));
    }
    if (count == 0) {
      break;
    }
    PL_TRY(pl_guard_check(said->run->guard, said->run->err));
  }
  if (!assertion && !out->first[PL_SAID_SOURCE]) {
    out->first[PL_SAID_SOURCE] = pl_classes_shown(said->classes, c);
  }
  return PL_OK;
}

static pl_status add_row(pl_said* said, pl_id subject, pl_id object, pl_id c) {
  annotations found = {.validity = {INT64_MIN, INT64_MAX}};
  const size_t times = said->times.count;
  PL_TRY(c ? read_annotations(said, c, &found) : PL_OK);
  if (found.from || found.until) {
    PL_TRY(pl_vec_push(&said->run->mem, &said->times, found.validity));
  }
  pl_id* row = NULL;
  PL_TRY(pl_sorter_add(&said->sorter, &row));
  memcpy(row, found.first, sizeof(found.first));
  row[PL_SAID_SURE] = found.first[PL_SAID_CONFIDENCE] ? PL_ID_NULL : PL_KNOWN(CONFIDENCE);
  row[PL_SAID_OBJECT] = pl_classes_shown(said->classes, object);
  row[PL_SAID_SUBJECT] = subject;
  row[PL_SAID_STORED_OBJECT] = object;
  row[PL_SAID_C] = c;
  row[PL_SAID_TIMES] = times;
  row[PL_SAID_TIME_COUNT] = said->times.count - times;
  return PL_OK;
}

// ---- all of a subject -----------------------------------------------------------------------------------------------

static pl_status read_stored(pl_said* said, pl_id subject, pl_id predicate) {
  const pl_id prefix[2] = {predicate, subject};
  PL_TRY(pl_scan_range(said->facts, prefix, 2, 0, UINT64_MAX));
  for (;;) {
    pl_id objects[FILL_ROWS];
    pl_id cs[FILL_ROWS];
    pl_id* const into[4] = {NULL, NULL, objects, cs};
    size_t count = 0;
    PL_TRY(pl_guard_check(said->run->guard, said->run->err));
    PL_TRY(pl_scan_fill(said->facts, into, FILL_ROWS, &count));
    for (size_t i = 0; i < count; i++) {
      PL_TRY(add_row(said, subject, objects[i], cs[i]));
    }
    if (count == 0) {
      return PL_OK;
    }
  }
}

static bool same_times(const pl_said* said, const pl_id* a, const pl_id* b) {
  const size_t count = a[PL_SAID_TIME_COUNT];
  return count == b[PL_SAID_TIME_COUNT] &&
         (count == 0 || memcmp(said->times.data + a[PL_SAID_TIMES], said->times.data + b[PL_SAID_TIMES],
                               count * sizeof(pl_extent)) == 0);
}

pl_status pl_said_read(pl_said* said, pl_id subject, pl_id predicate) {
  const pl_id* members = NULL;
  pl_sorter_clear(&said->sorter);
  said->times.count = said->rows.count = 0;
  const size_t member_count = pl_classes_members(said->classes, &subject, &members);
  for (size_t i = 0; i < member_count; i++) {
    PL_TRY(read_stored(said, members[i], predicate));
  }
  PL_TRY(pl_sorter_sort(&said->sorter));
  for (size_t i = 0; i < said->sorter.count; i++) {
    const pl_id* const row = pl_sorter_row(&said->sorter, i);
    const pl_id* const last = said->rows.count ? pl_said_row(said, said->rows.count - 1) : NULL;
    if (!last || memcmp(row, last, PL_SAID_EQUAL * sizeof(pl_id)) != 0 || !same_times(said, row, last)) {
      PL_TRY(pl_vec_push(&said->run->mem, &said->rows, i));
    }
  }
  return PL_OK;
}

bool pl_said_overlap(const pl_said* said, const pl_id* a, const pl_id* b) {
  const size_t a_count = a[PL_SAID_TIME_COUNT];
  const size_t b_count = b[PL_SAID_TIME_COUNT];
  for (size_t i = 0; i < a_count; i++) {
    const pl_extent x = said->times.data[a[PL_SAID_TIMES] + i];
    for (size_t k = 0; k < b_count; k++) {
      const pl_extent y = said->times.data[b[PL_SAID_TIMES] + k];
      if (x.start_ms < y.end_ms && y.start_ms < x.end_ms) {
        return true;
      }
    }
  }
  return a_count == 0 || b_count == 0;
}
