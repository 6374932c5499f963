/// Progress of a long operation, for those who wait for it.
#ifndef PL_BASE_WORK_H
#define PL_BASE_WORK_H

#include <stdint.h>

typedef struct pl_work {
  const char* phase;  ///< what is being done, a static text
  uint64_t done;      ///< units done, over all phases
  uint64_t total;     ///< units to do; 0 = unknown
} pl_work;

#endif
