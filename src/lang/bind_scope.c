/// Slots, names and scope.
#include "lang/bind.h"

#include <xxhash.h>

/* --- memory --- */

bool pl_bind_room(pl_arena* arena, void** data, uint32_t* capacity, uint32_t count, size_t item_size) {
  if (count < *capacity) {
    return true;
  }
  const uint32_t wanted = *capacity ? *capacity * 2 : 8;
  void* const grown = wanted > *capacity ? pl_arena_calloc(arena, wanted, item_size) : NULL;
  if (!grown) {
    return false;
  }
  if (count) {
    memcpy(grown, *data, count * item_size);
  }
  *data = grown;
  *capacity = wanted;
  return true;
}

pl_status pl_bind_copy(pl_arena* arena, const void* data, uint32_t count, size_t item_size, void** out) {
  *out = NULL;
  if (count == 0) {
    return PL_OK;
  }
  *out = pl_arena_calloc(arena, count, item_size);
  if (!*out) {
    return pl_mem_status(arena->mem);
  }
  memcpy(*out, data, count * item_size);
  return PL_OK;
}

pl_status pl_bind_no_memory(const pl_binder* b) { return pl_mem_status(b->arena->mem); }

void pl_bind_failed(pl_binder* b, pl_status status) {
  b->status = b->status == PL_OK ? status : b->status;
  b->errors++;
}

pl_status pl_bind_check_count(pl_binder* b, uint32_t count, pl_span span, const char* what) {
  return count <= PL_PARTS_MAX ? PL_OK
                               : pl_fail_at(b->context->err, &b->source, span, PL_MSG_PARTS, PL_PARTS_MAX, what);
}

bool pl_bind_hints_shown(const pl_binder* b) { return b->errors <= PL_DIAG_ERRORS_MAX; }

/* --- slots --- */

pl_status pl_bind_slot_new(pl_binder* b, pl_str name, pl_span span, pl_slot* out) {
  if (b->slots.count == PL_SLOTS_MAX) {
    return pl_fail_at(b->context->err, &b->source, span, PL_MSG_SLOTS, PL_SLOTS_MAX);
  }
  *out = b->slots.count;
  PL_TRY(pl_bind_push(b, &b->lists, false));
  PL_TRY(pl_bind_push(b, &b->paths, false));
  return pl_bind_push(b, &b->slots, ((pl_variable){.name = name, .maybe_null = b->maybe, .span = span}));
}

/* --- symbols --- */

static void index_put(pl_bind_index* index, uint64_t hash, uint32_t value) {
  uint32_t at = (uint32_t)hash & (index->capacity - 1);
  while (index->cells[at]) {
    at = (at + 1) & (index->capacity - 1);
  }
  index->cells[at] = value + 1;
}

static uint64_t name_hash(pl_str name) { return XXH3_64bits(name.data, name.len); }

static pl_status index_grow(pl_binder* b) {
  pl_bind_index* const index = &b->symbol_index;
  if (b->symbols.count * 2 < index->capacity) {
    return PL_OK;
  }
  index->capacity = index->capacity ? index->capacity * 2 : 64;
  index->cells = pl_arena_calloc(b->scratch, index->capacity, sizeof(*index->cells));
  if (!index->cells) {
    return pl_bind_no_memory(b);
  }
  for (uint32_t i = 0; i < b->symbols.count; i++) {
    index_put(index, name_hash(b->symbols.data[i].name), i);
  }
  return PL_OK;
}

static uint32_t find_symbol(const pl_binder* b, pl_str name) {
  const pl_bind_index* const index = &b->symbol_index;
  if (index->capacity == 0) {
    return UINT32_MAX;
  }
  for (uint32_t at = (uint32_t)name_hash(name) & (index->capacity - 1); index->cells[at];
       at = (at + 1) & (index->capacity - 1)) {
    if (pl_str_eq(b->symbols.data[index->cells[at] - 1].name, name)) {
      return index->cells[at] - 1;
    }
  }
  return UINT32_MAX;
}

pl_status pl_bind_symbol(pl_binder* b, pl_str name, uint32_t* out) {
  *out = find_symbol(b, name);
  if (*out != UINT32_MAX) {
    return PL_OK;
  }
  PL_TRY(index_grow(b));
  const pl_str copy = pl_arena_str(b->arena, name);
  if (!copy.data) {
    return pl_bind_no_memory(b);
  }
  *out = b->symbols.count;
  index_put(&b->symbol_index, name_hash(copy), *out);
  return pl_bind_push(b, &b->symbols, ((pl_symbol){copy, PL_SLOT_NONE}));
}

/* --- scope --- */

uint32_t pl_bind_scope_enter(const pl_binder* b) { return b->trail.count; }

void pl_bind_scope_leave(pl_binder* b, uint32_t mark) {
  while (b->trail.count > mark) {
    const pl_trail_entry entry = b->trail.data[--b->trail.count];
    b->symbols.data[entry.symbol].slot = entry.slot;
  }
}

static pl_status set_symbol(pl_binder* b, uint32_t symbol, pl_slot slot) {
  PL_TRY(pl_bind_push(b, &b->trail, ((pl_trail_entry){symbol, b->symbols.data[symbol].slot})));
  b->symbols.data[symbol].slot = slot;
  return PL_OK;
}

pl_status pl_bind_scope_set(pl_binder* b, pl_str name, pl_slot slot) {
  uint32_t symbol;
  PL_TRY(pl_bind_symbol(b, name, &symbol));
  return set_symbol(b, symbol, slot);
}

pl_status pl_bind_scope_hide(pl_binder* b) {
  for (uint32_t i = 0; i < b->symbols.count; i++) {
    if (b->symbols.data[i].slot != PL_SLOT_NONE) {
      PL_TRY(set_symbol(b, i, PL_SLOT_NONE));
    }
  }
  return PL_OK;
}

pl_slot pl_bind_find(pl_binder* b, pl_str name) {
  const uint32_t symbol = find_symbol(b, name);
  return symbol == UINT32_MAX ? PL_SLOT_NONE : b->symbols.data[symbol].slot;
}

pl_status pl_bind_declare(pl_binder* b, const pl_ast* var, pl_slot* out) {
  uint32_t symbol;
  PL_TRY(pl_bind_symbol(b, var->text, &symbol));
  *out = b->symbols.data[symbol].slot;
  if (*out != PL_SLOT_NONE) {
    return PL_OK;
  }
  PL_TRY(pl_bind_slot_new(b, b->symbols.data[symbol].name, var->span, out));
  return set_symbol(b, symbol, *out);
}

pl_status pl_bind_use(pl_binder* b, const pl_ast* var, pl_slot* out) {
  *out = pl_bind_find(b, var->text);
  if (*out != PL_SLOT_NONE) {
    return PL_OK;
  }
  PL_BIND_FAIL(b, var->span, UNBOUND, (int)var->text.len, var->text.data);
  pl_bind_hint_variable(b, var->text);
  return pl_bind_declare(b, var, out);  // reported once
}
