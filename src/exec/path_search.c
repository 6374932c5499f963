// Breadth first over (state, node): from one end to all others, or from both ends until they meet. See path.h.
#include "base/sort.h"
#include "exec/path.h"

pl_status pl_path_search_init(pl_path_search* search, pl_path_graph* graph, const pl_path_nfa* nfa) {
  pl_mem* mem = &graph->run->mem;
  *search = (pl_path_search){.graph = graph, .nfa = nfa};
  search->coming = pl_mem_calloc(mem, nfa->step_count + (size_t)1, sizeof(size_t));
  if (!search->coming) {
    return pl_run_nomem(graph->run);
  }
  for (int i = 0; i < 2; i++) {
    pl_path_side* side = &search->sides[i];
    side->against = i == 1;
    side->depth = pl_mem_calloc(mem, nfa->state_count, sizeof(uint32_t*));
    side->depth_count = pl_mem_calloc(mem, nfa->state_count, sizeof(size_t));
    if (!side->depth || !side->depth_count) {
      return pl_run_nomem(graph->run);
    }
  }
  return PL_OK;
}

void pl_path_search_free(pl_path_search* search) {
  if (!search->graph) {
    return;
  }
  pl_mem* mem = &search->graph->run->mem;
  const uint32_t states = search->nfa->state_count;
  for (int i = 0; i < 2; i++) {
    pl_path_side* side = &search->sides[i];
    for (uint32_t s = 0; side->depth && side->depth_count && s < states; s++) {
      pl_mem_free(mem, side->depth[s], side->depth_count[s] * sizeof(uint32_t));
    }
    pl_mem_free(mem, side->depth, side->depth ? states * sizeof(uint32_t*) : 0);
    pl_mem_free(mem, side->depth_count, side->depth_count ? states * sizeof(size_t) : 0);
    pl_vec_free(mem, &side->places);
  }
  pl_mem_free(mem, search->coming, search->coming ? (search->nfa->step_count + (size_t)1) * sizeof(size_t) : 0);
  pl_vec_free(mem, &search->found);
  pl_vec_free(mem, &search->seen);
  pl_vec_free(mem, &search->meet);
  pl_vec_free(mem, &search->order);
  *search = (pl_path_search){0};
}

/// Forget what a side has reached.
static void clear_side(pl_path_side* side) {
  for (size_t i = 0; i < side->places.count; i++) {
    side->depth[side->places.data[i].state][side->places.data[i].node] = 0;
  }
  side->places.count = side->level_start = 0;
  side->level = 0;
}

static void clear_found(pl_path_search* search) {
  for (size_t i = 0; i < search->found.count; i++) {
    search->seen.data[search->found.data[i]] = false;
  }
  search->found.count = 0;
}

static pl_status add_found(pl_path_search* search, pl_number node) {
  pl_mem* mem = &search->graph->run->mem;
  if (node >= search->seen.count) {
    const size_t count = search->graph->ids.count;
    PL_TRY(pl_vec_reserve(mem, &search->seen, count));
    memset(search->seen.data + search->seen.count, 0, (count - search->seen.count) * sizeof(bool));
    search->seen.count = count;
  }
  if (search->seen.data[node]) {
    return PL_OK;
  }
  search->seen.data[node] = true;
  return pl_vec_push(mem, &search->found, node);
}

/// Make space for all nodes known so far, and some more.
static pl_status grow_depths(pl_path_search* search, pl_path_side* side, uint32_t state) {
  const size_t old = side->depth_count[state];
  size_t count = old ? 2 * old : 64;
  while (count < search->graph->ids.count) {
    count *= 2;
  }
  uint32_t* depth =
      pl_mem_realloc(&search->graph->run->mem, side->depth[state], old * sizeof(uint32_t), count * sizeof(uint32_t));
  if (!depth) {
    return pl_run_nomem(search->graph->run);
  }
  memset(depth + old, 0, (count - old) * sizeof(uint32_t));
  side->depth[state] = depth;
  side->depth_count[state] = count;
  return PL_OK;
}

/// Reach a place at a distance. *added: it is new.
static pl_status reach(pl_path_search* search, pl_path_side* side, uint32_t state, pl_number node, uint32_t distance,
                       bool* added) {
  if (node >= side->depth_count[state]) {
    PL_TRY(grow_depths(search, side, state));
  }
  *added = side->depth[state][node] == 0;
  if (!*added) {
    return PL_OK;
  }
  side->depth[state][node] = distance + 1;
  return pl_vec_push(&search->graph->run->mem, &side->places, ((pl_path_place){state, node}));
}

/// Called with each place that a level adds, and each that it meets again.
typedef pl_status (*reached_fn)(pl_path_search* search, pl_path_place place, bool added);

/// From one place along one step.
static pl_status follow(pl_path_search* search, pl_path_side* side, uint32_t to_state, uint32_t step, pl_number node,
                        reached_fn fn) {
  const pl_number* near = NULL;
  size_t count = 0;
  PL_TRY(pl_path_near(search->graph, step, side->against, node, &near, &count));
  for (size_t i = 0; i < count; i++) {
    bool added = false;
    PL_TRY(reach(search, side, to_state, near[i], side->level, &added));
    if (added) {
      PL_TRY(fn(search, (pl_path_place){to_state, near[i]}, true));
    }
  }
  return PL_OK;
}

/// Against a step: all states before the one left are reached at once.
static pl_status follow_against(pl_path_search* search, pl_path_side* side, pl_path_place place, reached_fn fn) {
  const pl_path_nfa* nfa = search->nfa;
  const pl_number* near = NULL;
  size_t count = 0;
  PL_TRY(pl_path_near(search->graph, nfa->step[place.state], true, place.node, &near, &count));
  for (uint32_t k = nfa->backward.at[place.state]; k < nfa->backward.at[place.state + 1]; k++) {
    for (size_t i = 0; i < count; i++) {
      bool added = false;
      PL_TRY(reach(search, side, nfa->backward.to[k], near[i], side->level, &added));
      if (added) {
        PL_TRY(fn(search, (pl_path_place){nfa->backward.to[k], near[i]}, true));
      }
    }
  }
  return PL_OK;
}

static pl_status expand(pl_path_search* search, pl_path_side* side, pl_path_place place, reached_fn fn) {
  const pl_path_moves* moves = &search->nfa->forward;
  if (side->against) {
    return place.state ? follow_against(search, side, place, fn) : PL_OK;
  }
  for (uint32_t k = moves->at[place.state]; k < moves->at[place.state + 1]; k++) {
    PL_TRY(follow(search, side, moves->to[k], search->nfa->step[moves->to[k]], place.node, fn));
  }
  return PL_OK;
}

static int compare_places(const void* a, const void* b, void* user) {
  const pl_path_place *x = a, *y = b;
  const pl_id* ids = user;
  if (x->state != y->state) {
    return x->state < y->state ? -1 : 1;
  }
  return (ids[x->node] > ids[y->node]) - (ids[x->node] < ids[y->node]);
}

/// Tell the graph what is coming. *looks: some of it is looked up in the store.
static pl_status prepare(pl_path_search* search, const pl_path_side* side, bool* looks) {
  const pl_path_nfa* nfa = search->nfa;
  memset(search->coming, 0, nfa->step_count * sizeof(size_t));
  for (size_t i = side->level_start; i < side->places.count; i++) {
    const uint32_t state = side->places.data[i].state;
    if (side->against) {
      search->coming[nfa->step[state]] += state != 0;
      continue;
    }
    for (uint32_t k = nfa->forward.at[state]; k < nfa->forward.at[state + 1]; k++) {
      search->coming[nfa->step[nfa->forward.to[k]]]++;
    }
  }
  *looks = false;
  for (uint32_t step = 0; step < nfa->step_count; step++) {
    bool one = false;
    PL_TRY(search->coming[step] ? pl_path_prepare(search->graph, step, side->against, search->coming[step], &one)
                                : PL_OK);
    *looks |= one;
  }
  return PL_OK;
}

/// One level more: every place of the newest level.
static pl_status next_level(pl_path_search* search, pl_path_side* side, reached_fn fn) {
  const size_t start = side->level_start, count = side->places.count - start;
  bool looks = false;
  PL_TRY(prepare(search, side, &looks));
  search->order.count = 0;
  PL_TRY(pl_vec_reserve(&search->graph->run->mem, &search->order, count));
  memcpy(search->order.data, side->places.data + start, count * sizeof(pl_path_place));
  search->order.count = count;
  if (looks && count > 1) {
    pl_run* const run = search->graph->run;
    const pl_sort_order by_id = {compare_places, search->graph->ids.data};
    PL_TRY(pl_sort(search->order.data, count, sizeof(pl_path_place), &by_id, &run->mem, run->guard, run->err));
  }
  side->level_start = side->places.count;
  side->level++;
  for (size_t i = 0; i < count; i++) {
    PL_TRY(expand(search, side, search->order.data[i], fn));
  }
  return PL_OK;
}

// ---- one end ------------------------------------------------------------------------------------------------------

static pl_status found_end(pl_path_search* search, pl_path_place place, bool added) {
  return added && search->nfa->final[place.state] ? add_found(search, place.node) : PL_OK;
}

static pl_status found_start(pl_path_search* search, pl_path_place place, bool added) {
  return added && place.state == 0 ? add_found(search, place.node) : PL_OK;
}

/// Put a side on its first places.
static pl_status begin(pl_path_search* search, pl_path_side* side, pl_number node) {
  bool added = false;
  clear_side(side);
  if (!side->against) {
    return reach(search, side, 0, node, 0, &added);
  }
  for (uint32_t state = 1; state < search->nfa->state_count; state++) {
    PL_TRY(search->nfa->final[state] ? reach(search, side, state, node, 0, &added) : PL_OK);
  }
  return PL_OK;
}

pl_status pl_path_reach(pl_path_search* search, pl_number node, bool against, bool empty) {
  pl_path_side* side = &search->sides[against];
  clear_side(&search->sides[!against]);
  clear_found(search);
  PL_TRY(begin(search, side, node));
  PL_TRY(empty && search->nfa->final[0] ? add_found(search, node) : PL_OK);
  while (side->level_start < side->places.count) {
    PL_TRY(next_level(search, side, against ? found_start : found_end));
  }
  return PL_OK;
}

// ---- two ends -----------------------------------------------------------------------------------------------------

static pl_status met(pl_path_search* search, pl_path_place place, bool added) {
  const bool both = pl_path_depth(&search->sides[0], place.state, place.node) &&
                    pl_path_depth(&search->sides[1], place.state, place.node);
  return added && both ? pl_vec_push(&search->graph->run->mem, &search->meet, place) : PL_OK;
}

pl_status pl_path_connect(pl_path_search* search, pl_number from, pl_number to, bool empty, bool* found) {
  pl_path_side* sides = search->sides;
  search->total = 0;
  search->meet.count = 0;
  *found = empty && from == to && search->nfa->final[0];
  PL_TRY(begin(search, &sides[0], from));
  PL_TRY(begin(search, &sides[1], to));
  while (!*found) {
    const size_t ahead = sides[0].places.count - sides[0].level_start;
    const size_t behind = sides[1].places.count - sides[1].level_start;
    if (ahead == 0 || behind == 0) {
      return PL_OK;
    }
    PL_TRY(next_level(search, &sides[behind < ahead], met));
    *found = search->meet.count > 0;
  }
  search->total = sides[0].level + sides[1].level;
  return PL_OK;
}

/// From the places in `meet`, which are `distance` from the end, back to the start, a level at a time, over places whose distances from the
/// start fit.
static pl_status mark_back(pl_path_search* search, uint32_t distance) {
  const pl_path_side* ahead = &search->sides[0];
  pl_path_side* side = &search->sides[1];
  pl_mem* mem = &search->graph->run->mem;
  const pl_path_moves* before = &search->nfa->backward;
  for (; distance < search->total; distance++) {
    search->order.count = 0;
    for (size_t i = 0; i < search->meet.count; i++) {
      const pl_path_place place = search->meet.data[i];
      const pl_number* near = NULL;
      size_t count = 0;
      PL_TRY(pl_path_near(search->graph, search->nfa->step[place.state], true, place.node, &near, &count));
      for (uint32_t k = before->at[place.state]; k < before->at[place.state + 1]; k++) {
        for (size_t n = 0; n < count; n++) {
          const pl_path_place to = {before->to[k], near[n]};
          bool added = false;
          if (pl_path_depth(ahead, to.state, to.node) != search->total - distance) {
            continue;  // not at total - distance - 1 facts from the start
          }
          PL_TRY(reach(search, side, to.state, to.node, distance + 1, &added));
          PL_TRY(added ? pl_vec_push(mem, &search->order, to) : PL_OK);
        }
      }
    }
    const pl_path_places swap = search->meet;
    search->meet = search->order;
    search->order = swap;
  }
  return PL_OK;
}

pl_status pl_path_mark(pl_path_search* search) { return mark_back(search, search->sides[1].level); }

pl_status pl_path_mark_end(pl_path_search* search, pl_number to, bool empty) {
  const pl_path_side* ahead = &search->sides[0];
  pl_path_side* side = &search->sides[1];
  uint32_t least = UINT32_MAX;
  bool added = false;
  clear_side(side);
  search->meet.count = 0;
  const bool at_start = empty && search->nfa->final[0] && pl_path_depth(ahead, 0, to) == 1;
  for (uint32_t s = 1; s < search->nfa->state_count; s++) {
    const uint32_t depth = search->nfa->final[s] ? pl_path_depth(ahead, s, to) : 0;
    least = depth && depth < least ? depth : least;
  }
  search->total = at_start ? 0 : least - 1;
  for (uint32_t s = 1; s < search->nfa->state_count && !at_start; s++) {
    if (search->nfa->final[s] && pl_path_depth(ahead, s, to) == least) {
      PL_TRY(reach(search, side, s, to, 0, &added));
      PL_TRY(pl_vec_push(&search->graph->run->mem, &search->meet, ((pl_path_place){s, to})));
    }
  }
  return mark_back(search, 0);
}
