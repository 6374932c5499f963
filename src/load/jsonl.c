/// JSON Lines: one object a line, read with jansson, handed to the maker key by key.
///
///   {"subject": "Song Tao", "predicate": "signed", "object": {"iri": "urn:x:plan"}, "source": "004.txt", "span": [10,
///   42],
///    "confidence": 0.97, "from": "2022-04", "method": "stated", "event": {"node": "meeting"}}
///
/// A value is a text, a number, a boolean, null (as if the key were absent), a list of values (several annotations), or
/// one of
/// {"node": text}, {"iri": IRI}, {"blank": label}, {"value": ..., "type": ..., "lang": ...}.
#include "base/utf8.h"
#include "load/lines.h"
#include "load/maker.h"
#include "term/value.h"

#include <jansson.h>

typedef struct jsonl_reader {
  pl_reader base;             ///< class
  pl_reader_context context;  ///< copy
  pl_lines lines;             ///< input
  pl_maker maker;             ///< of the row at hand
  uint64_t row;               ///< lines begun
} jsonl_reader;

static pl_status jsonl_open(const pl_reader_context* context, pl_reader** out) {
  jsonl_reader* const r = pl_mem_calloc(context->mem, 1, sizeof(*r));
  if (!r) {
    return pl_fail(context->err, PL_MSG_NOMEM);
  }
  r->base.class_ = &pl_reader_jsonl;
  r->context = *context;
  pl_lines_init(&r->lines, context, pl_row_bytes_max(context));
  *out = &r->base;
  return pl_maker_init(&r->maker, &r->context);
}

static void jsonl_close(pl_reader* reader) {
  jsonl_reader* const r = (jsonl_reader*)reader;
  if (r) {
    pl_maker_free(&r->maker);
    pl_lines_free(&r->lines);
    pl_mem_free(r->context.mem, r, sizeof(*r));
  }
}

static pl_str text_of(const json_t* value) { return (pl_str){json_string_value(value), json_string_length(value)}; }

static pl_status wrong(pl_maker* m, const char* key, const char* wanted) {
  return PL_ROW_FAIL(m, pl_str_c(key), PL_MSG_ROW_VALUE, key, wanted);
}

/// {"value": v, "type": t} with a number or boolean as v: its text, in the form that the type asks for.
static pl_status scalar_text(pl_maker* m, const char* key, const json_t* value, pl_str type, pl_str* out) {
  pl_term term;
  if (json_is_string(value)) {
    *out = text_of(value);
    return PL_OK;
  }
  const bool floating = pl_str_eq(type, PL_STR("double")) || pl_str_eq(type, PL_STR("float")) ||
                        pl_str_eq(type, PL_STR("xsd:double")) || pl_str_eq(type, PL_STR("xsd:float"));
  if (json_is_number(value) && floating) {
    char* const text = pl_arena_alloc(&m->batch->arena, 48);
    if (!text) {
      return pl_maker_nomem(m);
    }
    *out = (pl_str){text, pl_double_print(json_number_value(value), text)};
    return PL_OK;
  }
  if (json_is_integer(value)) {
    PL_TRY(pl_maker_integer(m, json_integer_value(value), &term));
  } else if (json_is_real(value)) {
    PL_TRY(pl_maker_real(m, json_real_value(value), &term));
  } else if (json_is_boolean(value)) {
    pl_maker_boolean(json_is_true(value), &term);
  } else {
    return wrong(m, key, "given a text, number or boolean as \"value\"");
  }
  *out = term.text;
  return PL_OK;
}

static pl_status plain_scalar(pl_maker* m, const char* key, const json_t* value, pl_term* out) {
  switch (json_typeof(value)) {
    case JSON_STRING:
      return pl_maker_string(m, key, text_of(value), (pl_str){NULL, 0}, out);
    case JSON_INTEGER:
      return pl_maker_integer(m, json_integer_value(value), out);
    case JSON_REAL:
      return pl_maker_real(m, json_real_value(value), out);
    case JSON_TRUE:
    case JSON_FALSE:
      pl_maker_boolean(json_is_true(value), out);
      return PL_OK;
    case JSON_NULL:
    case JSON_ARRAY:
    case JSON_OBJECT:
      break;
  }
  return wrong(m, key, "given a text, number or boolean as \"value\"");
}

static pl_status literal_object(pl_maker* m, const char* key, const json_t* object, pl_term* out) {
  const json_t* const value = json_object_get(object, "value");
  const json_t* const type = json_object_get(object, "type");
  const json_t* const lang = json_object_get(object, "lang");
  const size_t keys = 1 + (type != NULL) + (lang != NULL);
  if (json_object_size(object) != keys || (type && !json_is_string(type)) || (lang && !json_is_string(lang))) {
    return wrong(m, key, "written {\"value\": ..., \"type\": \"...\"} or {\"value\": ..., \"lang\": \"...\"}");
  }
  if (lang) {
    const bool lang_string = !type || !strcmp(json_string_value(type), "string");
    if (!lang_string || !json_is_string(value)) {
      return wrong(m, key, "a text without other type if it has a language");
    }
    return json_string_length(lang) ? pl_maker_string(m, key, text_of(value), text_of(lang), out)
                                    : wrong(m, key, "given a language tag that is not empty");
  }
  if (!type) {
    return plain_scalar(m, key, value, out);
  }
  pl_str text;
  PL_TRY(scalar_text(m, key, value, text_of(type), &text));
  return pl_maker_typed(m, key, text, text_of(type), out);
}

/// {"node": ...}, {"iri": ...}, {"blank": ...}, {"value": ...}
static pl_status object_term(pl_maker* m, const char* key, const json_t* object, pl_term* out) {
  static const struct {
    const char* name;
    pl_status (*make)(pl_maker*, const char*, pl_str, pl_term*);
  } forms[] = {{"node", pl_maker_node}, {"iri", pl_maker_iri}, {"blank", pl_maker_blank}};
  if (json_object_get(object, "value")) {
    return literal_object(m, key, object, out);
  }
  for (size_t i = 0; i < PL_COUNT_OF(forms); i++) {
    const json_t* const text = json_object_get(object, forms[i].name);
    if (text && json_is_string(text) && json_object_size(object) == 1) {
      return forms[i].make(m, key, text_of(text), out);
    }
  }
  return wrong(m, key, "written {\"node\": \"...\"}, {\"iri\": \"...\"}, {\"blank\": \"...\"} or {\"value\": ...}");
}

static pl_status node_term(pl_maker* m, const char* key, const json_t* value, pl_term* out) {
  if (json_is_string(value)) {
    return pl_maker_node(m, key, text_of(value), out);
  }
  if (!json_is_object(value) || json_object_get(value, "value")) {
    return wrong(m, key, "a node: a text, {\"iri\": \"...\"} or {\"blank\": \"...\"}");
  }
  return object_term(m, key, value, out);
}

static pl_status set_subject(pl_maker* m, const char* key, const json_t* value) {
  return node_term(m, key, value, &m->subject);
}

static pl_status set_graph(pl_maker* m, const char* key, const json_t* value) {
  return node_term(m, key, value, &m->graph);
}

static pl_status set_predicate(pl_maker* m, const char* key, const json_t* value) {
  if (json_is_string(value)) {
    return pl_maker_predicate(m, key, text_of(value), &m->predicate);
  }
  const json_t* const iri = json_object_get(value, "iri");
  if (!iri || !json_is_string(iri) || json_object_size(value) != 1) {
    return wrong(m, key, "a text or {\"iri\": \"...\"}");
  }
  return pl_maker_iri(m, key, text_of(iri), &m->predicate);
}

static pl_status set_object(pl_maker* m, const char* key, const json_t* value) {
  if (json_is_string(value)) {
    return pl_maker_node(m, key, text_of(value), &m->object);
  }
  return json_is_object(value) ? object_term(m, key, value, &m->object) : plain_scalar(m, key, value, &m->object);
}

/// Call fn for the value, or for each of a list; null values are skipped.
static pl_status each(pl_maker* m, const char* key, const json_t* value,
                      pl_status (*fn)(pl_maker*, const char*, const json_t*)) {
  if (json_is_null(value)) {
    return PL_OK;
  }
  if (!json_is_array(value)) {
    return fn(m, key, value);
  }
  for (size_t i = 0; i < json_array_size(value); i++) {
    const json_t* const item = json_array_get(value, i);
    if (json_is_array(item)) {
      return wrong(m, key, "a value or a list of values");
    }
    if (!json_is_null(item)) {
      PL_TRY(fn(m, key, item));
    }
  }
  return PL_OK;
}

static pl_status push_type(pl_maker* m, const char* key, const json_t* value, bool of_subject) {
  pl_term term;
  PL_TRY(node_term(m, key, value, &term));
  const pl_status status = of_subject ? pl_vec_push(m->context->mem, &m->subject_types, term)
                                      : pl_vec_push(m->context->mem, &m->object_types, term);
  return status == PL_OK ? PL_OK : pl_maker_nomem(m);
}

static pl_status add_subject_type(pl_maker* m, const char* key, const json_t* value) {
  return push_type(m, key, value, true);
}

static pl_status add_object_type(pl_maker* m, const char* key, const json_t* value) {
  return push_type(m, key, value, false);
}

static pl_status add_source(pl_maker* m, const char* key, const json_t* value) {
  pl_term term;
  if (json_is_string(value)) {
    PL_TRY(pl_maker_node(m, key, text_of(value), &term));
  } else if (json_is_object(value)) {
    PL_TRY(object_term(m, key, value, &term));
  } else {
    return wrong(m, key, "a node: a text, {\"iri\": \"...\"} or a list of them");
  }
  return pl_maker_annotate(m, m->source, &term);
}

static pl_status add_confidence(pl_maker* m, const char* key, const json_t* value) {
  pl_term term;
  if (json_is_object(value)) {
    PL_TRY(object_term(m, key, value, &term));
  } else {
    const double number = json_is_number(value) ? json_number_value(value) : -1;
    if (!(number >= 0 && number <= 1)) {
      return wrong(m, key, "a number from 0 to 1");
    }
    PL_TRY(plain_scalar(m, key, value, &term));
  }
  return pl_maker_annotate(m, m->confidence, &term);
}

static pl_status add_date(pl_maker* m, const char* key, const json_t* value) {
  pl_term term;
  if (json_is_object(value)) {
    PL_TRY(object_term(m, key, value, &term));
  } else if (json_is_string(value)) {
    PL_TRY(pl_maker_date(m, key, text_of(value), &term));
  } else {
    return wrong(m, key, "a text such as \"2023-09-05\", \"2023-09\" or \"2021/2025\"");
  }
  return pl_maker_annotate(m, *key == 'f' ? m->from : *key == 'u' ? m->until : m->on, &term);
}

static pl_status add_other(pl_maker* m, const char* key, const json_t* value) {
  pl_term predicate;
  pl_term term;
  PL_TRY(pl_maker_predicate(m, key, pl_str_c(key), &predicate));
  PL_TRY(json_is_object(value) ? object_term(m, key, value, &term) : plain_scalar(m, key, value, &term));
  return pl_maker_annotate(m, predicate.text, &term);
}

static pl_status add_one_span(pl_maker* m, const char* key, const json_t* value) {
  pl_term term;
  if (json_is_object(value)) {
    PL_TRY(object_term(m, key, value, &term));
    return pl_maker_annotate(m, m->span, &term);
  }
  const json_t* const start = json_array_get(value, 0);
  const json_t* const end = json_array_get(value, 1);
  if (json_array_size(value) != 2 || !json_is_integer(start) || !json_is_integer(end) ||
      json_integer_value(start) < 0 || json_integer_value(end) < json_integer_value(start)) {
    return wrong(m, key, "[start, end], two integers with 0 <= start <= end");
  }
  PL_TRY(pl_maker_span(m, (uint64_t)json_integer_value(start), (uint64_t)json_integer_value(end), &term));
  return pl_maker_annotate(m, m->span, &term);
}

/// [start, end], or a list of such pairs.
static pl_status add_span(pl_maker* m, const char* key, const json_t* value) {
  if (json_is_null(value)) {
    return PL_OK;
  }
  const json_t* const first = json_array_get(value, 0);
  if (!json_is_array(first) && !json_is_object(first)) {
    return add_one_span(m, key, value);
  }
  for (size_t i = 0; i < json_array_size(value); i++) {
    PL_TRY(add_one_span(m, key, json_array_get(value, i)));
  }
  return PL_OK;
}

typedef struct json_key {
  const char* name;                                          ///< as in the row
  pl_status (*take)(pl_maker*, const char*, const json_t*);  ///< one value
  bool list;                                                 ///< a list gives several
} json_key;

static const json_key json_keys[] = {
    {"subject", set_subject, false},
    {"predicate", set_predicate, false},
    {"object", set_object, false},
    {"graph", set_graph, false},
    {"subject_type", add_subject_type, true},
    {"object_type", add_object_type, true},
    {"source", add_source, true},
    {"span", add_span, false},
    {"confidence", add_confidence, true},
    {"from", add_date, true},
    {"until", add_date, true},
    {"on", add_date, true},
};

static pl_status take_key(pl_maker* m, const char* key, const json_t* value) {
  m->key = key;
  for (size_t i = 0; i < PL_COUNT_OF(json_keys); i++) {
    if (!strcmp(key, json_keys[i].name)) {
      return json_keys[i].list ? each(m, key, value, json_keys[i].take) : json_keys[i].take(m, key, value);
    }
  }
  return each(m, key, value, add_other);
}

static pl_status take_row(pl_maker* m, json_t* row) {
  if (!json_is_object(row)) {
    return PL_ROW_FAIL(m, m->text, PL_MSG_ROW_OBJECT);
  }
  const char* key;
  json_t* value;
  json_object_foreach(row, key, value) { PL_TRY(take_key(m, key, value)); }
  m->key = NULL;
  return pl_maker_end(m);
}

/// jansson says "... near '...'": the line is shown anyway, so that part goes.
static pl_status bad_json(pl_maker* m, const json_error_t* error) {
  char text[JSON_ERROR_TEXT_LENGTH];
  memcpy(text, error->text, sizeof(text));
  text[sizeof(text) - 1] = '\0';
  char* const near = strstr(text, " near '");
  if (near) {
    *near = '\0';
  }
  const size_t at = error->position > 0 ? (size_t)error->position - 1 : 0;
  const uint32_t start = (uint32_t)(at < m->text.len ? at : m->text.len);
  const pl_source source = {pl_bytes_name(m->context->bytes), m->text, m->line, m->offset};
  return pl_fail_at(&m->err, &source, (pl_span){start, start + 1}, PL_MSG_JSON_SYNTAX, text);
}

static json_t* parse(pl_str text, json_error_t* error) {
  return json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, error);
}

/// Without memory jansson fails at whatever it was reading. What is wrong with a text is wrong twice in the same way;
/// all else is no fault of the text, which must not be skipped for it.
static pl_status parse_row(pl_maker* m, pl_str text, json_t** row) {
  json_error_t error;
  json_error_t again;
  *row = parse(text, &error);
  if (!*row) {
    *row = parse(text, &again);
  }
  if (*row) {
    return PL_OK;
  }
  const bool bad = json_error_code(&error) != json_error_out_of_memory && error.position == again.position &&
                   strcmp(error.text, again.text) == 0;
  return bad ? bad_json(m, &error) : pl_maker_nomem(m);
}

static pl_status read_object(jsonl_reader* r, pl_str text, bool utf8) {
  pl_maker* const m = &r->maker;
  const size_t valid = utf8 ? text.len : pl_utf8_check(text);
  if (valid < text.len) {
    return PL_ROW_FAIL(m, ((pl_str){text.data + valid, 1}), PL_MSG_ROW_UTF8);
  }
  json_t* row;
  PL_TRY(parse_row(m, text, &row));
  const pl_status status = take_row(m, row);
  json_decref(row);
  return status;
}

static bool is_blank(pl_str text) {
  for (size_t i = 0; i < text.len; i++) {
    if (text.data[i] != ' ' && text.data[i] != '\t' && text.data[i] != '\r') {
      return false;
    }
  }
  return true;
}

static pl_status read_row(jsonl_reader* r, pl_batch* batch, pl_str text, uint64_t offset, const pl_line_block* block) {
  r->row++;
  batch->rows++;
  pl_maker_begin(&r->maker, text, r->row, r->row, offset);
  pl_status status = PL_OK;
  if (block->too_long) {
    status = PL_ROW_FAIL(&r->maker, text, PL_MSG_ROW_TOO_LONG, r->lines.line_bytes_max);
  } else if (!is_blank(text)) {
    status = read_object(r, text, block->utf8);
  }
  return status == PL_ERR_FORMAT ? pl_maker_bad(&r->maker) : status;
}

static pl_status jsonl_next(pl_reader* reader, pl_batch* batch) {
  jsonl_reader* const r = (jsonl_reader*)reader;
  pl_line_block block;
  PL_TRY(pl_maker_batch(&r->maker, batch));
  PL_TRY(pl_lines_next(&r->lines, &batch->arena, &block));
  const char* p = block.data;
  const char* const end = block.data + block.len;
  while (p < end && !pl_batch_full(batch)) {
    const char* const found = block.too_long ? NULL : memchr(p, '\n', (size_t)(end - p));
    const char* const newline = found ? found : end;
    PL_TRY(read_row(r, batch, (pl_str){p, (size_t)(newline - p)}, block.offset + (uint64_t)(p - block.data), &block));
    p = newline < end ? newline + 1 : end;
  }
  PL_TRY(pl_lines_unread(&r->lines, &block, (size_t)(p - block.data)));
  batch->bytes_offset = r->lines.offset;
  return block.len == 0 ? PL_DONE : PL_OK;
}

const pl_reader_class pl_reader_jsonl = {
    .name = "JSON Lines", .open = jsonl_open, .next = jsonl_next, .close = jsonl_close};
