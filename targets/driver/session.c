/* See session.h. */
#include "targets/driver/session.h"

#include "targets/driver/io.h"

int driver_failed(const char* what, const char* why) {
  io_print("driver: ");
  io_print(what);
  io_print(": ");
  io_print(why);
  io_print("\n");
  return 1;
}

static halite_status bind_rest(halite_session* s) {
  unsigned char* next = driver_bound;
  for (uint32_t i = 0; i < halite_input_count(&driver_model); ++i) {
    if (halite_input(s, i)) continue;
    halite_status status = halite_bind_input(s, i, next);
    if (status != HALITE_OK) return status;
    next += (halite_input_info(&driver_model, i)->bytes + 63) / 64 * 64;
  }
  for (uint32_t i = 0; i < halite_output_count(&driver_model); ++i) {
    if (halite_output(s, i)) continue;
    halite_status status = halite_bind_output(s, i, next);
    if (status != HALITE_OK) return status;
    next += (halite_output_info(&driver_model, i)->bytes + 63) / 64 * 64;
  }
  return HALITE_OK;
}

halite_status driver_open(halite_session* s) {
  halite_status status = halite_open(s, &driver_model, driver_arena, driver_arena_bytes);
  if (status == HALITE_OK && driver_weights_bytes)
    status = halite_set_weights(s, driver_weights, driver_weights_bytes);
  return status == HALITE_OK ? bind_rest(s) : status;
}
