// Why rows are there: reading what one row rests on. See support.h.
#include "base/sort.h"
#include "exec/lens.h"
#include "exec/rowtable.h"
#include "exec/support_internal.h"
#include "expr/idmap.h"

#include <math.h>

#define GUARD_EVERY 512u  ///< nodes between two looks at the guard

// ---- taking joins apart -------------------------------------------------------------------------------------------

/// What is known of a found node for putting it in its place.
typedef struct found {
  pl_why why;
  uint32_t group;  ///< facts, identity, absent, the rest
  uint64_t first;  ///< position of the first equal fact, and when it was met: equal ones are side by side
  uint64_t met;    ///< its turn
} found;

typedef struct reader {
  pl_run* run;
  pl_whys todo;         ///< nodes still to look at, the next one last
  PL_VEC(found) found;  ///< so far
  bool choices;         ///< list the facts of plain choices like others
  uint32_t looked;      ///< nodes looked at
} reader;

static bool is_fact(pl_why_kind kind) { return kind == PL_WHY_FACT || kind == PL_WHY_IDENTITY; }

static pl_why_kind kind_of(const pl_run* run, pl_why why) {
  return (pl_why_kind)(run->support->words.data[why] & 0xff);
}

bool pl_why_same_fact(const pl_run* run, pl_why a, pl_why b) {
  const uint64_t* x = run->support->words.data + a;
  const uint64_t* y = run->support->words.data + b;
  return is_fact((pl_why_kind)(x[0] & 0xff)) && (x[0] & 0xff) == (y[0] & 0xff) && x[1] == y[1] && x[2] == y[2] &&
         x[3] == y[3];
}

bool pl_why_is_plain_choice(const pl_run* run, const pl_why_node* node) {
  if (node->kind != PL_WHY_ANY) {
    return false;
  }
  bool plain = true;
  for (uint32_t i = 0; i < node->part_count && node->part_count > 1; i++) {
    plain &= is_fact(kind_of(run, node->parts[i])) || kind_of(run, node->parts[i]) == PL_WHY_STATED;
  }
  return plain;
}

/// Look at the parts of a node next, the first one first.
static pl_status push_parts(reader* r, const pl_why_node* node) {
  for (uint32_t i = node->part_count; i-- > 0;) {
    PL_TRY(pl_vec_push(&r->run->mem, &r->todo, node->parts[i]));
  }
  return PL_OK;
}

static pl_status add_found(reader* r, pl_why why, const pl_why_node* node) {
  static const uint32_t groups[] = {[PL_WHY_FACT] = 0, [PL_WHY_IDENTITY] = 1, [PL_WHY_ABSENT] = 2, [PL_WHY_GROUP] = 3,
                                    [PL_WHY_ANY] = 3,  [PL_WHY_JOIN] = 3,     [PL_WHY_STATED] = 3};
  const uint64_t position = is_fact(node->kind) ? node->position : node->span.start;
  const found f = {.why = why,
                   .group = groups[node->kind],
                   .first = position << 32 | (uint32_t)r->found.count,
                   .met = r->found.count};
  return pl_vec_push(&r->run->mem, &r->found, f);
}

static pl_status look(reader* r, pl_why why) {
  pl_why_node node;
  pl_why_get(r->run, why, &node);
  if (node.kind == PL_WHY_JOIN || node.kind == PL_WHY_STATED ||
      (node.kind == PL_WHY_ANY && node.part_count == 1 && node.left_out == 0)) {
    return push_parts(r, &node);
  }
  if (!r->choices || !pl_why_is_plain_choice(r->run, &node)) {
    return add_found(r, why, &node);
  }
  PL_TRY(push_parts(r, &node));
  return node.left_out ? add_found(r, why, &node) : PL_OK;  // how many are left out is still to be said
}

static int by_fact(const void* x, const void* y, void* user) {
  const found *a = x, *b = y;
  const pl_run* run = user;
  if (a->group != b->group) {
    return a->group < b->group ? -1 : 1;
  }
  const uint64_t *p = run->support->words.data + a->why, *q = run->support->words.data + b->why;
  for (int i = 1; a->group < 2 && i < 4; i++) {
    if (p[i] != q[i]) {
      return p[i] < q[i] ? -1 : 1;
    }
  }
  return a->first != b->first ? (a->first < b->first ? -1 : 1) : 0;
}

static int by_place(const void* x, const void* y, void* user) {
  PL_UNUSED(user);
  const found *a = x, *b = y;
  return a->group != b->group   ? (a->group < b->group ? -1 : 1)
         : a->first != b->first ? (a->first < b->first ? -1 : 1)
                                : (a->met > b->met) - (a->met < b->met);
}

static bool same_words(const pl_run* run, pl_why a, pl_why b) {
  const uint64_t *x = run->support->words.data + a, *y = run->support->words.data + b;
  const pl_why_kind kind = (pl_why_kind)(x[0] & 0xff);
  const uint64_t mask = 0xffffffff;  // of the head: kind and lens, not the place
  return kind == PL_WHY_ABSENT
             ? x[0] == y[0] && x[1] == y[1]
             : is_fact(kind) && pl_why_same_fact(run, a, b) && x[4] == y[4] && (x[0] & mask) == (y[0] & mask);
}

/// Bring equal facts together, at the place of the first, and drop what says the same twice.
static pl_status put_in_order(reader* r) {
  found* f = r->found.data;
  const size_t count = r->found.count;
  const pl_sort_order facts = {by_fact, r->run};
  const pl_sort_order places = {by_place, NULL};
  if (count < 2) {
    return PL_OK;
  }
  PL_TRY(pl_sort(f, count, sizeof(*f), &facts, &r->run->mem, r->run->guard, r->run->err));
  for (size_t i = 1; i < count; i++) {
    if (f[i].group < 2 && pl_why_same_fact(r->run, f[i - 1].why, f[i].why)) {
      f[i].first = f[i - 1].first;
    }
  }
  PL_TRY(pl_sort(f, count, sizeof(*f), &places, &r->run->mem, r->run->guard, r->run->err));
  size_t kept = 1;
  for (size_t i = 1; i < count; i++) {
    if (!same_words(r->run, f[kept - 1].why, f[i].why)) {
      f[kept++] = f[i];
    }
  }
  r->found.count = kept;
  return PL_OK;
}

static pl_status read_all(reader* r, pl_why why, pl_whys* out) {
  out->count = 0;
  PL_TRY(why ? pl_vec_push(&r->run->mem, &r->todo, why) : PL_OK);
  while (r->todo.count) {
    if (++r->looked % GUARD_EVERY == 0) {
      PL_TRY(pl_guard_check(r->run->guard, r->run->err));
    }
    PL_TRY(look(r, r->todo.data[--r->todo.count]));
  }
  PL_TRY(put_in_order(r));
  for (size_t i = 0; i < r->found.count; i++) {
    PL_TRY(pl_vec_push(&r->run->mem, out, r->found.data[i].why));
  }
  return PL_OK;
}

static pl_status read_support(pl_run* run, pl_why why, bool choices, pl_whys* out) {
  reader r = {.run = run, .choices = choices};
  const pl_status status = read_all(&r, why, out);
  pl_vec_free(&run->mem, &r.todo);
  pl_vec_free(&run->mem, &r.found);
  return status;
}

pl_status pl_why_read(pl_run* run, pl_why why, pl_whys* out) { return read_support(run, why, true, out); }

// ---- who says so --------------------------------------------------------------------------------------------------

/// A scan of the support's, opened on first use; run->support exists where there is anything to read.
static pl_status scan_of(pl_run* run, pl_scan** scan, pl_order order, pl_scan_mode mode) {
  return *scan ? PL_OK : pl_scan_open(run->txn, order, mode, NULL, &run->mem, scan);
}

/// Does the statement count for what one node asks?
static pl_status counts(pl_run* run, const pl_why_node* ask, pl_id c, bool* yes) {
  const pl_pass* pass = NULL;
  if (ask->c != PL_ID_NULL) {
    *yes = ask->c == PL_WHY_PLAIN ? c == PL_ID_NULL : ask->c == c;
    return PL_OK;
  }
  if (ask->lens != PL_LENS_NONE && !run->plan->query->lenses[ask->lens].correlated) {
    PL_TRY(pl_lens_pass(run, ask->lens, &pass));
  }
  *yes = !pass || pl_pass_c(pass, c);
  return PL_OK;
}

static pl_status add_if_counted(pl_run* run, const pl_why* asks, size_t count, pl_id c, pl_ids* out) {
  bool yes = false;
  for (size_t i = 0; i < count && !yes; i++) {
    pl_why_node ask;
    pl_why_get(run, asks[i], &ask);
    PL_TRY(counts(run, &ask, c, &yes));
  }
  return yes ? pl_vec_push(&run->mem, out, c) : PL_OK;
}

pl_status pl_why_assertions(pl_run* run, const pl_why* asks, size_t count, pl_ids* out) {
  pl_scan** scan = &run->support->rows;
  pl_why_node node;
  out->count = 0;
  pl_why_get(run, asks[0], &node);
  const pl_id fact[3] = {node.s, node.p, node.o};
  if (pl_id_tag(node.s) == PL_TAG_TEMP || pl_id_tag(node.p) == PL_TAG_TEMP || pl_id_tag(node.o) == PL_TAG_TEMP) {
    return PL_OK;
  }
  PL_TRY(scan_of(run, scan, PL_ORDER_SPO, PL_SCAN_ROWS));
  PL_TRY(pl_scan_range(*scan, fact, 3, 0, UINT64_MAX));
  for (;;) {
    pl_id cs[64];
    pl_id* const into[4] = {NULL, NULL, NULL, cs};
    size_t read = 0;
    PL_TRY(pl_guard_check(run->guard, run->err));
    PL_TRY(pl_scan_fill(*scan, into, PL_COUNT_OF(cs), &read));
    for (size_t i = 0; i < read; i++) {
      PL_TRY(add_if_counted(run, asks, count, cs[i], out));
    }
    if (read == 0) {
      return PL_OK;
    }
  }
}

// ---- annotations --------------------------------------------------------------------------------------------------

/// Number of a predicate among the notes; PL_NOTE_COUNT if it is none.
static unsigned note_of(pl_id predicate) {
  static const uint16_t keys[PL_NOTE_COUNT] = {
      [PL_NOTE_SOURCE] = PL_KNOWN_SOURCE, [PL_NOTE_SPAN] = PL_KNOWN_SPAN,   [PL_NOTE_CONFIDENCE] = PL_KNOWN_CONFIDENCE,
      [PL_NOTE_FROM] = PL_KNOWN_FROM,     [PL_NOTE_UNTIL] = PL_KNOWN_UNTIL, [PL_NOTE_ON] = PL_KNOWN_ON,
  };
  unsigned i = 0;
  while (i < PL_NOTE_COUNT && pl_id_make(PL_TAG_IRI, keys[i]) != predicate) {
    i++;
  }
  return i;
}

typedef pl_status (*note_fn)(pl_run* run, unsigned note, pl_id value, void* user);

/// Call fn for each annotation of c that is a note.
static pl_status each_note(pl_run* run, pl_id c, note_fn fn, void* user) {
  const bool assertion = pl_id_tag(c) == PL_TAG_ASSERTION;
  pl_scan** scan = assertion ? &run->support->annotations : &run->support->facts;
  if (c == PL_ID_NULL) {
    return PL_OK;
  }
  PL_TRY(scan_of(run, scan, assertion ? PL_ORDER_CPO : PL_ORDER_SPO, assertion ? PL_SCAN_ROWS : PL_SCAN_FACTS));
  PL_TRY(pl_scan_range(*scan, &c, 1, 0, UINT64_MAX));
  for (;;) {
    pl_id ps[32], os[32];
    pl_id* const into[4] = {NULL, ps, os, NULL};
    size_t read = 0;
    PL_TRY(pl_guard_check(run->guard, run->err));
    PL_TRY(pl_scan_fill(*scan, into, PL_COUNT_OF(ps), &read));
    for (size_t i = 0; i < read; i++) {
      const unsigned note = note_of(ps[i]);
      PL_TRY(note < PL_NOTE_COUNT ? fn(run, note, os[i], user) : PL_OK);
    }
    if (read == 0) {
      return PL_OK;
    }
  }
}

static pl_status keep_smallest(pl_run* run, unsigned note, pl_id value, void* user) {
  pl_id* notes = user;
  int order = -1;
  if (notes[note]) {
    PL_TRY(pl_termpool_order(run->pool, value, notes[note], &order));
  }
  notes[note] = order < 0 ? value : notes[note];
  return PL_OK;
}

pl_status pl_why_notes(pl_run* run, pl_id c, pl_id notes[PL_NOTE_COUNT]) {
  memset(notes, 0, PL_NOTE_COUNT * sizeof(*notes));
  return each_note(run, c, keep_smallest, notes);
}

static pl_status add_source(pl_run* run, unsigned note, pl_id value, void* user) {
  pl_ids* sources = user;
  return note == PL_NOTE_SOURCE ? pl_vec_push(&run->mem, sources, value) : PL_OK;
}

pl_status pl_why_sources(pl_run* run, pl_id c, pl_ids* out) {
  out->count = 0;
  return each_note(run, c, add_source, out);
}

// ---- confidence ---------------------------------------------------------------------------------------------------

/// A confidence is a part of certainty: what lies beyond 0 and 1 counts as the nearer of them. Negative where the value is no number.
static double part_of_one(pl_value v) {
  const double number = v.kind == PL_VALUE_INTEGER   ? (double)v.integer
                        : v.kind == PL_VALUE_DECIMAL ? pl_decimal_to_double(v.decimal)
                        : v.kind == PL_VALUE_DOUBLE  ? v.real
                                                     : NAN;
  return isnan(number) ? -1 : number < 0 ? 0 : number > 1 ? 1 : number;
}

/// Largest confidence of one assertion; negative while there is none.
static pl_status keep_confidence(pl_run* run, unsigned note, pl_id value, void* user) {
  double* best = user;
  pl_value v;
  if (note != PL_NOTE_CONFIDENCE) {
    return PL_OK;
  }
  PL_TRY(pl_termpool_value(run->pool, value, &v));
  const double number = part_of_one(v);
  *best = number > *best ? number : *best;
  return PL_OK;
}

/// The best confidence among the assertions of a fact that count; 1 where one has none, or the fact is plain.
static pl_status fact_confidence(pl_run* run, const pl_why* asks, size_t count, pl_ids* room, double* out) {
  double best = -1;
  PL_TRY(pl_why_assertions(run, asks, count, room));
  for (size_t i = 0; i < room->count && best < 1; i++) {
    double one = -1;
    PL_TRY(each_note(run, room->data[i], keep_confidence, &one));
    one = one < 0 ? 1 : one;
    best = one > best ? one : best;
  }
  *out = best < 0 ? 1 : best;
  return PL_OK;
}

/// Distinct facts of a row, or of one alternative beside those around it.
typedef struct scope {
  const struct scope* outer;  ///< around it; NULL = none
  pl_rowtable facts;          ///< kind, s, p, o, and the bits of the best confidence
  pl_ids room;                ///< assertions of one fact
  pl_idmap counted;           ///< members and choices met: rows of groups may share theirs, however often nested
} scope;

/// Is this member or choice not counted yet, here or around?
static pl_status is_first(pl_run* run, scope* in, pl_why why, bool choice, bool* first) {
  const pl_id key = why << 1 | choice;
  *first = false;
  for (const scope* s = in; s; s = s->outer) {
    if (pl_idmap_find(&s->counted, key)) {
      return PL_OK;
    }
  }
  *first = true;
  return pl_idmap_put(&in->counted, &run->mem, key, 0, NULL);
}

static uint64_t bits_of(double d) {
  uint64_t bits;
  memcpy(&bits, &d, sizeof(bits));
  return bits;
}

static double double_of(uint64_t bits) {
  double d;
  memcpy(&d, &bits, sizeof(d));
  return d;
}

/// A fact counts once, with the best that any of its matches says.
static pl_status count_fact(pl_run* run, scope* in, const pl_why* asks, size_t count) {
  pl_id row[5];
  double one = 1;
  memcpy(row, run->support->words.data + asks[0], 4 * sizeof(*row));
  row[0] &= 0xff;
  for (const scope* s = in->outer; s; s = s->outer) {
    if (pl_rowtable_find(&s->facts, row) != PL_ROW_NONE) {
      return PL_OK;
    }
  }
  uint32_t index = 0;
  bool added = false;
  PL_TRY(fact_confidence(run, asks, count, &in->room, &one));
  row[4] = bits_of(one);
  PL_TRY(pl_rowtable_put(&in->facts, row, &index, &added));
  pl_id* best = &in->facts.rows[(size_t)index * in->facts.width + 4];
  *best = one > double_of(*best) ? row[4] : *best;
  return PL_OK;
}

/// Count what a support holds: its facts go to the scope, its choices multiply *product.
static pl_status confidence_in(pl_run* run, pl_why why, scope* in, double* product);

/// Confidence of a whole support beside what was counted around it.
static pl_status confidence_of(pl_run* run, pl_why why, const scope* outer, double* out) {
  scope own = {.outer = outer};
  double product = 1;
  pl_rowtable_init(&own.facts, &run->mem, run->guard, run->err, 5, 4);
  const pl_status status = confidence_in(run, why, &own, &product);
  for (uint32_t i = 0; i < own.facts.count; i++) {
    product *= double_of(pl_rowtable_row(&own.facts, i)[4]);
  }
  pl_rowtable_free(&own.facts);
  pl_vec_free(&run->mem, &own.room);
  pl_idmap_free(&own.counted, &run->mem);
  *out = product;
  return status;
}

/// The best of the parts, each on its own.
static pl_status best_part(pl_run* run, const pl_why_node* any, const scope* outer, double* product) {
  double best = -1;
  for (uint32_t i = 0; i < any->part_count; i++) {
    double one = 1;
    PL_TRY(confidence_of(run, any->parts[i], outer, &one));
    best = one > best ? one : best;
  }
  *product *= best < 0 ? 1 : best;
  return PL_OK;
}

/// Facts and groups first, so that what they hold counts in no choice again.
static pl_status count_items(pl_run* run, const pl_whys* items, scope* in, double* product) {
  for (size_t i = 0, end; i < items->count; i = end) {
    pl_why_node node;
    pl_why_get(run, items->data[i], &node);
    for (end = i + 1; end < items->count && pl_why_same_fact(run, items->data[i], items->data[end]);) {
      end++;
    }
    PL_TRY(is_fact(node.kind) ? count_fact(run, in, &items->data[i], end - i) : PL_OK);
    for (uint32_t k = 0; node.kind == PL_WHY_GROUP && k < node.part_count; k++) {
      PL_TRY(confidence_in(run, node.parts[k], in, product));
    }
  }
  for (size_t i = 0; i < items->count; i++) {
    pl_why_node node;
    bool first = false;
    pl_why_get(run, items->data[i], &node);
    PL_TRY(node.kind == PL_WHY_ANY ? is_first(run, in, items->data[i], true, &first) : PL_OK);
    PL_TRY(first ? best_part(run, &node, in, product) : PL_OK);
  }
  return PL_OK;
}

static pl_status confidence_in(pl_run* run, pl_why why, scope* in, double* product) {
  pl_whys items = {0};
  bool first = false;
  PL_TRY(is_first(run, in, why, false, &first));
  if (!first) {
    return PL_OK;
  }
  pl_status status = pl_guard_check(run->guard, run->err);
  if (status == PL_OK) {
    status = read_support(run, why, false, &items);
  }
  if (status == PL_OK) {
    status = count_items(run, &items, in, product);
  }
  pl_vec_free(&run->mem, &items);
  return status;
}

pl_status pl_why_confidence(pl_run* run, pl_why why, double* out) {
  *out = 1;
  return why ? confidence_of(run, why, NULL, out) : PL_OK;
}
