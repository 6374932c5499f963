// Terms met outside of columns (support, annotations) get their names and labels here. Sources come again and again, so
// the last ones are kept.
#include "names.h"

#include <stdlib.h>
#include <string.h>

cli_names* cli_names_new(cli_session* session, parley_txn* txn) {
  cli_names* const names = cli_need(calloc(1, sizeof *names));
  names->session = session;
  names->txn = txn ? txn : session->txn;
  return names;
}

static void forget(names_entry* entry) {
  free(entry->key);
  free(entry->name);
  free(entry->label);
  *entry = (names_entry){0};
}

void cli_names_free(cli_names* names) {
  if (!names) {
    return;
  }
  for (size_t i = 0; i < NAMES_SLOTS; i++) {
    forget(&names->entries[i]);
  }
  parley_finalize(names->query);
  free(names);
}

static bool prepare(cli_names* names) {
  static const char text[] = "return $x as ?name, label($x) as ?label";
  if (!names->query) {
    const parley_status status = names->txn ? parley_prepare_in(names->txn, text, SIZE_MAX, &names->query, NULL)
                                            : parley_prepare(names->session->db, text, SIZE_MAX, &names->query, NULL);
    if (status != PARLEY_OK) {
      parley_finalize(names->query);
      names->query = NULL;
    }
  }
  return names->query != NULL;
}

static void ask(cli_names* names, const parley_value* v, names_entry* entry) {
  const char *name = NULL, *label = NULL;
  if (prepare(names) && parley_bind(names->query, "x", v) == PARLEY_OK && parley_step(names->query) == PARLEY_ROW) {
    name = parley_column_text(names->query, 0);
    entry->name = cli_need(strdup(name ? name : v->text));
    label = parley_column_text(names->query, 1);
    entry->label = cli_need(strdup(label && *label ? label : entry->name));
  } else {
    entry->name = cli_need(strdup(v->text ? v->text : ""));
    entry->label = cli_need(strdup(entry->name));
  }
  if (names->query) {
    (void)parley_reset(names->query);  // its status is that of the run above
  }
}

const names_entry* cli_names_of(cli_names* names, const parley_value* v) {
  char* const key = cli_nt_text(v);
  size_t hash = 5381;
  for (const char* p = key; *p; p++) {
    hash = hash * 33 + (unsigned char)*p;
  }
  names_entry* const entry = &names->entries[hash % NAMES_SLOTS];
  if (entry->key && !strcmp(entry->key, key)) {
    free(key);
    return entry;
  }
  forget(entry);
  entry->key = key;
  ask(names, v, entry);
  return entry;
}
