/// Group decoder on arbitrary bytes: every entry is refused or lies inside the input, and what was read can be written
/// again.
#include "store/dict_group.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

static void require(bool holds) {
  if (!holds) {
    abort();
  }
}

static bool inside(pl_str part, pl_str whole) {
  return part.len == 0 || (part.data >= whole.data && part.data + part.len <= whole.data + whole.len);
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  pl_group group, again;
  if (!pl_group_open(&group, data, size)) {
    return 0;
  }
  const pl_str all = {(const char*)data, size};
  static pl_group_builder builder;  // 7 KiB; filled anew for every input
  pl_group_start(&builder, group.key_first);
  for (uint64_t key = group.key_first; key < group.key_first + group.count; key++) {
    uint8_t head;
    pl_str payload;
    pl_payload parts;
    if (!pl_group_get(&group, key, &head, &payload)) {
      return 0;
    }
    require(inside(payload, all));
    if (pl_payload_parse(head, payload, &parts)) {
      require(inside(parts.affix, payload) && inside(parts.rest, payload));
    }
    if (payload.len > PL_GROUP_PAYLOAD_MAX || !pl_group_add(&builder, head, payload)) {
      return 0;  // entries that overlap can be more than a group holds
    }
  }
  const size_t len = pl_group_finish(&builder);
  require(pl_group_open(&again, builder.bytes, len) && again.count == group.count);
  require(pl_group_resume(&builder, &again) && pl_group_key_next(&builder) == group.key_first + group.count);
  return 0;
}
