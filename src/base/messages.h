/// Rows of messages.def, by number or one after the other (for `.help` and the manual).
#ifndef PL_BASE_MESSAGES_H
#define PL_BASE_MESSAGES_H

#include "base/diag.h"

typedef struct pl_message {
  int number;               ///< as in PLY-0214
  pl_status status;         ///< PL_OK for a warning
  const char* slug;         ///< name without PL_MSG_
  const char* format;       ///< printf format of the text
  const char* explanation;  ///< for the manual
} pl_message;

const pl_message* pl_message_find(int number);  ///< NULL if there is none
const pl_message* pl_message_at(size_t index);  ///< in ascending order of numbers; NULL after the last

#endif
