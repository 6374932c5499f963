/// Asking the text index: candidates by the rarest word, cut down by the others where that is cheap. A word that a row's eight bytes hold
/// whole is proven by the row; candidates that some word does not prove are verified by folding their texts. Candidates are collected
/// before anything is handed on, so the caller may read and scan as it likes meanwhile.
#include "store/text.h"

#include "base/rowsort.h"
#include "store/index_internal.h"
#include "text/fold.h"
#include "text/token.h"

#include <stdlib.h>

enum {
  ESTIMATE_BLOCKS = 64,  ///< blocks looked at for an estimate
  WORDS_WEIGHED = 64,    ///< words of a query among which the rarest is looked for
  SMALL = 32,            ///< candidates few enough to verify at once
  CHEAP = 64,            ///< entries read are this much cheaper than texts verified
  VERIFY_AT_ONCE = 256,  ///< candidates between two looks at the guard
  TOKENS_AT_ONCE = 1 << 14
};

typedef PL_VEC(pl_id) id_list;

/// Rows whose word lies in [low, high].
typedef struct word_range {
  uint64_t low, high;  ///< inclusive
  uint64_t rows;       ///< as estimated
  bool proves;         ///< every row of it holds what is asked for
} word_range;

// ---- rows of a literal --------------------------------------------------------------------------------------------

uint64_t pl_text_key(pl_str word) {
  uint64_t key = 0;
  for (size_t i = 0; i < 8; i++) {
    key = key << 8 | (i < word.len ? (uint8_t)word.data[i] : 0u);
  }
  return key;
}

static pl_status fold(pl_txn* txn, pl_str text, pl_guard* guard, pl_buf* out) {
  pl_buf_clear(out);
  return pl_fold_within(text, guard, txn->err, out);
}

static pl_status rows_of(pl_txn* txn, pl_id literal, pl_str folded, pl_guard* guard, pl_text_row_fn fn, void* user) {
  pl_tokens tokens = pl_tokens_of(folded, false);
  pl_str word;
  size_t count = 0;
  while (pl_tokens_next(&tokens, &word)) {
    const uint64_t row[2] = {pl_text_key(word), literal};
    PL_TRY(fn(user, row));
    PL_TRY(++count % TOKENS_AT_ONCE == 0 ? pl_guard_check(guard, txn->err) : PL_OK);
  }
  const uint64_t row[2] = {0, literal};
  return count == 0 ? fn(user, row) : PL_OK;
}

void pl_text_room_init(pl_text_room* room, pl_mem* mem) {
  pl_arena_init(&room->arena, mem);
  pl_buf_init(&room->folded, mem, SIZE_MAX / 2);
}

void pl_text_room_free(pl_text_room* room) {
  pl_buf_free(&room->folded);
  pl_arena_free(&room->arena);
}

/// The folded text of a literal, in the room.
static pl_status fold_literal(pl_txn* txn, pl_id literal, pl_text_room* room, pl_guard* guard) {
  pl_term term;
  pl_arena_reset(&room->arena);
  PL_TRY(pl_dict_term(txn, literal, &room->arena, &term));
  return fold(txn, term.text, guard, &room->folded);
}

pl_status pl_text_rows(pl_txn* txn, pl_id literal, pl_text_room* room, pl_guard* guard, pl_text_row_fn fn, void* user) {
  const pl_status status = fold_literal(txn, literal, room, guard);
  if (status != PL_OK) {
    return room->folded.status == PL_OK ? status : pl_fail(txn->err, PL_MSG_NOMEM);
  }
  return rows_of(txn, literal, pl_buf_view(&room->folded), guard, fn, user);
}

bool pl_text_has_predicate(const pl_settings* settings, pl_id predicate) {
  for (size_t i = 0; i < settings->text_predicate_count; i++) {
    if (settings->text_predicates[i] == predicate) {
      return true;
    }
  }
  return false;
}

bool pl_text_has_words(pl_str text) {
  pl_str word;
  pl_tokens tokens = pl_tokens_of(text, true);
  return pl_tokens_next(&tokens, &word);
}

bool pl_text_indexed(pl_txn* txn, pl_id predicate) { return pl_text_has_predicate(pl_txn_settings(txn), predicate); }

// ---- ranges -------------------------------------------------------------------------------------------------------

typedef pl_status (*span_fn)(pl_index_cursor* cursor, uint32_t first, uint32_t end, void* user);

/// Give the part of each block that lies in the range to fn, until it says PL_DONE.
static pl_status range_walk(pl_txn* txn, const word_range* range, span_fn fn, void* user) {
  const uint64_t start[2] = {range->low, 0};
  pl_index_cursor cursor;
  PL_TRY(pl_index_cursor_open(pl_index_of(txn, PL_DB_TEXT), &cursor));
  pl_status status = pl_index_cursor_find(&cursor, start);
  while (status == PL_OK) {
    uint32_t first, end;
    pl_block_range(&cursor.block, &range->low, &range->high, 1, 0, &first, &end);
    const bool last = end < cursor.block.rows;
    status = fn(&cursor, first, end, user);
    if (status == PL_OK) {
      status = last ? PL_DONE : pl_index_cursor_move(&cursor, MDB_NEXT);
    }
  }
  pl_index_cursor_close(&cursor);
  return status == PL_DONE || status == PL_NOT_FOUND ? PL_OK : status;
}

typedef struct collect_state {
  pl_txn* txn;      ///< where
  pl_mem* mem;      ///< pays for the ids
  pl_guard* guard;  ///< may be NULL
  id_list* ids;     ///< receives literals
  size_t max;       ///< no more blocks once there are so many
  bool cut;         ///< it was reached
} collect_state;

static pl_status collect_span(pl_index_cursor* cursor, uint32_t first, uint32_t end, void* user) {
  collect_state* const s = user;
  const uint32_t count = end - first;
  PL_TRY(pl_guard_check(s->guard, s->txn->err));
  if (pl_vec_reserve(s->mem, s->ids, s->ids->count + count) != PL_OK) {
    return pl_mem_status(s->mem);
  }
  if (count > 0 && pl_block_decode(&cursor->block, 1, first, count, s->ids->data + s->ids->count) != PL_OK) {
    return pl_index_damaged(cursor->index, cursor->bound, "its run ends are wrong");
  }
  s->ids->count += count;
  s->cut = s->ids->count >= s->max;
  return s->cut ? PL_DONE : PL_OK;
}

typedef struct count_state {
  uint64_t rows;    ///< so far
  uint32_t blocks;  ///< looked at
} count_state;

static pl_status count_span(pl_index_cursor* cursor, uint32_t first, uint32_t end, void* user) {
  count_state* const s = user;
  PL_UNUSED(cursor);
  s->rows += end - first;
  return ++s->blocks < ESTIMATE_BLOCKS ? PL_OK : PL_DONE;
}

/// Rows of a range; at least so many where it is long.
static pl_status range_estimate(pl_txn* txn, word_range* range) {
  count_state s = {0, 0};
  const pl_status status = range_walk(txn, range, count_span, &s);
  range->rows = s.rows;
  return status;
}

// ---- candidates ---------------------------------------------------------------------------------------------------

/// The range of words that begin with this one, or that equal it as far as the index can tell. No byte of a word is zero, so what begins with
/// its eight bytes or less is exactly the range.
static word_range range_of(pl_str word, bool prefix) {
  const uint64_t key = pl_text_key(word);
  const uint64_t open = prefix && word.len < 8 ? UINT64_MAX >> (8 * word.len) : 0;
  return (word_range){.low = key, .high = key | open, .proves = prefix && word.len <= 8};
}

/// A query as ranges, the rarest first.
typedef struct search {
  pl_txn* txn;                       ///< where
  pl_mem* mem;                       ///< pays
  pl_guard* guard;                   ///< may be NULL
  word_range ranges[WORDS_WEIGHED];  ///< of words
  size_t count;                      ///< used
  id_list ids;                       ///< candidates
  id_list more;                      ///< those of another word
  size_t rows_max;                   ///< rows of the rarest word that are read
  bool cut;                          ///< it has more
  bool proven;  ///< candidates need no look at their texts; at first: the ranges tell all that is asked for
} search;

/// Sorted literals of a range, each once. True if there are more than rows_max allows.
static pl_status range_ids(const search* s, const word_range* range, size_t rows_max, id_list* ids, bool* cut) {
  collect_state state = {s->txn, s->mem, s->guard, ids, rows_max, false};
  ids->count = 0;
  PL_TRY(range_walk(s->txn, range, collect_span, &state));
  *cut = state.cut;
  return pl_values_unique(s->mem, ids->data, &ids->count);
}

static int by_rows(const void* a, const void* b) {
  const word_range* const x = a;
  const word_range* const y = b;
  return (x->rows > y->rows) - (x->rows < y->rows);
}

static pl_status weigh(search* s) {
  for (size_t i = 0; i < s->count; i++) {
    PL_TRY(range_estimate(s->txn, &s->ranges[i]));
  }
  qsort(s->ranges, s->count, sizeof *s->ranges, by_rows);
  return PL_OK;
}

static void intersect(id_list* ids, const id_list* more) {
  size_t kept = 0;
  for (size_t i = 0, k = 0; i < ids->count && k < more->count;) {
    if (ids->data[i] == more->data[k]) {
      ids->data[kept++] = ids->data[i++];
      k++;
    } else if (ids->data[i] < more->data[k]) {
      i++;
    } else {
      k++;
    }
  }
  ids->count = kept;
}

/// Literals of a file that is damaged on purpose may be anything; only strings are handed on.
static void keep_strings(id_list* ids) {
  size_t kept = 0;
  for (size_t i = 0; i < ids->count; i++) {
    ids->data[kept] = ids->data[i];
    kept += pl_text_takes(ids->data[i]);
  }
  ids->count = kept;
}

static pl_status candidates(search* s) {
  PL_TRY(s->count > 1 ? weigh(s) : PL_OK);
  PL_TRY(range_ids(s, &s->ranges[0], s->rows_max, &s->ids, &s->cut));
  s->proven = s->proven && s->ranges[0].proves;
  for (size_t i = 1; i < s->count; i++) {
    if (s->ids.count <= SMALL || s->ranges[i].rows / CHEAP > s->ids.count) {
      s->proven = false;
      break;
    }
    bool cut;
    PL_TRY(range_ids(s, &s->ranges[i], SIZE_MAX, &s->more, &cut));
    intersect(&s->ids, &s->more);
    s->proven = s->proven && s->ranges[i].proves;
  }
  keep_strings(&s->ids);
  return PL_OK;
}

static void search_free(search* s) {
  pl_vec_free(s->mem, &s->ids);
  pl_vec_free(s->mem, &s->more);
}

// ---- verifying ----------------------------------------------------------------------------------------------------

/// What a candidate is compared with.
typedef struct wanted {
  pl_words* words;   ///< all of them; or
  pl_str equal;      ///< the whole text, folded
  pl_literal_fn fn;  ///< receives what passes
  void* user;        ///< passed to it
} wanted;

static pl_status passes(const search* s, const wanted* want, pl_str folded, bool* found) {
  if (want->words) {
    return pl_words_match(want->words, folded, s->guard, s->txn->err, found);
  }
  *found = pl_str_eq(want->equal, folded);
  return PL_OK;
}

/// Hand on candidates that need no proof.
static pl_status hand_on(search* s, const wanted* want) {
  pl_status status = PL_OK;
  for (size_t i = 0; i < s->ids.count && status == PL_OK; i++) {
    status = want->fn(want->user, s->ids.data[i]);
  }
  return status;
}

static pl_status verify(search* s, const wanted* want) {
  pl_text_room room;
  pl_status status = PL_OK;
  pl_text_room_init(&room, s->mem);
  for (size_t i = 0; i < s->ids.count && status == PL_OK; i++) {
    if (i % VERIFY_AT_ONCE == 0) {
      status = pl_guard_check(s->guard, s->txn->err);
    }
    status = status == PL_OK ? fold_literal(s->txn, s->ids.data[i], &room, s->guard) : status;
    bool found = false;
    status = status == PL_OK ? passes(s, want, pl_buf_view(&room.folded), &found) : status;
    if (status == PL_OK && found) {
      status = want->fn(want->user, s->ids.data[i]);
    }
  }
  pl_text_room_free(&room);
  return status;
}

static pl_status search_run(search* s, const wanted* want) {
  pl_status status = PL_OK;
  if (s->count == 0) {
    s->ranges[s->count++] = (word_range){.high = UINT64_MAX, .proves = true};
  }
  if (s->txn->store->dbs[PL_DB_TEXT] != 0) {
    status = candidates(s);
    status = status != PL_OK ? status : s->proven ? hand_on(s, want) : verify(s, want);
  }
  search_free(s);
  return status;
}

pl_status pl_text_sample(pl_txn* txn, pl_mem* mem, pl_str text, size_t rows, pl_guard* guard, pl_literal_fn fn,
                         void* user, bool* all) {
  search s = {.txn = txn, .mem = mem, .guard = guard, .rows_max = rows};
  pl_words words;
  pl_words_init(&words, mem);
  pl_status status = pl_words_set(&words, text, guard, txn->err);
  for (size_t i = 0; i < words.words.count && s.count < WORDS_WEIGHED; i++) {
    s.ranges[s.count++] = range_of(words.words.data[i], true);
  }
  s.proven = s.count == words.words.count;
  const wanted want = {.words = &words, .fn = fn, .user = user};
  status = status == PL_OK ? search_run(&s, &want) : status;
  *all = !s.cut;
  pl_words_free(&words);
  return status;
}

pl_status pl_text_match(pl_txn* txn, pl_mem* mem, pl_str text, pl_guard* guard, pl_literal_fn fn, void* user) {
  bool all;
  return pl_text_sample(txn, mem, text, SIZE_MAX, guard, fn, user, &all);
}

pl_status pl_text_among(pl_txn* txn, pl_mem* mem, pl_str text, const pl_id* ids, size_t count, pl_guard* guard,
                        pl_literal_fn fn, void* user) {
  search s = {.txn = txn, .mem = mem, .guard = guard};
  pl_words words;
  pl_words_init(&words, mem);
  pl_status status = pl_words_set(&words, text, guard, txn->err);
  status = status == PL_OK && pl_vec_reserve(mem, &s.ids, count) != PL_OK ? pl_mem_status(mem) : status;
  if (status == PL_OK && count > 0) {
    memcpy(s.ids.data, ids, count * sizeof *ids);
    s.ids.count = count;
    keep_strings(&s.ids);
  }
  const wanted want = {.words = &words, .fn = fn, .user = user};
  status = status == PL_OK ? verify(&s, &want) : status;
  search_free(&s);
  pl_words_free(&words);
  return status;
}

pl_status pl_text_equal(pl_txn* txn, pl_mem* mem, pl_str text, pl_guard* guard, pl_literal_fn fn, void* user) {
  search s = {.txn = txn, .mem = mem, .guard = guard, .rows_max = SIZE_MAX};
  pl_buf folded;
  pl_str word;
  pl_buf_init(&folded, mem, SIZE_MAX / 2);
  pl_status status = fold(txn, text, guard, &folded);
  pl_tokens tokens = pl_tokens_of(pl_buf_view(&folded), false);
  while (status == PL_OK && s.count < WORDS_WEIGHED && pl_tokens_next(&tokens, &word)) {
    s.ranges[s.count++] = range_of(word, false);
  }
  if (s.count == 0) {
    s.ranges[s.count++] = (word_range){0};
  }
  const wanted want = {.equal = pl_buf_view(&folded), .fn = fn, .user = user};
  status = status == PL_OK ? search_run(&s, &want) : status;
  pl_buf_free(&folded);
  return status;
}

pl_status pl_text_estimate(pl_txn* txn, pl_str text, uint64_t* literals) {
  pl_words words;
  *literals = txn->totals.facts;
  if (txn->store->dbs[PL_DB_TEXT] == 0) {
    return PL_OK;
  }
  pl_words_init(&words, &txn->mem);
  pl_status status = pl_words_set(&words, text, NULL, NULL) == PL_OK ? PL_OK : pl_fail(txn->err, PL_MSG_NOMEM);
  for (size_t i = 0; i < words.words.count && i < WORDS_WEIGHED && status == PL_OK; i++) {
    word_range range = range_of(words.words.data[i], true);
    status = range_estimate(txn, &range);
    *literals = range.rows < *literals ? range.rows : *literals;
  }
  pl_words_free(&words);
  return status;
}
