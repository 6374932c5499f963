/// Stands in for the fuzzer where there is none: runs the target over every file given, and over every file in folders
/// given.
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

static int fail(const char* path) {
  fprintf(stderr, "replay: %s: %s\n", path, strerror(errno));
  return 1;
}

/// Read all of a file into a block of exactly its size, so that a sanitizer sees one byte too many.
static int replay_file(const char* path) {
  FILE* const file = fopen(path, "rb");
  if (!file) {
    return fail(path);
  }
  uint8_t* data = NULL;
  long size = -1;
  int failed = 1;
  if (fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0 || fseek(file, 0, SEEK_SET) != 0) {
    goto out;
  }
  data = malloc(size ? (size_t)size : 1);
  if (!data || fread(data, 1, (size_t)size, file) != (size_t)size) {
    goto out;
  }
  (void)LLVMFuzzerTestOneInput(data, (size_t)size);
  failed = 0;
out:
  if (failed) {
    (void)fail(path);
  }
  free(data);
  (void)fclose(file);
  return failed;
}

static int replay_folder(const char* path, DIR* folder, size_t* count) {
  int failed = 0;
  for (const struct dirent* entry = readdir(folder); entry; entry = readdir(folder)) {
    char name[4096];
    if (entry->d_name[0] == '.') {
      continue;
    }
    if (snprintf(name, sizeof(name), "%s/%s", path, entry->d_name) >= (int)sizeof(name)) {
      errno = ENAMETOOLONG;
      return fail(path);
    }
    failed |= replay_file(name);
    ++*count;
  }
  return failed;
}

int main(int argc, char** argv) {
  int failed = 0;
  size_t count = 0;
  for (int i = 1; i < argc; i++) {
    DIR* const folder = opendir(argv[i]);
    if (folder) {
      failed |= replay_folder(argv[i], folder, &count);
      (void)closedir(folder);
    } else {
      failed |= replay_file(argv[i]);
      count++;
    }
  }
  printf("replayed %zu inputs\n", count);
  return failed || count == 0;
}
