/// Group codec (drawing in dict_group.h). Reading trusts nothing: lengths and ends are checked against the bytes given.
#include "store/dict_group.h"

static uint16_t read_u16(const uint8_t* at) {
  uint16_t value;
  memcpy(&value, at, sizeof value);
  return value;
}

bool pl_group_open(pl_group* group, const void* data, size_t len) {
  if (len < PL_GROUP_HEADER || len > PL_GROUP_BYTES_MAX) {
    return false;
  }
  const uint8_t* const bytes = data;
  const uint32_t count = read_u16(bytes), body = read_u16(bytes + 2);
  uint64_t key_first;
  memcpy(&key_first, bytes + 4, sizeof key_first);
  if (count == 0 || key_first == 0 || key_first > PL_ID_PAYLOAD_MAX - count ||
      (size_t)PL_GROUP_HEADER + body + 2 * (size_t)count != len) {
    return false;
  }
  const uint8_t* const entries = bytes + PL_GROUP_HEADER;
  *group = (pl_group){.entries = entries, .ends = entries + body, .key_first = key_first, .count = count, .body = body};
  return true;
}

bool pl_group_get(const pl_group* group, uint64_t key, uint8_t* head, pl_str* payload) {
  if (key < group->key_first || key - group->key_first >= group->count) {
    return false;
  }
  const size_t k = (size_t)(key - group->key_first);
  const uint32_t start = k ? read_u16(group->ends + 2 * (k - 1)) : 0;
  const uint32_t end = read_u16(group->ends + 2 * k);
  if (start >= end || end > group->body) {
    return false;
  }
  *head = group->entries[start];
  *payload = (pl_str){(const char*)group->entries + start + 1, end - start - 1};
  return true;
}

void pl_group_start(pl_group_builder* builder, uint64_t key_first) {
  builder->key_first = key_first;
  builder->count = builder->body = 0;
}

bool pl_group_resume(pl_group_builder* builder, const pl_group* group) {
  if (group->count > PL_GROUP_TERMS_MAX) {
    return false;
  }
  builder->key_first = group->key_first;
  builder->count = group->count;
  builder->body = group->body;
  memcpy(builder->bytes + PL_GROUP_HEADER, group->entries, group->body);
  memcpy(builder->ends, group->ends, 2 * (size_t)group->count);
  return builder->ends[group->count - 1] == group->body;
}

bool pl_group_add(pl_group_builder* builder, uint8_t head, pl_str payload) {
  assert(payload.len <= PL_GROUP_PAYLOAD_MAX);
  const size_t size = PL_GROUP_HEADER + builder->body + 1 + payload.len + 2 * ((size_t)builder->count + 1);
  if (size > PL_GROUP_BYTES_MAX || builder->count == PL_GROUP_TERMS_MAX) {
    return false;
  }
  uint8_t* const at = builder->bytes + PL_GROUP_HEADER + builder->body;
  at[0] = head;
  if (payload.len) {
    memcpy(at + 1, payload.data, payload.len);
  }
  builder->body += 1 + (uint32_t)payload.len;
  builder->ends[builder->count++] = (uint16_t)builder->body;
  return true;
}

size_t pl_group_finish(pl_group_builder* builder) {
  assert(builder->count > 0);
  const uint16_t count = (uint16_t)builder->count, body = (uint16_t)builder->body;
  memcpy(builder->bytes, &count, sizeof count);
  memcpy(builder->bytes + 2, &body, sizeof body);
  memcpy(builder->bytes + 4, &builder->key_first, sizeof builder->key_first);
  memcpy(builder->bytes + PL_GROUP_HEADER + body, builder->ends, 2 * (size_t)count);
  return PL_GROUP_HEADER + (size_t)body + 2 * (size_t)count;
}

size_t pl_leb_put(uint8_t* out, uint32_t value) {
  size_t n = 0;
  for (; value >= 0x80; value >>= 7) {
    out[n++] = (uint8_t)(value | 0x80);
  }
  out[n++] = (uint8_t)value;
  return n;
}

bool pl_leb_get(pl_str* in, uint32_t* value) {
  uint64_t sum = 0;
  for (size_t n = 0; n < 5 && n < in->len; n++) {
    const uint8_t byte = (uint8_t)in->data[n];
    sum |= (uint64_t)(byte & 0x7f) << (7 * n);
    if (byte < 0x80) {
      *in = (pl_str){in->data + n + 1, in->len - n - 1};
      *value = (uint32_t)sum;
      return sum <= UINT32_MAX;
    }
  }
  return false;
}

bool pl_payload_parse(uint8_t head, pl_str payload, pl_payload* out) {
  const pl_tag tag = (pl_tag)(head & PL_HEAD_TAG);
  *out = (pl_payload){.rest = payload};
  if (!pl_tag_in_dict(tag)) {
    return false;
  }
  if (!pl_tag_has_affix(tag)) {
    return !(head & PL_HEAD_INLINE);
  }
  uint32_t number;
  if (!pl_leb_get(&out->rest, &number)) {
    return false;
  }
  if (!(head & PL_HEAD_INLINE)) {
    out->affix_number = number;
    return true;
  }
  if (number > out->rest.len) {
    return false;
  }
  out->affix = (pl_str){out->rest.data, number};
  out->rest = (pl_str){out->rest.data + number, out->rest.len - number};
  return true;
}
