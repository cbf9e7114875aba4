/* The driver's outside on a bare machine: semihosting, served by a debugger or by QEMU.
 * https://github.com/ARM-software/abi-aa/blob/main/semihosting/semihosting.rst */
#include "targets/driver/io.h"

enum { kOpen = 0x01, kPrint = 0x04, kWrite = 0x05, kRead = 0x06, kExit = 0x20 };
enum { kReadBinary = 1, kWriteBinary = 5 }; /* of fopen: "rb", "wb" */
enum { kApplicationExit = 0x20026 };

static long call(long operation, const void* argument) {
#if defined(__aarch64__)
  register long result __asm__("x0") = operation;
  register const void* x1 __asm__("x1") = argument;
  __asm__ volatile("hlt #0xf000" : "+r"(result) : "r"(x1) : "memory");
#elif defined(__arm__)
  register long result __asm__("r0") = operation;
  register const void* r1 __asm__("r1") = argument;
  __asm__ volatile("bkpt #0xab" : "+r"(result) : "r"(r1) : "memory");
#elif defined(__riscv)
  register long result __asm__("a0") = operation;
  register const void* a1 __asm__("a1") = argument;
  /* The three instructions must lie in one page, or QEMU takes them for a plain breakpoint. */
  __asm__ volatile(
      ".balign 16\n.option push\n.option norvc\n"
      "slli zero, zero, 0x1f\nebreak\nsrai zero, zero, 7\n"
      ".option pop"
      : "+r"(result)
      : "r"(a1)
      : "memory");
#else
#error "driver/semihosting.c: how is semihosting called on this machine? Add it here."
#endif
  return result;
}

static size_t length_of(const char* text) {
  size_t length = 0;
  while (text[length]) ++length;
  return length;
}

long io_open(const char* path, int write) {
  uintptr_t block[] = {(uintptr_t)path, write ? kWriteBinary : kReadBinary, length_of(path)};
  return call(kOpen, block);
}

/* Both calls return the number of bytes that were not moved. */
int io_read(long file, void* data, size_t bytes) {
  uintptr_t block[] = {(uintptr_t)file, (uintptr_t)data, bytes};
  return bytes == 0 || call(kRead, block) == 0;
}

int io_write(long file, const void* data, size_t bytes) {
  uintptr_t block[] = {(uintptr_t)file, (uintptr_t)data, bytes};
  return bytes == 0 || call(kWrite, block) == 0;
}

void io_print(const char* text) { (void)call(kPrint, text); }

_Noreturn void io_exit(int code) {
  uintptr_t block[] = {kApplicationExit, (uintptr_t)code};
  for (;;) (void)call(kExit, block);
}
