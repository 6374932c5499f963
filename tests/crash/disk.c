/// Each object keeps what is durable and a list of what is pending, in order. For an image every sector of a file counts
/// the pending writes that touch it and takes the content after some number of them, so that a later write never lies on
/// the disk without what it was written over.
#include "disk.h"

#include "crash.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECTOR = 512, ENTRIES = 32 };

typedef struct content {
  unsigned char* data;  ///< zeros behind what was written
  size_t len;           ///< of the file
  size_t room;          ///< allocated
} content;

typedef struct entry {
  char name[DISK_NAME];
  unsigned stands_for;  ///< object
} entry;

typedef struct entries {
  entry items[ENTRIES];
  unsigned count;
} entries;

typedef struct object {
  bool folder;
  content durable, chosen;        ///< of a file
  entries durable_in, chosen_in;  ///< of a folder
  disk_op* pending;               ///< not synced; data borrowed from the log
  size_t count, room;             ///< of pending
  unsigned char* kept;            ///< of a file: by sector, how many of the writes that touch it are on the disk
  unsigned char* seen;            ///< by sector, how many of them were met
  size_t sectors;                 ///< of both
} object;

struct disk {
  object objects[DISK_OBJECTS];
  unsigned count;
};

static void out_of_memory(void) {
  (void)fprintf(stderr, "out of memory or of objects\n");
  abort();
}

static void* grown(void* p, size_t size) {
  void* const q = realloc(p, size ? size : 1);
  if (!q) {
    out_of_memory();
  }
  return q;
}

unsigned disk_object(disk* d, bool folder) {
  if (d->count == DISK_OBJECTS) {
    out_of_memory();
  }
  d->objects[d->count] = (object){.folder = folder};
  return d->count++;
}

disk* disk_new(void) {
  disk* const d = calloc(1, sizeof *d);
  if (!d) {
    out_of_memory();
  }
  (void)disk_object(d, true);
  return d;
}

void disk_free(disk* d) {
  for (unsigned i = 0; i < d->count; i++) {
    free(d->objects[i].durable.data);
    free(d->objects[i].chosen.data);
    free(d->objects[i].pending);
    free(d->objects[i].kept);
    free(d->objects[i].seen);
  }
  free(d);
}

// ---- contents -------------------------------------------------------------------------------------------------------

static void content_room(content* c, size_t len) {
  if (len > c->room) {
    const size_t room = len + len / 2 + SECTOR;
    c->data = grown(c->data, room);
    memset(c->data + c->room, 0, room - c->room);
    c->room = room;
  }
}

static void content_length(content* c, size_t len) {
  content_room(c, len);
  if (len < c->len) {
    memset(c->data + len, 0, c->len - len);
  }
  c->len = len;
}

static void content_put(content* c, size_t offset, const unsigned char* data, size_t len) {
  content_room(c, offset + len);
  memcpy(c->data + offset, data, len);
}

static void content_apply(content* c, const disk_op* op) {
  if (op->kind == DISK_LENGTH) {
    content_length(c, op->len);
    return;
  }
  content_put(c, op->offset, op->data, op->len);
  if (op->offset + op->len > c->len) {
    c->len = op->offset + op->len;
  }
}

// ---- entries --------------------------------------------------------------------------------------------------------

static void entry_remove(entries* e, const char* name) {
  for (unsigned i = 0; i < e->count; i++) {
    if (strcmp(e->items[i].name, name) == 0) {
      e->items[i] = e->items[--e->count];
      return;
    }
  }
}

static void entry_set(entries* e, const char* name, unsigned stands_for) {
  entry_remove(e, name);
  if (e->count == ENTRIES) {
    out_of_memory();
  }
  entry* const item = &e->items[e->count++];
  (void)snprintf(item->name, sizeof item->name, "%s", name);
  item->stands_for = stands_for;
}

/// A change of entries, in the durable or in the chosen state.
static void entries_apply(disk* d, const disk_op* op, bool chosen) {
  object* const from = &d->objects[op->folder];
  object* const to = &d->objects[op->target];
  entries* const source = chosen ? &from->chosen_in : &from->durable_in;
  entries* const target = chosen ? &to->chosen_in : &to->durable_in;
  if (op->kind == DISK_LINK) {
    entry_set(source, op->name, op->object);
  } else {
    entry_remove(source, op->name);
  }
  if (op->kind == DISK_RENAME) {
    entry_set(target, op->to, op->object);
  }
}

// ---- applying -------------------------------------------------------------------------------------------------------

static void pend(object* o, const disk_op* op) {
  if (o->count == o->room) {
    o->room = 2 * o->room + 16;
    o->pending = grown(o->pending, o->room * sizeof *o->pending);
  }
  o->pending[o->count++] = *op;
}

static void settle(disk* d, object* o) {
  for (size_t i = 0; i < o->count; i++) {
    if (o->folder) {
      entries_apply(d, &o->pending[i], false);
    } else {
      content_apply(&o->durable, &o->pending[i]);
    }
  }
  o->count = 0;
}

/// A rename between two folders is durable with either of them: it is pending in the one it leaves.
static void settle_into(disk* d, unsigned folder) {
  for (unsigned i = 0; i < d->count; i++) {
    object* const o = &d->objects[i];
    size_t kept = 0;
    for (size_t k = 0; o->folder && i != folder && k < o->count; k++) {
      if (o->pending[k].kind == DISK_RENAME && o->pending[k].target == folder) {
        entries_apply(d, &o->pending[k], false);
      } else {
        o->pending[kept++] = o->pending[k];
      }
    }
    o->count = o->folder && i != folder ? kept : o->count;
  }
}

void disk_apply(disk* d, const disk_op* op) {
  switch (op->kind) {
    case DISK_SYNC:
      settle(d, &d->objects[op->object]);
      settle_into(d, op->object);
      break;
    case DISK_WRITE:
    case DISK_LENGTH:
      pend(&d->objects[op->object], op);
      if (op->durable) {  // what the same sectors held before goes with it; other pending writes stay
        content_apply(&d->objects[op->object].durable, op);
      }
      break;
    default:
      pend(&d->objects[op->folder], op);
  }
}

void disk_settle(disk* d) {
  for (unsigned i = 0; i < d->count; i++) {
    settle(d, &d->objects[i]);
  }
}

unsigned disk_begin(disk* d, const char* name, const unsigned char* data, size_t len) {
  const unsigned file = disk_object(d, false);
  content_put(&d->objects[file].durable, 0, data, len);
  d->objects[file].durable.len = len;
  entry_set(&d->objects[0].durable_in, name, file);
  return file;
}

/// Writes through a syncing descriptor are pending only to keep their place in the order of versions.
static bool is_choice(const disk_op* op) { return !op->durable; }

unsigned disk_pending(const disk* d) {
  unsigned n = 0;
  for (unsigned i = 0; i < d->count; i++) {
    for (size_t k = 0; k < d->objects[i].count; k++) {
      n += is_choice(&d->objects[i].pending[k]);
    }
  }
  return n;
}

// ---- choosing -------------------------------------------------------------------------------------------------------

typedef struct chooser {
  disk_choice choice;
  uint64_t which;   ///< change, or seed
  uint64_t number;  ///< of the change at hand
} chooser;

/// True if the change at hand is there, as a whole.
static bool chosen(chooser* c, const disk_op* op) {
  if (!is_choice(op)) {
    return true;
  }
  const uint64_t number = c->number++;
  switch (c->choice) {
    case DISK_NONE:
      return false;
    case DISK_ALL:
      return true;
    case DISK_DROP:
      return number != c->which;
    case DISK_ONLY:
      return number == c->which;
    default:
      return crash_random(&c->which) % 2;
  }
}

static void sectors_reset(object* o, size_t len) {
  const size_t sectors = len / SECTOR + 1;
  o->kept = grown(o->kept, sectors);
  o->seen = grown(o->seen, sectors);
  memset(o->kept, 0, sectors);
  memset(o->seen, 0, sectors);
  o->sectors = sectors;
}

/// Per sector the number of the last write that is there; all before it are under it. A random choice differs from
/// sector to sector: a torn write.
static void choose_versions(object* o, chooser* c) {
  size_t end = o->durable.len;
  for (size_t i = 0; i < o->count; i++) {
    const disk_op* const op = &o->pending[i];
    const size_t reach = op->kind == DISK_WRITE ? op->offset + op->len : op->len;
    end = reach > end ? reach : end;
  }
  sectors_reset(o, end);
  content_length(&o->chosen, 0);
  content_put(&o->chosen, 0, o->durable.data, o->durable.len);
  o->chosen.len = o->durable.len;
  for (size_t i = 0; i < o->count; i++) {
    const disk_op* const op = &o->pending[i];
    const bool there = chosen(c, op);
    for (size_t s = op->offset / SECTOR; op->kind == DISK_WRITE && s * SECTOR < op->offset + op->len; s++) {
      const bool torn = c->choice == DISK_RANDOM && is_choice(op) && crash_random(&c->which) % 4 == 0;
      o->seen[s]++;
      if (there != torn) {
        o->kept[s] = o->seen[s];
      }
    }
    const size_t reach = op->kind == DISK_WRITE ? op->offset + op->len : op->len;
    if (there && (op->kind == DISK_LENGTH || reach > o->chosen.len)) {
      content_room(&o->chosen, reach);
      o->chosen.len = reach;
    }
  }
}

static void choose_content(object* o, chooser* c) {
  choose_versions(o, c);
  const size_t len = o->chosen.len;
  memset(o->seen, 0, o->sectors);
  for (size_t i = 0; i < o->count; i++) {
    const disk_op* const op = &o->pending[i];
    for (size_t at = op->offset; op->kind == DISK_WRITE && at < op->offset + op->len;) {
      const size_t s = at / SECTOR;
      const size_t stop = (s + 1) * SECTOR < op->offset + op->len ? (s + 1) * SECTOR : op->offset + op->len;
      if (++o->seen[s] <= o->kept[s]) {
        content_put(&o->chosen, at, op->data + (at - op->offset), stop - at);
      }
      at = stop;
    }
  }
  if (o->chosen.room > len) {
    memset(o->chosen.data + len, 0, o->chosen.room - len);
  }
  o->chosen.len = len;
}

static uint64_t hash_folder(const disk* d, unsigned folder) {
  uint64_t sum = 1;
  const entries* const in = &d->objects[folder].chosen_in;
  for (unsigned i = 0; i < in->count; i++) {
    const object* const o = &d->objects[in->items[i].stands_for];
    uint64_t h = crash_hash(in->items[i].name, strlen(in->items[i].name) + 1, 0);
    h = o->folder ? h ^ hash_folder(d, in->items[i].stands_for) : crash_hash(o->chosen.data, o->chosen.len, h);
    sum += crash_random(&h);
  }
  return sum;
}

uint64_t disk_choose(disk* d, disk_choice choice, uint64_t which) {
  chooser c = {.choice = choice, .which = which};
  for (unsigned i = 0; i < d->count; i++) {
    d->objects[i].chosen_in = d->objects[i].durable_in;
  }
  for (unsigned i = 0; i < d->count; i++) {
    object* const o = &d->objects[i];
    if (!o->folder) {
      choose_content(o, &c);
    }
    for (size_t k = 0; o->folder && k < o->count; k++) {
      if (chosen(&c, &o->pending[k])) {
        entries_apply(d, &o->pending[k], true);
      }
    }
  }
  return hash_folder(d, 0);
}

// ---- writing out ----------------------------------------------------------------------------------------------------

static bool write_file(const content* c, const char* path) {
  const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  size_t at = 0;
  while (fd >= 0 && at < c->len) {
    const ssize_t n = write(fd, c->data + at, c->len - at);
    if (n <= 0) {
      break;
    }
    at += (size_t)n;
  }
  return fd >= 0 && close(fd) == 0 && at == c->len;
}

static bool write_folder(const disk* d, unsigned folder, const char* path, bool (*skip)(const char* name)) {
  const entries* const in = &d->objects[folder].chosen_in;
  bool good = true;
  for (unsigned i = 0; good && i < in->count; i++) {
    const object* const o = &d->objects[in->items[i].stands_for];
    char name[256];
    (void)snprintf(name, sizeof name, "%.180s/%s", path, in->items[i].name);
    if (o->folder) {
      good = mkdir(name, 0700) == 0 && write_folder(d, in->items[i].stands_for, name, skip);
    } else {
      good = (skip && skip(in->items[i].name)) || write_file(&o->chosen, name);
    }
  }
  return good;
}

bool disk_write(const disk* d, const char* path, bool (*skip)(const char* name)) {
  return write_folder(d, 0, path, skip);
}
