/// limits [FOLDER]: what the machine can do, as a Markdown table: memory, page cache, durable writes.
///
/// Each figure is the best of a few rounds: a limit, not an average. FOLDER (default: the current one) is where the
/// files of the last two parts lie; it needs 1 GiB for a moment. Memory is measured on 1 GiB, far beyond any cache.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 5, THREADS_MAX = 2, PIECE = 1 << 20, SYNCS = 300, STEPS = 1 << 22, APPEND_BYTES = 4096 };

static const size_t memory_bytes = (size_t)1 << 30;

_Noreturn static void die(const char* what) {
  fprintf(stderr, "limits: %s: %s\n", what, strerror(errno));
  exit(1);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t next_random(uint64_t* state) {
  uint64_t x = *state += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

static void* map_memory(bool huge) {
  void* memory = mmap(NULL, memory_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    die("memory");
  }
  (void)madvise(memory, memory_bytes, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
  memset(memory, 1, memory_bytes);
  return memory;
}

/// One thread's share of a pass over memory or a file.
typedef struct share {
  const char* source;  ///< read
  char* target;        ///< written; NULL: only read
  size_t bytes;        ///< of the share
  uint64_t sum;        ///< so that reading is not left out
} share;

static uint64_t sum_of(const char* bytes, size_t count) {
  const uint64_t* words = (const uint64_t*)(const void*)bytes;
  uint64_t sums[4] = {0};
  for (size_t i = 0; i + 4 <= count / 8; i += 4) {
    for (unsigned k = 0; k < 4; k++) {
      sums[k] += words[i + k];
    }
  }
  return sums[0] + sums[1] + sums[2] + sums[3];
}

static void* pass(void* argument) {
  share* s = argument;
  if (s->target) {
    memcpy(s->target, s->source, s->bytes);
  } else {
    s->sum = sum_of(s->source, s->bytes);
  }
  return NULL;
}

/// Bytes per second of `bytes` read, or copied, by some threads at once.
static double bandwidth(const char* source, char* target, size_t bytes, unsigned threads) {
  double best = 1e9;
  for (unsigned round = 0; round < ROUNDS; round++) {
    pthread_t ids[THREADS_MAX];
    share shares[THREADS_MAX];
    const double start = now();
    for (unsigned t = 0; t < threads; t++) {
      const size_t part = bytes / threads;
      shares[t] = (share){.source = source + t * part, .target = target ? target + t * part : NULL, .bytes = part};
      if (pthread_create(&ids[t], NULL, pass, &shares[t])) {
        die("thread");
      }
    }
    for (unsigned t = 0; t < threads; t++) {
      pthread_join(ids[t], NULL);
    }
    const double seconds = now() - start;
    best = seconds < best ? seconds : best;
  }
  return (double)bytes / best;
}

static void print_rate(const char* what, double bytes_per_second) {
  printf("| %s | %.1f GB/s |\n", what, bytes_per_second / 1e9);
}

static void measure_memory(void) {
  char *a = map_memory(true), *b = map_memory(true);
  print_rate("memory read, one thread", bandwidth(a, NULL, memory_bytes, 1));
  print_rate("memory read, two threads", bandwidth(a, NULL, memory_bytes, 2));
  print_rate("memory copied, one thread (bytes read + written)", 2 * bandwidth(a, b, memory_bytes, 1));
  print_rate("memory copied, two threads", 2 * bandwidth(a, b, memory_bytes, 2));
  munmap(a, memory_bytes);
  munmap(b, memory_bytes);
}

/// One cycle through all cache lines of the memory in random order: each place holds the number of the next.
static void make_cycle(uint32_t* memory, size_t lines) {
  uint64_t state = 1;
  uint32_t* order = malloc(lines * sizeof *order);
  if (order == NULL) {
    die("memory");
  }
  for (size_t i = 0; i < lines; i++) {
    const size_t k = (size_t)(next_random(&state) % (i + 1));
    order[i] = order[k];
    order[k] = (uint32_t)i;
  }
  for (size_t i = 0; i < lines; i++) {
    memory[(size_t)order[i] * 16] = order[(i + 1) % lines];
  }
  free(order);
}

static void measure_latency(bool huge) {
  uint32_t* memory = map_memory(huge);
  make_cycle(memory, memory_bytes / 64);
  double best = 1e9;
  uint32_t at = 0;
  for (unsigned round = 0; round < ROUNDS; round++) {
    const double start = now();
    for (unsigned i = 0; i < STEPS; i++) {
      at = memory[(size_t)at * 16];
    }
    const double seconds = now() - start;
    best = seconds < best ? seconds : best;
  }
  printf("| random access in 1 GiB, %s pages%s | %.0f ns |\n", huge ? "huge" : "4 KiB", at == UINT32_MAX ? "!" : "",
         best / STEPS * 1e9);
  munmap(memory, memory_bytes);
}

static int make_file(const char* path) {
  const int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
  char* piece = malloc(PIECE);
  if (file < 0 || piece == NULL) {
    die(path);
  }
  memset(piece, 7, PIECE);
  for (size_t done = 0; done < memory_bytes; done += PIECE) {
    if (write(file, piece, PIECE) != PIECE) {
      die(path);
    }
  }
  free(piece);
  return file;
}

/// A file of 1 GiB that is in the page cache: by system calls, and mapped as the store maps its own (first touch).
static void measure_page_cache(const char* path) {
  const int file = make_file(path);
  char* piece = malloc(PIECE);
  double read_best = 1e9, map_best = 1e9;
  uint64_t sum = 0;
  for (unsigned round = 0; round < ROUNDS && piece; round++) {
    double start = now();
    for (size_t done = 0; done < memory_bytes; done += PIECE) {
      if (pread(file, piece, PIECE, (off_t)done) != PIECE) {
        die(path);
      }
    }
    read_best = now() - start < read_best ? now() - start : read_best;
    start = now();
    char* map = mmap(NULL, memory_bytes, PROT_READ, MAP_SHARED, file, 0);
    if (map == MAP_FAILED) {
      die(path);
    }
    sum += sum_of(map, memory_bytes);
    munmap(map, memory_bytes);
    map_best = now() - start < map_best ? now() - start : map_best;
  }
  print_rate("page cache by read()", (double)memory_bytes / read_best);
  print_rate(sum ? "page cache by mmap(), first touch" : "page cache", (double)memory_bytes / map_best);
  free(piece);
  close(file);
  unlink(path);
}

static int compare(const void* a, const void* b) {
  const double x = *(const double*)a, y = *(const double*)b;
  return (x > y) - (x < y);
}

/// Append a page, make it durable: what a small commit costs at least.
static void measure_sync(const char* path) {
  static char page[APPEND_BYTES];
  static double times[SYNCS];
  const int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
  if (file < 0) {
    die(path);
  }
  for (unsigned i = 0; i < SYNCS; i++) {
    const double start = now();
    if (write(file, page, sizeof page) != (ssize_t)sizeof page || fdatasync(file) != 0) {
      die(path);
    }
    times[i] = now() - start;
  }
  qsort(times, SYNCS, sizeof *times, compare);
  printf("| append 4 KiB and fdatasync, median (slowest tenth from) | %.2f ms (%.2f ms): %.0f /s |\n",
         times[SYNCS / 2] * 1e3, times[SYNCS * 9 / 10] * 1e3, 1 / times[SYNCS / 2]);
  close(file);
  unlink(path);
}

int main(int argc, char** argv) {
  char path[4096];
  const int len = snprintf(path, sizeof path, "%s/limits.%ld.tmp", argc > 1 ? argv[1] : ".", (long)getpid());
  if (argc > 2 || len >= (int)sizeof path) {
    fprintf(stderr, "usage: limits [FOLDER]\n");
    return 2;
  }
  printf("| limit | measured |\n|---|---|\n");
  measure_memory();
  measure_latency(true);
  measure_latency(false);
  measure_page_cache(path);
  measure_sync(path);
  return 0;
}
