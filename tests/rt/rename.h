/* Included before the runtime's own sources when they are built for the host's tests: what has libc's name
 * gets another, so that both can be linked. */
#ifndef HALITE_TESTS_RT_RENAME_H
#define HALITE_TESTS_RT_RENAME_H
#define memcpy rt_memcpy
#define memmove rt_memmove
#define memset rt_memset
#define memcmp rt_memcmp
#define strlen rt_strlen
#endif
