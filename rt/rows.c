/* Row-wise execution: several layers computed one row at a time, with a few rows of each tensor between them
 * in a line buffer (codegen/rows.h). The state of a run, how many rows each line has moved to or from a whole
 * tensor, is in the arena, so a cascade can be run again at any time. */
#include "abi.h"

void *memmove(void *, const void *, size_t);
void *memcpy(void *, const void *, size_t);
void *memset(void *, int, size_t);

static void run_op(halite_session *s, const rt_cascade *c, const rt_row_op *op, uint32_t *moved) {
  const rt_line *line = &c->lines[op->line];
  unsigned char *buffer = rt_place(s, line->place);
  unsigned char *pixels = buffer + line->kept_bytes + line->left_bytes;
  if (line->kept_bytes) memmove(buffer, buffer + line->row_bytes, line->kept_bytes);
  const rt_step *step = &op->step;
  if (op->kind == RT_ROW_FILL) {
    memset(pixels, line->fill, line->pixel_bytes);
    return;
  }
  unsigned char *row = NULL;
  if (line->tensor != RT_REF_NONE) {
    row = (unsigned char *)rt_place(s, line->tensor) + moved[op->line];
    moved[op->line] += line->pixel_bytes;
  }
  if (op->kind == RT_ROW_LOAD) {
    memcpy(pixels, row, line->pixel_bytes);
    return;
  }
  void *args[RT_MAX_ARGS];
  for (uint32_t a = 0; a < step->n_args; ++a)
    args[a] = step->args[a] == RT_REF_NONE ? row : rt_place(s, step->args[a]);
  step->kernel(s, args, step->extents);
  if (row && line->row_bytes) memcpy(row, pixels, line->pixel_bytes);
}

/* A step's kernel: `extents` is the address of an rt_cascade. */
void rt_run_cascade(halite_session *s, void *const *args, const int32_t *extents) {
  (void)args;
  const rt_cascade *c = (const rt_cascade *)(const void *)extents;
  uint32_t *moved = rt_place(s, c->moved);
  for (uint32_t i = 0; i < c->n_lines; ++i) {
    const rt_line *line = &c->lines[i];
    memset(rt_place(s, line->place), line->fill, line->kept_bytes + line->row_bytes);
    moved[i] = 0;
  }
  for (const rt_row_loop *loop = c->loops; loop < c->loops + c->n_loops; ++loop) {
    for (uint32_t n = 0; n < loop->times; ++n) {
      for (uint32_t i = 0; i < loop->count; ++i) run_op(s, c, &c->ops[c->program[loop->first + i]], moved);
    }
  }
}
