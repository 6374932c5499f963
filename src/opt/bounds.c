// Bounds out of filters: see bounds.h.
#include "opt/bounds.h"

static bool op_of(pl_fn fn, bool reversed, pl_compare_op* out) {
  static const struct {
    pl_fn fn;                // as written
    pl_compare_op op, back;  // and with its sides exchanged
  } ops[] = {{PL_FN_EQ, PL_CMP_EQ, PL_CMP_EQ},
             {PL_FN_LT, PL_CMP_LT, PL_CMP_GT},
             {PL_FN_LE, PL_CMP_LE, PL_CMP_GE},
             {PL_FN_GT, PL_CMP_GT, PL_CMP_LT},
             {PL_FN_GE, PL_CMP_GE, PL_CMP_LE}};
  for (size_t i = 0; i < PL_COUNT_OF(ops); i++) {
    if (ops[i].fn == fn) {
      *out = reversed ? ops[i].back : ops[i].op;
      return true;
    }
  }
  return false;
}

static bool is_slot(const pl_expr* expr, pl_slot slot) { return expr->kind == PL_EXPR_SLOT && expr->index == slot; }

/// A constant that stands for itself.
static bool constant_of(const pl_expr* expr, pl_ref* out) {
  *out = (pl_ref){
      .kind = expr->kind == PL_EXPR_PARAM ? PL_REF_PARAM : PL_REF_TERM, .index = expr->index, .span = expr->span};
  return (expr->kind == PL_EXPR_TERM || expr->kind == PL_EXPR_PARAM) && expr->same == 0;
}

uint32_t pl_bounds_of(const pl_expr* filter, pl_slot slot, pl_bound out[PL_BOUNDS_OF_FILTER]) {
  uint32_t count = 0;
  if (filter->kind != PL_EXPR_CALL) {
    return 0;
  }
  if (filter->fn == PL_FN_IN_RANGE && is_slot(filter->args[0], slot)) {
    out[0] = (pl_bound){.op = PL_CMP_GE};
    count += constant_of(filter->args[1], &out[0].value);
    out[count] = (pl_bound){.op = PL_CMP_LE, .whole = true};
    return count + constant_of(filter->args[2], &out[count].value);
  }
  for (uint32_t side = 0; side < 2 && filter->arg_count == 2 && count == 0; side++) {
    if (is_slot(filter->args[side], slot) && op_of(filter->fn, side == 1, &out[0].op)) {
      out[0].whole = false;
      count += constant_of(filter->args[1 - side], &out[0].value);
    }
  }
  return count;
}

bool pl_bounds_some(const pl_expr* filter) {
  pl_bound found[PL_BOUNDS_OF_FILTER];
  uint32_t count = 0;
  for (uint32_t i = 0; filter->kind == PL_EXPR_CALL && i < filter->arg_count && i < 2; i++) {
    count += filter->args[i]->kind == PL_EXPR_SLOT ? pl_bounds_of(filter, filter->args[i]->index, found) : 0;
  }
  return count > 0;
}
