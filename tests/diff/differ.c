/// Random queries over random graphs: the executor, with every plan it could make, against the reference.
///
/// A case is a number: `--seed S --at N` runs it alone. Cases of one graph follow each other. Every failure is shrunk and
/// printed as statements that make the data, and the query.
#include "generate.h"
#include "reference.h"

#include "exec/run.h"
#include "lang/lang.h"
#include "load/load.h"
#include "store/env.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { QUERIES_PER_GRAPH = 40, SCAN_ROWS = 4096, LINES_MAX = 1 << 16 };

typedef enum outcome {
  SAME,       ///< all plans and the reference agree
  REJECTED,   ///< the binder refuses the query
  UNPLANNED,  ///< it cannot be planned yet
  SKIPPED,    ///< the reference has no answer
  DIFFERS,
  OUTCOME_COUNT
} outcome;

/// A store, open for reading, and what the reference knows of it.
typedef struct world {
  char folder[64], path[80];
  pl_mem mem;
  pl_error err;
  pl_store* store;
  pl_txn* txn;
  ref_graph graph;
} world;

typedef struct differ {
  uint64_t seed, cases, at;  ///< at UINT64_MAX: all cases
  double seconds;
  uint32_t features;
  uint64_t failures_max, failures;
  bool verbose;
  uint64_t counts[OUTCOME_COUNT];
  uint64_t with_rows;  ///< answers that are not empty
  gen_data data;
  char query[GEN_QUERY_MAX];  ///< marked
  pl_mem mem;
  pl_buf report;  ///< of the last check
} differ;

// ---- when it crashes ----------------------------------------------------------------------------------------------

static char now_running[GEN_QUERY_MAX + 128];

static void on_crash(int signal_number) {
  (void)!write(STDOUT_FILENO, now_running, strlen(now_running));
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

static void fail(const world* w, const char* what) {
  printf("%s: %s\n%s\n", what, w->err.count ? w->err.items[0].text : "no message", now_running);
  exit(2);
}

// ---- answers ------------------------------------------------------------------------------------------------------

/// Rows as text, one a line.
typedef struct answer {
  pl_arena arena;
  pl_str* lines;
  size_t count, capacity;
} answer;

static void answer_add(answer* a, const pl_buf* line) {
  if (a->count == a->capacity) {
    pl_str* bigger = ref_alloc(&a->arena, (a->capacity * 2 + 64) * sizeof(pl_str));
    if (a->count) {
      memcpy(bigger, a->lines, a->count * sizeof(pl_str));
    }
    a->lines = bigger;
    a->capacity = a->capacity * 2 + 64;
  }
  a->lines[a->count++] = pl_arena_str(&a->arena, pl_buf_view(line));
}

static int compare_lines(const void* a, const void* b) { return pl_str_cmp(*(const pl_str*)a, *(const pl_str*)b); }

static bool same_answers(const answer* a, const answer* b) {
  bool same = a->count == b->count;
  for (size_t i = 0; i < a->count && same; i++) {
    same = pl_str_eq(a->lines[i], b->lines[i]);
  }
  return same;
}

static void print_answer(const char* name, const answer* a, pl_buf* out) {
  (void)pl_buf_printf(out, "%s (%zu rows):\n", name, a->count);
  for (size_t i = 0; i < a->count && i < 20; i++) {
    (void)pl_buf_printf(out, "  %.*s\n", (int)a->lines[i].len, a->lines[i].data);
  }
}

static pl_status print_cell(pl_termpool* pool, pl_id id, pl_buf* out) {
  const pl_id* items = NULL;
  size_t count = 0;
  pl_path_value path;
  pl_term term;
  if (id == PL_ID_NULL) {
    return pl_buf_str(out, PL_STR("null"));
  }
  if (pl_termpool_path(pool, id, &path)) {
    (void)pl_buf_char(out, '[');
    for (size_t i = 0; i <= path.length; i++) {
      PL_TRY(print_cell(pool, path.nodes[i], out));
      if (i < path.length) {
        (void)pl_buf_char(out, ' ');
        PL_TRY(print_cell(pool, path.predicates[i], out));
        (void)pl_buf_str(out, path.inverse[i] ? PL_STR(" back ") : PL_STR(" forth "));
      }
    }
    return pl_buf_char(out, ']');
  }
  if (pl_termpool_list(pool, id, &items, &count)) {
    (void)pl_buf_char(out, '[');
    for (size_t i = 0; i < count; i++) {
      (void)pl_buf_str(out, i ? PL_STR(" ") : PL_STR(""));
      PL_TRY(print_cell(pool, items[i], out));
    }
    return pl_buf_char(out, ']');
  }
  PL_TRY(pl_termpool_term(pool, id, &term));
  return pl_term_write_nt(out, &term);
}

static pl_status read_rows(pl_run* run, uint32_t columns, pl_buf* line, answer* out) {
  const pl_chunk* chunk = NULL;
  for (;;) {
    const pl_status status = pl_run_next(run, &chunk);
    if (status != PL_OK) {
      return status == PL_DONE ? PL_OK : status;
    }
    for (uint32_t i = 0; i < chunk->selected; i++) {
      const uint32_t row = pl_chunk_row(chunk, i);
      pl_buf_clear(line);
      for (uint32_t c = 0; c < columns; c++) {
        (void)pl_buf_str(line, c ? PL_STR(" | ") : PL_STR(""));
        PL_TRY(print_cell(pl_run_pool(run), pl_chunk_id(chunk, pl_run_slot(run, c), row), line));
      }
      for (uint64_t n = chunk->multiplicity ? chunk->multiplicity[row] : 1; n > 0 && out->count < LINES_MAX; n--) {
        answer_add(out, line);
      }
    }
  }
}

static pl_status execute(world* w, const pl_query* query, const pl_plan_options* options, answer* out,
                         pl_buf* plan_text) {
  pl_arena arena;
  pl_plan* plan = NULL;
  pl_run* run = NULL;
  pl_guard guard;
  pl_buf line;
  pl_guard_init(&guard, NULL, 20);
  pl_arena_init(&arena, &w->mem);
  pl_buf_init(&line, &w->mem, SIZE_MAX);
  pl_status status = pl_plan_make(query, w->txn, options, &arena, &w->err, &plan);
  if (status == PL_OK && plan_text) {
    (void)pl_plan_explain(plan, w->txn, NULL, plan_text);
  }
  if (status == PL_OK) {
    status = pl_run_open(plan, w->txn, NULL, NULL, &guard, &w->err, &run);
  }
  if (status == PL_OK) {
    status = read_rows(run, query->kind == PL_QUERY_EXISTS ? 1 : query->column_count, &line, out);
  }
  pl_run_close(run);
  pl_buf_free(&line);
  pl_arena_free(&arena);
  return status;
}

// ---- the store ----------------------------------------------------------------------------------------------------

static void run_insert(world* w, const char* text) {
  pl_arena arena;
  pl_query* query = NULL;
  pl_plan* plan = NULL;
  pl_run* run = NULL;
  pl_write_counts counts;
  pl_arena_init(&arena, &w->mem);
  if (pl_txn_begin(w->store, true, &w->err, &w->txn) != PL_OK) {
    fail(w, "begin");
  }
  const pl_lang_context context = {.names = &pl_txn_settings(w->txn)->names, .txn = w->txn, .err = &w->err};
  if (pl_lang_compile(&context, pl_str_c(text), &arena, &query) != PL_OK ||
      pl_plan_make(query, w->txn, NULL, &arena, &w->err, &plan) != PL_OK ||
      pl_run_open(plan, w->txn, NULL, NULL, NULL, &w->err, &run) != PL_OK || pl_run_update(run, &counts) != PL_OK) {
    fail(w, text);
  }
  pl_run_close(run);
  pl_arena_free(&arena);
  pl_txn* txn = w->txn;
  w->txn = NULL;
  if (pl_txn_commit(txn) != PL_OK) {
    fail(w, "commit");
  }
}

/// The data as one insert and one document of N-Quads.
static void data_text(const gen_data* data, bool quads, pl_buf* out) {
  bool any = false;
  for (size_t i = 0; i < data->count; i++) {
    const bool quad = !strncmp(data->lines[i], "nq ", 3);
    if (quad == quads && !data->dropped[i]) {
      (void)pl_buf_printf(out, quads ? "%s%s\n" : "%s%s",
                          quads ? ""
                          : any ? " .\n         "
                                : "insert ( ",
                          data->lines[i] + (quad ? 3 : 0));
      any = true;
    }
  }
  if (any && !quads) {
    (void)pl_buf_str(out, PL_STR(" )"));
  }
}

static ref_id put_id(world* w, pl_arena* arena, pl_id id) {
  pl_term term = {.kind = PL_TERM_NONE};
  if (id && pl_dict_term(w->txn, id, arena, &term) != PL_OK) {
    fail(w, "a term");
  }
  return ref_put(&w->graph, &term);
}

static void read_order(world* w, pl_order order) {
  pl_scan* scan = NULL;
  pl_id(*columns)[SCAN_ROWS] = calloc(4, sizeof *columns);
  pl_id* const to[4] = {columns[0], columns[1], columns[2], columns[3]};
  size_t count = 0;
  pl_arena arena;
  pl_arena_init(&arena, &w->mem);
  if (pl_scan_open(w->txn, order, PL_SCAN_ROWS, NULL, &w->mem, &scan) != PL_OK ||
      pl_scan_range(scan, NULL, 0, 0, UINT64_MAX) != PL_OK || pl_scan_fill(scan, to, SCAN_ROWS, &count) != PL_OK) {
    fail(w, "scan");
  }
  for (size_t i = 0; i < count; i++) {
    ref_id ids[REF_STATEMENT];
    for (int c = 0; c < 4; c++) {
      ids[c] = put_id(w, &arena, columns[c][i]);
    }
    ref_add(&w->graph.arena, &w->graph.statements, ids, REF_STATEMENT);
  }
  pl_scan_close(scan);
  pl_arena_free(&arena);
  free(columns);
}

static void world_open(world* w, const gen_data* data) {
  pl_buf text;
  *w = (world){0};
  snprintf(w->folder, sizeof w->folder, "/tmp/parley-differ-XXXXXX");
  pl_mem_init(&w->mem, NULL, NULL, SIZE_MAX);
  pl_error_init(&w->err, &w->mem);
  pl_buf_init(&text, &w->mem, SIZE_MAX);
  if (!mkdtemp(w->folder)) {
    fail(w, "mkdtemp");
  }
  snprintf(w->path, sizeof w->path, "%s/store", w->folder);
  const pl_store_options options = {
      .create = true, .durability = PL_SYNC_NONE, .map_bytes = (size_t)1 << 30, .threads = 1};
  if (pl_store_open(w->path, &options, &w->err, &w->store) != PL_OK) {
    fail(w, "open");
  }
  data_text(data, false, &text);
  if (text.len) {
    run_insert(w, text.data);
  }
  pl_buf_clear(&text);
  data_text(data, true, &text);
  const pl_input input = {.memory = pl_buf_view(&text), .name = "data", .format = PL_FORMAT_NQ};
  if (text.len && pl_load_into(w->store, &input, 1, NULL, &w->err, NULL) != PL_OK) {
    fail(w, "load");
  }
  pl_buf_free(&text);
  if (pl_txn_begin(w->store, false, &w->err, &w->txn) != PL_OK) {
    fail(w, "begin");
  }
  ref_graph_init(&w->graph);
  read_order(w, PL_ORDER_SPO);
  w->graph.fact_count = w->graph.statements.count;
  read_order(w, PL_ORDER_CPO);
}

static void world_close(world* w) {
  char lock[96];
  ref_graph_free(&w->graph);
  pl_txn_abort(w->txn);
  pl_store_close(w->store);
  pl_error_clear(&w->err);
  snprintf(lock, sizeof lock, "%s-lock", w->path);
  (void)unlink(lock);
  (void)unlink(w->path);
  (void)rmdir(w->folder);
  if (w->mem.bytes_used) {
    printf("%zu bytes were not freed\n%s\n", w->mem.bytes_used, now_running);
    exit(2);
  }
}

// ---- one case -----------------------------------------------------------------------------------------------------

static const char* first_message(const world* w) {
  return w->err.count ? w->err.items[w->err.count - 1].text : "no message";
}

static outcome compare(differ* d, world* w, const pl_query* query, const answer* expected, bool ordered) {
  const uint64_t some = d->seed * 2654435761u ^ (uint64_t)strlen(d->query) * 40503u;
  const pl_plan_options options[] = {{0},
                                     {.cycles_at_once = true},
                                     {.join_order_off = true},
                                     {.rules_off = UINT64_MAX},
                                     {.rules_off = UINT64_MAX, .join_order_off = true},
                                     {.rules_off = some}};
  for (size_t i = 0; i < PL_COUNT_OF(options); i++) {
    answer got = {0};
    pl_arena_init(&got.arena, &d->mem);
    const pl_status status = execute(w, query, &options[i], &got, NULL);
    const bool unplanned = status != PL_OK && strstr(first_message(w), "cannot be planned");
    if (got.count && !ordered) {
      qsort(got.lines, got.count, sizeof got.lines[0], compare_lines);
    }
    if (status != PL_OK || !same_answers(&got, expected)) {
      pl_buf_clear(&d->report);
      (void)pl_buf_printf(&d->report, "rules off %llx, join order %s%s\n", (unsigned long long)options[i].rules_off,
                          options[i].join_order_off ? "as written" : "chosen",
                          options[i].cycles_at_once ? ", cycles at once" : "");
      print_answer("reference", expected, &d->report);
      if (status != PL_OK) {
        (void)pl_buf_printf(&d->report, "failed: %s\n", first_message(w));
      } else {
        print_answer("executor", &got, &d->report);
        (void)execute(w, query, &options[i], &got, &d->report);
      }
      pl_arena_free(&got.arena);
      return unplanned ? UNPLANNED : DIFFERS;
    }
    pl_arena_free(&got.arena);
  }
  return SAME;
}

static outcome check_query(differ* d, world* w, const char* marked) {
  char text[GEN_QUERY_MAX];
  pl_arena arena;
  pl_query* query = NULL;
  ref_run run = {0};
  ref_rows rows;
  bool ordered = false;
  outcome result = REJECTED;
  gen_plain(marked, text);
  snprintf(now_running, sizeof now_running, "while running: %s\n", text);
  pl_arena_init(&arena, &w->mem);
  pl_error_clear(&w->err);
  const pl_lang_context context = {.names = &pl_txn_settings(w->txn)->names, .txn = w->txn, .err = &w->err};
  if (pl_lang_compile(&context, pl_str_c(text), &arena, &query) == PL_OK) {
    const char* why = ref_answer(&run, &w->graph, query, NULL, &rows, &ordered);
    result = SKIPPED;
    d->with_rows += !why && rows.count > 0;
    if (d->verbose) {
      printf("%s\n  %s, %zu rows\n", text, why ? why : "known", rows.count);
    }
    if (!why) {
      answer expected = {0};
      pl_buf line;
      pl_arena_init(&expected.arena, &d->mem);
      pl_buf_init(&line, &d->mem, SIZE_MAX);
      const bool exists = query->kind == PL_QUERY_EXISTS;
      for (size_t i = 0; i < (exists ? 1 : rows.count); i++) {
        pl_buf_clear(&line);
        for (uint32_t c = 0; c < query->column_count && !exists; c++) {
          (void)pl_buf_str(&line, c ? PL_STR(" | ") : PL_STR(""));
          ref_print(&w->graph, rows.data[i][c], &line);
        }
        if (exists) {
          (void)pl_buf_printf(&line, "\"%s\"^^<" PL_XSD "boolean>", rows.count ? "true" : "false");
        }
        answer_add(&expected, &line);
      }
      pl_buf_free(&line);
      if (expected.count && !ordered) {
        qsort(expected.lines, expected.count, sizeof expected.lines[0], compare_lines);
      }
      result = compare(d, w, query, &expected, ordered);
      pl_arena_free(&expected.arena);
    }
    ref_run_free(&run);
  } else if (d->verbose) {
    printf("%s\n  refused: %s\n", text, first_message(w));
  }
  pl_arena_free(&arena);
  pl_error_clear(&w->err);
  return result;
}

// ---- shrinking ----------------------------------------------------------------------------------------------------

static bool still_differs(differ* d, const gen_data* data, const char* query) {
  world w;
  world_open(&w, data);
  const outcome result = check_query(d, &w, query);
  world_close(&w);
  return result == DIFFERS;
}

static bool shrink_data(differ* d) {
  bool smaller = false;
  for (size_t i = 0; i < d->data.count; i++) {
    if (!d->data.dropped[i]) {
      d->data.dropped[i] = true;
      d->data.dropped[i] = still_differs(d, &d->data, d->query);
      smaller |= d->data.dropped[i];
    }
  }
  return smaller;
}

static bool shrink_query(differ* d) {
  bool smaller = false;
  for (size_t i = 0; d->query[i]; i++) {
    if (d->query[i] != GEN_OPEN) {
      continue;
    }
    size_t end = i + 1;
    for (int depth = 1; depth && d->query[end]; end++) {
      depth += d->query[end] == GEN_OPEN ? 1 : d->query[end] == GEN_CLOSE ? -1 : 0;
    }
    char less[GEN_QUERY_MAX];
    memcpy(less, d->query, i);
    memcpy(less + i, d->query + end, strlen(d->query + end) + 1);
    if (still_differs(d, &d->data, less)) {
      memcpy(d->query, less, sizeof less);
      smaller = true;
      i--;
    }
  }
  return smaller;
}

static void report(differ* d, uint64_t at) {
  char text[GEN_QUERY_MAX];
  pl_buf data;
  while (shrink_query(d) || shrink_data(d)) {
  }
  (void)still_differs(d, &d->data, d->query);
  gen_plain(d->query, text);
  pl_buf_init(&data, &d->mem, SIZE_MAX);
  data_text(&d->data, false, &data);
  (void)pl_buf_str(&data, PL_STR("\n"));
  data_text(&d->data, true, &data);
  printf("==== differs: --seed %llu --at %llu\n%s\n%s\n%s\n", (unsigned long long)d->seed, (unsigned long long)at,
         data.data, text, d->report.data ? d->report.data : "");
  fflush(stdout);
  pl_buf_free(&data);
}

// ---- all cases ----------------------------------------------------------------------------------------------------

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void run_graph(differ* d, uint64_t number) {
  world w;
  gen_make_data(d->seed * 1000003 + number, d->features, &d->data);
  const gen_data data = d->data;
  snprintf(now_running, sizeof now_running, "while making graph %llu\n", (unsigned long long)number);
  world_open(&w, &data);
  for (uint64_t i = 0; i < QUERIES_PER_GRAPH && d->failures < d->failures_max; i++) {
    const uint64_t at = number * QUERIES_PER_GRAPH + i;
    if (at >= d->cases || (d->at != UINT64_MAX && d->at != at)) {
      continue;
    }
    gen_make_query(d->seed * 1000003 + at, d->features, d->query);
    const outcome result = check_query(d, &w, d->query);
    d->counts[result]++;
    if (result == DIFFERS) {
      d->failures++;
      report(d, at);
      d->data = data;
    }
  }
  world_close(&w);
}

static int usage(void) {
  printf(
      "usage: differ [--seed S] [--cases N] [--seconds T] [--at N] [--features a,b,...|-a,-b,...] [--failures N] [-v]\n"
      "features:");
  for (int i = 0; i < GEN_FEATURE_COUNT; i++) {
    printf(" %s", gen_feature_names[i]);
  }
  printf("\n");
  return 64;
}

/// `a,b` are these only, `-a,-b` all but these.
static bool read_features(const char* list, uint32_t* features) {
  const uint32_t all = (1u << GEN_FEATURE_COUNT) - 1;
  *features = *list == '-' ? all : 0;
  while (*list) {
    const bool off = *list == '-';
    const size_t len = strcspn(list + off, ",");
    bool found = false;
    for (int i = 0; i < GEN_FEATURE_COUNT; i++) {
      if (strlen(gen_feature_names[i]) == len && !memcmp(gen_feature_names[i], list + off, len)) {
        *features = off ? *features & ~(1u << i) : *features | 1u << i;
        found = true;
      }
    }
    if (!found) {
      return false;
    }
    list += off + len;
    list += *list == ',';
  }
  return true;
}

static bool read_options(differ* d, int argc, char** argv) {
  for (int i = 1; i < argc; i++) {
    const char* value = i + 1 < argc ? argv[i + 1] : NULL;
    uint64_t* const number = !strcmp(argv[i], "--seed")       ? &d->seed
                             : !strcmp(argv[i], "--cases")    ? &d->cases
                             : !strcmp(argv[i], "--at")       ? &d->at
                             : !strcmp(argv[i], "--failures") ? &d->failures_max
                                                              : NULL;
    if (!strcmp(argv[i], "-v")) {
      d->verbose = true;
      continue;
    }
    if (!value) {
      return false;
    }
    if (number) {
      *number = strtoull(value, NULL, 10);
    } else if (!strcmp(argv[i], "--seconds")) {
      d->seconds = strtod(value, NULL);
    } else if (strcmp(argv[i], "--features") != 0 || !read_features(value, &d->features)) {
      return false;
    }
    i++;
  }
  return true;
}

int main(int argc, char** argv) {
  differ* d = calloc(1, sizeof *d);
  if (!d) {
    return 2;
  }
  *d = (differ){.seed = 1, .cases = UINT64_MAX, .at = UINT64_MAX, .seconds = 1e9, .failures_max = 5};
  d->features = (1u << GEN_FEATURE_COUNT) - 1;
  if (!read_options(d, argc, argv)) {
    free(d);
    return usage();
  }
  signal(SIGABRT, on_crash);
  signal(SIGSEGV, on_crash);
  pl_mem_init(&d->mem, NULL, NULL, SIZE_MAX);
  pl_buf_init(&d->report, &d->mem, SIZE_MAX);
  const double end = now() + d->seconds;
  uint64_t graph = d->at == UINT64_MAX ? 0 : d->at / QUERIES_PER_GRAPH;
  do {
    run_graph(d, graph++);
  } while (d->at == UINT64_MAX && graph * QUERIES_PER_GRAPH < d->cases && now() < end && d->failures < d->failures_max);
  printf("%llu agree (%llu have rows), %llu refused, %llu not planned, %llu without a reference answer, %llu differ\n",
         (unsigned long long)d->counts[SAME], (unsigned long long)d->with_rows, (unsigned long long)d->counts[REJECTED],
         (unsigned long long)d->counts[UNPLANNED], (unsigned long long)d->counts[SKIPPED],
         (unsigned long long)d->counts[DIFFERS]);
  const int code = d->failures ? 1 : 0;
  pl_buf_free(&d->report);
  free(d);
  return code;
}
