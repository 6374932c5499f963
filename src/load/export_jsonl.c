/// JSON Lines, exactly: each line loads as the row that it was made from (jsonl.c, maker.h). A node is written as its text
/// only where the loader would state the very label that the store holds; a value is written bare only where it would get
/// the same type again.
#include <stdio.h>
#include <stdlib.h>

#include "load/export_internal.h"
#include "load/maker.h"
#include "term/date.h"
#include "term/lexical.h"
#include "term/value.h"

enum { CACHE_SLOTS = 1 << 14, CACHE_BYTES_MAX = 16 << 20 };

/// Labels of nodes met lately; direct-mapped.
typedef struct pl_node_cache {
  pl_scan* labels;            ///< over spo
  pl_arena arena;             ///< texts
  size_t bytes;               ///< of them
  pl_id ids[CACHE_SLOTS];     ///< node
  pl_str texts[CACHE_SLOTS];  ///< its text; data NULL: it has none
} pl_node_cache;

static void put(pl_buf* out, const char* text) { (void)pl_buf_str(out, pl_str_c(text)); }

static void put_string(pl_buf* out, pl_str s) {
  put(out, "\"");
  size_t start = 0;
  for (size_t i = 0; i < s.len; i++) {
    const unsigned char c = (unsigned char)s.data[i];
    if (c >= 0x20 && c != '"' && c != '\\') {
      continue;
    }
    (void)pl_buf_append(out, s.data + start, i - start);
    if (c == '\n' || c == '\t') {
      put(out, c == '\n' ? "\\n" : "\\t");
    } else if (c >= 0x20) {
      (void)pl_buf_printf(out, "\\%c", c);
    } else {
      (void)pl_buf_printf(out, "\\u%04x", c);
    }
    start = i + 1;
  }
  (void)pl_buf_append(out, s.data + start, s.len - start);
  put(out, "\"");
}

static void put_object(pl_buf* out, const char* key, pl_str text) {
  (void)pl_buf_printf(out, "{\"%s\": ", key);
  put_string(out, text);
  put(out, "}");
}

static pl_status cache_open(pl_export_run* run) {
  if (run->nodes) {
    return PL_OK;
  }
  run->nodes = pl_mem_calloc(&run->mem, 1, sizeof(*run->nodes));
  if (!run->nodes) {
    return pl_export_nomem(run);
  }
  pl_arena_init(&run->nodes->arena, &run->mem);
  return pl_scan_open(run->txn, PL_ORDER_SPO, PL_SCAN_ROWS, NULL, &run->mem, &run->nodes->labels);
}

void pl_export_jsonl_free(pl_export_run* run) {
  if (run->nodes) {
    pl_scan_close(run->nodes->labels);
    pl_arena_free(&run->nodes->arena);
    pl_mem_free(&run->mem, run->nodes, sizeof(*run->nodes));
    run->nodes = NULL;
  }
}

/// The smallest plainly stated label whose name is the node itself; data NULL if there is none.
static pl_status find_label(pl_export_run* run, pl_id node, pl_str iri, pl_str base, pl_str* out) {
  const pl_id prefix[2] = {node, PL_KNOWN(LABEL)};
  *out = (pl_str){NULL, 0};
  PL_TRY(pl_scan_range(run->nodes->labels, prefix, 2, 0, UINT64_MAX));
  for (;;) {
    pl_id o[16];
    pl_id c[16];
    pl_id* const columns[4] = {NULL, NULL, o, c};
    size_t count;
    PL_TRY(pl_scan_fill(run->nodes->labels, columns, PL_COUNT_OF(o), &count));
    if (count == 0) {
      return PL_OK;
    }
    for (size_t i = 0; i < count; i++) {
      pl_term term;
      if (c[i] != PL_ID_NULL || !pl_tag_is_string(pl_id_tag(o[i]))) {
        continue;
      }
      PL_TRY(pl_dict_term(run->txn, o[i], &run->arena, &term));
      const pl_str name = pl_name_to_iri(&run->arena, base, term.text);
      if (!name.data) {
        return pl_export_nomem(run);
      }
      const bool good = term.text.len > 0 && pl_str_eq(name, iri) && (!out->data || pl_str_cmp(term.text, *out) < 0);
      *out = good ? term.text : *out;
    }
  }
}

static pl_status node_text(pl_export_run* run, pl_id node, pl_str iri, pl_str* out) {
  const pl_settings* const settings = pl_txn_settings(run->txn);
  *out = (pl_str){NULL, 0};
  if (!settings) {
    return pl_export_nomem(run);
  }
  if (!pl_str_starts(iri, settings->names.base)) {
    return PL_OK;
  }
  PL_TRY(cache_open(run));
  pl_node_cache* const cache = run->nodes;
  const size_t slot = (size_t)((node * UINT64_C(0x9E3779B97F4A7C15)) >> 50);
  if (cache->ids[slot] == node) {
    *out = cache->texts[slot];
    return PL_OK;
  }
  pl_str found;
  PL_TRY(find_label(run, node, iri, settings->names.base, &found));
  if (cache->bytes > CACHE_BYTES_MAX) {
    pl_arena_reset(&cache->arena);
    memset(cache->ids, 0, sizeof(cache->ids));
    cache->bytes = 0;
  }
  cache->bytes += found.len + 16;
  if (found.data) {
    found = pl_arena_str(&cache->arena, found);
    if (!found.data) {
      return pl_export_nomem(run);
    }
  }
  cache->ids[slot] = node;
  cache->texts[slot] = *out = found;
  return PL_OK;
}

/// How a node named by its text is written.
typedef enum node_form { NODE_TEXT, NODE_OBJECT, NODE_EXACT } node_form;

static pl_status put_node(pl_export_run* run, pl_buf* out, pl_id id, const pl_term* term, node_form form) {
  if (term->kind != PL_TERM_IRI) {
    put_object(out, "blank", term->text);
    return PL_OK;
  }
  pl_str text = {NULL, 0};
  PL_TRY(form == NODE_EXACT ? PL_OK : node_text(run, id, term->text, &text));
  if (!text.data) {
    put_object(out, "iri", term->text);
  } else if (form == NODE_OBJECT) {
    put_object(out, "node", text);
  } else {
    put_string(out, text);
  }
  return PL_OK;
}

/// A short type name that the loader reads as this datatype and whose text it takes as it is.
static pl_str short_type(const pl_term* term) {
  static const char* const own[] = {"year", "month", "interval"};
  pl_id id;
  for (size_t i = 0; i < PL_COUNT_OF(own); i++) {
    if (pl_str_eq(term->datatype, pl_type_short_to_iri(pl_str_c(own[i])))) {
      return pl_term_classify(term, &id) != PL_TAG_LITERAL ? pl_str_c(own[i]) : (pl_str){NULL, 0};
    }
  }
  const pl_str xsd = PL_STR(PL_XSD);
  const bool known = pl_str_starts(term->datatype, xsd) && pl_datatype_find(term->datatype)->kind != PL_DATATYPE_OTHER;
  return known && pl_term_classify(term, &id) != PL_TAG_LITERAL
             ? (pl_str){term->datatype.data + xsd.len, term->datatype.len - xsd.len}
             : (pl_str){NULL, 0};
}

static void put_literal_object(pl_buf* out, const pl_term* term) {
  put(out, "{\"value\": ");
  put_string(out, term->text);
  if (term->lang.len) {
    put(out, ", \"lang\": ");
    put_string(out, term->lang);
  } else if (term->datatype.len) {
    const pl_str name = short_type(term);
    const bool bare = name.data || pl_type_text_is_iri(term->datatype);
    put(out, ", \"type\": ");
    pl_buf type;
    pl_buf_init(&type, out->mem, SIZE_MAX / 2);
    put(&type, bare ? "" : "<");
    (void)pl_buf_str(&type, name.data ? name : term->datatype);
    put(&type, bare ? "" : ">");
    if (type.status != PL_OK) {
      out->status = type.status;
    }
    put_string(out, pl_buf_view(&type));
    pl_buf_free(&type);
  }
  put(out, "}");
}

/// A number or boolean that JSON can write and the loader reads back as the same term.
static bool is_bare(const pl_term* term) {
  pl_id id;
  const pl_tag tag = pl_term_classify(term, &id);
  if (tag != PL_TAG_DECIMAL) {
    return tag == PL_TAG_INTEGER || tag == PL_TAG_BOOLEAN;
  }
  pl_decimal decimal;
  char text[48];
  if (!pl_decimal_parse(term->text, &decimal)) {
    return false;
  }
  const size_t len = pl_real_decimal(pl_decimal_to_double(decimal), text);
  return pl_str_eq(term->text, (pl_str){text, len});
}

static bool is_plain_string(const pl_term* term) { return term->datatype.len == 0 && term->lang.len == 0; }

static void put_literal(pl_buf* out, const pl_term* term, bool string_bare) {
  if (is_bare(term)) {
    (void)pl_buf_str(out, term->text);
  } else if (string_bare && is_plain_string(term)) {
    put_string(out, term->text);
  } else {
    put_literal_object(out, term);
  }
}

/// "char=start,end" in canonical digits.
static bool put_span(pl_buf* out, const pl_term* term) {
  unsigned long long start;
  unsigned long long end;
  int used = 0;
  char text[64];
  char again[64];
  if (!is_plain_string(term) || term->text.len >= sizeof(text) || memchr(term->text.data, '-', term->text.len)) {
    return false;
  }
  memcpy(text, term->text.data, term->text.len);
  text[term->text.len] = '\0';
  if (sscanf(text, "char=%18llu,%18llu%n", &start, &end, &used) != 2 || (size_t)used != term->text.len || start > end) {
    return false;
  }
  (void)snprintf(again, sizeof(again), "char=%llu,%llu", start, end);
  if (strcmp(text, again) != 0) {
    return false;
  }
  (void)pl_buf_printf(out, "[%llu, %llu]", start, end);
  return true;
}

/// A date or interval that is read by its form as the type that it has.
static bool date_by_form(const pl_term* term) {
  pl_date start;
  pl_date end;
  for (pl_precision p = PL_PRECISION_YEAR; p <= PL_PRECISION_TIME; p++) {
    if (pl_date_parse_as(term->text, p, &start)) {
      return pl_str_eq(term->datatype, pl_date_datatype(p));
    }
  }
  return pl_str_eq(term->datatype, PL_STR(PL_INTERVAL_TYPE)) && term->text.len < 100 &&
         !memmem(term->text.data, term->text.len, "..", 2) && pl_interval_parse(term->text, &start, &end);
}

static bool confidence_by_form(const pl_term* term) {
  pl_numeral numeral;
  const bool number = is_bare(term) && pl_numeral_scan(term->text, &numeral);
  const double value = number ? pl_numeral_to_double(&numeral) : -1;
  return value >= 0 && value <= 1;
}

static pl_status put_annotation_value(pl_export_run* run, pl_buf* out, const pl_annotation_row* row, pl_id object_id) {
  const pl_term* const term = &row->terms.object;
  if (term->kind != PL_TERM_LITERAL) {
    return put_node(run, out, object_id, term, row->predicate == PL_KNOWN(SOURCE) ? NODE_TEXT : NODE_OBJECT);
  }
  if (row->predicate == PL_KNOWN(SPAN) && put_span(out, term)) {
    return PL_OK;
  }
  const bool time =
      row->predicate == PL_KNOWN(FROM) || row->predicate == PL_KNOWN(UNTIL) || row->predicate == PL_KNOWN(ON);
  if (row->predicate == PL_KNOWN(SPAN) || row->predicate == PL_KNOWN(SOURCE)) {
    put_literal_object(out, term);
  } else if (row->predicate == PL_KNOWN(CONFIDENCE)) {
    confidence_by_form(term) ? (void)pl_buf_str(out, term->text) : put_literal_object(out, term);
  } else if (time) {
    date_by_form(term) ? put_string(out, term->text) : put_literal_object(out, term);
  } else {
    put_literal(out, term, true);
  }
  return PL_OK;
}

static bool is_reserved_key(pl_str text) {
  static const char* const names[] = {"subject", "predicate", "object",     "graph", "subject_type", "object_type",
                                      "source",  "span",      "confidence", "from",  "until",        "on"};
  for (size_t i = 0; i < PL_COUNT_OF(names); i++) {
    if (pl_str_eq(text, pl_str_c(names[i]))) {
      return true;
    }
  }
  return false;
}

/// The text that names a predicate, as maker.h reads it back: a name below base, an IRI, or <IRI>.
static pl_status predicate_text(pl_export_run* run, pl_str iri, bool as_key, pl_str* out) {
  const pl_settings* const settings = pl_txn_settings(run->txn);
  pl_buf name;
  pl_str inner;
  pl_buf_init(&name, &run->mem, SIZE_MAX / 2);
  bool named = pl_name_from_iri(&name, settings->names.base, iri) && name.len > 0;
  bool failed = name.status != PL_OK;
  if (named) {
    const pl_str text = pl_buf_view(&name);
    const pl_str again = pl_name_to_iri(&run->arena, settings->names.base, text);
    failed = !again.data;
    named = !failed && pl_str_eq(again, iri) && !pl_predicate_text_is_iri(text) && !pl_text_in_brackets(text, &inner) &&
            !(as_key && is_reserved_key(text)) && !memchr(text.data, '\0', text.len);
    *out = pl_arena_str(&run->arena, text);
  }
  if (!named) {
    *out = pl_predicate_text_is_iri(iri) ? iri : pl_arena_printf(&run->arena, "<%.*s>", (int)iri.len, iri.data);
  }
  pl_buf_free(&name);
  return out->data && !failed ? PL_OK : pl_export_nomem(run);
}

typedef struct json_pair {
  pl_str key;    ///< as written in the object, unquoted
  pl_str value;  ///< JSON text
} json_pair;

static int compare_pairs(const void* a, const void* b) {
  const json_pair* const x = a;
  const json_pair* const y = b;
  const int c = pl_str_cmp(x->key, y->key);
  return c ? c : pl_str_cmp(x->value, y->value);
}

static pl_status make_pair(pl_export_run* run, const pl_annotation_row* row, json_pair* out) {
  static const struct {
    pl_id id;
    const char* key;
  } known[] = {{PL_KNOWN_SOURCE, "source"}, {PL_KNOWN_SPAN, "span"},   {PL_KNOWN_CONFIDENCE, "confidence"},
               {PL_KNOWN_FROM, "from"},     {PL_KNOWN_UNTIL, "until"}, {PL_KNOWN_ON, "on"}};
  out->key = (pl_str){NULL, 0};
  for (size_t i = 0; i < PL_COUNT_OF(known); i++) {
    if (row->predicate == pl_id_make(PL_TAG_IRI, known[i].id)) {
      out->key = pl_str_c(known[i].key);
    }
  }
  if (!out->key.data) {
    PL_TRY(predicate_text(run, row->terms.predicate.text, true, &out->key));
  }
  pl_id object_id = PL_ID_NULL;
  if (row->terms.object.kind == PL_TERM_IRI) {
    const pl_status found = pl_dict_find(run->txn, &row->terms.object, &object_id);
    PL_TRY(found == PL_NOT_FOUND ? pl_fail(run->err, PL_MSG_STORE_DAMAGED, "a term is not found by its text") : found);
  }
  pl_buf value;
  pl_buf_init(&value, &run->mem, SIZE_MAX / 2);
  pl_status status = put_annotation_value(run, &value, row, object_id);
  out->value = pl_arena_str(&run->arena, pl_buf_view(&value));
  if (status == PL_OK && (value.status != PL_OK || !out->value.data)) {
    status = pl_export_nomem(run);
  }
  pl_buf_free(&value);
  return status;
}

/// Pairs of one key become one value or a list. A single span stays a pair of numbers; several are a list of pairs.
static void put_pairs(pl_buf* out, const json_pair* pairs, size_t count) {
  for (size_t i = 0; i < count;) {
    size_t end = i + 1;
    while (end < count && pl_str_eq(pairs[end].key, pairs[i].key)) {
      end++;
    }
    put(out, ", ");
    put_string(out, pairs[i].key);
    put(out, end > i + 1 ? ": [" : ": ");
    for (size_t j = i; j < end; j++) {
      put(out, j > i ? ", " : "");
      (void)pl_buf_str(out, pairs[j].value);
    }
    put(out, end > i + 1 ? "]" : "");
    i = end;
  }
}

static pl_status put_annotations(pl_export_run* run, pl_buf* out) {
  pl_annotation_row* rows;
  size_t count;
  PL_TRY(pl_export_annotations(run, run->row.ids[PL_C], &rows, &count));
  json_pair* const pairs = PL_ARENA_ARRAY(&run->arena, json_pair, count);
  if (!pairs) {
    return pl_export_nomem(run);
  }
  for (size_t i = 0; i < count; i++) {
    PL_TRY(make_pair(run, &rows[i], &pairs[i]));
  }
  qsort(pairs, count, sizeof(*pairs), compare_pairs);
  put_pairs(out, pairs, count);
  return PL_OK;
}

pl_status pl_export_jsonl_record(pl_export_run* run) {
  pl_buf* const out = &run->record;
  const pl_export_row* const row = &run->row;
  put(out, "{\"subject\": ");
  PL_TRY(put_node(run, out, row->ids[PL_S], &row->terms[PL_S], NODE_TEXT));
  put(out, ", \"predicate\": ");
  pl_str predicate;
  PL_TRY(predicate_text(run, row->terms[PL_P].text, false, &predicate));
  put_string(out, predicate);
  put(out, ", \"object\": ");
  if (row->terms[PL_O].kind == PL_TERM_LITERAL) {
    put_literal(out, &row->terms[PL_O], false);
  } else {
    PL_TRY(put_node(run, out, row->ids[PL_O], &row->terms[PL_O], NODE_TEXT));
  }
  if (row->asserted) {
    PL_TRY(put_annotations(run, out));
  } else if (row->graph.kind != PL_TERM_NONE) {
    put(out, ", \"graph\": ");
    PL_TRY(put_node(run, out, row->ids[PL_C], &row->graph, NODE_EXACT));
  }
  put(out, "}\n");
  return PL_OK;
}
