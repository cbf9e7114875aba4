/* The functions that Halide's code calls. Kernels are compiled without assertions and without Halide's
 * runtime, so parallel loops are all there is. halide_malloc is undefined on purpose: scratch belongs in the
 * arena's plan, and a kernel that allocates fails to link. */
#include "abi.h"

typedef int (*rt_task)(void *user_context, int index, uint8_t *closure);

typedef struct rt_loop {
  halite_session *session;
  rt_task task;
  uint8_t *closure;
  int min;
} rt_loop;

static void run_iteration(void *closure, int32_t i) {
  const rt_loop *loop = closure;
  loop->task(loop->session, loop->min + i, loop->closure);
}

/* The user context of a kernel is its session. The tasks of our kernels cannot fail: their results are not
 * kept. */
int halide_do_par_for(void *user_context, rt_task task, int min, int size, uint8_t *closure) {
  halite_session *s = user_context;
  rt_loop loop = {s, task, closure, min};
  if (s->parallel && size > 1) {
    s->parallel(s->parallel_user, run_iteration, &loop, size);
  } else {
    for (int i = 0; i < size; ++i) task(s, min + i, closure);
  }
  return 0;
}
