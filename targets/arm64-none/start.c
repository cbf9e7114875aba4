/* Start-up of a bare AArch64 at EL1: trap vectors, FPU on, MMU and caches on, stack, then C. Without the MMU
 * all memory is of device type, where unaligned accesses trap. */
#include <stdint.h>

#include "targets/driver/bare.h"

__asm__(
    ".section .vectors,\"ax\",@progbits\n.globl reset\n.type reset,%function\nreset:\n"
    " mov x0, #(3 << 20)\n msr cpacr_el1, x0\n isb\n"
    " adrp x0, traps\n add x0, x0, :lo12:traps\n msr vbar_el1, x0\n"
    " adrp x0, bare_stack_top\n add x0, x0, :lo12:bare_stack_top\n mov sp, x0\n"
    " bl map_memory\n bl bare_main\n"
    ".balign 2048\ntraps:\n.rept 16\n b trap\n.balign 128\n.endr\n"
    "trap:\n mov x0, sp\n adrp x1, bare_stack_top\n add x1, x1, :lo12:bare_stack_top\n mov sp, x1\n bl "
    "bare_trap\n");

/* Level 1 of 39-bit addresses, 1 GiB an entry: the first left out (devices, not used here), three of memory.
 */
enum { kBlock = 1, kNormal = 1 << 2, kInnerShareable = 3 << 8, kAccessed = 1 << 10 };
static const uint64_t blocks[512] __attribute__((aligned(4096))) = {
    0,
    1ull << 30 | kBlock | kAccessed | kInnerShareable | kNormal,
    2ull << 30 | kBlock | kAccessed | kInnerShareable | kNormal,
    3ull << 30 | kBlock | kAccessed | kInnerShareable | kNormal,
};

__attribute__((used)) void map_memory(void) {
  const uint64_t attributes = 0xff00; /* 0: device nGnRnE; 1: normal, write-back */
  const uint64_t translation =
      25 /* 39 bits */ | 1 << 8 | 1 << 10 | 3 << 12 /* cached walks */ | 1ull << 23 | 2ull << 32;
  uint64_t control;
  __asm__ volatile("msr mair_el1, %0\n msr tcr_el1, %1\n msr ttbr0_el1, %2\n dsb sy\n isb" ::"r"(attributes),
                   "r"(translation), "r"(blocks));
  __asm__ volatile("mrs %0, sctlr_el1" : "=r"(control));
  control |= 1 | 1 << 2 | 1 << 12; /* MMU, data cache, instruction cache */
  __asm__ volatile("tlbi vmalle1\n dsb sy\n isb\n msr sctlr_el1, %0\n isb" ::"r"(control) : "memory");
}
