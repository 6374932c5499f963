/// Character classes of names and IRIs.
#include "term/chars.h"

typedef struct char_range {
  uint32_t first;  ///< lowest code point
  uint32_t last;   ///< highest code point
} char_range;

// PN_CHARS_BASE beyond ASCII, then what only PN_CHARS adds.
static const char_range base_ranges[] = {{0xC0, 0xD6},     {0xD8, 0xF6},     {0xF8, 0x2FF},    {0x370, 0x37D},
                                         {0x37F, 0x1FFF},  {0x200C, 0x200D}, {0x2070, 0x218F}, {0x2C00, 0x2FEF},
                                         {0x3001, 0xD7FF}, {0xF900, 0xFDCF}, {0xFDF0, 0xFFFD}, {0x10000, 0xEFFFF}};
static const char_range extra_ranges[] = {{0xB7, 0xB7}, {0x300, 0x36F}, {0x203F, 0x2040}};

static bool in_ranges(uint32_t c, const char_range* ranges, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (c >= ranges[i].first && c <= ranges[i].last) {
      return true;
    }
  }
  return false;
}

static bool is_letter(uint32_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool pl_char_is_name_start(uint32_t c) {
  return c < 0x80 ? is_letter(c) || c == '_' : in_ranges(c, base_ranges, PL_COUNT_OF(base_ranges));
}

bool pl_char_is_name(uint32_t c) {
  if (c < 0x80) {
    return is_letter(c) || c == '_' || c == '-' || (c >= '0' && c <= '9');
  }
  return pl_char_is_name_start(c) || in_ranges(c, extra_ranges, PL_COUNT_OF(extra_ranges));
}

bool pl_char_in_iri(uint32_t c) {
  switch (c) {
    case '<':
      return false;
    case '>':
      return false;
    case '"':
      return false;
    case '{':
      return false;
    case '}':
      return false;
    case '|':
      return false;
    case '^':
      return false;
    case '`':
      return false;
    case '\\':
      return false;
    default:
      return c > 0x20;
  }
}
