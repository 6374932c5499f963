/// libedit, loaded when the first line is to be edited: a command that asks one question does not pay for it and for the three libraries
/// that it brings. Where it is missing lines are read without editing.
#ifndef CLI_EDIT_H
#define CLI_EDIT_H

#include <histedit.h>
#include <stdbool.h>

#define EDIT_CALLS(CALL) \
  CALL(el_init)          \
  CALL(el_end)           \
  CALL(el_set)           \
  CALL(el_get)           \
  CALL(el_gets)          \
  CALL(el_line)          \
  CALL(el_insertstr)     \
  CALL(el_source)        \
  CALL(el_resize)        \
  CALL(el_reset)         \
  CALL(history_init)     \
  CALL(history)          \
  CALL(history_end)

typedef struct edit_calls {
#define EDIT_CALL(name) __typeof__(&name) name;
  EDIT_CALLS(EDIT_CALL)
#undef EDIT_CALL
} edit_calls;

extern edit_calls edit;  ///< valid once edit_load() has given true

/// Load libedit; false if that cannot be done.
bool edit_load(void);

#endif
