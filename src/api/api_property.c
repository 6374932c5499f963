/// Properties of a store: lists of predicates, and the names that queries gave to paths.
#include "api/api.h"

// ---- reading ------------------------------------------------------------------------------------------------------

typedef void (*name_fn)(void* user, const char* name);

static pl_status give_name(pl_api_call* call, pl_txn* txn, pl_arena* arena, pl_id id, name_fn fn, void* user) {
  pl_term term;
  pl_buf buf;
  PL_TRY(pl_dict_term(txn, id, arena, &term));
  pl_buf_init(&buf, &call->mem, SIZE_MAX / 2);
  pl_status status = pl_api_write_source(&buf, &pl_txn_settings(txn)->names, &term);
  if (status == PL_OK) {
    status = pl_buf_append(&buf, "", 1);
  }
  if (status == PL_OK) {
    fn(user, buf.data);
  }
  pl_buf_free(&buf);
  return status == PL_OK ? PL_OK : pl_fail(&call->err, PL_MSG_NOMEM);
}

static size_t list_of(const pl_settings* settings, parley_property property, const pl_id** out) {
  switch (property) {
    case PARLEY_PROPERTY_LABELS:
      *out = settings->label_predicates;
      return settings->label_predicate_count;
    case PARLEY_PROPERTY_TEXT:
      *out = settings->text_predicates;
      return settings->text_predicate_count;
    default:
      *out = settings->single_predicates;
      return settings->single_predicate_count;
  }
}

static pl_status give_names(pl_api_call* call, pl_txn* txn, parley_property property, name_fn fn, void* user) {
  const pl_id* ids;
  pl_arena arena;
  const size_t count = list_of(pl_txn_settings(txn), property, &ids);
  pl_status status = call->err.error_count ? call->err.status : PL_OK;
  pl_arena_init(&arena, &call->mem);
  for (size_t i = 0; status == PL_OK && i < count; i++) {
    status = give_name(call, txn, &arena, ids[i], fn, user);
    pl_arena_reset(&arena);
  }
  pl_arena_free(&arena);
  return status;
}

static bool is_property(parley_property property) {
  return property == PARLEY_PROPERTY_LABELS || property == PARLEY_PROPERTY_TEXT || property == PARLEY_PROPERTY_SINGLE;
}

static pl_status get_property(pl_api_call* call, parley_property property, name_fn fn, void* user) {
  pl_txn* txn;
  if (!fn) {
    return pl_fail(&call->err, PL_MSG_API_NULL, "parley_get_property", "fn");
  }
  if (!is_property(property)) {
    return pl_fail(&call->err, PL_MSG_API_FAILED, "there is no such property");
  }
  PL_TRY(pl_txn_begin(call->store->store, false, &call->err, &txn));
  const pl_status status = give_names(call, txn, property, fn, user);
  pl_txn_abort(txn);
  return status;
}

parley_status parley_get_property(parley* store, parley_property property, void (*fn)(void* user, const char* name),
                                  void* user) {
  pl_api_call call;
  if (!store) {
    return PARLEY_MISUSE;
  }
  pl_api_call_begin(&call, store);
  return pl_api_call_end(&call, get_property(&call, property, fn, user));
}

static pl_status definitions(pl_api_call* call, void (*fn)(void* user, const char* name, const char* path),
                             void* user) {
  pl_txn* txn;
  if (!fn) {
    return pl_fail(&call->err, PL_MSG_API_NULL, "parley_definitions", "fn");
  }
  PL_TRY(pl_txn_begin(call->store->store, false, &call->err, &txn));
  const pl_settings* const settings = pl_txn_settings(txn);
  pl_status status = call->err.error_count ? call->err.status : PL_OK;
  pl_buf name;
  pl_buf_init(&name, &call->mem, SIZE_MAX / 2);
  for (size_t i = 0; status == PL_OK && i < settings->definition_count; i++) {
    const pl_definition* const d = &settings->definitions[i];
    const pl_term iri = {.kind = PL_TERM_IRI, .text = d->name};
    name.len = 0;
    status = pl_api_write_source(&name, &settings->names, &iri);
    status = status == PL_OK ? pl_buf_append(&name, "", 1) : status;
    if (status == PL_OK) {
      fn(user, name.data, d->path.data);
    } else {
      status = pl_fail(&call->err, PL_MSG_NOMEM);
    }
  }
  pl_buf_free(&name);
  pl_txn_abort(txn);
  return status;
}

parley_status parley_definitions(parley* store, void (*fn)(void* user, const char* name, const char* path),
                                 void* user) {
  pl_api_call call;
  if (!store) {
    return PARLEY_MISUSE;
  }
  pl_api_call_begin(&call, store);
  return pl_api_call_end(&call, definitions(&call, fn, user));
}

// ---- writing ------------------------------------------------------------------------------------------------------

/// Ids of the predicates, new ones added to the dictionary.
static pl_status predicates_in(pl_api_call* call, pl_writer* writer, const parley_value* predicates, size_t count,
                               pl_arena* arena, pl_id* ids) {
  for (size_t i = 0; i < count; i++) {
    pl_term term;
    PL_TRY(pl_api_value_in(&predicates[i], pl_api_base(call->store), arena, &call->err, &term));
    if (term.kind != PL_TERM_IRI) {
      return pl_fail(&call->err, PL_MSG_VALUE_TYPE, "a predicate", "a value that is no IRI");
    }
    PL_TRY(pl_writer_term(writer, &term, &ids[i]));
  }
  return PL_OK;
}

static pl_status write_property(pl_api_call* call, pl_txn* txn, parley_property property,
                                const parley_value* predicates, size_t count) {
  static const pl_property kinds[] = {[PARLEY_PROPERTY_LABELS] = PL_PROPERTY_LABELS,
                                      [PARLEY_PROPERTY_TEXT] = PL_PROPERTY_TEXT,
                                      [PARLEY_PROPERTY_SINGLE] = PL_PROPERTY_SINGLE};
  pl_guard guard;
  pl_writer* writer;
  pl_arena arena;
  pl_guard_init(&guard, &call->store->interrupt, 0);
  PL_TRY(pl_writer_open(txn, 0, &guard, &writer));
  pl_arena_init(&arena, &call->mem);
  pl_id* const ids = PL_ARENA_ARRAY(&arena, pl_id, count + 1);
  pl_status status =
      ids ? predicates_in(call, writer, predicates, count, &arena, ids) : pl_fail(&call->err, PL_MSG_NOMEM);
  if (status == PL_OK) {
    status = pl_txn_set_property(txn, kinds[property], ids, count, &guard);
  }
  pl_writer_close(writer);
  pl_arena_free(&arena);
  return status;
}

static pl_status set_property(pl_api_call* call, parley_property property, const parley_value* predicates,
                              size_t count) {
  enum { PREDICATES_MAX = 4096 };
  pl_txn* txn;
  if (!predicates && count > 0) {
    return pl_fail(&call->err, PL_MSG_API_NULL, "parley_set_property", "predicates");
  }
  if (!is_property(property)) {
    return pl_fail(&call->err, PL_MSG_API_FAILED, "there is no such property");
  }
  if (count > PREDICATES_MAX) {
    return pl_fail(&call->err, PL_MSG_API_FAILED, "the list has more than 4096 predicates");
  }
  PL_TRY(pl_txn_begin(call->store->store, true, &call->err, &txn));
  const pl_status status = write_property(call, txn, property, predicates, count);
  if (status != PL_OK) {
    pl_txn_abort(txn);
    return status;
  }
  return pl_txn_commit(txn);
}

parley_status parley_set_property(parley* store, parley_property property, const parley_value* predicates,
                                  size_t count) {
  pl_api_call call;
  if (!store) {
    return PARLEY_MISUSE;
  }
  pl_api_call_begin(&call, store);
  return pl_api_call_end(&call, set_property(&call, property, predicates, count));
}
