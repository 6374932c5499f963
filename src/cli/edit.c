// Loading libedit: see edit.h.
#include "edit.h"

#include <dlfcn.h>
#include <string.h>

edit_calls edit;

static bool find(void* library, const char* name, void* to, size_t size) {
  void* const symbol = dlsym(library, name);
  memcpy(to, &symbol, size);  // a function's address comes as that of an object
  return symbol != NULL;
}

bool edit_load(void) {
  static const char* const names[] = {"libedit.so.2", "libedit.so.0",
                                      "libedit.so"};  // Debian's, others', a developer's
  void* library = NULL;
  for (size_t i = 0; i < sizeof names / sizeof *names && !library; i++) {
    library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
  }
  bool whole = library != NULL;
#define EDIT_CALL(name) whole = whole && find(library, #name, &edit.name, sizeof edit.name);
  EDIT_CALLS(EDIT_CALL)
#undef EDIT_CALL
  return whole;
}
