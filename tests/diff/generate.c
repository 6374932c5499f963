#include "generate.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char* const gen_feature_names[GEN_FEATURE_COUNT] = {
#define FEATURE(slug, name) name,
    GEN_FEATURES(FEATURE)
#undef FEATURE
};

typedef struct gen {
  uint64_t state;     ///< of the random numbers
  uint32_t features;  ///< bits
  char* out;          ///< text so far
  size_t len, size;   ///< of out
  uint32_t bound;     ///< variables bound so far, by number
  uint32_t soft;      ///< of these, bound by an optional or a branch: a lens may not ask for them
  uint32_t stuck;     ///< assertion variables given out
  int depth;          ///< of groups
  bool varies;        ///< inside a lens with a variable
} gen;

// ---- chance -------------------------------------------------------------------------------------------------------

static uint32_t below(gen* g, uint32_t n) {
  uint64_t z = (g->state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return (uint32_t)((z ^ (z >> 31)) % n);
}
static bool once_in(gen* g, uint32_t n) { return below(g, n) == 0; }
static bool on(const gen* g, gen_feature feature) { return (g->features >> feature & 1) != 0; }
static bool try_feature(gen* g, gen_feature feature, uint32_t n) { return on(g, feature) && once_in(g, n); }
#define PICK(g, list) ((list)[below((g), (uint32_t)(sizeof(list) / sizeof((list)[0])))])

static void put(gen* g, const char* format, ...) __attribute__((format(printf, 2, 3)));
static void put(gen* g, const char* format, ...) {
  va_list args;
  va_start(args, format);
  const int n = vsnprintf(g->out + g->len, g->size - g->len, format, args);
  va_end(args);
  g->len += n > 0 && (size_t)n < g->size - g->len ? (size_t)n : 0;
}
static void open_piece(gen* g) { put(g, "%c", GEN_OPEN); }
static void close_piece(gen* g) { put(g, "%c", GEN_CLOSE); }

void gen_plain(const char* marked, char out[GEN_QUERY_MAX]) {
  for (; *marked; marked++) {
    if (*marked != GEN_OPEN && *marked != GEN_CLOSE) {
      *out++ = *marked;
    }
  }
  *out = 0;
}

// ---- words --------------------------------------------------------------------------------------------------------

enum { NODES = 5, PREDICATES = 3, SOURCES = 3 };
static const char* const dates[] = {"2019",
                                    "2020",
                                    "2020-06",
                                    "2020-06-15",
                                    "2021",
                                    "2021-01-01",
                                    "2021-12-31",
                                    "2022-03",
                                    "2022-03-04",
                                    "2023",
                                    "2020..2021",
                                    "2021-06-01..2022-03-04",
                                    "2020-06-15T10:00:00Z"};
static const char* const numbers[] = {"1", "2", "2.0", "3", "3.5", "4", "2e0", "2020"};
static const char* const confidences[] = {"0.2", "0.5", "0.8", "1", "1.0", "0.50"};
static const char* const labels[] = {"Lê Trung", "le trung", "Ngô", "Ngo An", "Straße", "STRASSE", "Đỗ", "do", "An"};
static const char* const names[] = {"Le Trung", "NGÔ", "strasse", "đo", "an", "ngo an", "nobody"};
static const char* const words[] = {"le", "tr", "ngo an", "STR", "đo", "an", "x", ""};
static const char* const thresholds[] = {"0.1", "0.5", "0.6", "0.9", "1"};

static const char* date(gen* g) { return PICK(g, dates); }
static const char* plain_date(gen* g) { return dates[below(g, 10)]; }

// ---- the graph ----------------------------------------------------------------------------------------------------

static void annotate(gen* g, uint32_t least) {
  static const char* const times[] = {"from", "until", "on"};
  uint32_t count = 0;
  put(g, " {");
  if (!once_in(g, 5)) {
    put(g, " source s%u", below(g, SOURCES));
    count++;
  }
  if (once_in(g, 2)) {
    put(g, "%s confidence %s", count++ ? " ;" : "", PICK(g, confidences));
  }
  for (uint32_t i = 0; i < 3; i++) {
    if (once_in(g, 4)) {
      put(g, "%s %s %s", count++ ? " ;" : "", times[i], date(g));
    }
  }
  if (count < least || once_in(g, 6)) {
    put(g, "%s note %u", count++ ? " ;" : "", 1 + below(g, 3));
  }
  if (once_in(g, 6)) {
    put(g, " ; near n%u", below(g, NODES));
  }
  put(g, " }");
}

static void statement(gen* g) {
  const uint32_t dice = below(g, 20);
  if (try_feature(g, GEN_SAME, 6)) {
    const uint32_t a = below(g, NODES);
    if (!on(g, GEN_PATHS) && !on(g, GEN_SHORTEST) && once_in(g, 12)) {
      put(g, "p%u same_as p%u", below(g, PREDICATES), below(g, PREDICATES));
      return;
    }
    put(g, "n%u %s n%u", a, once_in(g, 4) ? "owl:sameAs" : "same_as", (a + 1 + below(g, NODES - 1)) % NODES);
  } else if ((on(g, GEN_LABELS) || on(g, GEN_TEXT)) && dice < 4) {
    put(g, "n%u %s \"%s\"%s", below(g, NODES), once_in(g, 3) ? "alias" : "label", PICK(g, labels),
        once_in(g, 4) ? "@vi" : "");
  } else if (on(g, GEN_VALUES) && dice < 7) {
    put(g, "n%u %s %s", below(g, NODES), "age", PICK(g, numbers));
  } else if (on(g, GEN_VALUES) && dice < 9) {
    put(g, "n%u %s %s", below(g, NODES), "date", date(g));
  } else if (dice < 10) {
    put(g, "n%u a C%u", below(g, NODES), below(g, 2));
  } else if (dice == 10) {
    put(g, "s%u published %s", below(g, SOURCES), plain_date(g));
    return;
  } else {
    put(g, "n%u p%u n%u", below(g, NODES), below(g, PREDICATES), below(g, NODES));
  }
  if (!once_in(g, 3)) {
    annotate(g, 1);
  }
}

void gen_make_data(uint64_t seed, uint32_t features, gen_data* out) {
  gen g = {.state = seed * 2 + 1, .features = features};
  memset(out, 0, sizeof *out);
  out->count = 8 + below(&g, 56);
  for (size_t i = 0; i < out->count; i++) {
    g.out = out->lines[i];
    g.len = 0;
    g.size = GEN_LINE_MAX;
    if (try_feature(&g, GEN_GRAPHS, 6)) {
      put(&g, "nq <urn:parley:n%u> <urn:parley:p%u> <urn:parley:n%u> <urn:parley:g%u> .", below(&g, NODES),
          below(&g, PREDICATES), below(&g, NODES), below(&g, 2));
    } else if (try_feature(&g, GEN_GRAPHS, 8)) {
      static const char* const about[] = {"source s0", "source s1", "confidence 0.4", "from 2021", "note 2", "p1 n2"};
      put(&g, "g%u %s", below(&g, 2), PICK(&g, about));
    } else {
      statement(&g);
    }
  }
}

// ---- variables ----------------------------------------------------------------------------------------------------

/// a to e hold nodes, p predicates, n and m numbers, t and g dates, l labels, r and s assertions, x and y what was computed.
static const char variables[] = "abcdepnmtglrsxy";
static uint32_t bit(char v) { return 1u << (strchr(variables, v) - variables); }
static char some(gen* g, const char* among, bool must_be_bound) {
  char open[16];
  size_t count = 0;
  for (const char* v = among; *v; v++) {
    if (g->bound & bit(*v)) {
      open[count++] = *v;
    }
  }
  if (count && (must_be_bound || below(g, 5) < 3)) {
    return open[below(g, (uint32_t)count)];
  }
  return must_be_bound ? 0 : among[below(g, (uint32_t)strlen(among))];
}
static void put_var(gen* g, const char* among) {
  const char v = some(g, among, false);
  g->bound |= bit(v);
  put(g, "?%c", v);
}

static void put_node(gen* g) {
  const uint32_t dice = below(g, 12);
  if (dice < 2) {
    put(g, "n%u", below(g, NODES));
  } else if (dice == 2) {
    put(g, "_");
  } else if (dice == 3 && try_feature(g, GEN_LABELS, 2)) {
    put(g, "@\"%s\"", PICK(g, names));
  } else {
    put_var(g, "abcde");
  }
}

// ---- triples ------------------------------------------------------------------------------------------------------

static void put_path(gen* g, int depth) {
  const uint32_t dice = below(g, depth > 2 ? 3 : 11);
  static const char* const ends[] = {"+", "*", "?", "{1,2}", "{2}", "{0,2}", "{2,}", "+"};
  switch (dice) {
    case 0:
    case 1:
      put(g, "%sp%u", once_in(g, 3) ? "^" : "", below(g, PREDICATES));
      return;
    case 2:
      put(g, "%s", once_in(g, 2) ? "_" : once_in(g, 2) ? "~p0" : "!(p0|^p1)");
      return;
    case 3:
    case 4:
    case 5:
      put(g, "(");
      put_path(g, depth + 1);
      put(g, "/");
      put_path(g, depth + 1);
      put(g, ")");
      return;
    case 6:
    case 7:
      put(g, "(");
      put_path(g, depth + 1);
      put(g, "|");
      put_path(g, depth + 1);
      put(g, ")");
      return;
    default:
      put(g, "(");
      put_path(g, depth + 1);
      put(g, ")%s", PICK(g, ends));
  }
}

static void put_verb(gen* g) {
  const uint32_t dice = below(g, 14);
  if (dice < 8) {
    put(g, "p%u", below(g, PREDICATES));
  } else if (dice == 8) {
    put(g, "p%u|p%u", below(g, PREDICATES), below(g, PREDICATES));
  } else if (dice == 9) {
    put(g, "^p%u", below(g, PREDICATES));
  } else if (dice == 10) {
    put(g, "~p%u", below(g, PREDICATES));
  } else if (dice == 11) {
    put(g, "_");
  } else if (dice == 12) {
    put(g, "?p");
    g->bound |= bit('p');
  } else {
    put(g, "p%u|^p%u", below(g, PREDICATES), below(g, PREDICATES));
  }
}

static void put_annotation(gen* g) {
  static const char* const about[] = {"source", "source",  "confidence", "from", "until",
                                      "on",     "on|from", "near",       "note", "_"};
  const char* verb = PICK(g, about);
  put(g, "%s ", verb);
  if (!strcmp(verb, "source")) {
    put(g, once_in(g, 2) ? "s%u" : "?e", below(g, SOURCES));
    g->bound |= g->out[g->len - 1] == 'e' ? bit('e') : 0;
  } else if (!strcmp(verb, "near")) {
    put_node(g);
  } else if (!strcmp(verb, "confidence")) {
    put(g, once_in(g, 2) ? ">= %s" : "%s", PICK(g, confidences));
  } else if (!strcmp(verb, "note")) {
    put_var(g, "nm");
  } else if (*verb == '_') {
    put(g, "_");
  } else if (once_in(g, 2)) {
    put_var(g, "tg");
  } else {
    put(g, "%s %s", once_in(g, 2) ? "<" : ">=", plain_date(g));
  }
}

/// Annotations and a name of the assertion, for a verb that is no path.
static void put_tail(gen* g) {
  if (!try_feature(g, GEN_ANNOTATIONS, 4)) {
    return;
  }
  const uint32_t what = below(g, 3);
  if (what < 2) {
    put(g, " { %s", once_in(g, 5) ? "optional " : "");
    put_annotation(g);
    if (once_in(g, 3)) {
      open_piece(g);
      put(g, " ; ");
      put_annotation(g);
      close_piece(g);
    }
    put(g, " }");
  }
  if (what && (g->stuck & 3) != 3) {
    const char v = g->stuck & 1 ? 's' : 'r';
    g->stuck |= v == 's' ? 2 : 1;
    g->bound |= bit(v);
    put(g, " as ?%c", v);
  }
}

static void put_value_triple(gen* g) {
  put_node(g);
  switch (below(g, 6)) {
    case 0:
      put(g, " age ");
      put_var(g, "nm");
      return;
    case 1:
      put(g, " age %s", PICK(g, numbers));
      return;
    case 2:
      put(g, " age %s%s", once_in(g, 2) ? "> " : "<= ", PICK(g, numbers));
      return;
    case 3:
      put(g, " date ");
      put_var(g, "tg");
      return;
    case 4:
      put(g, " date %s%s", once_in(g, 2) ? "" : "< ", plain_date(g));
      return;
    default:
      put(g, " a C%u", below(g, 2));
  }
}

static void put_triple(gen* g) {
  if (try_feature(g, GEN_VALUES, 5)) {
    put_value_triple(g);
    return;
  }
  if (try_feature(g, GEN_TEXT, 6)) {
    put_node(g);
    put(g, " label%s ~ \"%s\"", once_in(g, 2) ? "|alias" : "", PICK(g, words));
    return;
  }
  put_node(g);
  put(g, " ");
  if (!g->varies && try_feature(g, GEN_PATHS, 3)) {
    put_path(g, 0);
    put(g, " ");
    put_node(g);
    return;
  }
  if (try_feature(g, GEN_SAME, 10)) {
    put(g, "same_as ");
    put_node(g);
    return;
  }
  put_verb(g);
  put(g, " ");
  put_node(g);
  put_tail(g);
}

// ---- conditions ---------------------------------------------------------------------------------------------------

static void put_group(gen* g, uint32_t most);

static void put_atom(gen* g) {
  const char a = some(g, "abcdexy", true), b = some(g, "abcdexy", true), n = some(g, "nmxy", true);
  const char d = some(g, "tg", true), r = some(g, "rs", true);
  static const char* const compare[] = {"=", "!=", "<", "<=", ">", ">="};
  switch (below(g, 9)) {
    case 0:
      if (try_feature(g, GEN_EXISTS, 2)) {
        const uint32_t bound = g->bound;
        put(g, "exists ( ");
        put_group(g, 2);
        put(g, ")");
        g->bound = bound;
        return;
      }
      break;
    case 1:
      if (n) {
        put(g, "?%c %s %s", n, PICK(g, compare), PICK(g, numbers));
        return;
      }
      break;
    case 2:
      if (n) {
        put(g, "?%c + 1 %s ?%c", n, PICK(g, compare), some(g, "nmxy", true));
        return;
      }
      break;
    case 3:
      if (d) {
        put(g, once_in(g, 2) ? "?%c in %s..2022" : "?%c <= %s", d, plain_date(g));
        return;
      }
      break;
    case 4:
      if (r) {
        put(g, once_in(g, 3) ? "source(?%c) = s0" : once_in(g, 2) ? "confidence(?%c) >= 0.5" : "start(?%c) < 2021", r);
        return;
      }
      break;
    case 5:
      if (a) {
        put(g, once_in(g, 2) ? "bound(?%c)" : "?%c in [n0, n1, n2]", a);
        return;
      }
      break;
    case 6:
      if (a) {
        put(g, "coalesce(?%c, ?%c) %s n%u", a, b, once_in(g, 2) ? "=" : "!=", below(g, NODES));
        return;
      }
      break;
    default:
      break;
  }
  if (a && once_in(g, 2)) {
    put(g, "?%c %s ?%c", a, once_in(g, 2) ? "=" : "!=", b);
  } else if (a) {
    put(g, "?%c %s n%u", a, once_in(g, 2) ? "=" : "!=", below(g, NODES));
  } else {
    put(g, "1 < 2");
  }
}

static void put_condition(gen* g, int depth) {
  const uint32_t dice = depth > 1 ? 0 : below(g, 8);
  if (dice < 4) {
    put_atom(g);
  } else if (dice < 5) {
    put(g, "not ( ");
    put_condition(g, depth + 1);
    put(g, " )");
  } else {
    put(g, "( ");
    put_condition(g, depth + 1);
    open_piece(g);
    put(g, " ) %s ( ", once_in(g, 3) ? "or" : "and");
    put_condition(g, depth + 1);
    close_piece(g);
    put(g, " )");
  }
}

static void put_where(gen* g, uint32_t n) {
  if (try_feature(g, GEN_WHERE, n)) {
    open_piece(g);
    put(g, " where ");
    put_condition(g, 0);
    put(g, " ");
    close_piece(g);
  }
}

// ---- lenses -------------------------------------------------------------------------------------------------------

static void put_lens(gen* g, bool inner) {
  const uint32_t bound = g->bound;
  g->bound &= ~g->soft;
  const char d = inner ? some(g, "tg", true) : 0, e = inner ? some(g, "abcde", true) : 0;
  g->bound = bound;
  const bool same = on(g, GEN_SAME) && (inner || !strstr(g->out, "same "));  // once for the whole query
  switch (below(g, same ? 9 : 7)) {
    case 0:
    case 1:
      if (d && once_in(g, 2)) {
        put(g, "at ?%c ", d);
        g->varies = true;
      } else {
        put(g, "at %s ", plain_date(g));
      }
      return;
    case 2:
      put(g, "during %s..2022 ", plain_date(g));
      return;
    case 3:
      if (e && once_in(g, 2)) {
        put(g, "%saccording to ?%c ", once_in(g, 3) ? "not " : "", e);
        g->varies = true;
      } else {
        put(g, "%saccording to s%u, s%u ", once_in(g, 3) ? "not " : "", below(g, SOURCES), below(g, SOURCES));
      }
      return;
    case 4:
      put(g, "%saccording to ( ?z published %s %s ) ", once_in(g, 3) ? "not " : "", once_in(g, 2) ? "<=" : ">",
          plain_date(g));
      return;
    case 5:
      put(g, "%saccording to %c0 ", once_in(g, 3) ? "not " : "", on(g, GEN_GRAPHS) ? 'g' : 's');
      return;
    case 6:
      put(g, "trust %s ", PICK(g, thresholds));
      return;
    default:
      put(g, "same %s ", PICK(g, thresholds));
  }
}

// ---- groups -------------------------------------------------------------------------------------------------------

static void put_either(gen* g) {
  const uint32_t before = g->bound;
  uint32_t all = 0;
  put(g, "either ( ");
  for (uint32_t i = 0, count = 1 + below(g, 3); i <= count; i++) {
    g->bound = before;
    if (i) {
      open_piece(g);
      put(g, "or ( ");
    }
    put_group(g, 2);
    put(g, ") ");
    if (i) {
      close_piece(g);
    }
    all |= g->bound;
  }
  g->bound = all;
}

/// Three to five variables in a ring, sometimes with a chord; arcs in either direction.
static void put_cycle(gen* g) {
  const uint32_t length = 3 + below(g, 3);
  const uint32_t first = below(g, 5);
  const uint32_t arcs = length + (once_in(g, 3) ? 1 : 0);
  for (uint32_t i = 0; i < arcs; i++) {
    const uint32_t from = i % length, to = (i == length ? i + 2 : i + 1) % length;
    const bool turned = once_in(g, 3);
    const char a = (char)('a' + (first + (turned ? to : from)) % 5);
    const char b = (char)('a' + (first + (turned ? from : to)) % 5);
    put(g, "%s?%c ", i ? " . " : "", a);
    put_verb(g);
    put(g, " ?%c", b);
    g->bound |= bit(a) | bit(b);
  }
}

static void put_element(gen* g) {
  const uint32_t bound = g->bound;
  if (g->depth < 3 && try_feature(g, GEN_OPTIONAL, 6)) {
    put(g, "optional ( ");
    put_group(g, 2);
    put(g, ")");
    g->soft |= g->bound & ~bound;
  } else if (g->depth < 3 && try_feature(g, GEN_NOT, 8)) {
    put(g, "not ( ");
    put_group(g, 2);
    put(g, ")");
    g->bound = bound;
  } else if (g->depth < 3 && try_feature(g, GEN_EITHER, 7)) {
    put_either(g);
    g->soft |= g->bound & ~bound;
  } else if (g->depth < 3 && try_feature(g, GEN_GIVEN, 8)) {
    const bool varies = g->varies;
    put(g, "given ");
    put_lens(g, true);
    put(g, "( ");
    put_group(g, 2);
    put(g, ")");
    g->varies = varies;
  } else if (!g->varies && try_feature(g, GEN_SHORTEST, 6)) {
    put(g, "%sshortest ", once_in(g, 3) ? "all " : "");
    put_var(g, "abcde");
    put(g, " ");
    put_path(g, 1);
    put(g, " ");
    put_node(g);
    if (once_in(g, 2)) {
      const char as = g->bound & bit('x') ? 'y' : 'x';
      put(g, " as ?%c", as);
      g->bound |= bit(as);
    }
  } else {
    put_triple(g);
  }
}

static void put_group(gen* g, uint32_t most) {
  g->depth++;
  put_triple(g);
  put(g, " . ");
  for (uint32_t i = below(g, most); i > 0; i--) {
    open_piece(g);
    put_element(g);
    put(g, " . ");
    close_piece(g);
  }
  put_where(g, 6);
  g->depth--;
}

// ---- clauses ------------------------------------------------------------------------------------------------------

static void put_match(gen* g) {
  put(g, "match ");
  if (try_feature(g, GEN_CYCLES, 8)) {
    put_cycle(g);
  } else {
    put_triple(g);
  }
  put(g, " . ");
  for (uint32_t i = 1 + below(g, 3); i > 0; i--) {
    open_piece(g);
    put_element(g);
    put(g, " . ");
    close_piece(g);
  }
  put_where(g, 3);
}

static void put_clause(gen* g) {
  const char a = some(g, "abcde", true);
  open_piece(g);
  switch (below(g, 5)) {
    case 0:
      if (!(g->bound & bit('e'))) {
        put(g, "for ?e in [n%u, n%u, s0, 2] ", below(g, NODES), below(g, NODES));
        g->bound |= bit('e');
      }
      break;
    case 1:
      if (a && !(g->bound & bit('x'))) {
        put(g, once_in(g, 2) ? "let ?x = label(?%c) " : "let ?x = if ?%c = n0 then 1 else 2 ", a);
        g->bound |= bit('x');
      }
      break;
    case 2:
      if (a) {
        const char b = some(g, "abcdenmtg", true);
        put(g, once_in(g, 2) ? "with distinct ?%c" : "with ?%c", a);
        put(g, b != a ? ", ?%c " : " ", b);
        g->bound = bit(a) | bit(b);
        put_where(g, 3);
      }
      break;
    case 3:
      if (a && on(g, GEN_GROUPING)) {
        put(g, "with ?%c, count(*) as ?y ", a);
        g->bound = bit(a) | bit('y');
        put_where(g, 2);
      }
      break;
    default:
      put_where(g, 1);
  }
  close_piece(g);
  if (once_in(g, 2)) {
    open_piece(g);
    put_match(g);
    close_piece(g);
  }
}

static uint32_t put_items(gen* g, char names_out[8]) {
  uint32_t count = 0;
  for (const char* v = variables; *v && count < 5; v++) {
    if ((g->bound & bit(*v)) && (below(g, 4) || (count == 0 && !v[1]))) {
      put(g, count ? ", ?%c" : "?%c", *v);
      names_out[count++] = *v;
    }
  }
  return count;
}

static uint32_t put_aggregates(gen* g, uint32_t count, char names_out[8]) {
  static const char* const plain[] = {"count", "min", "max", "collect", "count", "first", "last"};
  const char v = some(g, "abcdenmtgxy", true), n = some(g, "nm", true);
  const char item = 'i';
  put(g, count ? ", " : "");
  if (!v || once_in(g, 4)) {
    put(g, "count(*)");
  } else if (n && once_in(g, 2)) {
    put(g, "%s(%s?%c)", once_in(g, 2) ? "sum" : "avg", once_in(g, 3) ? "distinct " : "", n);
  } else {
    put(g, "%s(%s?%c)", PICK(g, plain), once_in(g, 3) ? "distinct " : "", v);
  }
  put(g, " as ?%c", item);
  names_out[count++] = item;
  return count;
}

static void put_return(gen* g) {
  char columns[8] = {0};
  const bool grouped = try_feature(g, GEN_GROUPING, 3);
  const bool distinct = !grouped && once_in(g, 5);
  put(g, "return %s", distinct ? "distinct " : "");
  uint32_t count = grouped && once_in(g, 2) ? 0 : put_items(g, columns);
  if (grouped) {
    count = put_aggregates(g, count, columns);
  }
  if (count == 0) {
    put(g, "1 as ?one");
    return;
  }
  if (!try_feature(g, GEN_ORDER, 3)) {
    return;
  }
  const bool prior = !grouped && !distinct && once_in(g, 3);
  if (prior) {
    put(g, ", prior(?%c) as ?before", columns[below(g, count)]);
  } else {
    open_piece(g);
  }
  put(g, " order by ");
  for (uint32_t i = 0, from = below(g, count); i < count; i++) {
    put(g, "%s?%c%s", i ? ", " : "", columns[(from + i) % count], once_in(g, 3) ? " desc" : "");
  }
  if (once_in(g, 2)) {
    open_piece(g);
    put(g, "%s limit %u", once_in(g, 2) ? " skip 1" : "", below(g, 6));
    close_piece(g);
  }
  if (!prior) {
    close_piece(g);
  }
}

static void put_query(gen* g) {
  g->bound = g->stuck = g->soft = 0;
  put_match(g);
  for (uint32_t i = on(g, GEN_CLAUSES) ? below(g, 3) : 0; i > 0; i--) {
    put_clause(g);
  }
}

void gen_make_query(uint64_t seed, uint32_t features, char out[GEN_QUERY_MAX]) {
  gen g = {.state = seed * 2, .features = features, .out = out, .size = GEN_QUERY_MAX};
  while (try_feature(&g, GEN_LENSES, 3) || try_feature(&g, GEN_SAME, 2)) {
    open_piece(&g);
    put_lens(&g, false);
    close_piece(&g);
  }
  if (try_feature(&g, GEN_EXISTS, 12)) {
    put(&g, "exists ( ");
    put_group(&g, 3);
    put(&g, ")");
    return;
  }
  if (!try_feature(&g, GEN_UNION, 8)) {
    put_query(&g);
    put_return(&g);
    return;
  }
  for (uint32_t i = 0, count = 2 + below(&g, 2); i < count; i++) {
    put_query(&g);
    const char a = some(&g, "abcdepnmtg", true);
    const char b = some(&g, "abcdepnmtg", true);
    put(&g, a ? "return ?%c as ?u" : "return 1 as ?u", a);
    put(&g, b ? ", ?%c as ?v " : ", 2 as ?v ", b);
    if (i + 1 < count) {
      put(&g, once_in(&g, 2) ? "union " : "union all ");
    }
  }
}
