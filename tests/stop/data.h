/// The graph of the stop tests, as files of every format that can be loaded.
#ifndef TESTS_STOP_DATA_H
#define TESTS_STOP_DATA_H

#include <stdbool.h>
#include <stddef.h>

/// Write in.jsonl, in.csv and in.tsv into a folder: `nodes` nodes in cycles, a hub that all are members of, ages, notes, sources and times,
/// a class of identity of a tenth of the nodes and many of four, and huge texts of `text_bytes`.
bool data_write(const char* folder, size_t nodes, size_t text_bytes);
/// Pack a file as `path`.gz or `path`.zst.
bool data_pack(const char* path, bool zstd);
/// in.trig from in.nt: everything in one named graph.
bool data_trig(const char* folder);
/// `bytes` bytes of words; other words for another seed. Caller frees with free(); NULL if memory fails.
char* data_words(size_t bytes, unsigned seed);

#endif
