/// Folding, code point by code point: case folding and compatibility decomposition from utf8proc, then marks dropped,
/// then a small table for letters that people take for plain ones although Unicode does not decompose them.
///
/// Not every mark is a diacritic. Vowel signs of the scripts of India (combining class 0), nukta (7), kana voicing (8),
/// virama (9) and the vowels of Thai, Lao and Tibetan (84 to 132) tell words apart and stay; what goes are overlays
/// (1), the points of Hebrew and Arabic and Syriac (10 to 36) and the diacritics proper (200 and above), and what encloses
/// a character, such as a circle.
#include "text/fold.h"

#include <utf8proc.h>

#include "base/utf8.h"

typedef struct fold_row {
  uint32_t letter;   ///< after case folding, so capitals need no row
  const char* text;  ///< what it becomes
} fold_row;

/// Ascending, for the binary search.
static const fold_row fold_table[] = {
    {0x00E6, "ae"},  // æ
    {0x00F0, "d"},   // ð eth
    {0x00F8, "o"},   // ø
    {0x00FE, "th"},  // þ thorn
    {0x0111, "d"},   // đ: Vietnamese, Croatian
    {0x0127, "h"},   // ħ: Maltese
    {0x0131, "i"},   // ı: Turkish dotless i
    {0x0138, "k"},   // ĸ: old Greenlandic kra
    {0x0142, "l"},   // ł: Polish
    {0x014B, "n"},   // ŋ: Sami
    {0x0153, "oe"},  // œ
    {0x0167, "t"},   // ŧ: Sami
    {0x0180, "b"},   // ƀ
    {0x0188, "c"},   // ƈ
    {0x0199, "k"},   // ƙ: Hausa
    {0x01B4, "y"},   // ƴ: Hausa
    {0x01E5, "g"},   // ǥ: Skolt Sami
    {0x0237, "j"},   // ȷ dotless j
    {0x0253, "b"},   // ɓ: Hausa
    {0x0256, "d"},   // ɖ: Ewe
    {0x0257, "d"},   // ɗ: Hausa
    {0x0268, "i"},   // ɨ
    {0x02BB, "'"},   // ʻ okina
    {0x02BC, "'"},   // ʼ
    {0x0640, ""},    // Arabic tatweel only stretches
    {0x0649, "ي"},   // alef maksura: the last letter of a name is written as either
    {0x0671, "ا"},   // alef wasla
    {0x06A9, "ك"},   // Persian keheh
    {0x06CC, "ي"},   // Persian yeh
    {0x2018, "'"},   // typographic apostrophes
    {0x2019, "'"},
};

static const char* fold_letter(uint32_t c) {
  size_t low = 0;
  size_t high = PL_COUNT_OF(fold_table);
  while (low < high) {
    const size_t mid = (low + high) / 2;
    if (fold_table[mid].letter == c) {
      return fold_table[mid].text;
    }
    if (fold_table[mid].letter < c) {
      low = mid + 1;
    } else {
      high = mid;
    }
  }
  return NULL;
}

static bool is_diacritic(uint32_t c) {
  const utf8proc_property_t* const property = utf8proc_get_property((utf8proc_int32_t)c);
  const int class = property->combining_class;
  const int category = property->category;
  const bool mark = category == UTF8PROC_CATEGORY_MN || category == UTF8PROC_CATEGORY_MC;
  return category == UTF8PROC_CATEGORY_ME || (mark && (class == 1 || (class >= 10 && class <= 36) || class >= 200));
}

static pl_status fold_part(uint32_t c, pl_buf* out) {
  if (is_diacritic(c)) {
    return PL_OK;
  }
  const char* const known = c < 0x80 ? NULL : fold_letter(c);
  if (known) {
    return pl_buf_str(out, pl_str_c(known));
  }
  char bytes[4];
  return pl_buf_append(out, bytes, pl_utf8_put(bytes, c));
}

static pl_status fold_code_point(uint32_t c, pl_buf* out) {
  utf8proc_int32_t parts[32];  // the longest compatibility decomposition has 18 code points
  int boundary = 0;
  const utf8proc_ssize_t count =
      utf8proc_decompose_char((utf8proc_int32_t)c, parts, PL_COUNT_OF(parts),
                              UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE, &boundary);
  if (count < 0 || count > (utf8proc_ssize_t)PL_COUNT_OF(parts)) {
    return fold_part(c, out);
  }
  for (utf8proc_ssize_t i = 0; i < count; i++) {
    PL_TRY(fold_part((uint32_t)parts[i], out));
  }
  return PL_OK;
}

static size_t ascii_run(pl_str text, size_t pos) {
  size_t end = pos;
  while (end < text.len && (uint8_t)text.data[end] < 0x80) {
    end++;
  }
  return end;
}

static pl_status fold_ascii(const char* text, size_t len, pl_buf* out) {
  PL_TRY(pl_buf_append(out, text, len));
  for (char* p = out->data + out->len - len; p < out->data + out->len; p++) {
    *p = *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;
  }
  return PL_OK;
}

pl_status pl_fold(pl_str text, pl_buf* out) {
  size_t pos = 0;
  while (pos < text.len) {
    const size_t end = ascii_run(text, pos);
    if (end > pos) {
      PL_TRY(fold_ascii(text.data + pos, end - pos, out));
      pos = end;
      continue;
    }
    const uint32_t c = pl_utf8_next(text, &pos);
    PL_TRY(c == UINT32_MAX ? pl_buf_str(out, PL_STR("\xEF\xBF\xBD")) : fold_code_point(c, out));
  }
  return PL_OK;
}

enum { PIECE_BYTES = 1 << 18 };

pl_status pl_fold_within(pl_str text, pl_guard* guard, pl_error* err, pl_buf* out) {
  while (text.len > 0) {
    size_t len = text.len < PIECE_BYTES ? text.len : PIECE_BYTES;
    while (len < text.len && len > PIECE_BYTES - 4 && ((uint8_t)text.data[len] & 0xC0) == 0x80) {
      len--;
    }
    PL_TRY(pl_fold((pl_str){text.data, len}, out));
    text = (pl_str){text.data + len, text.len - len};
    PL_TRY(text.len > 0 ? pl_guard_check(guard, err) : PL_OK);
  }
  return PL_OK;
}
