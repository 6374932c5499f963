/// watdiv MODEL SCALE [--seed N] [--fill TEMPLATE COUNT]: N-Triples of a WatDiv data model, or a query template filled.
///
/// The model (watdiv_model.h) is WatDiv's own file; what is drawn follows its meaning, with words and names made of
/// syllables instead of a dictionary. Order: attributes of each type, associations, then all that depends on classes.
/// A subject may get the same object twice, as from WatDiv itself: 1 % of the lines at scale 10 are repetitions.
#include "gen.h"
#include "watdiv_model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = 99000, NAMES = 1775, WORDS_MAX = 25, WORD_BYTES = 32, TRIES_MAX = 50, LINE_BYTES = 4096 };

static const char rdf_type[] = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type";

typedef struct word {
  char text[WORD_BYTES - 1];  ///< without an end mark
  unsigned char len;          ///< bytes of it
} word;

typedef struct watdiv {
  watdiv_model model;  ///< what to make
  gen_random random;   ///< all draws
  gen_out out;         ///< N-Triples
  word* words;         ///< of strings
  word* names;         ///< of people
} watdiv;

/// One to four syllables; some words begin with a capital, some end in 's.
static word make_word(gen_random* r, bool name) {
  static const char* const starts[] = {"b", "br", "c", "ch", "d", "dr", "f", "g",  "gr", "h", "j", "k",
                                       "l", "m",  "n", "p",  "r", "s",  "t", "st", "tr", "v", "w", "sl"};
  static const char* const vowels[] = {"a", "e", "i", "o", "u", "ea", "ou", "ai"};
  static const char* const ends[] = {"", "", "", "", "", "n", "r", "s", "l", "nd"};
  char text[WORD_BYTES * 2];
  size_t len = 0;
  const uint64_t syllables = name ? 2 : 1 + (gen_below(r, 10) > 0) + (gen_below(r, 2) > 0) + (gen_below(r, 8) == 0);
  for (uint64_t i = 0; i < syllables; i++) {
    len += (size_t)snprintf(text + len, sizeof text - len, "%s%s%s", starts[gen_below(r, 24)], vowels[gen_below(r, 8)],
                            ends[gen_below(r, 10)]);
  }
  const uint64_t form = gen_below(r, 100);
  for (size_t i = 0; i < (name ? len : form < 18); i++) {
    text[i] = (char)(text[i] - 'a' + 'A');
  }
  if (!name && form % 4 == 0) {
    len += (size_t)snprintf(text + len, sizeof text - len, "'s");
  }
  word w = {.len = (unsigned char)(len < sizeof w.text ? len : sizeof w.text)};
  memcpy(w.text, text, w.len);
  return w;
}

static word* make_words(gen_random* r, size_t count, bool names) {
  word* words = gen_memory(count * sizeof *words);
  for (size_t i = 0; i < count; i++) {
    words[i] = make_word(r, names);
  }
  return words;
}

static double draw(watdiv* w, watdiv_dist dist) {
  return dist == WATDIV_NORMAL ? gen_normal(&w->random) : gen_uniform(&w->random);
}

static void put_literal(watdiv* w, const watdiv_predicate* p) {
  gen_out* out = &w->out;
  GEN_PUT(out, " \"");
  if (p->kind == WATDIV_STRING) {
    const uint64_t count = 1 + gen_below(&w->random, WORDS_MAX);
    for (uint64_t i = 0; i < count; i++) {
      const word* next = &w->words[gen_below(&w->random, WORDS)];
      gen_put(out, " ", i > 0);
      gen_put(out, next->text, next->len);
    }
  } else if (p->kind == WATDIV_NAME) {
    const word* name = &w->names[gen_below(&w->random, NAMES)];
    gen_put(out, name->text, name->len);
  } else {
    const uint32_t value = p->min + (uint32_t)lround(draw(w, p->dist) * (double)(p->max - p->min));
    if (p->kind == WATDIV_DATE) {
      gen_put_date(out, value);
    } else {
      gen_put_number(out, value);
    }
  }
  GEN_PUT(out, "\" .\n");
}

static void put_node(gen_out* out, const char* iri, uint32_t id) {
  GEN_PUT(out, "<");
  gen_put(out, iri, strlen(iri));
  gen_put_number(out, id);
  GEN_PUT(out, ">");
}

static void put_start(gen_out* out, const watdiv_type* type, uint32_t id, const char* predicate) {
  gen_line(out);
  put_node(out, type->iri, id);
  GEN_PUT(out, " <");
  gen_put(out, predicate, strlen(predicate));
  GEN_PUT(out, ">");
}

static void attributes_of(watdiv* w, const watdiv_type* type, uint32_t id, const watdiv_group* g) {
  if (gen_uniform(&w->random) > g->probability) {
    return;
  }
  for (uint32_t i = 0; i < g->count; i++) {
    const watdiv_predicate* p = &w->model.predicates[g->first + i];
    put_start(&w->out, type, id, p->iri);
    put_literal(w, p);
  }
}

/// Attributes of all instances: those of groups without a class, or those of groups with one.
static void attributes(watdiv* w, const watdiv_type* type, bool classed) {
  for (uint32_t id = 0; id < type->count; id++) {
    for (uint32_t i = 0; i < type->groups; i++) {
      const watdiv_group* g = &w->model.groups[type->group_first + i];
      const bool wanted = classed ? g->class >= 0 && w->model.classes[g->class].member[id] : g->class < 0;
      if (wanted) {
        attributes_of(w, type, id, g);
      }
    }
  }
}

/// What an association draws from: all objects, or in random order those of a class.
typedef struct choice {
  uint32_t* ids;   ///< NULL: all numbers below count
  uint32_t count;  ///< how many
  gen_zipf zipf;   ///< if the draw is skewed
  bool* taken;     ///< if no object may come twice
} choice;

static void choice_make(watdiv* w, const watdiv_association* a, choice* c) {
  *c = (choice){.count = w->model.types[a->object].count};
  if (a->object_class >= 0) {
    const bool* member = w->model.classes[a->object_class].member;
    const uint32_t all = c->count;
    c->ids = gen_memory(all * sizeof *c->ids);
    c->count = 0;
    for (uint32_t id = 0; id < all; id++) {
      if (member[id]) {
        const uint32_t at = (uint32_t)gen_below(&w->random, c->count + 1);
        c->ids[c->count++] = c->ids[at];
        c->ids[at] = id;
      }
    }
  }
  if (a->dist == WATDIV_ZIPFIAN && c->count > 0) {
    gen_zipf_make(&c->zipf, c->count);
  }
  if (a->once) {
    c->taken = gen_memory(c->count);
    memset(c->taken, 0, c->count);
  }
}

static void choice_free(choice* c) {
  free(c->ids);
  free(c->taken);
  gen_zipf_free(&c->zipf);
}

static uint32_t choice_place(watdiv* w, const watdiv_association* a, const choice* c) {
  if (a->dist == WATDIV_ZIPFIAN) {
    return gen_zipf_draw(&c->zipf, &w->random);
  }
  const uint32_t at = (uint32_t)lround(draw(w, a->dist) * c->count);
  return at < c->count ? at : c->count - 1;
}

/// An object, or false if a free one was not found in a few tries.
static bool choose(watdiv* w, const watdiv_association* a, choice* c, uint32_t* id) {
  uint32_t at = choice_place(w, a, c);
  for (unsigned tries = 0; a->once && c->taken[at]; tries++) {
    if (tries == TRIES_MAX) {
      return false;
    }
    at = choice_place(w, a, c);
  }
  if (a->once) {
    c->taken[at] = true;
  }
  *id = c->ids ? c->ids[at] : at;
  return true;
}

static void note_class(watdiv_model* m, const watdiv_association* a, uint32_t subject, uint32_t object) {
  for (uint32_t i = 0; i < m->class_count; i++) {
    watdiv_class* c = &m->classes[i];
    if (c->subject == a->subject && c->type == a->object && c->id == object) {
      c->member[subject] = true;
    }
  }
}

static void associate_one(watdiv* w, const watdiv_association* a, choice* c, uint32_t subject) {
  uint32_t count = a->right;
  if (a->spread != WATDIV_FIXED) {
    count = (uint32_t)lround(draw(w, a->spread) * count);
  }
  const bool classes = strcmp(a->iri, rdf_type) == 0;
  const watdiv_type* types = w->model.types;
  for (uint32_t i = 0, object; i < count; i++) {
    if (choose(w, a, c, &object)) {
      put_start(&w->out, &types[a->subject], subject, a->iri);
      GEN_PUT(&w->out, " ");
      put_node(&w->out, types[a->object].iri, object);
      GEN_PUT(&w->out, " .\n");
      if (classes) {
        note_class(&w->model, a, subject, object);
      }
    }
  }
}

static void associate(watdiv* w, const watdiv_association* a) {
  const bool* member = a->subject_class >= 0 ? w->model.classes[a->subject_class].member : NULL;
  choice c;
  choice_make(w, a, &c);
  for (uint32_t subject = 0; c.count > 0 && subject < w->model.types[a->subject].count; subject++) {
    if ((member == NULL || member[subject]) && gen_uniform(&w->random) <= a->cover) {
      associate_one(w, a, &c, subject);
    }
  }
  choice_free(&c);
}

static void generate(watdiv* w) {
  w->words = make_words(&w->random, WORDS, false);
  w->names = make_words(&w->random, NAMES, true);
  for (int restricted = 0; restricted < 2; restricted++) {
    for (uint32_t i = 0; i < w->model.type_count; i++) {
      attributes(w, &w->model.types[i], restricted);
    }
    for (uint32_t i = 0; i < w->model.association_count; i++) {
      if (w->model.associations[i].restricted == restricted) {
        associate(w, &w->model.associations[i]);
      }
    }
  }
}

/// `#mapping v1 wsdbm:Website uniform`, drawn.
typedef struct mapping {
  char variable[72];  ///< with its % signs
  int type;           ///< of the constant
  uint32_t id;        ///< the constant of the query at hand
} mapping;

enum { MAPPINGS_MAX = 8 };

static unsigned read_mappings(const watdiv* w, FILE* file, mapping maps[MAPPINGS_MAX]) {
  char line[LINE_BYTES], name[64], type[64], dist[64];
  unsigned count = 0;
  while (fgets(line, sizeof line, file)) {
    if (sscanf(line, "#mapping %60s %63s %63s", name, type, dist) == 3) {
      mapping* m = &maps[count];
      if (count++ == MAPPINGS_MAX || strcmp(dist, "uniform") != 0 ||
          (m->type = watdiv_model_type(&w->model, type)) < 0) {
        gen_die("a mapping is not understood: %s", line);
      }
      snprintf(m->variable, sizeof m->variable, "%%%s%%", name);
    }
  }
  return count;
}

/// A word of a query: names become IRIs, variables of mappings constants, anything else stays.
static void put_token(watdiv* w, const char* token, const mapping* maps, unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    if (strcmp(token, maps[i].variable) == 0) {
      put_node(&w->out, w->model.types[maps[i].type].iri, maps[i].id);
      return;
    }
  }
  char* iri = watdiv_model_expand(&w->model, token);
  if (iri) {
    GEN_PUT(&w->out, "<");
    gen_put(&w->out, iri, strlen(iri));
    GEN_PUT(&w->out, ">");
    free(iri);
  } else {
    gen_put(&w->out, token, strlen(token));
  }
}

static void put_query(watdiv* w, FILE* file, const mapping* maps, unsigned count) {
  char line[LINE_BYTES];
  while (fgets(line, sizeof line, file)) {
    if (line[0] == '#' || line[strspn(line, " \t\r\n")] == '\0') {
      continue;
    }
    gen_put(&w->out, "\t", line[0] == '\t' || line[0] == ' ');
    char* rest = NULL;
    const char* space = "";
    for (char* t = strtok_r(line, " \t\r\n", &rest); t; t = strtok_r(NULL, " \t\r\n", &rest)) {
      gen_line(&w->out);
      gen_put(&w->out, space, strlen(space));
      put_token(w, t, maps, count);
      space = " ";
    }
    GEN_PUT(&w->out, "\n");
  }
  GEN_PUT(&w->out, "\n");
}

/// The template `count` times with constants drawn anew, an empty line after each.
static void fill(watdiv* w, const char* path, unsigned long count) {
  FILE* file = fopen(path, "r");
  if (file == NULL) {
    gen_die("%s: cannot be opened", path);
  }
  mapping maps[MAPPINGS_MAX];
  const unsigned mapped = read_mappings(w, file, maps);
  for (unsigned long i = 0; i < count; i++) {
    for (unsigned k = 0; k < mapped; k++) {
      maps[k].id = (uint32_t)gen_below(&w->random, w->model.types[maps[k].type].count);
    }
    rewind(file);
    put_query(w, file, maps, mapped);
  }
  fclose(file);
}

int main(int argc, char** argv) {
  static const char usage[] = "usage: watdiv MODEL SCALE [--seed N] [--fill TEMPLATE COUNT]";
  static watdiv w;
  const double scale = argc > 2 ? atof(argv[2]) : 0;
  const char* template = NULL;
  unsigned long count = 0, seed = 1;
  for (int i = 3; i < argc; i++) {
    if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) {
      seed = strtoul(argv[++i], NULL, 10);
    } else if (strcmp(argv[i], "--fill") == 0 && i + 2 < argc) {
      template = argv[++i];
      count = strtoul(argv[++i], NULL, 10);
    } else {
      gen_die("%s", usage);
    }
  }
  if (!(scale > 0)) {
    gen_die("%s", usage);
  }
  watdiv_model_read(&w.model, argv[1], scale);
  w.random.state = seed * 0x2545f4914f6cdd1du;
  gen_out_open(&w.out, stdout);
  if (template) {
    fill(&w, template, count);
  } else {
    generate(&w);
  }
  return gen_out_close(&w.out) ? 0 : 1;
}
