// Written from Intel 64 and IA-32 Architectures Software Developer's Manual, volume 1, chapter 18, and volume
// 2, LDTILECFG to TILEZERO and TDP*: what an instruction demands of its operands is checked, and the process
// ends by SIGILL where the machine would raise #UD or #GP.
#include "tests/support/tile_registers.h"

#if defined(__x86_64__) && defined(__linux__)
#include <signal.h>
#include <ucontext.h>

#include <array>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace halite::tests {
namespace {

constexpr int kRegisters = 8, kRows = 16, kRowBytes = 64;

struct Register {
  int rows, row_bytes;
  alignas(64) uint8_t data[kRows][kRowBytes];
};

struct State {
  bool configured;
  uint8_t configuration[64];
  Register registers[kRegisters];
};

thread_local State state;
std::atomic<long> emulated;

enum class Prefix : uint8_t { none, p66, pF3, pF2 };

/// One of these instructions, taken apart.
struct Instruction {
  uint8_t opcode;
  Prefix prefix;
  int reg, rm, vvvv;
  bool memory;
  uint8_t* address;  ///< of memory operands, without the index
  int64_t stride;    ///< the index, scaled
  int length;
};

int64_t general_register(const ucontext_t& context, int number) {
  constexpr int kOrder[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                            REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
  return context.uc_mcontext.gregs[kOrder[number]];
}

/// Decodes ModRM, SIB and displacement; `x` and `b`: 8 where the index's and the base's numbers are 8 up.
void decode_memory(Instruction& i, const uint8_t* code, const ucontext_t& context, int x, int b) {
  const int mod = code[4] >> 6;
  int64_t address = 0;
  if (i.rm == 4) {
    const uint8_t sib = code[i.length++];
    const int index = (sib >> 3 & 7) + x, base = (sib & 7) + b;
    if (index != 4) i.stride = general_register(context, index) << (sib >> 6);
    if ((sib & 7) == 5 && mod == 0) {
      int32_t displacement;
      std::memcpy(&displacement, code + i.length, 4);
      i.length += 4;
      address = displacement;
    } else {
      address = general_register(context, base);
    }
  } else if (mod == 0 && i.rm == 5) {
    int32_t displacement;
    std::memcpy(&displacement, code + i.length, 4);
    i.length += 4;
    address = reinterpret_cast<int64_t>(code) + i.length + displacement;
  } else {
    address = general_register(context, i.rm + b);
  }
  if (mod == 1) {
    address += static_cast<int8_t>(code[i.length++]);
  } else if (mod == 2) {
    int32_t displacement;
    std::memcpy(&displacement, code + i.length, 4);
    i.length += 4;
    address += displacement;
  }
  i.address = reinterpret_cast<uint8_t*>(address);
}

/// False if it is none of AMX's.
bool decode(const uint8_t* code, const ucontext_t& context, Instruction& i) {
  const bool vex = code[0] == 0xc4 && (code[1] & 0x1f) == 2 && (code[2] & 0x84) == 0;
  if (!vex) return false;
  i.opcode = code[3];
  i.prefix = static_cast<Prefix>(code[2] & 3);
  i.vvvv = ~code[2] >> 3 & 15;
  i.reg = code[4] >> 3 & 7;
  i.rm = code[4] & 7;
  i.memory = code[4] >> 6 != 3;
  i.length = 5;
  if (i.opcode != 0x49 && i.opcode != 0x4b && i.opcode != 0x5e && i.opcode != 0x5c) return false;
  if (i.memory) decode_memory(i, code, context, code[1] & 0x40 ? 0 : 8, code[1] & 0x20 ? 0 : 8);
  return true;
}

bool configure(const uint8_t* bytes) {
  if (bytes[0] != 1) return false;
  std::memcpy(state.configuration, bytes, sizeof state.configuration);
  for (int r = 0; r < kRegisters; ++r) {
    Register& to = state.registers[r];
    to = {};
    to.row_bytes = bytes[16 + 2 * r] | bytes[17 + 2 * r] << 8;
    to.rows = bytes[48 + r];
    if (to.rows > kRows || to.row_bytes > kRowBytes || (to.rows == 0) != (to.row_bytes == 0)) return false;
  }
  return state.configured = true;
}

bool load(Register& to, const Instruction& i) {
  std::memset(to.data, 0, sizeof to.data);
  for (int row = 0; row < to.rows; ++row)
    std::memcpy(to.data[row], i.address + row * i.stride, static_cast<size_t>(to.row_bytes));
  return to.rows > 0;
}

bool store(const Register& from, const Instruction& i) {
  for (int row = 0; row < from.rows; ++row)
    std::memcpy(i.address + row * i.stride, from.data[row], static_cast<size_t>(from.row_bytes));
  return from.rows > 0;
}

int byte_of(const uint8_t* at, bool is_signed) { return is_signed ? static_cast<int8_t>(*at) : *at; }

void multiply_bytes(Register& c, const Register& a, const Register& b, bool a_signed, bool b_signed) {
  for (int m = 0; m < c.rows; ++m) {
    for (int n = 0; n < c.row_bytes / 4; ++n) {
      uint32_t sum;
      std::memcpy(&sum, &c.data[m][4 * n], 4);
      for (int k = 0; k < a.row_bytes; ++k)
        sum += static_cast<uint32_t>(byte_of(&a.data[m][k], a_signed) *
                                     byte_of(&b.data[k / 4][4 * n + k % 4], b_signed));
      std::memcpy(&c.data[m][4 * n], &sum, 4);
    }
  }
}

/// Denormal numbers are zeros.
float flushed(float x) { return std::fpclassify(x) == FP_SUBNORMAL ? std::copysign(0.0f, x) : x; }

float bf16_at(const uint8_t* at) {
  uint32_t bits = static_cast<uint32_t>(at[0] | at[1] << 8) << 16;
  float x;
  std::memcpy(&x, &bits, 4);
  return flushed(x);
}

void multiply_bf16(Register& c, const Register& a, const Register& b) {
  for (int m = 0; m < c.rows; ++m) {
    for (int n = 0; n < c.row_bytes / 4; ++n) {
      float sums[2] = {0, 0}, sum;
      for (int k = 0; k < a.row_bytes / 4; ++k)
        for (int i : {0, 1})
          sums[i] = flushed(
              std::fma(bf16_at(&a.data[m][4 * k + 2 * i]), bf16_at(&b.data[k][4 * n + 2 * i]), sums[i]));
      std::memcpy(&sum, &c.data[m][4 * n], 4);
      sum = flushed(flushed(sum) + flushed(sums[0] + sums[1]));
      std::memcpy(&c.data[m][4 * n], &sum, 4);
    }
  }
}

bool multiply(const Instruction& i) {
  if (i.memory || i.vvvv >= kRegisters) return false;
  Register &c = state.registers[i.reg], &a = state.registers[i.rm], &b = state.registers[i.vvvv];
  const bool distinct = i.reg != i.rm && i.reg != i.vvvv && i.rm != i.vvvv;
  const bool fits = c.rows == a.rows && c.row_bytes == b.row_bytes && a.row_bytes == 4 * b.rows;
  if (!distinct || !fits || c.rows == 0 || b.rows == 0) return false;
  if (i.opcode == 0x5c && i.prefix != Prefix::pF3) return false;
  if (i.opcode == 0x5c) return multiply_bf16(c, a, b), true;
  multiply_bytes(c, a, b, i.prefix == Prefix::pF2 || i.prefix == Prefix::pF3,
                 i.prefix == Prefix::pF2 || i.prefix == Prefix::p66);
  return true;
}

bool execute(const Instruction& i) {
  if (i.opcode == 0x49 && i.memory && i.prefix == Prefix::none) return configure(i.address);
  if (i.opcode == 0x49 && !i.memory && i.prefix == Prefix::none) return state = {}, true;
  if (!state.configured) return false;
  Register& r = state.registers[i.reg];
  if (i.opcode == 0x49 && !i.memory && i.prefix == Prefix::pF2) return std::memset(r.data, 0, sizeof r.data);
  if (i.opcode == 0x4b && i.memory && i.rm == 4)
    return i.prefix == Prefix::pF3 ? store(r, i) : i.prefix != Prefix::none && load(r, i);
  return (i.opcode == 0x5e || i.opcode == 0x5c) && multiply(i);
}

void on_illegal_instruction(int, siginfo_t*, void* given) {
  auto& context = *static_cast<ucontext_t*>(given);
  auto& rip = context.uc_mcontext.gregs[REG_RIP];
  Instruction i{};
  if (!decode(reinterpret_cast<const uint8_t*>(rip), context, i) || !execute(i)) {
    signal(SIGILL, SIG_DFL);  // raised again on return
    return;
  }
  rip += i.length;
  ++emulated;
}

}  // namespace

void emulate_tile_registers() {
  struct sigaction action = {};
  action.sa_sigaction = on_illegal_instruction;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGILL, &action, nullptr);
}

long emulated_tile_instructions() { return emulated; }

}  // namespace halite::tests

#else
namespace halite::tests {

void emulate_tile_registers() {}
long emulated_tile_instructions() { return 0; }

}  // namespace halite::tests
#endif

#ifdef HALITE_PRELOADED
__attribute__((constructor)) static void begin() { halite::tests::emulate_tile_registers(); }
#endif
