/// A whole store file that somebody has damaged, or made up: opened, checked, queried in all orders, exported, written
/// to. Each step gives an error or an answer; none may crash, hang or leak.
///
/// The input is a list of edits of a sound store of some hundred pages, each
///
///     kind (1)  page (2)  place (2)  value (8)
///
/// or, behind a first byte of 0xFF, the bytes of the file itself. Pages are numbered among those of the kind that the
/// edit is for, so that small inputs reach what the storage layer goes by.
#include "api_fuzz.h"

#include <fcntl.h>
#include <sys/stat.h>

enum {
  EDIT_BYTES = 13,
  EDITS_MAX = 64,
  PAGE_BYTES = 4096,
  HEADER_BYTES = 16,
  LONG_TEXTS = 120,
  LONG_BYTES = 1700,
  RAW = 0xFF
};
enum { PAGE_BRANCH = 1, PAGE_LEAF = 2, PAGE_OVERFLOW = 4 };
enum edit_kind { SET_1, SET_2, SET_4, SET_8, ZERO, COPY, CUT, HEADER, NODE, META, FLIP, TREE, EDIT_KINDS };

typedef struct sound_store {
  uint8_t* bytes;     ///< the file
  size_t size;        ///< its length
  uint16_t* trees;    ///< pages that are branches or leaves
  size_t tree_count;  ///< how many
  char path[64];      ///< where files are put
  char lock[72];      ///< beside it
} sound_store;

static uint64_t number(const uint8_t* p, size_t bytes) {
  uint64_t n = 0;
  memcpy(&n, p, bytes);
  return n;
}

// ---- the sound store ----------------------------------------------------------------------------------------------

static sound_store sound;

static int put_query(parley* store, const char* text) {
  parley_query* query = NULL;
  parley_status status = parley_prepare(store, text, strlen(text), &query, NULL);
  while (status == PARLEY_OK || status == PARLEY_ROW) {
    status = parley_step(query);
  }
  parley_finalize(query);
  return status == PARLEY_DONE;
}

/// Texts that stand in leaves of their own, two each, so that their tree has branch pages.
static void load_long_texts(parley* store) {
  char* const text = malloc(LONG_TEXTS * (LONG_BYTES + 100));
  size_t len = 0;
  fuzz_require(text != NULL);
  for (int i = 0; i < LONG_TEXTS; i++) {
    len += (size_t)sprintf(text + len, "<urn:parley:n%d> <urn:parley:text> \"%d ", i, i);
    memset(text + len, 'a' + i % 26, LONG_BYTES);
    len += LONG_BYTES;
    len += (size_t)sprintf(text + len, "\" .\n");
  }
  fuzz_load(store, "nt", text);
  free(text);
}

static void read_sound(void) {
  FILE* const file = fopen(sound.path, "rb");
  fuzz_require(file && fseek(file, 0, SEEK_END) == 0);
  sound.size = (size_t)ftell(file);
  rewind(file);
  sound.bytes = malloc(sound.size);
  sound.trees = calloc(sound.size / PAGE_BYTES + 1, sizeof *sound.trees);
  fuzz_require(sound.bytes && sound.trees && fread(sound.bytes, 1, sound.size, file) == sound.size &&
               fclose(file) == 0);
  for (size_t i = 2; i < sound.size / PAGE_BYTES; i++) {
    const uint64_t flags = number(sound.bytes + i * PAGE_BYTES + 10, 2);
    if (number(sound.bytes + i * PAGE_BYTES, 8) == i && (flags == PAGE_BRANCH || flags == PAGE_LEAF)) {
      sound.trees[sound.tree_count++] = (uint16_t)i;
    }
  }
}

static void forget(void) {
  (void)unlink(sound.path);
  (void)unlink(sound.lock);
  free(sound.bytes);
  free(sound.trees);
}

static void make_sound(void) {
  const parley_options options = {
      .size = sizeof options, .flags = PARLEY_OPEN_CREATE | PARLEY_OPEN_NO_SYNC, .threads = 1};
  parley* store = NULL;
  (void)snprintf(sound.path, sizeof sound.path, "/dev/shm/parley-fuzz-store-%ld", (long)getpid());
  (void)snprintf(sound.lock, sizeof sound.lock, "%s-lock", sound.path);
  fuzz_require(parley_open(sound.path, &options, &store, NULL) == PARLEY_OK);
  fuzz_load(store, "jsonl", fuzz_facts);
  fuzz_load(store, "nt", fuzz_labels);
  load_long_texts(store);
  fuzz_require(put_query(store, "delete ( Bob knows Bob )"));
  fuzz_require(put_query(store, "insert ( Bob knows Ada )"));
  fuzz_require(parley_close(store) == PARLEY_OK);
  read_sound();
  (void)atexit(forget);
}

// ---- edits --------------------------------------------------------------------------------------------------------

static void set(uint8_t* file, size_t size, size_t at, const uint8_t* value, size_t bytes) {
  if (at < size) {
    memcpy(file + at, value, bytes < size - at ? bytes : size - at);
  }
}

/// A field of a node of a page: sizes, flags, key size, the first bytes of key and data.
static void edit_node(uint8_t* file, size_t size, size_t page, size_t place, const uint8_t* value) {
  static const struct {
    uint8_t at, bytes;
  } fields[] = {{0, 4}, {4, 2}, {6, 2}, {8, 8}, {16, 8}, {40, 8}, {0, 1}, {8, 1}};
  const uint8_t* const header = file + page * PAGE_BYTES;
  const size_t nodes = (number(header + 12, 2) - HEADER_BYTES) / 2 % 256;
  const size_t field = place % 8;
  if (nodes > 0) {
    const size_t node = number(header + HEADER_BYTES + 2 * (place / 8 % nodes), 2);
    set(file, size, page * PAGE_BYTES + node + fields[field].at, value, fields[field].bytes);
  }
}

static void edit(uint8_t* file, size_t* size, const uint8_t* e) {
  static const struct { uint8_t at, bytes; } header[] = {{0, 8}, {10, 2}, {12, 2}, {14, 2}, {12, 4}};
  static const uint8_t meta[] = {10, 16, 20, 24, 32, 40,  44,  46,  48,  56,  64, 72,
                                 80, 88, 92, 94, 96, 104, 112, 120, 128, 136, 144};
  const size_t pages = *size / PAGE_BYTES;
  const size_t place = number(e + 3, 2);
  const uint8_t* const value = e + 5;
  if (pages < 2) {
    return;
  }
  const size_t any = number(e + 1, 2) % pages;
  const size_t tree = sound.trees[number(e + 1, 2) % sound.tree_count] % pages;
  switch (e[0] % EDIT_KINDS) {
    case SET_1:
    case SET_2:
    case SET_4:
    case SET_8:
      set(file, *size, any * PAGE_BYTES + place % PAGE_BYTES, value, (size_t)1 << e[0] % EDIT_KINDS);
      break;
    case ZERO:
      memset(file + any * PAGE_BYTES, 0, PAGE_BYTES);
      break;
    case COPY:
      memmove(file + tree * PAGE_BYTES, file + number(value, 2) % pages * PAGE_BYTES, PAGE_BYTES);
      break;
    case CUT:
      *size = any * PAGE_BYTES + place % PAGE_BYTES;
      break;
    case HEADER:
      set(file, *size, tree * PAGE_BYTES + header[place % 5].at, value, header[place % 5].bytes);
      break;
    case NODE:
      edit_node(file, *size, tree, place, value);
      break;
    case META:
      set(file, *size, any % 2 * PAGE_BYTES + meta[place % sizeof meta], value, place / sizeof meta % 2 ? 8 : 2);
      break;
    case FLIP:
      file[any * PAGE_BYTES + place % PAGE_BYTES] ^= (uint8_t)(1u << value[0] % 8);
      break;
    default:  // any place of a page of a tree
      set(file, *size, tree * PAGE_BYTES + place % PAGE_BYTES, value + 1, 1 + value[0] % 4);
      break;
  }
}

static void write_file(const uint8_t* bytes, size_t size) {
  (void)unlink(sound.lock);
  const int fd = open(sound.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  fuzz_require(fd >= 0 && write(fd, bytes, size) == (ssize_t)size && close(fd) == 0);
}

static void write_edited(const uint8_t* data, size_t size) {
  size_t length = sound.size;
  uint8_t* const file = malloc(sound.size);
  fuzz_require(file != NULL);
  memcpy(file, sound.bytes, sound.size);
  for (size_t i = 0; i < EDITS_MAX && (i + 1) * EDIT_BYTES <= size; i++) {
    edit(file, &length, data + i * EDIT_BYTES);
  }
  write_file(file, length);
  free(file);
}

// ---- use ----------------------------------------------------------------------------------------------------------

static int take(void* user, const char* data, size_t len) {
  size_t* const total = user;
  *total += data ? len : 0;
  return *total > (size_t)64 << 20;
}

static void ask(parley* store, const char* text) {
  parley_query* query = NULL;
  if (parley_prepare(store, text, strlen(text), &query, NULL) == PARLEY_OK && query) {
    for (int i = 0; i < FUZZ_ROWS && parley_step(query) == PARLEY_ROW; i++) {
      fuzz_row(query);
    }
  }
  parley_finalize(query);
}

static void check(parley* store, int deep) {
  const parley_check_options options = {.size = sizeof options, .deep = deep};
  parley_check_report report = {.size = sizeof report};
  (void)parley_check(store, &options, &report);
}

static void use(parley* store) {
  static const char* const queries[] = {
      "match ?s ?p ?o return ?s, ?p, ?o",
      "match ?s knows Ada return ?s",
      "match Ada ?p ?o return ?p, ?o",
      "match ?s ?p Max return ?s, ?p",
      "why match Ada knows ?a return ?a",
      "according to doc1 at least 0.3 match ?a knows ?b as ?st { source ?s } return ?a, ?b, ?s",
      "match Ada knows+ ?a return ?a",
      "match ?x ~ \"lovelace\" return ?x, label(?x)",
      "describe Ada",
      "match ?s ?p ?o return ?p, count(*)",
  };
  size_t total = 0;
  const parley_limits limits = {
      .size = sizeof limits, .memory_bytes = (size_t)64 << 20, .seconds = 2, .rows = FUZZ_ROWS};
  const parley_export_options to = {.size = sizeof to, .assertions = 1, .write = take, .user = &total};
  (void)parley_set_limits(store, &limits);
  check(store, 0);
  check(store, 1);
  for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
    ask(store, queries[i]);
  }
  (void)parley_export(store, &to);
  ask(store, "insert ( Ada knows Zoe )");
  ask(store, "insert ( Zoe text \"another text, which is long enough for the dictionary\" { source doc4 } )");
  ask(store, "delete ( Ada knows Eve )");
  ask(store, "match ?s text ?o delete ( ?s text ?o )");
  ask(store, "insert ( Ada knows Yan )");
  ask(store, queries[0]);
  check(store, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (!sound.bytes) {
    make_sound();
  }
  if (size > 0 && data[0] == RAW) {
    write_file(data + 1, size - 1);
  } else {
    write_edited(data, size);
  }
  const parley_options options = {
      .size = sizeof options, .flags = PARLEY_OPEN_NO_SYNC, .threads = 1, .map_bytes = (size_t)FUZZ_MAP_MIB << 20};
  parley* store = NULL;
  parley_error_object* error = NULL;
  const parley_status status = parley_open(sound.path, &options, &store, &error);
  fuzz_require(size > 0 || status == PARLEY_OK);
  if (status == PARLEY_OK) {
    use(store);
    fuzz_require(parley_close(store) == PARLEY_OK);
  } else {
    fuzz_require(!store && parley_error_count(error) > 0 && parley_error_message(error)[0] != '\0');
    fuzz_require(status == PARLEY_CORRUPT || status == PARLEY_CANTOPEN || status == PARLEY_NEWER ||
                 status == PARLEY_FULL || status == PARLEY_NOMEM);
  }
  parley_error_free(error);
  return 0;
}
