/* Start-up in C, shared by all bare machines. The symbols come from the link script. The stack is painted, so
 * that its use can be told, and an overflow that did not trap. */
#include "targets/driver/bare.h"

#include "targets/driver/io.h"

typedef uint32_t word __attribute__((may_alias));

extern word bare_data_load[], bare_data_begin[], bare_data_end[];
extern word bare_bss_begin[], bare_bss_end[];
extern word bare_stack_bottom[], bare_stack_top[];

enum { kPaint = 0x5aa55aa5 };

static void prepare_memory(void) {
  /* volatile: no call of memcpy or memset may come of these. */
  volatile word* to = bare_data_begin;
  for (const word* from = bare_data_load; to < bare_data_end;) *to++ = *from++;
  for (to = bare_bss_begin; to < bare_bss_end;) *to++ = 0;
  const word* here = __builtin_frame_address(0);
  for (to = bare_stack_bottom; to + 64 < here;) *to++ = kPaint;
}

static uint32_t stack_used(void) {
  const word* p = bare_stack_bottom;
  while (p < bare_stack_top && *p == kPaint) ++p;
  return (uint32_t)((const unsigned char*)bare_stack_top - (const unsigned char*)p);
}

static void print_number(uint32_t n) {
  char text[11], *p = text + sizeof text - 1;
  *p = 0;
  do *--p = (char)('0' + n % 10);
  while (n /= 10);
  io_print(p);
}

__attribute__((used)) _Noreturn void bare_main(void) {
  prepare_memory();
  int code = driver_main();
  if (bare_stack_bottom[0] != kPaint) {
    io_print("driver: the stack overflowed\n");
    io_exit(1);
  }
  io_print("stack used: ");
  print_number(stack_used());
  io_print(" bytes\n");
  io_exit(code);
}

__attribute__((used)) _Noreturn void bare_trap(const void* stack_pointer) {
  const int overflowed = (uintptr_t)stack_pointer < (uintptr_t)bare_stack_bottom + 64;
  io_print(overflowed ? "driver: the processor trapped: the stack overflowed\n"
                      : "driver: the processor trapped\n");
  io_exit(1);
}
