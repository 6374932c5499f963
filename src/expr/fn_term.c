/// What a term is: labels, IRIs, languages, datatypes, kinds.
#include <stdio.h>
#include <xxhash.h>

#include "expr/expr_internal.h"

pl_status pl_fn_label(const pl_call* call, const pl_id* args, pl_id* out) {
  pl_str label;
  PL_TRY(pl_termpool_label(call->eval->pool, args[0], &label));
  return pl_call_put_string(call, label, out);
}

pl_status pl_fn_str(const pl_call* call, const pl_id* args, pl_id* out) {
  pl_str text;
  PL_TRY(pl_call_any_text(call, args[0], &text));
  return pl_call_put_string(call, text, out);
}

/// An absolute IRI as it is, any other text as a name below the base. An IRI stays itself.
pl_status pl_fn_iri(const pl_call* call, const pl_id* args, pl_id* out) {
  pl_str text;
  if (pl_call_tag(call, args[0]) == PL_TAG_IRI) {
    *out = args[0];
    return PL_OK;
  }
  PL_TRY(pl_call_text(call, args[0], &text));
  pl_term term = pl_term_iri(text);
  if (pl_iri_check(text) != text.len) {
    term.text = pl_name_to_iri(call->eval->scratch, pl_txn_settings(call->eval->txn)->names.base, text);
  }
  return term.text.data ? pl_termpool_put_term(call->eval->pool, &term, out) : pl_mem_status(call->eval->scratch->mem);
}

static pl_status literal_term(const pl_call* call, pl_id id, pl_term* out) {
  const pl_status status = pl_termpool_term(call->eval->pool, id, out);
  if (status == PL_NOT_FOUND) {
    return PL_DONE;
  }
  PL_TRY(status);
  return out->kind == PL_TERM_LITERAL ? PL_OK : PL_DONE;
}

pl_status pl_fn_lang(const pl_call* call, const pl_id* args, pl_id* out) {
  pl_term term;
  PL_TRY(literal_term(call, args[0], &term));
  return pl_call_put_string(call, term.lang, out);
}

pl_status pl_fn_datatype(const pl_call* call, const pl_id* args, pl_id* out) {
  pl_term term;
  PL_TRY(literal_term(call, args[0], &term));
  const pl_str implied = term.lang.len ? PL_STR(PL_RDF "langString") : PL_STR(PL_XSD "string");
  const pl_term type = pl_term_iri(term.datatype.len ? term.datatype : implied);
  return pl_termpool_put_term(call->eval->pool, &type, out);
}

pl_status pl_fn_is_node(const pl_call* call, const pl_id* args, pl_id* out) {
  *out = pl_bool_id(pl_tag_is_node(pl_call_tag(call, args[0])));
  return PL_OK;
}

pl_status pl_fn_is_literal(const pl_call* call, const pl_id* args, pl_id* out) {
  const pl_tag tag = pl_call_tag(call, args[0]);
  *out = pl_bool_id(!pl_tag_is_node(tag) && tag != PL_TAG_TEMP);
  return PL_OK;
}

pl_status pl_fn_is_number(const pl_call* call, const pl_id* args, pl_id* out) {
  *out = pl_bool_id(pl_tag_is_number(pl_call_tag(call, args[0])));
  return PL_OK;
}

pl_status pl_fn_is_date(const pl_call* call, const pl_id* args, pl_id* out) {
  *out = pl_bool_id(pl_tag_is_date(pl_call_tag(call, args[0])));
  return PL_OK;
}

pl_status pl_fn_bound(const pl_call* call, const pl_id* args, pl_id* out) {
  PL_UNUSED(call);
  *out = pl_bool_id(args[0] != PL_ID_NULL);
  return PL_OK;
}

/// 16 hex digits that depend on the term alone: the same in every store and run.
pl_status pl_fn_hash(const pl_call* call, const pl_id* args, pl_id* out) {
  pl_term term;
  char digits[17];
  const pl_status status = pl_termpool_term(call->eval->pool, args[0], &term);
  if (status == PL_NOT_FOUND) {
    return PL_DONE;
  }
  PL_TRY(status);
  const bool implied = pl_str_eq(term.datatype, PL_STR(PL_XSD "string")) || term.lang.len;
  const XXH64_hash_t text = XXH3_64bits_withSeed(term.text.data, term.text.len, (uint64_t)term.kind);
  const XXH64_hash_t type =
      term.datatype.len && !implied ? XXH3_64bits_withSeed(term.datatype.data, term.datatype.len, text) : text;
  const XXH64_hash_t all = term.lang.len ? XXH3_64bits_withSeed(term.lang.data, term.lang.len, type) : type;
  (void)snprintf(digits, sizeof digits, "%016llx", (unsigned long long)all);
  return pl_call_put_string(call, pl_str_c(digits), out);
}
