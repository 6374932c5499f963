/// All that planning, execution and export may ask of a store inside one transaction: terms, scans, counts, settings.
///
/// Model. A row is (s, p, o, c): c = 0 states the fact plainly; c = an assertion id (PL_TAG_ASSERTION) says that this assertion
/// states it; c = an IRI or blank node is a named graph that holds it. A fact is a distinct (s, p, o) and exists while it has a row.
/// Annotations of assertions are rows (c, p, o) of their own and never met by fact scans; annotations of a named graph g are
/// the ordinary facts with subject g.
#ifndef PL_STORE_DATASET_H
#define PL_STORE_DATASET_H

#include "base/diag.h"
#include "base/guard.h"
#include "base/mem.h"
#include "base/pool.h"
#include "term/names.h"
#include "term/term.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct pl_store pl_store;  ///< an open store file (env.h); shared by threads
typedef struct pl_txn pl_txn;      ///< a read or write transaction; one thread at a time

/// Terms every store holds under fixed ids, written when the store is created, in this order (keys from 1). Never reorder: on disk.
/// KNOWN(slug, text, below_base): below_base names are base + text, others full IRIs.
#define PL_KNOWN_TERMS(KNOWN)                                                    \
  KNOWN(TYPE, PL_RDF "type", false)                                              \
  KNOWN(SOURCE, "source", true)                                                  \
  KNOWN(SPAN, "span", true)                                                      \
  KNOWN(CONFIDENCE, "confidence", true)                                          \
  KNOWN(FROM, "from", true)                                                      \
  KNOWN(UNTIL, "until", true)                                                    \
  KNOWN(ON, "on", true)                                                          \
  KNOWN(SAME_AS, "same_as", true)                                                \
  KNOWN(OWL_SAME_AS, PL_OWL "sameAs", false)                                     \
  KNOWN(LABEL, "label", true)                                                    \
  KNOWN(NAME, "name", true)                                                      \
  KNOWN(RDFS_LABEL, PL_RDFS "label", false)                                      \
  KNOWN(SKOS_PREF_LABEL, "http://www.w3.org/2004/02/skos/core#prefLabel", false) \
  KNOWN(FOAF_NAME, "http://xmlns.com/foaf/0.1/name", false)                      \
  KNOWN(SCHEMA_NAME, "http://schema.org/name", false)                            \
  KNOWN(ALIAS, "alias", true)                                                    \
  KNOWN(SKOS_ALT_LABEL, "http://www.w3.org/2004/02/skos/core#altLabel", false)   \
  KNOWN(REIFIES, PL_RDF "reifies", false)
enum {
  PL_KNOWN_NONE_ = 0,
#define KNOWN(slug, text, below_base) PL_KNOWN_##slug,
  PL_KNOWN_TERMS(KNOWN)
#undef KNOWN
      PL_KNOWN_END_
};
/// Id of a known term, e.g. PL_KNOWN(SOURCE).
#define PL_KNOWN(slug) pl_id_make(PL_TAG_IRI, PL_KNOWN_##slug)

// ---- transactions -------------------------------------------------------------------------------------------------

/// Begin. A write transaction waits for another process's writer unless the store was opened with no_wait (PL_ERR_BUSY).
/// A write transaction ends in the thread that began it (a second one of the same thread is PL_ERR_MISUSE).
/// `err` is borrowed for the transaction's life and receives details of every failure of calls on it.
pl_status pl_txn_begin(pl_store* store, bool write, pl_error* err, pl_txn** out);
/// PL_ERR_MISUSE if the calling thread may not end the transaction: LMDB's lock of the one writer belongs to the thread that began it.
pl_status pl_txn_may_end(const pl_txn* txn);
pl_status pl_txn_commit(pl_txn* txn);  ///< ends the transaction whatever it returns
void pl_txn_abort(pl_txn* txn);        ///< accepts NULL
/// Let go of the snapshot of a read transaction, and keep what is costly to make for pl_txn_renew. Between the two only pl_txn_abort may be
/// called on it, and scans may be closed. False if it is not to be kept (a write transaction, or many of this process rest already): abort it.
bool pl_txn_rest(pl_txn* txn);
/// Go on with the newest snapshot. Terms and settings read before are void if pl_txn_snapshot has changed; a scan is good again after
/// its next pl_scan_range. After a failure abort it.
pl_status pl_txn_renew(pl_txn* txn);
/// Tell failures to `err` (borrowed) from now on: a transaction at rest may go from one user to the next.
void pl_txn_lend(pl_txn* txn, pl_error* err);
/// Let the arena of a run, which has no block yet, begin with the memory that the last run left; take it back from an arena that is freed next.
/// So the space of operators does not go to the system and come back, page by page, between two small queries.
void pl_txn_lend_room(pl_txn* txn, pl_arena* arena);
void pl_txn_take_room(pl_txn* txn, pl_arena* arena);
/// Memory that a transaction holds, what is kept on it included.
size_t pl_txn_bytes(const pl_txn* txn);
pl_store* pl_txn_store(const pl_txn* txn);
pl_pool* pl_store_pool(pl_store* store);  ///< made on first use; NULL if threads = 1 or it cannot be made
/// Start an account with the store's allocator.
void pl_txn_mem_init(const pl_txn* txn, pl_mem* mem, size_t bytes_max);
bool pl_txn_is_write(const pl_txn* txn);
pl_error* pl_txn_error(const pl_txn* txn);
/// Number of the snapshot this transaction sees; grows with each commit.
uint64_t pl_txn_snapshot(const pl_txn* txn);

/// Keep what is costly to make from this snapshot, about `bytes` large, under a key of bytes. On PL_OK the transaction owns `object` and
/// releases it at its end, when it is renewed on another snapshot, at a write, or when many others were kept since.
pl_status pl_txn_keep(pl_txn* txn, pl_str key, void* object, size_t bytes, void (*release)(void* object));
void* pl_txn_kept(pl_txn* txn, pl_str key);  ///< NULL if there is none
void pl_txn_forget(pl_txn* txn);             ///< release all that is kept

// ---- settings (kept in the store) ---------------------------------------------------------------------------------

/// A name that a query gave to a path (define).
typedef struct pl_definition {
  pl_str name;  ///< IRI
  pl_str path;  ///< as a query writes it, with full IRIs
} pl_definition;

/// Lists of predicates that are properties of a store.
typedef enum pl_property {
  PL_PROPERTY_LABELS,  ///< label predicates, in order of preference
  PL_PROPERTY_TEXT,    ///< predicates whose literals are in the text index
  PL_PROPERTY_SINGLE,  ///< predicates that should have one object at a time
  PL_PROPERTY_COUNT
} pl_property;

typedef struct pl_settings {
  pl_names names;                    ///< base and stored prefixes
  const pl_id* label_predicates;     ///< in order of preference
  size_t label_predicate_count;      ///< used
  const pl_id* text_predicates;      ///< sorted; their literals are in the text index
  size_t text_predicate_count;       ///< used
  const pl_id* single_predicates;    ///< sorted
  size_t single_predicate_count;     ///< used
  const pl_definition* definitions;  ///< sorted by name
  size_t definition_count;           ///< used
} pl_settings;
/// Settings as of this transaction; valid until it ends. Never NULL. A transaction has read them when it begins; only one that reads a store with
/// damaged settings has the defaults, and the damage is recorded.
const pl_settings* pl_txn_settings(pl_txn* txn);
/// Remember a prefix for display and queries (write transaction). The same name again replaces it.
pl_status pl_txn_set_prefix(pl_txn* txn, pl_str prefix, pl_str iri);
/// Replace a list of predicates (IRIs; write transaction). TEXT builds the index of predicates that are new in the list and drops that of
/// the others. `guard` (may be NULL) stops a build.
pl_status pl_txn_set_property(pl_txn* txn, pl_property property, const pl_id* predicates, size_t count,
                              pl_guard* guard);
/// Remember a definition (write transaction); an empty path forgets it (PL_NOT_FOUND if there was none).
pl_status pl_txn_set_definition(pl_txn* txn, pl_str name, pl_str path);

// ---- terms --------------------------------------------------------------------------------------------------------

/// Id of a term; PL_NOT_FOUND (no error recorded) if the store does not know it. Inline terms are always found. A blank node whose
/// label is an assertion's printed label (r + 32 hex digits) finds the assertion.
pl_status pl_dict_find(pl_txn* txn, const pl_term* term, pl_id* id);
/// Term of an id. Slices live in the arena or are static. An id that is not in the store is PL_ERR_CORRUPT.
pl_status pl_dict_term(pl_txn* txn, pl_id id, pl_arena* arena, pl_term* out);
/// Walk all dictionary terms in key order: fn returns PL_OK to go on.
pl_status pl_dict_each(pl_txn* txn, pl_status (*fn)(void* user, pl_id id, const pl_term* term), void* user);

// ---- scans --------------------------------------------------------------------------------------------------------

typedef enum pl_order {
  PL_ORDER_SPO = 0,
  PL_ORDER_POS,
  PL_ORDER_OSP,
  PL_ORDER_PSO,   ///< all rows; c is the fourth column
  PL_ORDER_CSPO,  ///< rows with c != 0
  PL_ORDER_CPO,
  PL_ORDER_POC,  ///< annotations, three columns
  PL_ORDER_COUNT
} pl_order;
enum { PL_S = 0, PL_P = 1, PL_O = 2, PL_C = 3 };
/// Which of s, p, o, c stands in each column of an order: pl_order_columns[PL_ORDER_POS] = {PL_P, PL_O, PL_S, PL_C}.
extern const uint8_t pl_order_columns[PL_ORDER_COUNT][4];
extern const uint8_t pl_order_width[PL_ORDER_COUNT];  ///< 4 or 3
extern const char* const pl_order_names[PL_ORDER_COUNT];

/// Which statements of a fact count (a compiled lens). A fact passes when one of its rows does.
typedef struct pl_pass {
  const uint64_t* assertions;  ///< bit i % 64 of word i / 64: the assertion of counter i passes; NULL = all pass
  uint64_t assertion_count;    ///< counters from it on do not
  const pl_id* graphs;         ///< passing named graphs, sorted
  size_t graph_count;          ///< used
  bool all_graphs;             ///< every named graph passes
  bool plain;                  ///< plainly stated facts pass
} pl_pass;
static inline bool pl_pass_c(const pl_pass* pass, pl_id c) {
  if (c == 0) {
    return pass->plain;
  }
  if (pl_id_tag(c) == PL_TAG_ASSERTION) {
    const uint64_t i = pl_id_payload(c);
    return !pass->assertions || (i < pass->assertion_count && (pass->assertions[i / 64] >> (i % 64) & 1));
  }
  if (pass->all_graphs) {
    return true;
  }
  size_t low = 0, high = pass->graph_count;
  while (low < high) {
    const size_t mid = (low + high) / 2;
    if (pass->graphs[mid] < c) {
      low = mid + 1;
    } else {
      high = mid;
    }
  }
  return low < pass->graph_count && pass->graphs[low] == c;
}

typedef enum pl_scan_mode {
  PL_SCAN_ROWS,       ///< every row that passes, c = 0 included
  PL_SCAN_FACTS,      ///< each fact once (c is then not delivered); only for the four fact orders
  PL_SCAN_ASSERTIONS  ///< rows with c != 0 that pass
} pl_scan_mode;

typedef struct pl_scan pl_scan;  ///< a seekable cursor over one order; belongs to its transaction's thread

/// Open; memory comes from `mem`. `pass` (may be NULL) is borrowed until close. In a write transaction a scan sees what was flushed
/// before pl_scan_range was called, and is invalid after any later write.
pl_status pl_scan_open(pl_txn* txn, pl_order order, pl_scan_mode mode, const pl_pass* pass, pl_mem* mem, pl_scan** out);
/// As pl_scan_open, for a scan of a read transaction that a task of the store's pool may read while the transaction's thread waits for it: `mem`
/// and `err` (both borrowed) are of this scan alone. It is closed before the transaction is renewed.
pl_status pl_scan_open_apart(pl_txn* txn, pl_order order, pl_scan_mode mode, const pl_pass* pass, pl_mem* mem,
                             pl_error* err, pl_scan** out);
void pl_scan_close(pl_scan* scan);  ///< accepts NULL; before the transaction ends
/// Restrict to rows whose first `n` columns equal `prefix` and whose column n lies in [low, high] (both inclusive; ignored when n is the
/// width), and go to the first one. Cheap when the new range lies a little ahead of the last one (the cursor gallops forward).
pl_status pl_scan_range(pl_scan* scan, const pl_id* prefix, unsigned n, pl_id low, pl_id high);
/// Fill up to `max` rows of the range in order; out[i] receives column i of the order, NULL = not wanted. *count = 0 at the end.
pl_status pl_scan_fill(pl_scan* scan, pl_id* const out[4], size_t max, size_t* count);
/// Fill up to `max` runs of rows of the range that agree in their first `n` columns (more than bound by the range's prefix, at most the width; at
/// most 3 in mode FACTS): out[i] (i < n, NULL = not wanted) receives their values, times[k] the rows of run k that the scan would deliver, at
/// least 1. A run is whole: it is never split over two calls, and pl_scan_fill or pl_scan_seek go on after it. *count = 0 at the end.
/// Costs what the runs cost where a block keeps the columns as runs, not what the rows cost.
pl_status pl_scan_fill_runs(pl_scan* scan, unsigned n, pl_id* const out[4], uint64_t* times, size_t max, size_t* count);
/// Move forward, inside the range, to the first row whose first `n` columns are >= key (never backward).
pl_status pl_scan_seek(pl_scan* scan, const pl_id* key, unsigned n);
/// Count what the scan would still deliver, from block headers where they suffice. Leaves the scan at its end.
pl_status pl_scan_count(pl_scan* scan, uint64_t* count);

// ---- text ----------------------------------------------------------------------------------------------------------

/// Receives the literals of a text look-up, in order of their ids, each once. PL_OK to go on.
typedef pl_status (*pl_literal_fn)(void* user, pl_id literal);
/// Literals of indexed predicates in which every word of `text` (folded, see text/token.h) starts or equals a word: all of these and no others.
/// `mem` pays for them while they are looked for.
pl_status pl_text_match(pl_txn* txn, pl_mem* mem, pl_str text, pl_guard* guard, pl_literal_fn fn, void* user);
/// As pl_text_match, but among at most about `rows` rows of the index, those of the rarest word in order of the words. Were they all?
pl_status pl_text_sample(pl_txn* txn, pl_mem* mem, pl_str text, size_t rows, pl_guard* guard, pl_literal_fn fn,
                         void* user, bool* all);
/// As pl_text_match, but among these terms instead of all that are indexed, and in their order; what is no string is left out.
pl_status pl_text_among(pl_txn* txn, pl_mem* mem, pl_str text, const pl_id* ids, size_t count, pl_guard* guard,
                        pl_literal_fn fn, void* user);
/// Literals of indexed predicates whose whole folded text equals that of `text`.
pl_status pl_text_equal(pl_txn* txn, pl_mem* mem, pl_str text, pl_guard* guard, pl_literal_fn fn, void* user);
/// Is every fact of the predicate in the text index?
bool pl_text_indexed(pl_txn* txn, pl_id predicate);
/// Is there a word in a text to look for? Without one it matches every text.
bool pl_text_has_words(pl_str text);
/// Literals that pl_text_match would look at: for planning.
pl_status pl_text_estimate(pl_txn* txn, pl_str text, uint64_t* literals);

// ---- statistics ---------------------------------------------------------------------------------------------------

typedef struct pl_predicate_stats {
  pl_id predicate;    ///< which
  uint64_t rows;      ///< rows (s, p, o, c)
  uint64_t facts;     ///< distinct (s, p, o)
  uint64_t subjects;  ///< distinct s
  uint64_t objects;   ///< distinct o
} pl_predicate_stats;

typedef struct pl_totals {
  uint64_t facts;        ///< distinct triples
  uint64_t rows;         ///< rows
  uint64_t plain;        ///< rows with c = 0
  uint64_t assertions;   ///< assertions (c of PL_TAG_ASSERTION)
  uint64_t annotations;  ///< annotation rows
  uint64_t terms;        ///< dictionary entries
  uint64_t predicates;   ///< predicates in use
} pl_totals;

/// Exact counters of one predicate; all zero if no fact uses it (PL_OK).
pl_status pl_stats_predicate(pl_txn* txn, pl_id predicate, pl_predicate_stats* out);
/// Counters of all predicates in use, by id, in the arena.
pl_status pl_stats_predicates(pl_txn* txn, pl_arena* arena, pl_predicate_stats** out, size_t* count);
/// Counters of annotation predicates: rows is exact, subjects = rows, objects an estimate. All zero if unused.
pl_status pl_stats_annotation(pl_txn* txn, pl_id predicate, pl_predicate_stats* out);
pl_status pl_stats_totals(pl_txn* txn, pl_totals* out);
/// Rows in a range of an order: exact while it spans few blocks, else an estimate from headers and tree shape. For planning only.
pl_status pl_stats_range(pl_txn* txn, pl_order order, const pl_id* prefix, unsigned n, pl_id low, pl_id high,
                         uint64_t* rows);
/// Part a range into about equal ones: ends[i], ascending, below `high`, are values of column n (n < width) such that about as many rows lie in
/// [low, ends[0]] as between two of them and above the last, and at least those of `blocks` blocks. Up to `max` (at least 2) are given; none where
/// the range is small or has one value.
pl_status pl_stats_split(pl_txn* txn, pl_order order, const pl_id* prefix, unsigned n, pl_id low, pl_id high,
                         uint64_t blocks, pl_id* ends, size_t max, size_t* count);

#endif
