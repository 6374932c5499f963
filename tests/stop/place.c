/// Making the place of cases.h: the graph is written as JSON Lines, built, and exported in the other formats.
#include "cases.h"
#include "data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int to_file(void* user, const char* data, size_t len) { return fwrite(data, 1, len, user) == len ? 0 : 1; }

static bool export_as(stop_place* place, const char* format) {
  char path[512];
  (void)snprintf(path, sizeof path, "%s/in.%s", place->folder, format);
  FILE* const f = fopen(path, "w");
  if (!f) {
    return false;
  }
  const parley_export_options options = {.size = sizeof options, .format = format, .write = to_file, .user = f};
  const bool ok = parley_export(place->store, &options) == PARLEY_OK;
  return fclose(f) == 0 && ok;
}

static bool build(stop_place* place) {
  char from[512], to[512];
  parley_error_object* error = NULL;
  (void)snprintf(from, sizeof from, "%s/in.jsonl", place->folder);
  (void)snprintf(to, sizeof to, "%s/store", place->folder);
  const parley_input input = {.path = from};
  const parley_options options = {.size = sizeof options, .flags = PARLEY_OPEN_NO_SYNC};
  bool ok = parley_build(to, &options, &input, 1, NULL, NULL, NULL, &error) == PARLEY_OK;
  ok = ok && parley_open(to, &options, &place->store, &error) == PARLEY_OK;
  if (!ok) {
    (void)fprintf(stderr, "%s\n", parley_error_message(error));
  }
  parley_error_free(error);
  return ok;
}

static bool second(stop_place* place) {
  char path[512];
  (void)snprintf(path, sizeof path, "%s/second", place->folder);
  return parley_backup(place->store, path, NULL) == PARLEY_OK;
}

bool stop_place_make(stop_place* place, size_t nodes, size_t text_bytes) {
  const char* const tmp = getenv("TMPDIR");
  char path[512];
  *place = (stop_place){.nodes = nodes, .text_bytes = text_bytes};
  (void)snprintf(place->folder, sizeof place->folder, "%s/parley-stop-XXXXXX", tmp ? tmp : "/tmp");
  place->text = data_words(text_bytes, 1);
  place->text_other = data_words(text_bytes, 2);
  place->a_text = malloc(text_bytes + 1);
  if (!place->text || !place->text_other || !place->a_text || !mkdtemp(place->folder)) {
    return false;
  }
  memset(place->a_text, 'a', text_bytes);
  place->a_text[text_bytes] = '\0';
  (void)snprintf(path, sizeof path, "%s/in.nt", place->folder);
  return data_write(place->folder, nodes, text_bytes) && build(place) && second(place) && export_as(place, "nt") &&
         export_as(place, "nq") && export_as(place, "ttl") && data_trig(place->folder) && data_pack(path, false) &&
         data_pack(path, true);
}

void stop_place_free(stop_place* place) {
  char command[320];
  if (place->store) {
    (void)parley_close(place->store);
  }
  free(place->text);
  free(place->text_other);
  free(place->a_text);
  (void)snprintf(command, sizeof command, "rm -rf '%s'", place->folder);
  if (system(command) != 0) {
    (void)fprintf(stderr, "%s could not be removed\n", place->folder);
  }
}
