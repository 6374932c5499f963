/// Verification of LMDB's own pages, before LMDB is let at what they hold: the whole walk of pages.h.
#include "store/check_internal.h"
#include "store/env_internal.h"

#include <inttypes.h>

static bool on_damage(void* user, uint64_t page, const char* text) {
  pl_check_damage(user, "pages: page %" PRIu64 " %s", page, text);
  return true;
}

static pl_status on_page(void* user, uint64_t done, uint64_t pages) {
  pl_checker* const check = user;
  PL_UNUSED(done);
  PL_UNUSED(pages);
  return pl_guard_check(check->guard, check->txn->err);
}

pl_status pl_check_pages(pl_checker* check, bool* sound) {
  pl_page_meta meta;
  pl_txn* const txn = check->txn;
  *sound = true;
  if (txn->write) {
    return PL_OK;  // its pages are in memory
  }
  pl_pages_options options = {.meta = &meta,
                              .mem = &txn->mem,
                              .flags = PL_PAGES_FREE | PL_PAGES_OVERFLOW | PL_PAGES_COUNTS,
                              .on_damage = on_damage,
                              .on_page = on_page,
                              .user = check};
  pl_pages_report report;
  *sound = false;
  if (!pl_env_snapshot_meta(txn, &options.fd, &meta)) {
    pl_check_damage(check, "pages: the meta page of this transaction cannot be read");
    return PL_OK;
  }
  PL_TRY(pl_pages_walk(&options, &report, txn->err));
  check->report.pages_checked += report.tree_pages + report.values_pages;
  if (report.damage > 0) {
    pl_check_damage(check, "pages: what they hold was not checked");
  }
  *sound = report.damage == 0;
  return PL_OK;
}
