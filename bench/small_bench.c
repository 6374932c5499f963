// What small queries cost: each text of a list as a new query (prepare, run, read all rows as text, finalize) and as a prepared one.
//
//   small_bench STORE QUERIES [SECONDS [NAME]]
//
// QUERIES holds one query a line, `NAME<TAB>TEXT`; lines of one name are one template, whose time is the mean of the medians of its texts.
// Each text runs for SECONDS (default 0.2) in each way, at least five times. The last line is the geometric mean over templates. With NAME
// only that template runs, which is what a profiler wants. Only parley.h is used.
#include "bench.h"

#include <math.h>
#include <string.h>

enum { TEMPLATES_MAX = 256, TIMES_MAX = 2000, WAYS = 4, TIMES_MIN = 5 };

/// Ways to run a text: new or prepared, every row read as text or only stepped over.
static const char* const way_names[WAYS] = {"new, rows", "new, count", "prepared, rows", "prepared, count"};

typedef struct template_times {
  char name[40];      ///< of the template
  double sums[WAYS];  ///< ms, medians of its texts added
  double phases[3];   ///< ms of the first way: prepare, run and read, finalize
  unsigned texts;     ///< texts seen
  uint64_t rows;      ///< of all texts
} template_times;

static double now_ms(void) { return seconds_of(CLOCK_MONOTONIC) * 1e3; }

static parley_query* prepare(parley* store, const char* text) {
  parley_query* q = NULL;
  if (parley_prepare(store, text, SIZE_MAX, &q, NULL) != PARLEY_OK) {
    die(text, q ? parley_query_error(q) : parley_error(store));
  }
  return q;
}

/// Step through all rows; `texts`: read every column. Returns the number of rows.
static uint64_t run_rows(parley_query* q, int texts) {
  uint64_t rows = 0;
  size_t bytes = 0;
  const size_t columns = texts ? parley_column_count(q) : 0;
  parley_status status;
  while ((status = parley_step(q)) == PARLEY_ROW) {
    rows++;
    for (size_t i = 0; i < columns; i++) {
      parley_value v;
      if (parley_column(q, i, &v) != PARLEY_OK) {
        die("column", parley_query_error(q));
      }
      bytes += v.text_len;
    }
  }
  if (status != PARLEY_DONE || (texts && rows && !bytes)) {
    die("step", parley_query_error(q));
  }
  return rows;
}

static int compare(const void* a, const void* b) {
  const double x = *(const double*)a, y = *(const double*)b;
  return (x > y) - (x < y);
}

static double median(double* values, size_t count) {
  qsort(values, count, sizeof *values, compare);
  return values[count / 2];
}

static void time_new(parley* store, const char* text, int texts, double seconds, template_times* out, int way) {
  static double whole[TIMES_MAX], parts[3][TIMES_MAX];
  size_t n = 0;
  const double start = now_ms();
  while (n < TIMES_MAX && (n < TIMES_MIN || now_ms() - start < seconds * 1e3)) {
    const double a = now_ms();
    parley_query* q = prepare(store, text);
    const double b = now_ms();
    out->rows += run_rows(q, texts) * (n == 0 && way == 0);
    const double c = now_ms();
    parley_finalize(q);
    const double d = now_ms();
    whole[n] = d - a;
    parts[0][n] = b - a;
    parts[1][n] = c - b;
    parts[2][n++] = d - c;
  }
  out->sums[way] += median(whole, n);
  for (int i = 0; i < 3 && way == 0; i++) {
    out->phases[i] += median(parts[i], n);
  }
}

static void time_prepared(parley* store, const char* text, int texts, double seconds, template_times* out, int way) {
  static double whole[TIMES_MAX];
  size_t n = 0;
  parley_query* q = prepare(store, text);
  (void)run_rows(q, texts);
  const double start = now_ms();
  while (n < TIMES_MAX && (n < TIMES_MIN || now_ms() - start < seconds * 1e3)) {
    const double a = now_ms();
    if (parley_reset(q) != PARLEY_OK) {
      die("reset", parley_query_error(q));
    }
    (void)run_rows(q, texts);
    whole[n++] = now_ms() - a;
  }
  out->sums[way] += median(whole, n);
  parley_finalize(q);
}

static template_times* find(template_times* all, size_t* count, const char* name) {
  for (size_t i = 0; i < *count; i++) {
    if (!strcmp(all[i].name, name)) {
      return &all[i];
    }
  }
  if (*count == TEMPLATES_MAX) {
    die("too many templates", NULL);
  }
  template_times* const t = &all[(*count)++];
  snprintf(t->name, sizeof t->name, "%s", name);
  return t;
}

static void print(const template_times* all, size_t count) {
  double logs[WAYS] = {0};
  printf("| template | rows | prepare | run | finalize |");
  for (int w = 0; w < WAYS; w++) {
    printf(" %s |", way_names[w]);
  }
  printf("\n|---|---|---|---|---|---|---|---|---|\n");
  for (size_t i = 0; i < count; i++) {
    const template_times* const t = &all[i];
    printf("| %s | %.1f | %.4f | %.4f | %.4f |", t->name, (double)t->rows / t->texts, t->phases[0] / t->texts,
           t->phases[1] / t->texts, t->phases[2] / t->texts);
    for (int w = 0; w < WAYS; w++) {
      printf(" %.4f |", t->sums[w] / t->texts);
      logs[w] += log(t->sums[w] / t->texts);
    }
    printf("\n");
  }
  printf("| geometric mean, ms | | | | |");
  for (int w = 0; w < WAYS; w++) {
    printf(" %.4f |", exp(logs[w] / (double)count));
  }
  printf("\n");
}

int main(int argc, char** argv) {
  static template_times all[TEMPLATES_MAX];
  size_t count = 0, room = 0;
  char* line = NULL;
  parley* store = NULL;
  parley_error_object* error = NULL;
  FILE* const file = argc > 2 ? fopen(argv[2], "r") : NULL;
  const parley_options options = {.size = sizeof options, .flags = PARLEY_OPEN_READONLY};
  if (!file) {
    fprintf(stderr, "usage: small_bench STORE QUERIES [SECONDS [NAME]]\n");
    return 2;
  }
  if (parley_open(argv[1], &options, &store, &error) != PARLEY_OK) {
    die(argv[1], error);
  }
  const double seconds = argc > 3 ? atof(argv[3]) : 0.2;
  while (getline(&line, &room, file) > 0) {
    char* const tab = strchr(line, '\t');
    if (!tab || (*tab = '\0', argc > 4 && strcmp(argv[4], line) != 0)) {
      continue;
    }
    tab[1 + strcspn(tab + 1, "\n")] = '\0';
    template_times* const t = find(all, &count, line);
    for (int w = 0; w < WAYS; w++) {
      (w < 2 ? time_new : time_prepared)(store, tab + 1, w % 2 == 0, seconds, t, w);
    }
    t->texts++;
  }
  free(line);
  (void)fclose(file);
  if (count) {
    print(all, count);
  }
  return parley_close(store) == PARLEY_OK ? 0 : 1;
}
