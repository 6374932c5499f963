/// Numbered terms and rows.
#include "terms.h"

#include <stdio.h>
#include <stdlib.h>

void* ref_alloc(pl_arena* arena, size_t size) {
  void* out = pl_arena_calloc(arena, 1, size ? size : 1);
  if (!out) {
    fprintf(stderr, "out of memory\n");
    abort();
  }
  return out;
}

static void* copied(pl_arena* arena, const void* data, size_t size, size_t room) {
  void* out = ref_alloc(arena, room);
  return size ? memcpy(out, data, size) : out;
}

void ref_graph_free(ref_graph* graph) { pl_arena_free(&graph->arena); }

static uint32_t hash_bytes(const void* data, size_t len) {
  uint32_t hash = 2166136261u;
  for (size_t i = 0; i < len; i++) {
    hash = (hash ^ ((const unsigned char*)data)[i]) * 16777619u;
  }
  return hash;
}

static ref_id put_entry(ref_graph* graph, ref_entry entry) {
  pl_arena* arena = &graph->arena;
  for (ref_id id = 1; id < graph->entry_count; id++) {
    const ref_entry* e = &graph->entries[id];
    if (e->hash == entry.hash && e->kind == entry.kind && e->count == entry.count &&
        (entry.kind == REF_TERM ? pl_term_eq(&e->term, &entry.term)
                                : !entry.count || !memcmp(e->items, entry.items, entry.count * sizeof(ref_id)))) {
      return id;
    }
  }
  if (graph->entry_count == graph->entry_capacity) {
    const size_t size = graph->entry_count * sizeof(ref_entry);
    graph->entries = copied(arena, graph->entries, size, size * 2);
    graph->entry_capacity *= 2;
  }
  entry.term.text = pl_arena_str(arena, entry.term.text);
  entry.term.datatype = pl_arena_str(arena, entry.term.datatype);
  entry.term.lang = pl_arena_str(arena, entry.term.lang);
  entry.items = copied(arena, entry.items, entry.count * sizeof(ref_id), entry.count * sizeof(ref_id));
  entry.value.kind = PL_VALUE_OTHER;
  if (entry.kind == REF_TERM) {
    pl_value_from_term(&entry.term, &entry.value);
  }
  graph->entries[graph->entry_count] = entry;
  return (ref_id)graph->entry_count++;
}

ref_id ref_put(ref_graph* graph, const pl_term* term) {
  const ref_entry entry = {.kind = REF_TERM, .term = *term, .hash = hash_bytes(term->text.data, term->text.len)};
  return term->kind == PL_TERM_NONE ? 0 : put_entry(graph, entry);
}

static const char* const known_iris[REF_KNOWN_COUNT] = {"urn:parley:source",
                                                        "urn:parley:confidence",
                                                        "urn:parley:from",
                                                        "urn:parley:until",
                                                        "urn:parley:on",
                                                        "urn:parley:same_as",
                                                        PL_OWL "sameAs",
                                                        "urn:parley:label",
                                                        "urn:parley:name",
                                                        PL_RDFS "label",
                                                        "http://www.w3.org/2004/02/skos/core#prefLabel",
                                                        "http://xmlns.com/foaf/0.1/name",
                                                        "http://schema.org/name",
                                                        "urn:parley:alias",
                                                        "http://www.w3.org/2004/02/skos/core#altLabel"};

void ref_graph_init(ref_graph* graph) {
  *graph = (ref_graph){.entry_count = 1, .entry_capacity = 1};  // the first is null
  pl_mem_init(&graph->mem, NULL, NULL, SIZE_MAX);
  pl_arena_init(&graph->arena, &graph->mem);
  graph->entries = ref_alloc(&graph->arena, sizeof(ref_entry));
  for (int i = 0; i < REF_KNOWN_COUNT; i++) {
    const pl_term term = pl_term_iri(pl_str_c(known_iris[i]));
    graph->known[i] = ref_put(graph, &term);
  }
}

ref_id ref_put_items(ref_graph* graph, ref_kind kind, const ref_id* items, size_t count) {
  const uint32_t hash = hash_bytes(items, count * sizeof(ref_id));
  return put_entry(graph, (ref_entry){.kind = kind, .items = items, .count = count, .hash = hash});
}

void ref_print(const ref_graph* graph, ref_id id, pl_buf* out) {
  const ref_entry* e = &graph->entries[id];
  if (id == 0 || id == REF_UNBOUND) {
    (void)pl_buf_str(out, PL_STR("null"));
  } else if (e->kind == REF_TERM) {
    (void)pl_term_write_nt(out, &e->term);
  } else {
    (void)pl_buf_char(out, '[');
    for (size_t i = 0; i < e->count; i++) {
      (void)pl_buf_str(out, i ? PL_STR(" ") : PL_STR(""));
      if (e->kind == REF_PATH && i % 3 == 2) {
        (void)pl_buf_str(out, e->items[i] ? PL_STR("back") : PL_STR("forth"));
      } else {
        ref_print(graph, e->items[i], out);
      }
    }
    (void)pl_buf_char(out, ']');
  }
}

void ref_add(pl_arena* arena, ref_rows* rows, const ref_id* row, size_t width) {
  if (rows->count == rows->capacity) {
    rows->capacity = rows->capacity * 2 + 8;
    rows->data = copied(arena, rows->data, rows->count * sizeof(ref_id*), rows->capacity * sizeof(ref_id*));
  }
  rows->data[rows->count++] = copied(arena, row, width * sizeof(ref_id), width * sizeof(ref_id));
}

bool ref_add_new(pl_arena* arena, ref_rows* rows, const ref_id* row, size_t width) {
  for (size_t i = 0; i < rows->count; i++) {
    if (!memcmp(rows->data[i], row, width * sizeof(ref_id))) {
      return false;
    }
  }
  ref_add(arena, rows, row, width);
  return true;
}
