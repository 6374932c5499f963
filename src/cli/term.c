// Terms as N-Triples (Turtle reads the same) and as JSON Lines write them.
#include "names.h"
#include "printer.h"

#include <stdlib.h>
#include <string.h>

#define XSD_STRING "http://www.w3.org/2001/XMLSchema#string"

static void put_iri(FILE* out, const char* iri, size_t len) {
  fputc('<', out);
  for (size_t i = 0; i < len; i++) {
    const unsigned char c = (unsigned char)iri[i];
    if (c <= 0x20 || memchr("<>\"{}|^`\\", c, 9)) {
      fprintf(out, "\\u%04X", c);
    } else {
      fputc(c, out);
    }
  }
  fputc('>', out);
}

static void put_string(FILE* out, const char* text, size_t len) {
  fputc('"', out);
  for (size_t i = 0; i < len; i++) {
    const unsigned char c = (unsigned char)text[i];
    if (c == '"' || c == '\\') {
      fprintf(out, "\\%c", c);
    } else if (c == '\n' || c == '\r' || c == '\t') {
      fprintf(out, "\\%c", c == '\n' ? 'n' : c == '\r' ? 'r' : 't');
    } else if (c < 0x20 || c == 0x7f) {
      fprintf(out, "\\u%04X", c);
    } else {
      fputc(c, out);
    }
  }
  fputc('"', out);
}

// The datatype to write, or NULL for a plain string.
static const char* datatype_of(const parley_value* v) {
  return v->datatype && strcmp(v->datatype, XSD_STRING) ? v->datatype : NULL;
}

void cli_nt_term(FILE* out, const parley_value* v) {
  if (v->type == PARLEY_IRI) {
    put_iri(out, v->text, v->text_len);
  } else if (v->type == PARLEY_BLANK) {
    fprintf(out, "_:%s", v->text);
  } else {
    const char* const datatype = datatype_of(v);
    put_string(out, v->text ? v->text : "", v->text_len);
    if (v->lang) {
      fprintf(out, "@%s", v->lang);
    } else if (datatype) {
      fputs("^^", out);
      put_iri(out, datatype, strlen(datatype));
    }
  }
}

char* cli_nt_text(const parley_value* v) {
  char* text = NULL;
  size_t len = 0;
  FILE* const out = cli_need(open_memstream(&text, &len));
  cli_nt_term(out, v);
  fclose(out);
  return cli_need(text);
}

void cli_json_term(FILE* out, const parley_value* v) {
  if (v->type == PARLEY_IRI || v->type == PARLEY_BLANK) {
    fputs(v->type == PARLEY_IRI ? "{\"iri\": " : "{\"blank\": ", out);
    cli_json_text(out, v->text, v->text_len);
  } else {
    const char* const datatype = datatype_of(v);
    fputs("{\"value\": ", out);
    cli_json_text(out, v->text, v->text_len);
    if (v->lang || datatype) {
      fputs(v->lang ? ", \"lang\": " : ", \"type\": ", out);
      cli_json_string(out, v->lang ? v->lang : datatype);
    }
  }
  fputc('}', out);
}
