// explain and profile: the plan as an indented tree, one operator a line, or as one JSON object.
//
//   Project ?x ?n  (~6)                          what it does, and the rows that were expected
//     Scan ?x age ?n [pso 1]  (~3, 40 seen !, 0.12 ms, 64 KiB)
//                     |        expected, seen, time with all below it, memory of its own; `!`: more than ten times off
//                     the order of the store that is read, and its fixed columns
//
// The estimate of an operator that was stopped early (limit) may be too high without being wrong: it is not marked.
#include "exec/same.h"
#include "term/text.h"

#include <math.h>

#define OFF_BY_MARKED 10.0

typedef struct printer {
  pl_explain explain;  ///< what descriptions are written with
  const pl_run* run;   ///< NULL: expectations only
  pl_buf* out;         ///< receives the text
  pl_buf detail;       ///< description at hand
  bool marked;         ///< an estimate was marked
} printer;

static const char* name_of(const pl_node* node) {
  return node->type->title ? node->type->title(node) : node->type->name;
}

/// How many times more or fewer rows were seen than expected; 1 if that cannot be told.
static double off_by(const printer* p, const pl_node* node) {
  const pl_op* const op = p->run ? p->run->ops[node->index] : NULL;
  if (!op) {
    return 1;
  }
  const double expected = node->rows_expected > 1 ? node->rows_expected : 1;
  const double seen = op->rows_seen > 1 ? (double)op->rows_seen : 1;
  return seen > expected ? seen / expected : op->ended ? expected / seen : 1;
}

/// The description of a node in p->detail, without the space before it.
static pl_status describe(printer* p, const pl_node* node, pl_str* detail) {
  pl_buf_clear(&p->detail);
  p->explain.out = &p->detail;
  p->explain.order = (pl_str){NULL, 0};
  PL_TRY(node->type->describe ? node->type->describe(node, &p->explain) : PL_OK);
  *detail = pl_buf_view(&p->detail);
  if (detail->len && detail->data[0] == ' ') {
    *detail = (pl_str){detail->data + 1, detail->len - 1};
  }
  return p->detail.status;
}

/// A triple of an insert or delete as a query writes it, in p->detail.
static pl_status describe_template(printer* p, const pl_alg_template* t) {
  pl_explain* const explain = &p->explain;
  pl_buf_clear(&p->detail);
  explain->out = &p->detail;
  PL_TRY(pl_explain_ref(explain, &t->subject));
  (void)pl_buf_char(&p->detail, ' ');
  PL_TRY(pl_explain_ref(explain, &t->predicate));
  (void)pl_buf_char(&p->detail, ' ');
  PL_TRY(pl_explain_ref(explain, &t->object));
  for (uint32_t i = 0; i < t->annotation_count; i++) {
    (void)pl_buf_str(&p->detail, pl_str_c(i ? " ; " : " { "));
    PL_TRY(pl_explain_ref(explain, &t->annotations[i].predicate));
    (void)pl_buf_char(&p->detail, ' ');
    PL_TRY(pl_explain_ref(explain, &t->annotations[i].object));
  }
  (void)pl_buf_str(&p->detail, pl_str_c(t->annotation_count ? " }" : ""));
  if (t->c != PL_SLOT_NONE) {
    (void)pl_buf_str(&p->detail, PL_STR(" as "));
    PL_TRY(pl_explain_slot(explain, t->c));
  }
  return p->detail.status;
}

// ---- text ---------------------------------------------------------------------------------------------------------

static pl_status put_bytes(pl_buf* out, int64_t bytes) {
  static const char* const units[] = {"B", "KiB", "MiB", "GiB"};
  size_t unit = 0;
  double size = (double)bytes;
  while (size >= 1024 && unit + 1 < PL_COUNT_OF(units)) {
    size /= 1024;
    unit++;
  }
  return bytes > 0 ? pl_buf_printf(out, ", %.0f %s", size, units[unit]) : PL_OK;
}

static pl_status put_counts(printer* p, const pl_node* node) {
  const pl_op* const op = p->run ? p->run->ops[node->index] : NULL;
  PL_TRY(pl_buf_printf(p->out, "  (~%.0f", node->rows_expected));
  if (op) {
    const bool off = off_by(p, node) > OFF_BY_MARKED;
    p->marked = p->marked || off;
    PL_TRY(pl_buf_printf(p->out, ", %llu seen%s", (unsigned long long)op->rows_seen, off ? " !" : ""));
  }
  if (op && p->run->profile) {
    PL_TRY(pl_buf_printf(p->out, ", %.2f ms", (double)op->time_ns / 1e6));
    PL_TRY(put_bytes(p->out, op->bytes_max));
  }
  return pl_buf_str(p->out, PL_STR(")\n"));
}

static pl_status text_node(printer* p, const pl_node* node, unsigned indent) {
  pl_str detail;
  PL_TRY(describe(p, node, &detail));
  PL_TRY(pl_buf_printf(p->out, "%*s%s%s", (int)(2 * indent), "", name_of(node), detail.len ? " " : ""));
  PL_TRY(pl_buf_str(p->out, detail));
  if (p->explain.order.len) {
    PL_TRY(pl_buf_printf(p->out, " [%s]", p->explain.order.data));
  }
  PL_TRY(put_counts(p, node));
  for (uint32_t i = 0; i < node->input_count; i++) {
    if (!pl_node_is_unit(node->inputs[i])) {
      PL_TRY(text_node(p, node->inputs[i], indent + 1));
    }
  }
  return PL_OK;
}

static pl_status text_templates(printer* p, const char* what, const pl_alg_template* templates, uint32_t count) {
  for (uint32_t i = 0; i < count; i++) {
    PL_TRY(describe_template(p, &templates[i]));
    PL_TRY(pl_buf_printf(p->out, "  %s ", what));
    PL_TRY(pl_buf_str(p->out, pl_buf_view(&p->detail)));
    PL_TRY(pl_buf_char(p->out, '\n'));
  }
  return PL_OK;
}

static pl_status text_lenses(printer* p) {
  const pl_plan* const plan = p->explain.plan;
  const pl_query* const query = plan->query;
  for (uint32_t l = 0; l < query->lens_count; l++) {
    for (uint32_t i = 0; i < query->lenses[l].count; i++) {
      const pl_node* const root = plan->lens_parts[pl_lens_part_number(query, l, i)].root;
      if (root) {
        PL_TRY(pl_buf_str(p->out, PL_STR("Lens\n")));
        PL_TRY(text_node(p, root, 1));
      }
    }
  }
  return PL_OK;
}

static pl_status text_tree(printer* p) {
  const pl_plan* const plan = p->explain.plan;
  const pl_query* const query = plan->query;
  const bool update = query->delete_count + query->insert_count > 0;
  PL_TRY(update ? pl_buf_str(p->out, PL_STR("Update\n")) : PL_OK);
  PL_TRY(text_templates(p, "Delete", query->deletes, query->delete_count));
  PL_TRY(text_templates(p, "Insert", query->inserts, query->insert_count));
  PL_TRY(text_node(p, plan->root, update));
  PL_TRY(text_lenses(p));
  return p->marked ? pl_buf_str(p->out, PL_STR("! more than ten times off the expected rows\n")) : PL_OK;
}

// ---- JSON ---------------------------------------------------------------------------------------------------------

/// "key": before a value, with a comma unless it is the first of its object.
static pl_status key(printer* p, const char* name, bool first) {
  return pl_buf_printf(p->out, "%s\"%s\": ", first ? "" : ", ", name);
}

static pl_status json_text(printer* p, const char* name, pl_str text, bool first) {
  PL_TRY(key(p, name, first));
  return pl_text_write_quoted(p->out, text);
}

static pl_status json_number(printer* p, const char* name, double number) {
  const double most = 1e300;
  PL_TRY(key(p, name, false));
  return pl_buf_printf(p->out, number < 1e15 ? "%.10g" : "%.3g", isnan(number) ? 0 : number < most ? number : most);
}

static pl_status json_node(printer* p, const pl_node* node);

static pl_status json_children(printer* p, const pl_node* node) {
  bool first = true;
  PL_TRY(key(p, "children", false));
  PL_TRY(pl_buf_char(p->out, '['));
  for (uint32_t i = 0; i < node->input_count; i++) {
    if (!pl_node_is_unit(node->inputs[i])) {
      PL_TRY(first ? PL_OK : pl_buf_str(p->out, PL_STR(", ")));
      PL_TRY(json_node(p, node->inputs[i]));
      first = false;
    }
  }
  return pl_buf_str(p->out, PL_STR("]}"));
}

static pl_status json_node(printer* p, const pl_node* node) {
  const pl_op* const op = p->run ? p->run->ops[node->index] : NULL;
  pl_str detail;
  PL_TRY(describe(p, node, &detail));
  PL_TRY(pl_buf_char(p->out, '{'));
  PL_TRY(json_text(p, "operator", pl_str_c(name_of(node)), true));
  PL_TRY(detail.len ? json_text(p, "detail", detail, false) : PL_OK);
  PL_TRY(p->explain.order.len ? json_text(p, "order", p->explain.order, false) : PL_OK);
  PL_TRY(json_number(p, "expected", node->rows_expected));
  if (op) {
    const double off = off_by(p, node);
    PL_TRY(json_number(p, "seen", (double)op->rows_seen));
    PL_TRY(off > OFF_BY_MARKED ? json_number(p, "off_by", off) : PL_OK);
  }
  if (op && p->run->profile) {
    PL_TRY(json_number(p, "ms", (double)op->time_ns / 1e6));
    PL_TRY(json_number(p, "bytes", op->bytes_max > 0 ? (double)op->bytes_max : 0));
  }
  return json_children(p, node);
}

static pl_status json_templates(printer* p, const char* name, const pl_alg_template* templates, uint32_t count) {
  PL_TRY(key(p, name, false));
  for (uint32_t i = 0; i < count; i++) {
    PL_TRY(describe_template(p, &templates[i]));
    PL_TRY(pl_buf_str(p->out, pl_str_c(i ? ", " : "[")));
    PL_TRY(pl_text_write_quoted(p->out, pl_buf_view(&p->detail)));
  }
  return pl_buf_str(p->out, pl_str_c(count ? "]" : "[]"));
}

/// Plans of lenses are further children of the whole, named Lens.
static pl_status json_lenses(printer* p) {
  const pl_plan* const plan = p->explain.plan;
  const pl_query* const query = plan->query;
  for (uint32_t l = 0; l < query->lens_count; l++) {
    for (uint32_t i = 0; i < query->lenses[l].count; i++) {
      const pl_node* const root = plan->lens_parts[pl_lens_part_number(query, l, i)].root;
      if (root) {
        PL_TRY(pl_buf_str(p->out, PL_STR(", {\"operator\": \"Lens\", \"children\": [")));
        PL_TRY(json_node(p, root));
        PL_TRY(pl_buf_str(p->out, PL_STR("]}")));
      }
    }
  }
  return PL_OK;
}

static pl_status json_tree(printer* p, pl_txn* txn, const pl_explain_within* within) {
  const pl_plan* const plan = p->explain.plan;
  const pl_query* const query = plan->query;
  const bool update = query->delete_count + query->insert_count > 0;
  PL_TRY(pl_buf_char(p->out, '{'));
  PL_TRY(json_text(p, "operator", update ? PL_STR("Update") : PL_STR("Query"), true));
  if (update) {
    PL_TRY(json_templates(p, "delete", query->deletes, query->delete_count));
    PL_TRY(json_templates(p, "insert", query->inserts, query->insert_count));
  }
  PL_TRY(key(p, "children", false));
  PL_TRY(pl_buf_char(p->out, '['));
  PL_TRY(json_node(p, plan->root));
  PL_TRY(json_lenses(p));
  PL_TRY(pl_explain_classes(plan, p->run, txn, within, true, p->out));
  return pl_buf_str(p->out, PL_STR("]}\n"));
}

// ---- the door -----------------------------------------------------------------------------------------------------

pl_status pl_explain_tree(const pl_plan* plan, const pl_run* run, pl_txn* txn, const pl_explain_within* within,
                          bool json, pl_buf* out) {
  printer p = {
      .explain = {.query = plan->query, .plan = plan, .names = &pl_txn_settings(txn)->names}, .run = run, .out = out};
  pl_buf_init(&p.detail, out->mem, SIZE_MAX / 2);
  pl_status status = json ? json_tree(&p, txn, within) : text_tree(&p);
  status = status == PL_OK && !json ? pl_explain_classes(plan, run, txn, within, false, out) : status;
  pl_buf_free(&p.detail);
  return status;
}

pl_status pl_plan_explain(const pl_plan* plan, pl_txn* txn, const pl_explain_within* within, pl_buf* out) {
  return pl_explain_tree(plan, NULL, txn, within, false, out);
}

pl_status pl_plan_explain_json(const pl_plan* plan, pl_txn* txn, const pl_explain_within* within, pl_buf* out) {
  return pl_explain_tree(plan, NULL, txn, within, true, out);
}

pl_status pl_run_profile(const pl_run* run, pl_buf* out) {
  return pl_explain_tree(run->plan, run, run->txn, NULL, false, out);
}

pl_status pl_run_profile_json(const pl_run* run, pl_buf* out) {
  return pl_explain_tree(run->plan, run, run->txn, NULL, true, out);
}
