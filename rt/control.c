/* Branches and loops: steps that run other steps over the same arena (codegen/control.h). Carried values lie
 * where the loop leaves them; the counter is kept here, what the body sees of it is a copy. */
#include "abi.h"

void *memcpy(void *, const void *, size_t);
void *memset(void *, int, size_t);

static void run_body(halite_session *s, const rt_body *body) {
  for (uint32_t i = 0; i < body->n_steps; ++i) {
    const rt_step *step = &body->steps[i];
    void *args[RT_MAX_ARGS];
    for (uint32_t a = 0; a < step->n_args; ++a) args[a] = rt_place(s, step->args[a]);
    step->kernel(s, args, step->extents);
  }
}

static int is_true(const halite_session *s, rt_ref condition) {
  return condition == RT_REF_NONE || *(const unsigned char *)rt_place(s, condition) != 0;
}

/* A step's kernel: `extents` is the address of an rt_branch. */
void rt_run_branch(halite_session *s, void *const *args, const int32_t *extents) {
  (void)args;
  const rt_branch *b = (const rt_branch *)(const void *)extents;
  run_body(s, is_true(s, b->condition) ? &b->yes : &b->no);
}

/* The same of an rt_while. */
void rt_run_loop(halite_session *s, void *const *args, const int32_t *extents) {
  (void)args;
  const rt_while *l = (const rt_while *)(const void *)extents;
  for (uint32_t k = 0; k < l->n_begin; ++k) {
    const rt_move *m = &l->begin[k];
    void *to = rt_place(s, m->to), *from = rt_place(s, m->from);
    if (to != from) memcpy(to, from, m->bytes);
  }
  int64_t trips = *(const int64_t *)rt_place(s, l->trips);
  if (trips > l->limit) trips = l->limit;
  int64_t done = 0;
  for (int again = is_true(s, l->condition); again && done < trips; again = is_true(s, l->again)) {
    if (l->iteration != RT_REF_NONE) *(int64_t *)rt_place(s, l->iteration) = done;
    run_body(s, &l->body);
    for (uint32_t k = 0; k < l->n_stacked; ++k) {
      const rt_move *m = &l->stacked[k];
      memcpy((unsigned char *)rt_place(s, m->to) + (size_t)done * m->bytes, rt_place(s, m->from), m->bytes);
    }
    ++done;
  }
  for (uint32_t k = 0; k < l->n_stacked; ++k) {
    const rt_move *m = &l->stacked[k];
    memset((unsigned char *)rt_place(s, m->to) + (size_t)done * m->bytes, 0,
           (size_t)(l->limit - done) * m->bytes);
  }
}
