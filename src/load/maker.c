/// Terms and statements of a row. All text is copied into the batch's arena.
#include "load/maker.h"

#include "load/bytes.h"

#include <stdio.h>
#include <xxhash.h>

enum { LABELS_REMEMBERED = 1 << 20 };

pl_status pl_maker_init(pl_maker* m, const pl_reader_context* context) {
  *m = (pl_maker){.context = context};
  pl_scope_init(&m->scope, context);
  pl_hashset_init(&m->labelled, context->mem, LABELS_REMEMBERED);
  return PL_OK;
}

static pl_status own_iri(pl_maker* m, const char* name, pl_str* out) {
  *out = pl_name_to_iri(&m->batch->arena, m->context->base, pl_str_c(name));
  return out->data ? PL_OK : pl_maker_nomem(m);
}

pl_status pl_maker_batch(pl_maker* m, pl_batch* batch) {
  m->batch = batch;
  PL_TRY(own_iri(m, "label", &m->label));
  PL_TRY(own_iri(m, "source", &m->source));
  PL_TRY(own_iri(m, "span", &m->span));
  PL_TRY(own_iri(m, "confidence", &m->confidence));
  PL_TRY(own_iri(m, "from", &m->from));
  PL_TRY(own_iri(m, "until", &m->until));
  return own_iri(m, "on", &m->on);
}

void pl_maker_free(pl_maker* m) {
  if (!m->context) {
    return;
  }
  pl_mem* const mem = m->context->mem;
  pl_vec_free(mem, &m->annotations);
  pl_vec_free(mem, &m->subject_types);
  pl_vec_free(mem, &m->object_types);
  pl_vec_free(mem, &m->labels);
  pl_hashset_free(&m->labelled);
}

pl_status pl_maker_nomem(pl_maker* m) { return pl_fail(m->context->err, PL_MSG_NOMEM); }

void pl_maker_begin(pl_maker* m, pl_str text, uint64_t row, uint64_t line, uint64_t offset) {
  pl_batch* const batch = m->batch;
  pl_error_init(&m->err, batch->arena.mem);
  m->text = text;
  m->row = row;
  m->line = line;
  m->offset = offset;
  m->first = batch->count;
  m->key = NULL;
  m->subject = m->predicate = m->object = m->graph = (pl_term){.kind = PL_TERM_NONE};
  m->annotations.count = m->subject_types.count = m->object_types.count = m->labels.count = 0;
}

/// Offset of the key at hand as a quoted word; 0 if there is none or it is written with escapes.
static size_t find_key(const pl_maker* m, size_t searched) {
  const size_t len = m->key ? strlen(m->key) : 0;
  for (size_t at = 0; len && at + len < searched;) {
    const char* const found = memmem(m->text.data + at, searched - at, m->key, len);
    if (!found) {
      return 0;
    }
    at = (size_t)(found - m->text.data);
    if (at > 0 && found[-1] == '"' && at + len < searched && found[len] == '"') {
      return at;
    }
    at++;
  }
  return 0;
}

/// The word at or behind the key at hand, else anywhere in the row.
pl_span pl_maker_find(const pl_maker* m, pl_str word) {
  const size_t searched = m->text.len < UINT32_MAX ? m->text.len : UINT32_MAX;
  const size_t from = find_key(m, searched);
  const char* found = word.len ? memmem(m->text.data + from, searched - from, word.data, word.len) : NULL;
  if (word.len && !found && from) {
    found = memmem(m->text.data, searched, word.data, word.len);
  }
  const uint32_t start = found ? (uint32_t)(found - m->text.data) : 0;
  return (pl_span){start, start + (found ? (uint32_t)word.len : 1)};
}

static pl_status push(pl_maker* m, const pl_statement* statement) {
  return pl_batch_push(m->batch, statement) == PL_OK ? PL_OK : pl_maker_nomem(m);
}

static pl_status require(pl_maker* m, const pl_term* term, const char* key) {
  return term->kind != PL_TERM_NONE ? PL_OK : PL_ROW_FAIL(m, ((pl_str){NULL, 0}), PL_MSG_ROW_MISSING, key);
}

/// The row's annotations, or only its sources, in the arena.
static pl_status set_annotations(pl_maker* m, pl_statement* statement, bool sources_only) {
  pl_annotation* const copy = PL_ARENA_ARRAY(&m->batch->arena, pl_annotation, m->annotations.count);
  if (!copy) {
    return pl_maker_nomem(m);
  }
  uint32_t count = 0;
  for (size_t i = 0; i < m->annotations.count; i++) {
    if (!sources_only || pl_str_eq(m->annotations.data[i].predicate.text, m->source)) {
      copy[count++] = m->annotations.data[i];
    }
  }
  statement->annotations = copy;
  statement->annotation_count = count;
  statement->asserted = count > 0;
  return PL_OK;
}

static pl_status push_types(pl_maker* m, const pl_term* node, const pl_term* types, size_t count) {
  for (size_t i = 0; i < count; i++) {
    pl_statement statement = {
        .subject = *node, .predicate = pl_term_iri(PL_STR(PL_RDF "type")), .object = types[i], .row = m->row};
    PL_TRY(set_annotations(m, &statement, true));
    PL_TRY(push(m, &statement));
  }
  return PL_OK;
}

pl_status pl_maker_end(pl_maker* m) {
  PL_TRY(require(m, &m->subject, "subject"));
  PL_TRY(require(m, &m->predicate, "predicate"));
  PL_TRY(require(m, &m->object, "object"));
  if (m->object_types.count && m->object.kind == PL_TERM_LITERAL) {
    return PL_ROW_FAIL(m, PL_STR("object_type"), PL_MSG_ROW_LITERAL_TYPED);
  }
  if (m->annotations.count && m->graph.kind != PL_TERM_NONE) {
    return PL_ROW_FAIL(m, PL_STR("graph"), PL_MSG_ROW_GRAPH);
  }
  pl_statement statement = {
      .subject = m->subject, .predicate = m->predicate, .object = m->object, .graph = m->graph, .row = m->row};
  PL_TRY(set_annotations(m, &statement, false));
  PL_TRY(push(m, &statement));
  PL_TRY(push_types(m, &m->subject, m->subject_types.data, m->subject_types.count));
  PL_TRY(push_types(m, &m->object, m->object_types.data, m->object_types.count));
  for (size_t i = 0; i < m->labels.count; i++) {
    if (pl_hashset_add(&m->labelled, m->labels.data[i]) != PL_OK) {
      return pl_maker_nomem(m);
    }
  }
  return PL_OK;
}

pl_status pl_maker_bad(pl_maker* m) {
  m->batch->count = m->first;
  return pl_batch_bad(m->batch, &m->err, m->row, m->text) == PL_OK ? PL_OK : pl_maker_nomem(m);
}

static bool labels_hold(const pl_maker* m, uint64_t hash) {
  for (size_t i = 0; i < m->labels.count; i++) {
    if (m->labels.data[i] == hash) {
      return true;
    }
  }
  return pl_hashset_has(&m->labelled, hash);
}

pl_status pl_maker_node(pl_maker* m, const char* key, pl_str text, pl_term* out) {
  if (text.len == 0) {
    return PL_ROW_FAIL(m, pl_str_c(key), PL_MSG_ROW_VALUE, key, "a text that is not empty");
  }
  *out = pl_term_iri(pl_name_to_iri(&m->batch->arena, m->context->base, text));
  if (!out->text.data) {
    return pl_maker_nomem(m);
  }
  const uint64_t hash = XXH3_64bits(text.data, text.len);
  if (labels_hold(m, hash)) {
    return PL_OK;
  }
  const pl_str label = pl_arena_str(&m->batch->arena, text);
  if (!label.data || pl_vec_push(m->context->mem, &m->labels, hash) != PL_OK) {
    return pl_maker_nomem(m);
  }
  const pl_statement statement = {
      .subject = *out, .predicate = pl_term_iri(m->label), .object = pl_term_string(label), .row = m->row};
  return push(m, &statement);
}

pl_status pl_maker_iri(pl_maker* m, const char* key, pl_str iri, pl_term* out) {
  if (pl_iri_check(iri) < iri.len || iri.len == 0) {
    return PL_ROW_FAIL(m, iri.len ? iri : pl_str_c(key), PL_MSG_ROW_VALUE, key, "an absolute IRI");
  }
  *out = pl_term_iri(pl_arena_str(&m->batch->arena, iri));
  return out->text.data ? PL_OK : pl_maker_nomem(m);
}

pl_status pl_maker_blank(pl_maker* m, const char* key, pl_str label, pl_term* out) {
  if (label.len == 0 || pl_blank_label_scan(label) != label.len) {
    return PL_ROW_FAIL(m, label.len ? label : pl_str_c(key), PL_MSG_ROW_VALUE, key, "a blank node label");
  }
  const pl_str copy = pl_arena_str(&m->batch->arena, label);
  if (!copy.data) {
    return pl_maker_nomem(m);
  }
  *out = (pl_term){.kind = PL_TERM_BLANK};
  return pl_scope_label(&m->scope, &m->batch->arena, copy, &out->text);
}

bool pl_predicate_text_is_iri(pl_str text) {
  return pl_str_starts(text, PL_STR("http://")) || pl_str_starts(text, PL_STR("https://")) ||
         pl_str_starts(text, PL_STR("urn:"));
}

bool pl_type_text_is_iri(pl_str text) {
  return pl_str_starts(text, PL_STR("urn:")) || memmem(text.data, text.len, "://", 3) != NULL;
}

bool pl_text_in_brackets(pl_str text, pl_str* inner) {
  const bool yes = text.len > 2 && text.data[0] == '<' && text.data[text.len - 1] == '>';
  *inner = yes ? (pl_str){text.data + 1, text.len - 2} : text;
  return yes;
}

pl_status pl_maker_predicate(pl_maker* m, const char* key, pl_str text, pl_term* out) {
  pl_str iri;
  if (pl_text_in_brackets(text, &iri) || pl_predicate_text_is_iri(text)) {
    return pl_maker_iri(m, key, iri, out);
  }
  if (text.len == 0) {
    return PL_ROW_FAIL(m, pl_str_c(key), PL_MSG_ROW_VALUE, key, "a text that is not empty");
  }
  *out = pl_term_iri(pl_name_to_iri(&m->batch->arena, m->context->base, text));
  return out->text.data ? PL_OK : pl_maker_nomem(m);
}

pl_status pl_maker_annotate(pl_maker* m, pl_str predicate, const pl_term* object) {
  const pl_annotation annotation = {pl_term_iri(predicate), *object};
  return pl_vec_push(m->context->mem, &m->annotations, annotation) == PL_OK ? PL_OK : pl_maker_nomem(m);
}
