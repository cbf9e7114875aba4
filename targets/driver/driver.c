/* The program that `halite verify --target` runs on a machine: for each inference, reads all inputs from
 * in.bin and appends all outputs to out.bin, before each its shape as int32. The model keeps its state
 * between them, and to the memory and the stack that its report states, which is checked. The last inference,
 * or a part of it, is run `driver_repeats` times more, so that its instructions can be counted without those
 * of start-up and files. */
#include "targets/driver/io.h"
#include "targets/driver/session.h"

/* Made by codegen/link.cpp, for each program. */
extern const uint32_t driver_repeats, driver_repeat_first, driver_repeat_steps;

enum { kMaxRank = 64 };

static int read_inputs(halite_session* s, long file) {
  for (uint32_t i = 0; i < halite_input_count(&driver_model); ++i) {
    if (!io_read(file, halite_input(s, i), driver_input_bytes(i))) return 0;
  }
  return 1;
}

static int write_outputs(halite_session* s, long file) {
  for (uint32_t i = 0; i < halite_output_count(&driver_model); ++i) {
    int32_t shape[kMaxRank];
    const uint8_t rank = halite_output_info(&driver_model, i)->rank;
    if (rank > kMaxRank || halite_output_shape(s, i, shape) != HALITE_OK) return 0;
    if (!io_write(file, shape, rank * sizeof shape[0])) return 0;
    if (!io_write(file, halite_output(s, i), driver_output_bytes(i))) return 0;
  }
  return 1;
}

int driver_main(void) {
  halite_session session;
  halite_status status = driver_open(&session);
  if (status != HALITE_OK) return driver_failed("halite_open", halite_status_text(status));
  long in = io_open("in.bin", 0), out = io_open("out.bin", 1);
  if (in < 0) return driver_failed("in.bin", "cannot be opened");
  if (out < 0) return driver_failed("out.bin", "cannot be created");
  for (uint32_t n = 0; n < driver_inferences; ++n) {
    if (!read_inputs(&session, in)) return driver_failed("in.bin", "ends too early");
    status = driver_run(&session);
    if (status != HALITE_OK) return driver_failed("halite_run", halite_status_text(status));
    if (!write_outputs(&session, out)) return driver_failed("out.bin", "cannot be written");
  }
  for (uint32_t n = 0; n < driver_repeats; ++n)
    (void)halite_run_steps(&session, driver_repeat_first, driver_repeat_steps);
  return !driver_within_bounds();
}
