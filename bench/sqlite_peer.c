// SQLite as a peer of the benchmark suite (bench/README.md): a dictionary, and triples WITHOUT ROWID under (p,s,o) with covering indexes
// (p,o,s), (o,s,p) and (s,p,o), so that every access path of a pattern exists. Tuned: no statement is prepared twice, large page cache, mmap,
// bulk load from a dictionary kept in memory with rows inserted in key order, ANALYZE at the end, WAL for transactions.
#include "peer.h"

#include <sqlite3.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct self {
  char path[4096];                                 // of the database
  sqlite3* db;                                     // open until close
  sqlite3_stmt* prepared;                          // the prepared query, or NULL
  sqlite3_stmt *term_get, *term_new, *triple_new;  // for inserts, made once
  struct predicate {
    char* iri;  // as it stands in {<iri>}
    sqlite3_int64 id;
  } * predicates;  // of the loaded data
  size_t predicate_count;
  int durable;  // what synchronous is set for: -1 unknown
} self;

static int failed(self* me, const char* what) { return peer_fail("%.300s: %s", what, sqlite3_errmsg(me->db)); }

static int execute(self* me, const char* sql) {
  return sqlite3_exec(me->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : failed(me, sql);
}

static const char schema[] =
    "create table if not exists term(id integer primary key, text text not null, kind text not null);"
    "create table if not exists t(p integer not null, s integer not null, o integer not null, primary key(p, s, o)) "
    "without rowid;";
static const char indexes[] =
    "create unique index if not exists term_text on term(text, kind);"
    "create index if not exists pos on t(p, o, s); create index if not exists osp on t(o, s, p); create index if not "
    "exists spo on t(s, p, o);";

static int read_predicates(self* me) {
  sqlite3_stmt* s = NULL;
  if (sqlite3_prepare_v2(me->db,
                         "with recursive x(p) as (select min(p) from t union all select (select min(p) from t where p "
                         "> x.p) from x where x.p is not null)"
                         " select id, text from x join term on id = x.p",
                         -1, &s, NULL) != SQLITE_OK) {
    return failed(me, "predicates");
  }
  me->predicate_count = 0;
  while (sqlite3_step(s) == SQLITE_ROW) {
    me->predicates = realloc(me->predicates, (me->predicate_count + 1) * sizeof *me->predicates);
    me->predicates[me->predicate_count++] =
        (struct predicate){strdup((const char*)sqlite3_column_text(s, 1)), sqlite3_column_int64(s, 0)};
  }
  sqlite3_finalize(s);
  return 0;
}

static int sq_open(void* arg, const char* store, const json* settings, const char** version, const char** told) {
  self* const me = arg;
  (void)settings;
  snprintf(me->path, sizeof me->path, "%s/store.sqlite", store);
  *version = sqlite3_libversion();
  *told =
      "dictionary; triples without rowid (p,s,o), covering indexes (p,o,s) (o,s,p) (s,p,o); ANALYZE; WAL; cache 1 GB, "
      "mmap 8 GB";
  if (sqlite3_open_v2(me->path, &me->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX, NULL) !=
      SQLITE_OK) {
    return failed(me, me->path);
  }
  me->durable = -1;
  return execute(me,
                 "pragma page_size = 4096; pragma journal_mode = wal; pragma cache_size = -1000000; pragma mmap_size = "
                 "8000000000; pragma temp_store = memory;"
                 "pragma threads = 2;") ||
         execute(me, schema) || read_predicates(me);
}

// ---- bulk load -----------------------------------------------------------------------------------------------------

typedef struct triple {
  uint32_t p, s, o;
} triple;

// A hash table of the terms' keys (kind and text), in one growing arena.
typedef struct dictionary {
  uint32_t* slots;  // term number, 0 = free
  size_t slot_count, term_count;
  char* arena;  // keys: text, zero, kind, zero
  size_t used, room;
  size_t* keys;  // place of term i (from 1) in the arena
  size_t key_room;
} dictionary;

static uint64_t hash_bytes(const char* text, size_t len) {
  uint64_t h = 0x9e3779b97f4a7c15u ^ len;
  for (; len >= 8; text += 8, len -= 8) {
    uint64_t w;
    memcpy(&w, text, 8);
    h = (h ^ w) * 0xff51afd7ed558ccdu;
    h ^= h >> 32;
  }
  uint64_t w = 0;
  memcpy(&w, text, len);
  h = (h ^ w) * 0xc4ceb9fe1a85ec53u;
  return h ^ h >> 29;
}

static void grow_slots(dictionary* d) {
  d->slot_count = d->slot_count ? d->slot_count * 2 : 1 << 16;
  free(d->slots);
  d->slots = calloc(d->slot_count, sizeof *d->slots);
  for (uint32_t id = 1; id <= d->term_count; id++) {
    const char* const key = d->arena + d->keys[id];
    const size_t text_len = strlen(key), len = text_len + 1 + strlen(key + text_len + 1);
    size_t i = hash_bytes(key, len) & (d->slot_count - 1);
    while (d->slots[i]) {
      i = (i + 1) & (d->slot_count - 1);
    }
    d->slots[i] = id;
  }
}

static size_t kind_text(const peer_term* term, char* kind, size_t room) {
  static const char* const prefix[] = {['i'] = "i", ['b'] = "b", ['s'] = "s", ['l'] = "@", ['t'] = "^"};
  return (size_t)snprintf(kind, room, "%s%s", prefix[(unsigned char)term->kind], term->type);
}

static uint32_t intern(dictionary* d, const peer_term* term) {
  char kind[1024];
  const size_t kind_len = kind_text(term, kind, sizeof kind), text_len = strlen(term->text),
               len = text_len + 1 + kind_len;
  if ((d->term_count + 1) * 2 > d->slot_count) {
    grow_slots(d);
  }
  if (d->used + len + 1 > d->room) {
    d->room = (d->used + len + 1) * 2;
    d->arena = realloc(d->arena, d->room);
  }
  char* const key = d->arena + d->used;
  memcpy(key, term->text, text_len + 1);
  memcpy(key + text_len + 1, kind, kind_len + 1);
  size_t i = hash_bytes(key, len) & (d->slot_count - 1);
  for (; d->slots[i]; i = (i + 1) & (d->slot_count - 1)) {
    if (memcmp(d->arena + d->keys[d->slots[i]], key, len + 1) == 0) {
      return d->slots[i];
    }
  }
  if (d->term_count + 2 > d->key_room) {
    d->key_room = (d->term_count + 2) * 2;
    d->keys = realloc(d->keys, d->key_room * sizeof *d->keys);
  }
  d->slots[i] = (uint32_t)++d->term_count;
  d->keys[d->term_count] = d->used;
  d->used += len + 1;
  return d->slots[i];
}

typedef struct rows {
  triple* all;
  size_t count, room;
} rows;

static int read_file(const char* path, dictionary* d, rows* r) {
  FILE* const in = fopen(path, "r");
  char* line = NULL;
  size_t room = 0;
  if (!in) {
    return peer_fail("cannot open %s", path);
  }
  while (getline(&line, &room, in) > 0) {
    peer_term s, p, o;
    char* at = peer_parse_term(line, &s);
    if (!at || !(at = peer_parse_term(at, &p)) || !peer_parse_term(at, &o)) {
      continue;
    }
    if (r->count == r->room) {
      r->room = r->room ? r->room * 2 : 1 << 20;
      r->all = realloc(r->all, r->room * sizeof *r->all);
    }
    const uint32_t si = intern(d, &s), pi = intern(d, &p);
    r->all[r->count++] = (triple){pi, si, intern(d, &o)};
  }
  free(line);
  fclose(in);
  return 0;
}

static int by_pso(const void* a, const void* b) {
  const triple *x = a, *y = b;
  return x->p != y->p ? (x->p < y->p ? -1 : 1) : x->s != y->s ? (x->s < y->s ? -1 : 1) : (x->o > y->o) - (x->o < y->o);
}

static int write_terms(self* me, const dictionary* d) {
  sqlite3_stmt* insert = NULL;
  sqlite3_prepare_v2(me->db, "insert into term values (?, ?, ?)", -1, &insert, NULL);
  for (size_t id = 1; id <= d->term_count; id++) {
    const char* const text = d->arena + d->keys[id];
    sqlite3_bind_int64(insert, 1, (sqlite3_int64)id);
    sqlite3_bind_text(insert, 2, text, -1, SQLITE_STATIC);
    sqlite3_bind_text(insert, 3, text + strlen(text) + 1, -1, SQLITE_STATIC);
    if (sqlite3_step(insert) != SQLITE_DONE) {
      return failed(me, "term");
    }
    sqlite3_reset(insert);
  }
  sqlite3_finalize(insert);
  return 0;
}

static int write_triples(self* me, rows* r, uint64_t* triples) {
  sqlite3_stmt* insert = NULL;
  sqlite3_prepare_v2(me->db, "insert into t(p, s, o) values (?, ?, ?)", -1, &insert, NULL);
  qsort(r->all, r->count, sizeof *r->all, by_pso);
  for (size_t i = 0; i < r->count; i++) {
    if (i && by_pso(&r->all[i - 1], &r->all[i]) == 0) {
      continue;
    }
    sqlite3_bind_int64(insert, 1, r->all[i].p);
    sqlite3_bind_int64(insert, 2, r->all[i].s);
    sqlite3_bind_int64(insert, 3, r->all[i].o);
    if (sqlite3_step(insert) != SQLITE_DONE) {
      return failed(me, "triple");
    }
    sqlite3_reset(insert);
    ++*triples;
  }
  sqlite3_finalize(insert);
  return 0;
}

static int sq_load(void* arg, char** files, size_t count, const char* format, uint64_t* triples) {
  self* const me = arg;
  dictionary d = {0};
  rows r = {0};
  if (strcmp(format, "nt") != 0) {
    return peer_cannot("no loader for %s", format);
  }
  int status = execute(me, "pragma journal_mode = off; pragma synchronous = off; begin");
  for (size_t i = 0; i < count && !status; i++) {
    status = read_file(files[i], &d, &r);
  }
  status = status || write_terms(me, &d) || write_triples(me, &r, triples) || execute(me, indexes) ||
           execute(me,
                   "commit; analyze; pragma journal_mode = wal; pragma synchronous = normal; begin immediate; pragma "
                   "user_version = 1; commit; pragma wal_checkpoint(truncate);");
  free(d.slots);
  free(d.arena);
  free(d.keys);
  free(r.all);
  me->durable = -1;
  return status ? -1 : read_predicates(me);
}

// ---- queries -------------------------------------------------------------------------------------------------------

static sqlite3_int64 predicate_id(const self* me, const char* iri, size_t len) {
  for (size_t i = 0; i < me->predicate_count; i++) {
    if (strlen(me->predicates[i].iri) == len && memcmp(me->predicates[i].iri, iri, len) == 0) {
      return me->predicates[i].id;
    }
  }
  return -1;
}

// The text with {<iri>} replaced by numbers. Caller frees.
static char* with_predicates(const self* me, const char* text) {
  char* const out = malloc(strlen(text) + 32);
  char* at = out;
  while (*text) {
    const char* const end = text[0] == '{' && text[1] == '<' ? strstr(text, ">}") : NULL;
    if (end) {
      at += sprintf(at, "%lld", predicate_id(me, text + 2, (size_t)(end - text - 2)));
      text = end + 2;
    } else {
      *at++ = *text++;
    }
  }
  *at = '\0';
  return out;
}

static int sq_prepare(void* arg, const char* text) {
  self* const me = arg;
  sqlite3_finalize(me->prepared);
  me->prepared = NULL;
  if (!text) {
    return 0;
  }
  char* const sql = with_predicates(me, text);
  const int status = sqlite3_prepare_v3(me->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &me->prepared, NULL);
  free(sql);
  return status == SQLITE_OK ? 0 : failed(me, text);
}

static int bind(sqlite3_stmt* s, const json* parameters) {
  char text[4096], name[64];
  for (const json* p = parameters ? parameters->child : NULL; p; p = p->next) {
    peer_term term;
    snprintf(text, sizeof text, "%s", p->text ? p->text : "");
    snprintf(name, sizeof name, "$%s", p->key);
    if (!peer_parse_term(text, &term)) {
      return peer_fail("parameter %s: %s", p->key, p->text);
    }
    sqlite3_bind_text(s, sqlite3_bind_parameter_index(s, name), term.text, -1, SQLITE_TRANSIENT);
  }
  return 0;
}

static void sum_column(sqlite3_stmt* s, int i, peer_row* row) {
  if (sqlite3_column_type(s, i) == SQLITE_FLOAT) {
    peer_column_real(row, sqlite3_column_double(s, i));
  } else {
    peer_column(row, (const char*)sqlite3_column_text(s, i), (size_t)sqlite3_column_bytes(s, i));
  }
}

static int fetch_all(self* me, sqlite3_stmt* s, peer_sink* sink) {
  const int columns = sqlite3_column_count(s);
  int status;
  while ((status = sqlite3_step(s)) == SQLITE_ROW) {
    for (int i = 0; i < columns && sink->fetch; i++) {
      if (sink->sum) {
        sum_column(s, i, &sink->row);
      } else {
        sqlite3_column_text(s, i);
      }
    }
    if (sink->sum) {
      peer_sink_row(sink);
    }
  }
  return status == SQLITE_DONE ? 0 : failed(me, "step");
}

static int sq_run(void* arg, const char* text, const json* parameters, peer_sink* sink) {
  self* const me = arg;
  sqlite3_stmt* s = me->prepared;
  if (text) {
    char* const sql = with_predicates(me, text);
    const int status = sqlite3_prepare_v2(me->db, sql, -1, &s, NULL);
    free(sql);
    if (status != SQLITE_OK) {
      return failed(me, text);
    }
  }
  int status = bind(s, parameters);
  status = status || fetch_all(me, s, sink);
  if (text) {
    sqlite3_finalize(s);
  } else {
    sqlite3_reset(s);
  }
  return status ? -1 : 0;
}

// ---- transactions --------------------------------------------------------------------------------------------------

static sqlite3_int64 term_id(self* me, const char* text) {
  sqlite3_int64 id = -1;
  sqlite3_bind_text(me->term_get, 1, text, -1, SQLITE_STATIC);
  if (sqlite3_step(me->term_get) == SQLITE_ROW) {
    id = sqlite3_column_int64(me->term_get, 0);
  }
  sqlite3_reset(me->term_get);
  if (id < 0) {
    sqlite3_bind_text(me->term_new, 1, text, -1, SQLITE_STATIC);
    sqlite3_step(me->term_new);
    sqlite3_reset(me->term_new);
    id = sqlite3_last_insert_rowid(me->db);
  }
  return id;
}

static int need_writer(self* me, int durable) {
  if (!me->term_get) {
    if (execute(me, schema) || execute(me, indexes)) {
      return -1;
    }
    sqlite3_prepare_v3(me->db, "select id from term where text = ? and kind = 'i'", -1, SQLITE_PREPARE_PERSISTENT,
                       &me->term_get, NULL);
    sqlite3_prepare_v3(me->db, "insert into term(text, kind) values (?, 'i')", -1, SQLITE_PREPARE_PERSISTENT,
                       &me->term_new, NULL);
    sqlite3_prepare_v3(me->db, "insert or ignore into t(s, p, o) values (?, ?, ?)", -1, SQLITE_PREPARE_PERSISTENT,
                       &me->triple_new, NULL);
  }
  if (me->durable == durable) {
    return 0;
  }
  me->durable = durable;
  return execute(me, durable ? "pragma synchronous = full" : "pragma synchronous = off");
}

static int sq_insert(void* arg, uint64_t first, unsigned size, int durable) {
  self* const me = arg;
  char s[64], p[64], o[64];
  if (need_writer(me, durable) || execute(me, "begin immediate")) {
    return -1;
  }
  for (uint64_t i = first; i < first + size; i++) {
    snprintf(s, sizeof s, "urn:bench:s%llu", (unsigned long long)i);
    snprintf(p, sizeof p, "urn:bench:p%llu", (unsigned long long)(i % 10));
    snprintf(o, sizeof o, "urn:bench:o%llu", (unsigned long long)(i * 7919 % 10000));
    sqlite3_bind_int64(me->triple_new, 1, term_id(me, s));
    sqlite3_bind_int64(me->triple_new, 2, term_id(me, p));
    sqlite3_bind_int64(me->triple_new, 3, term_id(me, o));
    if (sqlite3_step(me->triple_new) != SQLITE_DONE) {
      failed(me, "insert");
      execute(me, "rollback");
      return -1;
    }
    sqlite3_reset(me->triple_new);
  }
  return execute(me, "commit");
}

static int sq_reader(void* arg, const char* text, const json* parameters, const atomic_int* stop, uint64_t* runs,
                     double* ms, size_t ms_max) {
  const self* const shared = arg;
  self me = *shared;  // predicates are shared, the connection is not
  const json* p = parameters ? parameters->child : NULL;
  char* const sql = with_predicates(shared, text);
  sqlite3_stmt* s = NULL;
  int status = sqlite3_open_v2(me.path, &me.db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL);
  status = status || execute(&me, "pragma cache_size = -100000; pragma mmap_size = 8000000000;");
  status = status || sqlite3_prepare_v2(me.db, sql, -1, &s, NULL);
  if (status) {
    failed(&me, text);
  }
  for (*runs = 0; !status && !*stop; ++*runs) {
    peer_sink sink = {.fetch = 1};
    const double start = peer_now();
    status = bind(s, p) || fetch_all(&me, s, &sink);
    sqlite3_reset(s);
    ms[*runs % ms_max] = (peer_now() - start) * 1e3;
    p = p && p->next ? p->next : parameters ? parameters->child : NULL;
  }
  sqlite3_finalize(s);
  sqlite3_close(me.db);
  free(sql);
  return status ? -1 : 0;
}

// Full-text search over the texts of a predicate's objects, without diacritics; rowid is the term's number.
static int sq_index(void* arg, const json* predicates) {
  self* const me = arg;
  char sql[4096];
  if (execute(me,
              "drop table if exists words; create virtual table words using fts5(text, content='', tokenize='unicode61 "
              "remove_diacritics 2')")) {
    return -1;
  }
  for (const json* p = predicates ? predicates->child : NULL; p; p = p->next) {
    snprintf(sql, sizeof sql,
             "insert into words(rowid, text) select id, text from term where id in (select o from t where p = %lld)",
             predicate_id(me, p->text, strlen(p->text)));
    if (execute(me, sql)) {
      return -1;
    }
  }
  return execute(me, "insert into words(words) values ('optimize')");
}

static int sq_close(void* arg) {
  self* const me = arg;
  sqlite3_finalize(me->prepared);
  sqlite3_finalize(me->term_get);
  sqlite3_finalize(me->term_new);
  sqlite3_finalize(me->triple_new);
  sqlite3_close(me->db);
  for (size_t i = 0; i < me->predicate_count; i++) {
    free(me->predicates[i].iri);
  }
  free(me->predicates);
  return 0;
}

int main(void) {
  self me = {0};
  const peer_class class = {.open = sq_open,
                            .load = sq_load,
                            .prepare = sq_prepare,
                            .run = sq_run,
                            .insert = sq_insert,
                            .reader = sq_reader,
                            .index = sq_index,
                            .close = sq_close};
  return peer_main(&class, &me);
}
