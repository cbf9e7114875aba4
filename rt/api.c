/* What a model says of itself: counts, descriptions and names of its public tensors; the texts of the status
 * codes. */
#include "api.h"

#include "abi.h"

RT_API uint32_t halite_input_count(const halite_model *m) { return m ? m->n_inputs : 0; }
RT_API uint32_t halite_output_count(const halite_model *m) { return m ? m->n_outputs : 0; }
RT_API uint32_t halite_step_count(const halite_model *m) { return m ? m->n_steps : 0; }
RT_API uint32_t halite_memory_count(const halite_model *m) { return m ? m->n_memories : 0; }

RT_API size_t halite_memory_bytes(const halite_model *m, uint32_t i) {
  return m && i < m->n_memories ? m->memory_bytes[i] : 0;
}

RT_API size_t halite_arena_bytes(const halite_model *m) {
  size_t bytes = 0;
  for (uint32_t i = 0; m && i < m->n_memories; ++i) bytes += m->memory_bytes[i];
  return bytes;
}

RT_API size_t halite_state_bytes(const halite_model *m) { return m ? m->state_bytes : 0; }

RT_API const halite_tensor *halite_input_info(const halite_model *m, uint32_t i) {
  return m && i < m->n_inputs ? &m->inputs[i] : NULL;
}

RT_API const halite_tensor *halite_output_info(const halite_model *m, uint32_t i) {
  return m && i < m->n_outputs ? &m->outputs[i] : NULL;
}

static int same_text(const char *a, const char *b) {
  while (*a && *a == *b) ++a, ++b;
  return *a == *b;
}

static int32_t find(const halite_tensor *tensors, uint32_t count, const char *name) {
  for (uint32_t i = 0; name && i < count; ++i)
    if (same_text(tensors[i].name, name)) return (int32_t)i;
  return -1;
}

RT_API int32_t halite_find_input(const halite_model *m, const char *name) {
  return m ? find(m->inputs, m->n_inputs, name) : -1;
}

RT_API int32_t halite_find_output(const halite_model *m, const char *name) {
  return m ? find(m->outputs, m->n_outputs, name) : -1;
}

RT_API const char *halite_status_text(halite_status status) {
  switch (status) {
    case HALITE_OK:
      return "ok";
    case HALITE_BAD_ARGUMENT:
      return "a null pointer, or an index out of range";
    case HALITE_ARENA_TOO_SMALL:
      return "the arena, or a memory, is smaller than the model needs it";
    case HALITE_ARENA_UNALIGNED:
      return "the arena, or a memory, is not aligned to HALITE_ARENA_ALIGN bytes";
    case HALITE_ABI_MISMATCH:
      return "the model and halite.h are of different versions";
    case HALITE_WEIGHTS_MISSING:
      return "the weights are separate: call halite_set_weights first";
    case HALITE_WEIGHTS_MISMATCH:
      return "not a weights file, or not that of this model";
    case HALITE_UNALIGNED_BUFFER:
      return "a buffer is aligned to less than its element";
    case HALITE_STATE_MISMATCH:
      return "a saved state of another size than the model's";
    case HALITE_NOT_BOUND:
      return "an input or output has no place in the arena and no buffer is bound to it";
    case HALITE_MEMORY_COUNT:
      return "the model was compiled for another number of memories: give halite_open_memories each of them";
    case HALITE_BAD_SHAPE:
      return "not compiled for this shape";
  }
  return "unknown status";
}
