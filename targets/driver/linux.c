/* The driver's outside on Linux, without libc: _start and four system calls. */
#include "targets/driver/io.h"

#if defined(__x86_64__)
enum { kRead = 0, kWrite = 1, kOpenAt = 257, kExitGroup = 231 };
static long call(long number, long a, long b, long c, long d) {
  register long r10 __asm__("r10") = d;
  long result;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
                   : "rcx", "r11", "memory");
  return result;
}
__asm__(".text\n.globl _start\n_start:\n xorl %ebp,%ebp\n andq $-16,%rsp\n call linux_main\n");
#elif defined(__aarch64__)
enum { kRead = 63, kWrite = 64, kOpenAt = 56, kExitGroup = 94 };
static long call(long number, long a, long b, long c, long d) {
  register long x8 __asm__("x8") = number;
  register long x0 __asm__("x0") = a;
  register long x1 __asm__("x1") = b;
  register long x2 __asm__("x2") = c;
  register long x3 __asm__("x3") = d;
  __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
  return x0;
}
__asm__(".text\n.globl _start\n_start:\n mov x29,#0\n mov x30,#0\n bl linux_main\n");
#elif defined(__arm__)
enum { kRead = 3, kWrite = 4, kOpenAt = 322, kExitGroup = 248 };
static long call(long number, long a, long b, long c, long d) {
  register long r7 __asm__("r7") = number;
  register long r0 __asm__("r0") = a;
  register long r1 __asm__("r1") = b;
  register long r2 __asm__("r2") = c;
  register long r3 __asm__("r3") = d;
  __asm__ volatile("svc #0" : "+r"(r0) : "r"(r7), "r"(r1), "r"(r2), "r"(r3) : "memory");
  return r0;
}
__asm__(
    ".text\n.globl _start\n.type _start,%function\n_start:\n mov r11,#0\n bic sp,sp,#7\n bl linux_main\n");
#elif defined(__riscv) && __riscv_xlen == 64
enum { kRead = 63, kWrite = 64, kOpenAt = 56, kExitGroup = 94 };
static long call(long number, long a, long b, long c, long d) {
  register long a7 __asm__("a7") = number;
  register long a0 __asm__("a0") = a;
  register long a1 __asm__("a1") = b;
  register long a2 __asm__("a2") = c;
  register long a3 __asm__("a3") = d;
  __asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2), "r"(a3) : "memory");
  return a0;
}
__asm__(".text\n.globl _start\n_start:\n call linux_main\n");
#else
#error "driver/linux.c: which system calls has this machine? Add them here."
#endif

enum { kAtCurrentFolder = -100, kWriteOnly = 01, kCreate = 0100, kTruncate = 01000 };

long io_open(const char* path, int write) {
  return call(kOpenAt, kAtCurrentFolder, (long)path, write ? kWriteOnly | kCreate | kTruncate : 0, 0644);
}

static int move_all(long number, long file, unsigned char* data, size_t bytes) {
  while (bytes) {
    long moved = call(number, file, (long)data, (long)bytes, 0);
    if (moved <= 0) return 0;
    data += moved;
    bytes -= (size_t)moved;
  }
  return 1;
}

int io_read(long file, void* data, size_t bytes) { return move_all(kRead, file, data, bytes); }
int io_write(long file, const void* data, size_t bytes) {
  return move_all(kWrite, file, (unsigned char*)(uintptr_t)data, bytes);
}

void io_print(const char* text) {
  size_t length = 0;
  while (text[length]) ++length;
  (void)io_write(2, text, length);
}

_Noreturn void io_exit(int code) {
  for (;;) (void)call(kExitGroup, code, 0, 0, 0);
}

__attribute__((used)) _Noreturn void linux_main(void) { io_exit(driver_main()); }
