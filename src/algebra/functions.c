/// The table of functions and operators (functions.def) and looking up a name in it.
#include "algebra/algebra.h"

const pl_fn_info pl_fn_table[PL_FN_COUNT_] = {
#define PL_FUNCTION(slug, name, args_min, args_max, flags) {name, args_min, args_max, flags},
#include "algebra/functions.def"
#undef PL_FUNCTION
};

pl_fn pl_fn_find(pl_str name) {
  for (size_t i = 0; i < PL_FN_COUNT_; i++) {
    if (!(pl_fn_table[i].flags & PL_FN_OPERATOR) && pl_str_eq(name, pl_str_c(pl_fn_table[i].name))) {
      return (pl_fn)i;
    }
  }
  return PL_FN_COUNT_;
}
