/* How the runtime's public functions are defined. */
#ifndef HALITE_API_H
#define HALITE_API_H

/* Weak: every compiled model carries the API, and the linker keeps one copy of it for a program of several
 * models. */
#define RT_API __attribute__((weak))

#endif
