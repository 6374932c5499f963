// The loop of a peer: one JSON request a line in, one answer out. The JSON reader trusts its input to be small, not to be right.
#include "peer.h"

#include <ctype.h>
#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

// ---- JSON ----------------------------------------------------------------------------------------------------------

static char* skip(char* p) {
  while (isspace((unsigned char)*p)) {
    p++;
  }
  return p;
}

static char* put_utf8(char* out, unsigned c) {
  if (c < 0x80) {
    *out++ = (char)c;
  } else if (c < 0x800) {
    *out++ = (char)(0xc0 | c >> 6);
    *out++ = (char)(0x80 | (c & 63));
  } else if (c < 0x10000) {
    *out++ = (char)(0xe0 | c >> 12);
    *out++ = (char)(0x80 | (c >> 6 & 63));
    *out++ = (char)(0x80 | (c & 63));
  } else {
    *out++ = (char)(0xf0 | c >> 18);
    *out++ = (char)(0x80 | (c >> 12 & 63));
    *out++ = (char)(0x80 | (c >> 6 & 63));
    *out++ = (char)(0x80 | (c & 63));
  }
  return out;
}

static unsigned hex(const char** p, unsigned digits) {
  unsigned c = 0;
  for (; digits > 0 && isxdigit((unsigned char)**p); digits--, (*p)++) {
    c = c * 16 + (unsigned)(isdigit((unsigned char)**p) ? **p - '0' : (tolower((unsigned char)**p) - 'a' + 10));
  }
  return c;
}

// The escape behind a backslash, of JSON and N-Triples alike.
static char* put_escape(char* out, const char** p) {
  const char e = *(*p)++;
  switch (e) {
    case 'n':
      *out = '\n';
      return out + 1;
    case 't':
      *out = '\t';
      return out + 1;
    case 'r':
      *out = '\r';
      return out + 1;
    case 'b':
      *out = '\b';
      return out + 1;
    case 'f':
      *out = '\f';
      return out + 1;
    case 'U':
      return put_utf8(out, hex(p, 8));
    case 'u': {
      unsigned c = hex(p, 4);
      if (c >= 0xd800 && c < 0xdc00 && (*p)[0] == '\\' && (*p)[1] == 'u') {
        *p += 2;
        c = 0x10000 + ((c - 0xd800) << 10) + (hex(p, 4) - 0xdc00);
      }
      return put_utf8(out, c);
    }
    default:
      *out = e;
      return out + 1;
  }
}

// Unescape in place up to the closing quote; a result is never longer than its source. Returns a pointer behind the quote.
static char* read_quoted(char* p, char** text, size_t* len) {
  char* out = *text = p;
  const char* in = p;
  while (*in && *in != '"') {
    if (*in == '\\' && in[1]) {
      in++;
      out = put_escape(out, &in);
    } else {
      *out++ = *in++;
    }
  }
  char* const end = p + (in - p) + (*in == '"');
  *out = '\0';
  *len = (size_t)(out - p);
  return end;
}

static char* read_value(char* p, json* v);

static char* read_members(char* p, json* v, char close) {
  json** tail = &v->child;
  for (p = skip(p); *p && *p != close; p = skip(p)) {
    json* const child = calloc(1, sizeof *child);
    if (close == '}') {
      size_t len;
      p = skip(read_quoted(p + 1, &child->key, &len));
      p = skip(p + (*p == ':'));
    }
    p = skip(read_value(p, child));
    *tail = child;
    tail = &child->next;
    v->count++;
    p += *p == ',';
  }
  return p + (*p == close);
}

static char* read_value(char* p, json* v) {
  size_t len;
  switch (*p) {
    case '{':
      v->kind = JSON_OBJECT;
      return read_members(p + 1, v, '}');
    case '[':
      v->kind = JSON_LIST;
      return read_members(p + 1, v, ']');
    case '"':
      v->kind = JSON_TEXT;
      return read_quoted(p + 1, &v->text, &len);
    case 't':
      v->kind = JSON_TRUE;
      v->number = 1;
      return p + 4;
    case 'f':
      v->kind = JSON_FALSE;
      return p + 5;
    case 'n':
      return p + 4;
    default:
      v->kind = JSON_NUMBER;
      v->number = strtod(p, &p);
      return *p ? p + (*p != ',' && *p != '}' && *p != ']' && !isspace((unsigned char)*p)) : p;
  }
}

static void drop_members(json* v) {
  for (json *c = v->child, *next; c; c = next) {
    next = c->next;
    drop_members(c);
    free(c);
  }
}

const json* json_get(const json* object, const char* key) {
  for (const json* c = object ? object->child : NULL; c; c = c->next) {
    if (c->key && strcmp(c->key, key) == 0) {
      return c;
    }
  }
  return NULL;
}

const char* json_text(const json* object, const char* key, const char* otherwise) {
  const json* const v = json_get(object, key);
  return v && v->text ? v->text : otherwise;
}

double json_number(const json* object, const char* key, double otherwise) {
  const json* const v = json_get(object, key);
  return v && (v->kind == JSON_NUMBER || v->kind == JSON_TRUE || v->kind == JSON_FALSE) ? v->number : otherwise;
}

// The elements of a list as an array, so that run i finds its own at once. Caller frees.
static const json** elements(const json* list) {
  const json** const all = calloc(list && list->count ? list->count : 1, sizeof *all);
  size_t i = 0;
  for (const json* c = list ? list->child : NULL; c; c = c->next) {
    all[i++] = c;
  }
  return all;
}

// ---- N-Triples -----------------------------------------------------------------------------------------------------

static char* unescape(char* text, char* end) {
  char* out = text;
  for (const char* in = text; in < end;) {
    if (*in == '\\') {
      in++;
      out = put_escape(out, &in);
    } else {
      *out++ = *in++;
    }
  }
  return out;
}

static char* parse_suffix(char* at, peer_term* term) {
  if (*at == '@') {
    term->kind = 'l';
    term->type = ++at;
    at += strcspn(at, " \t\r\n");
  } else if (at[0] == '^' && at[1] == '^' && at[2] == '<') {
    term->kind = 't';
    term->type = at += 3;
    at += strcspn(at, ">");
  } else {
    return at;
  }
  const int more = *at != '\0';
  *at = '\0';
  return at + more;
}

char* peer_parse_term(char* at, peer_term* term) {
  at += strspn(at, " \t");
  *term = (peer_term){.type = ""};
  if (*at == '<') {
    char* const end = strchr(at, '>');
    if (!end) {
      return NULL;
    }
    *term = (peer_term){.text = at + 1, .len = (size_t)(end - at - 1), .kind = 'i', .type = ""};
    if (memchr(at, '\\', (size_t)(end - at))) {
      term->len = (size_t)(unescape(at + 1, end) - at - 1);
    }
    at[1 + term->len] = '\0';
    return end + 1;
  }
  if (*at == '_') {
    *term = (peer_term){.text = at, .len = strcspn(at, " \t\r\n"), .kind = 'b', .type = ""};
    at += term->len;
    const int more = *at != '\0';
    *at = '\0';
    return at + more;
  }
  if (*at != '"') {
    return NULL;
  }
  term->kind = 's';
  at = read_quoted(at + 1, &term->text, &term->len);
  return parse_suffix(at, term);
}

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

static char message[4096];
static const char* message_kind;

static int complain(const char* kind, const char* format, va_list rest) {
  message_kind = kind;
  vsnprintf(message, sizeof message, format, rest);
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
  const json** const list = elements(files);
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
  job j = {.texts = elements(texts),
           .text_count = texts->count,
           .parameters = elements(parameters),
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
  const volatile int* stop;
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
  volatile int stop = 0;
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
    read_value(skip(line), &request);
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
    drop_members(&request);
  }
  if (!closed) {
    class->close(self);
  }
  free(line);
  return 0;
}
