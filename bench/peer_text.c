// JSON as requests hold it and terms as N-Triples write them, both read in place: a text is never longer than its source. Trusts its input to be
// small, not to be right.
#include "peer.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

// ---- JSON ----------------------------------------------------------------------------------------------------------

static char* skip(char* p) {
  while (isspace((unsigned char)*p)) {
    p++;
  }
  return p;
}

static char* put_utf8(char* out, unsigned c) {
  if (c < 0x80) {
    *out++ = (char)c;
  } else if (c < 0x800) {
    *out++ = (char)(0xc0 | c >> 6);
    *out++ = (char)(0x80 | (c & 63));
  } else if (c < 0x10000) {
    *out++ = (char)(0xe0 | c >> 12);
    *out++ = (char)(0x80 | (c >> 6 & 63));
    *out++ = (char)(0x80 | (c & 63));
  } else {
    *out++ = (char)(0xf0 | c >> 18);
    *out++ = (char)(0x80 | (c >> 12 & 63));
    *out++ = (char)(0x80 | (c >> 6 & 63));
    *out++ = (char)(0x80 | (c & 63));
  }
  return out;
}

static unsigned hex(const char** p, unsigned digits) {
  unsigned c = 0;
  for (; digits > 0 && isxdigit((unsigned char)**p); digits--, (*p)++) {
    c = c * 16 + (unsigned)(isdigit((unsigned char)**p) ? **p - '0' : (tolower((unsigned char)**p) - 'a' + 10));
  }
  return c;
}

// The escape behind a backslash, of JSON and N-Triples alike.
static char* put_escape(char* out, const char** p) {
  const char e = *(*p)++;
  switch (e) {
    case 'n':
      *out = '\n';
      return out + 1;
    case 't':
      *out = '\t';
      return out + 1;
    case 'r':
      *out = '\r';
      return out + 1;
    case 'b':
      *out = '\b';
      return out + 1;
    case 'f':
      *out = '\f';
      return out + 1;
    case 'U':
      return put_utf8(out, hex(p, 8));
    case 'u': {
      unsigned c = hex(p, 4);
      if (c >= 0xd800 && c < 0xdc00 && (*p)[0] == '\\' && (*p)[1] == 'u') {
        *p += 2;
        c = 0x10000 + ((c - 0xd800) << 10) + (hex(p, 4) - 0xdc00);
      }
      return put_utf8(out, c);
    }
    default:
      *out = e;
      return out + 1;
  }
}

// Unescape in place up to the closing quote; a result is never longer than its source. Returns a pointer behind the quote.
static char* read_quoted(char* p, char** text, size_t* len) {
  char* out = *text = p;
  const char* in = p;
  while (*in && *in != '"') {
    if (*in == '\\' && in[1]) {
      in++;
      out = put_escape(out, &in);
    } else {
      *out++ = *in++;
    }
  }
  char* const end = p + (in - p) + (*in == '"');
  *out = '\0';
  *len = (size_t)(out - p);
  return end;
}

static char* read_value(char* p, json* v);

static char* read_members(char* p, json* v, char close) {
  json** tail = &v->child;
  for (p = skip(p); *p && *p != close; p = skip(p)) {
    json* const child = calloc(1, sizeof *child);
    if (close == '}') {
      size_t len;
      p = skip(read_quoted(p + 1, &child->key, &len));
      p = skip(p + (*p == ':'));
    }
    p = skip(read_value(p, child));
    *tail = child;
    tail = &child->next;
    v->count++;
    p += *p == ',';
  }
  return p + (*p == close);
}

static char* read_value(char* p, json* v) {
  size_t len;
  switch (*p) {
    case '{':
      v->kind = JSON_OBJECT;
      return read_members(p + 1, v, '}');
    case '[':
      v->kind = JSON_LIST;
      return read_members(p + 1, v, ']');
    case '"':
      v->kind = JSON_TEXT;
      return read_quoted(p + 1, &v->text, &len);
    case 't':
      v->kind = JSON_TRUE;
      v->number = 1;
      return p + 4;
    case 'f':
      v->kind = JSON_FALSE;
      return p + 5;
    case 'n':
      return p + 4;
    default:
      v->kind = JSON_NUMBER;
      v->number = strtod(p, &p);
      return *p ? p + (*p != ',' && *p != '}' && *p != ']' && !isspace((unsigned char)*p)) : p;
  }
}

void json_drop(json* v) {
  for (json *c = v->child, *next; c; c = next) {
    next = c->next;
    json_drop(c);
    free(c);
  }
}

const json* json_get(const json* object, const char* key) {
  for (const json* c = object ? object->child : NULL; c; c = c->next) {
    if (c->key && strcmp(c->key, key) == 0) {
      return c;
    }
  }
  return NULL;
}

const char* json_text(const json* object, const char* key, const char* otherwise) {
  const json* const v = json_get(object, key);
  return v && v->text ? v->text : otherwise;
}

double json_number(const json* object, const char* key, double otherwise) {
  const json* const v = json_get(object, key);
  return v && (v->kind == JSON_NUMBER || v->kind == JSON_TRUE || v->kind == JSON_FALSE) ? v->number : otherwise;
}

const json** json_elements(const json* list) {
  const json** const all = calloc(list && list->count ? list->count : 1, sizeof *all);
  size_t i = 0;
  for (const json* c = list ? list->child : NULL; c; c = c->next) {
    all[i++] = c;
  }
  return all;
}

// ---- N-Triples -----------------------------------------------------------------------------------------------------

static char* unescape(char* text, char* end) {
  char* out = text;
  for (const char* in = text; in < end;) {
    if (*in == '\\') {
      in++;
      out = put_escape(out, &in);
    } else {
      *out++ = *in++;
    }
  }
  return out;
}

static char* parse_suffix(char* at, peer_term* term) {
  if (*at == '@') {
    term->kind = 'l';
    term->type = ++at;
    at += strcspn(at, " \t\r\n");
  } else if (at[0] == '^' && at[1] == '^' && at[2] == '<') {
    term->kind = 't';
    term->type = at += 3;
    at += strcspn(at, ">");
  } else {
    return at;
  }
  const int more = *at != '\0';
  *at = '\0';
  return at + more;
}

char* peer_parse_term(char* at, peer_term* term) {
  at += strspn(at, " \t");
  *term = (peer_term){.type = ""};
  if (*at == '<') {
    char* const end = strchr(at, '>');
    if (!end) {
      return NULL;
    }
    *term = (peer_term){.text = at + 1, .len = (size_t)(end - at - 1), .kind = 'i', .type = ""};
    if (memchr(at, '\\', (size_t)(end - at))) {
      term->len = (size_t)(unescape(at + 1, end) - at - 1);
    }
    at[1 + term->len] = '\0';
    return end + 1;
  }
  if (*at == '_') {
    *term = (peer_term){.text = at, .len = strcspn(at, " \t\r\n"), .kind = 'b', .type = ""};
    at += term->len;
    const int more = *at != '\0';
    *at = '\0';
    return at + more;
  }
  if (*at != '"') {
    return NULL;
  }
  term->kind = 's';
  at = read_quoted(at + 1, &term->text, &term->len);
  return parse_suffix(at, term);
}

void json_read(char* line, json* v) { read_value(skip(line), v); }
