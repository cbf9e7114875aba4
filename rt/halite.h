/* Halite: the C API of a compiled model. Freestanding C11, usable from C++.
 *
 *   static _Alignas(HALITE_ARENA_ALIGN) unsigned char arena[NET_ARENA_BYTES];
 *   halite_session s;
 *   halite_open(&s, &NET_model, arena, sizeof arena);
 *   memcpy(halite_input(&s, 0), picture, sizeof picture);
 *   halite_run(&s);
 *   const float *scores = halite_output(&s, 0);
 *
 * A halite_model is immutable data. A halite_session and its arena are all the state: nothing allocates,
 * nothing prints, nothing is global. Sessions may run side by side on threads; one session must not be used
 * by two at once.
 */
#ifndef HALITE_H
#define HALITE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define HALITE_ARENA_ALIGN 64 /* bytes; halite_open refuses an arena or a memory that is aligned to less */

typedef enum halite_status {
  HALITE_OK = 0,
  HALITE_BAD_ARGUMENT = 1,    /* a null pointer, or an index out of range */
  HALITE_ARENA_TOO_SMALL = 2, /* arena_bytes < the model's arena_bytes; or a memory, likewise */
  HALITE_ARENA_UNALIGNED = 3,
  HALITE_ABI_MISMATCH = 4,     /* object and halite.h are of different versions */
  HALITE_WEIGHTS_MISSING = 5,  /* compiled with --weights separate: call halite_set_weights first */
  HALITE_WEIGHTS_MISMATCH = 6, /* not a weights file, or not that of this object (content hash) */
  HALITE_UNALIGNED_BUFFER = 7, /* a bound buffer is aligned to less than its element */
  HALITE_STATE_MISMATCH = 8,   /* a saved state of another size than the model's */
  HALITE_NOT_BOUND = 9,        /* compiled with --inputs or --outputs bound: bind a buffer to each first */
  HALITE_MEMORY_COUNT = 10,    /* the model has another number of memories (--memory) than were given */
  HALITE_BAD_SHAPE = 11        /* the model was not compiled for this shape (--shape, --range) */
} halite_status;

typedef enum halite_dtype { /* the numbers are those of halite::ir::DType */
                            HALITE_F32,
                            HALITE_F16,
                            HALITE_F64,
                            HALITE_I8,
                            HALITE_U8,
                            HALITE_I16,
                            HALITE_U16,
                            HALITE_I32,
                            HALITE_U32,
                            HALITE_I64,
                            HALITE_U64,
                            HALITE_BOOL,
                            HALITE_BF16 /* the upper half of an f32 */
} halite_dtype;

/* A public tensor: row-major, contiguous. Where data decide how long an output is, this is the bound. */
typedef struct halite_tensor {
  const char *name;
  const int32_t *shape; /* `rank` extents, outermost first */
  uint32_t bytes;
  float scale; /* real = scale * (q - zero_point); scale 0: not quantized */
  int32_t zero_point;
  uint8_t dtype; /* halite_dtype */
  uint8_t rank;
} halite_tensor;

typedef struct halite_model halite_model; /* laid out in abi.h, made by the compiler */

/* Called before (done == 0) and after (done == 1) each step. args: the step's tensors, outputs last. */
typedef void (*halite_observer)(void *user, uint32_t step, int done, void *const *args, uint32_t n_args);

/* Runs task(closure, i) for 0 <= i < count, in any order or at once, and returns when all are done. */
typedef void (*halite_parallel_for)(void *user, void (*task)(void *closure, int32_t i), void *closure,
                                    int32_t count);

/* Fields are private; the struct is public so that the caller can allocate it. */
typedef struct halite_session {
  const halite_model *model;
  const struct rt_variant *variant;
  unsigned char *arena;
  const unsigned char *weights;
  halite_parallel_for parallel;
  void *parallel_user;
  halite_observer observer;
  void *observer_user;
} halite_session;

/* Prepares a session, as after halite_reset. The arena may hold anything; it must outlive the session. A
 * model compiled for AMX asks Linux here to let the process use its registers (arch_prctl). */
halite_status halite_open(halite_session *, const halite_model *, void *arena, size_t arena_bytes);

typedef struct halite_memory {
  void *data; /* aligned to HALITE_ARENA_ALIGN; NULL is good for a memory of which the model takes 0 bytes */
  size_t bytes;
} halite_memory;
/* The same for a model compiled with several --memory options: its memories in the order of the options,
 * NAME_MEMORIES of them. halite_open refuses such a model with HALITE_MEMORY_COUNT. */
halite_status halite_open_memories(halite_session *, const halite_model *, const halite_memory *memories,
                                   uint32_t count);
/* The weights file's bytes (NAME.weights, aligned to 64), for objects compiled with --weights separate. */
halite_status halite_set_weights(halite_session *, const void *file, size_t bytes);

uint32_t halite_input_count(const halite_model *);
uint32_t halite_output_count(const halite_model *);
uint32_t halite_step_count(const halite_model *); /* of several shapes: the most of any */
size_t halite_arena_bytes(const halite_model *);  /* of several memories: all together */
uint32_t halite_memory_count(const halite_model *);
size_t halite_memory_bytes(const halite_model *, uint32_t i); /* 0 if there is none */
/* Description of input or output i; NULL if there is none. Of a model compiled for several shapes: the shape
 * that a session begins with, and the most bytes of any. */
const halite_tensor *halite_input_info(const halite_model *, uint32_t i);
const halite_tensor *halite_output_info(const halite_model *, uint32_t i);
/* Index of the input or output of that name; -1 if there is none. */
int32_t halite_find_input(const halite_model *, const char *name);
int32_t halite_find_output(const halite_model *, const char *name);

/* Where input i is to be written before, and output i is read after, halite_run; NULL if there is none, or if
 * it has no place in the arena (compiled with --inputs or --outputs bound) and nothing is bound. An input's
 * place may be reused while the model runs: write all inputs before every run. */
void *halite_input(halite_session *, uint32_t i);
void *halite_output(halite_session *, uint32_t i);
/* Zero copy: the model reads (writes) the caller's buffer of info->bytes instead; NULL goes back to the
 * arena. */
halite_status halite_bind_input(halite_session *, uint32_t i, const void *data);
halite_status halite_bind_output(halite_session *, uint32_t i, void *data);

/* For models compiled for several shapes (several --shape of an input, or --range): from here on input i has
 * this shape, and the other tensors have those that belong to it: of the shapes that the model was compiled
 * for, the ones that leave most of the other inputs as they are. HALITE_BAD_SHAPE, and nothing changes, if
 * there are none. Between two inferences only; write all inputs afterwards. Bound buffers stay bound, and the
 * state stays as it is. A session begins with the first shapes given, or the largest of a range. */
halite_status halite_set_input_shape(halite_session *, uint32_t i, const int32_t *shape, uint32_t rank);
/* The present extents of input or output i, as many as its info's rank. Where data decide how long an output
 * is, its shape is that of the last run, and the bound before the first; elements beyond it mean nothing.
 * Objects of models for one shape, whose outputs are always as long as halite_output_info says, define none
 * of these three functions. */
halite_status halite_input_shape(const halite_session *, uint32_t i, int32_t *shape);
halite_status halite_output_shape(const halite_session *, uint32_t i, int32_t *shape);

halite_status halite_run(halite_session *);
/* Steps [first, first + count): for cooperative schedulers. All steps in order make one inference; those that
 * the present shapes do not have are passed over. */
halite_status halite_run_steps(halite_session *, uint32_t first, uint32_t count);

/* What a streaming model keeps from one inference to the next: back to its beginning, out, and in again.
 * Between two inferences only. A saved state holds numbers as this machine stores them; its layout is that of
 * this very object. */
halite_status halite_reset(halite_session *);
size_t halite_state_bytes(const halite_model *); /* 0: the model keeps nothing */
halite_status halite_save_state(const halite_session *, void *data);
halite_status halite_restore_state(halite_session *, const void *data, size_t bytes);

void halite_observe(halite_session *, halite_observer, void *user);          /* NULL: none */
void halite_set_parallel(halite_session *, halite_parallel_for, void *user); /* NULL: one thread */
const char *halite_status_text(halite_status);

#ifdef __cplusplus
}
#endif
#endif
