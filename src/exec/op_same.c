// Same: the matches of members as matches of classes; see same.h.
//
// A lookup below hands on each statement that matches, with its places. Here a place becomes the shown node of its class where its slot is
// new; slots that stand twice are compared as classes; and a fact (or pair of ends) whose image was there before for the same input row is
// dropped. Repeats can only arise where a class is touched, so only such rows are remembered, unless ends are wanted once each. Where support
// is asked for, a repeat is another reason for the row that was there before, so all rows are read before the first is handed on.
#include "exec/same.h"

#include "exec/rowtable.h"
#include "exec/support.h"

#define NO_PLACE 0xff
/// Columns of `seen` after the image: whether the fact is read backwards (a named graph may hold both it and its reverse), and the reasons for it.
enum { SEEN_BACK = PL_PLACE_COUNT, SEEN_WHY };

typedef struct same_node {
  pl_node node;
  const pl_alg* leaf;                  ///< SCAN or ANNOT as written
  uint32_t lens;                       ///< whose identity holds
  bool correlated;                     ///< classes differ from row to row
  bool pairs;                          ///< one row per distinct pair of ends
  bool assertions;                     ///< one row per assertion
  bool raw[PL_SAME_PLACES];            ///< nodes as they are stored
  pl_slot made[PL_SAME_PLACES];        ///< slot bound here, or PL_SLOT_NONE
  pl_slot bound[PL_SAME_PLACES];       ///< slot of the input, or PL_SLOT_NONE
  uint8_t first[PL_SAME_PLACES];       ///< earlier place with the same new slot, or NO_PLACE
  const pl_ref* refs[PL_SAME_PLACES];  ///< what is written there; P: the single verb, NULL for several
} same_node;

typedef struct same_op {
  pl_op op;
  const pl_classes* classes;          ///< unless they differ from row to row
  const pl_classes* widest;           ///< where they do: what constants were widened to
  pl_rowtable seen;                   ///< images for the current input row
  uint64_t row_number;                ///< of `seen`
  uint16_t selection[PL_CHUNK_ROWS];  ///< rows kept
  pl_id* places[PL_PLACE_COUNT];      ///< columns of the current chunk
  bool why;                           ///< rows carry their support
} same_op;

static const same_node* node_of(const same_op* st) { return (const same_node*)st->op.node; }

static pl_status same_open(pl_op* op) {
  same_op* st = (same_op*)op;
  pl_rowtable_init(&st->seen, &op->run->mem, op->run->guard, op->run->err, SEEN_WHY + 1, SEEN_WHY);
  st->why = pl_why_asked(op->run);
  return node_of(st)->correlated ? pl_classes_widest(op->run, &st->widest)
                                 : pl_run_classes(op->run, node_of(st)->lens, &st->classes);
}

static void same_close(pl_op* op) { pl_rowtable_free(&((same_op*)op)->seen); }

static pl_status same_rewind(pl_op* op) {
  same_op* st = (same_op*)op;
  pl_rowtable_clear(&st->seen);
  st->row_number = 0;
  return pl_op_rewind(op->input);
}

// ---- constants under classes that differ from row to row ------------------------------------------------------------

/// A constant of the class of `id`, or 0.
static pl_id constant_like(const pl_run* run, const pl_classes* classes, const pl_ref* ref, pl_id id) {
  const pl_id constant = ref->kind == PL_REF_TERM ? run->terms[ref->index] : run->params[ref->index];
  const pl_id* items = &constant;
  size_t count = 1;
  if (pl_id_tag(constant) == PL_TAG_TEMP && pl_termpool_is_list(run->pool, constant)) {
    (void)pl_termpool_list(run->pool, constant, &items, &count);
  }
  const pl_id shown = pl_classes_shown(classes, id);
  for (size_t i = 0; i < count; i++) {
    if (items[i] && pl_classes_shown(classes, items[i]) == shown) {
      return items[i];
    }
  }
  return PL_ID_NULL;
}

static bool is_const(const pl_ref* ref) { return ref && (ref->kind == PL_REF_TERM || ref->kind == PL_REF_PARAM); }

static bool verb_fits(const same_op* st, const pl_classes* classes, pl_id id) {
  const pl_alg* leaf = node_of(st)->leaf;
  const bool annot = leaf->kind == PL_ALG_ANNOT;
  const pl_verb* verbs = annot ? leaf->annot.verbs : leaf->scan.verbs;
  const uint32_t count = annot ? leaf->annot.verb_count : leaf->scan.verb_count;
  bool fits = false;
  for (uint32_t i = 0; i < count && !fits; i++) {
    fits = !is_const(&verbs[i].predicate) || constant_like(st->op.run, classes, &verbs[i].predicate, id) != PL_ID_NULL;
  }
  return fits;
}

/// The lookup widened constants to the widest classes: is this place one of the row's?
static bool constants_fit(const same_op* st, const pl_classes* classes, const pl_id* ids) {
  const same_node* node = node_of(st);
  for (uint32_t p = 0; p < PL_SAME_PLACES; p++) {
    if (pl_classes_find(st->widest, ids[p]) == PL_CLASS_NONE) {
      continue;
    }
    if (p == PL_PLACE_P ? !node->raw[p] && !verb_fits(st, classes, ids[p])
                        : is_const(node->refs[p]) && !constant_like(st->op.run, classes, node->refs[p], ids[p])) {
      return false;
    }
  }
  return true;
}

// ---- support --------------------------------------------------------------------------------------------------------

typedef struct chain {
  same_op* st;
  pl_why why;  ///< of the row, growing
} chain;

static pl_status add_link(void* user, const pl_link* link) {
  chain* c = user;
  pl_run* run = c->st->op.run;
  pl_why fact = 0;
  PL_TRY(pl_why_fact(run, PL_WHY_IDENTITY, link->s, link->owl ? PL_KNOWN(OWL_SAME_AS) : PL_KNOWN(SAME_AS), link->o,
                     pl_why_said(link->c), node_of(c->st)->lens, &fact));
  return pl_why_join(run, c->why, fact, &c->why);
}

/// Add the identity facts between the nodes of the matched fact and those of the row.
static pl_status add_identity(same_op* st, const pl_classes* classes, const pl_id* ids, const pl_chunk* chunk,
                              uint32_t row, pl_why* why) {
  const same_node* node = node_of(st);
  pl_run* run = st->op.run;
  chain c = {st, *why};
  for (uint32_t p = 0; p < PL_SAME_PLACES; p++) {
    pl_id other = PL_ID_NULL;
    if (node->bound[p] != PL_SLOT_NONE) {
      other = pl_chunk_id(chunk, node->bound[p], row);
    } else if (is_const(node->refs[p])) {
      other = constant_like(run, classes, node->refs[p], ids[p]);
    } else if (node->refs[p] && node->refs[p]->kind == PL_REF_SLOT && !node->raw[p]) {
      other = pl_classes_shown(classes, ids[p]);
    }
    if (other && other != ids[p]) {
      PL_TRY(pl_classes_chain(run, classes, ids[p], other, add_link, &c));
    }
  }
  *why = c.why;
  return PL_OK;
}

/// The lookup has joined its fact to what the row rests on: take both apart.
static void take_fact(const same_op* st, pl_why why, pl_why* before, pl_why* fact) {
  pl_why_node top = {0};
  *before = node_of(st)->leaf->kind == PL_ALG_ANNOT ? why : 0;
  *fact = *before ? 0 : why;
  if (*fact) {
    pl_why_get(st->op.run, why, &top);
    *before = top.kind == PL_WHY_JOIN ? top.parts[0] : 0;
    *fact = top.kind == PL_WHY_JOIN ? top.parts[1] : why;
  }
}

/// The row rests on its fact, the identity facts, and what other facts of the same image rest on: `any`, which grows with repeats. NULL: there
/// can be none.
static pl_status support_row(same_op* st, const pl_classes* classes, const pl_id* ids, pl_chunk* chunk, uint32_t row,
                             pl_why* any) {
  pl_run* run = st->op.run;
  pl_id* column = chunk->columns[run->plan->why];
  pl_why before = 0, fact = 0;
  if (!column) {
    return PL_OK;
  }
  take_fact(st, column[row], &before, &fact);
  PL_TRY(add_identity(st, classes, ids, chunk, row, &fact));
  if (any && node_of(st)->leaf->kind == PL_ALG_SCAN) {
    PL_TRY(pl_why_alternative(run, any, fact));
    fact = *any;
  }
  return pl_why_join(run, before, fact, &column[row]);
}

// ---- rows -----------------------------------------------------------------------------------------------------------

/// The image of a row's places. *touched: some place is in a class, so another row may have the same image.
static void make_image(const same_op* st, const pl_classes* classes, const pl_id* ids, pl_id* image, bool* touched) {
  const same_node* node = node_of(st);
  *touched = false;
  for (uint32_t p = 0; p < PL_SAME_PLACES; p++) {
    const uint32_t number = node->raw[p] ? PL_CLASS_NONE : pl_classes_find(classes, ids[p]);
    image[p] = number == PL_CLASS_NONE ? ids[p] : classes->shown[number];
    *touched |= number != PL_CLASS_NONE;
  }
}

static bool repeats_fit(const same_node* node, const pl_id* image) {
  for (uint32_t p = 1; p < PL_SAME_PLACES; p++) {
    if (node->first[p] != NO_PLACE && image[p] != image[node->first[p]]) {
      return false;
    }
  }
  return true;
}

/// Was this image there before for the same input row?
static pl_status is_new(same_op* st, uint64_t row_number, const pl_id* image, pl_id c, bool back, bool* added,
                        pl_why** any) {
  const same_node* node = node_of(st);
  if (row_number != st->row_number) {
    pl_rowtable_clear(&st->seen);
    st->row_number = row_number;
  }
  const pl_id key[SEEN_WHY + 1] = {
      [PL_PLACE_A] = image[PL_PLACE_A],
      [PL_PLACE_P] = node->pairs ? 0 : image[PL_PLACE_P],
      [PL_PLACE_B] = image[PL_PLACE_B],
      [PL_PLACE_C] = node->assertions ? c : 0,
      [SEEN_BACK] = node->assertions && back && image[PL_PLACE_A] != image[PL_PLACE_B],
  };
  uint32_t index = 0;
  PL_TRY(pl_rowtable_put(&st->seen, key, &index, added));
  *any = &st->seen.rows[(size_t)index * st->seen.width + SEEN_WHY];
  return PL_OK;
}

/// Work on one row; *keep tells whether it stays.
static pl_status do_row(same_op* st, pl_chunk* chunk, uint32_t row, bool* keep) {
  const same_node* node = node_of(st);
  const pl_slot hidden = st->op.run->plan->hidden;
  const pl_id ids[PL_SAME_PLACES] = {st->places[PL_PLACE_A][row], st->places[PL_PLACE_P][row],
                                     st->places[PL_PLACE_B][row]};
  const pl_classes* classes = st->classes;
  pl_id image[PL_SAME_PLACES];
  bool touched = false;
  pl_why* any = NULL;
  if (node->correlated) {
    classes = pl_classes_number(st->op.run, chunk->columns[hidden + PL_HIDDEN_CLASSES][row]);
  }
  make_image(st, classes, ids, image, &touched);
  const bool fits = repeats_fit(node, image) && (!node->correlated || constants_fit(st, classes, ids));
  *keep = fits;
  if (fits && (touched || node->pairs)) {
    const uint64_t number = chunk->columns[hidden + PL_HIDDEN_SAME_ROW][row];
    const bool back = chunk->columns[hidden + PL_HIDDEN_ROW][row] & 1;
    PL_TRY(is_new(st, number, image, st->places[PL_PLACE_C][row], back, keep, &any));
  }
  if (any && st->why) {
    PL_TRY(support_row(st, classes, ids, chunk, row, any));
  }
  for (uint32_t p = 0; p < PL_SAME_PLACES && *keep && touched; p++) {
    if (node->made[p] != PL_SLOT_NONE && chunk->columns[node->made[p]]) {
      chunk->columns[node->made[p]][row] = image[p];
    }
  }
  return PL_OK;
}

static bool has_repeats(const same_node* node) {
  return node->first[PL_PLACE_P] != NO_PLACE || node->first[PL_PLACE_B] != NO_PLACE;
}

static pl_status same_next(pl_op* op, pl_chunk** out) {
  same_op* st = (same_op*)op;
  const same_node* node = node_of(st);
  PL_TRY(pl_op_next(op->input, out));
  if (!st->classes && !node->correlated && !node->pairs && !has_repeats(node)) {
    return PL_OK;
  }
  pl_chunk* chunk = *out;
  uint32_t kept = 0;
  for (uint32_t p = 0; p < PL_PLACE_COUNT; p++) {
    st->places[p] = chunk->columns[op->run->plan->hidden + PL_HIDDEN_PLACE + p];
  }
  for (uint32_t i = 0; i < chunk->selected; i++) {
    const uint32_t row = pl_chunk_row(chunk, i);
    bool keep = false;
    PL_TRY(do_row(st, chunk, row, &keep));
    st->selection[kept] = (uint16_t)row;
    kept += keep;
  }
  chunk->selection = st->selection;
  chunk->selected = kept;
  return PL_OK;
}

// ---- plan -----------------------------------------------------------------------------------------------------------

static void remove_hidden(const pl_planner* planner, pl_slots set) {
  for (uint32_t i = 0; i <= PL_HIDDEN_ROW; i++) {
    pl_slots_remove(set, planner->plan->hidden + i);
  }
  for (uint32_t i = PL_HIDDEN_KEY; i <= PL_HIDDEN_CLASSES; i++) {
    pl_slots_remove(set, planner->plan->hidden + i);
  }
}

static pl_status same_prune(pl_planner* planner, pl_node* base, pl_slots needed) {
  const same_node* node = (const same_node*)base;
  const pl_slot hidden = planner->plan->hidden;
  pl_slots uses = {0};
  PL_TRY(pl_slots_make(planner->arena, planner->plan->slot_count, &uses));
  for (uint32_t i = 0; i <= PL_HIDDEN_ROW; i++) {
    pl_slots_add(uses, hidden + i);
  }
  pl_slots_add(uses, hidden + PL_HIDDEN_SAME_ROW);
  if (node->correlated) {
    pl_slots_add(uses, hidden + PL_HIDDEN_CLASSES);
  }
  for (uint32_t p = 0; p < PL_SAME_PLACES && planner->plan->why != PL_SLOT_NONE; p++) {
    if (node->bound[p] != PL_SLOT_NONE) {
      pl_slots_add(uses, node->bound[p]);
    }
  }
  PL_TRY(pl_node_prune_through(planner, base, needed, &uses));
  remove_hidden(planner, base->out);
  return PL_OK;
}

static const char* same_title(const pl_node* node) {
  return ((const same_node*)node)->leaf->kind == PL_ALG_ANNOT ? "Same annotation" : "Same";
}

static const pl_op_class same_class = {.name = "Same",
                                       .state_bytes = sizeof(same_op),
                                       .open = same_open,
                                       .next = same_next,
                                       .rewind = same_rewind,
                                       .close = same_close,
                                       .prune = same_prune,
                                       .title = same_title};

/// Settle one place of the leaf: `ref` of the copy becomes what the lookup is to see.
static void set_place(pl_planner* planner, same_node* node, pl_members* members, uint32_t place, pl_slots bound,
                      pl_slots raw, pl_ref* ref) {
  if (ref->kind != PL_REF_SLOT) {
    return;
  }
  const pl_slot slot = ref->index;
  node->raw[place] |= pl_slots_has(raw, slot);
  if (pl_slots_has(bound, slot)) {
    node->bound[place] = slot;
    if (!node->raw[place]) {
      members->keys[place] = slot;
      ref->index = planner->plan->hidden + PL_HIDDEN_KEY + place;
    }
    return;
  }
  node->made[place] = slot;
  for (uint32_t p = 0; p < place && node->first[place] == NO_PLACE; p++) {
    if (node->made[p] == slot) {
      node->first[place] = (uint8_t)p;
      node->made[place] = PL_SLOT_NONE;
      *ref = (pl_ref){.kind = PL_REF_ANY, .span = ref->span};
    }
  }
}

/// A copy of the leaf for the lookup; what becomes of its places goes into `node` and `members`.
static pl_status copy_leaf(pl_planner* planner, const pl_alg* leaf, pl_slots bound, pl_slots raw, same_node* node,
                           pl_members* members, pl_alg** out) {
  const bool annot = leaf->kind == PL_ALG_ANNOT;
  const uint32_t verb_count = annot ? leaf->annot.verb_count : leaf->scan.verb_count;
  pl_alg* copy = PL_ARENA_NEW(planner->arena, pl_alg);
  pl_verb* verbs = PL_ARENA_ARRAY(planner->arena, pl_verb, verb_count);
  if (!copy || !verbs) {
    return pl_planner_nomem(planner);
  }
  *copy = *leaf;
  memcpy(verbs, annot ? leaf->annot.verbs : leaf->scan.verbs, verb_count * sizeof(pl_verb));
  for (uint32_t p = 0; p < PL_SAME_PLACES; p++) {
    node->made[p] = node->bound[p] = members->keys[p] = PL_SLOT_NONE;
    node->first[p] = NO_PLACE;
  }
  if (annot) {
    copy->annot.verbs = verbs;
    copy->annot.lens = PL_LENS_NONE;
    node->raw[PL_PLACE_A] = true;
  } else {
    copy->scan.verbs = verbs;
    copy->scan.lens = pl_lens_restricts(planner->query, leaf->scan.lens) ? leaf->scan.lens : PL_LENS_NONE;
    set_place(planner, node, members, PL_PLACE_A, bound, raw, &copy->scan.subject);
    node->refs[PL_PLACE_A] = &leaf->scan.subject;
  }
  if (verb_count == 1) {
    set_place(planner, node, members, PL_PLACE_P, bound, raw, &verbs[0].predicate);
    node->refs[PL_PLACE_P] = annot ? &leaf->annot.verbs[0].predicate : &leaf->scan.verbs[0].predicate;
  }
  set_place(planner, node, members, PL_PLACE_B, bound, raw, annot ? &copy->annot.object : &copy->scan.object);
  node->refs[PL_PLACE_B] = annot ? &leaf->annot.object : &leaf->scan.object;
  *out = copy;
  return PL_OK;
}

/// The lookup, and above it the check of a lens with variables. That one must not drop repeats of ends: which of them is right depends on the
/// row's classes; so it sees a scan with a single verb.
static pl_status add_lookup(pl_planner* planner, pl_node* input, const pl_alg* leaf, const pl_alg* copy,
                            const same_node* node, pl_node** out) {
  static const pl_verb one_verb = {.predicate = {.kind = PL_REF_TERM}};
  const bool given = copy->kind == PL_ALG_SCAN && copy->scan.lens != PL_LENS_NONE && node->correlated;
  const pl_lookup_same how = {.lens = node->lens, .raw = given, .raw_verbs = node->raw[PL_PLACE_P], .written = leaf};
  PL_TRY(pl_node_lookup_same(planner, input, copy, &how, out));
  if (given) {
    pl_alg_scan single = copy->scan;
    pl_verb verb = one_verb;
    single.verbs = &verb;
    single.verb_count = 1;
    PL_TRY(pl_node_lens(planner, *out, &single, out));
  }
  return PL_OK;
}

pl_status pl_node_same(pl_planner* planner, pl_node* input, const pl_alg* leaf, pl_slots raw, pl_node** out) {
  const bool annot = leaf->kind == PL_ALG_ANNOT;
  const pl_ref* verb = annot ? &leaf->annot.verbs[0].predicate : &leaf->scan.verbs[0].predicate;
  const uint32_t verb_count = annot ? leaf->annot.verb_count : leaf->scan.verb_count;
  same_node draft = {.leaf = leaf, .lens = annot ? leaf->annot.lens : leaf->scan.lens};
  pl_members members = {.lens = draft.lens};
  pl_alg* copy = NULL;
  pl_node* below = NULL;
  members.correlated = draft.correlated = planner->query->lenses[draft.lens].correlated;
  draft.assertions = !annot && leaf->scan.mode == PL_SCAN_ASSERTIONS;
  draft.pairs = !draft.assertions && (verb_count > 1 || verb->kind == PL_REF_ANY);
  draft.raw[PL_PLACE_P] = pl_same_is_raw(planner->query, planner->txn, leaf);
  PL_TRY(copy_leaf(planner, leaf, input->out, raw, &draft, &members, &copy));
  PL_TRY(pl_node_members(planner, input, &members, &below));
  PL_TRY(add_lookup(planner, below, leaf, copy, &draft, &below));
  same_node* node = NULL;
  PL_TRY(pl_node_make(planner, &same_class, sizeof(*node), &below, 1, &node));
  const pl_node base = node->node;
  *node = draft;
  node->node = base;
  pl_slots_add_all(node->node.out, below->out);
  remove_hidden(planner, node->node.out);
  node->node.rows_expected = below->rows_expected;
  node->node.position = leaf->span.end;
  *out = &node->node;
  return planner->plan->why != PL_SLOT_NONE && !annot ? pl_node_gather(planner, *out, PL_HIDDEN_SAME_ROW, out) : PL_OK;
}
