/// UTF-8 by the table of well-formed byte sequences (Unicode, table 3-7): the second byte's range depends on the first,
/// all later ones are 80..BF. That one rule excludes overlong forms, surrogates and values beyond U+10FFFF.
#include "base/utf8.h"

#include <utf8proc.h>

static bool in_range(unsigned char byte, unsigned low, unsigned high) { return byte >= low && byte <= high; }

/// Bytes of the well-formed sequence at p (1 to 4), or 0.
static size_t sequence_len(const unsigned char* p, size_t left) {
  if (p[0] < 0x80) {
    return 1;
  }
  const size_t len = in_range(p[0], 0xC2, 0xDF)   ? 2
                     : in_range(p[0], 0xE0, 0xEF) ? 3
                     : in_range(p[0], 0xF0, 0xF4) ? 4
                                                  : 0;
  if (len == 0 || len > left) {
    return 0;
  }
  const unsigned low = p[0] == 0xE0 ? 0xA0 : p[0] == 0xF0 ? 0x90 : 0x80;
  const unsigned high = p[0] == 0xED ? 0x9F : p[0] == 0xF4 ? 0x8F : 0xBF;
  if (!in_range(p[1], low, high)) {
    return 0;
  }
  for (size_t i = 2; i < len; i++) {
    if (!in_range(p[i], 0x80, 0xBF)) {
      return 0;
    }
  }
  return len;
}

/// First offset from `pos` on that may not be ASCII, eight bytes at a time.
static size_t skip_ascii(const unsigned char* p, size_t pos, size_t len) {
  while (len - pos >= 16) {
    uint64_t words[2];
    memcpy(words, p + pos, sizeof(words));
    if ((words[0] | words[1]) & UINT64_C(0x8080808080808080)) {
      break;
    }
    pos += 16;
  }
  while (pos < len && p[pos] < 0x80) {
    pos++;
  }
  return pos;
}

size_t pl_utf8_check(pl_str s) {
  const unsigned char* const p = (const unsigned char*)s.data;
  size_t pos = 0;
  while (pos < s.len) {
    if (p[pos] < 0x80) {
      pos = skip_ascii(p, pos, s.len);
      continue;
    }
    const size_t len = sequence_len(p + pos, s.len - pos);
    if (len == 0) {
      return pos;
    }
    pos += len;
  }
  return s.len;
}

uint32_t pl_utf8_next(pl_str s, size_t* pos) {
  assert(*pos < s.len);
  const unsigned char* const p = (const unsigned char*)s.data + *pos;
  const size_t len = sequence_len(p, s.len - *pos);
  *pos += len ? len : 1;
  switch (len) {
    case 1:
      return p[0];
    case 2:
      return (p[0] & 0x1Fu) << 6 | (p[1] & 0x3Fu);
    case 3:
      return (p[0] & 0x0Fu) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
    case 4:
      return (p[0] & 0x07u) << 18 | (p[1] & 0x3Fu) << 12 | (p[2] & 0x3Fu) << 6 | (p[3] & 0x3Fu);
    default:
      return UINT32_MAX;
  }
}

size_t pl_utf8_put(char out[4], uint32_t c) {
  if (c < 0x80) {
    out[0] = (char)c;
    return 1;
  }
  if (c < 0x800) {
    out[0] = (char)(0xC0 | c >> 6);
    out[1] = (char)(0x80 | (c & 0x3F));
    return 2;
  }
  if (c >= 0xD800 && c <= 0xDFFF) {
    return 0;
  }
  if (c < 0x10000) {
    out[0] = (char)(0xE0 | c >> 12);
    out[1] = (char)(0x80 | (c >> 6 & 0x3F));
    out[2] = (char)(0x80 | (c & 0x3F));
    return 3;
  }
  if (c > 0x10FFFF) {
    return 0;
  }
  out[0] = (char)(0xF0 | c >> 18);
  out[1] = (char)(0x80 | (c >> 12 & 0x3F));
  out[2] = (char)(0x80 | (c >> 6 & 0x3F));
  out[3] = (char)(0x80 | (c & 0x3F));
  return 4;
}

size_t pl_utf8_count(pl_str s) {
  size_t count = 0;
  for (size_t pos = 0; pos < s.len; count++) {
    (void)pl_utf8_next(s, &pos);
  }
  return count;
}

size_t pl_utf8_width(pl_str s) {
  size_t cells = 0;
  for (size_t pos = 0; pos < s.len;) {
    const uint32_t c = pl_utf8_next(s, &pos);
    if (c == UINT32_MAX) {
      cells++;  // shown as one replacement character
    } else if (c < 0x80) {
      cells += c >= 0x20 && c != 0x7F;
    } else {
      const int width = utf8proc_charwidth((utf8proc_int32_t)c);
      cells += width > 0 ? (size_t)width : 0;
    }
  }
  return cells;
}
