/* What the driver needs of the outside: files, a console, an end. Implemented over Linux system calls
 * (linux.c) and over semihosting (semihosting.c), by which a debugger or QEMU serves a bare machine. */
#ifndef HALITE_DRIVER_IO_H
#define HALITE_DRIVER_IO_H

#include <stddef.h>
#include <stdint.h>

/* A file descriptor, or -1. */
long io_open(const char* path, int write);
/* Whether all bytes came or went. */
int io_read(long file, void* data, size_t bytes);
int io_write(long file, const void* data, size_t bytes);
void io_print(const char* text);
_Noreturn void io_exit(int code);

/* Called by _start or the reset handler once C can run. Returns the exit code. */
int driver_main(void);

#endif
