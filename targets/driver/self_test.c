/* The firmware of `halite compile --emit firmware`: runs the model on inputs that the image carries, prints a
 * digest of what each step writes and of the outputs, and says whether they are as expected and which step is
 * the first that is not. Once more it runs unobserved, to see that it keeps to memory and stack as stated.
 * The tables are those of codegen/self_test.h. */
#include "targets/driver/io.h"
#include "targets/driver/session.h"

typedef struct digest {
  uint32_t hash;
  float sum;
} digest;

/* Made by codegen/link.cpp, for each program. */
extern const unsigned char self_test_inputs[]; /* of all inferences, one tensor behind the other */
extern const uint32_t self_test_tensors[], self_test_outputs[];
extern const uint32_t self_test_n_tensors;
extern const digest self_test_expected[];
extern const char self_test_name[];
extern const char self_test_steps[]; /* what each step is, zero-terminated */

enum { kByHash, kBySum };
enum { kMaxRank = 12 };

typedef struct progress {
  const uint32_t* next_tensor; /* row of self_test_tensors */
  uint32_t tensors_done;
  const digest* expected; /* of the next tensor */
  const char* next_step;  /* its text */
  uint32_t inference;
  int differed; /* something did, so far */
} progress;

static void print_hash(uint32_t n) {
  char text[9];
  for (int i = 7; i >= 0; --i, n >>= 4) text[i] = "0123456789abcdef"[n & 15];
  text[8] = 0;
  io_print(text);
}

static float magnitude(const unsigned char* bytes) {
  uint32_t bits = 0;
  for (int i = 3; i >= 0; --i) bits = bits << 8 | bytes[i];
  bits &= 0x7fffffffu;
  float x;
  __builtin_memcpy(&x, &bits, sizeof x);
  return x;
}

static digest digest_of(const unsigned char* data, const uint32_t* row) {
  const uint32_t element_bytes = row[2], judged = row[3], rank = row[4], *axes = row + 5;
  digest d = {2166136261u, 0};
  uint32_t index[kMaxRank] = {0};
  for (uint32_t i = 0; i < rank; ++i)
    if (axes[2 * i] == 0) return d;
  for (;;) {
    const unsigned char* element = data;
    for (uint32_t i = 0; i < rank; ++i) element += index[i] * axes[2 * i + 1];
    for (uint32_t i = 0; i < element_bytes; ++i) d.hash = (d.hash ^ element[i]) * 16777619u;
    if (judged == kBySum) d.sum += magnitude(element);
    uint32_t axis = rank;
    while (axis > 0 && ++index[axis - 1] == axes[2 * axis - 2]) index[--axis] = 0;
    if (axis == 0) return d;
  }
}

static int as_expected(digest found, digest expected, uint32_t judged) {
  if (judged == kByHash) return found.hash == expected.hash;
  if (judged != kBySum || !(expected.sum < 3e38f)) return 1;
  const float difference = found.sum > expected.sum ? found.sum - expected.sum : expected.sum - found.sum;
  return difference <= 1e-3f * expected.sum + 1e-4f;
}

static void judge(progress* p, const unsigned char* data, const uint32_t* row, const char* what, uint32_t n,
                  const char* name) {
  const digest found = digest_of(data, row), expected = *p->expected++;
  const int good = as_expected(found, expected, row[3]);
  if (!good && !p->differed) {
    io_print("first difference: inference ");
    driver_print_number(p->inference);
    io_print(", ");
    io_print(what);
    driver_print_number(n);
    io_print(" ");
    io_print(name);
    io_print("\n");
  }
  p->differed |= !good;
  io_print(what);
  driver_print_number(n);
  io_print(" ");
  io_print(name);
  io_print(": ");
  print_hash(found.hash);
  if (!good) {
    io_print(", expected ");
    print_hash(expected.hash);
    io_print(" DIFFERS");
  }
  io_print("\n");
}

static void observe(void* user, uint32_t step, int done, void* const* args, uint32_t n_args) {
  (void)n_args;
  progress* p = user;
  if (!done) return;
  while (p->tensors_done < self_test_n_tensors && p->next_tensor[0] == step) {
    judge(p, args[p->next_tensor[1]], p->next_tensor, "step ", step, p->next_step);
    p->next_tensor += 5 + 2 * p->next_tensor[4];
    ++p->tensors_done;
  }
  while (*p->next_step++) continue;
}

static const unsigned char* set_inputs(halite_session* s, const unsigned char* from) {
  for (uint32_t i = 0; i < halite_input_count(&driver_model); ++i) {
    unsigned char* to = halite_input(s, i);
    for (uint32_t b = driver_input_bytes(i); b > 0; --b) *to++ = *from++;
  }
  return from;
}

static void judge_outputs(halite_session* s, progress* p) {
  const uint32_t* row = self_test_outputs;
  for (uint32_t i = 0; i < halite_output_count(&driver_model); ++i) {
    judge(p, halite_output(s, i), row, "output ", i, halite_output_info(&driver_model, i)->name);
    row += 5 + 2 * row[4];
  }
}

int driver_main(void) {
  halite_session session;
  halite_status status = driver_open(&session);
  if (status != HALITE_OK) return driver_failed("halite_open", halite_status_text(status));
  io_print("self-test of ");
  io_print(self_test_name);
  io_print("\n");
  progress p = {.expected = self_test_expected};
  halite_observe(&session, observe, &p);
  const unsigned char* inputs = self_test_inputs;
  for (; p.inference < driver_inferences; ++p.inference) {
    p.next_tensor = self_test_tensors;
    p.tensors_done = 0;
    p.next_step = self_test_steps;
    inputs = set_inputs(&session, inputs);
    io_print("inference ");
    driver_print_number(p.inference);
    io_print("\n");
    status = halite_run(&session);
    if (status != HALITE_OK) return driver_failed("halite_run", halite_status_text(status));
    judge_outputs(&session, &p);
  }
  halite_observe(&session, 0, 0);
  (void)set_inputs(&session, self_test_inputs);
  status = driver_run(&session);
  if (status != HALITE_OK) return driver_failed("halite_run", halite_status_text(status));
  if (!driver_within_bounds()) {
    if (!p.differed) io_print("first difference: memory or stack, which are not as the report states\n");
    p.differed = 1;
  }
  io_print(p.differed ? "self-test FAILED\n" : "self-test passed\n");
  return p.differed;
}
