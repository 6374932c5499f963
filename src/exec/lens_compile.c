// Compiling a lens without variables: the set of statements that pass, made once for a snapshot and kept on the transaction. See lens.h.
//
// Assertions are numbered densely, so a set of them is an array of bits. A part with annotations walks their order `poc`, where rows of one value
// lie together: the value is judged once, then each row costs a bit. With several values of one kind one that fits is enough, so what fails is
// known at the end of a walk: `all`, who has the annotation, less `fit`.
#include "base/bits.h"
#include "exec/classes.h"
#include "exec/lens_internal.h"

#define BATCH 1024  ///< rows read at once

/// A compiled lens: owned by the transaction and by the runs that use it.
struct pl_lens_set {
  pl_mem mem;      ///< account of its own: it may outlive the run
  uint32_t users;  ///< the transaction, runs
  pl_pass pass;    ///< what callers get
  pl_bits bits;    ///< passing assertions
  pl_ids graphs;   ///< passing named graphs, sorted
};

/// The making of one.
typedef struct lens_maker {
  pl_run* run;
  const pl_lens* lens;
  const pl_lens_args* args;  ///< by part
  struct pl_lens_set* set;   ///< result
  pl_bits all;               ///< assertions that have the annotation walked
  pl_bits fit;               ///< of these, with a value that fits
  pl_bits timed;             ///< that have `from` or `until`
  pl_bits unfit;             ///< whose `from` or `until` does not fit
} lens_maker;

static void release(void* object) {
  struct pl_lens_set* set = object;
  if (--set->users == 0) {
    pl_bits_free(&set->mem, &set->bits);
    pl_vec_free(&set->mem, &set->graphs);
    pl_mem mem = set->mem;
    pl_mem_free(&mem, set, sizeof(*set));
  }
}

// ---- walks --------------------------------------------------------------------------------------------------------

static void clear(pl_bits* bits) { memset(bits->words, 0, pl_bits_words(bits->count) * sizeof(uint64_t)); }

/// Add the rows read; the verdict on a value is kept while rows repeat it.
static pl_status add_rows(lens_maker* m, const pl_lens_part* part, const pl_lens_args* args, pl_lens_time kind,
                          const pl_id* objects, const pl_id* cs, size_t count) {
  for (size_t i = 0; i < count;) {
    bool fits = false;
    size_t end = i + 1;
    PL_TRY(pl_lens_value_fits(m->run, part, args, kind, objects[i], &fits));
    while (end < count && objects[end] == objects[i]) {
      end++;
    }
    for (size_t k = i; k < end; k++) {
      pl_bits_add(&m->all, pl_id_payload(cs[k]));
    }
    for (size_t k = i; fits && k < end; k++) {
      pl_bits_add(&m->fit, pl_id_payload(cs[k]));
    }
    i = end;
  }
  return PL_OK;
}

/// Fill `all` and `fit` for one predicate.
static pl_status walk_predicate(lens_maker* m, const pl_lens_part* part, const pl_lens_args* args, pl_lens_time kind,
                                pl_id predicate) {
  pl_run* run = m->run;
  pl_id objects[BATCH], cs[BATCH];
  pl_id* const into[4] = {NULL, objects, cs, NULL};
  pl_scan* scan = NULL;
  clear(&m->all);
  clear(&m->fit);
  PL_TRY(pl_scan_open(run->txn, PL_ORDER_POC, PL_SCAN_ROWS, NULL, &run->mem, &scan));
  pl_status status = pl_scan_range(scan, &predicate, 1, 0, UINT64_MAX);
  while (status == PL_OK) {
    size_t count = 0;
    status = pl_guard_check(run->guard, run->err);
    if (status == PL_OK) {
      status = pl_scan_fill(scan, into, BATCH, &count);
    }
    if (status != PL_OK || count == 0) {
      break;
    }
    status = add_rows(m, part, args, kind, objects, cs, count);
  }
  pl_scan_close(scan);
  return status;
}

/// Make the sets of a walk, those of time only if they are needed.
static pl_status make_room(lens_maker* m, bool time) {
  const uint64_t count = m->set->bits.count;
  pl_mem* mem = &m->set->mem;
  PL_TRY(m->all.words ? PL_OK : pl_bits_make(mem, count, &m->all));
  PL_TRY(m->fit.words ? PL_OK : pl_bits_make(mem, count, &m->fit));
  if (time && m->timed.words) {
    clear(&m->timed);
    clear(&m->unfit);
  }
  PL_TRY(!time || m->timed.words ? PL_OK : pl_bits_make(mem, count, &m->timed));
  return !time || m->unfit.words ? PL_OK : pl_bits_make(mem, count, &m->unfit);
}

static void free_room(lens_maker* m) {
  pl_bits* const room[] = {&m->all, &m->fit, &m->timed, &m->unfit};
  for (size_t i = 0; i < PL_COUNT_OF(room); i++) {
    if (room[i]->words) {
      pl_bits_free(&m->set->mem, room[i]);
    }
  }
}

// ---- parts --------------------------------------------------------------------------------------------------------

static pl_status part_time(lens_maker* m, const pl_lens_part* part, const pl_lens_args* args) {
  pl_bits* bits = &m->set->bits;
  const size_t words = pl_bits_words(bits->count);
  PL_TRY(make_room(m, true));
  for (pl_lens_time kind = PL_TIME_FROM; kind <= PL_TIME_UNTIL; kind++) {
    PL_TRY(walk_predicate(m, part, args, kind, pl_lens_time_predicates[kind]));
    for (size_t w = 0; w < words; w++) {
      m->timed.words[w] |= m->all.words[w];
      m->unfit.words[w] |= m->all.words[w] & ~m->fit.words[w];
    }
  }
  PL_TRY(walk_predicate(m, part, args, PL_TIME_ON, pl_lens_time_predicates[PL_TIME_ON]));
  for (size_t w = 0; w < words; w++) {
    const uint64_t any = m->timed.words[w] | m->all.words[w];
    const uint64_t passes = (m->timed.words[w] & ~m->unfit.words[w]) | m->fit.words[w];
    bits->words[w] &= ~any | passes;
  }
  return PL_OK;
}

static pl_status part_trust(lens_maker* m, const pl_lens_part* part, const pl_lens_args* args) {
  pl_bits* bits = &m->set->bits;
  PL_TRY(make_room(m, false));
  PL_TRY(walk_predicate(m, part, args, PL_TIME_FROM, PL_KNOWN(CONFIDENCE)));
  for (size_t w = 0; w < pl_bits_words(bits->count); w++) {
    bits->words[w] &= ~m->all.words[w] | m->fit.words[w];
  }
  return PL_OK;
}

/// Add the assertions whose source is `source`.
static pl_status add_source(lens_maker* m, pl_scan* scan, pl_id source) {
  const pl_id prefix[2] = {PL_KNOWN(SOURCE), source};
  pl_id cs[BATCH];
  pl_id* const into[4] = {NULL, NULL, cs, NULL};
  PL_TRY(pl_scan_range(scan, prefix, 2, 0, UINT64_MAX));
  for (;;) {
    size_t count = 0;
    PL_TRY(pl_guard_check(m->run->guard, m->run->err));
    PL_TRY(pl_scan_fill(scan, into, BATCH, &count));
    for (size_t i = 0; i < count; i++) {
      pl_bits_add(&m->fit, pl_id_payload(cs[i]));
    }
    if (count == 0) {
      return PL_OK;
    }
  }
}

static pl_status part_according(lens_maker* m, const pl_lens_part* part, const pl_lens_args* args) {
  pl_run* run = m->run;
  pl_bits* bits = &m->set->bits;
  pl_scan* scan = NULL;
  PL_TRY(make_room(m, false));
  clear(&m->fit);
  PL_TRY(pl_scan_open(run->txn, PL_ORDER_POC, PL_SCAN_ROWS, NULL, &run->mem, &scan));
  pl_status status = PL_OK;
  for (size_t i = 0; i < args->sources.count && status == PL_OK; i++) {
    status = add_source(m, scan, args->sources.data[i]);
  }
  pl_scan_close(scan);
  for (size_t w = 0; w < pl_bits_words(bits->count); w++) {
    bits->words[w] &= part->negated ? ~m->fit.words[w] : m->fit.words[w];
  }
  return status;
}

static pl_status apply_part(lens_maker* m, const pl_lens_part* part, const pl_lens_args* args) {
  switch (part->kind) {
    case PL_LENS_AT:
    case PL_LENS_DURING:
      return part_time(m, part, args);
    case PL_LENS_TRUST:
      return part_trust(m, part, args);
    case PL_LENS_ACCORDING:
      return part_according(m, part, args);
    default:
      return PL_OK;
  }
}

// ---- the whole lens -----------------------------------------------------------------------------------------------

/// Largest assertion counter in use, by bisection.
static pl_status counter_max(pl_run* run, uint32_t* max) {
  pl_scan* scan = NULL;
  PL_TRY(pl_scan_open(run->txn, PL_ORDER_CSPO, PL_SCAN_ROWS, NULL, &run->mem, &scan));
  uint64_t low = 0, high = UINT32_MAX;  // some counter is > low, or none is; none is > high
  pl_status status = PL_OK;
  while (low < high && status == PL_OK) {
    const uint64_t middle = low + (high - low) / 2;
    pl_id c = 0;
    pl_id* const into[4] = {&c, NULL, NULL, NULL};
    size_t count = 0;
    status = pl_scan_range(scan, NULL, 0, pl_id_make(PL_TAG_ASSERTION, middle + 1), pl_tag_end(PL_TAG_ASSERTION) - 1);
    if (status == PL_OK) {
      status = pl_scan_fill(scan, into, 1, &count);
    }
    if (count) {
      low = pl_id_payload(c);
    } else {
      high = middle;
    }
  }
  pl_scan_close(scan);
  *max = low < UINT32_MAX ? (uint32_t)low : UINT32_MAX;
  return status;
}

static pl_status add_graphs(lens_maker* m) {
  pl_run* run = m->run;
  pl_ids graphs = {0};
  pl_scan* spo = NULL;
  pl_status status = pl_graphs_list(run, &graphs);
  if (status == PL_OK && graphs.count) {
    status = pl_scan_open(run->txn, PL_ORDER_SPO, PL_SCAN_FACTS, NULL, &run->mem, &spo);
  }
  for (size_t g = 0; g < graphs.count && status == PL_OK; g++) {
    bool passes = true;
    status = pl_guard_check(run->guard, run->err);
    for (uint32_t i = 0; i < m->lens->count && passes && status == PL_OK; i++) {
      status = pl_lens_check(run, &m->lens->parts[i], &m->args[i], NULL, spo, graphs.data[g], &passes);
    }
    if (status == PL_OK && passes) {
      status = pl_vec_push(&m->set->mem, &m->set->graphs, graphs.data[g]);
    }
  }
  pl_scan_close(spo);
  pl_vec_free(&run->mem, &graphs);
  return status;
}

static pl_status make_set(lens_maker* m) {
  struct pl_lens_set* set = m->set;
  uint32_t max = 0;
  PL_TRY(counter_max(m->run, &max));
  PL_TRY(pl_bits_make(&set->mem, (uint64_t)max + 1, &set->bits));
  pl_bits_fill(&set->bits);
  set->pass.plain = true;
  for (uint32_t i = 0; i < m->lens->count; i++) {
    const pl_lens_part* part = &m->lens->parts[i];
    PL_TRY(apply_part(m, part, &m->args[i]));
    set->pass.plain &= part->kind != PL_LENS_ACCORDING || part->negated;
  }
  PL_TRY(add_graphs(m));
  set->pass.assertions = set->bits.words;
  set->pass.assertion_count = set->bits.count;
  set->pass.graphs = set->graphs.data;
  set->pass.graph_count = set->graphs.count;
  return PL_OK;
}

/// Compile on an account that may use what the run's has left.
static pl_status compute(pl_run* run, const pl_lens* lens, const pl_lens_args* args, struct pl_lens_set** out) {
  const pl_mem* paid = &run->mem;
  pl_mem mem;
  pl_txn_mem_init(run->txn, &mem, paid->bytes_max == SIZE_MAX ? SIZE_MAX : paid->bytes_max - paid->bytes_used);
  struct pl_lens_set* set = pl_mem_calloc(&mem, 1, sizeof(*set));
  if (!set) {
    run->mem.limit_hit |= mem.limit_hit;
    return pl_mem_status(&mem);
  }
  set->mem = mem;
  set->users = 1;
  lens_maker maker = {.run = run, .lens = lens, .args = args, .set = set};
  const pl_status status = make_set(&maker);
  free_room(&maker);
  if (status != PL_OK) {
    run->mem.limit_hit |= set->mem.limit_hit;
    release(set);
    return status;
  }
  set->mem.bytes_max = SIZE_MAX;
  *out = set;
  return PL_OK;
}

// ---- keys ---------------------------------------------------------------------------------------------------------

static void add_bytes(pl_buf* key, const void* data, size_t size) { (void)pl_buf_append(key, data, size); }

static void add_number(pl_buf* key, const pl_value* v) {
  const uint8_t kind = (uint8_t)v->kind;
  add_bytes(key, &kind, 1);
  if (v->kind == PL_VALUE_INTEGER) {
    add_bytes(key, &v->integer, sizeof(v->integer));
  } else if (v->kind == PL_VALUE_DECIMAL) {
    add_bytes(key, &v->decimal.mantissa, sizeof(v->decimal.mantissa));
    add_bytes(key, &v->decimal.scale, sizeof(v->decimal.scale));
  } else {
    add_bytes(key, &v->real, sizeof(v->real));
  }
}

void pl_lens_key(pl_buf* key, const pl_lens_part* part, const pl_lens_args* args) {
  const uint8_t head[3] = {(uint8_t)part->kind, part->negated, args->null};
  add_bytes(key, head, sizeof(head));
  if (args->null) {
    return;
  }
  if (part->kind == PL_LENS_ACCORDING) {
    add_bytes(key, &args->sources.count, sizeof(args->sources.count));
    add_bytes(key, args->sources.data, args->sources.count * sizeof(pl_id));
  } else if (part->kind == PL_LENS_AT || part->kind == PL_LENS_DURING) {
    add_bytes(key, &args->extent.start_ms, sizeof(args->extent.start_ms));
    add_bytes(key, &args->extent.end_ms, sizeof(args->extent.end_ms));
  } else {
    add_number(key, &args->number);
  }
}

// ---- finding ------------------------------------------------------------------------------------------------------

/// From the transaction, or compiled and kept there; *out counts as used once more.
static pl_status fetch_by(pl_run* run, const pl_lens* lens, const pl_lens_args* args, pl_buf* key,
                          struct pl_lens_set** out) {
  add_bytes(key, "lens", 4);
  for (uint32_t i = 0; i < lens->count; i++) {
    pl_lens_key(key, &lens->parts[i], &args[i]);
  }
  PL_TRY(key->status);
  *out = pl_txn_kept(run->txn, pl_buf_view(key));
  if (!*out) {
    PL_TRY(compute(run, lens, args, out));
    const pl_status status = pl_txn_keep(run->txn, pl_buf_view(key), *out, (*out)->mem.bytes_used, release);
    if (status != PL_OK) {
      release(*out);
      return status;
    }
  }
  (*out)->users++;
  return PL_OK;
}

/// Under identity a source stands for its class.
static pl_status widen_sources(pl_run* run, uint32_t number, pl_lens_args* args) {
  const pl_classes* classes = NULL;
  PL_TRY(pl_run_classes(run, number, &classes));
  for (uint32_t i = 0; classes && i < run->plan->query->lenses[number].count; i++) {
    PL_TRY(pl_classes_widen(run, classes, &args[i].sources));
  }
  return PL_OK;
}

static pl_status fetch(pl_run* run, uint32_t number, pl_lens_args* args, struct pl_lens_set** out) {
  PL_TRY(pl_lens_args_const(run, number, args));
  PL_TRY(widen_sources(run, number, args));
  pl_buf key;
  pl_buf_init(&key, &run->mem, SIZE_MAX / 2);
  const pl_status status = fetch_by(run, &run->plan->query->lenses[number], args, &key, out);
  pl_buf_free(&key);
  return status;
}

pl_status pl_lens_pass(pl_run* run, uint32_t number, const pl_pass** out) {
  pl_lens_state* state = &run->lenses[number];
  *out = NULL;
  if (!pl_lens_restricts(run->plan->query, number)) {
    return PL_OK;
  }
  *out = &state->pass;
  if (state->set) {
    return PL_OK;
  }
  const pl_lens* lens = &run->plan->query->lenses[number];
  if (!state->args) {
    state->args = PL_ARENA_ARRAY(&run->arena, pl_lens_args, lens->count + 1);
  }
  if (!state->args) {
    return pl_run_nomem(run);
  }
  const pl_status status = fetch(run, number, state->args, &state->set);
  for (uint32_t i = 0; i < lens->count; i++) {
    pl_vec_free(&run->mem, &state->args[i].sources);
  }
  if (status == PL_OK) {
    state->pass = state->set->pass;
  }
  return status;
}

// ---- runs ---------------------------------------------------------------------------------------------------------

bool pl_lens_stays(const pl_query* query) {
  for (uint32_t l = 0; l < query->lens_count; l++) {
    bool stays = !query->lenses[l].correlated;
    for (uint32_t i = 0; i < query->lenses[l].count; i++) {
      stays &= query->lenses[l].parts[i].kind != PL_LENS_SAME && !query->lenses[l].parts[i].pattern;
    }
    if (!stays) {
      return false;
    }
  }
  return true;
}

void pl_lens_free(pl_run* run) {
  static const uint64_t none = 0;
  const pl_pass nothing = {.assertions = &none};
  for (uint32_t i = 0; run->lenses && i < run->plan->query->lens_count; i++) {
    if (run->lenses[i].set) {
      release(run->lenses[i].set);
      run->lenses[i].set = NULL;
      run->lenses[i].pass = nothing;
    }
  }
}
