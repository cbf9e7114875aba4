/* A program around a compiled model, as an application has one: gives it the picture that golden.S holds,
 * watches the steps go by, and compares the scores with the expected ones. printf goes over semihosting. */
#include <stdio.h>
#include <string.h>

#include "digits.h"

extern const unsigned char golden_input[], golden_output[]; /* golden.S */

static _Alignas(HALITE_ARENA_ALIGN) unsigned char arena[digits_ARENA_BYTES];

/* A cooperative scheduler could do its own work here. */
static void count_step(void* steps, uint32_t step, int done, void* const* args, uint32_t n_args) {
  (void)step, (void)args, (void)n_args;
  if (done) ++*(unsigned*)steps;
}

static unsigned hash_of(const unsigned char* bytes, size_t count) {
  unsigned hash = 2166136261u; /* FNV-1a */
  for (size_t i = 0; i < count; ++i) hash = (hash ^ bytes[i]) * 16777619u;
  return hash;
}

int main(void) {
  halite_session session;
  halite_status status = halite_open(&session, &digits_model, arena, sizeof arena);
  if (status != HALITE_OK) {
    printf("halite_open: %s\n", halite_status_text(status));
    return 1;
  }
  unsigned steps = 0;
  halite_observe(&session, count_step, &steps);
  memcpy(halite_input(&session, 0), golden_input, halite_input_info(&digits_model, 0)->bytes);
  status = halite_run(&session);
  if (status != HALITE_OK) {
    printf("halite_run: %s\n", halite_status_text(status));
    return 1;
  }

  const halite_tensor* info = halite_output_info(&digits_model, 0);
  const float* scores = halite_output(&session, 0);
  int best = 0, wrong = 0;
  for (int i = 0; i < (int)(info->bytes / sizeof(float)); ++i) {
    float expected;
    memcpy(&expected, golden_output + i * sizeof expected, sizeof expected);
    const float difference = scores[i] > expected ? scores[i] - expected : expected - scores[i];
    wrong += !(difference <= 1e-4f + 1e-3f * (expected > 0 ? expected : -expected));
    if (scores[i] > scores[best]) best = i;
  }
  printf("%u of %u steps, arena %u bytes, output hash %08x\n", steps, digits_STEPS, (unsigned)sizeof arena,
         hash_of((const unsigned char*)scores, info->bytes));
  printf("digit %d, %d scores differ: %s\n", best, wrong, wrong ? "FAILED" : "passed");
  return wrong != 0;
}
