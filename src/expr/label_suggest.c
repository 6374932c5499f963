/// Labels like one that no node has.
///
/// Candidates come from the text index: all literals of a small index; else those whose words begin like all words of the name but one, or,
/// should nothing be near, like one of them. No more than some thousands are looked at each time, so that a misspelt name costs milliseconds
/// on any store. What is near is then checked to be a label.
#include "expr/label_nodes.h"
#include "expr/termpool_internal.h"
#include "text/fold.h"
#include "text/token.h"

#include "base/utf8.h"

enum {
  LOOKED_AT_MAX = 4096,  ///< literals compared, for each search of the index
  ROWS_MAX = 32768,      ///< rows of the index read for it
  WORDS_MAX = 8,         ///< words of the name that are tried
  BEGINNING = 3,         ///< characters of a word that are taken to be right
  NAME_BYTES_MAX = 256   ///< longer names have no typo in them
};

typedef struct suggestion {
  pl_id literal;      ///< 0 = none
  uint32_t distance;  ///< from the name
} suggestion;

typedef struct search {
  pl_termpool* pool;                      ///< of the run
  pl_guard* guard;                        ///< may be NULL
  pl_arena arena;                         ///< text at hand
  pl_buf name;                            ///< folded
  pl_buf label;                           ///< folded, at hand
  pl_buf words;                           ///< looked for in the index
  uint32_t distance_max;                  ///< beyond this nothing is alike
  size_t looked_at;                       ///< literals
  suggestion best[PL_LABEL_SUGGESTIONS];  ///< nearest first
  pl_scan* scan;                          ///< pos
} search;

static pl_status is_label(search* s, pl_id literal, bool* out) {
  const pl_settings* const settings = pl_txn_settings(s->pool->txn);
  *out = false;
  for (size_t i = 0; i < settings->label_predicate_count && !*out; i++) {
    const pl_id prefix[2] = {settings->label_predicates[i], literal};
    pl_id subject;
    pl_id* const columns[4] = {NULL, NULL, &subject, NULL};
    size_t count = 0;
    PL_TRY(pl_scan_range(s->scan, prefix, 2, 0, UINT64_MAX));
    PL_TRY(pl_scan_fill(s->scan, columns, 1, &count));
    *out = count > 0;
  }
  return PL_OK;
}

static void keep(search* s, suggestion fresh) {
  for (size_t i = 0; i < PL_LABEL_SUGGESTIONS; i++) {
    suggestion* const at = &s->best[i];
    if (at->literal == fresh.literal) {
      return;
    }
    if (at->literal == PL_ID_NULL || fresh.distance < at->distance) {
      const suggestion moved = *at;
      *at = fresh;
      fresh = moved;
    }
    if (fresh.literal == PL_ID_NULL) {
      return;
    }
  }
}

static pl_status look_at(void* user, pl_id literal) {
  search* const s = user;
  pl_term term;
  bool good = false;
  if (++s->looked_at > LOOKED_AT_MAX) {
    return PL_DONE;
  }
  pl_arena_reset(&s->arena);
  PL_TRY(pl_dict_term(s->pool->txn, literal, &s->arena, &term));
  if (term.text.len > 2 * NAME_BYTES_MAX) {
    return PL_OK;
  }
  pl_buf_clear(&s->label);
  PL_TRY(pl_fold(term.text, &s->label));
  const uint32_t distance = pl_edit_distance(pl_buf_view(&s->name), pl_buf_view(&s->label), s->distance_max);
  if (distance > s->distance_max) {
    return PL_OK;
  }
  PL_TRY(is_label(s, literal, &good));
  if (good) {
    keep(s, (suggestion){literal, distance});
  }
  return PL_OK;
}

/// Compare the literals with such words; *all tells whether it was every one of them.
static pl_status look_through(search* s, pl_str words, bool* all) {
  s->looked_at = 0;
  const pl_status status = pl_text_sample(s->pool->txn, s->pool->mem, words, ROWS_MAX, s->guard, look_at, s, all);
  *all = *all && status == PL_OK;
  return status == PL_DONE ? PL_OK : status;
}

static pl_str beginning(pl_str word) {
  size_t end = 0;
  for (size_t i = 0; i < BEGINNING && end < word.len; i++) {
    (void)pl_utf8_next(word, &end);
  }
  return (pl_str){word.data, end};
}

/// Look through the texts whose words begin like the chosen ones.
static pl_status look_for(search* s, const pl_str* words, size_t count, size_t except) {
  bool all;
  pl_buf_clear(&s->words);
  for (size_t i = 0; i < count; i++) {
    if (i != except) {
      PL_TRY(pl_buf_str(&s->words, beginning(words[i])));
      PL_TRY(pl_buf_char(&s->words, ' '));
    }
  }
  return look_through(s, pl_buf_view(&s->words), &all);
}

static pl_status run_search(search* s) {
  pl_str words[WORDS_MAX];
  size_t count = 0;
  bool all;
  pl_tokens tokens = pl_tokens_of(pl_buf_view(&s->name), true);
  PL_TRY(look_through(s, PL_STR(""), &all));
  while (count < WORDS_MAX && !all && pl_tokens_next(&tokens, &words[count])) {
    count++;
  }
  for (size_t i = 0; i < count && count > 1; i++) {
    PL_TRY(look_for(s, words, count, i));
  }
  for (size_t i = 0; i < count && s->best[0].literal == PL_ID_NULL; i++) {
    PL_TRY(look_for(s, &words[i], 1, SIZE_MAX));
  }
  return PL_OK;
}

static pl_status give(search* s, pl_arena* arena, pl_str* out, size_t* count) {
  for (size_t i = 0; i < PL_LABEL_SUGGESTIONS && s->best[i].literal != PL_ID_NULL; i++) {
    pl_term term;
    PL_TRY(pl_dict_term(s->pool->txn, s->best[i].literal, arena, &term));
    out[i] = pl_arena_str(arena, term.text);  // an inline text lies in the term's own buffer
    PL_TRY(out[i].data ? PL_OK : pl_mem_status(arena->mem));
    ++*count;
  }
  return PL_OK;
}

pl_status pl_label_suggest(pl_termpool* pool, pl_guard* guard, pl_str name, pl_arena* arena,
                           pl_str out[PL_LABEL_SUGGESTIONS], size_t* count) {
  search s = {.pool = pool, .guard = guard};
  *count = 0;
  if (name.len > NAME_BYTES_MAX) {
    return PL_OK;
  }
  PL_TRY(pl_scan_open(pool->txn, PL_ORDER_POS, PL_SCAN_FACTS, NULL, pool->mem, &s.scan));
  pl_arena_init(&s.arena, pool->mem);
  pl_buf_init(&s.name, pool->mem, SIZE_MAX / 2);
  pl_buf_init(&s.label, pool->mem, SIZE_MAX / 2);
  pl_buf_init(&s.words, pool->mem, SIZE_MAX / 2);
  pl_status status = pl_fold(name, &s.name);
  const size_t points = pl_utf8_count(pl_buf_view(&s.name));
  s.distance_max = points < 4 ? 1 : points > 15 ? 5 : (uint32_t)points / 3;
  status = status == PL_OK ? run_search(&s) : status;
  status = status == PL_OK ? give(&s, arena, out, count) : status;
  pl_buf_free(&s.words);
  pl_buf_free(&s.label);
  pl_buf_free(&s.name);
  pl_arena_free(&s.arena);
  pl_scan_close(s.scan);
  return status;
}
