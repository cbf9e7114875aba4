/* The program that `halite verify --target` runs on a machine: for each inference, reads all inputs from
 * in.bin and appends all outputs to out.bin. The model keeps its state between them. The last inference, or a
 * part of it, is run `driver_repeats` times more, so that its instructions can be counted without those of
 * start-up and files. */
#include "rt/halite.h"
#include "targets/driver/io.h"

/* Made by codegen/link.cpp, for each program. */
extern const halite_model driver_model;
extern unsigned char driver_arena[];
extern const uint32_t driver_arena_bytes, driver_inferences;
extern const uint32_t driver_repeats, driver_repeat_first, driver_repeat_steps;
extern const unsigned char driver_weights[]; /* NAME.weights, if the weights are separate */
extern const uint32_t driver_weights_bytes;
extern unsigned char driver_bound[]; /* room for the public tensors that have no place in the arena */

static int failed(const char* what, const char* why) {
  io_print("driver: ");
  io_print(what);
  io_print(": ");
  io_print(why);
  io_print("\n");
  return 1;
}

static int read_inputs(halite_session* s, long file) {
  for (uint32_t i = 0; i < halite_input_count(&driver_model); ++i) {
    if (!io_read(file, halite_input(s, i), halite_input_info(&driver_model, i)->bytes)) return 0;
  }
  return 1;
}

static int write_outputs(halite_session* s, long file) {
  for (uint32_t i = 0; i < halite_output_count(&driver_model); ++i) {
    if (!io_write(file, halite_output(s, i), halite_output_info(&driver_model, i)->bytes)) return 0;
  }
  return 1;
}

/* Gives a buffer to each public tensor that has none. */
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

int driver_main(void) {
  halite_session session;
  halite_status status = halite_open(&session, &driver_model, driver_arena, driver_arena_bytes);
  if (status == HALITE_OK && driver_weights_bytes)
    status = halite_set_weights(&session, driver_weights, driver_weights_bytes);
  if (status == HALITE_OK) status = bind_rest(&session);
  if (status != HALITE_OK) return failed("halite_open", halite_status_text(status));
  long in = io_open("in.bin", 0), out = io_open("out.bin", 1);
  if (in < 0) return failed("in.bin", "cannot be opened");
  if (out < 0) return failed("out.bin", "cannot be created");
  for (uint32_t n = 0; n < driver_inferences; ++n) {
    if (!read_inputs(&session, in)) return failed("in.bin", "ends too early");
    status = halite_run(&session);
    if (status != HALITE_OK) return failed("halite_run", halite_status_text(status));
    if (!write_outputs(&session, out)) return failed("out.bin", "cannot be written");
  }
  for (uint32_t n = 0; n < driver_repeats; ++n)
    (void)halite_run_steps(&session, driver_repeat_first, driver_repeat_steps);
  return 0;
}
