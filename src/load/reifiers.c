/// A hash table of waiting reifiers that is also a queue.
#include "load/reifiers.h"

#include <xxhash.h>

enum { SLOTS_MIN = 1024 };

struct pl_reifier {
  uint64_t hash;        ///< of the label as written
  size_t label_at;      ///< where the label stands in text
  size_t label_len;     ///< its bytes
  uint64_t row_first;   ///< its oldest line
  uint64_t row;         ///< its newest line
  pl_buf text;          ///< lines, each ended by '\n'
  pl_reifier* younger;  ///< opened after it
};

void pl_reifiers_init(pl_reifiers* r, pl_mem* mem, pl_error* err) {
  *r = (pl_reifiers){.mem = mem, .err = err};
  pl_hashset_init(&r->closed, mem, 0);
}

static void reifier_free(pl_reifiers* r, pl_reifier* one) {
  pl_buf_free(&one->text);
  pl_mem_free(r->mem, one, sizeof(*one));
}

void pl_reifiers_free(pl_reifiers* r) {
  while (r->oldest) {
    pl_reifier* const one = r->oldest;
    r->oldest = one->younger;
    reifier_free(r, one);
  }
  pl_mem_free(r->mem, r->slots, r->capacity * sizeof(pl_reifier*));
  pl_hashset_free(&r->closed);
  *r = (pl_reifiers){0};
}

static bool is_labelled(const pl_reifier* one, uint64_t hash, pl_str label) {
  return one->hash == hash && pl_str_eq((pl_str){one->text.data + one->label_at, one->label_len}, label);
}

/// The slot of the reifier with this label, or the free one where it belongs.
static size_t find_label(pl_reifier* const* slots, size_t capacity, uint64_t hash, pl_str label) {
  size_t i = hash & (capacity - 1);
  while (slots[i] && !is_labelled(slots[i], hash, label)) {
    i = (i + 1) & (capacity - 1);
  }
  return i;
}

/// The slot of `one`, or with NULL the first free one, on the way from the hash's home.
static size_t find_slot(pl_reifier* const* slots, size_t capacity, uint64_t hash, const pl_reifier* one) {
  size_t i = hash & (capacity - 1);
  while (slots[i] && slots[i] != one) {
    i = (i + 1) & (capacity - 1);
  }
  return i;
}

static pl_status slots_grow(pl_reifiers* r) {
  const size_t capacity = r->capacity ? 2 * r->capacity : SLOTS_MIN;
  pl_reifier** const slots = pl_mem_calloc(r->mem, capacity, sizeof(pl_reifier*));
  if (!slots) {
    return pl_fail(r->err, PL_MSG_NOMEM);
  }
  for (pl_reifier* one = r->oldest; one; one = one->younger) {
    slots[find_slot(slots, capacity, one->hash, NULL)] = one;
  }
  pl_mem_free(r->mem, r->slots, r->capacity * sizeof(pl_reifier*));
  r->slots = slots;
  r->capacity = capacity;
  return PL_OK;
}

/// Remove from linear probing without leaving a hole: the entries behind move up.
static void slots_remove(pl_reifiers* r, const pl_reifier* one) {
  const size_t mask = r->capacity - 1;
  size_t hole = find_slot(r->slots, r->capacity, one->hash, one);
  for (size_t i = (hole + 1) & mask; r->slots[i]; i = (i + 1) & mask) {
    const size_t home = r->slots[i]->hash & mask;
    if (((i - home) & mask) >= ((i - hole) & mask)) {
      r->slots[hole] = r->slots[i];
      hole = i;
    }
  }
  r->slots[hole] = NULL;
}

static pl_status reifier_open(pl_reifiers* r, uint64_t hash, pl_reifier** out) {
  if (r->count >= r->capacity / 2) {
    PL_TRY(slots_grow(r));
  }
  pl_reifier* const one = pl_mem_calloc(r->mem, 1, sizeof(*one));
  if (!one) {
    return pl_fail(r->err, PL_MSG_NOMEM);
  }
  one->hash = hash;
  pl_buf_init(&one->text, r->mem, SIZE_MAX / 2);
  r->slots[find_slot(r->slots, r->capacity, hash, NULL)] = one;
  *(r->newest ? &r->newest->younger : &r->oldest) = one;
  r->newest = one;
  r->count++;
  *out = one;
  return PL_OK;
}

pl_status pl_reifiers_offer(pl_reifiers* r, const pl_nt_line* line, pl_str text, uint64_t row, bool* taken) {
  *taken = false;
  if (!line->reified && (r->count + r->closed.count == 0 || line->terms[0].kind != PL_TERM_BLANK)) {
    return PL_OK;
  }
  const uint64_t hash = XXH3_64bits(line->label.data, line->label.len);
  pl_reifier* one = r->capacity ? r->slots[find_label(r->slots, r->capacity, hash, line->label)] : NULL;
  if (!one && pl_hashset_has(&r->closed, hash)) {
    return PL_ERR_FORMAT;
  }
  if (!one && !line->reified) {
    return PL_OK;
  }
  if (!one) {
    PL_TRY(reifier_open(r, hash, &one));
    one->row_first = row;
    one->label_at = (size_t)(line->label.data - text.data);
    one->label_len = line->label.len;
  }
  if (pl_buf_str(&one->text, text) != PL_OK || pl_buf_char(&one->text, '\n') != PL_OK) {
    return pl_fail(r->err, PL_MSG_NOMEM);
  }
  one->row = row;
  r->bytes += text.len + 1;
  *taken = true;
  return PL_OK;
}

/// Scan the kept lines again: one statement for every triple reified, each with all annotations (none: stated plainly).
static pl_status reifier_emit(pl_reifiers* r, const pl_reifier* one, pl_nt_line* line, pl_batch* batch) {
  const pl_str text = pl_arena_str(&batch->arena, pl_buf_view(&one->text));
  size_t lines_max = 0;
  for (size_t i = 0; i < one->text.len; i++) {
    lines_max += one->text.data[i] == '\n';
  }
  pl_annotation* const annotations = PL_ARENA_ARRAY(&batch->arena, pl_annotation, lines_max);
  if (!text.data || !annotations) {
    return pl_fail(r->err, PL_MSG_NOMEM);
  }
  const size_t first = batch->count;
  uint32_t count = 0;
  for (const char* p = text.data; p < text.data + text.len; p = line->end + 1) {
    line->p = p;
    line->end = memchr(p, '\n', (size_t)(text.data + text.len - p));
    if (pl_nt_scan(line) != PL_NT_STATEMENT) {
      assert(line->status != PL_ERR_FORMAT);  // it was scanned before
      return line->status;
    }
    if (!line->reified) {
      annotations[count++] = (pl_annotation){line->terms[1], line->terms[2]};
      continue;
    }
    const pl_statement statement = {
        .subject = line->inner[0], .predicate = line->inner[1], .object = line->inner[2], .row = one->row};
    if (pl_batch_push(batch, &statement) != PL_OK) {
      return pl_fail(r->err, PL_MSG_NOMEM);
    }
  }
  for (size_t i = first; i < batch->count; i++) {
    batch->statements[i].annotations = annotations;
    batch->statements[i].annotation_count = count;
    batch->statements[i].asserted = count > 0;
  }
  return PL_OK;
}

uint64_t pl_reifiers_row(const pl_reifiers* r) { return r->oldest ? r->oldest->row_first : 0; }

static bool over_limit(const pl_reifiers* r) { return r->count > PL_REIFIERS_MAX || r->bytes > PL_REIFIER_BYTES_MAX; }

pl_status pl_reifiers_close(pl_reifiers* r, pl_nt_line* line, pl_batch* batch, bool all) {
  while (r->oldest && (all ? !pl_batch_full(batch) : over_limit(r) && r->count > 1)) {
    pl_reifier* const one = r->oldest;
    PL_TRY(reifier_emit(r, one, line, batch));
    if (!all && pl_hashset_add(&r->closed, one->hash) != PL_OK) {
      return pl_fail(r->err, PL_MSG_NOMEM);
    }
    slots_remove(r, one);
    r->oldest = one->younger;
    r->newest = r->oldest ? r->newest : NULL;
    r->count--;
    r->bytes -= one->text.len;
    reifier_free(r, one);
  }
  return PL_OK;
}
