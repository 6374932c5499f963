/// The message table as data. Rows stand in ascending order of their numbers, which a unit test holds.
#include "base/messages.h"

static const pl_message messages[] = {
#define PL_MESSAGE(number, slug, status, format, explanation) {number, status, #slug, format, explanation},
#include "base/messages.def"
#undef PL_MESSAGE
};

const pl_message* pl_message_at(size_t index) { return index < PL_COUNT_OF(messages) ? &messages[index] : NULL; }

const pl_message* pl_message_find(int number) {
  size_t low = 0;
  size_t high = PL_COUNT_OF(messages);
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    if (messages[middle].number < number) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low < PL_COUNT_OF(messages) && messages[low].number == number ? &messages[low] : NULL;
}

bool pl_msg_lookup(int number, const char** slug, const char** format, const char** explanation) {
  const pl_message* const message = pl_message_find(number);
  if (!message) {
    return false;
  }
  *slug = message->slug;
  *format = message->format;
  *explanation = message->explanation;
  return true;
}
