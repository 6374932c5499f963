/// meetings (nt|jsonl) LINES [SEED]: a graph of meetings, as facts in N-Triples or as assertions in JSON Lines.
///
/// Officials with names from syllables (no real people) belong to parties, hold posts for terms, and attend meetings;
/// meetings have a date, a place, a topic and agreements; articles report on them. Some officials attend very many
/// meetings, most few (Zipf). As facts a term is a node with official, post, from and until. As assertions every line
/// is what one article says, with span, confidence and time, so that the same fact has several sources and articles
/// sometimes differ. Whatever belongs to a thing (name, party, terms) is computed from its number and the seed.
#include "gen.h"

#include <stdlib.h>
#include <string.h>

enum {
  LINES_PER_MEETING = 22,  // of N-Triples, with the officials' share
  ROWS_PER_MEETING = 12,   // of JSON Lines
  MEETINGS_PER_OFFICIAL = 4,
  OFFICIALS_MAX = 200000000,
  DAY_FIRST = 10957,  // 2000-01-01
  DAYS = 9131,        // to the end of 2024
  PARTICIPANTS_MAX = 8,
  TERMS_MAX = 3
};

typedef struct graph {
  gen_random random;   ///< draws of what comes now
  gen_out out;         ///< lines
  uint64_t seed;       ///< of what is computed from numbers
  uint32_t officials;  ///< numbered from 0, as are the others
  uint32_t parties;
  uint32_t posts;
  uint32_t places;
  uint32_t agreements;  ///< so far
  uint32_t articles;    ///< so far
  gen_zipf fame;        ///< who attends
  gen_zipf party_size;  ///< parties and places are skewed too
  gen_zipf place_size;
} graph;

typedef struct meeting {
  uint32_t id;                              ///< number
  uint32_t day;                             ///< since 1970-01-01
  uint32_t place;                           ///< where
  uint32_t count;                           ///< participants
  uint32_t participants[PARTICIPANTS_MAX];  ///< officials, all different
} meeting;

typedef struct term {
  uint32_t post;   ///< held
  uint32_t from;   ///< day
  uint32_t until;  ///< day
} term;

/// Random numbers that belong to one thing: the same whenever it is met.
static gen_random random_of(const graph* g, unsigned kind, uint32_t id) {
  gen_random r = {.state = g->seed ^ ((uint64_t)kind << 56) ^ ((uint64_t)id << 8)};
  r.state = gen_next(&r);
  return r;
}

enum { OF_NAME, OF_PARTY, OF_TERM, OF_BIRTH, OF_POST };

static bool full(const graph* g) { return g->out.lines >= g->out.lines_max; }

static const char* pick(gen_random* r, const char* const* list, uint64_t count) { return list[gen_below(r, count)]; }

static void put_text(gen_out* out, const char* text) { gen_put(out, text, strlen(text)); }

#define PICK(out, r, list) put_text((out), pick((r), (list), sizeof(list) / sizeof *(list)))

static void put_name(graph* g, uint32_t official) {
  static const char* const onsets[] = {"Ng", "Tr", "Kh", "Đ", "Th", "Ph", "Gi", "L"};
  static const char* const rimes[] = {"ạn", "ường", "ỹ", "ươi", "ấp", "ộn", "ễu", "ảng", "ọc", "ỳnh"};
  static const char* const heads[] = {"Bře", "Čed", "Žul", "Šem", "Kří", "Gök",
                                      "Çel", "Şar", "Bjø", "Kjæ", "Łą",  "Nió"};
  static const char* const tails[] = {"tin", "šek", "řich", "nak",  "ğan", "lund",
                                      "dal", "ćko", "mán",  "sson", "ő",   "lav"};
  gen_random r = random_of(g, OF_NAME, official);
  gen_out* out = &g->out;
  if (gen_below(&r, 2)) {
    for (unsigned i = 0; i < 3; i++) {
      gen_put(out, " ", i > 0);
      PICK(out, &r, onsets);
      PICK(out, &r, rimes);
    }
  } else {
    for (unsigned i = 0; i < 2; i++) {
      gen_put(out, " ", i > 0);
      PICK(out, &r, heads);
      PICK(out, &r, tails);
    }
  }
  GEN_PUT(out, " ");
  gen_put_number(out, official);
}

static void put_post(graph* g, uint32_t post) {
  static const char* const ranks[] = {"Minister",   "Deputy Minister", "Vice Minister",
                                      "Ambassador", "Spokesperson",    "Chair"};
  static const char* const fields[] = {"Trade",   "Transport", "Culture", "Water",
                                       "Science", "Health",    "Ports",   "Energy"};
  gen_random r = random_of(g, OF_POST, post);
  PICK(&g->out, &r, ranks);
  GEN_PUT(&g->out, " of ");
  PICK(&g->out, &r, fields);
  GEN_PUT(&g->out, " ");
  gen_put_number(&g->out, post);
}

static uint32_t party_of(const graph* g, uint32_t official) {
  gen_random r = random_of(g, OF_PARTY, official);
  return gen_zipf_draw(&g->party_size, &r);
}

/// The terms of an official, one after the other; returns how many.
static unsigned terms_of(const graph* g, uint32_t official, term terms[TERMS_MAX]) {
  gen_random r = random_of(g, OF_TERM, official);
  const unsigned count = 1 + (unsigned)gen_below(&r, TERMS_MAX);
  uint32_t day = DAY_FIRST + (uint32_t)gen_below(&r, DAYS / 2);
  for (unsigned i = 0; i < count; i++) {
    terms[i] = (term){.post = (uint32_t)gen_below(&r, g->posts), .from = day};
    day += 200 + (uint32_t)gen_below(&r, 1600);
    terms[i].until = day - 1;
  }
  return count;
}

/// A famous official has any number: the order of fame is not the order of numbers.
static uint32_t draw_official(graph* g) {
  const uint64_t rank = gen_zipf_draw(&g->fame, &g->random);
  return (uint32_t)((rank * 2654435761u + 40503) % g->officials);
}

static void draw_meeting(graph* g, uint32_t id, meeting* m) {
  gen_random* r = &g->random;
  *m = (meeting){.id = id, .day = DAY_FIRST + (uint32_t)gen_below(r, DAYS)};
  m->place = gen_zipf_draw(&g->place_size, r);
  const uint64_t wanted = 2 + gen_below(r, PARTICIPANTS_MAX - 1);
  for (uint64_t i = 0; i < wanted; i++) {
    const uint32_t who = draw_official(g);
    bool again = false;
    for (uint32_t k = 0; k < m->count; k++) {
      again = again || m->participants[k] == who;
    }
    if (!again) {
      m->participants[m->count++] = who;
    }
  }
}

// ---- facts ---------------------------------------------------------------------------------------------------------

#define BASE "http://example.org/meetings/"
#define XSD_DATE "http://www.w3.org/2001/XMLSchema#date"

static void put_iri(gen_out* out, const char* kind, uint32_t id) {
  GEN_PUT(out, "<" BASE);
  put_text(out, kind);
  gen_put_number(out, id);
  GEN_PUT(out, ">");
}

static void begin(graph* g, const char* kind, uint32_t id, const char* predicate) {
  gen_line(&g->out);
  put_iri(&g->out, kind, id);
  GEN_PUT(&g->out, " <" BASE);
  put_text(&g->out, predicate);
  GEN_PUT(&g->out, "> ");
}

static void end(graph* g) { GEN_PUT(&g->out, " .\n"); }

static void fact_node(graph* g, const char* kind, uint32_t id, const char* predicate, const char* object, uint32_t to) {
  begin(g, kind, id, predicate);
  put_iri(&g->out, object, to);
  end(g);
}

static void fact_date(graph* g, const char* kind, uint32_t id, const char* predicate, uint32_t day) {
  begin(g, kind, id, predicate);
  GEN_PUT(&g->out, "\"");
  gen_put_date(&g->out, day);
  GEN_PUT(&g->out, "\"^^<" XSD_DATE ">");
  end(g);
}

static void fact_class(graph* g, const char* kind, uint32_t id, const char* class) {
  gen_line(&g->out);
  put_iri(&g->out, kind, id);
  GEN_PUT(&g->out, " <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <" BASE);
  put_text(&g->out, class);
  GEN_PUT(&g->out, "> .\n");
}

static void fact_label(graph* g, const char* kind, uint32_t id, void (*put)(graph*, uint32_t)) {
  gen_line(&g->out);
  put_iri(&g->out, kind, id);
  GEN_PUT(&g->out, " <http://www.w3.org/2000/01/rdf-schema#label> \"");
  put(g, id);
  GEN_PUT(&g->out, "\" .\n");
}

static void facts_of_official(graph* g, uint32_t id) {
  term terms[TERMS_MAX];
  gen_random birth = random_of(g, OF_BIRTH, id);
  fact_class(g, "official", id, "Official");
  fact_label(g, "official", id, put_name);
  fact_node(g, "official", id, "member_of", "party", party_of(g, id));
  fact_date(g, "official", id, "born", (uint32_t)gen_below(&birth, 10000));
  const unsigned count = terms_of(g, id, terms);
  for (unsigned i = 0; i < count && !full(g); i++) {
    const uint32_t node = id * TERMS_MAX + i;
    fact_node(g, "term", node, "official", "official", id);
    fact_node(g, "term", node, "post", "post", terms[i].post);
    fact_date(g, "term", node, "from", terms[i].from);
    fact_date(g, "term", node, "until", terms[i].until);
    fact_node(g, "official", id, "holds_post", "post", terms[i].post);
  }
}

static void put_topic(graph* g, uint32_t id) {
  static const char* const what[] = {"Talks on", "Visit about", "Round table on", "Working session on"};
  static const char* const topics[] = {"rail freight", "fisheries", "river dams", "student exchange", "grain prices",
                                       "border posts", "vaccines",  "sea cables", "museum loans",     "solar parks"};
  PICK(&g->out, &g->random, what);
  GEN_PUT(&g->out, " ");
  PICK(&g->out, &g->random, topics);
  GEN_PUT(&g->out, ", session ");
  gen_put_number(&g->out, id % 1000);
}

static void facts_of_agreement(graph* g, const meeting* m) {
  const uint32_t id = g->agreements++;
  fact_class(g, "agreement", id, "Agreement");
  fact_node(g, "agreement", id, "concluded_at", "meeting", m->id);
  fact_date(g, "agreement", id, "signed_on", m->day);
  fact_node(g, "agreement", id, "signed_by", "official", m->participants[0]);
  fact_node(g, "agreement", id, "signed_by", "official", m->participants[m->count - 1]);
}

static void facts_of_article(graph* g, const meeting* m) {
  const uint32_t id = g->articles++;
  fact_class(g, "article", id, "Article");
  fact_date(g, "article", id, "published_on", m->day + (uint32_t)gen_below(&g->random, 10));
  fact_node(g, "article", id, "reports_on", "meeting", m->id);
  fact_node(g, "article", id, "mentions", "official", m->participants[gen_below(&g->random, m->count)]);
}

static void facts_of_meeting(graph* g, const meeting* m) {
  fact_class(g, "meeting", m->id, "Meeting");
  fact_label(g, "meeting", m->id, put_topic);
  fact_date(g, "meeting", m->id, "held_on", m->day);
  fact_node(g, "meeting", m->id, "held_in", "place", m->place);
  for (uint32_t i = 0; i < m->count && !full(g); i++) {
    fact_node(g, "official", m->participants[i], "attended", "meeting", m->id);
  }
  for (uint64_t n = gen_below(&g->random, 4) / 2; n > 0 && !full(g); n--) {
    facts_of_agreement(g, m);
  }
  for (uint64_t n = 1 + gen_below(&g->random, 3) / 2; n > 0 && !full(g); n--) {
    facts_of_article(g, m);
  }
}

// ---- assertions ----------------------------------------------------------------------------------------------------

static void row_begin(graph* g) {
  gen_line(&g->out);
  GEN_PUT(&g->out, "{\"subject\": \"");
}

static void put_thing(graph* g, const char* kind, uint32_t id) {
  put_text(&g->out, kind);
  GEN_PUT(&g->out, " ");
  gen_put_number(&g->out, id);
}

/// Two digits, most of them near 1.
static void put_confidence(graph* g) {
  const uint64_t missing = gen_below(&g->random, 51) * gen_below(&g->random, 101) / 100;
  put_text(&g->out, missing == 0 ? "1." : "0.");
  if (missing == 0) {
    GEN_PUT(&g->out, "0");
  } else {
    const char digits[2] = {(char)('0' + (100 - missing) / 10), (char)('0' + (100 - missing) % 10)};
    gen_put(&g->out, digits, 2);
  }
}

/// `, "from": "2012-03-04"`; now and then an article knows only the year.
static void put_time(graph* g, const char* key, uint32_t day) {
  GEN_PUT(&g->out, ", \"");
  put_text(&g->out, key);
  GEN_PUT(&g->out, "\": \"");
  gen_put_date(&g->out, day);
  if (gen_below(&g->random, 8) == 0) {
    g->out.len -= sizeof "-01-01" - 1;
  }
  GEN_PUT(&g->out, "\"");
}

static void row_source(graph* g, uint32_t article) {
  const uint64_t start = gen_below(&g->random, 5000);
  GEN_PUT(&g->out, ", \"source\": \"");
  put_thing(g, "article", article);
  GEN_PUT(&g->out, "\", \"span\": [");
  gen_put_number(&g->out, start);
  GEN_PUT(&g->out, ", ");
  gen_put_number(&g->out, start + 10 + gen_below(&g->random, 90));
  GEN_PUT(&g->out, "], \"confidence\": ");
  put_confidence(g);
}

static void row_end(graph* g) { GEN_PUT(&g->out, "}\n"); }

static void row_official(graph* g, uint32_t official, const char* predicate) {
  row_begin(g);
  put_name(g, official);
  GEN_PUT(&g->out, "\", \"subject_type\": \"Official\", \"predicate\": \"");
  put_text(&g->out, predicate);
  GEN_PUT(&g->out, "\", \"object\": \"");
}

/// What an article says of one participant: that they were there, and sometimes their party and a post.
static void rows_of_participant(graph* g, const meeting* m, uint32_t official, uint32_t article) {
  term terms[TERMS_MAX];
  row_official(g, official, "attended");
  put_thing(g, "meeting", m->id);
  GEN_PUT(&g->out, "\", \"object_type\": \"Meeting\"");
  row_source(g, article);
  put_time(g, "on", m->day);
  row_end(g);
  if (!full(g) && gen_below(&g->random, 3) == 0) {
    const term* t = &terms[gen_below(&g->random, terms_of(g, official, terms))];
    row_official(g, official, "holds_post");
    put_post(g, t->post);
    GEN_PUT(&g->out, "\", \"object_type\": \"Post\"");
    row_source(g, article);
    put_time(g, "from", t->from);
    if (gen_below(&g->random, 3) > 0) {
      put_time(g, "until", t->until);
    }
    row_end(g);
  }
  if (!full(g) && gen_below(&g->random, 8) == 0) {
    row_official(g, official, "member_of");
    put_thing(g, "Party", party_of(g, official));
    GEN_PUT(&g->out, "\", \"object_type\": \"Party\"");
    row_source(g, article);
    row_end(g);
  }
}

static void row_date(graph* g, const char* kind, uint32_t id, const char* predicate, uint32_t day, uint32_t article) {
  row_begin(g);
  put_thing(g, kind, id);
  GEN_PUT(&g->out, "\", \"predicate\": \"");
  put_text(&g->out, predicate);
  GEN_PUT(&g->out, "\", \"object\": {\"value\": \"");
  gen_put_date(&g->out, day);
  GEN_PUT(&g->out, "\", \"type\": \"date\"}");
  row_source(g, article);
  row_end(g);
}

static void row_things(graph* g, const char* kind, uint32_t id, const char* predicate, const char* object, uint32_t to,
                       uint32_t article) {
  row_begin(g);
  put_thing(g, kind, id);
  GEN_PUT(&g->out, "\", \"predicate\": \"");
  put_text(&g->out, predicate);
  GEN_PUT(&g->out, "\", \"object\": \"");
  put_thing(g, object, to);
  GEN_PUT(&g->out, "\"");
  row_source(g, article);
}

/// One article in ten has the day wrong by one.
static void rows_of_article(graph* g, const meeting* m) {
  const uint32_t id = g->articles++;
  const uint32_t day = m->day - (gen_below(&g->random, 10) == 0);
  row_date(g, "article", id, "published_on", m->day + (uint32_t)gen_below(&g->random, 10), id);
  row_things(g, "article", id, "reports_on", "meeting", m->id, id);
  row_end(g);
  row_date(g, "meeting", m->id, "held_on", day, id);
  row_things(g, "meeting", m->id, "held_in", "Place", m->place, id);
  put_time(g, "on", day);
  row_end(g);
  for (uint32_t i = 0; i < m->count && !full(g); i++) {
    if (gen_below(&g->random, 5) > 0) {
      rows_of_participant(g, m, m->participants[i], id);
    }
  }
  if (!full(g) && gen_below(&g->random, 3) == 0) {
    row_things(g, "agreement", m->id, "concluded_at", "meeting", m->id, id);
    put_time(g, "on", day);
    row_end(g);
  }
}

static void rows_of_meeting(graph* g, const meeting* m) {
  for (uint64_t n = 1 + gen_below(&g->random, 3); n > 0 && !full(g); n--) {
    rows_of_article(g, m);
  }
}

// ---- all of it -----------------------------------------------------------------------------------------------------

static void start(graph* g, uint64_t lines, uint64_t seed, unsigned per_meeting) {
  const uint64_t officials = lines / per_meeting / MEETINGS_PER_OFFICIAL + 10;
  if (lines == 0 || officials > OFFICIALS_MAX) {
    gen_die("LINES is out of range");
  }
  *g = (graph){.seed = seed * 0x2545f4914f6cdd1du, .officials = (uint32_t)officials};
  g->random.state = g->seed + 1;
  g->parties = 20 + g->officials / 500;
  g->places = 50 + g->officials / 100;
  g->posts = 20 + g->officials / 3;
  gen_zipf_make(&g->fame, g->officials);
  gen_zipf_make(&g->party_size, g->parties);
  gen_zipf_make(&g->place_size, g->places);
  gen_out_open(&g->out, stdout);
  g->out.lines_max = lines;
}

static void make_facts(graph* g) {
  for (uint32_t i = 0; i < g->posts && !full(g); i++) {
    fact_class(g, "post", i, "Post");
    fact_label(g, "post", i, put_post);
  }
  for (uint32_t i = 0; i < g->officials && !full(g); i++) {
    facts_of_official(g, i);
  }
  meeting m;
  for (uint32_t i = 0; !full(g); i++) {
    draw_meeting(g, i, &m);
    facts_of_meeting(g, &m);
  }
}

static void make_rows(graph* g) {
  meeting m;
  for (uint32_t i = 0; !full(g); i++) {
    draw_meeting(g, i, &m);
    rows_of_meeting(g, &m);
  }
}

int main(int argc, char** argv) {
  static graph g;
  const bool facts = argc > 1 && strcmp(argv[1], "nt") == 0;
  if (argc < 3 || argc > 4 || (!facts && strcmp(argv[1], "jsonl") != 0)) {
    gen_die("usage: meetings (nt|jsonl) LINES [SEED]");
  }
  const uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1;
  start(&g, strtoull(argv[2], NULL, 10), seed, facts ? LINES_PER_MEETING : ROWS_PER_MEETING);
  if (facts) {
    make_facts(&g);
  } else {
    make_rows(&g);
  }
  return gen_out_close(&g.out) ? 0 : 1;
}
