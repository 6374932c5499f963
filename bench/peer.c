// The loop of a peer: one JSON request a line in, one answer out.
#include "peer.h"

#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

// ---- rows ----------------------------------------------------------------------------------------------------------

void peer_column(peer_row* row, const char* text, size_t len) {
  len = text ? len : 0;
  if (row->len + len + 2 > row->room) {
    row->room = (row->len + len + 2) * 2;
    row->text = realloc(row->text, row->room);
  }
  if (row->columns++) {
    row->text[row->len++] = '\t';
  }
  if (len) {
    memcpy(row->text + row->len, text, len);
  }
  row->len += len;
}

void peer_column_real(peer_row* row, double value) {
  char text[40];
  const int whole = fabs(value) < 1e15 && value == floor(value);
  const int len = whole ? snprintf(text, sizeof text, "%.0f", value) : snprintf(text, sizeof text, "%.6g", value);
  peer_column(row, text, (size_t)len);
}

void peer_sink_row(peer_sink* sink) {
  const Bytef* const text = (const Bytef*)(sink->row.text ? sink->row.text : "");
  const uint64_t crc = crc32(0, text, (uInt)sink->row.len), adler = adler32(1, text, (uInt)sink->row.len);
  sink->total += (crc << 32) + adler;
  sink->rows++;
  sink->row.len = sink->row.columns = 0;
}

// ---- the loop ------------------------------------------------------------------------------------------------------

static pthread_mutex_t message_lock = PTHREAD_MUTEX_INITIALIZER;  // readers complain too
static char message[4096];
static const char* message_kind;

static int complain(const char* kind, const char* format, va_list rest) {
  pthread_mutex_lock(&message_lock);
  message_kind = kind;
  vsnprintf(message, sizeof message, format, rest);
  pthread_mutex_unlock(&message_lock);
  return -1;
}

int peer_fail(const char* format, ...) {
  va_list rest;
  va_start(rest, format);
  complain("error", format, rest);
  va_end(rest);
  return -1;
}

int peer_cannot(const char* format, ...) {
  va_list rest;
  va_start(rest, format);
  complain("cannot", format, rest);
  va_end(rest);
  return -1;
}

double peer_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void print_text(const char* text) {
  putchar('"');
  for (const char* p = text; *p; p++) {
    if ((unsigned char)*p < 0x20 || *p == '"' || *p == '\\') {
      printf("\\u%04x", (unsigned)(unsigned char)*p);
    } else {
      putchar(*p);
    }
  }
  putchar('"');
}

static void print_times(const double* ms, size_t count) {
  printf("\"ms\":[");
  for (size_t i = 0; i < count; i++) {
    printf("%s%.6g", i ? "," : "", ms[i]);
  }
  printf("]");
}

static int do_open(const peer_class* class, void* self, const json* request) {
  const char *version = "", *told = "";
  if (class->open(self, json_text(request, "store", "."), json_get(request, "settings"), &version, &told)) {
    return -1;
  }
  printf("{\"version\":");
  print_text(version);
  printf(",\"settings\":");
  print_text(told);
  printf("}");
  return 0;
}

static int do_load(const peer_class* class, void* self, const json* request) {
  const json* const files = json_get(request, "files");
  const json** const list = json_elements(files);
  const size_t count = files ? files->count : 0;
  char** const paths = calloc(count + 1, sizeof *paths);
  for (size_t i = 0; i < count; i++) {
    paths[i] = list[i]->text;
  }
  uint64_t triples = 0;
  const double start = peer_now();
  const int status = class->load(self, paths, count, json_text(request, "format", "nt"), &triples);
  if (!status) {
    printf("{\"seconds\":%.6f,\"triples\":%llu}", peer_now() - start, (unsigned long long)triples);
  }
  free(paths);
  free(list);
  return status;
}

// A run request, taken apart.
typedef struct job {
  const json **texts, **parameters;
  size_t text_count, parameter_count;
  int prepared;
} job;

static int run_once(const peer_class* class, void* self, const job* j, size_t i, peer_sink* sink) {
  const char* const text = j->prepared ? NULL : j->texts[i % j->text_count]->text;
  return class->run(self, text, j->parameter_count ? j->parameters[i % j->parameter_count] : NULL, sink);
}

static int check_round(const peer_class* class, void* self, const job* j, size_t round, peer_sink* sink) {
  sink->sum = sink->fetch = 1;
  for (size_t i = 0; i < round; i++) {
    if (run_once(class, self, j, i, sink)) {
      return -1;
    }
  }
  return 0;
}

static int timed_rounds(const peer_class* class, void* self, const job* j, const json* request, double* ms,
                        size_t* count) {
  const size_t times = (size_t)json_number(request, "times", 5), group = (size_t)json_number(request, "group", 1);
  const double limit = json_number(request, "seconds", 10), begin = peer_now();
  peer_sink sink = {.fetch = strcmp(json_text(request, "fetch", "rows"), "rows") == 0};
  for (*count = 0; *count < times && (*count == 0 || peer_now() - begin < limit); (*count)++) {
    const double start = peer_now();
    for (size_t k = 0; k < group; k++) {
      if (run_once(class, self, j, *count * group + k, &sink)) {
        return -1;
      }
    }
    ms[*count] = (peer_now() - start) * 1e3 / (double)group;
  }
  return 0;
}

static int run_job(const peer_class* class, void* self, const json* request, const job* j) {
  const size_t times = (size_t)json_number(request, "times", 5);
  const size_t round = j->text_count > j->parameter_count ? j->text_count : j->parameter_count;
  const int cold = json_number(request, "cold", 0) != 0;
  double* const ms = calloc(times + 1, sizeof *ms);
  size_t count = 0;
  peer_sink sink = {0};
  int status = !cold && check_round(class, self, j, round, &sink);
  status = status || timed_rounds(class, self, j, request, ms, &count);
  status = status || (cold && check_round(class, self, j, round, &sink));
  if (!status) {
    printf("{\"rows\":%llu,\"sum\":\"%016llx\",", (unsigned long long)sink.rows, (unsigned long long)sink.total);
    print_times(ms, count);
    printf("}");
  }
  free(sink.row.text);
  free(ms);
  return status ? -1 : 0;
}

static int do_run(const peer_class* class, void* self, const json* request) {
  const json *texts = json_get(request, "texts"), *parameters = json_get(request, "parameters");
  if (!texts || !texts->count) {
    return peer_fail("no texts");
  }
  job j = {.texts = json_elements(texts),
           .text_count = texts->count,
           .parameters = json_elements(parameters),
           .parameter_count = parameters ? parameters->count : 0};
  j.prepared = strcmp(json_text(request, "mode", "new"), "prepared") == 0;
  int status = j.prepared && class->prepare(self, j.texts[0]->text);
  status = status || run_job(class, self, request, &j);
  if (j.prepared) {
    class->prepare(self, NULL);
  }
  free(j.texts);
  free(j.parameters);
  return status ? -1 : 0;
}

static int do_insert(const peer_class* class, void* self, const json* request) {
  const size_t batches = (size_t)json_number(request, "batches", 1);
  const unsigned size = (unsigned)json_number(request, "size", 1);
  uint64_t first = (uint64_t)json_number(request, "first", 0);
  double* const ms = calloc(batches + 1, sizeof *ms);
  int status = 0;
  for (size_t i = 0; i < batches && !status; i++, first += size) {
    const double start = peer_now();
    status = class->insert(self, first, size, json_number(request, "durable", 1) != 0);
    ms[i] = (peer_now() - start) * 1e3;
  }
  if (!status) {
    printf("{");
    print_times(ms, batches);
    printf("}");
  }
  free(ms);
  return status;
}

// ---- readers beside a writer ----------------------------------------------------------------------------------------

enum { READER_MS = 1250, READERS_MAX = 64 };

typedef struct reader {
  const peer_class* class;
  void* self;
  const json* request;
  const atomic_int* stop;
  pthread_t thread;
  uint64_t runs;
  double ms[READER_MS];
  int status;
} reader;

static void* reader_main(void* arg) {
  reader* const r = arg;
  r->status = r->class->reader(r->self, json_text(r->request, "text", ""), json_get(r->request, "parameters"), r->stop,
                               &r->runs, r->ms, READER_MS);
  return NULL;
}

static uint64_t write_until(const peer_class* class, void* self, double end, int writing) {
  uint64_t writes = 0;
  while (peer_now() < end) {
    if (!writing) {
      nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    } else if (class->insert(self, 1000000000 + writes, 1, 0)) {
      break;
    } else {
      writes++;
    }
  }
  return writes;
}

static void print_readers(const reader* readers, size_t count, uint64_t writes) {
  uint64_t runs = 0;
  size_t kept = 0;
  double* const ms = calloc(count * READER_MS + 1, sizeof *ms);
  for (size_t i = 0; i < count; i++) {
    runs += readers[i].runs;
    for (size_t k = 0; k < READER_MS && k < readers[i].runs; k++) {
      ms[kept++] = readers[i].ms[k];
    }
  }
  printf("{\"reads\":%llu,\"writes\":%llu,", (unsigned long long)runs, (unsigned long long)writes);
  print_times(ms, kept < 10000 ? kept : 10000);
  printf("}");
  free(ms);
}

static int do_concurrent(const peer_class* class, void* self, const json* request) {
  size_t count = (size_t)json_number(request, "readers", 8);
  if (!class->reader) {
    return peer_cannot("no threads");
  }
  count = count < READERS_MAX ? count : READERS_MAX;
  atomic_int stop = 0;
  reader* const readers = calloc(count + 1, sizeof *readers);
  for (size_t i = 0; i < count; i++) {
    readers[i] = (reader){.class = class, .self = self, .request = request, .stop = &stop};
    pthread_create(&readers[i].thread, NULL, reader_main, &readers[i]);
  }
  const uint64_t writes =
      write_until(class, self, peer_now() + json_number(request, "seconds", 3), json_number(request, "writer", 1) != 0);
  stop = 1;
  int status = 0;
  for (size_t i = 0; i < count; i++) {
    pthread_join(readers[i].thread, NULL);
    status |= readers[i].status;
  }
  if (!status) {
    print_readers(readers, count, writes);
  }
  free(readers);
  return status ? -1 : 0;
}

static int answer(const peer_class* class, void* self, const json* request) {
  const char* const what = json_text(request, "do", "");
  if (strcmp(what, "open") == 0) {
    return do_open(class, self, request);
  }
  if (strcmp(what, "load") == 0) {
    return do_load(class, self, request);
  }
  if (strcmp(what, "run") == 0) {
    return do_run(class, self, request);
  }
  if (strcmp(what, "insert") == 0) {
    return class->insert ? do_insert(class, self, request) : peer_cannot("nothing is stored");
  }
  if (strcmp(what, "concurrent") == 0) {
    return do_concurrent(class, self, request);
  }
  if (strcmp(what, "index") == 0 && class->index) {
    if (class->index(self, json_get(request, "text"))) {
      return -1;
    }
    printf("{}");
    return 0;
  }
  return peer_cannot("unknown request");
}

int peer_main(const peer_class* class, void* self) {
  char* line = NULL;
  size_t room = 0;
  int closed = 0;
  while (!closed && getline(&line, &room, stdin) > 0) {
    json request = {0};
    json_read(line, &request);
    closed = strcmp(json_text(&request, "do", ""), "close") == 0;
    if (closed) {
      class->close(self);
      printf("{}");
    } else if (answer(class, self, &request)) {
      printf("{\"%s\":", message_kind);
      print_text(message);
      printf("}");
    }
    printf("\n");
    fflush(stdout);
    json_drop(&request);
  }
  if (!closed) {
    class->close(self);
  }
  free(line);
  return 0;
}
