// Identity: finding classes, and asking them. See classes.h; how they are computed is in classes_build.c.
#include "exec/classes.h"

typedef struct lens_classes {
  const pl_classes* classes;  ///< NULL: nothing is linked
  bool ready;                 ///< asked for
} lens_classes;

struct pl_same_state {
  lens_classes* lenses;     ///< by number
  lens_classes widest;      ///< of all links
  PL_VEC(pl_classes*) all;  ///< held by the run; number 1 is all.data[0]
  pl_idmap numbers;         ///< number by address
  size_t bytes;             ///< of all
  pl_buf key;               ///< of the classes wanted
};

// ---- the run's ----------------------------------------------------------------------------------------------------

pl_status pl_classes_open(pl_run* run) {
  const pl_query* query = run->plan->query;
  bool any = false;
  for (uint32_t i = 0; i < query->lens_count; i++) {
    any |= pl_lens_has_same(query, i);
  }
  if (!any) {
    return PL_OK;
  }
  run->classes = PL_ARENA_NEW(&run->arena, struct pl_same_state);
  if (!run->classes) {
    return pl_run_nomem(run);
  }
  pl_buf_init(&run->classes->key, &run->mem, SIZE_MAX / 2);
  run->classes->lenses = PL_ARENA_ARRAY(&run->arena, lens_classes, query->lens_count + 1);
  return run->classes->lenses ? PL_OK : pl_run_nomem(run);
}

static void release(void* object) {
  pl_classes* classes = object;
  if (--classes->users) {
    return;
  }
  pl_mem mem = classes->mem;
  pl_idmap_free(&classes->numbers, &mem);
  if (classes->count) {
    const size_t links = classes->link_starts[classes->count];
    const size_t members = classes->member_starts[classes->count];
    pl_mem_free(&mem, classes->shown, classes->count * sizeof(pl_id));
    pl_mem_free(&mem, classes->members, members * sizeof(pl_id));
    pl_mem_free(&mem, classes->links, links * sizeof(pl_link));
    pl_mem_free(&mem, classes->member_starts, (classes->count + (size_t)1) * sizeof(size_t));
    pl_mem_free(&mem, classes->link_starts, (classes->count + (size_t)1) * sizeof(size_t));
  }
  pl_mem_free(&mem, classes, sizeof(*classes));
}

void pl_classes_free(pl_run* run) {
  if (!run->classes) {
    return;
  }
  for (size_t i = 0; i < run->classes->all.count; i++) {
    release(run->classes->all.data[i]);
  }
  pl_vec_free(&run->mem, &run->classes->all);
  pl_idmap_free(&run->classes->numbers, &run->mem);
  pl_buf_free(&run->classes->key);
}

// ---- keys ---------------------------------------------------------------------------------------------------------

static pl_status make_key(pl_run* run, const pl_lens* lens, const pl_lens_args* args, pl_str* out) {
  pl_buf* key = &run->classes->key;
  pl_buf_clear(key);
  (void)pl_buf_append(key, "same", 4);
  for (uint32_t i = 0; lens && i < lens->count; i++) {
    pl_lens_key(key, &lens->parts[i], &args[i]);
  }
  *out = pl_buf_view(key);
  return key->status;
}

// ---- finding ------------------------------------------------------------------------------------------------------

/// Compute classes on an account of their own, which may use what the run's has left.
static pl_status compute(pl_run* run, const pl_lens* lens, const pl_lens_args* args, pl_classes** out) {
  const pl_mem* paid = &run->mem;
  pl_mem mem;
  pl_txn_mem_init(run->txn, &mem, paid->bytes_max == SIZE_MAX ? SIZE_MAX : paid->bytes_max - paid->bytes_used);
  pl_classes* classes = pl_mem_calloc(&mem, 1, sizeof(*classes));
  if (!classes) {
    return pl_mem_status(&mem);
  }
  classes->mem = mem;
  classes->users = 1;
  const pl_status status = pl_classes_build(run, lens, args, classes);
  if (status != PL_OK) {
    run->mem.limit_hit |= classes->mem.limit_hit;
    release(classes);
    return status;
  }
  classes->mem.bytes_max = SIZE_MAX;
  *out = classes;
  return PL_OK;
}

/// From the transaction, or computed and kept there.
static pl_status fetch(pl_run* run, const pl_lens* lens, const pl_lens_args* args, pl_classes** out) {
  pl_str key;
  PL_TRY(make_key(run, lens, args, &key));
  *out = pl_txn_kept(run->txn, key);
  if (*out) {
    return PL_OK;
  }
  PL_TRY(compute(run, lens, args, out));
  const pl_status status = pl_txn_keep(run->txn, key, *out, (*out)->mem.bytes_used, release);
  if (status != PL_OK) {
    release(*out);
  }
  return status;
}

static pl_status hold(pl_run* run, pl_classes* classes, pl_id* number) {
  struct pl_same_state* state = run->classes;
  const pl_id address = (uintptr_t)classes;
  const uint64_t* known = pl_idmap_find(&state->numbers, address);
  if (known) {
    *number = *known;
    return PL_OK;
  }
  if (run->mem.bytes_max - run->mem.bytes_used < state->bytes + classes->mem.bytes_used) {
    run->mem.limit_hit = true;
    return pl_fail_memory(run->err, "the classes of same", run->mem.bytes_max);
  }
  PL_TRY(pl_vec_reserve(&run->mem, &state->all, state->all.count + 1));
  PL_TRY(pl_idmap_put(&state->numbers, &run->mem, address, state->all.count + 1, NULL));
  PL_TRY(pl_vec_push(&run->mem, &state->all, classes));
  classes->users++;
  state->bytes += classes->mem.bytes_used;
  *number = state->all.count;
  return PL_OK;
}

static pl_status find(pl_run* run, const pl_lens* lens, const pl_lens_args* args, const pl_classes** out,
                      pl_id* number) {
  pl_classes* classes = NULL;
  *out = NULL;
  *number = 0;
  PL_TRY(fetch(run, lens, args, &classes));
  if (classes->count) {
    PL_TRY(hold(run, classes, number));
    *out = classes;
  }
  return PL_OK;
}

pl_status pl_classes_for(pl_run* run, uint32_t lens, const pl_lens_args* args, const pl_classes** out, pl_id* number) {
  return find(run, &run->plan->query->lenses[lens], args, out, number);
}

const pl_classes* pl_classes_number(const pl_run* run, pl_id number) {
  return number ? run->classes->all.data[number - 1] : NULL;
}

pl_status pl_classes_widest(pl_run* run, const pl_classes** out) {
  lens_classes* widest = &run->classes->widest;
  pl_id number = 0;
  if (!widest->ready) {
    PL_TRY(find(run, NULL, NULL, &widest->classes, &number));
    widest->ready = true;
  }
  *out = widest->classes;
  return PL_OK;
}

static pl_status find_lens(pl_run* run, uint32_t number, const pl_classes** out) {
  const pl_lens* lens = &run->plan->query->lenses[number];
  pl_lens_args* args = PL_ARENA_ARRAY(&run->arena, pl_lens_args, lens->count + 1);
  pl_id unused = 0;
  if (!args) {
    return pl_run_nomem(run);
  }
  pl_status status = pl_lens_args_const(run, number, args);
  if (status == PL_OK) {
    status = pl_classes_for(run, number, args, out, &unused);
  }
  for (uint32_t i = 0; i < lens->count; i++) {
    pl_vec_free(&run->mem, &args[i].sources);
  }
  return status;
}

pl_status pl_run_classes(pl_run* run, uint32_t lens, const pl_classes** out) {
  const pl_query* query = run->plan->query;
  *out = NULL;
  if (!run->classes || !pl_lens_has_same(query, lens) || query->lenses[lens].correlated) {
    return PL_OK;
  }
  lens_classes* entry = &run->classes->lenses[lens];
  if (!entry->ready) {
    PL_TRY(find_lens(run, lens, &entry->classes));
    entry->ready = true;
  }
  *out = entry->classes;
  return PL_OK;
}

// ---- asking -------------------------------------------------------------------------------------------------------

pl_id pl_classes_shown(const pl_classes* classes, pl_id id) {
  const uint32_t number = pl_classes_find(classes, id);
  return number == PL_CLASS_NONE ? id : classes->shown[number];
}

size_t pl_classes_members(const pl_classes* classes, const pl_id* id, const pl_id** members) {
  const uint32_t number = pl_classes_find(classes, *id);
  if (number == PL_CLASS_NONE) {
    *members = id;
    return 1;
  }
  *members = classes->members + classes->member_starts[number];
  return classes->member_starts[number + 1] - classes->member_starts[number];
}

pl_status pl_classes_widen(pl_run* run, const pl_classes* classes, pl_ids* ids) {
  const size_t count = ids->count;
  for (size_t i = 0; classes && i < count; i++) {
    const pl_id* members = NULL;
    const pl_id id = ids->data[i];
    const size_t member_count = pl_classes_members(classes, &id, &members);
    for (size_t m = 0; member_count > 1 && m < member_count; m++) {
      PL_TRY(pl_vec_push(&run->mem, ids, members[m]));
    }
  }
  return ids->count > count ? pl_ids_unique(run, ids) : PL_OK;
}

static pl_status shown_list(pl_run* run, const pl_classes* classes, pl_id list, pl_id* out) {
  const pl_id* items = NULL;
  size_t count = 0;
  (void)pl_termpool_list(run->pool, list, &items, &count);
  pl_id* shown = PL_ARENA_ARRAY(&run->arena, pl_id, count + 1);
  if (!shown) {
    return pl_run_nomem(run);
  }
  for (size_t i = 0; i < count; i++) {
    shown[i] = items[i] ? pl_classes_shown(classes, items[i]) : PL_ID_NULL;
  }
  return pl_termpool_put_list(run->pool, shown, count, out);
}

pl_status pl_classes_eval(void* user, uint32_t lens, pl_id id, pl_id* out) {
  pl_run* run = user;
  const pl_classes* classes = NULL;
  *out = id;
  PL_TRY(pl_run_classes(run, lens, &classes));
  if (!classes || id == PL_ID_NULL) {
    return PL_OK;
  }
  if (pl_id_tag(id) == PL_TAG_TEMP && pl_termpool_is_list(run->pool, id)) {
    return shown_list(run, classes, id, out);
  }
  *out = pl_classes_shown(classes, id);
  return PL_OK;
}

static bool is_same_fact(const pl_link* a, const pl_link* b) {
  return a->s == b->s && a->o == b->o && a->owl == b->owl;
}

/// Breadth first over the links of the class, each read either way: reached[i] is the link over which node i was met.
pl_status pl_classes_chain(pl_run* run, const pl_classes* classes, pl_id from, pl_id to,
                           pl_status (*fn)(void* user, const pl_link* link), void* user) {
  const uint32_t number = pl_classes_find(classes, from);
  if (from == to || number == PL_CLASS_NONE || number != pl_classes_find(classes, to)) {
    return PL_OK;
  }
  const pl_link* links = classes->links + classes->link_starts[number];
  const size_t link_count = classes->link_starts[number + 1] - classes->link_starts[number];
  pl_idmap via = {0};  // node -> link towards `to`, + 1
  pl_status status = pl_idmap_put(&via, &run->mem, to, 0, NULL);
  bool grew = true;
  while (status == PL_OK && grew && !pl_idmap_find(&via, from)) {
    const size_t before = via.count;
    pl_idmap level = {0};
    status = pl_guard_check(run->guard, run->err);
    for (size_t i = 0; i < link_count && status == PL_OK; i++) {
      const bool s = pl_idmap_find(&via, links[i].s) != NULL;
      const bool o = pl_idmap_find(&via, links[i].o) != NULL;
      if (s != o) {
        status = pl_idmap_put(&level, &run->mem, s ? links[i].o : links[i].s, i + 1, NULL);
      }
    }
    for (size_t i = 0; i < level.capacity && status == PL_OK; i++) {
      if (level.entries[i].key) {
        status = pl_idmap_put(&via, &run->mem, level.entries[i].key, level.entries[i].value, NULL);
      }
    }
    pl_idmap_free(&level, &run->mem);
    grew = via.count > before;
  }
  while (status == PL_OK && from != to) {
    const uint64_t* link = pl_idmap_find(&via, from);
    if (!link) {
      break;
    }
    const pl_link* step = &links[*link - 1];
    while (step > links && is_same_fact(step - 1, step)) {
      step--;
    }
    for (const pl_link* l = step; l < links + link_count && is_same_fact(l, step) && status == PL_OK; l++) {
      status = fn(user, l);
    }
    from = step->s == from ? step->o : step->s;
  }
  pl_idmap_free(&via, &run->mem);
  return status;
}

static pl_status print_node(pl_run* run, const pl_names* names, pl_id id, pl_buf* out) {
  pl_term term;
  PL_TRY(pl_termpool_term(run->pool, id, &term));
  return pl_term_write_name(out, names, NULL, &term);
}

pl_status pl_classes_print(pl_run* run, const pl_classes* classes, const pl_names* names, uint32_t max, pl_buf* out) {
  if (!classes) {
    return PL_OK;
  }
  for (uint32_t c = 0; c < classes->count && c < max; c++) {
    const char* before = " <- ";
    PL_TRY(pl_buf_str(out, PL_STR("  ")));
    PL_TRY(print_node(run, names, classes->shown[c], out));
    for (size_t m = classes->member_starts[c]; m < classes->member_starts[c + 1]; m++) {
      if (classes->members[m] != classes->shown[c]) {
        PL_TRY(pl_buf_str(out, pl_str_c(before)));
        PL_TRY(print_node(run, names, classes->members[m], out));
        before = ", ";
      }
    }
    PL_TRY(pl_buf_char(out, '\n'));
  }
  return classes->count > max ? pl_buf_printf(out, "  and %u more\n", classes->count - max) : PL_OK;
}
