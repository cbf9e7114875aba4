/* The least that a Cortex-M needs before newlib's start-up code: a vector table, and the FPU switched on. */
  .syntax unified
  .section .vectors, "a"
  .word top_of_stack
  .word reset
  .fill 14, 4, 0

  .text
  .thumb_func
  .global reset
reset:
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
  ldr r0, =0xe000ed88 /* CPACR: full access to coprocessors 10 and 11 */
  ldr r1, [r0]
  ldr r2, =(0xf << 20)
  orrs r1, r1, r2
  str r1, [r0]
  dsb
  isb
#endif
  ldr r0, =_start
  bx r0
  .section .note.GNU-stack, "", %progbits
