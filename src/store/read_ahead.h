/// What is read in order is asked for before it is needed.
///
/// The system is told to read nothing ahead of a page fault (MDB_NORDAHEAD): a look-up touches four pages in four places,
/// and 128 KiB around each of them would only push out what other look-ups need. Whoever walks through values in their
/// order says where each lies; after some that lie one behind the other, as a build or a compaction wrote them, the next
/// half MiB is asked for, and so on. Where all of it is in memory already, asking costs 8 us for each half MiB, some 100 000
/// rows: 1.5 % of a fast scan.
#ifndef PL_STORE_READ_AHEAD_H
#define PL_STORE_READ_AHEAD_H

#include <stdint.h>

/// Zero before the first value.
typedef struct pl_read_ahead {
  uintptr_t page;     ///< of the map, where the value before lies
  uintptr_t ahead;    ///< pages below it have been asked for
  uint32_t in_order;  ///< pages met so far, each a little behind the one before
} pl_read_ahead;

/// The value at hand, borrowed from the map, lies here.
void pl_read_ahead_at(pl_read_ahead* r, const void* value);

#endif
