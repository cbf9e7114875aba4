/* The session of the model that a program was linked with; what its constants are called. */
#ifndef HALITE_DRIVER_SESSION_H
#define HALITE_DRIVER_SESSION_H

#include "rt/halite.h"

/* Made by codegen/link.cpp, for each program. */
extern const halite_model driver_model;
extern const halite_memory driver_memories[];
extern const uint32_t driver_n_memories, driver_inferences;
extern const uint32_t driver_stack_bytes;    /* that halite_run is stated to take; 0: unknown */
enum { kDriverGuard = 64 };                  /* bytes in front of each memory, and behind it */
extern const unsigned char driver_weights[]; /* NAME.weights, if the weights are separate */
extern const uint32_t driver_weights_bytes;
extern const uint32_t driver_n_shapes; /* inputs of a model for several shapes; 0: it has one */
extern const int32_t driver_shapes[];  /* of each of them rank and extents */
extern const uint32_t driver_bytes[];  /* of them, then of the outputs */
extern unsigned char driver_bound[];   /* room for the public tensors that have no place in the arena */

/* Opens it, with its weights, and gives a buffer to each public tensor that has none. */
halite_status driver_open(halite_session*);
/* Bytes of input or output i in the shapes of this run. */
uint32_t driver_input_bytes(uint32_t i);
uint32_t driver_output_bytes(uint32_t i);
/* halite_run, its stack measured. */
halite_status driver_run(halite_session*);
/* Whether nothing wrote beside the memories, and no run took more stack than stated; says so if not. */
int driver_within_bounds(void);
void driver_print_number(uint32_t);
/* Says what failed and why; returns the exit code. */
int driver_failed(const char* what, const char* why);

#endif
