/// Distinct texts with their numbers, from 0 in order of arrival.
#ifndef CLI_TEXTSET_H
#define CLI_TEXTSET_H

#include <stddef.h>

typedef struct textset {
  char** texts;   ///< owned, by number
  size_t count;   ///< of them
  size_t* slots;  ///< hash table: number + 1, or 0
  size_t size;    ///< of the table, a power of two
} textset;

/// Number of a text, which is copied when it is new.
size_t textset_add(textset* set, const char* text);
/// Number of a text, or the count where it is not there.
size_t textset_find(const textset* set, const char* text);
void textset_free(textset* set);

#endif
