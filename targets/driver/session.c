/* See session.h. */
#include "targets/driver/session.h"

#include "targets/driver/io.h"

enum { kBeyond = 256 }; /* bytes painted below what is stated */

static uint32_t deepest; /* stack of a run so far */

void driver_print_number(uint32_t n) {
  char text[11], *p = text + sizeof text - 1;
  *p = 0;
  do *--p = (char)('0' + n % 10);
  while (n /= 10);
  io_print(p);
}

int driver_failed(const char* what, const char* why) {
  io_print("driver: ");
  io_print(what);
  io_print(": ");
  io_print(why);
  io_print("\n");
  return 1;
}

uint32_t driver_input_bytes(uint32_t i) {
  return driver_n_shapes ? driver_bytes[i] : halite_input_info(&driver_model, i)->bytes;
}

uint32_t driver_output_bytes(uint32_t i) {
  return driver_n_shapes ? driver_bytes[driver_n_shapes + i] : halite_output_info(&driver_model, i)->bytes;
}

/* Which of several shapes a run has. */
static halite_status set_shapes(halite_session* s) {
  const int32_t* next = driver_shapes;
  for (uint32_t i = 0; i < driver_n_shapes; ++i) {
    const uint32_t rank = (uint32_t)*next++;
    halite_status status = halite_set_input_shape(s, i, next, rank);
    if (status != HALITE_OK) return status;
    next += rank;
  }
  return HALITE_OK;
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

/* As bare.c paints the whole stack. */
static inline __attribute__((always_inline)) unsigned char paint_of(const volatile unsigned char* at) {
  return (uintptr_t)at & 1 ? 0x5a : 0xa5;
}

static inline __attribute__((always_inline)) void paint(volatile unsigned char* from, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) from[i] = paint_of(from + i);
}

static size_t painted(const volatile unsigned char* from, size_t bytes) {
  size_t i = 0;
  while (i < bytes && from[i] == paint_of(from + i)) ++i;
  return i;
}

static inline __attribute__((always_inline)) unsigned char* stack_pointer(void) {
  unsigned char* sp;
#if defined(__x86_64__)
  __asm__ volatile("movq %%rsp, %0" : "=r"(sp));
#elif defined(__riscv)
  __asm__ volatile("mv %0, sp" : "=r"(sp));
#else
  __asm__ volatile("mov %0, sp" : "=r"(sp));
#endif
  return sp;
}

/* Below this function's stack pointer is nothing of its own, so what is painted there and does not stay so is
 * what halite_run took. */
__attribute__((noinline)) halite_status driver_run(halite_session* s) {
  if (driver_stack_bytes == 0) return halite_run(s);
  const size_t bytes = driver_stack_bytes + kBeyond;
  unsigned char* lowest = stack_pointer() - bytes;
  paint(lowest, bytes);
  const halite_status status = halite_run(s);
  const uint32_t used = (uint32_t)(bytes - painted(lowest, bytes));
  if (used > deepest) deepest = used;
  return status;
}

int driver_within_bounds(void) {
  for (uint32_t i = 0; i < driver_n_memories; ++i) {
    const unsigned char* data = driver_memories[i].data;
    const int whole = painted(data - kDriverGuard, kDriverGuard) == kDriverGuard &&
                      painted(data + driver_memories[i].bytes, kDriverGuard) == kDriverGuard;
    if (!whole) return !driver_failed("memory", "something wrote in front of the arena or behind it");
  }
  if (driver_stack_bytes == 0) return 1;
  io_print("stack of halite_run: ");
  driver_print_number(deepest);
  io_print(" bytes, stated ");
  driver_print_number(driver_stack_bytes);
  io_print("\n");
  return deepest <= driver_stack_bytes || !driver_failed("stack", "halite_run took more than stated");
}

halite_status driver_open(halite_session* s) {
  for (uint32_t i = 0; i < driver_n_memories; ++i) {
    unsigned char* data = driver_memories[i].data;
    paint(data - kDriverGuard, kDriverGuard);
    paint(data + driver_memories[i].bytes, kDriverGuard);
  }
  halite_status status = halite_open_memories(s, &driver_model, driver_memories, driver_n_memories);
  if (status == HALITE_OK && driver_weights_bytes)
    status = halite_set_weights(s, driver_weights, driver_weights_bytes);
  if (status == HALITE_OK && driver_n_shapes) status = set_shapes(s);
  return status == HALITE_OK ? bind_rest(s) : status;
}
