// Which variables of a multiway join are walked and which counted: see multijoin.h.
#include "exec/multijoin.h"

#include <string.h>

typedef uint32_t var_set;  ///< a bit for each variable

static bool has(var_set set, uint8_t var) { return (set >> var & 1) != 0; }

/// All variables of `within` that relations inside of it connect with `from`.
static var_set reach(const pl_mj_shape* shape, var_set from, var_set within) {
  var_set found = from;
  for (var_set before = 0; before != found;) {
    before = found;
    for (uint8_t r = 0; r < shape->relation_count; r++) {
      const uint8_t* var = shape->relations[r].var;
      const bool inside = has(within, var[0]) && has(within, var[1]);
      if (inside && (has(found, var[0]) || has(found, var[1]))) {
        found |= (var_set)1 << var[0] | (var_set)1 << var[1];
      }
    }
  }
  return found;
}

static bool is_connected(const pl_mj_shape* shape, var_set set) {
  return set && reach(shape, set & (~set + 1), set) == set;
}

/// Do the relations inside of a set form trees? Then each tree has one relation less than variables.
static bool is_forest(const pl_mj_shape* shape, var_set set) {
  uint32_t edges = 0, trees = 0;
  for (uint8_t r = 0; r < shape->relation_count; r++) {
    edges += has(set, shape->relations[r].var[0]) && has(set, shape->relations[r].var[1]);
  }
  for (var_set left = set; left; trees++) {
    left &= ~reach(shape, left & (~left + 1), set);
  }
  return edges + trees == (uint32_t)__builtin_popcount(set);
}

static var_set choose_walked(const pl_mj_shape* shape) {
  const var_set all = ((var_set)1 << shape->var_count) - 1;
  var_set needed = 0;
  var_set best = all;
  for (uint8_t v = 0; v < shape->var_count; v++) {
    needed |= (var_set)shape->vars[v].needed << v;
  }
  for (var_set set = 1; set <= all; set++) {
    const bool fewer = __builtin_popcount(set) < __builtin_popcount(best);
    if (fewer && (needed & ~set) == 0 && is_connected(shape, set) && is_forest(shape, all & ~set)) {
      best = set;
    }
  }
  return best;
}

/// Walk first a variable with most relations, then always one that most relations connect with those before.
static void order_walk(pl_mj_shape* shape, var_set walked) {
  var_set done = 0;
  shape->walk_count = 0;
  while (done != walked) {
    uint8_t best = PL_MJ_NONE;
    uint32_t best_links = 0, best_all = 0;
    for (uint8_t v = 0; v < shape->var_count; v++) {
      uint32_t links = 0, all = 0;
      for (uint8_t r = 0; r < shape->relation_count; r++) {
        const uint8_t* var = shape->relations[r].var;
        const bool here = var[0] == v || var[1] == v;
        all += here;
        links += here && has(done, var[0] == v ? var[1] : var[0]);
      }
      const bool more = best == PL_MJ_NONE || links > best_links || (links == best_links && all > best_all);
      if (has(walked, v) && !has(done, v) && more && (!done || links)) {
        best = v;
        best_links = links;
        best_all = all;
      }
    }
    done |= (var_set)1 << best;
    shape->vars[best].level = shape->walk_count;
    shape->walk[shape->walk_count++] = best;
  }
}

static void add_list(pl_mj_var* var, pl_mj_list list) {
  uint8_t at = var->list_count++;
  for (; at > 0 && var->lists[at - 1].level > list.level; at--) {
    var->lists[at] = var->lists[at - 1];
  }
  var->lists[at] = list;
}

/// Each relation from a walked variable to a later or counted one is a list there.
static void make_lists(pl_mj_shape* shape) {
  for (uint8_t r = 0; r < shape->relation_count; r++) {
    const pl_mj_relation* rel = &shape->relations[r];
    const uint8_t level[2] = {shape->vars[rel->var[0]].level, shape->vars[rel->var[1]].level};
    if (level[0] != level[1]) {  // PL_MJ_NONE is later than all
      const uint8_t given = level[0] < level[1] ? 0 : 1;
      add_list(&shape->vars[rel->var[1 - given]], (pl_mj_list){rel->table, given, level[given]});
    }
  }
}

static bool same_lists(const pl_mj_var* a, const pl_mj_var* b) {
  return a->list_count == b->list_count && !memcmp(a->lists, b->lists, a->list_count * sizeof(*a->lists));
}

static void share_lists(pl_mj_shape* shape) {
  for (uint8_t v = 0; v < shape->var_count; v++) {
    uint8_t first = 0;
    while (first < v && !same_lists(&shape->vars[first], &shape->vars[v])) {
      first++;
    }
    shape->vars[v].shares = first;
  }
}

/// Relations between counted variables of one tree, each followed away from its root.
static void grow_tree(pl_mj_shape* shape, uint8_t root, var_set counted) {
  var_set done = (var_set)1 << root;
  for (bool grew = true; grew;) {
    grew = false;
    for (uint8_t r = 0; r < shape->relation_count; r++) {
      const pl_mj_relation* rel = &shape->relations[r];
      if (!has(counted, rel->var[0]) || !has(counted, rel->var[1]) ||
          has(done, rel->var[0]) == has(done, rel->var[1])) {
        continue;
      }
      const uint8_t below = has(done, rel->var[0]) ? 1 : 0;
      const uint8_t child = rel->var[below], parent = rel->var[1 - below];
      shape->vars[child].parent = parent;
      shape->vars[child].up = (pl_mj_list){rel->table, below, PL_MJ_NONE};
      shape->vars[parent].children[shape->vars[parent].child_count++] = child;
      done |= (var_set)1 << child;
      grew = true;
    }
  }
}

/// The root of a tree: the variable with most relations inside of it, of these one that the walked ones restrict least.
static uint8_t choose_root(const pl_mj_shape* shape, var_set tree) {
  uint8_t best = PL_MJ_NONE;
  uint32_t best_links = 0;
  for (uint8_t v = 0; v < shape->var_count; v++) {
    uint32_t links = 0;
    for (uint8_t r = 0; r < shape->relation_count; r++) {
      const uint8_t* var = shape->relations[r].var;
      links += (var[0] == v || var[1] == v) && has(tree, var[0]) && has(tree, var[1]);
    }
    const bool freer =
        best != PL_MJ_NONE && links == best_links && shape->vars[v].list_count <= shape->vars[best].list_count;
    if (has(tree, v) && (best == PL_MJ_NONE || links > best_links || freer)) {
      best = v;
      best_links = links;
    }
  }
  return best;
}

void pl_mj_shape_make(pl_mj_shape* shape) {
  const var_set walked = choose_walked(shape);
  const var_set counted = (((var_set)1 << shape->var_count) - 1) & ~walked;
  for (uint8_t v = 0; v < shape->var_count; v++) {
    pl_mj_var* var = &shape->vars[v];
    var->level = var->parent = PL_MJ_NONE;
    var->list_count = var->child_count = 0;
  }
  order_walk(shape, walked);
  make_lists(shape);
  share_lists(shape);
  shape->root_count = 0;
  for (var_set left = counted; left;) {
    const var_set tree = reach(shape, left & (~left + 1), counted);
    const uint8_t root = choose_root(shape, tree);
    shape->roots[shape->root_count++] = root;
    grow_tree(shape, root, counted);
    left &= ~tree;
  }
}
