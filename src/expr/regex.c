/// matches() and replace(): PCRE2 patterns, compiled once and kept in a small cache of the run. A limit on matching
/// steps turns catastrophic backtracking into an error of its own; memory comes from the run's account.
///
/// PCRE counts its steps anew at each place of the text where a match could begin, so the limit alone does not bound a long text. So a text is searched
/// a piece at a time, at first with few steps for each place; only if they do not suffice the places are tried a few at a time. The guard is asked between.
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "base/utf8.h"
#include "expr/expr_internal.h"

enum {
  PATTERNS_MAX = 64,         // compiled patterns kept
  STEPS_MAX = 1000000,       // match limit: well below a tenth of a second
  PIECE_PLACES = 32768,      // where a match could begin, of a first try
  PIECE_STEPS = 300,         // for each of these
  PLACES_AT_ONCE = 16,       // of a second try, with STEPS_MAX
  WHOLE_STEPS = 20000000,    // over all places of a text that can only be searched whole,
  WHOLE_STEPS_MIN = 100,     // but for each place at least so many
  DEPTH_MAX = 100000,        // backtracking depth
  HEAP_KIB_MAX = 64 * 1024,  // heap of one match
  BLOCK_HEADER = 16          // size of a block handed to PCRE, kept before it for the sized free
};

typedef struct pattern {
  pl_id pattern;           ///< id of its text
  pl_id flags;             ///< id of the flags; PL_ID_NULL = none
  pcre2_code* code;        ///< compiled
  pcre2_match_data* data;  ///< groups of a match
  bool whole;              ///< a match may depend on where the search began (\G)
} pattern;

struct pl_regex_cache {
  pcre2_general_context* general;  ///< allocator
  pcre2_match_context* match;      ///< limits
  pattern patterns[PATTERNS_MAX];  ///< in order of compiling, then round and round
  uint32_t count;                  ///< used
  uint32_t next;                   ///< next one to replace
  uint32_t newest;                 ///< used last
};

/* --- memory --- */

static void* block_alloc(size_t size, void* user) {
  if (size > SIZE_MAX - BLOCK_HEADER) {
    return NULL;
  }
  char* const block = pl_mem_alloc(user, size + BLOCK_HEADER);
  if (!block) {
    return NULL;
  }
  memcpy(block, &size, sizeof size);
  return block + BLOCK_HEADER;
}

static void block_free(void* ptr, void* user) {
  if (ptr) {
    char* const block = (char*)ptr - BLOCK_HEADER;
    size_t size;
    memcpy(&size, block, sizeof size);
    pl_mem_free(user, block, size + BLOCK_HEADER);
  }
}

static pl_status cache_get(pl_termpool* pool, struct pl_regex_cache** out) {
  if (!pool->regexes) {
    struct pl_regex_cache* const cache = pl_mem_calloc(pool->mem, 1, sizeof *cache);
    if (!cache) {
      return pl_mem_status(pool->mem);
    }
    pool->regexes = cache;
  }
  struct pl_regex_cache* const cache = *out = pool->regexes;
  cache->general = cache->general ? cache->general : pcre2_general_context_create(block_alloc, block_free, pool->mem);
  if (cache->general && !cache->match) {
    cache->match = pcre2_match_context_create(cache->general);
  }
  if (!cache->match) {
    return pl_mem_status(pool->mem);
  }
  (void)pcre2_set_match_limit(cache->match, STEPS_MAX);
  (void)pcre2_set_depth_limit(cache->match, DEPTH_MAX);
  (void)pcre2_set_heap_limit(cache->match, HEAP_KIB_MAX);
  return PL_OK;
}

static void pattern_free(pattern* p) {
  pcre2_match_data_free(p->data);
  pcre2_code_free(p->code);
  *p = (pattern){.code = NULL};
}

void pl_regex_cache_free(struct pl_regex_cache* cache, pl_mem* mem) {
  if (!cache) {
    return;
  }
  for (uint32_t i = 0; i < cache->count; i++) {
    pattern_free(&cache->patterns[i]);
  }
  pcre2_match_context_free(cache->match);
  pcre2_general_context_free(cache->general);
  pl_mem_free(mem, cache, sizeof *cache);
}

/* --- compiling --- */

/// Flags i s m x as options; 0 for an unknown one (a good set is never 0, UTF is always on).
static uint32_t options_of(pl_str flags) {
  uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_NEVER_BACKSLASH_C | PCRE2_USE_OFFSET_LIMIT;
  for (size_t i = 0; i < flags.len; i++) {
    switch (flags.data[i]) {
      case 'i':
        options |= PCRE2_CASELESS;
        break;
      case 's':
        options |= PCRE2_DOTALL;
        break;
      case 'm':
        options |= PCRE2_MULTILINE;
        break;
      case 'x':
        options |= PCRE2_EXTENDED;
        break;
      default:
        return 0;
    }
  }
  return options;
}

/// Compile, or say what is wrong with the pattern.
static pl_status pattern_compile(pcre2_general_context* general, pl_mem* mem, const pl_source* source, pl_span span,
                                 pl_str text, pl_str flags, pl_error* err, pcre2_code** out) {
  const uint32_t options = options_of(flags);
  if (!options) {
    return pl_fail_at(err, source, span, PL_MSG_REGEX_BAD, (size_t)0, "the flags are i, s, m and x");
  }
  pcre2_compile_context* const context = pcre2_compile_context_create(general);
  if (!context) {
    return pl_mem_status(mem);
  }
  int number = 0;
  PCRE2_SIZE offset = 0;
  *out = pcre2_compile((PCRE2_SPTR)(text.data ? text.data : ""), text.len, options, &number, &offset, context);
  pcre2_compile_context_free(context);
  if (*out) {
    (void)pcre2_jit_compile(*out, PCRE2_JIT_COMPLETE);  // without it matching is slower, nothing else
    return PL_OK;
  }
  if (number == PCRE2_ERROR_NOMEMORY || number == PCRE2_ERROR_HEAP_FAILED) {
    return pl_mem_status(mem);
  }
  char reason[128] = "";
  (void)pcre2_get_error_message(number, (PCRE2_UCHAR*)reason, sizeof reason);
  const pl_str before = {text.data, offset < text.len ? offset : text.len};
  return pl_fail_at(err, source, span, PL_MSG_REGEX_BAD, pl_utf8_count(before) + 1, reason);
}

pl_status pl_regex_check(const pl_query* query, pl_span span, pl_str pattern_text, pl_str flags, pl_mem* mem,
                         pl_error* err) {
  const pl_source source = {.name = "query", .text = query->text};
  pcre2_general_context* const general = pcre2_general_context_create(block_alloc, block_free, mem);
  if (!general) {
    return pl_mem_status(mem);
  }
  pcre2_code* code = NULL;
  const pl_status status = pattern_compile(general, mem, &source, span, pattern_text, flags, err, &code);
  pcre2_code_free(code);
  pcre2_general_context_free(general);
  return status;
}

static pl_status pattern_new(const pl_call* call, struct pl_regex_cache* cache, pl_id id, pl_id flags_id,
                             pattern** out) {
  pl_str text;
  pl_str flags = {NULL, 0};
  PL_TRY(pl_call_text(call, id, &text));
  if (flags_id != PL_ID_NULL) {
    PL_TRY(pl_call_text(call, flags_id, &flags));
  }
  pcre2_code* code = NULL;
  const pl_source source = pl_eval_source(call->eval);
  PL_TRY(pattern_compile(cache->general, call->eval->pool->mem, &source, call->node->args[1]->span, text, flags,
                         call->eval->err, &code));
  pcre2_match_data* const data = pcre2_match_data_create_from_pattern(code, cache->general);
  if (!data) {
    pcre2_code_free(code);
    return pl_mem_status(call->eval->pool->mem);
  }
  const uint32_t at = cache->next;
  cache->next = (cache->next + 1) % PATTERNS_MAX;
  cache->count = cache->count < PATTERNS_MAX ? cache->count + 1 : PATTERNS_MAX;
  pattern_free(&cache->patterns[at]);
  cache->patterns[at] = (pattern){
      .pattern = id, .flags = flags_id, .code = code, .data = data, .whole = memmem(text.data, text.len, "\\G", 2)};
  cache->newest = at;
  *out = &cache->patterns[at];
  return PL_OK;
}

static pl_status pattern_get(const pl_call* call, pl_id id, pl_id flags, struct pl_regex_cache** cache, pattern** out) {
  PL_TRY(cache_get(call->eval->pool, cache));
  for (uint32_t i = 0; i < (*cache)->count; i++) {
    const uint32_t at = ((*cache)->newest + i) % (*cache)->count;
    pattern* const p = &(*cache)->patterns[at];
    if (p->pattern == id && p->flags == flags) {
      (*cache)->newest = at;
      *out = p;
      return PL_OK;
    }
  }
  return pattern_new(call, *cache, id, flags, out);
}

/* --- matching --- */

/// A negative result that is not "no match": limits get their message, text that is not UTF-8 matches nothing.
static pl_status match_failed(const pl_call* call, int rc, size_t bytes) {
  const pl_source source = pl_eval_source(call->eval);
  switch (rc) {
    case PCRE2_ERROR_NOMEMORY:
      return pl_mem_status(call->eval->pool->mem);
    case PCRE2_ERROR_MATCHLIMIT:
    case PCRE2_ERROR_DEPTHLIMIT:
    case PCRE2_ERROR_HEAPLIMIT:
    case PCRE2_ERROR_RECURSELOOP:
      return pl_fail_at(call->eval->err, &source, call->node->span, PL_MSG_REGEX_LIMIT, bytes);
    default:
      return PL_DONE;
  }
}

static PCRE2_SPTR subject_of(pl_str s) { return (PCRE2_SPTR)(s.data ? s.data : ""); }

/// A search for matches in one text.
typedef struct search {
  const pl_call* call;          ///< whose guard is asked
  const pattern* p;             ///< searched
  pcre2_match_context* limits;  ///< of steps and places
  pl_str s;                     ///< text
} search;

/// A match that begins at one of [from, last].
static int match_between(const search* m, size_t from, size_t last, uint32_t steps, uint32_t options) {
  const uint32_t checked = options | (from ? PCRE2_NO_UTF_CHECK : 0);
  const pattern* const p = m->p;
  (void)pcre2_set_match_limit(m->limits, steps);
  (void)pcre2_set_offset_limit(m->limits, last);
  int rc = pcre2_match(p->code, subject_of(m->s), m->s.len, from, checked, p->data, m->limits);
  if (rc == PCRE2_ERROR_JIT_STACKLIMIT) {
    rc = pcre2_match(p->code, subject_of(m->s), m->s.len, from, checked | PCRE2_NO_JIT, p->data, m->limits);
  }
  return rc;
}

/// The last of `count` places from `from` on: the next one is the beginning of a character.
static size_t last_place(pl_str s, size_t from, size_t count) {
  size_t last = from + count - 1;
  while (last + 1 < s.len && ((unsigned char)s.data[last + 1] & 0xC0) == 0x80) {
    last++;
  }
  return last < s.len ? last : s.len;
}

/// A match that begins in [from, last], with as many steps for each place as there are.
static pl_status match_slowly(const search* m, size_t from, size_t last, int* rc) {
  for (size_t at = from; at <= last;) {
    const size_t end = last_place(m->s, at, PLACES_AT_ONCE);
    PL_TRY(pl_guard_check(m->call->eval->guard, m->call->eval->err));
    *rc = match_between(m, at, end < last ? end : last, STEPS_MAX, 0);
    if (*rc != PCRE2_ERROR_NOMATCH) {
      return PL_OK;
    }
    at = end + 1;
  }
  return PL_OK;
}

/// The first match that begins at `from` or behind it; *rc is PCRE's result.
static pl_status find_match(const search* m, size_t from, int* rc) {
  pl_eval* const eval = m->call->eval;
  if (m->p->whole) {
    const size_t steps = WHOLE_STEPS / (m->s.len + 1);
    PL_TRY(pl_guard_check(eval->guard, eval->err));
    *rc = match_between(m, from, PCRE2_UNSET,
                        steps > STEPS_MAX         ? STEPS_MAX
                        : steps < WHOLE_STEPS_MIN ? WHOLE_STEPS_MIN
                                                  : (uint32_t)steps,
                        0);
    return PL_OK;
  }
  for (size_t at = from; at <= m->s.len;) {
    const size_t last = last_place(m->s, at, PIECE_PLACES);
    PL_TRY(pl_guard_check(eval->guard, eval->err));
    *rc = match_between(m, at, last, PIECE_STEPS, 0);
    PL_TRY(*rc == PCRE2_ERROR_MATCHLIMIT ? match_slowly(m, at, last, rc) : PL_OK);
    if (*rc != PCRE2_ERROR_NOMATCH) {
      return PL_OK;
    }
    at = last + 1;
  }
  return PL_OK;
}

pl_status pl_fn_matches(const pl_call* call, const pl_id* args, pl_id* out) {
  struct pl_regex_cache* cache;
  pattern* p;
  pl_str s;
  PL_TRY(pl_call_text(call, args[0], &s));
  PL_TRY(pattern_get(call, args[1], call->count > 2 ? args[2] : PL_ID_NULL, &cache, &p));
  int rc = 0;
  const search m = {call, p, cache->match, s};
  PL_TRY(find_match(&m, 0, &rc));
  if (rc < 0 && rc != PCRE2_ERROR_NOMATCH) {
    return match_failed(call, rc, s.len);
  }
  *out = pl_bool_id(rc >= 0);
  return PL_OK;
}

/// Append what replaces the match at hand.
static pl_status put_replacement(const search* m, pl_str with, pl_buf* buf) {
  const uint32_t options = PCRE2_SUBSTITUTE_MATCHED | PCRE2_SUBSTITUTE_REPLACEMENT_ONLY |
                           PCRE2_SUBSTITUTE_OVERFLOW_LENGTH | PCRE2_SUBSTITUTE_UNKNOWN_UNSET |
                           PCRE2_SUBSTITUTE_UNSET_EMPTY;
  if (with.len && !memchr(with.data, '$', with.len)) {
    return pl_buf_str(buf, with);
  }
  for (size_t room = with.len + 64;;) {
    PL_TRY(pl_buf_reserve(buf, room));
    size_t size = buf->capacity - buf->len;
    room = size;
    const int rc = pcre2_substitute(m->p->code, subject_of(m->s), m->s.len, 0, options, m->p->data, m->limits,
                                    subject_of(with), with.len, (PCRE2_UCHAR*)buf->data + buf->len, &size);
    if (rc >= 0) {
      buf->len += size;
      return PL_OK;
    }
    if (rc == PCRE2_ERROR_NOMEMORY && size > room && size != PCRE2_UNSET) {
      room = size;  // what it takes
      continue;
    }
    if (rc == PCRE2_ERROR_BADREPLACEMENT || rc == PCRE2_ERROR_BADREPESCAPE || rc == PCRE2_ERROR_REPMISSINGBRACE) {
      const pl_source source = pl_eval_source(m->call->eval);
      return pl_fail_at(m->call->eval->err, &source, m->call->node->args[2]->span, PL_MSG_REGEX_REPLACEMENT,
                        "a lone $ or an unclosed ${");
    }
    return match_failed(m->call, rc, m->s.len);
  }
}

/// The next match from *at on. Where an empty match ended, only one that is not empty may begin; without one the search goes on behind that character.
static pl_status next_match(const search* m, size_t* at, bool after_empty, int* rc) {
  if (after_empty) {
    PL_TRY(pl_guard_check(m->call->eval->guard, m->call->eval->err));
    *rc = match_between(m, *at, *at, STEPS_MAX, PCRE2_NOTEMPTY_ATSTART | PCRE2_ANCHORED);
    if (*rc != PCRE2_ERROR_NOMATCH || *at >= m->s.len) {
      return PL_OK;
    }
    *at = last_place(m->s, *at, 1) + 1;
  }
  return find_match(m, *at, rc);
}

static pl_status replace_all(const search* m, pl_str with, pl_buf* buf) {
  const size_t* const found = pcre2_get_ovector_pointer(m->p->data);
  bool after_empty = false;
  size_t kept = 0;
  for (size_t at = 0;;) {
    int rc = 0;
    PL_TRY(next_match(m, &at, after_empty, &rc));
    if (rc == PCRE2_ERROR_NOMATCH) {
      return pl_buf_append(buf, m->s.data + kept, m->s.len - kept);
    }
    if (rc < 0 || found[0] < kept || found[1] < found[0]) {  // \K may put the beginning anywhere
      return match_failed(m->call, rc < 0 ? rc : PCRE2_ERROR_BADSUBSPATTERN, m->s.len);
    }
    PL_TRY(pl_buf_append(buf, m->s.data + kept, found[0] - kept));
    PL_TRY(put_replacement(m, with, buf));
    after_empty = found[0] == found[1];
    at = kept = found[1];
  }
}

pl_status pl_fn_replace(const pl_call* call, const pl_id* args, pl_id* out) {
  struct pl_regex_cache* cache;
  pattern* p;
  pl_str s;
  pl_str with;
  PL_TRY(pl_call_text(call, args[0], &s));
  PL_TRY(pl_call_text(call, args[2], &with));
  PL_TRY(pattern_get(call, args[1], call->count > 3 ? args[3] : PL_ID_NULL, &cache, &p));
  pl_buf* const buf = pl_call_buf(call);
  const search m = {call, p, cache->match, s};
  const pl_status status = replace_all(&m, with, buf);
  return status == PL_OK || buf->status != PL_OK ? pl_call_put_buf(call, out) : status;
}
