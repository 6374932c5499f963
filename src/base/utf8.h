/// UTF-8 (RFC 3629): validation, decoding, encoding, counting. Shortest forms only, no surrogates, at most U+10FFFF.
#ifndef PL_BASE_UTF8_H
#define PL_BASE_UTF8_H

#include "base/base.h"

/// Offset of the first invalid byte, or `s.len` if the whole is valid. ASCII runs are checked 8 or more bytes at a time.
size_t pl_utf8_check(pl_str s);
/// Decode the code point at s[*pos] and advance. Returns UINT32_MAX (and advances by one) on an invalid sequence.
uint32_t pl_utf8_next(pl_str s, size_t* pos);
/// Encode; returns bytes written (1 to 4), or 0 for a surrogate or a value beyond U+10FFFF.
size_t pl_utf8_put(char out[4], uint32_t code_point);
size_t pl_utf8_count(pl_str s);  ///< code points (invalid bytes count one each)
size_t pl_utf8_width(pl_str s);  ///< terminal cells (combining 0, CJK wide 2)

#endif
