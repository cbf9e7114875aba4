// The compiler as a function: a verified graph and options in, everything that a compilation leaves out.
// Nothing here touches the file system but the kernel cache; write_artifact does.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "codegen/self_test.h"
#include "ir/graph.h"
#include "ir/passes/precision.h"
#include "schedules/choice.h"
#include "targets/target.h"

namespace halite::codegen {

enum class RowsMode : uint8_t { automatic, never, always };
enum class Home : uint8_t { arena, bound };  ///< bound: takes no arena, the caller binds a buffer

/// --memory: a block that the caller provides for a part of the arena.
struct Memory {
  std::string name;
  int64_t bytes = 0;
  bool fast = false;  ///< hot tensors are to lie here
};

struct CompileOptions {
  std::string name = "model";  ///< C identifier: prefix of files and symbols
  targets::Target target;
  bool optimize_size = false;     ///< --optimize size: kernels of one kind share code (on bare metal always)
  bool extents_vary = false;      ///< --range: so do kernels of one step that variants have for themselves
  bool separate_weights = false;  ///< --weights separate
  ir::Precision precision = ir::Precision::f32;  ///< --precision
  RowsMode rows = RowsMode::automatic;           ///< --rows: layers computed row by row (fuse_rows.h)
  int64_t max_ram = 0,
          max_flash = 0;     ///< --max-ram (arena and stack), --max-flash (code and weights); 0: none
  int64_t arena_target = 0;  ///< what fuse_rows tries to reach; 0: 2/3 of what plain steps need
  Home inputs = Home::arena, outputs = Home::arena;  ///< --inputs, --outputs
  std::string weights_section, code_section;  ///< names for them in the object; empty: .rodata.* and .text.*
  std::vector<Memory> memories;               ///< --memory; empty: one arena, as large as it takes
  bool emit_asm = false, emit_llvm = false, emit_stmt = false;
  int jobs = 1;                 ///< kernels compiled side by side
  std::filesystem::path cache;  ///< directory of the kernel cache; empty: none
  int64_t cache_limit_bytes = int64_t{1} << 30;
  std::string strategy;  ///< --strategy: forces one wherever it is offered
  /// --tuning: by target's name and group's key (choices.h).
  std::map<std::string, std::map<std::string, schedules::Choice>> choices;
  int tile_alternatives = 0;  ///< tiles that StepReport::considered lists besides those taken
  /// Inputs, a set per inference, of a self-test that link.h makes a program of; empty: none.
  std::vector<std::vector<ir::Tensor>> self_test;
  /// Called from worker threads, serialised: `done` of `total` kernels are compiled.
  std::function<void(int done, int total)> progress;
  /// Called after each pass with its name and the graph (dumps).
  std::function<void(std::string_view pass, const ir::Graph&)> dump;
};

/// Where a tensor lives: its byte range in a memory and when it does.
struct Placement {
  std::string tensor;
  std::string
      space;  ///< "arena", "input", "output", "state", "scratch", "line"; "bound": the caller's, offset 0
  int64_t offset = 0, bytes = 0;
  int first = 0, last = 0;  ///< steps, inclusive
  int memory = 0;           ///< index into Report::memories; offsets are within it
};

/// One of CompileOptions::memories, or the arena.
struct MemoryReport {
  std::string name;  ///< empty: the arena
  bool fast = false;
  int64_t capacity = 0;     ///< what --memory allows; 0: no limit
  int64_t bytes = 0;        ///< taken, from its beginning
  int64_t lower_bound = 0;  ///< largest sum of simultaneously live bytes of what lies in it
};

struct StepReport {
  std::string name;    ///< of the anchor node in the model
  std::string op;      ///< operators of the group: "conv2d+relu+add"
  std::string kernel;  ///< symbol; steps that share a kernel show the same
  std::string strategy;
  int64_t macs = 0;
  std::string key;                              ///< of its group (choices.h); empty for what is no kernel
  std::vector<schedules::Strategy> considered;  ///< best first; of the one taken, tiles[0] is its tile
  int64_t weights_bytes = 0;
  int64_t code_bytes = 0;                 ///< of the kernel, counted in full by each step that shares it
  std::vector<Placement> tensors;         ///< in argument order, constants left out
  std::vector<std::string> output_names;  ///< values written, in argument order behind the inputs
  std::vector<ir::Type> output_types;
  std::vector<StepReport> parts;  ///< of a cascade: its layers
};

/// Of code whose frames grow with the machine's vectors.
constexpr int64_t kUnknownStack = -1;

/// An axis of an output whose extent data decide (halite_output_shape).
struct ExtentReport {
  int64_t output = 0;  ///< its index
  std::string name;
  int64_t axis = 0, bound = 0;
};

struct Report {
  std::string name, target;
  ir::Precision precision = ir::Precision::f32;  ///< --precision
  std::vector<ir::KeptWide> kept_wide;           ///< nodes that compute in f32 all the same
  std::string shapes;             ///< of inputs: "x 1x3x224x224, mask 1x16"; empty without inputs
  int64_t arena_bytes = 0;        ///< includes the table of pointers and the state; of all memories
  int64_t state_bytes = 0;        ///< what streaming models keep between runs
  int64_t arena_lower_bound = 0;  ///< largest sum of simultaneously live bytes
  int peak_step = 0;              ///< at which most bytes of the arena are in use
  int64_t peak_bytes = 0;         ///< that many
  int64_t tensor_bytes = 0;       ///< sum over all tensors, as if nothing were shared
  int64_t bound_bytes = 0;  ///< of the public tensors that have no place in the arena, each rounded up to 64
  int64_t weights_bytes = 0;
  int64_t code_bytes = 0;      ///< text + rodata without weights, runtime included
  int64_t rest_bytes = 0;      ///< of code_bytes, what belongs to no step alone: runtime, tables, constants
  int64_t stack_bytes = 0;     ///< worst case of halite_run; kUnknownStack
  double compile_seconds = 0;  ///< not part of NAME.json's reproducible content
  int kernels = 0, cached_kernels = 0;
  int64_t macs = 0;
  std::vector<StepReport> steps;
  std::vector<ExtentReport> extents;
  std::vector<std::string> unmet_choices;  ///< what of CompileOptions::choices could not be done, and why
  std::vector<Placement> arena;            ///< the memory plan
  std::vector<MemoryReport> memories;      ///< at least one
  /// Each variant by itself, the first of them told above too; empty if there is one. Their `arena_bytes` is
  /// what they need of it; code, weights and stack are those of the whole model and are left at zero.
  std::vector<Report> variants;
};

struct Artifact {
  std::string name;
  std::vector<uint8_t> object;       ///< NAME.o: relocatable ELF, no undefined symbols
  std::vector<uint8_t> weights;      ///< NAME.weights; empty unless separate
  std::string header;                ///< NAME.h
  std::string assembly, llvm, stmt;  ///< as asked for by emit_*
  Report report;
  std::optional<SelfTest> self_test;
};

Result<Artifact> compile(ir::Graph graph, const CompileOptions&);

/// One model imported with several assignments of shapes, as one object: weights, kernels where they are
/// equal, state and runtime are shared; the arena is the largest that any takes. A session begins with the
/// first. Fails if they differ in more than extents.
Result<Artifact> compile(std::vector<ir::Graph> variants, const CompileOptions&);

/// Writes NAME.o, libNAME.a, NAME.h, halite.h, NAME.json and what else the artifact holds; each file whole or
/// not at all (written beside its place, then renamed). Creates `directory` if needed.
Result<void> write_artifact(const Artifact&, const std::filesystem::path& directory);

}  // namespace halite::codegen
