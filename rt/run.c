/* Sessions: open, bind, run, state. A session's arena begins with one pointer per public tensor, inputs
 * first: where that tensor is, in the arena or in a buffer of the caller; then come those of further
 * memories. Steps name their tensors by rt_ref, so the model stays immutable data and sessions share it.
 *
 * All API functions are weak: each compiled model carries them, and a program may link several models. */
#include "abi.h"
#include "api.h"

/* The table of pointers at the beginning of the arena. */
static void **bindings(const halite_session *s) { return (void **)(void *)s->arena; }

void *rt_place(const halite_session *s, rt_ref ref) {
  uint32_t offset = ref & RT_OFFSET_MASK, space = ref >> RT_SPACE_SHIFT;
  if (space == RT_SPACE_ARENA) return s->arena + offset;
  if (space == RT_SPACE_WEIGHTS) return (void *)(uintptr_t)(s->weights + offset);
  uint32_t index = offset >> RT_PUBLIC_SHIFT;
  if (space == RT_SPACE_OUTPUT) index += s->model->n_inputs;
  return (unsigned char *)bindings(s)[index] + (ref & RT_PUBLIC_OFFSET_MASK);
}

void *rt_home(const halite_session *s, uint32_t i) {
  rt_ref ref = s->variant->refs[i];
  return ref == RT_REF_NONE ? NULL : rt_place(s, ref);
}

static unsigned char *state_of(const halite_session *s) { return rt_place(s, s->model->state); }

static void copy(unsigned char *to, const unsigned char *from, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) to[i] = from[i];
}

static void begin_state(halite_session *s) {
  const halite_model *m = s->model;
  unsigned char *state = state_of(s);
  for (uint32_t i = 0; i < m->state_bytes; ++i) state[i] = 0;
  for (uint32_t k = 0; k < m->n_initials; ++k) {
    const rt_initial *r = &m->initials[k];
    if (r->data)
      copy(state + r->offset, r->data, r->bytes);
    else
      for (uint32_t i = 0; i < r->bytes; ++i) state[r->offset + i] = (unsigned char)r->fill;
  }
}

/* Once for a process would do. A machine that has no such registers refuses, and its programs end as they do
 * with any other instruction that it lacks. */
static void request_tiles(void) {
#if defined(__x86_64__) && defined(__linux__)
  enum { kArchPrctl = 158, kRequestPermission = 0x1023, kTileData = 18 };
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(kArchPrctl), "D"(kRequestPermission), "S"(kTileData)
                   : "rcx", "r11", "memory");
#endif
}

static halite_status open_session(halite_session *s, const halite_model *m, const halite_memory *memories,
                                  uint32_t count) {
  if (!s || !m || !memories) return HALITE_BAD_ARGUMENT;
  if (m->abi_version != RT_ABI_VERSION) return HALITE_ABI_MISMATCH;
  if (count != m->n_memories) return HALITE_MEMORY_COUNT;
  for (uint32_t i = 0; i < count; ++i) {
    if (!memories[i].data && m->memory_bytes[i]) return HALITE_BAD_ARGUMENT;
    if ((uintptr_t)memories[i].data % HALITE_ARENA_ALIGN) return HALITE_ARENA_UNALIGNED;
    if (memories[i].bytes < m->memory_bytes[i]) return HALITE_ARENA_TOO_SMALL;
  }
  if (m->needs & RT_NEEDS_TILES) request_tiles();
  s->model = m;
  s->variant = m->variants;
  s->arena = memories[0].data;
  s->weights = m->weights;
  s->parallel = NULL;
  s->parallel_user = NULL;
  s->observer = NULL;
  s->observer_user = NULL;
  void **table = bindings(s), **next = table + m->n_inputs + m->n_outputs;
  for (uint32_t i = 1; i < count; ++i)
    for (uint32_t at = 0; at < m->memory_bytes[i]; at += RT_WINDOW_BYTES)
      *next++ = (unsigned char *)memories[i].data + at;
  for (uint32_t i = 0; i < m->n_inputs + m->n_outputs; ++i) table[i] = rt_home(s, i);
  begin_state(s);
  rt_begin_extents(s);
  return HALITE_OK;
}

RT_API halite_status halite_open(halite_session *s, const halite_model *m, void *arena, size_t arena_bytes) {
  const halite_memory one = {arena, arena_bytes};
  return open_session(s, m, &one, 1);
}

RT_API halite_status halite_open_memories(halite_session *s, const halite_model *m,
                                          const halite_memory *memories, uint32_t count) {
  return open_session(s, m, memories, count);
}

RT_API halite_status halite_reset(halite_session *s) {
  if (!s) return HALITE_BAD_ARGUMENT;
  begin_state(s);
  return HALITE_OK;
}

RT_API halite_status halite_save_state(const halite_session *s, void *data) {
  if (!s || !data) return HALITE_BAD_ARGUMENT;
  copy(data, state_of(s), s->model->state_bytes);
  return HALITE_OK;
}

RT_API halite_status halite_restore_state(halite_session *s, const void *data, size_t bytes) {
  if (!s || !data) return HALITE_BAD_ARGUMENT;
  if (bytes != s->model->state_bytes) return HALITE_STATE_MISMATCH;
  copy(state_of(s), data, bytes);
  return HALITE_OK;
}

RT_API void *halite_input(halite_session *s, uint32_t i) {
  return s && i < s->model->n_inputs ? bindings(s)[i] : NULL;
}

RT_API void *halite_output(halite_session *s, uint32_t i) {
  return s && i < s->model->n_outputs ? bindings(s)[s->model->n_inputs + i] : NULL;
}

static int is_aligned(const void *data, uint8_t dtype) {
  static const uint8_t kElementBytes[] = {4, 2, 8, 1, 1, 2, 2, 4, 4, 8, 8, 1, 2}; /* by halite_dtype */
  return ((uintptr_t)data & (kElementBytes[dtype] - 1u)) == 0;
}

RT_API halite_status halite_bind_input(halite_session *s, uint32_t i, const void *data) {
  if (!s || i >= s->model->n_inputs) return HALITE_BAD_ARGUMENT;
  if (!is_aligned(data, s->model->inputs[i].dtype)) return HALITE_UNALIGNED_BUFFER;
  bindings(s)[i] = data ? (void *)(uintptr_t)data : rt_home(s, i);
  return HALITE_OK;
}

RT_API halite_status halite_bind_output(halite_session *s, uint32_t i, void *data) {
  if (!s || i >= s->model->n_outputs) return HALITE_BAD_ARGUMENT;
  if (!is_aligned(data, s->model->outputs[i].dtype)) return HALITE_UNALIGNED_BUFFER;
  const uint32_t index = s->model->n_inputs + i;
  bindings(s)[index] = data ? data : rt_home(s, index);
  return HALITE_OK;
}

RT_API void halite_observe(halite_session *s, halite_observer observer, void *user) {
  if (!s) return;
  s->observer = observer;
  s->observer_user = user;
}

RT_API void halite_set_parallel(halite_session *s, halite_parallel_for parallel, void *user) {
  if (!s) return;
  s->parallel = parallel;
  s->parallel_user = user;
}

static halite_status run_steps(halite_session *s, uint32_t first, uint32_t count) {
  const halite_model *m = s->model;
  if (m->weights_bytes && !s->weights) return HALITE_WEIGHTS_MISSING;
  for (uint32_t i = 0; i < m->n_inputs + m->n_outputs; ++i)
    if (!bindings(s)[i]) return HALITE_NOT_BOUND;
  const rt_variant *v = s->variant;
  for (uint32_t i = first; i < first + count && i < v->n_steps; ++i) {
    const rt_step *step = &v->steps[i];
    void *args[RT_MAX_ARGS];
    for (uint32_t a = 0; a < step->n_args; ++a) args[a] = rt_place(s, step->args[a]);
    if (s->observer) s->observer(s->observer_user, i, 0, args, step->n_args);
    step->kernel(s, args, step->extents);
    if (s->observer) s->observer(s->observer_user, i, 1, args, step->n_args);
  }
  return HALITE_OK;
}

RT_API halite_status halite_run(halite_session *s) {
  return s ? run_steps(s, 0, s->model->n_steps) : HALITE_BAD_ARGUMENT;
}

RT_API halite_status halite_run_steps(halite_session *s, uint32_t first, uint32_t count) {
  if (!s || first > s->model->n_steps || count > s->model->n_steps - first) return HALITE_BAD_ARGUMENT;
  return run_steps(s, first, count);
}
