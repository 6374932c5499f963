/// Fingerprint of a document, and blank node labels under it.
#include "load/scope.h"

#include "base/utf8.h"
#include "load/bytes.h"

#include <stdio.h>
#include <xxhash.h>

static bool is_hex(pl_str s) {
  for (size_t i = 0; i < s.len; i++) {
    const char c = s.data[i];
    if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
      return false;
    }
  }
  return true;
}

bool pl_scope_keeps(pl_str label) {
  const bool scoped = label.len > PL_SCOPE_BYTES && label.data[0] == 'x' && label.data[PL_SCOPE_BYTES - 1] == '_' &&
                      is_hex((pl_str){label.data + 1, 16});
  const bool made =
      label.len == 33 && (label.data[0] == 'r' || label.data[0] == 'n') && is_hex((pl_str){label.data + 1, 32});
  return scoped || made;
}

static pl_status make_prefix(pl_scope* scope) {
  const pl_load_options* const options = scope->context->options;
  const uint64_t total = pl_bytes_total(scope->context->bytes);
  const bool arrived = total == 0 && options && options->commit_every > 0;  // a stream whose rows cannot wait
  pl_str head;
  PL_TRY(pl_bytes_head(scope->context->bytes, arrived, &head));
  const uint64_t digits = XXH3_64bits_withSeed(head.data, head.len, total);
  const int n = snprintf(scope->prefix, sizeof(scope->prefix), "x%016llx_", (unsigned long long)digits);
  assert(n == PL_SCOPE_BYTES);
  scope->made = (pl_str){scope->prefix, (size_t)n};
  return PL_OK;
}

pl_status pl_scope_label(pl_scope* scope, pl_arena* arena, pl_str label, pl_str* out) {
  *out = label;
  if (pl_scope_keeps(label)) {
    return PL_OK;
  }
  if (!scope->made.len) {
    PL_TRY(make_prefix(scope));
  }
  char* const text = pl_arena_alloc(arena, scope->made.len + label.len);
  if (!text) {
    return pl_fail(scope->context->err, PL_MSG_NOMEM);
  }
  memcpy(text, scope->made.data, scope->made.len);
  memcpy(text + scope->made.len, label.data, label.len);
  *out = (pl_str){text, scope->made.len + label.len};
  return PL_OK;
}

typedef struct range {
  uint32_t first;  ///< first code point
  uint32_t last;   ///< last code point
} range;

/// PN_CHARS_BASE beyond ASCII (Turtle, production 163s).
static const range name_start[] = {{0xC0, 0xD6},     {0xD8, 0xF6},     {0xF8, 0x2FF},    {0x370, 0x37D},
                                   {0x37F, 0x1FFF},  {0x200C, 0x200D}, {0x2070, 0x218F}, {0x2C00, 0x2FEF},
                                   {0x3001, 0xD7FF}, {0xF900, 0xFDCF}, {0xFDF0, 0xFFFD}, {0x10000, 0xEFFFF}};
/// What PN_CHARS adds beyond ASCII.
static const range name_more[] = {{0xB7, 0xB7}, {0x300, 0x36F}, {0x203F, 0x2040}};

static bool in_ranges(uint32_t c, const range* ranges, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (c >= ranges[i].first && c <= ranges[i].last) {
      return true;
    }
  }
  return false;
}

static bool label_char(uint32_t c, bool first) {
  if (c < 0x80) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return letter || c == '_' || (!first && c == '-');
  }
  return in_ranges(c, name_start, PL_COUNT_OF(name_start)) ||
         (!first && in_ranges(c, name_more, PL_COUNT_OF(name_more)));
}

size_t pl_blank_label_scan(pl_str s) {
  size_t end = 0;
  for (size_t pos = 0; pos < s.len;) {
    const bool first = pos == 0;
    if (s.data[pos] == '.' && !first) {
      pos++;  // a label may hold points but not end with one
      continue;
    }
    const uint32_t c = pl_utf8_next(s, &pos);
    if (c == UINT32_MAX || !label_char(c, first)) {
      break;
    }
    end = pos;
  }
  return end;
}
