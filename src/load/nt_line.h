/// One line of N-Triples or N-Quads, taken apart.
#ifndef PL_LOAD_NT_LINE_H
#define PL_LOAD_NT_LINE_H

#include "load/scope.h"

/// Outcome and state of scanning one line. The bytes at `end` must be readable and be '\n'.
typedef struct pl_nt_line {
  pl_arena* arena;        ///< for decoded escapes and scoped labels
  pl_scope* scope;        ///< of blank nodes
  bool quads;             ///< a fourth term is allowed
  size_t term_bytes_max;  ///< longest term
  const char* p;          ///< where the scanner stands
  const char* end;        ///< of the line, its '\n'
  pl_term terms[4];       ///< subject, predicate, object, graph (NONE without)
  bool again;             ///< terms are those of a statement in the same arena: an IRI that comes again is not scanned
  pl_term inner[3];       ///< terms of the triple term, if reified
  bool reified;           ///< the object is a triple term: inner
  pl_str label;           ///< the subject's label as written, if it is blank
  pl_msg msg;             ///< why the line is bad
  const char* reason;     ///< for messages that take one
  const char* bad;        ///< where
  pl_status status;       ///< PL_OK, PL_ERR_FORMAT for a bad line, or a failure
} pl_nt_line;

typedef enum pl_nt_kind {
  PL_NT_NOTHING,    ///< blank line, comment, or version directive
  PL_NT_STATEMENT,  ///< terms are set
  PL_NT_BAD         ///< msg and bad are set, or status is a failure
} pl_nt_kind;

/// Scan one statement at line->p and go behind it. Whoever changes the arena clears `again`. With a lone carriage return as line end more may follow: p < end.
pl_nt_kind pl_nt_scan(pl_nt_line* line);

#endif
