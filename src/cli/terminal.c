// Text on a terminal: widths of Unicode text, safe printing of what comes from data, colour.
#include "cli.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <utf8proc.h>

bool cli_color(FILE* stream) {
  const char* no_color = getenv("NO_COLOR");
  const char* term = getenv("TERM");
  return isatty(fileno(stream)) && !(no_color && *no_color) && !(term && !strcmp(term, "dumb"));
}

int cli_width(FILE* stream) {
  struct winsize size;
  if (!isatty(fileno(stream))) {
    return 0;
  }
  if (ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    return size.ws_col;
  }
  return 80;
}

// One character: its bytes, its cells, and, if it may not reach a terminal as it is, its escape.
typedef struct glyph {
  size_t bytes;     // consumed
  size_t cells;     // shown
  char escape[12];  // empty: print as it is
} glyph;

static bool unsafe(utf8proc_int32_t c) {
  if (c < 0x20 || (c >= 0x7f && c < 0xa0)) {
    return true;
  }
  const utf8proc_category_t category = utf8proc_category(c);
  // Format characters can turn the direction of a line around; joiners only shape letters.
  return (category == UTF8PROC_CATEGORY_CF && c != 0x200c && c != 0x200d && c != 0xad) ||
         category == UTF8PROC_CATEGORY_ZL || category == UTF8PROC_CATEGORY_ZP;
}

static glyph next_glyph(const char* text, size_t len) {
  glyph g = {.bytes = 1, .cells = 1, .escape = ""};
  const unsigned char first = (unsigned char)text[0];
  if (first >= 0x20 && first < 0x7f) {
    return g;
  }
  utf8proc_int32_t c;
  const utf8proc_ssize_t n = utf8proc_iterate((const utf8proc_uint8_t*)text, (utf8proc_ssize_t)len, &c);
  if (n <= 0) {
    g.cells = (size_t)snprintf(g.escape, sizeof g.escape, "\\x%02X", first);
    return g;
  }
  g.bytes = (size_t)n;
  if (c == '\n' || c == '\t' || c == '\r') {
    g.cells = (size_t)snprintf(g.escape, sizeof g.escape, "\\%c", c == '\n' ? 'n' : c == '\t' ? 't' : 'r');
  } else if (unsafe(c)) {
    g.cells = (size_t)snprintf(g.escape, sizeof g.escape, c > 0xffff ? "\\U%08X" : "\\u%04X", (unsigned)c);
  } else {
    const int width = utf8proc_charwidth(c);
    g.cells = width > 0 ? (size_t)width : 0;
  }
  return g;
}

size_t cli_text_next(const char* text, size_t len, char* escape) {
  const glyph g = next_glyph(text, len);
  memcpy(escape, g.escape, sizeof g.escape);
  return g.bytes;
}

size_t cli_text_width(const char* text, size_t len) {
  size_t cells = 0;
  for (size_t i = 0; i < len;) {
    const glyph g = next_glyph(text + i, len - i);
    cells += g.cells;
    i += g.bytes;
  }
  return cells;
}

size_t cli_text_print(FILE* out, const char* text, size_t len, size_t cells) {
  const bool cut = cells && cli_text_width(text, len) > cells;
  const size_t room = cut ? cells - 1 : SIZE_MAX;
  size_t used = 0;
  for (size_t i = 0; i < len;) {
    const glyph g = next_glyph(text + i, len - i);
    if (used + g.cells > room) {
      break;
    }
    if (g.escape[0]) {
      fputs(g.escape, out);
    } else {
      fwrite(text + i, 1, g.bytes, out);
    }
    used += g.cells;
    i += g.bytes;
  }
  if (cut) {
    fputs("…", out);
    used++;
  }
  return used;
}

const char* cli_thousands(uint64_t n, char* buf) {
  char digits[24];
  const int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
  char* p = buf;
  for (int i = 0; i < len; i++) {
    if (i && (len - i) % 3 == 0) {
      *p++ = ',';
    }
    *p++ = digits[i];
  }
  *p = '\0';
  return buf;
}

const char* cli_count(uint64_t n, const char* noun, char* buf) {
  char number[32];
  snprintf(buf, 64, "%s %s%s", cli_thousands(n, number), noun, n == 1 ? "" : "s");
  return buf;
}

const char* cli_size(uint64_t bytes, char* buf) {
  static const char* const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
  double size = (double)bytes;
  size_t unit = 0;
  while (size >= 1024 && unit < 4) {
    size /= 1024;
    unit++;
  }
  snprintf(buf, 32, unit ? "%.1f %s" : "%.0f %s", size, units[unit]);
  return buf;
}
