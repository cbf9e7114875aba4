/* The contract between generated code and the runtime: tables that codegen/model.cpp writes and run.c reads.
 * Plain data in read-only memory, position given by (space, offset) pairs, so that sessions share it. Also
 * included by the compiler, which checks the layout it emits against these structs for the host. */
#ifndef HALITE_ABI_H
#define HALITE_ABI_H

#include "halite.h"

#ifdef __cplusplus
extern "C" {
#endif

#define RT_ABI_VERSION 6u
#define RT_MAX_ARGS 16u /* of one step */

/* A tensor's place: the space in the two highest bits; below them a byte offset into arena or weights, or,
 * for what the table of pointers at the arena's beginning names, an index in six bits and a byte offset
 * in 24. The arena is the first of the model's memories. Of the further ones the table has an entry for every
 * 16 MiB, behind those of the public tensors: they are addressed as outputs from n_outputs on. */
typedef uint32_t rt_ref;
#define RT_SPACE_ARENA 0u
#define RT_SPACE_WEIGHTS 1u
#define RT_SPACE_INPUT 2u
#define RT_SPACE_OUTPUT 3u
#define RT_SPACE_SHIFT 30u
#define RT_OFFSET_MASK 0x3fffffffu
#define RT_PUBLIC_SHIFT 24u
#define RT_PUBLIC_OFFSET_MASK 0x00ffffffu
#define RT_MAX_PUBLIC 64u           /* inputs, and as many outputs, with the entries of further memories */
#define RT_WINDOW_BYTES 0x01000000u /* of a further memory, that an entry reaches */
#define RT_REF_NONE                                                                      \
  0xffffffffu /* a public tensor without a place in the arena: the caller binds a buffer \
               */

/* args: the tensors in the order of schedules::Kernel. extents: values of a size-shared kernel's parameters,
 * or NULL. The session is the user context of Halide's parallel loops. */
typedef void (*rt_kernel)(halite_session *, void *const *args, const int32_t *extents);

typedef struct rt_step {
  rt_kernel kernel;
  const rt_ref *args;
  const int32_t *extents;
  uint32_t n_args;
} rt_step;

/* What a range of the state begins with, where that is not zeros. */
typedef struct rt_initial {
  const unsigned char *data; /* NULL: every byte is `fill` */
  uint32_t offset, bytes;    /* offset in the state */
  uint32_t fill;
} rt_initial;

/* An axis of an output that is only as long as data decide. */
typedef struct rt_extent {
  uint32_t output, axis;
  rt_ref place; /* int64_t: the extent as of the last run; written by a step, before the first run by
                   halite_open */
} rt_extent;

/* Row-wise execution of several layers (rows.c). A line holds the last rows of a tensor; making its next row
 * moves the rows up by one and writes the last. */
typedef struct rt_line {
  rt_ref place;                     /* the buffer: kept_bytes + row_bytes */
  rt_ref tensor;                    /* rows are copied from it, or to it; RT_REF_NONE */
  uint32_t row_bytes;               /* padding included */
  uint32_t kept_bytes;              /* of all rows but one */
  uint32_t left_bytes, pixel_bytes; /* a row's pixels */
  uint32_t fill;                    /* every byte of the padding */
} rt_line;

#define RT_ROW_KERNEL 0u
#define RT_ROW_LOAD 1u /* from the line's tensor */
#define RT_ROW_FILL 2u /* below the image */

typedef struct rt_row_op {
  rt_step step; /* of RT_ROW_KERNEL */
  uint16_t line, kind;
} rt_row_op;

/* program[first] to program[first + count - 1], `times` times. */
typedef struct rt_row_loop {
  uint16_t first, count, times;
} rt_row_loop;

typedef struct rt_cascade {
  const rt_line *lines;
  const rt_row_op *ops;
  const uint8_t *program; /* indices of ops */
  const rt_row_loop *loops;
  uint32_t n_lines, n_loops;
  rt_ref moved; /* a word for each line: bytes copied from or to its tensor */
} rt_cascade;

/* Branches and loops (control.c): steps that run other steps. */
typedef struct rt_body {
  const rt_step *steps;
  uint32_t n_steps;
} rt_body;

typedef struct rt_branch {
  rt_body yes, no;
  rt_ref condition; /* one boolean */
} rt_branch;

typedef struct rt_move {
  rt_ref from, to;
  uint32_t bytes;
} rt_move;

typedef struct rt_while {
  rt_body body;
  const rt_move *begin;   /* initial values, to where carried values lie */
  const rt_move *stacked; /* after iteration i, to row i */
  uint32_t n_begin, n_stacked;
  rt_ref trips;     /* one i64 */
  rt_ref condition; /* one boolean: whether there is a first iteration */
  rt_ref again;     /* the same for the next, made by the body; RT_REF_NONE: there is */
  rt_ref iteration; /* one i64, its number for the body; RT_REF_NONE: it does not read it */
  int64_t limit;    /* no more iterations; rows of `stacked` */
} rt_while;

void rt_run_branch(halite_session *, void *const *args, const int32_t *extents);
void rt_run_loop(halite_session *, void *const *args, const int32_t *extents);
void rt_run_cascade(halite_session *, void *const *args, const int32_t *extents);
void *rt_place(const halite_session *, rt_ref);
/* Where public tensor i (inputs, then outputs) is while nothing is bound; NULL: nowhere. */
void *rt_home(const halite_session *, uint32_t i);
/* Outputs whose extents data decide are as long as they can be. */
void rt_begin_extents(const halite_session *);

/* What one assignment of shapes to the public tensors has for itself: which steps compute it, and where its
 * tensors lie. Weights, kernels and state are those of the model. */
typedef struct rt_variant {
  const int32_t *const *shapes; /* of inputs, then outputs; NULL: as the model's tensors state */
  const rt_ref *refs;           /* likewise: places used while nothing is bound */
  const rt_step *steps;
  const rt_extent *extents;
  uint32_t n_steps, n_extents;
} rt_variant;

#define RT_NEEDS_TILES 1u /* Linux on x86-64: permission to use AMX's registers */

struct halite_model {
  uint16_t abi_version, needs; /* RT_NEEDS_... */
  uint32_t n_inputs, n_outputs;
  uint32_t n_steps;                      /* the most of any variant */
  const halite_tensor *inputs, *outputs; /* shapes of the first variant, the most bytes of any */
  const rt_variant *variants;            /* a session begins with the first */
  const unsigned char *weights;          /* NULL: separate */
  const rt_initial *initials;
  const uint32_t *memory_bytes; /* n_memories of them; the first begins with the table of pointers */
  uint32_t n_memories;          /* 1: the arena */
  uint32_t n_initials;
  uint32_t n_variants;
  rt_ref state; /* all states side by side */
  uint32_t state_bytes;
  uint32_t weights_bytes;
  uint64_t weights_hash; /* FNV-1a 64 of the weights; checked against a separate file */
};

#ifdef __cplusplus
}
#endif
#endif
