/// why: the support of the current row, a line at a time.
///
/// The support is a graph (exec/support.h); a walk reads it as a tree, one level at a time, so that a row with an endless support costs only
/// what is asked for; a group that several members share is listed once, and then only counted. A level is what the row or one member of a
/// group holds, a list of nodes: equal facts stand side by side there and make one line, followed by a line per assertion and
/// source.
#include "exec/support.h"

#include "api/api.h"
#include "expr/idmap.h"

#define WALK_DEPTH_MAX 64u  ///< groups within groups that are walked

/// What one row or member rests on.
typedef struct level {
  pl_whys nodes;     ///< as pl_why_read gives them
  size_t at;         ///< node of the current line
  size_t end;        ///< one past the nodes that are the same fact
  pl_ids says;       ///< assertions of that fact
  size_t say_at;     ///< next one to list
  pl_ids sources;    ///< of the assertion at `say_at`, where it has several
  size_t source_at;  ///< next one to list
  uint32_t member;   ///< of the group at `at`: next part to list
  unsigned depth;    ///< of its lines
} level;

struct pl_api_walk {
  pl_run* run;                   ///< whose memory the levels are in
  level levels[WALK_DEPTH_MAX];  ///< open ones
  size_t count;                  ///< used
  bool begun;                    ///< the first level was made
  pl_idmap told;                 ///< groups whose members were listed for this row
};

// ---- asking -------------------------------------------------------------------------------------------------------

static bool has_rows(const parley_query* q) {
  return q->query && !pl_api_query_lines(q) && !pl_api_query_writes(q) && q->query->mode == PL_MODE_RUN;
}

parley_status parley_query_ask_why(parley_query* query, size_t members) {
  if (!query) {
    return PARLEY_MISUSE;
  }
  if (query->compiled != PL_OK) {
    return pl_api_status(query->compiled);
  }
  if (query->state == PL_API_READING) {
    return pl_api_status(pl_fail(pl_api_query_misuse(query), PL_MSG_QUERY_READING));
  }
  if (!has_rows(query)) {
    return pl_api_status(pl_fail(pl_api_query_misuse(query), PL_MSG_WHY_ROWS));
  }
  query->plan_options.why = true;
  query->plan_options.why_members = members;
  return pl_api_status(pl_api_query_replan(query));
}

int parley_query_is_why(const parley_query* query) {
  return query && query->plan && has_rows(query) && query->plan->why != PL_SLOT_NONE;
}

int parley_query_is_graph(const parley_query* query) { return query && has_rows(query) && query->query->graph; }

int parley_query_is_describe(const parley_query* query) {
  return parley_query_is_graph(query) && query->query->describe;
}

// ---- the walk -----------------------------------------------------------------------------------------------------

static void pop_level(pl_api_walk* walk) {
  level* const top = &walk->levels[--walk->count];
  pl_vec_free(&walk->run->mem, &top->nodes);
  pl_vec_free(&walk->run->mem, &top->says);
  pl_vec_free(&walk->run->mem, &top->sources);
}

void pl_api_why_end(parley_query* q) {
  while (q->walk && q->walk->count > 0) {
    pop_level(q->walk);
  }
  if (q->walk) {
    q->walk->begun = false;
    if (q->walk->run) {
      pl_idmap_free(&q->walk->told, &q->walk->run->mem);
    }
    q->walk->run = NULL;
  }
  pl_arena_reset(&q->arena_why);
}

void pl_api_why_free(parley_query* q) {
  pl_api_why_end(q);
  pl_mem_free(&q->mem, q->walk, sizeof *q->walk);
  q->walk = NULL;
  pl_arena_free(&q->arena_why);
}

static pl_status push_level(parley_query* q, pl_why why, unsigned depth) {
  pl_api_walk* const walk = q->walk;
  if (walk->count == WALK_DEPTH_MAX) {
    return pl_fail(&q->error.diags, PL_MSG_WHY_DEPTH, (int)WALK_DEPTH_MAX);
  }
  level* const top = &walk->levels[walk->count++];
  *top = (level){.depth = depth};
  return pl_why_read(walk->run, why, &top->nodes);
}

static pl_status begin_walk(parley_query* q) {
  if (!q->walk) {
    q->walk = pl_mem_calloc(&q->mem, 1, sizeof *q->walk);
    if (!q->walk) {
      return pl_fail(&q->error.diags, PL_MSG_NOMEM);
    }
  }
  q->walk->run = q->run;
  q->walk->begun = true;
  return push_level(q, pl_why_of(q->run, q->chunk, q->row), 0);
}

/// May the support of the current row be read?
static pl_status check_row(parley_query* q) {
  if (!parley_query_is_why(q)) {
    return pl_fail(pl_api_query_misuse(q), PL_MSG_WHY_NOT_ASKED);
  }
  return q->has_row ? PL_OK : pl_fail(pl_api_query_misuse(q), PL_MSG_QUERY_NO_ROW);
}

// ---- lines --------------------------------------------------------------------------------------------------------

/// Whose `size` is what the caller's struct has room for.
typedef struct line {
  parley_query* q;
  parley_support* out;
} line;

static pl_status set_value(line* l, pl_id id, parley_value* out) {
  pl_term term = {.kind = PL_TERM_NONE};
  const pl_status status = id == PL_ID_NULL ? PL_OK : pl_termpool_term(pl_run_pool(l->q->run), id, &term);
  if (status != PL_OK && status != PL_NOT_FOUND) {
    return status;
  }
  return pl_api_value_out(&term, &l->q->arena_why, out);
}

static pl_status write_fact(line* l, const pl_why_node* node, pl_buf* out) {
  const pl_id ids[3] = {node->s, node->p, node->o};
  const pl_names* const names = &pl_txn_settings(l->q->txn ? l->q->txn->txn : l->q->own)->names;
  for (int i = 0; i < 3; i++) {
    pl_term term = {.kind = PL_TERM_NONE};
    PL_TRY(pl_termpool_term(pl_run_pool(l->q->run), ids[i], &term));
    PL_TRY(pl_buf_str(out, i ? PL_STR(" ") : PL_STR("")));
    PL_TRY(pl_api_write_source(out, names, &term));
  }
  return PL_OK;
}

static pl_status set_text(line* l, pl_str text) {
  l->out->text = pl_arena_str(&l->q->arena_why, text).data;
  return l->out->text ? PL_OK : pl_mem_status(&l->q->mem_row);
}

static pl_status fact_line(line* l, const pl_why_node* node) {
  pl_buf buf;
  l->out->kind = node->kind == PL_WHY_IDENTITY ? PARLEY_SUPPORT_IDENTITY : PARLEY_SUPPORT_FACT;
  pl_buf_init(&buf, &l->q->mem_row, PL_TERM_BYTES_MAX);
  pl_status status = write_fact(l, node, &buf);
  if (status == PL_OK) {
    status = set_text(l, pl_buf_view(&buf));
  }
  pl_buf_free(&buf);
  PL_TRY(status);
  PL_TRY(set_value(l, node->s, &l->out->subject));
  PL_TRY(set_value(l, node->p, &l->out->predicate));
  return set_value(l, node->o, &l->out->object);
}

static pl_status assertion_line(line* l, pl_id c) {
  pl_id notes[PL_NOTE_COUNT];
  parley_value* const to[PL_NOTE_COUNT] = {
      [PL_NOTE_SOURCE] = &l->out->source, [PL_NOTE_SPAN] = &l->out->span,   [PL_NOTE_CONFIDENCE] = &l->out->confidence,
      [PL_NOTE_FROM] = &l->out->from,     [PL_NOTE_UNTIL] = &l->out->until, [PL_NOTE_ON] = &l->out->on,
  };
  l->out->depth++;
  l->out->kind = c == PL_ID_NULL ? PARLEY_SUPPORT_PLAIN : PARLEY_SUPPORT_ASSERTION;
  PL_TRY(set_value(l, c, &l->out->assertion));
  PL_TRY(pl_why_notes(l->q->run, c, notes));
  for (int i = 0; i < PL_NOTE_COUNT; i++) {
    PL_TRY(set_value(l, notes[i], to[i]));
  }
  return PL_OK;
}

/// The next line of the assertion at hand: one for each of its sources, or one if it has none.
static pl_status say_line(line* l, level* top) {
  pl_run* const run = l->q->run;
  const pl_id c = top->says.data[top->say_at];
  if (top->source_at == 0) {
    PL_TRY(pl_why_sources(run, c, &top->sources));
  }
  PL_TRY(assertion_line(l, c));
  if (top->sources.count > 0) {
    PL_TRY(set_value(l, top->sources.data[top->source_at], &l->out->source));
  }
  if (++top->source_at >= top->sources.count) {
    top->source_at = 0;
    top->say_at++;
  }
  return PL_OK;
}

/// The pattern as it stands in the query, on one line.
static pl_status absent_line(line* l, pl_span span) {
  const pl_str text = l->q->query->text;
  const uint32_t end = span.end < text.len ? span.end : (uint32_t)text.len;
  const uint32_t start = span.start < end ? span.start : end;
  l->out->kind = PARLEY_SUPPORT_ABSENT;
  return set_text(l, (pl_str){text.data + start, end - start});
}

/// A fact begins: find those that are the same and who says them.
static pl_status begin_fact(line* l, level* top, const pl_why_node* node) {
  pl_run* const run = l->q->run;
  top->end = top->at + 1;
  while (top->end < top->nodes.count && pl_why_same_fact(run, top->nodes.data[top->at], top->nodes.data[top->end])) {
    top->end++;
  }
  PL_TRY(pl_why_assertions(run, &top->nodes.data[top->at], top->end - top->at, &top->says));
  top->say_at = 0;
  top->source_at = 0;
  return fact_line(l, node);
}

/// The first line of a group that was listed for this row before: how many rows it has.
static pl_status told_line(line* l, level* top, const pl_why_node* node, bool* told) {
  pl_api_walk* const walk = l->q->walk;
  bool added = true;
  PL_TRY(pl_idmap_put(&walk->told, &walk->run->mem, top->nodes.data[top->at], 0, &added));
  *told = !added;
  if (*told) {
    top->member = node->part_count + 1;
    l->out->kind = PARLEY_SUPPORT_MORE;
    l->out->count = node->part_count + node->left_out;
  }
  return PL_OK;
}

/// The next member of a group, then how many were left out. PL_DONE if that is all.
static pl_status member_line(line* l, level* top, const pl_why_node* node) {
  const bool plain = pl_why_is_plain_choice(l->q->run, node);
  bool told = false;
  if (!plain && top->member == 0) {
    PL_TRY(told_line(l, top, node, &told));
  }
  if (told) {
    return PL_OK;
  }
  if (!plain && top->member < node->part_count) {
    l->out->kind = PARLEY_SUPPORT_MEMBER;
    l->out->count = top->member + 1;
    const pl_why part = node->parts[top->member++];
    return push_level(l->q, part, top->depth + 1);
  }
  const bool more = node->left_out > 0 && top->member <= node->part_count;
  top->member = node->part_count + 1;
  l->out->kind = PARLEY_SUPPORT_MORE;
  l->out->count = node->left_out;
  return more ? PL_OK : PL_DONE;
}

/// The line that the node at hand begins or goes on with. PL_DONE if it has no more.
static pl_status node_line(line* l, level* top) {
  pl_why_node node;
  pl_why_get(l->q->run, top->nodes.data[top->at], &node);
  switch (node.kind) {
    case PL_WHY_FACT:
    case PL_WHY_IDENTITY:
      if (top->end <= top->at) {
        return begin_fact(l, top, &node);
      }
      return top->say_at < top->says.count ? say_line(l, top) : PL_DONE;
    case PL_WHY_ABSENT:
      top->end = top->end <= top->at ? top->at + 1 : 0;
      return top->end ? absent_line(l, node.span) : PL_DONE;
    default:
      return member_line(l, top, &node);
  }
}

static pl_status next_line(line* l) {
  pl_api_walk* const walk = l->q->walk;
  while (walk->count > 0) {
    level* const top = &walk->levels[walk->count - 1];
    if (top->at >= top->nodes.count) {
      pop_level(walk);
      continue;
    }
    l->out->depth = top->depth;
    const pl_status status = node_line(l, top);
    if (status != PL_DONE) {
      return status;
    }
    top->at = top->end > top->at ? top->end : top->at + 1;
    top->member = 0;
  }
  return PL_NOT_FOUND;
}

// ---- public -------------------------------------------------------------------------------------------------------

static pl_status why_next(parley_query* q, parley_support* out) {
  parley_support given;
  PL_TRY(check_row(q));
  if (!out || out->size == 0) {
    return out ? pl_fail(pl_api_query_misuse(q), PL_MSG_API_SIZE, "parley_why_next")
               : pl_fail(pl_api_query_misuse(q), PL_MSG_API_NULL, "parley_why_next", "out");
  }
  memset(&given, 0, sizeof given);
  given.size = out->size;
  given.text = "";
  line l = {.q = q, .out = &given};
  pl_status status = PL_OK;
  if (!q->walk || !q->walk->begun) {
    status = begin_walk(q);
  }
  pl_arena_reset(&q->arena_why);
  if (status == PL_OK) {
    status = next_line(&l);
  }
  if (status == PL_OK) {
    memcpy(out, &given, out->size < sizeof given ? out->size : sizeof given);
  }
  return status;
}

/// What a call on the support of a row returns.
static parley_status why_end(parley_query* q, pl_status status) {
  pl_error* const err = &q->error.diags;
  if (status == PL_ERR_LIMIT && err->error_count == 0) {
    status = pl_fail_memory(err, "the support of a row", q->limits.memory_bytes);
  }
  if (status != PL_OK && status != PL_NOT_FOUND) {
    pl_api_error_complete(err, status);
  }
  return pl_api_status(status);
}

parley_status parley_why_next(parley_query* query, parley_support* out) {
  if (!query) {
    return PARLEY_MISUSE;
  }
  return why_end(query, why_next(query, out));
}

parley_status parley_why_rewind(parley_query* query) {
  if (!query) {
    return PARLEY_MISUSE;
  }
  const pl_status status = check_row(query);
  if (status == PL_OK) {
    pl_api_why_end(query);
  }
  return pl_api_status(status);
}

parley_status parley_why_confidence(parley_query* query, double* confidence) {
  if (!query) {
    return PARLEY_MISUSE;
  }
  pl_status status = check_row(query);
  if (status == PL_OK && !confidence) {
    status = pl_fail(pl_api_query_misuse(query), PL_MSG_API_NULL, "parley_why_confidence", "confidence");
  }
  if (status == PL_OK) {
    status = pl_why_confidence(query->run, pl_why_of(query->run, query->chunk, query->row), confidence);
  }
  return why_end(query, status);
}
