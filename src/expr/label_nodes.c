/// Looking up nodes by label: see label_nodes.h.
#include "expr/label_nodes.h"

#include "base/sort.h"
#include "expr/termpool_internal.h"
#include "text/fold.h"

#include <xxhash.h>

enum { FILL = 256 };

/// An object of a label predicate that is not in the text index.
typedef struct walked_label {
  uint64_t hash;    ///< of the folded text
  pl_id predicate;  ///< which
  pl_id literal;    ///< object
} walked_label;

typedef PL_VEC(pl_label_fact) fact_list;

struct pl_label_state {
  pl_arena arena;               ///< entries
  pl_idmap names;               ///< id of a name -> pl_label_entry*
  PL_VEC(walked_label) walked;  ///< by hash; made when first needed
  bool has_walked;              ///< it is made
  PL_VEC(pl_id) literals;       ///< of the look-up at hand
  fact_list facts;              ///< of the look-up at hand
  pl_buf folded[2];             ///< name, and label at hand
};

static pl_status nomem(const pl_termpool* pool) { return pl_mem_status(pool->mem); }

static pl_status state_of(pl_termpool* pool, struct pl_label_state** out) {
  *out = NULL;
  if (!pool->label_state) {
    struct pl_label_state* const state = pl_mem_calloc(pool->mem, 1, sizeof *state);
    if (!state) {
      return nomem(pool);
    }
    pl_arena_init(&state->arena, pool->mem);
    pl_buf_init(&state->folded[0], pool->mem, SIZE_MAX / 2);
    pl_buf_init(&state->folded[1], pool->mem, SIZE_MAX / 2);
    pool->label_state = state;
  }
  *out = pool->label_state;
  return PL_OK;
}

void pl_label_again(pl_termpool* pool, bool moved) {
  struct pl_label_state* const state = pool->label_state;
  if (state) {
    pl_idmap_free(&state->names, pool->mem);
    pl_arena_reset(&state->arena);
    if (moved) {
      pl_vec_free(pool->mem, &state->walked);
      state->has_walked = false;
    }
  }
}

void pl_label_free(struct pl_label_state* state, pl_mem* mem) {
  if (state) {
    pl_idmap_free(&state->names, mem);
    pl_vec_free(mem, &state->walked);
    pl_vec_free(mem, &state->literals);
    pl_vec_free(mem, &state->facts);
    pl_buf_free(&state->folded[0]);
    pl_buf_free(&state->folded[1]);
    pl_arena_free(&state->arena);
    pl_mem_free(mem, state, sizeof *state);
  }
}

static bool is_text(pl_tag tag) { return pl_tag_is_string(tag) || tag == PL_TAG_LANG; }

/// Folded text of a literal of the store, without filling the pool's cache.
static pl_status fold_literal(pl_termpool* pool, pl_id literal, pl_buf* out) {
  pl_arena arena;
  pl_term term;
  pl_arena_init(&arena, pool->mem);
  pl_buf_clear(out);
  pl_status status = pl_dict_term(pool->txn, literal, &arena, &term);
  status = status == PL_OK ? pl_fold(term.text, out) : status;
  pl_arena_free(&arena);
  return status;
}

// ---- facts of a literal -------------------------------------------------------------------------------------------

/// Add the subjects of (?, predicate, literal).
static pl_status add_subjects(pl_termpool* pool, pl_guard* guard, pl_scan* scan, pl_id predicate, pl_id literal) {
  fact_list* const facts = &pool->label_state->facts;
  const pl_id prefix[2] = {predicate, literal};
  pl_id subjects[FILL];
  pl_id* const columns[4] = {NULL, NULL, subjects, NULL};
  size_t count;
  PL_TRY(pl_scan_range(scan, prefix, 2, 0, UINT64_MAX));
  do {
    PL_TRY(pl_guard_check(guard, pool->err));
    PL_TRY(pl_scan_fill(scan, columns, FILL, &count));
    for (size_t i = 0; i < count; i++) {
      PL_TRY(pl_vec_push(pool->mem, facts, ((pl_label_fact){subjects[i], predicate, literal})));
    }
  } while (count > 0);
  return PL_OK;
}

static pl_status add_literal(void* user, pl_id literal) {
  pl_termpool* const pool = user;
  return pl_vec_push(pool->mem, &pool->label_state->literals, literal);
}

static pl_status find_indexed(pl_termpool* pool, pl_guard* guard, pl_scan* scan, pl_str name) {
  const pl_settings* const settings = pl_txn_settings(pool->txn);
  struct pl_label_state* const state = pool->label_state;
  state->literals.count = 0;
  PL_TRY(pl_text_equal(pool->txn, pool->mem, name, guard, add_literal, pool));
  for (size_t l = 0; l < state->literals.count; l++) {
    for (size_t i = 0; i < settings->label_predicate_count; i++) {
      if (pl_text_indexed(pool->txn, settings->label_predicates[i])) {
        PL_TRY(add_subjects(pool, guard, scan, settings->label_predicates[i], state->literals.data[l]));
      }
    }
  }
  return PL_OK;
}

// ---- predicates that are not indexed ------------------------------------------------------------------------------

static int by_hash(const void* a, const void* b, void* user) {
  PL_UNUSED(user);
  const walked_label* const x = a;
  const walked_label* const y = b;
  return (x->hash > y->hash) - (x->hash < y->hash);
}

static pl_status walk_objects(pl_termpool* pool, pl_scan* scan, const pl_id* objects, size_t count, pl_id predicate,
                              pl_id* last) {
  struct pl_label_state* const state = pool->label_state;
  PL_UNUSED(scan);
  for (size_t i = 0; i < count; i++) {
    if (objects[i] == *last || !is_text(pl_id_tag(objects[i]))) {
      continue;
    }
    *last = objects[i];
    PL_TRY(fold_literal(pool, objects[i], &state->folded[1]));
    const uint64_t hash = XXH3_64bits(state->folded[1].data, state->folded[1].len);
    PL_TRY(pl_vec_push(pool->mem, &state->walked, ((walked_label){hash, predicate, objects[i]})));
  }
  return PL_OK;
}

static pl_status walk_predicate(pl_termpool* pool, pl_guard* guard, pl_scan* scan, pl_id predicate) {
  pl_id objects[FILL];
  pl_id* const columns[4] = {NULL, objects, NULL, NULL};
  pl_id last = PL_ID_NULL;
  size_t count;
  PL_TRY(pl_scan_range(scan, &predicate, 1, 0, UINT64_MAX));
  do {
    PL_TRY(pl_guard_check(guard, pool->err));
    PL_TRY(pl_scan_fill(scan, columns, FILL, &count));
    PL_TRY(walk_objects(pool, scan, objects, count, predicate, &last));
  } while (count > 0);
  return PL_OK;
}

static pl_status walk(pl_termpool* pool, pl_guard* guard, pl_scan* scan) {
  const pl_settings* const settings = pl_txn_settings(pool->txn);
  struct pl_label_state* const state = pool->label_state;
  if (state->has_walked) {
    return PL_OK;
  }
  state->walked.count = 0;
  for (size_t i = 0; i < settings->label_predicate_count; i++) {
    if (!pl_text_indexed(pool->txn, settings->label_predicates[i])) {
      PL_TRY(walk_predicate(pool, guard, scan, settings->label_predicates[i]));
    }
  }
  if (state->walked.count > 0) {
    static const pl_sort_order order = {.compare = by_hash};
    PL_TRY(pl_sort(state->walked.data, state->walked.count, sizeof *state->walked.data, &order, pool->mem, guard,
                   pool->err));
  }
  state->has_walked = true;
  return PL_OK;
}

static size_t first_of_hash(const struct pl_label_state* state, uint64_t hash) {
  size_t low = 0;
  size_t high = state->walked.count;
  while (low < high) {
    const size_t mid = (low + high) / 2;
    if (state->walked.data[mid].hash < hash) {
      low = mid + 1;
    } else {
      high = mid;
    }
  }
  return low;
}

static pl_status find_walked(pl_termpool* pool, pl_guard* guard, pl_scan* scan, pl_str name) {
  struct pl_label_state* const state = pool->label_state;
  pl_buf_clear(&state->folded[0]);
  PL_TRY(walk(pool, guard, scan));
  PL_TRY(pl_fold_within(name, guard, pool->err, &state->folded[0]));
  const uint64_t hash = XXH3_64bits(state->folded[0].data, state->folded[0].len);
  for (size_t i = first_of_hash(state, hash); i < state->walked.count && state->walked.data[i].hash == hash; i++) {
    const walked_label label = state->walked.data[i];
    PL_TRY(fold_literal(pool, label.literal, &state->folded[1]));
    if (pl_str_eq(pl_buf_view(&state->folded[0]), pl_buf_view(&state->folded[1]))) {
      PL_TRY(add_subjects(pool, guard, scan, label.predicate, label.literal));
    }
  }
  return PL_OK;
}

// ---- a look-up ----------------------------------------------------------------------------------------------------

static int by_node(const void* a, const void* b, void* user) {
  PL_UNUSED(user);
  const pl_label_fact* const x = a;
  const pl_label_fact* const y = b;
  if (x->node != y->node) {
    return x->node < y->node ? -1 : 1;
  }
  return x->predicate != y->predicate ? (x->predicate < y->predicate ? -1 : 1)
                                      : (x->literal > y->literal) - (x->literal < y->literal);
}

/// The facts found, one for each node.
static pl_status make_entry(pl_termpool* pool, pl_guard* guard, pl_label_entry* entry) {
  struct pl_label_state* const state = pool->label_state;
  fact_list* const found = &state->facts;
  size_t kept = 0;
  if (found->count > 0) {
    static const pl_sort_order order = {.compare = by_node};
    PL_TRY(pl_sort(found->data, found->count, sizeof *found->data, &order, pool->mem, guard, pool->err));
  }
  for (size_t i = 0; i < found->count; i++) {
    if (kept == 0 || found->data[kept - 1].node != found->data[i].node) {
      found->data[kept++] = found->data[i];
    }
  }
  pl_label_fact* const facts = PL_ARENA_ARRAY(&state->arena, pl_label_fact, kept + 1);
  if (!facts) {
    return nomem(pool);
  }
  if (kept > 0) {
    memcpy(facts, found->data, kept * sizeof *facts);
  }
  *entry = (pl_label_entry){.facts = facts, .count = kept};
  return PL_OK;
}

static pl_status look_up(pl_termpool* pool, pl_guard* guard, pl_id name, pl_label_entry* entry) {
  pl_term term;
  pl_scan* scan;
  pool->label_state->facts.count = 0;
  if (!is_text(pl_termpool_tag(pool, name))) {
    return PL_OK;
  }
  PL_TRY(pl_termpool_term(pool, name, &term));
  PL_TRY(pl_scan_open(pool->txn, PL_ORDER_POS, PL_SCAN_FACTS, NULL, pool->mem, &scan));
  pl_status status = find_indexed(pool, guard, scan, term.text);
  status = status == PL_OK ? find_walked(pool, guard, scan, term.text) : status;
  pl_scan_close(scan);
  return status == PL_OK ? make_entry(pool, guard, entry) : status;
}

pl_status pl_label_find(pl_termpool* pool, pl_guard* guard, pl_id name, pl_label_entry** out) {
  struct pl_label_state* state;
  *out = NULL;
  PL_TRY(state_of(pool, &state));
  const pl_id key = name == PL_ID_NULL ? UINT64_MAX : name;  // tables of ids have no key 0
  const uint64_t* const kept = pl_idmap_find(&state->names, key);
  if (kept) {
    *out = (pl_label_entry*)(uintptr_t)*kept;
    return PL_OK;
  }
  pl_label_entry* const entry = PL_ARENA_NEW(&state->arena, pl_label_entry);
  if (!entry) {
    return nomem(pool);
  }
  PL_TRY(look_up(pool, guard, name, entry));
  *out = entry;
  return pl_idmap_put(&state->names, pool->mem, key, (uint64_t)(uintptr_t)entry, NULL);
}
