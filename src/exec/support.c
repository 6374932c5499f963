// Why rows are there: making the nodes. See support.h.
#include "exec/support_internal.h"

#define LENS_BITS 24u  ///< of a head; no query has that many lenses
#define LENS_NONE ((1u << LENS_BITS) - 1)

static pl_status support_of(pl_run* run, pl_support** out) {
  if (!run->support) {
    run->support = pl_mem_calloc(&run->mem, 1, sizeof(*run->support));
    if (!run->support) {
      return pl_run_nomem(run);
    }
  }
  *out = run->support;
  return PL_OK;
}

/// Append a node; word 0 of the array is never used, so that no node is 0.
static pl_status add_node(pl_run* run, const uint64_t* words, size_t count, pl_why* out) {
  pl_support* support = NULL;
  PL_TRY(support_of(run, &support));
  const size_t at = support->words.count ? support->words.count : 1;
  PL_TRY(pl_vec_reserve(&run->mem, &support->words, at + count));
  support->words.data[0] = 0;
  memcpy(support->words.data + at, words, count * sizeof(*words));
  support->words.count = at + count;
  *out = at;
  return PL_OK;
}

pl_status pl_why_fact(pl_run* run, pl_why_kind kind, pl_id s, pl_id p, pl_id o, pl_id c, uint32_t lens, pl_why* out) {
  const uint64_t position = run->working ? run->working->node->position : 0;
  const uint64_t bits = lens < LENS_NONE ? lens : LENS_NONE;
  const uint64_t words[] = {(uint64_t)kind | bits << 8 | position << 32, s, p, o, c};
  return add_node(run, words, PL_COUNT_OF(words), out);
}

pl_status pl_why_join(pl_run* run, pl_why a, pl_why b, pl_why* out) {
  if (!a || !b) {
    *out = a ? a : b;
    return PL_OK;
  }
  const uint64_t words[] = {PL_WHY_JOIN, a, b};
  return add_node(run, words, PL_COUNT_OF(words), out);
}

pl_status pl_why_state(pl_run* run, pl_why* stated, pl_why fact) {
  const uint64_t words[] = {PL_WHY_STATED, fact, 0};
  pl_why more = 0;
  if (!*stated) {
    return add_node(run, words, PL_COUNT_OF(words), stated);
  }
  PL_TRY(pl_why_join(run, run->support->words.data[*stated + 2], fact, &more));
  run->support->words.data[*stated + 2] = more;
  return PL_OK;
}

pl_status pl_why_absent(pl_run* run, pl_span span, pl_why* out) {
  const uint64_t words[] = {PL_WHY_ABSENT, (uint64_t)span.start << 32 | span.end};
  return add_node(run, words, PL_COUNT_OF(words), out);
}

/// A node with a list of parts of its own.
static pl_status add_list(pl_run* run, pl_why_kind kind, pl_why* out) {
  pl_support* support = NULL;
  PL_TRY(support_of(run, &support));
  PL_TRY(pl_vec_push(&run->mem, &support->lists, ((pl_why_list){.left_out = 0})));
  const uint64_t words[] = {(uint64_t)kind, support->lists.count - 1};
  return add_node(run, words, PL_COUNT_OF(words), out);
}

static pl_status add_part(pl_run* run, pl_why_kind kind, pl_why* list, pl_why row) {
  if (!row) {
    return PL_OK;
  }
  if (!*list) {
    PL_TRY(add_list(run, kind, list));
  }
  pl_why_list* to = &run->support->lists.data[run->support->words.data[*list + 1]];
  if (to->parts.count >= run->plan->why_members) {
    to->left_out++;
    return PL_OK;
  }
  return pl_vec_push(&run->mem, &to->parts, row);
}

pl_status pl_why_member(pl_run* run, pl_why* group, pl_why row) { return add_part(run, PL_WHY_GROUP, group, row); }

/// Choices among choices are one.
pl_status pl_why_alternative(pl_run* run, pl_why* any, pl_why row) {
  if (!row || (run->support->words.data[row] & 0xff) != PL_WHY_ANY) {
    return add_part(run, PL_WHY_ANY, any, row);
  }
  pl_why_node node;
  pl_why_get(run, row, &node);
  for (uint32_t i = 0; i < node.part_count; i++) {
    PL_TRY(add_part(run, PL_WHY_ANY, any, node.parts[i]));
  }
  run->support->lists.data[run->support->words.data[*any + 1]].left_out += node.left_out;
  return PL_OK;
}

void pl_why_get(const pl_run* run, pl_why why, pl_why_node* out) {
  const uint64_t* words = run->support->words.data + why;
  *out = (pl_why_node){.kind = (pl_why_kind)(words[0] & 0xff)};
  const uint32_t lens = (uint32_t)(words[0] >> 8) & LENS_NONE;
  switch (out->kind) {
    case PL_WHY_JOIN:
      out->parts = words + 1;
      out->part_count = 2;
      return;
    case PL_WHY_STATED:
      out->parts = words + 1;
      out->part_count = words[2] ? 2 : 1;
      return;
    case PL_WHY_GROUP:
    case PL_WHY_ANY: {
      const pl_why_list* list = &run->support->lists.data[words[1]];
      out->parts = list->parts.data;
      out->part_count = (uint32_t)list->parts.count;
      out->left_out = list->left_out;
      return;
    }
    case PL_WHY_ABSENT:
      out->span = (pl_span){(uint32_t)(words[1] >> 32), (uint32_t)words[1]};
      return;
    default:
      out->s = words[1];
      out->p = words[2];
      out->o = words[3];
      out->c = words[4];
      out->lens = lens == LENS_NONE ? PL_LENS_NONE : lens;
      out->position = (uint32_t)(words[0] >> 32);
  }
}

pl_status pl_why_extend(pl_run* run, const pl_chunk* in, uint32_t row, pl_chunk* out, uint32_t at, uint32_t count,
                        pl_why more) {
  pl_id* column = pl_why_column(run, out);
  pl_why both = 0;
  if (!column) {
    return PL_OK;
  }
  PL_TRY(pl_why_join(run, pl_why_of(run, in, row), more, &both));
  for (uint32_t i = 0; i < count; i++) {
    column[at + i] = both;
  }
  return PL_OK;
}

void pl_why_clear(pl_run* run) {
  pl_support* support = run->support;
  if (!support) {
    return;
  }
  for (size_t i = 0; i < support->lists.count; i++) {
    pl_vec_free(&run->mem, &support->lists.data[i].parts);
  }
  support->lists.count = 0;
  support->words.count = 0;
}

void pl_why_free(pl_run* run) {
  pl_support* support = run->support;
  if (!support) {
    return;
  }
  pl_why_clear(run);
  pl_scan_close(support->rows);
  pl_scan_close(support->annotations);
  pl_scan_close(support->facts);
  pl_vec_free(&run->mem, &support->lists);
  pl_vec_free(&run->mem, &support->words);
  pl_mem_free(&run->mem, support, sizeof(*support));
  run->support = NULL;
}
