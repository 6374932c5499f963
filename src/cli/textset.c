// Open addressing; the table doubles when it is half full.
#include "textset.h"

#include "cli.h"

#include <stdlib.h>
#include <string.h>

static size_t hash_of(const char* text) {
  size_t hash = 5381;
  for (; *text; text++) {
    hash = hash * 33 + (unsigned char)*text;
  }
  return hash ^ hash >> 17;
}

// Slot of a text: its own, or the empty one for it.
static size_t slot_of(const textset* set, const char* text) {
  size_t slot = hash_of(text) & (set->size - 1);
  while (set->slots[slot] && strcmp(set->texts[set->slots[slot] - 1], text)) {
    slot = (slot + 1) & (set->size - 1);
  }
  return slot;
}

static void grow(textset* set) {
  set->size = set->size ? set->size * 2 : 64;
  free(set->slots);
  set->slots = cli_need(calloc(set->size, sizeof *set->slots));
  set->texts = cli_need(realloc(set->texts, set->size / 2 * sizeof *set->texts));
  for (size_t i = 0; i < set->count; i++) {
    set->slots[slot_of(set, set->texts[i])] = i + 1;
  }
}

size_t textset_add(textset* set, const char* text) {
  if (set->count * 2 >= set->size) {
    grow(set);
  }
  const size_t slot = slot_of(set, text);
  if (!set->slots[slot]) {
    set->texts[set->count++] = cli_need(strdup(text));
    set->slots[slot] = set->count;
  }
  return set->slots[slot] - 1;
}

size_t textset_find(const textset* set, const char* text) {
  const size_t slot = set->size ? slot_of(set, text) : 0;
  return set->size && set->slots[slot] ? set->slots[slot] - 1 : set->count;
}

void textset_free(textset* set) {
  for (size_t i = 0; i < set->count; i++) {
    free(set->texts[i]);
  }
  free(set->texts);
  free(set->slots);
}
