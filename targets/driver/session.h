/* The session of the model that a program was linked with; what its constants are called. */
#ifndef HALITE_DRIVER_SESSION_H
#define HALITE_DRIVER_SESSION_H

#include "rt/halite.h"

/* Made by codegen/link.cpp, for each program. */
extern const halite_model driver_model;
extern unsigned char driver_arena[];
extern const uint32_t driver_arena_bytes, driver_inferences;
extern const unsigned char driver_weights[]; /* NAME.weights, if the weights are separate */
extern const uint32_t driver_weights_bytes;
extern unsigned char driver_bound[]; /* room for the public tensors that have no place in the arena */

/* Opens it, with its weights, and gives a buffer to each public tensor that has none. */
halite_status driver_open(halite_session*);
/* Says what failed and why; returns the exit code. */
int driver_failed(const char* what, const char* why);

#endif
