/* A model by hand: two inferences' worth of everything that a board must bring up. out = state + 2 * in, with
 * the sum of all inputs so far as state; a second step runs out of stack if in[0] is a million, and out of
 * the arena if it is minus one or two million. */
#include "rt/abi.h"

enum { kLength = 33 };

static void add(halite_session* session, void* const* args, const int32_t* extents) {
  (void)session;
  (void)extents;
  const float* in = args[0];
  float* out = args[1];
  for (int i = 0; i < kLength; ++i) out[i] = out[i] * 0.5f + in[i] * 3.0f;
}

static volatile float sink;

__attribute__((noinline)) static float sink_deeper(float depth) {
  volatile float frame[64];
  for (int i = 0; i < 64; ++i) frame[i] = depth;
  if (depth <= 0) return frame[5];
  return sink_deeper(depth - 1) + frame[7];
}

static void check_stack(halite_session* session, void* const* args, const int32_t* extents) {
  (void)extents;
  const float* in = args[0];
  if (in[0] >= 1e6f) sink = sink_deeper(in[0]);
  if (in[0] == -1e6f) session->arena[512] = 1;
  if (in[0] == -2e6f) session->arena[-1] = 1;
}

static const rt_ref add_args[] = {RT_SPACE_INPUT << RT_SPACE_SHIFT, RT_SPACE_OUTPUT << RT_SPACE_SHIFT};
static const rt_step steps[] = {{add, add_args, 0, 2}, {check_stack, add_args, 0, 1}};
static const int32_t shape[] = {kLength};
static const halite_tensor tensors[] = {{"in", shape, kLength * 4, 0, 0, HALITE_F32, 1},
                                        {"out", shape, kLength * 4, 0, 0, HALITE_F32, 1}};
static const rt_ref refs[] = {64, 64 + 192};
static const rt_variant variant = {.refs = refs, .steps = steps, .n_steps = 2};
static const uint32_t memory_bytes[] = {512};

const struct halite_model echo_model = {
    .abi_version = RT_ABI_VERSION,
    .n_inputs = 1,
    .n_outputs = 1,
    .n_steps = 2,
    .inputs = &tensors[0],
    .outputs = &tensors[1],
    .variants = &variant,
    .n_variants = 1,
    .memory_bytes = memory_bytes,
    .n_memories = 1,
};
