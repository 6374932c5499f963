/// Paths: sets of walkers, moved on by every fact that leads on.
#include "reference.h"

enum { WALKERS_MAX = 4000, TRAILS_MAX = 1500 };

/// A walker is a row: where it began, where it is, and (for shortest) the path behind it.
enum { START, HERE, TRAIL, WALKER };

typedef struct walk {
  ref_run* run;
  uint32_t lens;
  const ref_id* row;    ///< for a lens with variables
  const ref_id* shown;  ///< identity
  size_t length_max;    ///< of trails: facts
} walk;

/// Does the fact lead on, forth (or back), by the verbs of a STEP or EXCEPT?
static bool leads(const walk* w, const pl_path* path, const ref_id* f, bool inverse) {
  bool listed = false, direction = false;
  for (uint32_t i = 0; i < path->verb_count; i++) {
    const pl_verb* verb = &path->verbs[i];
    direction |= verb->inverse == inverse;
    listed |= verb->inverse == inverse && ref_meet(w->run, &verb->predicate, f[REF_P], false, w->shown, NULL);
  }
  return (path->kind == PL_PATH_STEP ? listed : direction && !listed) && ref_passes(w->run, w->lens, f[REF_C], w->row);
}

/// Add the walker after it went along the fact.
static void go_on(const walk* w, const ref_id* walker, const ref_id* f, bool inverse, ref_rows* out) {
  const ref_id to = ref_shown_of(w->run, w->shown, f[inverse ? REF_S : REF_O]);
  ref_id next[WALKER] = {walker[START], to, 0};
  if (walker[TRAIL]) {
    const ref_entry* trail = ref_entry_of(w->run, walker[TRAIL]);
    if (trail->count / 3 >= w->length_max) {
      return;
    }
    ref_id* items = ref_alloc(&w->run->arena, (trail->count + 3) * sizeof(ref_id));
    memcpy(items, trail->items, trail->count * sizeof(ref_id));
    items[trail->count] = f[REF_P], items[trail->count + 1] = inverse, items[trail->count + 2] = to;
    next[TRAIL] = ref_put_items(w->run->graph, REF_PATH, items, trail->count + 3);
  }
  (void)ref_add_new(&w->run->arena, out, next, WALKER);
  if (out->count > (walker[TRAIL] ? TRAILS_MAX : WALKERS_MAX)) {
    w->run->skip = "too many paths";
  }
}

static bool add_all(const walk* w, const ref_rows* more, ref_rows* to) {
  bool grew = false;
  for (size_t i = 0; i < more->count; i++) {
    grew |= ref_add_new(&w->run->arena, to, more->data[i], WALKER);
  }
  return grew;
}

static void step(const walk* w, const pl_path* path, const ref_rows* from, ref_rows* out) {
  for (size_t i = 0; i < w->run->graph->fact_count * 2; i++) {
    const ref_id* f = w->run->graph->statements.data[i / 2];
    const bool inverse = i % 2;
    const ref_id at = ref_shown_of(w->run, w->shown, f[inverse ? REF_O : REF_S]);
    for (size_t k = 0; leads(w, path, f, inverse) && k < from->count && !w->run->skip; k++) {
      if (from->data[k][HERE] == at) {
        go_on(w, from->data[k], f, inverse, out);
      }
    }
  }
}

/// Where the walkers can be after the path.
static ref_rows after(const walk* w, const pl_path* path, const ref_rows* from) {
  ref_rows now = *from, out = {0};
  bool grew = true;
  switch (path->kind) {
    case PL_PATH_STEP:
    case PL_PATH_EXCEPT:
      step(w, path, from, &out);
      return out;
    case PL_PATH_ALT:
      for (uint32_t i = 0; i < path->part_count; i++) {
        now = after(w, path->parts[i], from);
        (void)add_all(w, &now, &out);
      }
      return out;
    case PL_PATH_SEQ:
      for (uint32_t i = 0; i < path->part_count; i++) {
        now = after(w, path->parts[i], &now);
      }
      return now;
    default:  // what new repetitions do not reach, further ones do not either
      for (uint32_t times = 0; times <= path->max && grew && now.count && !w->run->skip; times++) {
        grew = times < path->min || add_all(w, &now, &out);
        now = grew && times < path->max ? after(w, path->parts[0], &now) : now;
      }
      return out;
  }
}

bool ref_may_be_empty(ref_run* run, const pl_path* path) {
  ref_rows nowhere = {0};  // no fact leads on from there
  ref_add(&run->arena, &nowhere, (ref_id[WALKER]){0}, WALKER);
  return after(&(walk){.run = run, .lens = PL_LENS_NONE}, path, &nowhere).count > 0;
}

/// All pairs of ends, worked out once, unless the lens has variables.
static ref_rows pairs_of(const walk* w, const pl_path* path) {
  ref_run* run = w->run;
  const bool varies = w->lens != PL_LENS_NONE && run->query->lenses[w->lens].correlated;
  for (size_t i = 0; i < run->path_count && !varies; i++) {
    if (run->paths[i].path == path) {
      return run->paths[i].pairs;
    }
  }
  ref_rows all = {0};
  for (ref_id id = 1; id < run->id_count; id++) {
    ref_add(&run->arena, &all, (ref_id[]){id, id, 0}, WALKER);
  }
  all = after(w, path, &all);
  if (!varies && run->path_count < PL_COUNT_OF(run->paths)) {
    run->paths[run->path_count].path = path;
    run->paths[run->path_count++].pairs = all;
  }
  return all;
}

/// A path of no facts, no end of which is given, may begin at the ends of facts that pass.
static bool in_graph(const walk* w, ref_id id) {
  for (size_t i = 0; i < w->run->graph->fact_count; i++) {
    const ref_id* f = w->run->graph->statements.data[i];
    if ((ref_shown_of(w->run, w->shown, f[REF_S]) == id || ref_shown_of(w->run, w->shown, f[REF_O]) == id) &&
        ref_passes(w->run, w->lens, f[REF_C], w->row)) {
      return true;
    }
  }
  return false;
}

/// Trails from a to b, by trying lengths.
static void shortest(walk* w, const pl_alg_path* path, ref_id a, ref_id b, ref_id* row, ref_rows* out) {
  ref_rows start = {0}, best = {0};
  ref_add(&w->run->arena, &start, (ref_id[]){a, a, ref_put_items(w->run->graph, REF_PATH, &a, 1)}, WALKER);
  for (w->length_max = 0; best.count == 0 && !w->run->skip; w->length_max++) {
    const ref_rows all = after(w, path->path, &start);
    for (size_t i = 0; i < all.count; i++) {
      const ref_id here = all.data[i][HERE], trail = all.data[i][TRAIL];
      if (here != b || ref_entry_of(w->run, trail)->count != w->length_max * 3 + 1) {
        continue;
      }
      if (path->mode == PL_PATH_SHORTEST_ALL || best.count == 0) {
        ref_add(&w->run->arena, &best, &trail, 1);
      } else if (ref_order(w->run, trail, best.data[0][0]) < 0) {
        best.data[0][0] = trail;
      }
    }
  }
  for (size_t i = 0; i < best.count; i++) {
    if (path->as != PL_SLOT_NONE) {
      row[path->as] = best.data[i][0];
    }
    ref_push(w->run, out, row);
  }
}

void ref_match_path(ref_run* run, const pl_alg* part, const ref_id* in, ref_rows* out) {
  const pl_alg_path* path = &part->path;
  walk w = {run, path->lens, in, ref_shown(run, path->lens, in), 0};
  const ref_rows pairs = pairs_of(&w, path->path);
  const ref_id start = ref_shown_of(run, w.shown, ref_of(run, &path->subject, in)),
               end = ref_shown_of(run, w.shown, ref_of(run, &path->object, in));
  for (size_t i = 0; i < pairs.count && !run->skip; i++) {
    const ref_id a = pairs.data[i][START], b = pairs.data[i][HERE];
    ref_id* row = ref_copy(run, in);
    if ((a == start || b == end || in_graph(&w, a)) && ref_meet(run, &path->subject, a, true, w.shown, row) &&
        ref_meet(run, &path->object, b, true, w.shown, row)) {
      if (path->mode == PL_PATH_PAIRS) {
        ref_push(run, out, row);
      } else {
        shortest(&w, path, a, b, row, out);
      }
    }
  }
}
