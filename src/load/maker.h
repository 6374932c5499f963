/// From a row with keys (JSON Lines, CSV) to statements: names become nodes with labels, types become facts, the rest
/// annotations.
///
/// A row that turns out bad leaves nothing behind: its statements are cut off the batch again, and the labels it would
/// have stated are not remembered. Functions return PL_ERR_FORMAT for a bad row (the reason is in maker->err) and other
/// failures with the reason in context->err.
#ifndef PL_LOAD_MAKER_H
#define PL_LOAD_MAKER_H

#include "load/batch.h"
#include "load/hashset.h"
#include "load/scope.h"

typedef struct pl_maker {
  const pl_reader_context* context;                         ///< base, error, input
  pl_scope scope;                                           ///< of blank nodes
  pl_hashset labelled;                                      ///< hashes of texts whose label was stated in this load
  pl_str label, source, span, confidence, from, until, on;  ///< IRIs of the predicates with a meaning
  // The row at hand.
  pl_batch* batch;                    ///< being filled
  pl_error err;                       ///< why it is bad
  pl_str text;                        ///< its bytes
  uint64_t row;                       ///< its number
  uint64_t line;                      ///< the line it begins on
  uint64_t offset;                    ///< of text in the document
  size_t first;                       ///< statements in the batch before it
  const char* key;                    ///< the key at hand, for carets; NULL outside
  pl_term subject;                    ///< NONE until known
  pl_term predicate;                  ///< NONE until known
  pl_term object;                     ///< NONE until known
  pl_term graph;                      ///< NONE without
  PL_VEC(pl_annotation) annotations;  ///< of the assertion
  PL_VEC(pl_term) subject_types;      ///< nodes
  PL_VEC(pl_term) object_types;       ///< nodes
  PL_VEC(uint64_t) labels;            ///< hashes to remember when the row is good
} pl_maker;

pl_status pl_maker_init(pl_maker* maker, const pl_reader_context* context);
void pl_maker_free(pl_maker* maker);

/// Begin a batch: the predicates that have a meaning are put in its arena, because a batch outlives its reader.
pl_status pl_maker_batch(pl_maker* maker, pl_batch* batch);
/// Begin a row of that batch.
void pl_maker_begin(pl_maker* maker, pl_str text, uint64_t row, uint64_t line, uint64_t offset);
/// Push the row's statements.
pl_status pl_maker_end(pl_maker* maker);
/// After PL_ERR_FORMAT: undo the row and put it among the batch's bad ones.
pl_status pl_maker_bad(pl_maker* maker);

/// Node named by a text: base + text, with its label stated once a load. `key` is for messages.
pl_status pl_maker_node(pl_maker* maker, const char* key, pl_str text, pl_term* out);
/// Exact IRI.
pl_status pl_maker_iri(pl_maker* maker, const char* key, pl_str iri, pl_term* out);
/// Blank node by label.
pl_status pl_maker_blank(pl_maker* maker, const char* key, pl_str label, pl_term* out);
/// Predicate: a text that begins with http://, https:// or urn:, or stands in <>, is an IRI, any other is base + text.
pl_status pl_maker_predicate(pl_maker* maker, const char* key, pl_str text, pl_term* out);
/// String literal, with a language tag unless lang is empty.
pl_status pl_maker_string(pl_maker* maker, const char* key, pl_str text, pl_str lang, pl_term* out);
/// Literal of a named type. Short and prefixed names of known types have their text checked; an IRI (with ://, urn: or
/// in <>) is taken as is.
pl_status pl_maker_typed(pl_maker* maker, const char* key, pl_str text, pl_str type, pl_term* out);
/// Date or interval, by its form.
pl_status pl_maker_date(pl_maker* maker, const char* key, pl_str text, pl_term* out);
pl_status pl_maker_integer(pl_maker* maker, int64_t value, pl_term* out);
/// Decimal if the number has at most 15 digits and no exponent in its shortest form, else double.
pl_status pl_maker_real(pl_maker* maker, double value, pl_term* out);
void pl_maker_boolean(bool value, pl_term* out);
pl_status pl_maker_span(pl_maker* maker, uint64_t start, uint64_t end, pl_term* out);
pl_status pl_maker_annotate(pl_maker* maker, pl_str predicate, const pl_term* object);
pl_status pl_maker_nomem(pl_maker* maker);

/// Where a word stands in the row, for carets; the whole row's start if it does not.
pl_span pl_maker_find(const pl_maker* maker, pl_str word);
/// Record why the row is bad, pointing at `word`.
#define PL_ROW_FAIL(maker, word, ...)                                                                             \
  pl_fail_at(&(maker)->err,                                                                                       \
             &(pl_source){pl_bytes_name((maker)->context->bytes), (maker)->text, (maker)->line, (maker)->offset}, \
             pl_maker_find((maker), (word)), __VA_ARGS__)

/// Shared with the export, which must write what reads back the same.
bool pl_predicate_text_is_iri(pl_str text);  ///< begins with http://, https:// or urn:
bool pl_type_text_is_iri(pl_str text);       ///< holds :// or begins with urn:
/// True if the text is <...>; *inner is what stands between, else the text.
bool pl_text_in_brackets(pl_str text, pl_str* inner);
/// XSD or Parley datatype of a short type name ("year", "integer"); empty if it is not one of Parley's own.
pl_str pl_type_short_to_iri(pl_str name);
/// Text of a JSON real as decimal; 0 if it becomes a double. buf has 48 bytes.
size_t pl_real_decimal(double value, char buf[48]);

#endif
