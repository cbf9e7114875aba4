/* Shapes that are not the same in every run. Models compiled for several shapes: a session has one of the
 * model's variants at a time, and going over to another changes where its public tensors are and which steps
 * run, nothing else. The state lies at the same place in all of them. Outputs that are as long as data
 * decide: a step writes the extent to a place of its own in the arena. */
#include "abi.h"
#include "api.h"

/* Of public tensor i, inputs first. */
static const halite_tensor *tensor_of(const halite_model *m, uint32_t i) {
  return i < m->n_inputs ? &m->inputs[i] : &m->outputs[i - m->n_inputs];
}

static const int32_t *shape_of(const halite_model *m, const rt_variant *v, uint32_t i) {
  return v->shapes ? v->shapes[i] : tensor_of(m, i)->shape;
}

static int is_same(const int32_t *a, const int32_t *b, uint32_t rank) {
  while (rank && a[rank - 1] == b[rank - 1]) --rank;
  return rank == 0;
}

static int64_t *extent_at(const halite_session *s, const rt_extent *e) { return rt_place(s, e->place); }

void rt_begin_extents(const halite_session *s) {
  const rt_variant *v = s->variant;
  for (uint32_t k = 0; k < v->n_extents; ++k) {
    const rt_extent *e = &v->extents[k];
    *extent_at(s, e) = shape_of(s->model, v, s->model->n_inputs + e->output)[e->axis];
  }
}

/* What is bound stays so. */
static void enter(halite_session *s, const rt_variant *next) {
  void **table = (void **)(void *)s->arena;
  const rt_variant *last = s->variant;
  for (uint32_t i = 0; i < s->model->n_inputs + s->model->n_outputs; ++i) {
    s->variant = last;
    const int at_home = table[i] == rt_home(s, i);
    s->variant = next;
    if (at_home) table[i] = rt_home(s, i);
  }
  s->variant = next;
  rt_begin_extents(s);
}

RT_API halite_status halite_set_input_shape(halite_session *s, uint32_t i, const int32_t *shape,
                                            uint32_t rank) {
  if (!s || !shape || i >= s->model->n_inputs) return HALITE_BAD_ARGUMENT;
  const halite_model *m = s->model;
  const rt_variant *best = NULL;
  if (rank != m->inputs[i].rank) return HALITE_BAD_SHAPE;
  uint32_t most = 0; /* inputs that stay as they are, and the one that is set */
  for (const rt_variant *v = m->variants; v != m->variants + m->n_variants; ++v) {
    if (!is_same(shape_of(m, v, i), shape, rank)) continue;
    uint32_t kept = 1;
    for (uint32_t k = 0; k < m->n_inputs; ++k)
      kept += (uint32_t)is_same(shape_of(m, v, k), shape_of(m, s->variant, k), m->inputs[k].rank);
    if (kept > most) best = v, most = kept;
  }
  if (!best) return HALITE_BAD_SHAPE;
  enter(s, best);
  return HALITE_OK;
}

static halite_status get_shape(const halite_session *s, uint32_t i, int32_t *shape) {
  const int32_t *from = shape_of(s->model, s->variant, i);
  for (uint32_t d = 0; d < tensor_of(s->model, i)->rank; ++d) shape[d] = from[d];
  return HALITE_OK;
}

RT_API halite_status halite_input_shape(const halite_session *s, uint32_t i, int32_t *shape) {
  return s && shape && i < s->model->n_inputs ? get_shape(s, i, shape) : HALITE_BAD_ARGUMENT;
}

RT_API halite_status halite_output_shape(const halite_session *s, uint32_t i, int32_t *shape) {
  if (!s || !shape || i >= s->model->n_outputs) return HALITE_BAD_ARGUMENT;
  (void)get_shape(s, s->model->n_inputs + i, shape);
  const rt_variant *v = s->variant;
  for (uint32_t k = 0; k < v->n_extents; ++k) {
    const rt_extent *e = &v->extents[k];
    if (e->output == i) shape[e->axis] = (int32_t)*extent_at(s, e);
  }
  return HALITE_OK;
}
