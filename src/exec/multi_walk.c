// Walking the variables of a multiway join and counting its trees: see multijoin.h. One thread works on a walker; what it reads is shared.
#include "exec/multijoin.h"

#define STEPS_BETWEEN_CHECKS (1u << 17)  ///< numbers looked at, below a millisecond
#define GALLOP_FROM 16u                  ///< times longer that a list must be to search in it instead of reading it

static bool has_bit(const uint64_t* bits, uint32_t number) { return (bits[number / 64] >> number % 64 & 1) != 0; }

static const pl_mj_lists* lists_of(const pl_mj_walker* w, pl_mj_list list) {
  return &w->data->tables[list.table].lists[list.column];
}

static pl_mj_set neighbours(const pl_mj_walker* w, pl_mj_list list, uint32_t number) {
  const pl_mj_lists* lists = lists_of(w, list);
  return (pl_mj_set){lists->values + lists->starts[number], lists->starts[number + 1] - lists->starts[number]};
}

/// The set of all lists of a variable that has some.
static pl_mj_set set_of(const pl_mj_walker* w, uint8_t var) {
  const pl_mj_var* v = &w->shape->vars[var];
  return w->rooms[v->shares].sets[v->list_count - 1];
}

/// Count steps; false when the guard has ended the walk.
static bool go_on(pl_mj_walker* w, uint64_t steps) {
  w->steps += steps;
  if (w->steps > STEPS_BETWEEN_CHECKS && w->failed == PL_OK) {
    w->steps = 0;
    w->failed = pl_guard_check(w->guard, w->err);
  }
  return w->failed == PL_OK;
}

// ---- rooms --------------------------------------------------------------------------------------------------------

/// Are the sets after list `i` tested as bitmaps: by the next list, or by what comes up from a child?
static bool needs_bits(const pl_mj_shape* shape, uint8_t first, uint8_t i) {
  bool needs = i + 1 < shape->vars[first].list_count;
  for (uint8_t v = 0; v < shape->var_count; v++) {
    needs |= shape->vars[v].shares == first && shape->vars[v].child_count > 0;
  }
  return needs;
}

static pl_status make_sets(pl_mj_walker* w, uint8_t var) {
  const pl_mj_var* v = &w->shape->vars[var];
  pl_mj_room* room = &w->rooms[var];
  for (uint8_t i = 0; i < v->list_count; i++) {
    if (needs_bits(w->shape, var, i)) {
      room->bits[i] = pl_mem_calloc(w->mem, w->data->numbers / 64 + (size_t)1, sizeof(uint64_t));
      PL_TRY(room->bits[i] ? PL_OK : pl_mem_status(w->mem));
    }
    if (i > 0) {
      room->lengths[i] = lists_of(w, v->lists[i])->longest + 1;
      room->buffers[i] = pl_mem_alloc(w->mem, room->lengths[i] * sizeof(uint32_t));
      PL_TRY(room->buffers[i] ? PL_OK : pl_mem_status(w->mem));
    }
  }
  return PL_OK;
}

/// Space for the ways that come up from children, but from the last one of a root, which are summed up at once.
static pl_status make_ways(pl_mj_walker* w, uint8_t var) {
  const pl_mj_var* v = &w->shape->vars[var];
  pl_mj_room* room = &w->rooms[var];
  const size_t numbers = w->data->numbers + (size_t)1;
  const uint8_t kept = (uint8_t)(v->parent == PL_MJ_NONE && v->child_count ? v->child_count - 1 : v->child_count);
  if (kept > 0) {
    room->ways = pl_mem_calloc(w->mem, numbers, sizeof(uint64_t));
    room->reached = pl_mem_alloc(w->mem, numbers * sizeof(uint32_t));
    PL_TRY(room->ways && room->reached ? PL_OK : pl_mem_status(w->mem));
  }
  if (kept > 1) {
    room->more_ways = pl_mem_calloc(w->mem, numbers, sizeof(uint64_t));
    PL_TRY(room->more_ways ? PL_OK : pl_mem_status(w->mem));
  }
  return PL_OK;
}

pl_status pl_mj_walker_init(pl_mj_walker* walker, const pl_mj_shape* shape, const pl_mj_data* data, pl_mem* mem,
                            pl_guard* guard, pl_error* err) {
  memset(walker, 0, sizeof(*walker));
  walker->shape = shape;
  walker->data = data;
  walker->mem = mem;
  walker->guard = guard;
  walker->err = err;
  for (uint8_t v = 0; v < shape->var_count; v++) {
    PL_TRY(shape->vars[v].shares == v ? make_sets(walker, v) : PL_OK);
    PL_TRY(make_ways(walker, v));
  }
  return PL_OK;
}

void pl_mj_walker_free(pl_mj_walker* walker) {
  const size_t numbers = walker->data ? walker->data->numbers : 0;
  for (uint8_t v = 0; v < PL_MJ_VARS_MAX && walker->mem; v++) {
    pl_mj_room* room = &walker->rooms[v];
    for (uint8_t i = 0; i < PL_MJ_RELATIONS_MAX; i++) {
      pl_mem_free(walker->mem, room->bits[i], (numbers / 64 + 1) * sizeof(uint64_t));
      pl_mem_free(walker->mem, room->buffers[i], room->lengths[i] * sizeof(uint32_t));
    }
    pl_mem_free(walker->mem, room->ways, (numbers + 1) * sizeof(uint64_t));
    pl_mem_free(walker->mem, room->more_ways, (numbers + 1) * sizeof(uint64_t));
    pl_mem_free(walker->mem, room->reached, (numbers + 1) * sizeof(uint32_t));
  }
  memset(walker, 0, sizeof(*walker));
}

// ---- sets ---------------------------------------------------------------------------------------------------------

/// First place at or after `from` in a sorted list whose value is not below `number`.
static uint32_t gallop(pl_mj_set list, uint32_t from, uint32_t number) {
  uint32_t step = 1, low = from, high = from;
  while (high < list.count && list.values[high] < number) {
    low = high + 1;
    high = list.count - high > step ? high + step : list.count;
    step *= 2;
  }
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (list.values[middle] < number) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

/// Numbers of a short set that are in a long list, to `out` (NULL = only counted).
static uint32_t search(pl_mj_set set, pl_mj_set list, uint32_t* out) {
  uint32_t at = 0, found = 0;
  for (uint32_t i = 0; i < set.count; i++) {
    at = gallop(list, at, set.values[i]);
    if (at == list.count) {
      break;
    }
    if (list.values[at] == set.values[i]) {
      if (out) {
        out[found] = set.values[i];
      }
      found++;
    }
  }
  return found;
}

/// Numbers of a list that are in a set, to `out`.
static uint32_t narrow(pl_mj_set list, pl_mj_set set, const uint64_t* bits, uint32_t* out) {
  if ((uint64_t)set.count * GALLOP_FROM < list.count) {
    return search(set, list, out);
  }
  uint32_t found = 0;
  for (uint32_t i = 0; i < list.count; i++) {
    out[found] = list.values[i];
    found += has_bit(bits, list.values[i]);
  }
  return found;
}

/// How many numbers of a list are in a set.
static uint64_t count_both(pl_mj_set list, pl_mj_set set, const uint64_t* bits) {
  if ((uint64_t)set.count * GALLOP_FROM < list.count) {
    return search(set, list, NULL);
  }
  uint64_t found = 0;
  for (uint32_t i = 0; i < list.count; i++) {
    found += has_bit(bits, list.values[i]);
  }
  return found;
}

static void set_bits(uint64_t* bits, pl_mj_set set) {
  for (uint32_t i = 0; i < set.count; i++) {
    bits[set.values[i] / 64] |= (uint64_t)1 << set.values[i] % 64;
  }
}

static void clear_bits(uint64_t* bits, pl_mj_set set) {
  for (uint32_t i = 0; i < set.count; i++) {
    bits[set.values[i] / 64] = 0;
  }
}

bool pl_mj_give(pl_mj_walker* w, uint8_t level, uint32_t number) {
  w->given[level] = number;
  for (uint8_t var = 0; var < w->shape->var_count; var++) {
    const pl_mj_var* v = &w->shape->vars[var];
    pl_mj_room* room = &w->rooms[var];
    for (uint8_t i = 0; v->shares == var && i < v->list_count; i++) {
      if (v->lists[i].level != level) {
        continue;
      }
      pl_mj_set set = neighbours(w, v->lists[i], number);
      w->steps += set.count + 1;
      if (room->bits[i]) {
        clear_bits(room->bits[i], room->sets[i]);
      }
      if (i > 0) {
        set.count = narrow(set, room->sets[i - 1], room->bits[i - 1], room->buffers[i]);
        set.values = room->buffers[i];
      }
      if (room->bits[i]) {
        set_bits(room->bits[i], set);
      }
      room->sets[i] = set;
      if (set.count == 0) {
        return false;
      }
    }
  }
  return true;
}

pl_mj_set pl_mj_allowed(const pl_mj_walker* walker, uint8_t level) {
  return set_of(walker, walker->shape->walk[level]);
}

// ---- trees --------------------------------------------------------------------------------------------------------

static void gather(pl_mj_walker* w, uint8_t var, uint8_t child, bool first);

/// What a counted variable may be, each with the ways to it from below: of a leaf one each (*ways = NULL), else by number.
static pl_mj_set come_up(pl_mj_walker* w, uint8_t var, const uint64_t** ways) {
  const pl_mj_var* v = &w->shape->vars[var];
  pl_mj_room* room = &w->rooms[var];
  *ways = room->ways;
  if (v->child_count == 0) {
    return set_of(w, var);
  }
  for (uint8_t c = 0; c < v->child_count; c++) {
    gather(w, var, v->children[c], c == 0);
  }
  return (pl_mj_set){room->reached, room->reached_count};
}

/// Forget what came up to a variable.
static void forget(pl_mj_walker* w, uint8_t var) {
  pl_mj_room* room = &w->rooms[var];
  for (uint32_t i = 0; i < room->reached_count; i++) {
    room->ways[room->reached[i]] = 0;
  }
  room->reached_count = 0;
}

/// Add the ways of the first child to those of a variable that its lists allow. Without branches: what is reached is written and kept if it is new.
static void add_ways(pl_mj_room* room, const uint64_t* bits, pl_mj_set up, uint64_t times) {
  uint64_t* const ways = room->ways;
  uint32_t* const reached = room->reached;
  uint32_t count = room->reached_count;
  for (uint32_t i = 0; i < up.count; i++) {
    const uint32_t number = up.values[i];
    const uint64_t before = ways[number];
    const uint64_t more = !bits || has_bit(bits, number) ? times : 0;
    reached[count] = number;
    count += before == 0 && more != 0;
    ways[number] = pl_times_add(before, more);
  }
  room->reached_count = count;
}

/// Multiply what was reached with what came from a further child.
static void multiply_ways(pl_mj_room* room) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < room->reached_count; i++) {
    const uint32_t number = room->reached[i];
    room->ways[number] = pl_times_mul(room->ways[number], room->more_ways[number]);
    room->more_ways[number] = 0;
    room->reached[kept] = number;
    kept += room->ways[number] != 0;
  }
  room->reached_count = kept;
}

/// Bring the ways of a child up to its parent `var`.
static void gather(pl_mj_walker* w, uint8_t var, uint8_t child, bool first) {
  const pl_mj_var* v = &w->shape->vars[var];
  pl_mj_room* room = &w->rooms[var];
  const uint64_t* bits = v->list_count ? w->rooms[v->shares].bits[v->list_count - 1] : NULL;
  const uint64_t* ways = NULL;
  const pl_mj_set from = come_up(w, child, &ways);
  for (uint32_t i = 0; i < from.count; i++) {
    const pl_mj_set up = neighbours(w, w->shape->vars[child].up, from.values[i]);
    const uint64_t times = ways ? ways[from.values[i]] : 1;
    if (!go_on(w, up.count + (uint64_t)1)) {
      break;
    }
    if (first) {
      add_ways(room, bits, up, times);
    }
    for (uint32_t k = 0; !first && k < up.count; k++) {
      if (room->ways[up.values[k]]) {
        room->more_ways[up.values[k]] = pl_times_add(room->more_ways[up.values[k]], times);
      }
    }
  }
  if (!first) {
    multiply_ways(room);
  }
  forget(w, child);
}

/// Ways to the values of a root that are in one list.
static uint64_t sum_list(const pl_mj_walker* w, uint8_t root, pl_mj_set up) {
  const pl_mj_var* v = &w->shape->vars[root];
  if (v->child_count > 1) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < up.count; i++) {
      sum = pl_times_add(sum, w->rooms[root].ways[up.values[i]]);
    }
    return sum;
  }
  return v->list_count ? count_both(up, set_of(w, root), w->rooms[v->shares].bits[v->list_count - 1]) : up.count;
}

/// Ways to all values of a root: those of all children but the last are kept, the last one's are summed up.
static uint64_t tree_ways(pl_mj_walker* w, uint8_t root) {
  const pl_mj_var* v = &w->shape->vars[root];
  if (v->child_count == 0) {
    return set_of(w, root).count;
  }
  const uint8_t last = (uint8_t)(v->child_count - 1);
  for (uint8_t c = 0; c < last; c++) {
    gather(w, root, v->children[c], c == 0);
  }
  const uint64_t* ways = NULL;
  const pl_mj_set from = come_up(w, v->children[last], &ways);
  uint64_t sum = 0;
  for (uint32_t i = 0; i < from.count; i++) {
    const pl_mj_set up = neighbours(w, w->shape->vars[v->children[last]].up, from.values[i]);
    if (!go_on(w, up.count + (uint64_t)1)) {
      break;
    }
    const uint64_t one = sum_list(w, root, up);
    sum = pl_times_add(sum, ways ? pl_times_mul(one, ways[from.values[i]]) : one);
  }
  forget(w, v->children[last]);
  forget(w, root);
  return sum;
}

uint64_t pl_mj_ways(pl_mj_walker* walker) {
  uint64_t ways = 1;
  for (uint8_t r = 0; r < walker->shape->root_count && ways; r++) {
    ways = pl_times_mul(ways, tree_ways(walker, walker->shape->roots[r]));
  }
  return ways;
}

// ---- counting -----------------------------------------------------------------------------------------------------

static void descend(pl_mj_walker* w, uint8_t level) {
  if (level == w->shape->walk_count) {
    w->total = pl_times_add(w->total, pl_mj_ways(w));
    return;
  }
  const pl_mj_set set = pl_mj_allowed(w, level);
  for (uint32_t i = 0; i < set.count && go_on(w, 1); i++) {
    if (pl_mj_give(w, level, set.values[i])) {
      descend(w, (uint8_t)(level + 1));
    }
  }
}

pl_status pl_mj_count(pl_mj_walker* walker, const uint32_t* numbers, size_t count) {
  for (size_t i = 0; i < count && go_on(walker, 1); i++) {
    if (pl_mj_give(walker, 0, numbers[i])) {
      descend(walker, 1);
    }
  }
  return walker->failed;
}

uint32_t pl_mj_first(const pl_mj_shape* shape, const pl_mj_data* data, uint32_t* out) {
  uint32_t count = 0;
  for (uint32_t n = 0; n < data->numbers; n++) {
    bool every = true;
    for (uint8_t r = 0; r < shape->relation_count && every; r++) {
      const pl_mj_relation* rel = &shape->relations[r];
      for (uint8_t c = 0; c < 2; c++) {
        const uint32_t* starts = data->tables[rel->table].lists[c].starts;
        every &= rel->var[c] != shape->walk[0] || starts[n] < starts[n + 1];
      }
    }
    out[count] = n;
    count += every;
  }
  return count;
}
