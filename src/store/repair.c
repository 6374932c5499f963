/// Repair: which state of the file is taken, what is read in which order.
///
///     1  meta, term, long, affix     settings; where the terms are          (repair_terms.c)
///     2  hash, then the orders       proof of the terms; all rows           (repair_rows.c)
///     3  rows by vote, assertions    statements for the bulk build          (repair_write.c)
#include "store/assertion.h"
#include "store/env_internal.h"
#include "store/index.h"
#include "store/meta.h"
#include "store/repair_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define BYTES_MAX_DEFAULT ((size_t)256 << 20)

enum { SETTING_BYTES_MAX = 1 << 20, FINDING_BYTES = 1024 };

void pl_repair_finding(pl_repair_state* r, const char* format, ...) {
  char text[FINDING_BYTES];
  va_list args;
  if (r->report->findings++ < PL_REPAIR_FINDINGS_MAX && r->options->on_finding) {
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);  // a shortened line is still a finding
    va_end(args);
    r->options->on_finding(r->options->user, text);
  }
}

pl_status pl_repair_nomem(const pl_repair_state* r) { return pl_fail(r->err, PL_MSG_NOMEM); }

pl_status pl_repair_step(pl_repair_state* r, const char* phase) {
  if (r->options->work) {
    r->work.phase = phase;
    *r->options->work = r->work;
  }
  return pl_guard_check(r->options->guard, r->err);
}

const uint8_t* pl_repair_value(const pl_repair_state* r, const pl_page_entry* entry, uint8_t* room, size_t bytes) {
  if (entry->value_bytes > bytes) {
    return NULL;
  }
  return entry->value ? entry->value : pl_page_value(r->fd, entry, room) ? room : NULL;
}

// ---- settings -----------------------------------------------------------------------------------------------------

static pl_status take_header(pl_repair_state* r, pl_str value, const char* path) {
  pl_str base;
  const pl_status status = pl_meta_header_parse(value, path, r->err, &base);
  if (status == PL_ERR_CORRUPT || status == PL_ERR_CANTOPEN) {
    pl_error_clear(r->err);
    return PL_OK;
  }
  PL_TRY(status);
  r->base = pl_arena_str(&r->arena, base);
  r->has_header = true;
  return r->base.data ? PL_OK : pl_repair_nomem(r);
}

static pl_status keep_setting(pl_repair_state* r, pl_str key, pl_str value) {
  const pl_repair_setting setting = {pl_arena_str(&r->arena, key), pl_arena_str(&r->arena, value)};
  return setting.key.data && setting.value.data && pl_vec_push(&r->mem, &r->settings, setting) == PL_OK
             ? PL_OK
             : pl_repair_nomem(r);
}

static pl_status take_record(pl_repair_state* r, pl_str key, pl_str value, bool doubtful, const char* path) {
  if (pl_str_eq(key, PL_STR("header"))) {
    return take_header(r, value, path);
  }
  if (pl_str_eq(key, PL_STR("totals"))) {
    r->has_totals = pl_meta_totals_parse(value, r->totals);
    return PL_OK;
  }
  return doubtful ? PL_OK : keep_setting(r, key, value);
}

static pl_status take_meta(pl_repair_state* r, const pl_page_entry* entry, const char* path) {
  const size_t len = entry->value_bytes <= SETTING_BYTES_MAX ? (size_t)entry->value_bytes : 0;
  uint8_t* const room = pl_mem_alloc(&r->mem, len + 1);
  if (!room) {
    return pl_repair_nomem(r);
  }
  const uint8_t* const bytes = pl_repair_value(r, entry, room, len);
  pl_status status = PL_OK;
  if (bytes) {
    const pl_str key = {(const char*)entry->key, entry->key_bytes};
    status = take_record(r, key, (pl_str){(const char*)bytes, len}, entry->doubtful, path);
  } else {
    pl_repair_finding(r, "settings: a record in page %llu cannot be read", (unsigned long long)entry->page);
  }
  pl_mem_free(&r->mem, room, len + 1);
  return status;
}

// ---- walks --------------------------------------------------------------------------------------------------------

typedef struct repair_walk {
  pl_repair_state* r;  ///< gathers
  const char* path;    ///< for messages
  bool orphans;        ///< this walk is for what no tree holds
} repair_walk;

static bool on_damage(void* user, uint64_t page, const char* text) {
  const repair_walk* const w = user;
  pl_repair_finding(w->r, "pages: page %llu %s", (unsigned long long)page, text);
  return true;
}

/// Damage was told by the first walk; the orders must know where something is missing.
static bool on_gap(void* user, uint64_t page, const char* text) {
  const repair_walk* const w = user;
  PL_UNUSED(page);
  PL_UNUSED(text);
  for (int db = 0; db < PL_DB_COUNT; db++) {
    w->r->gap[db] = true;
  }
  return true;
}

static pl_status on_term_entry(void* user, const pl_page_entry* entry) {
  const repair_walk* const w = user;
  if (*entry->db == 0) {
    PL_TRY(pl_repair_take_group(w->r, entry));
    return entry->value_bytes > PL_GROUP_PAYLOAD_MAX ? pl_repair_take_long(w->r, entry) : PL_OK;
  }
  if (w->orphans) {
    return PL_OK;
  }
  if (strcmp(entry->db, pl_db_names[PL_DB_META]) == 0) {
    return take_meta(w->r, entry, w->path);
  }
  if (strcmp(entry->db, pl_db_names[PL_DB_TERM]) == 0) {
    return pl_repair_take_group(w->r, entry);
  }
  if (strcmp(entry->db, pl_db_names[PL_DB_LONG]) == 0) {
    return pl_repair_take_long(w->r, entry);
  }
  return strcmp(entry->db, pl_db_names[PL_DB_AFFIX]) == 0 ? pl_repair_take_affix(w->r, entry) : PL_OK;
}

static pl_status on_row_entry(void* user, const pl_page_entry* entry) {
  const repair_walk* const w = user;
  for (int db = PL_DB_SPO; db <= PL_DB_HASH; db++) {
    if (strcmp(entry->db, pl_db_names[db]) == 0) {
      return pl_repair_take_block(w->r, (pl_db)db, entry);
    }
  }
  return PL_OK;
}

static pl_status on_page(void* user, uint64_t done, uint64_t pages) {
  const repair_walk* const w = user;
  PL_UNUSED(done);
  PL_UNUSED(pages);
  return pl_repair_step(w->r, "reading");
}

static pl_status walk(repair_walk* w, unsigned flags, bool (*damage)(void* user, uint64_t page, const char* text),
                      pl_status (*entry)(void* user, const pl_page_entry* entry)) {
  pl_repair_state* const r = w->r;
  pl_pages_report report = {0};
  const pl_pages_options options = {.fd = r->fd,
                                    .meta = &r->meta,
                                    .mem = &r->mem,
                                    .flags = flags,
                                    .on_damage = damage,
                                    .on_entry = entry,
                                    .on_page = on_page,
                                    .user = w};
  return pl_pages_walk(&options, &report, r->err);
}

/// Settings and terms as of the meta page at hand; *leads: it leads to something.
static pl_status read_terms(repair_walk* w, bool* leads) {
  pl_repair_state* const r = w->r;
  const uint64_t findings = r->report->findings;
  r->groups.count = r->longs.count = r->settings.count = 0;
  r->has_header = r->has_totals = false;
  w->orphans = false;
  PL_TRY(walk(w, 0, on_damage, on_term_entry));
  *leads = r->has_header || r->groups.count > 0;
  if (r->report->findings > findings) {
    w->orphans = true;
    PL_TRY(walk(w, PL_PAGES_ORPHANS, on_gap, on_term_entry));
    memset(r->gap, 0, sizeof r->gap);
  }
  return PL_OK;
}

/// The newest state that leads anywhere.
static pl_status choose_state(repair_walk* w) {
  pl_repair_state* const r = w->r;
  pl_page_meta metas[2];
  const char* why[2] = {NULL, NULL};
  (void)pl_page_metas(r->fd, metas, why);
  const unsigned newer = !why[0] && (why[1] || metas[0].number > metas[1].number) ? 0 : 1;
  for (unsigned i = 0; i < 2; i++) {
    if (why[i]) {
      pl_repair_finding(r, "pages: meta page %u %s; the last change may be missing", i, why[i]);
    }
  }
  for (unsigned i = 0; i < 2; i++) {
    const unsigned at = i == 0 ? newer : 1 - newer;
    bool leads = false;
    if (why[at]) {
      continue;
    }
    r->meta = metas[at];
    PL_TRY(read_terms(w, &leads));
    if (leads) {
      return PL_OK;
    }
    pl_repair_finding(r, "pages: meta page %u leads nowhere%s", at,
                      i == 0 && !why[1 - at] ? "; the state before the last change is taken" : "");
  }
  return pl_fail(r->err, PL_MSG_REPAIR_NOTHING, w->path);
}

static pl_status make_sorters(pl_repair_state* r) {
  const size_t bytes = r->options->bytes_max ? r->options->bytes_max : BYTES_MAX_DEFAULT;
  const struct {
    pl_rowsort** to;
    uint32_t columns;
    size_t share;
    bool all;
  } sorters[] = {
      {&r->rows, 5, 2, false}, {&r->stated, 4, 6, false}, {&r->notes, 4, 6, false}, {&r->identities, 3, 6, false}};
  for (size_t i = 0; i < PL_COUNT_OF(sorters); i++) {
    const pl_rowsort_options options = {.columns = sorters[i].columns,
                                        .bytes_max = bytes / sorters[i].share,
                                        .pool = r->pool,
                                        .guard = r->options->guard};
    PL_TRY(pl_rowsort_new(&r->mem, &options, r->err, sorters[i].to));
  }
  return PL_OK;
}

static pl_status run(pl_repair_state* r, const char* path, const char* dest) {
  repair_walk w = {.r = r, .path = path};
  PL_TRY(choose_state(&w));
  if (r->report->findings == 0) {  // is there damage that hinders no reading?
    PL_TRY(walk(&w, PL_PAGES_FREE | PL_PAGES_OVERFLOW | PL_PAGES_COUNTS, on_damage, NULL));
  }
  if (!r->has_header) {
    pl_repair_finding(r, "settings: the header cannot be read; the base is taken to be %s", PL_BASE_DEFAULT);
    r->base = PL_STR(PL_BASE_DEFAULT);
  }
  if (!r->has_totals) {
    pl_repair_finding(r, "totals: they cannot be read, so what is missing cannot be counted");
  }
  if (r->options->threads != 1) {
    (void)pl_pool_new(&r->mem, r->options->threads, &r->pool);  // without a pool it only takes longer
  }
  PL_TRY(make_sorters(r));
  PL_TRY(pl_repair_terms_ready(r));
  PL_TRY(walk(&w, 0, on_gap, on_row_entry));
  PL_TRY(pl_repair_terms_judge(r));
  return pl_repair_write(r, dest);
}

// ---- the file -----------------------------------------------------------------------------------------------------

static pl_status open_file(pl_repair_state* r, const char* file, const char* path) {
  struct stat info;
  r->fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (r->fd < 0) {
    return errno == ENOENT ? pl_fail(r->err, PL_MSG_STORE_MISSING, path)
                           : pl_fail(r->err, PL_MSG_STORE_CANTOPEN, path, strerror(errno));
  }
  if (fstat(r->fd, &info) != 0) {
    return pl_fail(r->err, PL_MSG_STORE_CANTOPEN, path, strerror(errno));
  }
  return S_ISREG(info.st_mode) ? PL_OK : pl_fail(r->err, PL_MSG_STORE_NOT_FILE, path, "no file");
}

static void release(pl_repair_state* r) {
  pl_rowsort_free(r->rows);
  pl_rowsort_free(r->stated);
  pl_rowsort_free(r->notes);
  pl_rowsort_free(r->identities);
  pl_pool_free(r->pool);
  pl_vec_free(&r->mem, &r->settings);
  pl_vec_free(&r->mem, &r->groups);
  pl_vec_free(&r->mem, &r->longs);
  for (int db = 0; db < PL_DB_HASH; db++) {
    pl_vec_free(&r->mem, &r->spans[db]);
  }
  pl_mem_free(&r->mem, r->affixes, (PL_AFFIX_COUNT_MAX + 1) * sizeof *r->affixes);
  pl_mem_free(&r->mem, r->hashes, r->term_count * sizeof *r->hashes);
  pl_mem_free(&r->mem, r->cache, (size_t)PL_REPAIR_CACHE * PL_GROUP_BYTES_MAX);
  pl_mem_free(&r->mem, r->cached, PL_REPAIR_CACHE * sizeof *r->cached);
  pl_buf_free(&r->text);
  pl_arena_free(&r->arena);
  if (r->fd >= 0) {
    (void)close(r->fd);  // only read from
  }
}

static pl_status repair(pl_repair_state* r, const char* path, const char* dest) {
  char file[PATH_MAX];
  struct stat info;
  pl_env_exclusive* held = NULL;
  if (lstat(dest, &info) == 0) {
    return pl_fail(r->err, PL_MSG_BUILD_EXISTS, dest);
  }
  PL_TRY(pl_env_resolve(path, file, r->err));
  PL_TRY(open_file(r, file, path));
  const pl_status status = pl_env_exclusive_begin(file, path, r->err, &held);
  if (status == PL_ERR_BUSY || status == PL_ERR_NOMEM) {
    return status;
  }
  pl_error_clear(r->err);  // where no lock file can be made nobody writes
  (void)close(r->fd);      // only a compact that ended just now can have put another file there: take that one
  pl_status done = open_file(r, file, path);
  done = done == PL_OK ? run(r, path, dest) : done;
  pl_env_exclusive_end(held);
  return done;
}

pl_status pl_repair(const char* path, const char* dest, const pl_repair_options* options, pl_error* err,
                    pl_repair_report* report) {
  pl_mem mem;
  *report = (pl_repair_report){0};
  pl_mem_init(&mem, options->realloc_fn, options->realloc_user, SIZE_MAX);
  pl_repair_state* const r = pl_mem_calloc(&mem, 1, sizeof *r);
  if (!r) {
    return pl_fail(err, PL_MSG_NOMEM);
  }
  r->options = options;
  r->report = report;
  r->err = err;
  r->fd = -1;
  pl_mem_init(&r->mem, options->realloc_fn, options->realloc_user, SIZE_MAX);
  pl_arena_init(&r->arena, &r->mem);
  pl_buf_init(&r->text, &r->mem, SIZE_MAX / 2);
  const pl_status status = repair(r, path, dest);
  if (report->findings > PL_REPAIR_FINDINGS_MAX && options->on_finding) {
    char text[64];
    (void)snprintf(text, sizeof text, "and %llu more findings",
                   (unsigned long long)(report->findings - PL_REPAIR_FINDINGS_MAX));
    options->on_finding(options->user, text);
  }
  release(r);
  pl_mem_free(&mem, r, sizeof *r);
  return status;
}
