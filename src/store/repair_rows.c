/// Rows of a damaged store: those of every sound block of every order go into one sorter, with the order they come from.
#include "store/index_internal.h"
#include "store/repair_internal.h"

/// What is wrong with a block; NULL if nothing is. Opens it.
static const char* examine(const uint8_t* bytes, size_t len, uint32_t columns, const uint64_t* bound,
                           const uint64_t* low, pl_block* block) {
  if (!bytes || pl_block_open(bytes, len, columns, block) != PL_OK) {
    return "cannot be read";
  }
  const char* const wrong = pl_block_verify(block);
  if (wrong) {
    return wrong;
  }
  if (pl_block_compare(block, block->rows - 1, bound, columns) > 0 ||
      (low && pl_block_compare(block, 0, low, columns) <= 0)) {
    return "holds rows that do not belong there";
  }
  return NULL;
}

static pl_status take_row(pl_repair_state* r, pl_db db, const uint64_t* row) {
  if (db == PL_DB_HASH) {
    pl_repair_take_hash(r, row[0], row[1]);
    return PL_OK;
  }
  if (db == PL_DB_IDENTITY) {
    const uint64_t by_c[3] = {row[2], row[0], row[1]};
    return pl_rowsort_add(r->identities, by_c, 1);
  }
  if (db == PL_DB_CPO || db == PL_DB_POC) {
    const bool cpo = db == PL_DB_CPO;
    const uint64_t note[4] = {cpo ? row[0] : row[2], cpo ? row[1] : row[0], cpo ? row[2] : row[1], (uint64_t)db};
    return pl_rowsort_add(r->notes, note, 1);
  }
  uint64_t fact[5] = {0, 0, 0, 0, (uint64_t)db};
  for (unsigned k = 0; k < 4; k++) {
    fact[pl_order_columns[db][k]] = row[k];
  }
  return pl_rowsort_add(r->rows, fact, 1);
}

/// Remember which part of the order the block answers for: from the block before it, if nothing is missing between.
static pl_status cover(pl_repair_state* r, pl_db db, const pl_block* block, const uint64_t* bound, bool joined) {
  pl_repair_span span = {{0}, {0}};
  if (db >= PL_DB_HASH) {
    return PL_OK;
  }
  if (joined) {
    memcpy(span.low, r->last[db], sizeof span.low);
  } else {
    pl_block_row(block, 0, span.low);
  }
  memcpy(span.high, bound, sizeof span.high);
  return pl_vec_push(&r->mem, &r->spans[db], span) == PL_OK ? PL_OK : pl_repair_nomem(r);
}

pl_status pl_repair_take_block(pl_repair_state* r, pl_db db, const pl_page_entry* entry) {
  const uint32_t columns = pl_db_columns(db);
  uint8_t room[PL_BLOCK_BYTES_MAX];
  uint64_t bound[PL_BLOCK_COLUMNS_MAX] = {0};
  pl_block block;
  if (entry->doubtful || entry->key_bytes != 8 * (size_t)columns) {
    r->gap[db] = true;
    return PL_OK;
  }
  pl_index_key_read(entry->key, columns, bound);
  const bool ascends = !r->met[db] || pl_row_compare(r->last[db], bound, columns) < 0;
  const bool joined = ascends && !r->gap[db];
  const uint8_t* const bytes = pl_repair_value(r, entry, room, sizeof room);
  const char* const wrong =
      ascends ? examine(bytes, entry->value_bytes, columns, bound, r->met[db] && joined ? r->last[db] : NULL, &block)
              : "is out of order";
  pl_status status = wrong ? PL_OK : cover(r, db, &block, bound, joined);
  for (uint32_t i = 0; !wrong && status == PL_OK && i < block.rows; i++) {
    uint64_t row[PL_BLOCK_COLUMNS_MAX];
    pl_block_row(&block, i, row);
    status = take_row(r, db, row);
  }
  if (wrong) {
    pl_repair_finding(r, "index %s: the block in page %llu %s", pl_db_names[db],
                      (unsigned long long)(entry->offset / r->meta.page_bytes), wrong);
  }
  if (ascends) {
    memcpy(r->last[db], bound, sizeof bound);
    r->met[db] = true;
    r->gap[db] = false;
  }
  return status;
}

bool pl_repair_covers(const pl_repair_state* r, pl_db db, const uint64_t* row) {
  const pl_repair_spans* const spans = &r->spans[db];
  const uint32_t columns = pl_db_columns(db);
  size_t low = 0, high = spans->count;
  while (low < high) {  // the first that ends at or after the row
    const size_t mid = (low + high) / 2;
    if (pl_row_compare(spans->data[mid].high, row, columns) < 0) {
      low = mid + 1;
    } else {
      high = mid;
    }
  }
  return low < spans->count && pl_row_compare(spans->data[low].low, row, columns) <= 0;
}
