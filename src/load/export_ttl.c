/// Turtle: records are lines in N-Triples terms, which sort like an N-Triples export; while they are written, terms are
/// read back from them, shortened with the store's prefixes, and grouped by subject and predicate.
///
///   <s> <p> <o>                                  fact
///   <s> <p> <o> ~ _:r1 {| <p> <o> ; <p> <o> |}   with the assertion that says it (RDF 1.2)
#include <stdlib.h>

#include "load/export_internal.h"

static void put(pl_buf* out, const char* text) { (void)pl_buf_str(out, pl_str_c(text)); }

static int compare_texts(const void* a, const void* b) {
  const pl_str* const x = a;
  const pl_str* const y = b;
  return pl_str_cmp(*x, *y);
}

static pl_status pair_texts(pl_export_run* run, pl_str** out, size_t* count) {
  pl_annotation_row* rows;
  PL_TRY(pl_export_annotations(run, run->row.ids[PL_C], &rows, count));
  *out = PL_ARENA_ARRAY(&run->arena, pl_str, *count);
  if (!*out) {
    return pl_export_nomem(run);
  }
  for (size_t i = 0; i < *count; i++) {
    pl_buf_clear(&run->record);
    (void)pl_term_write_nt(&run->record, &rows[i].terms.predicate);
    put(&run->record, " ");
    (void)pl_term_write_nt(&run->record, &rows[i].terms.object);
    (*out)[i] = pl_arena_str(&run->arena, pl_buf_view(&run->record));
    if (run->record.status != PL_OK || !(*out)[i].data) {
      return pl_export_nomem(run);
    }
  }
  qsort(*out, *count, sizeof(**out), compare_texts);
  pl_buf_clear(&run->record);
  return PL_OK;
}

pl_status pl_export_ttl_record(pl_export_run* run) {
  const pl_export_row* const row = &run->row;
  const bool asserted = row->asserted && run->options->assertions;
  char label[34];
  pl_str* pairs = NULL;
  size_t count = 0;
  if (asserted) {
    PL_TRY(pl_export_label(run, row->ids[PL_C], label));
    PL_TRY(pair_texts(run, &pairs, &count));
  }
  for (int i = 0; i < 3; i++) {
    (void)pl_term_write_nt(&run->record, &row->terms[i]);
    put(&run->record, i < 2 ? " " : "");
  }
  if (!asserted) {
    return PL_OK;
  }
  (void)pl_buf_printf(&run->record, " ~ _:%s {|", label);
  for (size_t i = 0; i < count; i++) {
    put(&run->record, i ? " ; " : " ");
    (void)pl_buf_str(&run->record, pairs[i]);
  }
  put(&run->record, " |}");
  return PL_OK;
}

/// A local name that needs no escapes in Turtle: letters, digits, _ and inner -.
static bool is_local(pl_str s) {
  for (size_t i = 0; i < s.len; i++) {
    const char c = s.data[i];
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    if (!letter && !(c == '-' && i > 0)) {
      return false;
    }
  }
  return s.len > 0;
}

static void put_iri(pl_buf* out, const pl_names* names, pl_str iri) {
  const pl_prefix* best = NULL;
  for (size_t i = 0; i < names->prefix_count; i++) {
    const pl_prefix* const p = &names->prefixes[i];
    const bool fits =
        p->iri.len && pl_str_starts(iri, p->iri) && is_local((pl_str){iri.data + p->iri.len, iri.len - p->iri.len});
    if (fits && (!best || p->iri.len > best->iri.len ||
                 (p->iri.len == best->iri.len && pl_str_cmp(p->prefix, best->prefix) < 0))) {
      best = p;
    }
  }
  if (best) {
    (void)pl_buf_str(out, best->prefix);
    put(out, ":");
    (void)pl_buf_append(out, iri.data + best->iri.len, iri.len - best->iri.len);
    return;
  }
  const pl_term term = pl_term_iri(iri);
  (void)pl_term_write_nt(out, &term);
}

static void put_term(pl_buf* out, const pl_names* names, const pl_term* term) {
  pl_id id;
  if (term->kind == PL_TERM_IRI) {
    put_iri(out, names, term->text);
    return;
  }
  const pl_tag tag = term->kind == PL_TERM_LITERAL ? pl_term_classify(term, &id) : PL_TAG_NULL;
  if (tag == PL_TAG_INTEGER || tag == PL_TAG_DECIMAL || tag == PL_TAG_BOOLEAN) {
    (void)pl_buf_str(out, term->text);
    return;
  }
  if (term->kind != PL_TERM_LITERAL || term->datatype.len == 0) {
    (void)pl_term_write_nt(out, term);
    return;
  }
  const pl_term text = pl_term_string(term->text);
  (void)pl_term_write_nt(out, &text);
  put(out, "^^");
  put_iri(out, names, term->datatype);
}

static void put_predicate(pl_buf* out, const pl_names* names, const pl_term* term) {
  if (pl_str_eq(term->text, PL_STR(PL_RDF "type"))) {
    put(out, "a");
  } else {
    put_term(out, names, term);
  }
}

typedef struct ttl_record {
  pl_str subject;    ///< its text in N-Triples
  pl_str predicate;  ///< its text in N-Triples
  pl_term terms[3];  ///< read back
  pl_str rest;       ///< what follows the object
} ttl_record;

static pl_status parse_record(pl_export_run* run, pl_str text, ttl_record* out) {
  size_t pos = 0;
  size_t ends[3];
  const char* reason;
  for (int i = 0; i < 3; i++) {
    PL_TRY(pl_term_parse_nt(&run->arena, text, &pos, &out->terms[i], &reason));
    ends[i] = pos;
    pos += i < 2;  // the space between
  }
  out->subject = (pl_str){text.data, ends[0]};
  out->predicate = (pl_str){text.data + ends[0], ends[1] - ends[0]};
  out->rest = (pl_str){text.data + ends[2], text.len - ends[2]};
  return PL_OK;
}

static int compare_prefixes(const void* a, const void* b) {
  const pl_prefix* const x = a;
  const pl_prefix* const y = b;
  return pl_str_cmp(x->prefix, y->prefix);
}

static pl_status put_header(pl_export_run* run, const pl_names* names) {
  pl_buf* const out = &run->record;
  pl_buf_clear(out);
  if (run->options->assertions) {
    put(out, "# Assertions are written in the annotation syntax of RDF 1.2, which readers of RDF 1.1 refuse.\n");
  }
  pl_prefix* const sorted = PL_ARENA_ARRAY(&run->arena, pl_prefix, names->prefix_count);
  if (!sorted) {
    return pl_export_nomem(run);
  }
  if (names->prefix_count) {
    memcpy(sorted, names->prefixes, names->prefix_count * sizeof(*sorted));
    qsort(sorted, names->prefix_count, sizeof(*sorted), compare_prefixes);
  }
  for (size_t i = 0; i < names->prefix_count; i++) {
    const pl_term iri = pl_term_iri(sorted[i].iri);
    put(out, "@prefix ");
    (void)pl_buf_str(out, sorted[i].prefix);
    put(out, ": ");
    (void)pl_term_write_nt(out, &iri);
    put(out, " .\n");
  }
  return out->status == PL_OK ? pl_export_put(run, pl_buf_view(out)) : pl_export_nomem(run);
}

/// Write one record behind the last one, whose subject and predicate are kept in `last`.
static pl_status put_record(pl_export_run* run, const pl_names* names, const ttl_record* r, pl_buf* last,
                            size_t* last_subject_len) {
  pl_buf* const out = &run->record;
  pl_buf_clear(out);
  const bool first = last->len == 0;
  const pl_str before_subject = {last->data, *last_subject_len};
  const bool same_subject = !first && pl_str_eq(r->subject, before_subject);
  const pl_str before_predicate = {last->data + *last_subject_len, last->len - *last_subject_len};
  const bool same_predicate = same_subject && pl_str_eq(r->predicate, before_predicate);
  if (!same_subject) {
    put(out, first ? "\n" : " .\n\n");
    put_term(out, names, &r->terms[0]);
    put(out, " ");
    put_predicate(out, names, &r->terms[1]);
    put(out, " ");
  } else if (!same_predicate) {
    put(out, " ;\n  ");
    put_predicate(out, names, &r->terms[1]);
    put(out, " ");
  } else {
    put(out, " , ");
  }
  put_term(out, names, &r->terms[2]);
  (void)pl_buf_str(out, r->rest);
  pl_buf_clear(last);
  (void)pl_buf_str(last, r->subject);
  (void)pl_buf_str(last, r->predicate);
  *last_subject_len = r->subject.len;
  return out->status == PL_OK && last->status == PL_OK ? pl_export_put(run, pl_buf_view(out)) : pl_export_nomem(run);
}

static pl_status put_records(pl_export_run* run, const pl_names* names, pl_buf* last) {
  size_t last_subject_len = 0;
  for (;;) {
    pl_str text;
    const pl_status status = pl_linesort_next(run->sort, &text);
    if (status == PL_DONE) {
      return last->len ? pl_export_put(run, PL_STR(" .\n")) : PL_OK;
    }
    PL_TRY(status);
    pl_arena_reset(&run->arena);
    ttl_record record;
    PL_TRY(parse_record(run, text, &record));
    PL_TRY(put_record(run, names, &record, last, &last_subject_len));
    PL_TRY(pl_guard_check(run->options->guard, run->err));
  }
}

pl_status pl_export_ttl_write(pl_export_run* run) {
  const pl_settings* const settings = pl_txn_settings(run->txn);
  if (!settings) {
    return pl_export_nomem(run);
  }
  PL_TRY(put_header(run, &settings->names));
  pl_buf last;
  pl_buf_init(&last, &run->mem, SIZE_MAX / 2);
  const pl_status status = put_records(run, &settings->names, &last);
  pl_buf_free(&last);
  return status;
}
