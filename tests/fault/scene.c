/// The sandbox and its notes. Templates are kept in memory, so that a run costs one write of a small file.
#include "scene.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/// What the template store holds: people, claims with sources and times, texts, a graph, identities, a cycle.
static const char facts[] =
    "{\"subject\":\"Ada\",\"subject_type\":\"Person\",\"predicate\":\"knows\",\"object\":\"Max\",\"object_type\":"
    "\"Person\","
    "\"source\":\"doc1\",\"confidence\":0.9,\"from\":\"2020-01-01\",\"until\":\"2020-12-31\"}\n"
    "{\"subject\":\"Ada\",\"predicate\":\"knows\",\"object\":\"Max\",\"source\":\"doc2\",\"confidence\":0.5,\"on\":"
    "\"2022-03\"}\n"
    "{\"subject\":\"Ada\",\"predicate\":\"knows\",\"object\":\"Eve\",\"source\":\"doc1\",\"confidence\":0.6}\n"
    "{\"subject\":\"Max\",\"predicate\":\"knows\",\"object\":\"Eve\",\"source\":\"doc2\",\"span\":[3,9]}\n"
    "{\"subject\":\"Eve\",\"predicate\":\"knows\",\"object\":\"Ada\"}\n"
    "{\"subject\":\"Eve\",\"predicate\":\"same_as\",\"object\":\"Eva\",\"confidence\":0.8}\n"
    "{\"subject\":\"Eva\",\"predicate\":\"holds\",\"object\":\"Judge\",\"source\":\"doc3\",\"from\":\"2019\"}\n"
    "{\"subject\":\"Eve\",\"predicate\":\"holds\",\"object\":\"Clerk\",\"source\":\"doc1\",\"from\":\"2018\"}\n"
    "{\"subject\":\"Ada\",\"predicate\":\"age\",\"object\":41}\n"
    "{\"subject\":\"Max\",\"predicate\":\"age\",\"object\":39.5}\n"
    "{\"subject\":\"Eve\",\"predicate\":\"age\",\"object\":18}\n"
    "{\"subject\":\"doc1\",\"predicate\":\"published_on\",\"object\":{\"value\":\"2021-05-01\",\"type\":\"date\"}}\n"
    "{\"subject\":\"doc2\",\"predicate\":\"published_on\",\"object\":{\"value\":\"2022-04-01\",\"type\":\"date\"}}\n"
    "{\"subject\":\"Ada\",\"predicate\":\"alias\",\"object\":{\"value\":\"Ad\\u0103 L\\u00ea of the long "
    "name\",\"lang\":\"vi\"}}\n"
    "{\"subject\":\"Max\",\"predicate\":\"says\",\"object\":{\"value\":\"a text of more than seven bytes about digital "
    "economy\"}}\n";

enum { STORE_COUNT = 2 };
static struct {
  char* bytes;
  size_t len;
} template[STORE_COUNT];

static void give_up(const char* doing) {
  fprintf(stderr, "sandbox: %s: %s\n", doing, strerror(errno));
  exit(2);
}

static char* read_whole(const char* path, size_t* len) {
  struct stat st;
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0 || fstat(fd, &st) != 0) {
    give_up(path);
  }
  char* const bytes = malloc((size_t)st.st_size + 1);
  *len = (size_t)st.st_size;
  if (!bytes || read(fd, bytes, *len) != st.st_size || close(fd) != 0) {
    give_up(path);
  }
  return bytes;
}

static void write_whole(const char* path, const char* bytes, size_t len) {
  const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0 || write(fd, bytes, len) != (ssize_t)len || close(fd) != 0) {
    give_up(path);
  }
}

/// Remove everything in the folder.
static void clear_folder(const char* folder) {
  DIR* const dir = opendir(folder);
  for (const struct dirent* e = dir ? readdir(dir) : NULL; e; e = readdir(dir)) {
    if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) {
      char path[512];
      snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
      if (unlink(path) != 0) {
        clear_folder(path);
        (void)rmdir(path);
      }
    }
  }
  if (dir) {
    (void)closedir(dir);
  }
}

static void run_text(parley* db, const char* text) {
  parley_query* q = NULL;
  if (parley_prepare(db, text, SIZE_MAX, &q, NULL) != PARLEY_OK || parley_step(q) != PARLEY_DONE) {
    fprintf(stderr, "template: %s\n", parley_error_message(q ? parley_query_error(q) : parley_error(db)));
    exit(2);
  }
  parley_finalize(q);
}

/// Free pages, as a store has after some life.
static void wear(const char* path) {
  const parley_options options = {.size = sizeof options, .flags = PARLEY_OPEN_NO_SYNC, .threads = 1};
  parley* db = NULL;
  char text[128];
  if (parley_open(path, &options, &db, NULL) != PARLEY_OK) {
    give_up(path);
  }
  for (int i = 0; i < 20; i++) {
    snprintf(text, sizeof text, "insert ( worn%d junk \"a text of some length that goes again, %d\" )", i, i);
    run_text(db, text);
  }
  run_text(db, "match ?s junk ?o delete ( ?s junk ?o )");
  (void)parley_close(db);
}

static void make_template(scene_run* run, const char* path, const char* text, size_t which) {
  const parley_options options = {.size = sizeof options, .threads = 1};
  const parley_input input = {.memory = text, .memory_len = strlen(text), .format = "jsonl"};
  parley_error_object* error = NULL;
  if (parley_build(path, &options, &input, 1, NULL, NULL, NULL, &error) != PARLEY_OK) {
    fprintf(stderr, "template: %s\n", parley_error_message(error));
    exit(2);
  }
  (void)run;
  if (which == 0) {
    wear(path);
  }
  template[which].bytes = read_whole(path, &template[which].len);
}

void scene_sandbox(scene_run* run) {
  const char* const parent = getenv("TMPDIR") ? getenv("TMPDIR") : access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
  snprintf(run->folder, sizeof run->folder, "%.96s/parley-fault-XXXXXX", parent);
  if (!mkdtemp(run->folder)) {
    give_up(run->folder);
  }
  snprintf(run->store, sizeof run->store, "%s/store", run->folder);
  snprintf(run->second, sizeof run->second, "%s/second", run->folder);
  snprintf(run->output, sizeof run->output, "%s/output", run->folder);
  snprintf(run->input, sizeof run->input, "%s/input.nt", run->folder);
  run->options.size = sizeof run->options;
  make_template(run, run->store, facts, 0);
  make_template(run, run->second,
                "{\"subject\":\"Ada\",\"predicate\":\"knows\",\"object\":\"Zoe\",\"source\":\"doc1\"}\n"
                "{\"subject\":\"Eve\",\"predicate\":\"knows\",\"object\":\"Ada\",\"source\":\"doc9\"}\n",
                1);
}

void scene_restore(scene_run* run, const scene* what) {
  static const char rows[] = "<urn:parley:f> <urn:parley:p> \"a text from a file, of some length\" .\n";
  clear_folder(run->folder);
  write_whole(run->input, rows, sizeof rows - 1);
  if (!(what->traits & SCENE_NEW)) {
    write_whole(run->store, template[0].bytes, template[0].len);
    write_whole(run->second, template[1].bytes, template[1].len);
  }
  run->db = NULL;
  run->status = PARLEY_OK;
  run->code = 0;
  run->message[0] = 0;
  run->seen = 14695981039346656037ULL;
  run->acknowledged = 0;
}

void scene_sandbox_end(const scene_run* run) {
  clear_folder(run->folder);
  (void)rmdir(run->folder);
  for (size_t i = 0; i < STORE_COUNT; i++) {
    free(template[i].bytes);
    template[i].bytes = NULL;
  }
}

const char* scene_leftover(const scene_run* run, char name[256]) {
  static const char* const known[] = {".", "..", "store", "store-lock", "second", "second-lock", "output", "input.nt"};
  const char* found = NULL;
  DIR* const dir = opendir(run->folder);
  for (const struct dirent* e = dir ? readdir(dir) : NULL; e && !found; e = readdir(dir)) {
    bool is_known = false;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
      is_known |= strcmp(e->d_name, known[i]) == 0;
    }
    if (!is_known) {
      found = strcpy(name, e->d_name);
    }
  }
  if (dir) {
    (void)closedir(dir);
  }
  return found;
}

bool scene_open(scene_run* run) {
  parley_error_object* error = NULL;
  const parley_status status = parley_open(run->store, &run->options, &run->db, &error);
  const bool good = scene_note(run, status, error);
  parley_error_free(error);
  return good;
}

bool scene_close(scene_run* run) {
  parley* const db = run->db;
  run->db = NULL;
  return scene_note(run, parley_close(db), NULL);
}

// ---- notes --------------------------------------------------------------------------------------------------------

bool scene_note(scene_run* run, parley_status status, const parley_error_object* error) {
  parley_diagnostic d;
  if (status <= PARLEY_NOT_FOUND) {
    return true;
  }
  if (run->status == PARLEY_OK) {
    run->status = status;
    snprintf(run->message, sizeof run->message, "%s", error ? parley_error_message(error) : parley_status_name(status));
    for (size_t i = 0; parley_error_get(error, i, &d) == PARLEY_OK; i++) {
      if (d.status != PARLEY_OK) {
        run->code = d.code;
        snprintf(run->message, sizeof run->message, "%s", d.message);
        break;
      }
    }
  }
  return false;
}

void scene_see(scene_run* run, const void* data, size_t len) {
  const unsigned char* const bytes = data;
  for (size_t i = 0; i < len; i++) {
    run->seen = (run->seen ^ bytes[i]) * 1099511628211ULL;
  }
}

void scene_see_text(scene_run* run, const char* text) {
  scene_see(run, text ? text : "\1", text ? strlen(text) + 1 : 1);
}

// ---- the store afterwards -----------------------------------------------------------------------------------------

static int digest_export(void* user, const char* data, size_t len) {
  scene_see(user, data, len);
  return 0;
}

static void keep_finding(void* user, const parley_finding* finding) {
  char* const why = user;
  if (!*why) {
    snprintf(why, 400, "check: %s: %s", finding->part, finding->text);
  }
}

bool scene_verify(const char* path, bool create, unsigned long long* digest, unsigned long long* facts_out,
                  char why[400]) {
  scene_run reader = {.seen = 14695981039346656037ULL};
  parley_options options = {.size = sizeof options, .threads = 1, .flags = create ? PARLEY_OPEN_CREATE : 0};
  parley_stats stats = {.size = sizeof stats};
  const parley_export_options export = {
      .size = sizeof export, .format = "jsonl", .write = digest_export, .user = &reader};
  parley* db = NULL;
  parley_error_object* error = NULL;
  const parley_check_options checking = {.size = sizeof checking, .deep = 1, .on_finding = keep_finding, .user = why};
  *why = 0;
  *digest = *facts_out = 0;
  if (access(path, F_OK) != 0) {
    return true;
  }
  parley_status status = parley_open(path, &options, &db, &error);
  if (status == PARLEY_OK) {
    status = parley_check(db, &checking, NULL);
    status = status == PARLEY_OK ? parley_export(db, &export) : status;
    status = status == PARLEY_OK ? parley_get_stats(db, &stats) : status;
  }
  if (status != PARLEY_OK && !*why) {
    snprintf(why, 400, "reading: %s", parley_error_message(db ? parley_error(db) : error));
  }
  if (!*why && stats.readers > 1) {
    snprintf(why, 400, "%llu reader slots are taken", (unsigned long long)stats.readers);
  }
  parley_error_free(error);
  (void)parley_close(db);
  *digest = reader.seen;
  *facts_out = stats.facts;
  return !*why;
}
