// A target is a struct of facts. Schedules read facts, never names; `name` exists for people, reports and the
// command line. Data lives in targets/<name>/target.cpp, the list in targets.cpp.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace halite::targets {

enum class Platform : uint8_t { none, posix };  ///< none: bare metal, no libc, no OS

/// What a schedule may know of a machine.
struct Facts {
  int vector_bits = 0;       ///< widest useful SIMD register; 0: scalar
  int vector_registers = 0;  ///< architectural SIMD registers (scalar FP registers if vector_bits == 0)
  int register_group = 0;  ///< registers that instructions take as one vector of vector_bits; shorter vectors
                           ///< take fewer, and leave more than vector_registers. 0: a register is a vector
  bool fma = false;        ///< fused multiply-add is native for f32
  bool hard_float = true;  ///< f32 arithmetic is native
  int int8_dot = 0;        ///< int8 products summed into one i32 lane (without vectors: register) per
                           ///< instruction: 0, 2, 4, or 16 where a whole vector is summed into a register
  bool high_multiply = false;  ///< the upper half of a vector's 32-bit products, rounded or not, is one
                               ///< instruction, and so are shifts by signed amounts and saturation
  bool dot_unsigned = false;  ///< the dot product of four takes unsigned bytes times signed ones, else signed
  bool int8_pairs = false;    ///< vectors multiply i16 and sum adjacent pairs of products into i32 lanes
  bool bf16_dot = false;      ///< vectors multiply bf16, sum adjacent pairs of products into f32 lanes, and
                              ///< round f32 to bf16
  bool int8_tiles = false;    ///< there are registers of 16 rows of 64 bytes; one is added the product of two
                              ///< others of bytes, signed or not, in sums of i32
  bool bf16_tiles = false;    ///< the same of bf16, in sums of f32
  bool looks_up_bytes = false;       ///< vectors of 64 bytes pick from tables of 128 in one instruction
  bool rounding_conversion = false;  ///< vectors of f32 become i32, rounded to even, by an instruction
  bool minimum_keeps_nan = false;    ///< minimum and maximum of vectors of reals are NaN if one of both is
  bool native_f16 = false;           ///< f16 arithmetic is native
  bool converts_f16 = false;         ///< vectors of f16 become f32, and back, by an instruction
  int fma_latency = 4;               ///< cycles; with fma_throughput gives the accumulators needed
  int fma_throughput = 1;            ///< vector FMAs issued per cycle
  int fma_lanes =
      0;  ///< FMA takes any one of the first so many lanes of a vector register as its scalar; 0: none
  int load_list = 0;  ///< a load fills so many consecutive vector registers and moves its address on; 0: none
  int dot_lanes = 0;  ///< the dot product of four takes any one of the first so many 32-bit lanes of a vector
                      ///< register as its second factor; 0: none
  bool lane_broadcast_fma = false;  ///< FMA takes a scalar lane or a memory broadcast operand for free
  bool constant_operands = false;   ///< vector arithmetic takes one operand from memory or from a scalar
                                    ///< register, so that constants need no vector registers
  bool unaligned_loads = true;
  bool indexed_loads = true;  ///< loads and stores add an index in a register to their address for free
  int64_t l1_bytes = 0, l2_bytes = 0, l3_bytes = 0;  ///< data caches per core; 0: none
  int cores = 1;                ///< upper limit of useful parallel tasks; 1: no parallel loops are generated
  int64_t max_stack_bytes = 0;  ///< largest frame that a kernel may take; 0: 64 KiB
};

/// A machine to run on: memory map and how QEMU is called. Files are beside target.cpp.
struct Board {
  std::string name;                        ///< "mps2-an386", or "user" for QEMU user mode
  std::vector<std::string> command;        ///< emulator argv; "{image}" stands for the program
  std::string link_script;                 ///< text for the linker; empty for posix
  std::string start;                       ///< which start-up code: "cortex_m", ...; empty for posix
  int64_t flash_bytes = 0, ram_bytes = 0;  ///< memories for code, and for data and stack
  int64_t big_bytes =
      0;  ///< a slower memory for weights and for arenas that ram cannot hold; 0: all are in ram
};

struct Target {
  std::string name;        ///< "cortex-m4"
  std::string summary;     ///< one line for `halite targets`
  std::string triple;      ///< LLVM's: "thumbv7em-none-eabihf"
  std::string cpu;         ///< LLVM's: "cortex-m4"
  std::string features;    ///< LLVM's, added to those of cpu: "+vfp4d16sp"
  std::string float_abi;   ///< "hard", "soft" or "" (the triple's default)
  std::string abi;         ///< LLVM's ABI name ("ilp32f", "lp64d"), "" for the default
  std::string code_model;  ///< "small", "medany" ("medium"), "" for the default
  std::string halide;      ///< Halide's target text for the front half: "arm-32-noos-no_neon"
  std::string runtime;     ///< which runtime bitcode (one per ABI): "thumb", "x86_64", ...
  Platform platform = Platform::none;
  Facts facts;
  std::optional<Board> board;  ///< absent: cannot be run here
  std::vector<std::string>
      toolchain;  ///< a real compiler's argv prefix: {"arm-none-eabi-gcc","-mcpu=cortex-m4",...}
};

/// All targets, in the order in which they are listed to the user; `host` is resolved to this machine.
std::span<const Target> all();
/// The target of that name; nullopt if there is none.
std::optional<Target> find(std::string_view name);
/// A copy with another CPU and added features (LLVM names, "+a,-b"). Facts follow the features that imply
/// them.
Target refine(Target, std::string_view cpu, std::string_view features);

}  // namespace halite::targets
