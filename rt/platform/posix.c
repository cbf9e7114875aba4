/* The pool's threads take iterations from one shared counter. The loop that is offered is described in the
 * pool; the 64-bit counter `next` holds the loop's number in the upper half and the next iteration in the
 * lower, so that a thread that wakes late cannot take an iteration of a loop that it knows nothing of.
 *
 * An idle thread spins for a short while, since a model's loops follow each other closely, and then sleeps on
 * the condition. The caller works too, and waits in the same manner until the last iteration is done. */
#define _GNU_SOURCE
#include "posix.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { kSpins = 2000 }; /* some 20 to 80 microseconds */

struct halite_posix_pool {
  unsigned threads;          /* the caller's included */
  pthread_t *workers;        /* threads - 1 */
  pthread_mutex_t loop_lock; /* held by the caller whose loop runs */
  pthread_mutex_t lock;      /* for the two conditions */
  pthread_cond_t work, finished;
  atomic_uint sleepers; /* workers that wait, or are about to wait, on `work` */
  atomic_int caller_sleeps;
  atomic_int stop;
  _Atomic uint32_t number; /* of the offered loop; rises by one a loop */
  _Atomic uint64_t next;   /* number << 32 | next iteration */
  atomic_int unfinished;   /* iterations of the offered loop that are not done */
  _Atomic int32_t count;   /* the loop: written before `next`, read after it */
  void (*_Atomic task)(void *closure, int32_t i);
  void *_Atomic closure;
};

/* The pool whose task this thread is running, to recognise a loop inside a loop. */
static _Thread_local const halite_posix_pool *inside;

static void relax(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__) || (defined(__arm__) && __ARM_ARCH >= 7)
  __asm__ volatile("yield");
#endif
}

static void finish_one(halite_posix_pool *p) {
  if (atomic_fetch_sub(&p->unfinished, 1) != 1 || !atomic_load(&p->caller_sleeps)) return;
  pthread_mutex_lock(&p->lock);
  pthread_cond_signal(&p->finished);
  pthread_mutex_unlock(&p->lock);
}

/* Takes iterations of loop `number` until none is left. */
static void work_on(halite_posix_pool *p, uint32_t number) {
  const halite_posix_pool *outer = inside;
  uint64_t next = atomic_load(&p->next);
  inside = p;
  /* A later loop shows in `next` as another number; its fields then belong to it, so look at the number first
   * and let the exchange prove that it was still the same when the fields were read. */
  while ((uint32_t)(next >> 32) == number) {
    int32_t i = (int32_t)(uint32_t)next;
    void (*task)(void *, int32_t) = atomic_load(&p->task);
    void *closure = atomic_load(&p->closure);
    if (i >= atomic_load(&p->count)) break;
    if (!atomic_compare_exchange_weak(&p->next, &next, next + 1)) continue;
    task(closure, i);
    finish_one(p);
    next = atomic_load(&p->next);
  }
  inside = outer;
}

static int has_news(halite_posix_pool *p, uint32_t seen) {
  return atomic_load(&p->number) != seen || atomic_load(&p->stop);
}

static void await_news(halite_posix_pool *p, uint32_t seen) {
  for (int i = 0; i < kSpins; ++i) {
    if (has_news(p, seen)) return;
    relax();
  }
  pthread_mutex_lock(&p->lock);
  atomic_fetch_add(&p->sleepers, 1);
  while (!has_news(p, seen)) pthread_cond_wait(&p->work, &p->lock);
  atomic_fetch_sub(&p->sleepers, 1);
  pthread_mutex_unlock(&p->lock);
}

static void *worker(void *pool) {
  halite_posix_pool *p = pool;
  for (uint32_t seen = 0;;) {
    await_news(p, seen);
    if (atomic_load(&p->stop)) return NULL;
    seen = atomic_load(&p->number);
    work_on(p, seen);
  }
}

static void await_finish(halite_posix_pool *p) {
  for (int i = 0; i < kSpins; ++i) {
    if (atomic_load(&p->unfinished) == 0) return;
    relax();
  }
  pthread_mutex_lock(&p->lock);
  atomic_store(&p->caller_sleeps, 1);
  while (atomic_load(&p->unfinished) != 0) pthread_cond_wait(&p->finished, &p->lock);
  atomic_store(&p->caller_sleeps, 0);
  pthread_mutex_unlock(&p->lock);
}

void halite_posix_parallel_for(void *pool, void (*task)(void *closure, int32_t i), void *closure,
                               int32_t count) {
  halite_posix_pool *p = pool;
  if (count <= 1 || !p || p->threads == 1 || inside == p) {
    for (int32_t i = 0; i < count; ++i) task(closure, i);
    return;
  }
  pthread_mutex_lock(&p->loop_lock);
  uint32_t number = atomic_load(&p->number) + 1;
  /* Close the old loop first: a thread still looking at it must not take one of its iterations with the new
   * fields. */
  atomic_store(&p->next, (uint64_t)number << 32);
  atomic_store(&p->task, task);
  atomic_store(&p->closure, closure);
  atomic_store(&p->count, count);
  atomic_store(&p->unfinished, count);
  atomic_store(&p->number, number);
  if (atomic_load(&p->sleepers)) {
    pthread_mutex_lock(&p->lock);
    pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->lock);
  }
  work_on(p, number);
  await_finish(p);
  pthread_mutex_unlock(&p->loop_lock);
}

static unsigned processors(void) {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set)) return 1;
  return (unsigned)CPU_COUNT(&set);
}

halite_posix_pool *halite_posix_pool_create(unsigned threads) {
  if (!threads) threads = processors();
  halite_posix_pool *p = calloc(1, sizeof *p);
  pthread_t *workers = calloc(threads, sizeof *workers);
  if (!p || !workers) {
    free(workers);
    free(p);
    return NULL;
  }
  p->workers = workers;
  pthread_mutex_init(&p->loop_lock, NULL);
  pthread_mutex_init(&p->lock, NULL);
  pthread_cond_init(&p->work, NULL);
  pthread_cond_init(&p->finished, NULL);
  for (p->threads = 1; p->threads < threads; ++p->threads) {
    if (pthread_create(&workers[p->threads - 1], NULL, worker, p)) {
      halite_posix_pool_destroy(p);
      return NULL;
    }
  }
  return p;
}

void halite_posix_pool_destroy(halite_posix_pool *p) {
  if (!p) return;
  pthread_mutex_lock(&p->lock);
  atomic_store(&p->stop, 1);
  pthread_cond_broadcast(&p->work);
  pthread_mutex_unlock(&p->lock);
  for (unsigned i = 0; i + 1 < p->threads; ++i) pthread_join(p->workers[i], NULL);
  pthread_cond_destroy(&p->finished);
  pthread_cond_destroy(&p->work);
  pthread_mutex_destroy(&p->lock);
  pthread_mutex_destroy(&p->loop_lock);
  free(p->workers);
  free(p);
}

unsigned halite_posix_pool_threads(const halite_posix_pool *p) { return p ? p->threads : 1; }
