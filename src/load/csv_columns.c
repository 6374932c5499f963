/// Names to columns, and cells to terms.
#include "load/csv_columns.h"

#include "load/bytes.h"
#include "term/date.h"
#include "term/lexical.h"

#include <stdio.h>

static const char* const kind_names[] = {"subject",     "predicate", "object", "graph",      "subject_type",
                                         "object_type", "source",    "span",   "confidence", "from",
                                         "until",       "on",        "_"};

static bool is_type(pl_str word) {
  static const char* const others[] = {"node", "iri", "string", "date"};
  for (size_t i = 0; i < PL_COUNT_OF(others); i++) {
    if (pl_str_eq(word, pl_str_c(others[i]))) {
      return true;
    }
  }
  char iri[96] = PL_XSD;
  if (word.len == 0 || word.len >= sizeof(iri) - sizeof(PL_XSD)) {
    return false;
  }
  memcpy(iri + sizeof(PL_XSD) - 1, word.data, word.len);
  return pl_type_short_to_iri(word).len ||
         pl_datatype_find((pl_str){iri, sizeof(PL_XSD) - 1 + word.len})->kind != PL_DATATYPE_OTHER;
}

/// Split "name:type" when what follows the last colon is a type.
static pl_str cut_type(pl_str* name) {
  const char* const colon = name->len ? memrchr(name->data, ':', name->len) : NULL;
  const pl_str none = {NULL, 0};
  if (!colon) {
    return none;
  }
  const size_t at = (size_t)(colon - name->data);
  const pl_str type = {colon + 1, name->len - at - 1};
  if (!is_type(type)) {
    return none;
  }
  name->len = at;
  return type;
}

/// Next "key=column" of a mapping. PL_DONE at its end.
static pl_status map_next(pl_str* rest, pl_str* key, pl_str* column, pl_error* err, pl_arena* arena) {
  if (rest->len == 0) {
    return PL_DONE;
  }
  const char* const comma = memchr(rest->data, ',', rest->len);
  const pl_str item = {rest->data, comma ? (size_t)(comma - rest->data) : rest->len};
  *rest = comma ? (pl_str){comma + 1, rest->len - item.len - 1} : (pl_str){NULL, 0};
  const char* const equals = item.len ? memchr(item.data, '=', item.len) : NULL;
  if (!equals || equals == item.data || equals + 1 == item.data + item.len) {
    const pl_str shown = pl_arena_str(arena, item);
    return pl_fail(err, PL_MSG_CSV_MAP, shown.data ? shown.data : "");
  }
  *key = (pl_str){item.data, (size_t)(equals - item.data)};
  *column = (pl_str){equals + 1, item.len - key->len - 1};
  return PL_OK;
}

/// The name and type that a mapping gives a column of the file; its own if it is not mapped.
static pl_status map_name(pl_str map, pl_str* name, pl_str* type, pl_error* err, pl_arena* arena) {
  const pl_str own = *name;
  *type = cut_type(name);
  pl_str key;
  pl_str column;
  pl_status status;
  while ((status = map_next(&map, &key, &column, err, arena)) == PL_OK) {
    pl_str base = column;
    const pl_str column_type = cut_type(&base);
    if (pl_str_eq(column, own) || pl_str_eq(base, own)) {
      *type = pl_str_eq(column, own) ? *type : column_type;
      *name = key;
      const pl_str key_type = cut_type(name);
      *type = key_type.len ? key_type : *type;
    }
  }
  return status == PL_DONE ? PL_OK : status;
}

static pl_column_kind kind_of(pl_str name) {
  for (size_t i = 0; i < PL_COUNT_OF(kind_names); i++) {
    if (pl_str_eq(name, pl_str_c(kind_names[i]))) {
      return (pl_column_kind)i;
    }
  }
  return PL_COLUMN_OTHER;
}

/// Say which columns there are, as far as they fit a line.
static pl_status fail_missing(const pl_columns* columns, const char* input_name, const char* key, pl_error* err) {
  char names[160];
  size_t len = 0;
  const char* rest = "";
  names[0] = '\0';
  for (size_t i = 0; i < columns->count; i++) {
    const int n = snprintf(names + len, sizeof(names) - len, "%s%s", i ? ", " : "", columns->items[i].key);
    if (n < 0 || (size_t)n >= sizeof(names) - len) {
      names[len] = '\0';
      rest = ", ...";
      break;
    }
    len += (size_t)n;
  }
  const pl_status status = pl_fail(err, PL_MSG_CSV_COLUMN, input_name, key);
  pl_error_hint(err, "its columns are %s%s; map one of them, as in %s=%s", names, rest, key,
                columns->count ? columns->items[0].key : "name");
  return status;
}

static pl_status check_columns(const pl_columns* columns, const char* input_name, pl_error* err) {
  for (size_t i = 0; i < columns->count; i++) {
    for (size_t j = 0; j < i; j++) {
      if (columns->items[i].kind != PL_COLUMN_NONE && !strcmp(columns->items[i].key, columns->items[j].key)) {
        return pl_fail(err, PL_MSG_CSV_COLUMN_TWICE, input_name, columns->items[i].key);
      }
    }
  }
  for (pl_column_kind kind = PL_COLUMN_SUBJECT; kind <= PL_COLUMN_OBJECT; kind++) {
    bool found = false;
    for (size_t i = 0; i < columns->count; i++) {
      found |= columns->items[i].kind == kind;
    }
    if (!found) {
      return fail_missing(columns, input_name, kind_names[kind], err);
    }
  }
  return PL_OK;
}

pl_status pl_columns_make(pl_arena* arena, const pl_str* names, size_t count, pl_str map, const char* input_name,
                          pl_error* err, pl_columns* out) {
  *out = (pl_columns){.items = PL_ARENA_ARRAY(arena, pl_column, count), .count = count};
  if (!out->items) {
    return pl_fail(err, PL_MSG_NOMEM);
  }
  for (size_t i = 0; i < count; i++) {
    pl_str name = names[i];
    pl_str type;
    PL_TRY(map_name(map, &name, &type, err, arena));
    const pl_str key = pl_arena_str(arena, name);
    out->items[i] = (pl_column){.kind = kind_of(name), .key = key.data, .type = pl_arena_str(arena, type)};
    if (!key.data || !out->items[i].type.data) {
      return pl_fail(err, PL_MSG_NOMEM);
    }
  }
  return check_columns(out, input_name, err);
}

/// A cell of an annotation without type.
static pl_status take_by_form(pl_maker* m, const char* key, pl_str cell, pl_term* out) {
  static const char* const types[] = {PL_XSD "integer", PL_XSD "decimal", PL_XSD "boolean"};
  pl_id id;
  for (size_t i = 0; i < PL_COUNT_OF(types); i++) {
    const pl_term term = pl_term_typed(cell, pl_str_c(types[i]));
    (void)pl_term_classify(&term, &id);
    if (id != PL_ID_NULL) {
      *out = pl_term_typed(pl_arena_str(&m->batch->arena, cell), pl_str_c(types[i]));
      return out->text.data ? PL_OK : pl_maker_nomem(m);
    }
  }
  pl_date start;
  pl_date end;
  bool date = pl_interval_parse(cell, &start, &end);
  for (pl_precision p = PL_PRECISION_MONTH; p <= PL_PRECISION_TIME; p++) {
    date |= pl_date_parse_as(cell, p, &start);
  }
  return date ? pl_maker_date(m, key, cell, out) : pl_maker_string(m, key, cell, (pl_str){NULL, 0}, out);
}

/// A node by its name, or by its IRI where the column says so.
static pl_status take_node(pl_maker* m, const pl_column* column, pl_str cell, pl_term* out) {
  const bool iri = pl_str_eq(column->type, PL_STR("iri"));
  return iri ? pl_maker_iri(m, column->key, cell, out) : pl_maker_node(m, column->key, cell, out);
}

static pl_status take_typed(pl_maker* m, const pl_column* column, pl_str cell, pl_term* out) {
  if (pl_str_eq(column->type, PL_STR("node")) || pl_str_eq(column->type, PL_STR("iri"))) {
    return take_node(m, column, cell, out);
  }
  return pl_maker_typed(m, column->key, cell, column->type, out);
}

static bool digits(pl_str s, size_t* pos, uint64_t* out) {
  const size_t start = *pos;
  *out = 0;
  while (*pos < s.len && s.data[*pos] >= '0' && s.data[*pos] <= '9' && *pos - start < 18) {
    *out = *out * 10 + (uint64_t)(s.data[(*pos)++] - '0');
  }
  return *pos > start;
}

static void skip_any(pl_str s, size_t* pos, const char* set) {
  while (*pos < s.len && strchr(set, s.data[*pos])) {
    ++*pos;
  }
}

/// "10,42", "10-42", "[10, 42]" or "char=10,42".
static pl_status take_span(pl_maker* m, pl_str cell, pl_term* out) {
  const pl_str scheme = PL_STR("char=");
  size_t pos = pl_str_starts(cell, scheme) ? scheme.len : 0;
  uint64_t start = 0;
  uint64_t end = 0;
  skip_any(cell, &pos, "[ ");
  bool good = digits(cell, &pos, &start);
  const size_t separator = pos;
  skip_any(cell, &pos, ",- ");
  good = good && pos > separator && digits(cell, &pos, &end) && start <= end;
  skip_any(cell, &pos, "] ");
  if (!good || pos < cell.len) {
    return PL_ROW_FAIL(m, cell, PL_MSG_ROW_VALUE, "span", "\"start,end\" with 0 <= start <= end");
  }
  return pl_maker_span(m, start, end, out);
}

static pl_status take_confidence(pl_maker* m, pl_str cell, pl_term* out) {
  pl_numeral numeral;
  const bool number = pl_numeral_scan(cell, &numeral);
  const double value = number ? pl_numeral_to_double(&numeral) : -1;
  if (!(value >= 0 && value <= 1)) {
    return PL_ROW_FAIL(m, cell, PL_MSG_ROW_VALUE, "confidence", "a number from 0 to 1");
  }
  return numeral.point || numeral.scientific ? pl_maker_real(m, value, out) : pl_maker_integer(m, (int64_t)value, out);
}

static pl_status push_node(pl_maker* m, const pl_column* column, pl_str cell, bool of_subject) {
  pl_term term;
  PL_TRY(take_node(m, column, cell, &term));
  const pl_status status = of_subject ? pl_vec_push(m->context->mem, &m->subject_types, term)
                                      : pl_vec_push(m->context->mem, &m->object_types, term);
  return status == PL_OK ? PL_OK : pl_maker_nomem(m);
}

static pl_status take_other(pl_maker* m, const pl_column* column, pl_str cell) {
  pl_term predicate;
  pl_term term;
  PL_TRY(pl_maker_predicate(m, column->key, pl_str_c(column->key), &predicate));
  PL_TRY(column->type.len ? take_typed(m, column, cell, &term) : take_by_form(m, column->key, cell, &term));
  return pl_maker_annotate(m, predicate.text, &term);
}

static pl_status annotate(pl_maker* m, pl_status made, pl_str predicate, const pl_term* term) {
  return made == PL_OK ? pl_maker_annotate(m, predicate, term) : made;
}

pl_status pl_column_take(pl_maker* m, const pl_column* column, pl_str cell) {
  const char* const key = column->key;
  pl_term term;
  m->key = NULL;
  switch (column->kind) {
    case PL_COLUMN_SUBJECT:
      return take_node(m, column, cell, &m->subject);
    case PL_COLUMN_PREDICATE:
      return pl_maker_predicate(m, key, cell, &m->predicate);
    case PL_COLUMN_OBJECT:
      return column->type.len ? take_typed(m, column, cell, &m->object) : take_node(m, column, cell, &m->object);
    case PL_COLUMN_GRAPH:
      return take_node(m, column, cell, &m->graph);
    case PL_COLUMN_SUBJECT_TYPE:
      return push_node(m, column, cell, true);
    case PL_COLUMN_OBJECT_TYPE:
      return push_node(m, column, cell, false);
    case PL_COLUMN_SOURCE:
      return annotate(m, take_node(m, column, cell, &term), m->source, &term);
    case PL_COLUMN_SPAN:
      return annotate(m, take_span(m, cell, &term), m->span, &term);
    case PL_COLUMN_CONFIDENCE:
      return annotate(m, take_confidence(m, cell, &term), m->confidence, &term);
    case PL_COLUMN_FROM:
      return annotate(m, pl_maker_date(m, key, cell, &term), m->from, &term);
    case PL_COLUMN_UNTIL:
      return annotate(m, pl_maker_date(m, key, cell, &term), m->until, &term);
    case PL_COLUMN_ON:
      return annotate(m, pl_maker_date(m, key, cell, &term), m->on, &term);
    case PL_COLUMN_NONE:
      return PL_OK;
    case PL_COLUMN_OTHER:
      break;
  }
  return take_other(m, column, cell);
}
