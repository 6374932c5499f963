/// Formats by word and by file name.
#include "load/load.h"

#include <strings.h>

static const struct {
  const char* word;  ///< extension or name
  pl_format format;  ///< what it says
  bool extension;    ///< also the ending of a file name
} words[] = {
    {"nt", PL_FORMAT_NT, true},       {"nq", PL_FORMAT_NQ, true},        {"ttl", PL_FORMAT_TTL, true},
    {"trig", PL_FORMAT_TRIG, true},   {"jsonl", PL_FORMAT_JSONL, true},  {"csv", PL_FORMAT_CSV, true},
    {"tsv", PL_FORMAT_TSV, true},     {"ndjson", PL_FORMAT_JSONL, true}, {"turtle", PL_FORMAT_TTL, false},
    {"ntriples", PL_FORMAT_NT, true}, {"nquads", PL_FORMAT_NQ, true},
};

static bool same_word(pl_str a, const char* b) { return a.len == strlen(b) && !strncasecmp(a.data, b, a.len); }

/// Cut ".extension" off the end of a name.
static pl_str cut_extension(pl_str* name) {
  for (size_t i = name->len; i > 0 && name->data[i - 1] != '/'; i--) {
    if (name->data[i - 1] == '.') {
      const pl_str extension = {name->data + i, name->len - i};
      name->len = i - 1;
      return extension;
    }
  }
  return (pl_str){NULL, 0};
}

pl_format pl_format_from_name(pl_str file_name) {
  pl_str extension = cut_extension(&file_name);
  if (same_word(extension, "gz") || same_word(extension, "zst")) {
    extension = cut_extension(&file_name);
  }
  for (size_t i = 0; i < PL_COUNT_OF(words); i++) {
    if (words[i].extension && same_word(extension, words[i].word)) {
      return words[i].format;
    }
  }
  return PL_FORMAT_AUTO;
}

bool pl_format_parse(pl_str word, pl_format* out) {
  for (size_t i = 0; i < PL_COUNT_OF(words); i++) {
    if (same_word(word, words[i].word)) {
      *out = words[i].format;
      return true;
    }
  }
  return false;
}

const char* pl_format_name(pl_format format) {
  for (size_t i = 0; i < PL_COUNT_OF(words); i++) {
    if (words[i].format == format) {
      return words[i].word;
    }
  }
  return "auto";
}
