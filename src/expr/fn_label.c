/// @"name" in an expression: the list of the nodes with that label. Also what is said about a label that is ambiguous or unknown.
#include "base/sort.h"
#include "expr/expr_internal.h"
#include "expr/idsort.h"
#include "expr/label_nodes.h"
#include "term/names.h"

enum { NODES_LISTED = 5, NAME_BYTES_MAX = 200 };

typedef PL_VEC(pl_id) id_list;

// ---- warnings -----------------------------------------------------------------------------------------------------

pl_status pl_label_list(pl_termpool* pool, const pl_id* nodes, size_t count, pl_buf* out) {
  const pl_names* const names = &pl_txn_settings(pool->txn)->names;
  const size_t listed = count < NODES_LISTED ? count : NODES_LISTED;
  for (size_t i = 0; i < listed; i++) {
    pl_term term;
    PL_TRY(pl_termpool_term(pool, nodes[i], &term));
    PL_TRY(pl_buf_str(out, i ? PL_STR(", ") : PL_STR("")));
    PL_TRY(pl_term_write_name(out, names, NULL, &term));
  }
  return count > listed ? pl_buf_printf(out, " and %zu more", count - listed) : PL_OK;
}

static pl_status put_quoted(const pl_names* names, pl_str text, pl_buf* out) {
  const pl_term term = pl_term_string(text);
  return pl_term_write_name(out, names, NULL, &term);
}

pl_status pl_label_quote(pl_termpool* pool, pl_id name, pl_buf* out) {
  pl_term term;
  PL_TRY(pl_termpool_term(pool, name, &term));
  if (term.text.len > NAME_BYTES_MAX) {
    return pl_buf_str(out, PL_STR("\"...\""));
  }
  return put_quoted(&pl_txn_settings(pool->txn)->names, term.text, out);
}

static pl_status warn_several(pl_eval* eval, pl_span span, pl_str name, const pl_id* nodes, size_t count) {
  const pl_source source = pl_eval_source(eval);
  pl_buf buf;
  pl_buf_init(&buf, eval->mem, SIZE_MAX / 2);
  pl_status status = pl_label_list(eval->pool, nodes, count, &buf);
  status = status == PL_OK ? pl_buf_char(&buf, '\0') : status;
  if (status == PL_OK) {
    pl_warn_at(eval->err, &source, span, PL_MSG_LABEL_SEVERAL, (int)name.len, name.data, count, buf.data);
    pl_error_hint(eval->err, "all of them count; to mean one, write its own name");
  }
  pl_buf_free(&buf);
  return status;
}

/// `@"A"`, `@"B"` or `@"C"`: the labels most like one that nothing has. Empty if none is.
static pl_status put_suggestions(pl_eval* eval, pl_str name, pl_buf* out) {
  const pl_names* const names = &pl_txn_settings(eval->pool->txn)->names;
  pl_str like[PL_LABEL_SUGGESTIONS];
  pl_arena arena;
  size_t count = 0;
  pl_arena_init(&arena, eval->mem);
  pl_status status = pl_label_suggest(eval->pool, eval->guard, name, &arena, like, &count);
  for (size_t i = 0; i < count && status == PL_OK; i++) {
    const char* const before = i == 0 ? "`@" : i + 1 < count ? ", `@" : " or `@";
    (void)pl_buf_str(out, pl_str_c(before));
    (void)put_quoted(names, like[i], out);
    status = pl_buf_char(out, '`');
  }
  pl_arena_free(&arena);
  return status;
}

static pl_status warn_none(pl_eval* eval, pl_span span, pl_str name, pl_str quoted) {
  const pl_source source = pl_eval_source(eval);
  pl_buf buf;
  pl_buf_init(&buf, eval->mem, SIZE_MAX / 2);
  const pl_status status = put_suggestions(eval, name, &buf);
  if (status == PL_OK) {
    pl_warn_at(eval->err, &source, span, PL_MSG_LABEL_NONE, (int)quoted.len, quoted.data);
  }
  if (status == PL_OK && buf.len > 0) {
    pl_error_hint(eval->err, "did you mean %.*s?", (int)buf.len, buf.data);
  }
  pl_buf_free(&buf);
  return status;
}

pl_status pl_label_warn(pl_eval* eval, pl_span span, pl_id name, pl_label_entry* entry, const pl_id* nodes,
                        size_t count) {
  pl_term term;
  pl_buf quoted;
  const pl_tag tag = pl_termpool_tag(eval->pool, name);
  if (entry->warned || count == 1 || (!pl_tag_is_string(tag) && tag != PL_TAG_LANG)) {
    return PL_OK;
  }
  entry->warned = true;
  PL_TRY(pl_termpool_term(eval->pool, name, &term));
  pl_buf_init(&quoted, eval->mem, SIZE_MAX / 2);
  pl_status status = pl_label_quote(eval->pool, name, &quoted);
  if (status == PL_OK) {
    status = count == 0 ? warn_none(eval, span, term.text, pl_buf_view(&quoted))
                        : warn_several(eval, span, pl_buf_view(&quoted), nodes, count);
  }
  pl_buf_free(&quoted);
  return status;
}

// ---- the function -------------------------------------------------------------------------------------------------

static int by_id(const void* a, const void* b, void* user) {
  PL_UNUSED(user);
  const pl_id x = *(const pl_id*)a;
  const pl_id y = *(const pl_id*)b;
  return (x > y) - (x < y);
}

/// The nodes shown for those of the entry, each once.
static pl_status shown_nodes(const pl_call* call, const pl_label_entry* entry, id_list* out) {
  static const pl_sort_order order = {.compare = by_id};
  pl_eval* const eval = call->eval;
  const uint32_t same = call->node->same;
  for (size_t i = 0; i < entry->count; i++) {
    pl_id node = entry->facts[i].node;
    PL_TRY(same && eval->shown ? eval->shown(eval->shown_user, same - 1, node, &node) : PL_OK);
    PL_TRY(pl_vec_push(eval->mem, out, node));
  }
  size_t kept = 0;
  PL_TRY(pl_sort(out->data, out->count, sizeof *out->data, &order, eval->mem, eval->guard, eval->err));
  for (size_t i = 0; i < out->count; i++) {
    if (kept == 0 || out->data[kept - 1] != out->data[i]) {
      out->data[kept++] = out->data[i];
    }
  }
  out->count = kept;
  return pl_ids_sort(eval, eval->mem, out->data, kept);
}

/// The nodes that @"name" stands for.
pl_status pl_fn_labelled(const pl_call* call, const pl_id* args, pl_id* out) {
  pl_eval* const eval = call->eval;
  const bool written = call->node->args[0]->kind != PL_EXPR_SLOT && call->node->args[0]->constant;
  pl_label_entry* entry;
  id_list nodes = {0};
  PL_TRY(pl_label_find(eval->pool, eval->guard, args[0], &entry));
  pl_status status = shown_nodes(call, entry, &nodes);
  if (status == PL_OK && written) {
    status = pl_label_warn(eval, call->node->span, args[0], entry, nodes.data, nodes.count);
  }
  if (status == PL_OK) {
    status = pl_termpool_put_list(eval->pool, nodes.data, nodes.count, out);
  }
  pl_vec_free(eval->mem, &nodes);
  return status;
}
