/// Turtle and TriG through serd: it pulls bytes from a window and pushes triples, one document statement at a time.
/// IRIs are made absolute here, blank nodes scoped. A row is a triple; a statement that fails is one bad row and undone
/// as a whole (unless it is so long that a part of it was handed on already).
#include "base/utf8.h"
#include "load/batch.h"
#include "load/scope.h"
#include "load/turtle_source.h"

#include <serd/serd.h>
#include <stdio.h>

typedef struct turtle_reader {
  pl_reader base;             ///< class
  pl_reader_context context;  ///< copy
  pl_turtle_source source;    ///< bytes
  pl_scope scope;             ///< of blank nodes
  SerdReader* serd;           ///< parser
  SerdEnv* env;               ///< base and prefixes
  pl_batch* batch;            ///< being filled
  size_t first;               ///< statements in it before the document statement at hand
  uint64_t row;               ///< triples and bad statements so far
  uint64_t row_first;         ///< row before the document statement at hand
  size_t term_bytes_max;      ///< longest term
  bool streaming;             ///< a stream of serd is open
  bool eager;                 ///< hand over what has arrived
  pl_status status;           ///< failure inside a callback
  bool bad;                   ///< the statement at hand is bad: the next four say why
  uint64_t bad_line;          ///< where
  uint32_t bad_column;        ///< where, in bytes from 1
  pl_msg bad_msg;             ///< what
  char bad_text[256];         ///< reason, for RDF_SYNTAX
} turtle_reader;

static SerdStatus stop(turtle_reader* r, pl_status status) {
  r->status = status;
  return SERD_ERR_INTERNAL;
}

static SerdStatus nomem(turtle_reader* r) { return stop(r, pl_fail(r->context.err, PL_MSG_NOMEM)); }

static SerdStatus bad_term(turtle_reader* r, pl_msg msg) {
  r->bad_msg = msg;
  return SERD_ERR_BAD_SYNTAX;
}

/// The first error of a statement is the one to tell.
static SerdStatus on_error(void* handle, const SerdError* error) {
  turtle_reader* const r = handle;
  if (r->bad) {
    return SERD_SUCCESS;
  }
  r->bad = true;
  r->bad_line = r->source.stream_line + (error->line ? error->line - 1 : 0);
  r->bad_column = error->col;
  (void)vsnprintf(r->bad_text, sizeof(r->bad_text), error->fmt, *error->args);
  const size_t len = strcspn(r->bad_text, "\n");
  r->bad_text[len] = '\0';
  return SERD_SUCCESS;
}

static SerdStatus on_base(void* handle, const SerdNode* uri) {
  turtle_reader* const r = handle;
  return serd_env_set_base_uri(r->env, uri);
}

static SerdStatus on_prefix(void* handle, const SerdNode* name, const SerdNode* uri) {
  turtle_reader* const r = handle;
  const SerdStatus st = serd_env_set_prefix(r->env, name, uri);
  if (st || !r->context.on_prefix) {
    return st;
  }
  SerdNode full = serd_env_expand_node(r->env, uri);
  const pl_str iri = full.buf ? (pl_str){(const char*)full.buf, full.n_bytes} : (pl_str){NULL, 0};
  pl_status status = PL_OK;
  if (iri.len && pl_iri_check(iri) == iri.len && pl_utf8_check(iri) == iri.len) {
    status = r->context.on_prefix(r->context.on_prefix_user, (pl_str){(const char*)name->buf, name->n_bytes}, iri);
  }
  serd_node_free(&full);
  return status == PL_OK ? SERD_SUCCESS : stop(r, status);
}

static SerdStatus checked_text(turtle_reader* r, pl_str text) {
  if (text.len > r->term_bytes_max) {
    return bad_term(r, PL_MSG_TERM_TOO_LONG);
  }
  return pl_utf8_check(text) < text.len ? bad_term(r, PL_MSG_ROW_UTF8) : SERD_SUCCESS;
}

static SerdStatus copy(turtle_reader* r, pl_str text, pl_str* out) {
  const SerdStatus st = checked_text(r, text);
  if (st) {
    return st;
  }
  *out = pl_arena_str(&r->batch->arena, text);
  return out->data ? SERD_SUCCESS : nomem(r);
}

static SerdStatus checked_iri(turtle_reader* r, pl_str iri) {
  const size_t good = pl_iri_check(iri);
  return good == iri.len ? SERD_SUCCESS : bad_term(r, good ? PL_MSG_IRI_CHARACTER : PL_MSG_IRI_RELATIVE);
}

static SerdStatus curie(turtle_reader* r, const SerdNode* node, pl_str* out) {
  SerdChunk prefix;
  SerdChunk suffix;
  SerdStatus st = serd_env_expand(r->env, node, &prefix, &suffix);
  if (st) {
    (void)snprintf(r->bad_text, sizeof(r->bad_text), "the prefix of `%.100s` is not declared", (const char*)node->buf);
    return bad_term(r, PL_MSG_RDF_SYNTAX);
  }
  char* const text = pl_arena_alloc(&r->batch->arena, prefix.len + suffix.len);
  if (!text) {
    return nomem(r);
  }
  memcpy(text, prefix.buf, prefix.len);
  memcpy(text + prefix.len, suffix.buf, suffix.len);
  *out = (pl_str){text, prefix.len + suffix.len};
  st = checked_text(r, *out);  // serd takes any bytes in the IRI of a prefix
  return st ? st : checked_iri(r, *out);
}

/// RFC 3986, section 5.2.4, in place: serd removes dot segments only at the start of a relative reference.
static size_t remove_dot_segments(char* path, size_t len) {
  size_t out = 0;
  for (size_t in = 0; in < len;) {
    const char* const slash = memchr(path + in + 1, '/', len - in - 1);
    const size_t end = slash ? (size_t)(slash - path) : len;
    const pl_str segment = {path + in, end - in};  // with its leading slash
    const bool dot = pl_str_eq(segment, PL_STR("/."));
    const bool dots = pl_str_eq(segment, PL_STR("/.."));
    if (dots) {
      while (out > 0 && path[--out] != '/') {
      }
    }
    if (!dot && !dots) {
      memmove(path + out, path + in, segment.len);
      out += segment.len;
    } else if (end == len) {
      path[out++] = '/';
    }
    in = end;
  }
  return out;
}

/// Normalise the path of an IRI that was resolved against the base.
static void normalise(pl_str* text) {
  char* const data = (char*)(uintptr_t)text->data;  // our own copy
  const char* const colon = memchr(data, ':', text->len);
  size_t start = colon ? (size_t)(colon - data) + 1 : text->len;
  if (start + 2 <= text->len && !memcmp(data + start, "//", 2)) {
    start += 2;
    while (start < text->len && !strchr("/?#", data[start])) {
      start++;
    }
  }
  size_t end = start;
  while (end < text->len && data[end] != '?' && data[end] != '#') {
    end++;
  }
  if (start == end || data[start] != '/' || !memmem(data + start, end - start, "/.", 2)) {
    return;
  }
  const size_t path_len = remove_dot_segments(data + start, end - start);
  memmove(data + start + path_len, data + end, text->len - end);
  text->len -= end - start - path_len;
}

static SerdStatus iri(turtle_reader* r, const SerdNode* node, pl_str* out) {
  if (node->type == SERD_CURIE) {
    return curie(r, node, out);
  }
  if (serd_uri_string_has_scheme(node->buf)) {
    const SerdStatus st = copy(r, (pl_str){(const char*)node->buf, node->n_bytes}, out);
    return st ? st : checked_iri(r, *out);
  }
  SerdNode full = serd_env_expand_node(r->env, node);
  SerdStatus st = SERD_ERR_BAD_ARG;
  if (full.buf && serd_uri_string_has_scheme(full.buf)) {
    st = copy(r, (pl_str){(const char*)full.buf, full.n_bytes}, out);
    if (!st) {
      normalise(out);
      st = checked_iri(r, *out);
    }
  } else {
    st = bad_term(r, PL_MSG_IRI_RELATIVE);
  }
  serd_node_free(&full);
  return st;
}

static SerdStatus literal(turtle_reader* r, const SerdNode* node, const SerdNode* datatype, const SerdNode* lang,
                          pl_term* out) {
  out->kind = PL_TERM_LITERAL;
  SerdStatus st = copy(r, (pl_str){(const char*)node->buf, node->n_bytes}, &out->text);
  if (!st && lang && lang->n_bytes) {
    st = copy(r, (pl_str){(const char*)lang->buf, lang->n_bytes}, &out->lang);
    char* const tag = (char*)(uintptr_t)out->lang.data;
    for (size_t i = 0; !st && i < out->lang.len; i++) {
      tag[i] = tag[i] >= 'A' && tag[i] <= 'Z' ? (char)(tag[i] | 0x20) : tag[i];
    }
  } else if (!st && datatype && datatype->n_bytes) {
    st = iri(r, datatype, &out->datatype);
    if (!st && pl_str_eq(out->datatype, PL_STR(PL_XSD "string"))) {
      out->datatype = (pl_str){NULL, 0};
    }
  }
  return st;
}

static SerdStatus term(turtle_reader* r, const SerdNode* node, const SerdNode* datatype, const SerdNode* lang,
                       pl_term* out) {
  *out = (pl_term){.kind = PL_TERM_NONE};
  pl_str label;
  SerdStatus st;
  switch (node->type) {
    case SERD_URI:
    case SERD_CURIE:
      out->kind = PL_TERM_IRI;
      return iri(r, node, &out->text);
    case SERD_LITERAL:
      return literal(r, node, datatype, lang, out);
    case SERD_BLANK:
      out->kind = PL_TERM_BLANK;
      st = copy(r, (pl_str){(const char*)node->buf, node->n_bytes}, &label);
      if (!st) {
        const pl_status status = pl_scope_label(&r->scope, &r->batch->arena, label, &out->text);
        st = status == PL_OK ? SERD_SUCCESS : stop(r, status);
      }
      return st;
    case SERD_NOTHING:
      break;
  }
  return bad_term(r, PL_MSG_RDF_SYNTAX);
}

/// A document statement larger than a batch goes on in parts, so that memory stays bounded.
static SerdStatus hand_on(turtle_reader* r) {
  if (r->batch->count < 4 * (size_t)PL_BATCH_STATEMENTS || !r->context.on_full) {
    return SERD_SUCCESS;
  }
  r->batch->bytes_offset = r->source.offset + r->source.pos;
  const pl_status status = r->context.on_full(r->context.on_full_user, &r->batch);
  if (status != PL_OK) {
    return stop(r, status);
  }
  r->first = r->batch->count;
  r->row_first = r->row;
  return SERD_SUCCESS;
}

static SerdStatus on_statement(void* handle, SerdStatementFlags flags, const SerdNode* graph, const SerdNode* subject,
                               const SerdNode* predicate, const SerdNode* object, const SerdNode* datatype,
                               const SerdNode* lang) {
  PL_UNUSED(flags);
  turtle_reader* const r = handle;
  pl_statement s = {.row = r->row + 1};
  r->bad_msg = PL_MSG_RDF_SYNTAX;
  SerdStatus st = hand_on(r);
  st = st ? st : term(r, subject, NULL, NULL, &s.subject);
  st = st ? st : term(r, predicate, NULL, NULL, &s.predicate);
  st = st ? st : term(r, object, datatype, lang, &s.object);
  if (!st && graph && graph->buf) {
    st = term(r, graph, NULL, NULL, &s.graph);
  }
  if (st || r->status != PL_OK) {
    return st ? st : SERD_ERR_INTERNAL;
  }
  if (s.predicate.kind != PL_TERM_IRI || s.subject.kind == PL_TERM_LITERAL) {
    (void)snprintf(r->bad_text, sizeof(r->bad_text), "a literal or blank node cannot stand here");
    return bad_term(r, PL_MSG_RDF_SYNTAX);
  }
  if (pl_batch_push(r->batch, &s) != PL_OK) {
    return nomem(r);
  }
  r->row++;
  r->batch->rows++;
  return SERD_SUCCESS;
}

static void turtle_close(pl_reader* reader) {
  turtle_reader* const r = (turtle_reader*)reader;
  if (!r) {
    return;
  }
  serd_reader_free(r->serd);
  serd_env_free(r->env);
  pl_turtle_source_free(&r->source);
  pl_mem_free(r->context.mem, r, sizeof(*r));
}

static pl_status set_base(turtle_reader* r) {
  const pl_str base = r->context.document_base;
  if (!base.len) {
    return PL_OK;
  }
  char* const text = pl_mem_alloc(r->context.mem, base.len + 1);
  if (!text) {
    return pl_fail(r->context.err, PL_MSG_NOMEM);
  }
  memcpy(text, base.data, base.len);
  text[base.len] = '\0';
  const SerdNode node = serd_node_from_string(SERD_URI, (const uint8_t*)text);
  (void)serd_env_set_base_uri(r->env, &node);  // a base that is no IRI leaves relative IRIs bad, which is told then
  pl_mem_free(r->context.mem, text, base.len + 1);
  return PL_OK;
}

static pl_status open_as(const pl_reader_context* context, SerdSyntax syntax, const pl_reader_class* class_,
                         pl_reader** out) {
  turtle_reader* const r = pl_mem_calloc(context->mem, 1, sizeof(*r));
  if (!r) {
    return pl_fail(context->err, PL_MSG_NOMEM);
  }
  r->base.class_ = class_;
  r->context = *context;
  *out = &r->base;
  const uint64_t longest = context->options ? context->options->literal_bytes_max : 0;
  r->term_bytes_max = longest && longest < PL_TERM_BYTES_MAX ? (size_t)longest : PL_TERM_BYTES_MAX;
  r->eager = context->options && context->options->commit_every > 0;
  pl_scope_init(&r->scope, &r->context);
  PL_TRY(pl_turtle_source_init(&r->source, context));
  r->env = serd_env_new(NULL);
  r->serd = serd_reader_new(syntax, r, NULL, on_base, on_prefix, on_statement, NULL);
  if (!r->env || !r->serd) {
    return pl_fail(context->err, PL_MSG_NOMEM);
  }
  serd_reader_set_strict(r->serd, true);
  serd_reader_set_error_sink(r->serd, on_error, r);
  return set_base(r);
}

static pl_status turtle_open(const pl_reader_context* context, pl_reader** out) {
  return open_as(context, SERD_TURTLE, &pl_reader_turtle, out);
}

static pl_status trig_open(const pl_reader_context* context, pl_reader** out) {
  return open_as(context, SERD_TRIG, &pl_reader_trig, out);
}

static pl_status stream_open(turtle_reader* r) {
  if (r->streaming) {
    return PL_OK;
  }
  const SerdStatus st = serd_reader_start_source_stream(r->serd, pl_turtle_source_read, pl_turtle_source_error,
                                                        &r->source, (const uint8_t*)pl_bytes_name(r->context.bytes), 1);
  r->streaming = !st;
  return st ? pl_fail(r->context.err, PL_MSG_NOMEM) : PL_OK;
}

/// For errors that serd does not place: it reads byte by byte, so the source knows how far it is.
static void place_bad(turtle_reader* r) {
  const pl_turtle_source* const s = &r->source;
  // The byte in hand is looked at but not yet used.
  const size_t at = s->pos > 0 ? s->pos - 1 : 0;
  const char* const newline = at ? memrchr(s->window, '\n', at) : NULL;
  const size_t start = newline ? (size_t)(newline - s->window) + 1 : 0;
  r->bad_line = s->line;
  for (size_t i = 0; i < start; i++) {
    r->bad_line += s->window[i] == '\n';
  }
  r->bad_column = (uint32_t)(at - start) + 1;
}

static pl_status record_bad(turtle_reader* r) {
  pl_error err;
  pl_error_init(&err, r->batch->arena.mem);
  uint64_t offset;
  const pl_str line = pl_turtle_source_line(&r->source, r->bad_line, &offset);
  const pl_source source = {pl_bytes_name(r->context.bytes), line, r->bad_line, offset};
  const uint32_t start = r->bad_column ? r->bad_column - 1 : 0;
  const pl_span span = {start < line.len ? start : (uint32_t)line.len, start + 1};
  if (r->bad_msg == PL_MSG_RDF_SYNTAX) {
    (void)pl_fail_at(&err, &source, span, r->bad_msg, r->bad_text);
  } else if (r->bad_msg == PL_MSG_RDF_NESTING) {
    (void)pl_fail_at(&err, &source, span, r->bad_msg, PL_TURTLE_NESTING_MAX);
  } else {
    (void)pl_fail_at(&err, &source, span, r->bad_msg, r->term_bytes_max);
  }
  const pl_status status = pl_batch_bad(r->batch, &err, r->row, line);
  return status == PL_OK ? PL_OK : pl_fail(r->context.err, PL_MSG_NOMEM);
}

/// Undo the statement, note it as one bad row, and go on behind it with a fresh stream.
static pl_status bad_statement(turtle_reader* r) {
  if (r->source.stop == PL_TURTLE_DEEP) {
    r->bad_msg = PL_MSG_RDF_NESTING;
  } else if (r->source.stop == PL_TURTLE_ZERO) {
    (void)snprintf(r->bad_text, sizeof(r->bad_text), "a zero byte cannot stand in a document");
    r->bad_msg = PL_MSG_RDF_SYNTAX;
  }
  if (!r->bad) {
    place_bad(r);
  }
  r->batch->count = r->first;
  r->batch->rows -= r->row - r->row_first;
  r->row = r->row_first + 1;
  r->batch->rows++;
  PL_TRY(record_bad(r));
  (void)serd_reader_end_stream(r->serd);
  r->streaming = false;
  return pl_turtle_source_recover(&r->source, r->bad_line);
}

/// One document statement. PL_DONE at the end.
static pl_status read_statement(turtle_reader* r) {
  PL_TRY(stream_open(r));
  r->first = r->batch->count;
  r->row_first = r->row;
  r->bad = false;
  r->bad_msg = PL_MSG_RDF_SYNTAX;
  (void)snprintf(r->bad_text, sizeof(r->bad_text), "not well-formed here");
  const SerdStatus st = serd_reader_read_chunk(r->serd);
  if (r->status != PL_OK) {
    return r->status;
  }
  if (r->source.stop == PL_TURTLE_IO) {
    return r->source.status;
  }
  if (st > SERD_FAILURE || r->bad || r->source.stop != PL_TURTLE_FINE) {
    return bad_statement(r);
  }
  return st == SERD_FAILURE && r->source.end && pl_turtle_source_drained(&r->source) ? PL_DONE : PL_OK;
}

static pl_status turtle_next(pl_reader* reader, pl_batch* batch) {
  turtle_reader* const r = (turtle_reader*)reader;
  r->batch = batch;
  pl_status status = PL_OK;
  do {
    status = read_statement(r);
  } while (status == PL_OK && !pl_batch_full(r->batch) &&
           !(r->eager && r->batch->count && pl_turtle_source_drained(&r->source)));
  r->batch->bytes_offset = r->source.offset + r->source.pos;
  return status;
}

const pl_reader_class pl_reader_turtle = {
    .name = "Turtle", .open = turtle_open, .next = turtle_next, .close = turtle_close};
const pl_reader_class pl_reader_trig = {.name = "TriG", .open = trig_open, .next = turtle_next, .close = turtle_close};
