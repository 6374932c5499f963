// Parley as a peer of the benchmark suite (bench/README.md), over parley.h alone.
#include "peer.h"

#include <parley.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct self {
  char path[4096];         // of the store
  char told[256];          // settings for the table
  unsigned threads;        // worker threads; 0 = processors
  parley* store;           // NULL until there is one
  parley* writer;          // a handle of its own for inserts, or NULL
  int writer_durable;      // of that handle
  parley_query* prepared;  // or NULL
} self;

static int failed(const char* what, const parley_error_object* error) {
  return peer_fail("%s: %s", what, parley_error_message(error));
}

static int open_handle(const self* me, unsigned flags, parley** store) {
  parley_error_object* error = NULL;
  const parley_options options = {.size = sizeof options, .flags = flags, .threads = me->threads};
  if (parley_open(me->path, &options, store, &error) != PARLEY_OK) {
    failed(me->path, error);
    parley_error_free(error);
    return -1;
  }
  return 0;
}

static int ply_open(void* arg, const char* store, const json* settings, const char** version, const char** told) {
  self* const me = arg;
  snprintf(me->path, sizeof me->path, "%s/store.parley", store);
  me->threads = (unsigned)json_number(settings, "threads", 0);
  snprintf(me->told, sizeof me->told, me->threads ? "%u threads" : "defaults", me->threads);
  *version = parley_version();
  *told = me->told;
  return access(me->path, F_OK) == 0 ? open_handle(me, 0, &me->store) : 0;
}

static int ply_load(void* arg, char** files, size_t count, const char* format, uint64_t* triples) {
  self* const me = arg;
  parley_error_object* error = NULL;
  parley_load_summary summary = {0};
  const parley_options options = {.size = sizeof options, .threads = me->threads};
  parley_input* const inputs = calloc(count + 1, sizeof *inputs);
  for (size_t i = 0; i < count; i++) {
    inputs[i] = (parley_input){.path = files[i], .format = format};
  }
  const parley_status status = parley_build(me->path, &options, inputs, count, NULL, NULL, &summary, &error);
  free(inputs);
  if (status != PARLEY_OK) {
    failed("load", error);
    parley_error_free(error);
    return -1;
  }
  *triples = summary.changes.facts_new;
  return open_handle(me, 0, &me->store);
}

// A store to read that may be empty.
static int need_store(self* me) { return me->store ? 0 : open_handle(me, PARLEY_OPEN_CREATE, &me->store); }

static int ply_prepare(void* arg, const char* text) {
  self* const me = arg;
  parley_finalize(me->prepared);
  me->prepared = NULL;
  if (!text) {
    return 0;
  }
  if (need_store(me)) {
    return -1;
  }
  if (parley_prepare(me->store, text, SIZE_MAX, &me->prepared, NULL) != PARLEY_OK) {
    failed(text, parley_query_error(me->prepared));
    parley_finalize(me->prepared);
    me->prepared = NULL;
    return -1;
  }
  return 0;
}

static parley_value value_of(const peer_term* term) {
  switch (term->kind) {
    case 'i':
      return parley_iri(term->text);
    case 'l':
      return parley_lang_string(term->text, term->type);
    case 't':
      return parley_typed(term->text, term->type);
    default:
      return parley_string(term->text);
  }
}

static int bind(parley_query* query, const json* parameters) {
  char text[4096];
  for (const json* p = parameters ? parameters->child : NULL; p; p = p->next) {
    peer_term term;
    snprintf(text, sizeof text, "%s", p->text ? p->text : "");
    if (!peer_parse_term(text, &term)) {
      return peer_fail("parameter %s: %s", p->key, p->text);
    }
    const parley_value value = value_of(&term);
    if (parley_bind(query, p->key, &value) != PARLEY_OK) {
      return failed("bind", parley_query_error(query));
    }
  }
  return 0;
}

static void sum_value(peer_row* row, const parley_value* v) {
  switch (v->type) {
    case PARLEY_NULL:
      peer_column(row, NULL, 0);
      return;
    case PARLEY_DECIMAL:
    case PARLEY_DOUBLE:
      peer_column_real(row, v->real);
      return;
    default:
      peer_column(row, v->text, v->text_len);
  }
}

static void take_row(parley_query* query, size_t columns, peer_sink* sink) {
  for (size_t i = 0; i < columns; i++) {
    parley_value v = {0};
    parley_column(query, i, &v);
    if (sink->sum) {
      sum_value(&sink->row, &v);
    }
  }
}

static int fetch_all(parley_query* query, peer_sink* sink) {
  const size_t columns = parley_column_count(query);
  parley_status status;
  while ((status = parley_step(query)) == PARLEY_ROW) {
    if (sink->fetch) {
      take_row(query, columns, sink);
    }
    if (sink->sum) {
      peer_sink_row(sink);
    }
  }
  return status == PARLEY_DONE ? 0 : failed("step", parley_query_error(query));
}

static int ply_run(void* arg, const char* text, const json* parameters, peer_sink* sink) {
  self* const me = arg;
  parley_query* query = me->prepared;
  if (text && need_store(me)) {
    return -1;
  }
  if (text && parley_prepare(me->store, text, SIZE_MAX, &query, NULL) != PARLEY_OK) {
    failed(text, parley_query_error(query));
    parley_finalize(query);
    return -1;
  }
  int status = bind(query, parameters);
  status = status || fetch_all(query, sink);
  if (text) {
    parley_finalize(query);
  } else {
    parley_reset(query);
  }
  return status ? -1 : 0;
}

static int need_writer(self* me, int durable) {
  if (me->writer && me->writer_durable == durable) {
    return 0;
  }
  parley_close(me->writer);
  me->writer = NULL;
  me->writer_durable = durable;
  return open_handle(me, PARLEY_OPEN_CREATE | (durable ? 0 : PARLEY_OPEN_NO_SYNC), &me->writer);
}

static parley_status add_fact(parley_txn* txn, uint64_t i) {
  char s[64], p[64], o[64];
  snprintf(s, sizeof s, "urn:bench:s%llu", (unsigned long long)i);
  snprintf(p, sizeof p, "urn:bench:p%llu", (unsigned long long)(i % 10));
  snprintf(o, sizeof o, "urn:bench:o%llu", (unsigned long long)(i * 7919 % 10000));
  const parley_value subject = parley_iri(s), predicate = parley_iri(p), object = parley_iri(o);
  return parley_add(txn, &subject, &predicate, &object, NULL, 0, NULL);
}

static int ply_insert(void* arg, uint64_t first, unsigned size, int durable) {
  self* const me = arg;
  parley_txn* txn = NULL;
  if (need_writer(me, durable)) {
    return -1;
  }
  if (parley_begin(me->writer, 1, &txn) != PARLEY_OK) {
    return failed("begin", parley_error(me->writer));
  }
  for (unsigned k = 0; k < size; k++) {
    if (add_fact(txn, first + k) != PARLEY_OK) {
      failed("add", parley_txn_error(txn));
      parley_rollback(txn);
      return -1;
    }
  }
  return parley_commit(txn) == PARLEY_OK ? 0 : failed("commit", parley_error(me->writer));
}

static int ply_reader(void* arg, const char* text, const json* parameters, const atomic_int* stop, uint64_t* runs,
                      double* ms, size_t ms_max) {
  self* const me = arg;
  parley_query* query = NULL;
  const json* p = parameters ? parameters->child : NULL;
  int status = parley_prepare(me->store, text, SIZE_MAX, &query, NULL) == PARLEY_OK
                   ? 0
                   : failed(text, parley_query_error(query));
  for (*runs = 0; !status && !*stop; ++*runs) {
    peer_sink sink = {.fetch = 1};
    const double start = peer_now();
    status = bind(query, p) || fetch_all(query, &sink);
    parley_reset(query);
    ms[*runs % ms_max] = (peer_now() - start) * 1e3;
    p = p && p->next ? p->next : parameters ? parameters->child : NULL;
  }
  parley_finalize(query);
  return status ? -1 : 0;
}

static int ply_index(void* arg, const json* predicates) {
  const self* const me = arg;
  parley_value values[8];
  size_t count = 0;
  for (const json* p = predicates ? predicates->child : NULL; p && count < 8; p = p->next) {
    values[count++] = parley_iri(p->text);
  }
  const parley_status status = parley_set_property(me->store, PARLEY_PROPERTY_TEXT, values, count);
  return status == PARLEY_OK ? 0 : failed("text index", parley_error(me->store));
}

static int ply_close(void* arg) {
  self* const me = arg;
  parley_finalize(me->prepared);
  parley_close(me->writer);
  parley_close(me->store);
  return 0;
}

int main(void) {
  self me = {0};
  const peer_class class = {.open = ply_open,
                            .load = ply_load,
                            .prepare = ply_prepare,
                            .run = ply_run,
                            .insert = ply_insert,
                            .reader = ply_reader,
                            .index = ply_index,
                            .close = ply_close};
  return peer_main(&class, &me);
}
