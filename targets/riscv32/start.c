/* Start-up of a bare 32-bit RISC-V in machine mode: trap vector, FPU on, stack, then C. */
#include "targets/driver/bare.h"

__asm__(
    ".section .vectors,\"ax\",@progbits\n.globl reset\n.type reset,@function\nreset:\n"
    " la t0, trap\n csrw mtvec, t0\n"
    " li t0, 0x2000\n csrs mstatus, t0\n" /* mstatus.FS = initial; reads as zero without F */
    " la sp, bare_stack_top\n call bare_main\n"
    ".text\n.option push\n.option norvc\n.balign 4\ntrap:\n"
    " mv a0, sp\n la sp, bare_stack_top\n call bare_trap\n.option pop\n");
