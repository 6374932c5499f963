/// Any bytes through every loader into a store, bad rows skipped: what was taken over is a store that checks, exports
/// and loads again as the same. The first byte picks the format and what is done with it.
#include "api_fuzz.h"

enum { TEXT_MAX = 1 << 20, STORE_AGE = 256, UNDONE = 8, WITH_COLUMNS = 16, IN_STEPS = 32 };

static const char* const formats[] = {"nt", "nq", "ttl", "trig", "jsonl", "csv", "tsv"};

typedef struct text {
  char* data;  ///< TEXT_MAX bytes
  size_t len;  ///< used
} text;

static int keep(void* user, const char* data, size_t len) {
  text* const out = user;
  if (len > TEXT_MAX - out->len) {
    return 1;
  }
  memcpy(out->data + out->len, data, len);
  out->len += len;
  return 0;
}

static void on_finding(void* user, const parley_finding* finding) {
  (void)user;
  fprintf(stderr, "%s: %s\n", finding->part, finding->text);
}

static void check(parley* store) {
  const parley_check_options options = {.size = sizeof options, .deep = 1, .on_finding = on_finding};
  parley_check_report report = {.size = sizeof report};
  fuzz_require(parley_check(store, &options, &report) == PARLEY_OK && report.findings == 0);
}

/// Everything, exported as JSON Lines and loaded again, changes nothing.
static void load_again(parley* store) {
  static char room[TEXT_MAX];
  text out = {room, 0};
  const parley_export_options options = {.size = sizeof options, .write = keep, .user = &out};
  parley_load_summary summary;
  if (parley_export(store, &options) != PARLEY_OK) {
    return;  // longer than the room
  }
  const parley_input input = {.memory = out.data, .memory_len = out.len, .format = "jsonl"};
  const parley_status status = parley_load(store, &input, 1, NULL, &summary);
  if (status != PARLEY_OK) {
    fprintf(stderr, "%s\n%.*s", parley_error_message(parley_error(store)), (int)out.len, out.data);
  }
  fuzz_require(status == PARLEY_OK && summary.changes.facts_new == 0 && summary.changes.assertions_new == 0);
}

static parley_status load(parley* store, uint8_t how, const parley_input* input) {
  parley_load_summary summary;
  parley_load_options options = {.size = sizeof options, .base = "http://b/", .skip_bad = UINT64_MAX};
  options.csv_columns = how & WITH_COLUMNS ? "subject,predicate,object,source,confidence" : NULL;
  options.commit_every = how & IN_STEPS ? 2 : 0;
  if (!(how & UNDONE)) {
    return parley_load(store, input, 1, &options, &summary);
  }
  parley_txn* txn = NULL;
  options.commit_every = 0;
  fuzz_require(parley_begin(store, 1, &txn) == PARLEY_OK);
  const parley_status status = parley_load_in(txn, input, 1, &options, &summary);
  parley_rollback(txn);
  return status;
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static parley* store;
  static unsigned age;
  if (size == 0) {
    return 0;
  }
  if (!store) {
    store = fuzz_store_new(1);
  }
  const char* const format = formats[(data[0] & 7) % (sizeof formats / sizeof *formats)];
  const parley_input input = {.memory = data + 1, .memory_len = size - 1, .format = format, .name = "fuzz"};
  const parley_status status = load(store, data[0], &input);
  fuzz_require(status != PARLEY_CORRUPT && status != PARLEY_NOMEM && status != PARLEY_MISUSE);
  check(store);
  if (status == PARLEY_OK) {
    load_again(store);
  }
  if (++age % STORE_AGE == 0 || status == PARLEY_FULL) {
    fuzz_require(parley_close(store) == PARLEY_OK);  // so that a finding depends on few inputs
    store = NULL;
  }
  return 0;
}
