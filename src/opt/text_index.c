// Finding filters that the text index can answer: see text_index.h.
#include "opt/text_index.h"

/// `?slot ~ constant or parameter`: what the words are. A text without words matches every text: the index would be read whole.
static bool match_of(const pl_query* query, const pl_expr* filter, pl_slot* slot, pl_ref* text) {
  if (filter->kind != PL_EXPR_CALL || filter->fn != PL_FN_MATCH_TEXT || filter->args[0]->kind != PL_EXPR_SLOT) {
    return false;
  }
  const pl_expr* words = filter->args[1];
  *slot = filter->args[0]->index;
  *text = (pl_ref){
      .kind = words->kind == PL_EXPR_PARAM ? PL_REF_PARAM : PL_REF_TERM, .index = words->index, .span = words->span};
  return words->kind == PL_EXPR_PARAM ||
         (words->kind == PL_EXPR_TERM && query->terms[words->index].kind == PL_TERM_LITERAL &&
          pl_text_has_words(query->terms[words->index].text));
}

/// A scan whose objects are all in the index?
static pl_status is_indexed(const pl_query* query, pl_txn* txn, const pl_alg* part, pl_slot slot, bool* out) {
  const pl_alg_scan* scan = &part->scan;
  *out = part->kind == PL_ALG_SCAN && scan->object.kind == PL_REF_SLOT && scan->object.index == slot &&
         !(scan->subject.kind == PL_REF_SLOT && scan->subject.index == slot) && !pl_lens_has_same(query, scan->lens);
  for (uint32_t v = 0; *out && v < scan->verb_count; v++) {
    const pl_verb* verb = &scan->verbs[v];
    pl_id id = PL_ID_NULL;
    *out = !verb->inverse && verb->predicate.kind == PL_REF_TERM;
    if (*out) {
      const pl_status status = pl_dict_find(txn, &query->terms[verb->predicate.index], &id);
      PL_TRY(status == PL_NOT_FOUND ? PL_OK : status);
      *out = status == PL_OK && pl_text_indexed(txn, id);
    }
  }
  return PL_OK;
}

static pl_status add_part(pl_arena* arena, pl_alg_group* group, const pl_alg* scan, pl_slot slot, pl_ref text) {
  pl_alg* part = PL_ARENA_NEW(arena, pl_alg);
  pl_alg** required = PL_ARENA_ARRAY(arena, pl_alg*, group->required_count + 1);
  if (!part || !required) {
    return pl_mem_status(arena->mem);
  }
  *part =
      (pl_alg){.kind = PL_ALG_TEXT,
               .span = scan->span,
               .text = {.literal = slot, .text = text, .verbs = scan->scan.verbs, .verb_count = scan->scan.verb_count}};
  memcpy(required, group->required, group->required_count * sizeof(pl_alg*));
  required[group->required_count++] = part;
  group->required = required;
  return PL_OK;
}

/// The first scan that a filter's slot comes from, if the index has all its objects, gets a part beside it.
static pl_status use_filter(pl_arena* arena, const pl_query* query, pl_txn* txn, pl_alg_group* group, uint32_t scans,
                            const pl_expr* filter, bool* used) {
  pl_slot slot = PL_SLOT_NONE;
  pl_ref text = {0};
  *used = false;
  if (!match_of(query, filter, &slot, &text)) {
    return PL_OK;
  }
  for (uint32_t i = 0; i < scans && !*used; i++) {
    PL_TRY(is_indexed(query, txn, group->required[i], slot, used));
    if (*used) {
      PL_TRY(add_part(arena, group, group->required[i], slot, text));
    }
  }
  return PL_OK;
}

static bool has_same(const pl_query* query) {
  bool same = false;
  for (uint32_t l = 0; l < query->lens_count; l++) {
    same |= pl_lens_has_same(query, l);
  }
  return same;
}

pl_status pl_rule_text_index(pl_arena* arena, const pl_query* query, pl_txn* txn, pl_alg_group* group) {
  const uint32_t scans = group->required_count;
  const bool same = has_same(query);
  pl_expr** left = PL_ARENA_ARRAY(arena, pl_expr*, group->filter_count + 1);
  uint32_t count = 0;
  if (!left) {
    return pl_mem_status(arena->mem);
  }
  for (uint32_t i = 0; i < group->filter_count; i++) {
    bool used = false;
    PL_TRY(use_filter(arena, query, txn, group, scans, group->filters[i], &used));
    if (!used || same) {
      left[count++] = group->filters[i];
    }
  }
  group->filters = left;
  group->filter_count = count;
  return PL_OK;
}
