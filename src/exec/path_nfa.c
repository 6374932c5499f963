// From a path expression to its automaton: see path.h. Repetitions are written out; states are numbered as the steps appear.
//
// Every part gives the states that can come first and last in it, and whether it can be empty; sequences and unbounded repetitions add the moves between.
#include "exec/path.h"

typedef struct move {
  uint32_t from;  ///< state
  uint32_t to;    ///< state
} move;

typedef PL_VEC(uint32_t) states;

/// What a part offers to its neighbours.
typedef struct part {
  bool empty;             ///< may match nothing at all
  const uint32_t* first;  ///< states that begin it
  uint32_t first_count;   ///< used
  const uint32_t* last;   ///< states that end it
  uint32_t last_count;    ///< used
} part;

typedef struct maker {
  pl_arena* arena;        ///< result
  const pl_query* query;  ///< for messages
  const pl_path* whole;   ///< likewise
  pl_error* err;          ///< receives failures
  pl_path_nfa* nfa;       ///< being made
  PL_VEC(move) moves;     ///< all so far
} maker;

static pl_status too_long(const maker* m) {
  const pl_source source = {.name = "query", .text = m->query->text};
  return pl_fail_at(m->err, &source, m->whole->span, PL_MSG_PATH_LIMIT, PL_PATH_STATES_MAX);
}

static pl_status too_many_moves(const maker* m) {
  const pl_source source = {.name = "query", .text = m->query->text};
  return pl_fail_at(m->err, &source, m->whole->span, PL_MSG_PATH_MOVES, PL_PATH_MOVES_MAX);
}

static pl_status nomem(const maker* m) { return pl_mem_status(m->arena->mem); }

static pl_status add_moves(maker* m, const part* a, const part* b) {
  for (uint32_t i = 0; i < a->last_count; i++) {
    for (uint32_t k = 0; k < b->first_count; k++) {
      if (m->moves.count >= 4 * PL_PATH_MOVES_MAX) {
        return too_many_moves(m);
      }
      PL_TRY(pl_vec_push(m->arena->mem, &m->moves, ((move){a->last[i], b->first[k]})));
    }
  }
  return PL_OK;
}

/// Both lists one after the other, in the arena.
static const uint32_t* joined(maker* m, const uint32_t* a, uint32_t a_count, const uint32_t* b, uint32_t b_count) {
  if (a_count == 0 || b_count == 0) {
    return a_count ? a : b;
  }
  uint32_t* all = pl_arena_alloc(m->arena, ((size_t)a_count + b_count) * sizeof(uint32_t));
  if (all) {
    memcpy(all, a, a_count * sizeof(uint32_t));
    memcpy(all + a_count, b, b_count * sizeof(uint32_t));
  }
  return all;
}

/// a then b.
static pl_status sequence(maker* m, const part* a, const part* b, part* out) {
  part c = {.empty = a->empty && b->empty};
  PL_TRY(add_moves(m, a, b));
  c.first_count = a->first_count + (a->empty ? b->first_count : 0);
  c.first = a->empty ? joined(m, a->first, a->first_count, b->first, b->first_count) : a->first;
  c.last_count = b->last_count + (b->empty ? a->last_count : 0);
  c.last = b->empty ? joined(m, a->last, a->last_count, b->last, b->last_count) : b->last;
  if ((c.first_count && !c.first) || (c.last_count && !c.last)) {
    return nomem(m);
  }
  *out = c;
  return PL_OK;
}

/// a or b.
static pl_status choice(maker* m, const part* a, const part* b, part* out) {
  part c = {.empty = a->empty || b->empty};
  c.first_count = a->first_count + b->first_count;
  c.first = joined(m, a->first, a->first_count, b->first, b->first_count);
  c.last_count = a->last_count + b->last_count;
  c.last = joined(m, a->last, a->last_count, b->last, b->last_count);
  if ((c.first_count && !c.first) || (c.last_count && !c.last)) {
    return nomem(m);
  }
  *out = c;
  return PL_OK;
}

static uint32_t step_number(maker* m, const pl_path* path) {
  uint32_t i = 0;
  while (i < m->nfa->step_count && m->nfa->steps[i] != path) {
    i++;
  }
  if (i == m->nfa->step_count) {
    m->nfa->steps[m->nfa->step_count++] = path;
  }
  return i;
}

static pl_status one_step(maker* m, const pl_path* path, part* out) {
  pl_path_nfa* nfa = m->nfa;
  if (nfa->state_count > PL_PATH_STATES_MAX) {
    return too_long(m);
  }
  uint32_t* state = pl_arena_alloc(m->arena, sizeof(uint32_t));
  if (!state) {
    return nomem(m);
  }
  *state = nfa->state_count++;
  nfa->step[*state] = step_number(m, path);
  *out = (part){.first = state, .first_count = 1, .last = state, .last_count = 1};
  return PL_OK;
}

static pl_status build(maker* m, const pl_path* path, part* out);

/// part{min,max}: min copies, then nested optional ones, x (x (x)?)?, or a loop on the last.
static pl_status repeat(maker* m, const pl_path* path, part* out) {
  const bool loop = path->max == PL_PATH_NO_END;
  const uint32_t needed = loop && path->min == 0 ? 1 : path->min;
  const part nothing = {.empty = true};
  part all = nothing, tail = nothing, one = nothing;
  for (uint32_t i = 0; i < needed; i++) {
    const uint32_t before = m->nfa->state_count;
    PL_TRY(build(m, path->parts[0], &one));
    PL_TRY(loop && i + 1 == needed ? add_moves(m, &one, &one) : PL_OK);
    PL_TRY(sequence(m, &all, &one, &all));
    if (m->nfa->state_count == before) {
      break;  // the part is always empty
    }
  }
  all.empty |= path->min == 0;
  for (uint32_t i = path->min; i < path->max && !loop; i++) {
    const uint32_t before = m->nfa->state_count;
    PL_TRY(build(m, path->parts[0], &one));
    PL_TRY(sequence(m, &one, &tail, &tail));
    tail.empty = true;
    if (m->nfa->state_count == before) {
      break;
    }
  }
  return sequence(m, &all, &tail, out);
}

static pl_status build(maker* m, const pl_path* path, part* out) {
  switch (path->kind) {
    case PL_PATH_SEQ:
    case PL_PATH_ALT:
      PL_TRY(build(m, path->parts[0], out));
      for (uint32_t i = 1; i < path->part_count; i++) {
        part next = {0};
        PL_TRY(build(m, path->parts[i], &next));
        PL_TRY(path->kind == PL_PATH_SEQ ? sequence(m, out, &next, out) : choice(m, out, &next, out));
      }
      return PL_OK;
    case PL_PATH_REPEAT:
      return repeat(m, path, out);
    default:
      return one_step(m, path, out);
  }
}

static int compare_moves(const void* a, const void* b) {
  const move *x = a, *y = b;
  if (x->from != y->from) {
    return x->from < y->from ? -1 : 1;
  }
  return (x->to > y->to) - (x->to < y->to);
}

/// Moves as arrays by their first state.
static pl_status tabulate(maker* m, pl_path_moves* out) {
  size_t kept = 0;
  if (m->moves.count) {
    qsort(m->moves.data, m->moves.count, sizeof(move), compare_moves);
  }
  for (size_t i = 0; i < m->moves.count; i++) {
    if (kept == 0 || compare_moves(&m->moves.data[kept - 1], &m->moves.data[i])) {
      m->moves.data[kept++] = m->moves.data[i];
    }
  }
  m->moves.count = kept;
  if (kept > PL_PATH_MOVES_MAX) {
    return too_many_moves(m);
  }
  out->at = PL_ARENA_ARRAY(m->arena, uint32_t, m->nfa->state_count + 1);
  out->to = PL_ARENA_ARRAY(m->arena, uint32_t, kept + 1);
  if (!out->at || !out->to) {
    return nomem(m);
  }
  for (size_t i = 0; i < kept; i++) {
    out->at[m->moves.data[i].from + 1]++;
    out->to[i] = m->moves.data[i].to;
  }
  for (uint32_t s = 0; s < m->nfa->state_count; s++) {
    out->at[s + 1] += out->at[s];
  }
  return PL_OK;
}

static pl_status finish(maker* m) {
  static const uint32_t start[1] = {0};
  const part before = {.last = start, .last_count = 1};
  part whole = {0};
  PL_TRY(build(m, m->whole, &whole));
  PL_TRY(add_moves(m, &before, &whole));
  m->nfa->final[0] = whole.empty;
  for (uint32_t i = 0; i < whole.last_count; i++) {
    m->nfa->final[whole.last[i]] = true;
  }
  PL_TRY(tabulate(m, &m->nfa->forward));
  for (size_t i = 0; i < m->moves.count; i++) {
    m->moves.data[i] = (move){m->moves.data[i].to, m->moves.data[i].from};
  }
  return tabulate(m, &m->nfa->backward);
}

pl_status pl_path_nfa_make(pl_arena* arena, const pl_query* query, const pl_path* path, pl_error* err,
                           pl_path_nfa* out) {
  maker m = {.arena = arena, .query = query, .whole = path, .err = err, .nfa = out};
  *out = (pl_path_nfa){.state_count = 1};
  out->step = PL_ARENA_ARRAY(arena, uint32_t, PL_PATH_STATES_MAX + 1);
  out->steps = PL_ARENA_ARRAY(arena, const pl_path*, PL_PATH_STATES_MAX + 1);
  out->final = PL_ARENA_ARRAY(arena, bool, PL_PATH_STATES_MAX + 1);
  if (!out->step || !out->steps || !out->final) {
    return nomem(&m);
  }
  const pl_status status = finish(&m);
  pl_vec_free(arena->mem, &m.moves);
  return status;
}

// ---- as written ---------------------------------------------------------------------------------------------------

/// How tightly a kind of path binds: alternatives least.
static int binding(const pl_path* path) {
  switch (path->kind) {
    case PL_PATH_ALT:
      return 0;
    case PL_PATH_SEQ:
      return 1;
    case PL_PATH_STEP:
      return path->verb_count > 1 ? 0 : path->verbs[0].inverse ? 2 : 4;
    default:
      return path->kind == PL_PATH_REPEAT ? 3 : 4;
  }
}

static pl_status write_verbs(pl_explain* explain, const pl_path* path) {
  for (uint32_t v = 0; v < path->verb_count; v++) {
    PL_TRY(pl_buf_str(explain->out, pl_str_c(v ? "|" : "")));
    PL_TRY(pl_buf_str(explain->out, pl_str_c(path->verbs[v].inverse ? "^" : "")));
    PL_TRY(pl_explain_ref(explain, &path->verbs[v].predicate));
  }
  return PL_OK;
}

static pl_status write_count(pl_explain* explain, const pl_path* path) {
  const bool loop = path->max == PL_PATH_NO_END;
  if (loop && path->min <= 1) {
    return pl_buf_char(explain->out, path->min ? '+' : '*');
  }
  if (path->min == 0 && path->max == 1) {
    return pl_buf_char(explain->out, '?');
  }
  return loop ? pl_buf_printf(explain->out, "{%u,}", path->min)
              : pl_buf_printf(explain->out, "{%u,%u}", path->min, path->max);
}

/// Print one part, in parentheses unless it binds at least as tightly as `around`.
static pl_status write_part(pl_explain* explain, const pl_path* path, int around) {
  const bool wrap = binding(path) < around;
  PL_TRY(pl_buf_str(explain->out, pl_str_c(wrap ? "(" : "")));
  switch (path->kind) {
    case PL_PATH_STEP:
      PL_TRY(write_verbs(explain, path));
      break;
    case PL_PATH_EXCEPT:
      PL_TRY(pl_buf_str(explain->out, PL_STR("!(")));
      PL_TRY(write_verbs(explain, path));
      PL_TRY(pl_buf_char(explain->out, ')'));
      break;
    case PL_PATH_REPEAT:
      PL_TRY(write_part(explain, path->parts[0], 4));
      PL_TRY(write_count(explain, path));
      break;
    default:
      for (uint32_t i = 0; i < path->part_count; i++) {
        PL_TRY(pl_buf_str(explain->out, pl_str_c(i == 0 ? "" : path->kind == PL_PATH_SEQ ? "/" : "|")));
        PL_TRY(write_part(explain, path->parts[i], path->kind == PL_PATH_SEQ ? 2 : 1));
      }
  }
  return pl_buf_str(explain->out, pl_str_c(wrap ? ")" : ""));
}

pl_status pl_path_explain(pl_explain* explain, const pl_path* path) { return write_part(explain, path, 0); }
