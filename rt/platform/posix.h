/* A thread pool for halite_set_parallel on systems with POSIX threads. Host code: the one part of the runtime
 * that uses libc. It is not part of compiled objects; build it with your program.
 *
 *   halite_posix_pool *pool = halite_posix_pool_create(4);
 *   halite_set_parallel(&session, halite_posix_parallel_for, pool);
 *
 * A pool runs one loop at a time. Sessions may share it: the loops of sessions that run at once wait for each
 * other, and a loop inside a task of the same pool runs on the calling thread alone. */
#ifndef HALITE_PLATFORM_POSIX_H
#define HALITE_PLATFORM_POSIX_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct halite_posix_pool halite_posix_pool;

/* A pool of `threads` threads, the calling one included; 0: as many as there are processors for this process.
 * NULL if the system refuses memory or threads. */
halite_posix_pool *halite_posix_pool_create(unsigned threads);
/* No loop may be running. NULL is allowed. */
void halite_posix_pool_destroy(halite_posix_pool *);
unsigned halite_posix_pool_threads(const halite_posix_pool *);

/* A halite_parallel_for; `pool` is a halite_posix_pool. */
void halite_posix_parallel_for(void *pool, void (*task)(void *closure, int32_t i), void *closure,
                               int32_t count);

#ifdef __cplusplus
}
#endif
#endif
