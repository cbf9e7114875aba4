/* Start-up of every Cortex-M, compiled for Armv6-M: vector table, FPU and MVE on, then C. */
#include <stdint.h>

#include "targets/driver/bare.h"

extern unsigned char bare_stack_top[];

/* The trap handler begins with a fresh stack: the old one may be what trapped. */
__asm__(
    ".text\n.syntax unified\n.thumb\n.globl trap\n.type trap,%function\n.thumb_func\ntrap:\n"
    " mov r0, sp\n ldr r1, =bare_stack_top\n mov sp, r1\n bl bare_trap\n.ltorg\n");
void trap(void);

/* Kept apart from what uses the FPU: a compiler may save its registers at a function's beginning. */
__attribute__((used, noinline)) void reset(void) {
  /* CPACR: full access to coprocessors 10 and 11, that is FPU and MVE. Armv6-M ignores the write. */
  volatile uint32_t* cpacr = (volatile uint32_t*)0xe000ed88u;
  *cpacr |= 0xfu << 20;
  __asm__ volatile("dsb\n isb" ::: "memory");
  bare_main();
}

__attribute__((used, section(".vectors"))) static const void* const vectors[16] = {
    bare_stack_top, (void*)reset, (void*)trap, (void*)trap, (void*)trap, (void*)trap, (void*)trap, 0, 0, 0, 0,
    (void*)trap,    (void*)trap,  0,           (void*)trap, (void*)trap};
