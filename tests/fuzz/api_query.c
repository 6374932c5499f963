/// Any text as a query over a small store with limits: what compiles also runs, its stages print, and every row can be
/// looked at from all sides. An update runs inside a transaction that is undone.
#include "api_fuzz.h"

static void show_stages(parley_query* query) {
  static const parley_stage stages[] = {PARLEY_STAGE_TOKENS, PARLEY_STAGE_AST, PARLEY_STAGE_ALGEBRA, PARLEY_STAGE_PLAN,
                                        PARLEY_STAGE_PLAN_JSON};
  for (size_t i = 0; i < sizeof stages / sizeof *stages; i++) {
    (void)parley_query_stage(query, stages[i]);
  }
}

static void run_update(parley* store, const char* text, size_t len) {
  parley_txn* txn = NULL;
  parley_query* query = NULL;
  fuzz_require(parley_begin(store, 1, &txn) == PARLEY_OK);
  if (parley_prepare_in(txn, text, len, &query, NULL) == PARLEY_OK && query) {
    (void)fuzz_run(query);
  }
  parley_finalize(query);
  parley_rollback(txn);
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  parley* const store = fuzz_store();
  const char* const text = (const char*)data;
  parley_query* query = NULL;
  const char* tail = NULL;
  const parley_status status = parley_prepare(store, text, size, &query, &tail);
  fuzz_require(!tail || (tail >= text && tail <= text + size));
  if (status != PARLEY_OK) {
    fuzz_require(query != NULL);
    fuzz_failure(status, parley_query_error(query));
  } else if (query) {
    show_stages(query);
    if (parley_query_is_update(query)) {
      run_update(store, text, size);
    } else {
      const parley_status first = fuzz_run(query);
      fuzz_require(parley_reset(query) == PARLEY_OK);
      if (first == PARLEY_DONE) {
        (void)fuzz_run(query);
      }
    }
  }
  parley_finalize(query);
  return 0;
}
