/// A scene is a piece of work over the public interface that a fault campaign runs again and again, each time with
/// another thing failing. It runs in a sandbox: a folder with a store that is put back before each run.
#ifndef TESTS_FAULT_SCENE_H
#define TESTS_FAULT_SCENE_H

#include <parley.h>

#include <stdbool.h>

enum {
  SCENE_SAVES = 256,  ///< what cannot be read is left out and told, and no error
  SCENE_COPY = 128,   ///< leaves a whole copy of the store as run.output, or nothing there
  SCENE_WRITES = 1,   ///< the store may change: to what a run without faults leaves, or not at all
  SCENE_OWN = 2,      ///< opens the store itself (run.db is NULL)
  SCENE_NEW = 4,      ///< there is no store before; with SCENE_OWN
  SCENE_STEPS = 8,    ///< commits in steps: anything between old and new that holds what was acknowledged
  SCENE_SMALL = 16,   ///< short enough for every allocation to fail in the short form
  SCENE_FRESH = 32,   ///< makes new blank nodes: contents are compared by the number of facts
  SCENE_FRAIL = 64    ///< uses a library that does not survive a failed malloc (README.md): it may die of that
};

/// One run of a scene.
typedef struct scene_run {
  char folder[128];                 ///< sandbox
  char store[160];                  ///< in it
  char second[160];                 ///< a second store in it, or the place for one
  char output[160];                 ///< where a scene may write a file
  char input[160];                  ///< a file of N-Triples
  parley_options options;           ///< to open with; size is set
  parley* db;                       ///< open store, unless SCENE_OWN
  parley_status status;             ///< first failure, else PARLEY_OK
  int code;                         ///< its message number
  char message[400];                ///< its message
  unsigned long long seen;          ///< digest of all that was read
  unsigned long long acknowledged;  ///< facts known to be committed, with SCENE_STEPS
} scene_run;

typedef struct scene {
  const char* name;                               ///< for reports
  void (*run)(scene_run* run, const char* text);  ///< does the work; leaves nothing open but run->db
  const char* text;                               ///< query or document; may be NULL
  unsigned traits;                                ///< SCENE_*
} scene;

extern const scene scene_list[];
extern const size_t scene_count;

// ---- the sandbox ------------------------------------------------------------------------------------------------------

/// Make the folder and the two template stores. Exits with a report if that fails.
void scene_sandbox(scene_run* run);
/// Put the stores back as they were, or away with SCENE_NEW, and remove everything else from the folder.
void scene_restore(scene_run* run, const scene* what);
/// Remove the folder.
void scene_sandbox_end(const scene_run* run);
/// What is in the folder beyond stores and their lock files: a name, or NULL.
const char* scene_leftover(const scene_run* run, char name[256]);
/// Open run->store with run->options into run->db, noting a failure.
bool scene_open(scene_run* run);
bool scene_close(scene_run* run);
/// Read the store without faults: whole, a digest of its export and the number of its facts. False with a text of what
/// is wrong. A store that is not there has digest 0; one whose making was cut short is made with `create`.
bool scene_verify(const char* path, bool create, unsigned long long* digest, unsigned long long* facts, char why[400]);

// ---- notes of a run -----------------------------------------------------------------------------------------------------

/// Note the first failure; true if `status` is none (OK, ROW, DONE, NOT_FOUND).
bool scene_note(scene_run* run, parley_status status, const parley_error_object* error);
void scene_see(scene_run* run, const void* data, size_t len);  ///< add to the digest
void scene_see_text(scene_run* run, const char* text);         ///< NULL is seen as such

#endif
