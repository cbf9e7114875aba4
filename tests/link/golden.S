/* The data of two .npy files, whose header is 128 bytes long; INPUT and OUTPUT are their paths. */
  .section .rodata
  .balign 64
  .global golden_input
golden_input:
  .incbin INPUT, 128
  .balign 64
  .global golden_output
golden_output:
  .incbin OUTPUT, 128
  .section .note.GNU-stack, "", %progbits
