/// Watching how often the library asks whether to stop. The programs of this folder are linked with
/// -Wl,--wrap=pl_guard_check: every question of the library passes through here first, and the library itself knows
/// nothing of it. So a test can ask for an end at exactly the n-th question, and a campaign can tell the longest time
/// between two of them.
#ifndef TESTS_STOP_WATCH_H
#define TESTS_STOP_WATCH_H

#include <stdbool.h>
#include <stdint.h>

/// Count questions from 1 anew. At the at-th one `fire` is called (0: never), before the library looks.
void watch_count(uint64_t at, void (*fire)(void* user), void* user);
/// The same, but from the at-th question on every guard that has a deadline finds it passed.
void watch_deadline(uint64_t at);
uint64_t watch_asked(void);  ///< questions since the last call of the two above

/// The longest time without a question.
typedef struct watch_gap {
  uint64_t ns;   ///< how long
  void* before;  ///< who asked last before it (return address; NULL: the call began)
  void* after;   ///< who asked next (NULL: the call returned)
} watch_gap;
void watch_gaps(bool on);       ///< begin to measure anew, or end
void watch_pulse(void);         ///< a call of the library begins or has returned
watch_gap watch_longest(void);  ///< since watch_gaps(true)

/// Kinds of operators that were opened, by name as `explain` shows it.
bool watch_operator_seen(const char* name);

#endif
