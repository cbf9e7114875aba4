/* What the start-up code of every bare machine does alike, once a stack is there. */
#ifndef HALITE_DRIVER_BARE_H
#define HALITE_DRIVER_BARE_H

/* Fills data, clears bss, paints the stack, runs the driver, reports the stack's use, ends. */
_Noreturn void bare_main(void);
/* What a trap handler calls, on a fresh stack, with the stack pointer of what trapped: says so and ends. */
_Noreturn void bare_trap(const void* stack_pointer);

#endif
