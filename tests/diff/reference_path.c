/// Paths: pairs as relations (matrices over all ids), shortest ones by trying lengths.
#include "reference.h"

#include <stdlib.h>

typedef struct walk {
  ref_run* run;
  uint32_t lens;
  const ref_id* row;    ///< for a lens with variables
  const ref_id* shown;  ///< identity
  size_t n;             ///< ids
} walk;

// ---- one fact -----------------------------------------------------------------------------------------------------

/// Does the fact lead on, forth (or back), by the verbs of a STEP or EXCEPT?
static bool leads(walk* w, const pl_path* path, const ref_statement* f, bool inverse) {
  bool listed = false, direction = false;
  if (!ref_passes(w->run, w->lens, f->c, w->row)) {
    return false;
  }
  for (uint32_t i = 0; i < path->verb_count; i++) {
    const pl_verb* verb = &path->verbs[i];
    direction |= verb->inverse == inverse;
    listed |= verb->inverse == inverse && ref_meet(w->run, &verb->predicate, f->p, false, w->shown, NULL);
  }
  return path->kind == PL_PATH_STEP ? listed : direction && !listed;
}

// ---- pairs --------------------------------------------------------------------------------------------------------

typedef uint8_t* relation;

static relation compose(walk* w, relation a, relation b) {
  relation out = ref_alloc(&w->run->arena, w->n * w->n);
  for (size_t i = 0; i < w->n; i++) {
    for (size_t k = 0; k < w->n; k++) {
      for (size_t j = 0; a[i * w->n + k] && j < w->n; j++) {
        out[i * w->n + j] |= b[k * w->n + j];
      }
    }
  }
  return out;
}

static bool add_all(walk* w, relation to, relation more) {
  bool grew = false;
  for (size_t i = 0; i < w->n * w->n; i++) {
    grew |= more[i] && !to[i];
    to[i] |= more[i];
  }
  return grew;
}

static relation relate(walk* w, const pl_path* path) {
  relation out = ref_alloc(&w->run->arena, w->n * w->n);
  const ref_statements* facts = &w->run->graph->facts;
  switch (path->kind) {
    case PL_PATH_STEP:
    case PL_PATH_EXCEPT:
      for (size_t i = 0; i < facts->count * 2; i++) {
        const ref_statement* f = &facts->data[i / 2];
        if (leads(w, path, f, i % 2)) {
          const ref_id s = ref_shown_of(w->run, w->shown, f->s), o = ref_shown_of(w->run, w->shown, f->o);
          out[(i % 2 ? o : s) * w->n + (i % 2 ? s : o)] = 1;
        }
      }
      return out;
    case PL_PATH_ALT:
      for (uint32_t i = 0; i < path->part_count; i++) {
        (void)add_all(w, out, relate(w, path->parts[i]));
      }
      return out;
    case PL_PATH_SEQ:
      out = relate(w, path->parts[0]);
      for (uint32_t i = 1; i < path->part_count; i++) {
        out = compose(w, out, relate(w, path->parts[i]));
      }
      return out;
    default:
      break;
  }
  const relation one = relate(w, path->parts[0]);
  relation power = ref_alloc(&w->run->arena, w->n * w->n);
  for (size_t i = 0; i < w->n; i++) {
    power[i * w->n + i] = 1;
  }
  uint32_t times = 0;
  for (; times < path->min; times++) {
    power = compose(w, power, one);
  }
  bool grew = add_all(w, out, power);
  for (; times < path->max && grew; times++) {
    power = compose(w, power, one);
    grew = add_all(w, out, power);
  }
  return out;
}

/// Nodes that a path of no facts may begin at when no end is given: the ends of facts that pass.
static bool in_graph(const walk* w, ref_id id) {
  for (size_t i = 0; i < w->run->graph->facts.count; i++) {
    const ref_statement* f = &w->run->graph->facts.data[i];
    if ((ref_shown_of(w->run, w->shown, f->s) == id || ref_shown_of(w->run, w->shown, f->o) == id) &&
        ref_passes(w->run, w->lens, f->c, w->row)) {
      return true;
    }
  }
  return false;
}

// ---- shortest -----------------------------------------------------------------------------------------------------

/// Paths of exactly so many facts: items as in a ref_entry.
typedef struct trail {
  const ref_id* items;
  size_t count;
} trail;
typedef struct trails {
  trail* data;
  size_t count, capacity;
} trails;

enum { TRAILS_MAX = 1500 };

static void add_trail(walk* w, trails* to, const ref_id* items, size_t count) {
  for (size_t i = 0; i < to->count; i++) {
    if (to->data[i].count == count && !memcmp(to->data[i].items, items, count * sizeof(ref_id))) {
      return;
    }
  }
  if (to->count == TRAILS_MAX) {
    w->run->skip = "too many paths";
    return;
  }
  if (to->count == to->capacity) {
    trail* bigger = ref_alloc(&w->run->arena, (to->capacity * 2 + 16) * sizeof(trail));
    if (to->count) {
      memcpy(bigger, to->data, to->count * sizeof(trail));
    }
    to->data = bigger;
    to->capacity = to->capacity * 2 + 16;
  }
  ref_id* copy = ref_alloc(&w->run->arena, count * sizeof(ref_id));
  memcpy(copy, items, count * sizeof(ref_id));
  to->data[to->count++] = (trail){copy, count};
}

/// Trails of `path` that begin where those of `from` end, with at most `length` facts in all.
static void extend(walk* w, const pl_path* path, const trails* from, size_t length, trails* out);

static void extend_step(walk* w, const pl_path* path, const trails* from, size_t length, trails* out) {
  const ref_statements* facts = &w->run->graph->facts;
  for (size_t t = 0; t < from->count; t++) {
    const trail* old = &from->data[t];
    for (size_t i = 0; i < facts->count * 2 && old->count / 3 < length; i++) {
      const ref_statement* f = &facts->data[i / 2];
      const bool inverse = i % 2;
      const ref_id s = ref_shown_of(w->run, w->shown, f->s), o = ref_shown_of(w->run, w->shown, f->o);
      if (old->items[old->count - 1] == (inverse ? o : s) && leads(w, path, f, inverse)) {
        ref_id* items = ref_alloc(&w->run->arena, (old->count + 3) * sizeof(ref_id));
        memcpy(items, old->items, old->count * sizeof(ref_id));
        items[old->count] = f->p, items[old->count + 1] = inverse, items[old->count + 2] = inverse ? s : o;
        add_trail(w, out, items, old->count + 3);
      }
    }
  }
}

static void extend(walk* w, const pl_path* path, const trails* from, size_t length, trails* out) {
  trails now = *from;
  switch (path->kind) {
    case PL_PATH_STEP:
    case PL_PATH_EXCEPT:
      extend_step(w, path, from, length, out);
      return;
    case PL_PATH_ALT:
      for (uint32_t i = 0; i < path->part_count; i++) {
        extend(w, path->parts[i], from, length, out);
      }
      return;
    case PL_PATH_SEQ:
      for (uint32_t i = 0; i < path->part_count; i++) {
        trails next = {0};
        extend(w, path->parts[i], &now, length, &next);
        now = next;
      }
      break;
    default:
      for (uint32_t times = 0; times <= path->max && times <= path->min + length && now.count && !w->run->skip;
           times++) {
        trails next = {0};
        for (size_t i = 0; times >= path->min && i < now.count; i++) {
          add_trail(w, out, now.data[i].items, now.data[i].count);
        }
        extend(w, path->parts[0], &now, length, &next);
        now = next;
      }
      return;
  }
  for (size_t i = 0; i < now.count; i++) {
    add_trail(w, out, now.data[i].items, now.data[i].count);
  }
}

static void shortest(walk* w, const pl_alg_path* path, ref_id a, ref_id b, const ref_id* row, ref_rows* out) {
  const trails start = {&(trail){&a, 1}, 1, 1};
  trails best = {0};
  for (size_t length = 0; best.count == 0 && !w->run->skip; length++) {
    trails all = {0};
    extend(w, path->path, &start, length, &all);
    for (size_t i = 0; i < all.count; i++) {
      const trail* t = &all.data[i];
      if (t->items[t->count - 1] != b || t->count != length * 3 + 1) {
        continue;
      }
      if (path->mode == PL_PATH_SHORTEST && best.count) {
        best.data[0] =
            ref_order_paths(w->run, t->items, t->count, best.data[0].items, t->count) < 0 ? *t : best.data[0];
      } else {
        add_trail(w, &best, t->items, t->count);
      }
    }
  }
  for (size_t i = 0; i < best.count; i++) {
    ref_id* copy = ref_copy(w->run, row);
    if (path->as != PL_SLOT_NONE) {
      copy[path->as] = ref_put_items(w->run->graph, REF_PATH, best.data[i].items, best.data[i].count);
    }
    ref_push(w->run, out, copy);
  }
}

/// The relation of a path is worked out once, unless the lens has variables.
static relation relation_of(walk* w, const pl_path* path) {
  ref_run* run = w->run;
  const bool varies = w->lens != PL_LENS_NONE && run->query->lenses[w->lens].correlated;
  for (size_t i = 0; i < run->relation_count && !varies; i++) {
    if (run->relations[i].path == path) {
      return run->relations[i].pairs;
    }
  }
  const relation pairs = relate(w, path);
  if (!varies && run->relation_count < PL_COUNT_OF(run->relations)) {
    run->relations[run->relation_count].path = path;
    run->relations[run->relation_count++].pairs = pairs;
  }
  return pairs;
}

/// The id that an end is held to; 0 if it is free.
static ref_id held(const walk* w, const pl_ref* end) {
  const ref_id id = end->kind == PL_REF_TERM   ? w->run->terms[end->index]
                    : end->kind == PL_REF_SLOT ? w->row[end->index]
                                               : REF_UNBOUND;
  return id == REF_UNBOUND ? 0 : ref_shown_of(w->run, w->shown, id);
}

void ref_path(ref_run* run, const pl_alg_path* path, const ref_id* in, ref_rows* out) {
  walk w = {run, path->lens, in, ref_shown(run, path->lens, in), run->id_count};
  const relation pairs = relation_of(&w, path->path);
  const ref_id start = held(&w, &path->subject), end = held(&w, &path->object);
  ref_id* row = ref_copy(run, in);
  for (ref_id a = 1; a < w.n; a++) {
    for (ref_id b = 1; b < w.n; b++) {
      ref_reset(run, row, in);
      if (!pairs[a * w.n + b] || (a != start && b != end && !in_graph(&w, a)) ||
          !ref_meet(run, &path->subject, a, true, w.shown, row) ||
          !ref_meet(run, &path->object, b, true, w.shown, row)) {
        continue;
      }
      if (path->mode == PL_PATH_PAIRS) {
        ref_push(run, out, ref_copy(run, row));
      } else {
        shortest(&w, path, a, b, row, out);
      }
    }
  }
}
