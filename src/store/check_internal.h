/// Inside of the check: what is gathered from the orders and compared.
#ifndef PL_STORE_CHECK_INTERNAL_H
#define PL_STORE_CHECK_INTERNAL_H

#include "store/assertion.h"
#include "store/check.h"
#include "store/dict.h"
#include "store/index.h"
#include "store/meta.h"
#include "store/stats.h"

/// Rows of an order as a multiset: equal multisets have equal sums, whatever their order.
typedef struct pl_row_sum {
  uint64_t count;  ///< rows
  uint64_t low;    ///< sum of one hash
  uint64_t high;   ///< sum of another
} pl_row_sum;

typedef PL_VEC(pl_predicate_stats) pl_check_stats;

enum { PL_SEEN_FACT = 1, PL_SEEN_NOTE = 2, PL_SEEN_IDENTITY = 4 };

typedef struct pl_checker {
  pl_txn* txn;                      ///< store
  const pl_check_options* options;  ///< form, listener
  pl_guard* guard;                  ///< may be NULL
  pl_work work;                     ///< values of LMDB looked at
  pl_check_report report;           ///< result
  uint8_t* tags;                    ///< deep: tag by dictionary key; NULL if the dictionary is unreadable
  uint8_t* seen;                    ///< deep: PL_SEEN_* by assertion counter
  uint64_t key_end;                 ///< length of tags
  uint64_t assertion_end;           ///< length of seen
  pl_order order;                   ///< being walked
  uint64_t last[4];                 ///< row before
  uint64_t rows;                    ///< rows of this order so far
  pl_row_sum sums[PL_ORDER_COUNT];  ///< per order
  pl_row_sum stated;                ///< rows of spo with c != 0
  pl_row_sum texts;                 ///< rows of the text index
  pl_totals totals;                 ///< recounted
  pl_check_stats facts;             ///< recounted per predicate, by id
  pl_check_stats notes;             ///< the same for annotations
  size_t stats_at;                  ///< while walking pos
} pl_checker;

void pl_check_damage(pl_checker* check, const char* format, ...) PL_PRINTF(2, 3);
/// A count that must be what the totals say.
void pl_check_total(pl_checker* check, const char* what, uint64_t counted, uint64_t kept);
/// One value of LMDB more was looked at: tell, and ask whether to go on. An on_value of pl_verifier; user is the checker.
pl_status pl_check_step(void* user, uint64_t items);
/// Every value on its own, the databases side by side (check_fast.c).
pl_status pl_check_values(pl_checker* check);
/// Facts in all orders, counters of predicates (check_facts.c).
pl_status pl_check_facts(pl_checker* check);
/// Annotations and identities (check_assertions.c).
pl_status pl_check_assertions(pl_checker* check);
/// The text index against the facts (check_text.c).
pl_status pl_check_text(pl_checker* check);
/// Counters of a predicate against the record.
void pl_check_counters(pl_checker* check, const char* kind, const pl_predicate_stats* counted,
                       const pl_predicate_stats* kept);
/// Walk an index; fn gets the rows. Damage of blocks is reported.
pl_status pl_check_walk(pl_checker* check, pl_db db, pl_status (*fn)(void* user, const uint64_t* rows, size_t count));
void pl_check_forward(void* user, const char* text);  ///< an on_damage for other layers; user is the checker
/// Add a row, given in the frame s, p, o, c (or c, p, o and 0).
void pl_sum_add(pl_row_sum* sum, const uint64_t row[4]);
bool pl_sum_eq(const pl_row_sum* a, const pl_row_sum* b);
/// An id that a row holds: a term of the dictionary, an inline value, or an assertion below the counter.
bool pl_check_id(const pl_checker* check, pl_id id);
/// Mark an assertion as seen. False if its counter is out of range.
bool pl_check_mark(pl_checker* check, pl_id c, uint8_t mark);

/// Walk LMDB's pages as of a read transaction. Not *sound: findings make it unsafe to let LMDB read them.
pl_status pl_check_pages(pl_checker* check, bool* sound);

#endif
