/// Inside of supports: what making and reading them share.
#ifndef PL_EXEC_SUPPORT_INTERNAL_H
#define PL_EXEC_SUPPORT_INTERNAL_H

#include "exec/support.h"

/// Parts of a GROUP or ANY.
typedef struct pl_why_list {
  pl_whys parts;      ///< up to the limit
  uint64_t left_out;  ///< beyond it
} pl_why_list;

typedef struct pl_support {
  PL_VEC(uint64_t) words;     ///< nodes
  PL_VEC(pl_why_list) lists;  ///< of the GROUPs and ANYs
  pl_scan* rows;              ///< statements of one fact; opened on first use
  pl_scan* annotations;       ///< of an assertion
  pl_scan* facts;             ///< about a named graph
} pl_support;

#endif
