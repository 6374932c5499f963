/// Names and labels of terms that are at hand as values, asked from the store by one prepared statement.
#ifndef CLI_NAMES_H
#define CLI_NAMES_H

#include "cli.h"

enum { NAMES_SLOTS = 1024 };

/// What is known of a term. Texts are owned.
typedef struct names_entry {
  char* key;    ///< the term as N-Triples writes it, or NULL: empty
  char* name;   ///< as a query writes it; a literal's text
  char* label;  ///< label(x)
} names_entry;

typedef struct cli_names {
  cli_session* session;
  parley_txn* txn;                   ///< to ask in, or NULL
  parley_query* query;               ///< prepared at the first question
  names_entry entries[NAMES_SLOTS];  ///< direct-mapped
} cli_names;

cli_names* cli_names_new(cli_session* session, parley_txn* txn);
void cli_names_free(cli_names* names);  ///< accepts NULL
/// Name and label of a term; borrowed until the next call. Where the store cannot tell, the term's own text.
const names_entry* cli_names_of(cli_names* names, const parley_value* v);

// ---- terms as files write them (term.c) ----
void cli_nt_term(FILE* out, const parley_value* v);
/// The same as an owned text.
char* cli_nt_text(const parley_value* v);
/// {"iri": ...}, {"blank": ...} or {"value": ..., "type": ...}: loads as exactly this term.
void cli_json_term(FILE* out, const parley_value* v);

#endif
