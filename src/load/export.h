/// Writing a store out: sorted by text and stable, so that two equal stores export equal bytes.
#ifndef PL_LOAD_EXPORT_H
#define PL_LOAD_EXPORT_H

#include "load/load.h"

typedef struct pl_export_options {
  pl_format format;  ///< NT, NQ, TTL or JSONL
  bool assertions;   ///< nt, nq, ttl: write assertions as RDF 1.2 reifiers (rdf:reifies <<( s p o )>>); jsonl always
                     ///< keeps them
  /// Called with chunks of output; non-zero stops the export with PL_ERR_IO.
  int (*write)(void* user, const char* data, size_t len);
  void* user;       ///< for write
  pl_guard* guard;  ///< may be NULL
} pl_export_options;

/// nt and ttl write the facts (of named graphs too, without the graph); nq writes graphs; facts that only assertions
/// state are written as facts. load(export(x)) = x for jsonl and for nt/nq with assertions (jsonl and nt write named
/// graphs as far as the format can; see docs/loading.md).
pl_status pl_export(pl_txn* txn, const pl_export_options* options);

#endif
