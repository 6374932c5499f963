/// The recorder follows descriptors and names. At the end what it recorded, applied to the first store, must be what is
/// really there: a call that it does not know cannot go unnoticed.
#include "record.h"

#include "trace.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FDS = 256, NAMES = 64, THREADS = 64, PATH_BYTES = 512, VECTORS = 1024 };
enum { NO_OBJECT = 0xFFFF };

typedef struct name {
  unsigned folder, object;
  char text[DISK_NAME];
} name;

/// A call that has begun.
typedef struct call {
  pid_t tid;
  trace_stop stop;
  uint64_t acked;
  unsigned char* data;  ///< of a write
  size_t len;
  uint64_t offset;
} call;

typedef struct recorder {
  record* r;
  const life* l;
  pid_t pid;
  name names[NAMES];
  unsigned name_count;
  unsigned fd_object[FDS];  ///< NO_OBJECT: not ours
  bool fd_durable[FDS];
  call calls[THREADS];
} recorder;

bool record_is_lock(const char* text) {
  const size_t len = strlen(text);
  return len > 5 && strcmp(text + len - 5, "-lock") == 0;
}

__attribute__((format(printf, 2, 3))) static void problem(recorder* rec, const char* format, ...) {
  if (!rec->r->problem[0]) {
    va_list args;
    va_start(args, format);
    (void)vsnprintf(rec->r->problem, sizeof rec->r->problem, format, args);
    va_end(args);
  }
}

// ---- what the worker's memory and descriptors say -------------------------------------------------------------------

static bool peek(const recorder* rec, uint64_t address, void* to, size_t len) {
  struct iovec local = {to, len};
  struct iovec remote = {(void*)(uintptr_t)address, len};
  return len == 0 || process_vm_readv(rec->pid, &local, 1, &remote, 1, 0) == (ssize_t)len;
}

static bool peek_text(const recorder* rec, uint64_t address, char to[PATH_BYTES]) {
  for (size_t i = 0; i < PATH_BYTES; i++) {
    if (!peek(rec, address + i, to + i, 1)) {
      return false;
    }
    if (!to[i]) {
      return true;
    }
  }
  return false;
}

static bool link_text(const recorder* rec, const char* what, long fd, char to[PATH_BYTES]) {
  char path[64];
  (void)snprintf(path, sizeof path, fd < 0 ? "/proc/%d/%s" : "/proc/%d/%s/%ld", (int)rec->pid, what, fd);
  const ssize_t n = readlink(path, to, PATH_BYTES - 1);
  to[n > 0 ? n : 0] = 0;
  return n > 0;
}

static uint64_t position(const recorder* rec, uint64_t fd) {
  char path[64];
  unsigned long long at = 0;
  (void)snprintf(path, sizeof path, "/proc/%d/fdinfo/%llu", (int)rec->pid, (unsigned long long)fd);
  FILE* const f = fopen(path, "r");
  if (f) {
    if (fscanf(f, "pos: %llu", &at) != 1) {
      at = 0;
    }
    (void)fclose(f);
  }
  return at;
}

/// The absolute path that a call names, by descriptor and text.
static bool call_path(recorder* rec, long folder, uint64_t text, char out[2 * PATH_BYTES]) {
  char given[PATH_BYTES], base[PATH_BYTES];
  if (!peek_text(rec, text, given)) {
    return false;
  }
  if (given[0] == '/') {
    (void)snprintf(out, 2 * PATH_BYTES, "%s", given);
    return true;
  }
  const bool here = (int)folder == AT_FDCWD;
  if (!link_text(rec, here ? "cwd" : "fd", here ? -1 : folder, base)) {
    return false;
  }
  (void)snprintf(out, 2 * PATH_BYTES, "%s%s%s", base, given[0] ? "/" : "", given);
  return true;
}

// ---- names ----------------------------------------------------------------------------------------------------------

static name* find_name(recorder* rec, unsigned folder, const char* text) {
  for (unsigned i = 0; i < rec->name_count; i++) {
    if (rec->names[i].folder == folder && strcmp(rec->names[i].text, text) == 0) {
      return &rec->names[i];
    }
  }
  return NULL;
}

static void set_name(recorder* rec, unsigned folder, const char* text, unsigned object) {
  name* n = find_name(rec, folder, text);
  if (!n && rec->name_count < NAMES) {
    n = &rec->names[rec->name_count++];
  }
  if (!n || strlen(text) >= DISK_NAME) {
    problem(rec, "too many names");
    return;
  }
  *n = (name){.folder = folder, .object = object};
  (void)snprintf(n->text, sizeof n->text, "%s", text);
}

static void drop_name(recorder* rec, unsigned folder, const char* text) {
  name* const n = find_name(rec, folder, text);
  if (n) {
    *n = rec->names[--rec->name_count];
  }
}

/// Folder and last part of a path within the life's folder. False for a path elsewhere.
static bool place(recorder* rec, const char* path, unsigned* folder, char last[DISK_NAME]) {
  const size_t root = strlen(rec->l->folder);
  if (strncmp(path, rec->l->folder, root) != 0 || path[root] != '/') {
    return false;
  }
  const char* at = path + root + 1;
  *folder = 0;
  for (const char* slash = strchr(at, '/'); slash; slash = strchr(at, '/')) {
    (void)snprintf(last, DISK_NAME, "%.*s", (int)(slash - at), at);
    const name* const n = find_name(rec, *folder, last);
    if (!n) {
      return false;
    }
    *folder = n->object;
    at = slash + 1;
  }
  (void)snprintf(last, DISK_NAME, "%s", at);
  return true;
}

static bool call_place(recorder* rec, long folder_fd, uint64_t text, unsigned* folder, char last[DISK_NAME]) {
  char path[2 * PATH_BYTES];
  return call_path(rec, folder_fd, text, path) && place(rec, path, folder, last);
}

static unsigned object_of(const recorder* rec, uint64_t fd) { return fd < FDS ? rec->fd_object[fd] : NO_OBJECT; }

// ---- operations -----------------------------------------------------------------------------------------------------

static void put(recorder* rec, const disk_op* op) {
  record* const r = rec->r;
  if (r->count == r->room) {
    r->room = 2 * r->room + 64;
    r->ops = realloc(r->ops, r->room * sizeof *r->ops);
    if (!r->ops) {
      abort();
    }
  }
  r->ops[r->count++] = *op;
}

static unsigned new_object(recorder* rec, bool folder) {
  if (rec->r->objects == DISK_OBJECTS) {
    problem(rec, "too many files");
    return 0;
  }
  rec->r->folders[rec->r->objects] = folder;
  return rec->r->objects++;
}

static void put_link(recorder* rec, const call* c, unsigned folder, const char* text, unsigned object) {
  disk_op op = {.kind = DISK_LINK, .folder = folder, .object = object, .acked = c->acked};
  set_name(rec, folder, text, object);
  (void)snprintf(op.name, sizeof op.name, "%s", text);
  put(rec, &op);
}

static void put_unlink(recorder* rec, const call* c, long fd, uint64_t text) {
  disk_op op = {.kind = DISK_UNLINK, .acked = c->acked};
  if (call_place(rec, fd, text, &op.folder, op.name)) {
    drop_name(rec, op.folder, op.name);
    put(rec, &op);
  }
}

static void put_rename(recorder* rec, const call* c, long from_fd, uint64_t from, long to_fd, uint64_t to,
                       uint64_t flags) {
  disk_op op = {.kind = DISK_RENAME, .acked = c->acked};
  const bool out = call_place(rec, from_fd, from, &op.folder, op.name);
  const bool in = call_place(rec, to_fd, to, &op.target, op.to);
  const name* const n = out ? find_name(rec, op.folder, op.name) : NULL;
  if (out != in || (flags & ~1u) != 0 || (out && !n)) {
    problem(rec, "a rename that cannot be recorded");
    return;
  }
  if (out) {
    op.object = n->object;
    drop_name(rec, op.folder, op.name);
    set_name(rec, op.target, op.to, op.object);
    put(rec, &op);
  }
}

static void put_mkdir(recorder* rec, const call* c, long fd, uint64_t text) {
  unsigned folder;
  char last[DISK_NAME];
  if (call_place(rec, fd, text, &folder, last)) {
    put_link(rec, c, folder, last, new_object(rec, true));
  }
}

static void put_hard_link(recorder* rec, const call* c, long from_fd, uint64_t from, long to_fd, uint64_t to) {
  unsigned folder, fd;
  char last[DISK_NAME], given[PATH_BYTES];
  const name* const n = call_place(rec, from_fd, from, &folder, last) ? find_name(rec, folder, last) : NULL;
  unsigned object = n ? n->object : NO_OBJECT;
  if (peek_text(rec, from, given) && sscanf(given, "/proc/self/fd/%u", &fd) == 1) {
    object = object_of(rec, fd);
  }
  if (object != NO_OBJECT && call_place(rec, to_fd, to, &folder, last)) {
    put_link(rec, c, folder, last, object);
  }
}

// ---- descriptors ----------------------------------------------------------------------------------------------------

static void opened(recorder* rec, const call* c, uint64_t flags, int64_t fd) {
  char path[PATH_BYTES], last[DISK_NAME];
  unsigned folder;
  if (fd < 0 || fd >= FDS) {
    return;
  }
  rec->fd_object[fd] = NO_OBJECT;
  if (!link_text(rec, "fd", (long)fd, path)) {
    return;
  }
  if (strcmp(path, rec->l->folder) == 0) {
    rec->fd_object[fd] = 0;
    return;
  }
  if ((flags & O_TMPFILE) == O_TMPFILE && strncmp(path, rec->l->folder, strlen(rec->l->folder)) == 0) {
    rec->fd_object[fd] = new_object(rec, false);  // gets its name by linkat
    rec->fd_durable[fd] = false;
    return;
  }
  if (!place(rec, path, &folder, last)) {
    return;
  }
  if (!find_name(rec, folder, last)) {
    put_link(rec, c, folder, last, new_object(rec, false));
  }
  const name* const n = find_name(rec, folder, last);
  rec->fd_object[fd] = n ? n->object : NO_OBJECT;
  rec->fd_durable[fd] = (flags & O_DSYNC) != 0;
  if (n && (flags & O_TRUNC) != 0) {
    put(rec, &(disk_op){.kind = DISK_LENGTH, .object = n->object, .acked = c->acked});
  }
}

static void duplicated(recorder* rec, uint64_t from, int64_t to) {
  if (to >= 0 && to < FDS && from < FDS) {
    rec->fd_object[to] = rec->fd_object[from];
    rec->fd_durable[to] = rec->fd_durable[from];
  }
}

/// Keep what a write is about to write.
static void take_data(recorder* rec, call* c, bool vector, bool positioned) {
  struct iovec parts[VECTORS];
  const size_t count = vector ? c->stop.args[2] : 1;
  if (count > VECTORS || (vector && !peek(rec, c->stop.args[1], parts, count * sizeof *parts))) {
    problem(rec, "a write that cannot be read");
    return;
  }
  if (!vector) {
    parts[0] = (struct iovec){(void*)(uintptr_t)c->stop.args[1], c->stop.args[2]};
  }
  c->len = 0;
  for (size_t i = 0; i < count; i++) {
    c->len += parts[i].iov_len;
  }
  c->data = malloc(c->len + 1);
  size_t at = 0;
  for (size_t i = 0; c->data && i < count; at += parts[i++].iov_len) {
    if (!peek(rec, (uint64_t)(uintptr_t)parts[i].iov_base, c->data + at, parts[i].iov_len)) {
      problem(rec, "a write that cannot be read");
    }
  }
  c->offset = positioned ? c->stop.args[3] : position(rec, c->stop.args[0]);
}

static void written(recorder* rec, call* c, int64_t result) {
  const uint64_t fd = c->stop.args[0];
  put(rec, &(disk_op){.kind = DISK_WRITE,
                      .object = object_of(rec, fd),
                      .durable = rec->fd_durable[fd],
                      .offset = c->offset,
                      .len = (uint64_t)result,
                      .data = c->data,
                      .acked = c->acked});
  c->data = NULL;
}

static bool is_lock_object(const recorder* rec, unsigned object) {
  for (unsigned i = 0; i < rec->name_count; i++) {
    if (rec->names[i].object == object) {
      return record_is_lock(rec->names[i].text);
    }
  }
  return false;
}

static void mapped(recorder* rec, const call* c) {
  const unsigned object = object_of(rec, c->stop.args[4]);
  const bool ours = (c->stop.args[3] & MAP_ANONYMOUS) == 0 && object != NO_OBJECT;
  if (ours && (c->stop.args[2] & PROT_WRITE) != 0 && (c->stop.args[3] & MAP_SHARED) != 0 &&
      !is_lock_object(rec, object)) {
    problem(rec, "a file is written through a map");
  }
}

// ---- calls ----------------------------------------------------------------------------------------------------------

static void at_entry(recorder* rec, call* c) {
  const uint64_t number = c->stop.number;
  const bool by_third = number == SYS_copy_file_range || number == SYS_splice;
  const bool ours = object_of(rec, c->stop.args[by_third ? 2 : 0]) != NO_OBJECT;
  if (number == SYS_mmap) {
    mapped(rec, c);
  } else if (ours && (by_third || number == SYS_sendfile || number == SYS_pwritev2)) {
    problem(rec, "system call %llu cannot be recorded", (unsigned long long)number);
  } else if (ours && (number == SYS_write || number == SYS_pwrite64)) {
    take_data(rec, c, false, number == SYS_pwrite64);
  } else if (ours && (number == SYS_writev || number == SYS_pwritev)) {
    take_data(rec, c, true, number == SYS_pwritev);
  }
}

static void on_files(recorder* rec, call* c, int64_t result) {
  const uint64_t* const a = c->stop.args;
  const unsigned object = object_of(rec, a[0]);
  switch (c->stop.number) {
    case SYS_openat:
      opened(rec, c, a[2], result);
      break;
    case SYS_close:
      if (a[0] < FDS) {
        rec->fd_object[a[0]] = NO_OBJECT;
      }
      break;
    case SYS_dup:
      duplicated(rec, a[0], result);
      break;
    case SYS_dup2:
    case SYS_dup3:
      duplicated(rec, a[0], result);
      break;
    case SYS_fcntl:
      if (a[1] == F_DUPFD || a[1] == F_DUPFD_CLOEXEC) {
        duplicated(rec, a[0], result);
      }
      break;
    case SYS_write:
    case SYS_pwrite64:
    case SYS_writev:
    case SYS_pwritev:
      if (c->data) {
        written(rec, c, result);
      }
      break;
    case SYS_ftruncate:
      if (object != NO_OBJECT) {
        put(rec, &(disk_op){.kind = DISK_LENGTH, .object = object, .len = a[1], .acked = c->acked});
      }
      break;
    case SYS_fsync:
    case SYS_fdatasync:
      if (object != NO_OBJECT) {
        put(rec, &(disk_op){.kind = DISK_SYNC, .object = object, .acked = c->acked});
      }
      break;
    default:
      break;
  }
}

static void on_fallocate(recorder* rec, const call* c) {
  const unsigned object = object_of(rec, c->stop.args[0]);
  struct stat st;
  char path[64];
  if (object == NO_OBJECT || c->stop.args[1] == FALLOC_FL_KEEP_SIZE) {
    return;  // room for later changes nothing now
  }
  (void)snprintf(path, sizeof path, "/proc/%d/fd/%llu", (int)rec->pid, (unsigned long long)c->stop.args[0]);
  if (c->stop.args[1] != 0 || stat(path, &st) != 0) {
    problem(rec, "fallocate that cannot be recorded");
    return;
  }
  put(rec, &(disk_op){.kind = DISK_LENGTH, .object = object, .len = (uint64_t)st.st_size, .acked = c->acked});
}

static void at_exit_of(recorder* rec, call* c, int64_t result) {
  const uint64_t* const a = c->stop.args;
  if (result < 0) {
    return;
  }
  switch (c->stop.number) {
    case SYS_fallocate:
      on_fallocate(rec, c);
      break;
    case SYS_renameat2:
      put_rename(rec, c, (long)a[0], a[1], (long)a[2], a[3], a[4]);
      break;
    case SYS_linkat:
      put_hard_link(rec, c, (long)a[0], a[1], (long)a[2], a[3]);
      break;
    case SYS_unlinkat:
      put_unlink(rec, c, (long)a[0], a[1]);
      break;
    case SYS_mkdirat:
      put_mkdir(rec, c, (long)a[0], a[1]);
      break;
#ifdef SYS_open
    case SYS_renameat:
      put_rename(rec, c, (long)a[0], a[1], (long)a[2], a[3], 0);
      break;
    case SYS_rename:
      put_rename(rec, c, AT_FDCWD, a[0], AT_FDCWD, a[1], 0);
      break;
    case SYS_link:
      put_hard_link(rec, c, AT_FDCWD, a[0], AT_FDCWD, a[1]);
      break;
    case SYS_unlink:
    case SYS_rmdir:
      put_unlink(rec, c, AT_FDCWD, a[0]);
      break;
    case SYS_mkdir:
      put_mkdir(rec, c, AT_FDCWD, a[0]);
      break;
    case SYS_open:
      opened(rec, c, a[1], result);
      break;
    case SYS_creat:
      opened(rec, c, O_TRUNC, result);
      break;
#endif
    default:
      on_files(rec, c, result);
      break;
  }
}

static void on_stop(recorder* rec, const trace_stop* stop) {
  call* c = NULL;
  for (unsigned i = 0; i < THREADS; i++) {
    if (rec->calls[i].tid == stop->tid || (!c && rec->calls[i].tid == 0)) {
      c = &rec->calls[i];
    }
  }
  if (!c) {
    problem(rec, "too many threads");
    return;
  }
  if (stop->entry) {
    free(c->data);
    *c = (call){.tid = stop->tid, .stop = *stop, .acked = rec->l->box->acked};
    at_entry(rec, c);
  } else if (c->tid == stop->tid) {
    at_exit_of(rec, c, stop->result);
    free(c->data);
    *c = (call){0};
  }
}

// ---- the whole ------------------------------------------------------------------------------------------------------

static bool read_file(const char* path, unsigned char** data, size_t* len) {
  struct stat st;
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &st) != 0) {
    return false;
  }
  *len = (size_t)st.st_size;
  *data = malloc(*len + 1);
  const bool good = *data && read(fd, *data, *len) == (ssize_t)*len;
  (void)close(fd);
  return good;
}

disk* record_disk(const record* r) {
  disk* const d = disk_new();
  unsigned from = 1;
  if (r->begins) {
    (void)disk_begin(d, "store", r->first, r->first_len);
    from = 2;
  }
  for (unsigned i = from; i < r->objects; i++) {
    (void)disk_object(d, r->folders[i]);
  }
  return d;
}

/// The record says the same as the folder.
static bool agrees(recorder* rec) {
  char command[512], copy[160];
  disk* const d = record_disk(rec->r);
  for (size_t i = 0; i < rec->r->count; i++) {
    disk_apply(d, &rec->r->ops[i]);
  }
  disk_settle(d);
  (void)disk_choose(d, DISK_ALL, 0);
  (void)snprintf(copy, sizeof copy, "%s-recorded", rec->l->folder);
  (void)snprintf(command, sizeof command, "diff -r -x '*-lock' '%s' '%s' >&2", rec->l->folder, copy);
  const bool good = mkdir(copy, 0700) == 0 && disk_write(d, copy, NULL) && system(command) == 0;
  if (!good) {
    problem(rec, "what was recorded is not what is there");
  }
  folder_remove(copy);
  disk_free(d);
  return good;
}

static void enter_worker(void* user) { job_worker(user); }

bool record_make(const life* l, record* r) {
  recorder rec = {.r = r, .l = l};
  trace t;
  trace_stop stop = {0};
  life copy = *l;
  *r = (record){.objects = 1, .folders = {true}};
  for (unsigned i = 0; i < FDS; i++) {
    rec.fd_object[i] = NO_OBJECT;
  }
  if (l->job->initial) {
    r->begins = read_file(l->store, &r->first, &r->first_len);
    set_name(&rec, 0, "store", new_object(&rec, false));
  }
  if (!trace_start(&t, enter_worker, &copy)) {
    problem(&rec, "cannot trace");
    return false;
  }
  rec.pid = t.pid;
  while (trace_next(&t, &stop)) {
    on_stop(&rec, &stop);
  }
  r->acked = l->box->acked;
  if (!WIFEXITED(t.status) || WEXITSTATUS(t.status) != 0) {
    problem(&rec, "the worker failed");
  }
  return !r->problem[0] && agrees(&rec);
}

void record_free(record* r) {
  for (size_t i = 0; i < r->count; i++) {
    free(r->ops[i].data);
  }
  free(r->ops);
  free(r->first);
}
