/// String functions. A text may carry a language; results are plain strings, so that lower(?name) compares with what a
/// user types whatever language ?name was tagged with. Positions and lengths count code points.
#include <utf8proc.h>

#include "base/utf8.h"
#include "expr/expr_internal.h"
#include "text/fold.h"

enum { BYTES_BETWEEN_CHECKS = 1 << 18, PARTS_BETWEEN_CHECKS = 1 << 12, SEARCHED_AT_ONCE = 1 << 22 };

static pl_status ask(const pl_call* call) { return pl_guard_check(call->eval->guard, call->eval->err); }

/* --- case, trim, fold --- */

typedef utf8proc_int32_t (*map_fn)(utf8proc_int32_t c);

static pl_status map_text(const pl_call* call, pl_id id, map_fn map, pl_id* out) {
  pl_str s;
  PL_TRY(pl_call_text(call, id, &s));
  pl_buf* const buf = pl_call_buf(call);
  (void)pl_buf_reserve(buf, s.len);
  size_t asked = 0;
  for (size_t pos = 0; pos < s.len && buf->status == PL_OK;) {
    char bytes[4];
    const size_t at = pos;
    if (at - asked >= BYTES_BETWEEN_CHECKS) {
      asked = at;
      PL_TRY(ask(call));
    }
    const uint32_t c = pl_utf8_next(s, &pos);
    const size_t len = c == UINT32_MAX ? 0 : pl_utf8_put(bytes, (uint32_t)map((utf8proc_int32_t)c));
    (void)(len ? pl_buf_append(buf, bytes, len) : pl_buf_append(buf, s.data + at, pos - at));
  }
  return pl_call_put_buf(call, out);
}

pl_status pl_fn_lower(const pl_call* call, const pl_id* args, pl_id* out) {
  return map_text(call, args[0], utf8proc_tolower, out);
}

pl_status pl_fn_upper(const pl_call* call, const pl_id* args, pl_id* out) {
  return map_text(call, args[0], utf8proc_toupper, out);
}

pl_status pl_fn_fold(const pl_call* call, const pl_id* args, pl_id* out) {
  pl_str s;
  PL_TRY(pl_call_text(call, args[0], &s));
  PL_TRY(pl_fold_within(s, call->eval->guard, call->eval->err, pl_call_buf(call)));
  return pl_call_put_buf(call, out);
}

static bool is_space(uint32_t c) {
  return c == ' ' || (c >= '\t' && c <= '\r') ||
         (c >= 0x80 && c != UINT32_MAX && utf8proc_category((utf8proc_int32_t)c) == UTF8PROC_CATEGORY_ZS);
}

pl_status pl_fn_trim(const pl_call* call, const pl_id* args, pl_id* out) {
  pl_str s;
  PL_TRY(pl_call_text(call, args[0], &s));
  size_t start = s.len;
  size_t end = s.len;
  for (size_t pos = 0; pos < s.len;) {
    const size_t at = pos;
    if (is_space(pl_utf8_next(s, &pos))) {
      continue;
    }
    start = start == s.len ? at : start;
    end = pos;
  }
  return start == s.len ? pl_call_put_string(call, PL_STR(""), out)
                        : pl_call_put_string(call, (pl_str){s.data + start, end - start}, out);
}

/* --- parts --- */

/// Code points of a string, facts of a path.
pl_status pl_fn_length(const pl_call* call, const pl_id* args, pl_id* out) {
  pl_str s;
  pl_path_value path;
  if (pl_termpool_path(call->eval->pool, args[0], &path)) {
    return pl_call_put_integer(call, (int64_t)path.length, out);
  }
  PL_TRY(pl_call_text(call, args[0], &s));
  return pl_call_put_integer(call, (int64_t)pl_utf8_count(s), out);
}

/// Bytes of the first `count` code points from `pos` on.
static size_t skip_code_points(pl_str s, size_t pos, int64_t count) {
  while (count > 0 && pos < s.len) {
    (void)pl_utf8_next(s, &pos);
    count--;
  }
  return pos;
}

/// As in XPath: positions before the first count against the length, so substr("abc", 0, 2) is "a".
pl_status pl_fn_substr(const pl_call* call, const pl_id* args, pl_id* out) {
  pl_str s;
  int64_t first;
  int64_t length = INT64_MAX;
  int64_t after;  // first position not taken
  PL_TRY(pl_call_text(call, args[0], &s));
  PL_TRY(pl_call_integer(call, args[1], &first));
  if (call->count > 2) {
    PL_TRY(pl_call_integer(call, args[2], &length));
  }
  if (__builtin_add_overflow(first, length, &after)) {
    after = length < 0 ? INT64_MIN : INT64_MAX;
  }
  first = first < 1 ? 1 : first;
  after = after < first ? first : after;
  const size_t start = skip_code_points(s, 0, first - 1);
  const size_t end = skip_code_points(s, start, after - first);
  return pl_call_put_string(call, (pl_str){s.data + start, end - start}, out);
}

pl_status pl_fn_concat(const pl_call* call, const pl_id* args, pl_id* out) {
  pl_buf* const buf = pl_call_buf(call);
  for (uint32_t i = 0; i < call->count; i++) {
    pl_str s;
    PL_TRY(pl_call_any_text(call, args[i], &s));
    (void)pl_buf_str(buf, s);
  }
  return pl_call_put_buf(call, out);
}

/* --- search --- */

static const char* find(pl_str s, pl_str part) {
  return part.len == 0 ? s.data ? s.data : "" : s.len == 0 ? NULL : memmem(s.data, s.len, part.data, part.len);
}

/// Is `part` in a text that may be long? It is looked for in pieces that overlap by less than itself.
static pl_status find_long(const pl_call* call, pl_str s, pl_str part, bool* found) {
  for (*found = false; !*found;) {
    const size_t piece = s.len > SEARCHED_AT_ONCE + part.len ? SEARCHED_AT_ONCE + part.len : s.len;
    *found = find((pl_str){s.data, piece}, part) != NULL;
    if (piece == s.len) {
      break;
    }
    s = (pl_str){s.data + SEARCHED_AT_ONCE, s.len - SEARCHED_AT_ONCE};
    PL_TRY(ask(call));
  }
  return PL_OK;
}

pl_status pl_fn_contains(const pl_call* call, const pl_id* args, pl_id* out) {
  pl_str s;
  pl_str part;
  PL_TRY(pl_call_text(call, args[0], &s));
  PL_TRY(pl_call_text(call, args[1], &part));
  bool found;
  PL_TRY(find_long(call, s, part, &found));
  *out = pl_bool_id(found);
  return PL_OK;
}

pl_status pl_fn_starts_with(const pl_call* call, const pl_id* args, pl_id* out) {
  pl_str s;
  pl_str part;
  PL_TRY(pl_call_text(call, args[0], &s));
  PL_TRY(pl_call_text(call, args[1], &part));
  *out = pl_bool_id(pl_str_starts(s, part));
  return PL_OK;
}

pl_status pl_fn_ends_with(const pl_call* call, const pl_id* args, pl_id* out) {
  pl_str s;
  pl_str part;
  PL_TRY(pl_call_text(call, args[0], &s));
  PL_TRY(pl_call_text(call, args[1], &part));
  const size_t rest = s.len >= part.len ? s.len - part.len : 0;
  *out = pl_bool_id(s.len >= part.len && pl_str_eq((pl_str){s.data + rest, part.len}, part));
  return PL_OK;
}

/* --- split --- */

typedef PL_VEC(pl_id) id_vector;

static pl_status split_push(const pl_call* call, id_vector* items, pl_str part) {
  pl_id id;
  PL_TRY(items->count % PARTS_BETWEEN_CHECKS == PARTS_BETWEEN_CHECKS - 1 ? ask(call) : PL_OK);
  PL_TRY(pl_call_put_string(call, part, &id));
  return pl_vec_push(call->eval->mem, items, id);
}

/// At every separator; an empty one splits into code points.
static pl_status split_text(const pl_call* call, pl_str s, pl_str separator, id_vector* items) {
  size_t pos = 0;
  while (separator.len == 0 && pos < s.len) {
    const size_t start = pos;
    (void)pl_utf8_next(s, &pos);
    PL_TRY(split_push(call, items, (pl_str){s.data + start, pos - start}));
  }
  if (separator.len == 0) {
    return PL_OK;
  }
  for (;;) {
    const char* const at = find((pl_str){s.data + pos, s.len - pos}, separator);
    const size_t end = at ? (size_t)(at - s.data) : s.len;
    PL_TRY(split_push(call, items, (pl_str){s.data + pos, end - pos}));
    if (!at) {
      return PL_OK;
    }
    pos = end + separator.len;
  }
}

pl_status pl_fn_split(const pl_call* call, const pl_id* args, pl_id* out) {
  pl_str s;
  pl_str separator;
  id_vector items = {.data = NULL};
  PL_TRY(pl_call_text(call, args[0], &s));
  PL_TRY(pl_call_text(call, args[1], &separator));
  pl_status status = split_text(call, s, separator, &items);
  status = status == PL_OK ? pl_termpool_put_list(call->eval->pool, items.data, items.count, out) : status;
  pl_vec_free(call->eval->mem, &items);
  return status;
}

/* --- text match --- */

/// x ~ words: every word of the query starts or equals a word of x, both folded. Words stay prepared while the query is the same.
pl_status pl_fn_match_text(const pl_call* call, const pl_id* args, pl_id* out) {
  pl_termpool* const pool = call->eval->pool;
  pl_str text;
  pl_str query;
  PL_TRY(pl_call_text(call, args[0], &text));
  PL_TRY(pl_call_text(call, args[1], &query));
  if (pool->words_of != args[1]) {
    pool->words_of = PL_ID_NULL;
    PL_TRY(pl_words_set(&pool->words, query, call->eval->guard, call->eval->err));
    pool->words_of = args[1];
  }
  pl_buf* const buf = pl_call_buf(call);
  bool found;
  PL_TRY(pl_fold_within(text, call->eval->guard, call->eval->err, buf));
  PL_TRY(pl_words_match(&pool->words, pl_buf_view(buf), call->eval->guard, call->eval->err, &found));
  *out = pl_bool_id(found);
  return PL_OK;
}
