/* Separate weights: reads NAME.weights, a flatbuffer whose schema is weights.fbs, where it lies. The file is
 * checked for form, size and the stated content hash; its contents are not hashed again, so that a mapped
 * file stays unread until it is used. Every position is checked: the file may be anything.
 * https://flatbuffers.dev/internals (little-endian, as are all targets) */
#include "abi.h"
#include "api.h"

typedef struct rt_file {
  const unsigned char *bytes;
  size_t size;
} rt_file;

/* `bytes` (at most 8) at `position` as an unsigned number. */
static int read(rt_file f, size_t position, size_t bytes, uint64_t *value) {
  if (position > f.size || bytes > f.size - position) return 0;
  *value = 0;
  for (size_t i = 0; i < bytes; ++i) *value |= (uint64_t)f.bytes[position + i] << (8 * i);
  return 1;
}

/* Where field `index` of the table is; fails if it is absent. */
static int field(rt_file f, size_t table, unsigned index, size_t *position) {
  uint64_t back, vtable_bytes, offset;
  if (!read(f, table, 4, &back)) return 0;
  int64_t vtable = (int64_t)table - (int32_t)(uint32_t)back;
  if (vtable < 0 || !read(f, (size_t)vtable, 2, &vtable_bytes)) return 0;
  if (vtable_bytes < 6 + 2 * index || !read(f, (size_t)vtable + 4 + 2 * index, 2, &offset) || !offset)
    return 0;
  *position = table + (size_t)offset;
  return 1;
}

static const unsigned char *find_data(rt_file f, const halite_model *m) {
  uint64_t root, identifier, hash, forward, size;
  size_t hash_at, data_at;
  if (!read(f, 0, 4, &root) || !read(f, 4, 4, &identifier)) return NULL;
  if (identifier != 0x57544c48u /* "HLTW" */) return NULL;
  if (!field(f, (size_t)root, 0, &hash_at) || !read(f, hash_at, 8, &hash)) return NULL;
  if (!field(f, (size_t)root, 1, &data_at) || !read(f, data_at, 4, &forward)) return NULL;
  if (forward > f.size - data_at) return NULL;
  data_at += (size_t)forward;
  if (!read(f, data_at, 4, &size)) return NULL;
  data_at += 4;
  if (hash != m->weights_hash || size != m->weights_bytes || size > f.size - data_at) return NULL;
  return f.bytes + data_at;
}

RT_API halite_status halite_set_weights(halite_session *s, const void *file, size_t bytes) {
  if (!s || !file) return HALITE_BAD_ARGUMENT;
  const unsigned char *data = find_data((rt_file){file, bytes}, s->model);
  if (!data) return HALITE_WEIGHTS_MISMATCH;
  if ((uintptr_t)data % HALITE_ARENA_ALIGN) return HALITE_UNALIGNED_BUFFER;
  s->weights = data;
  return HALITE_OK;
}
