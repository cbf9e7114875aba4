// All kernels of a model: identical groups share one, they are lowered and compiled side by side, and come
// from the cache where it has them.
#pragma once

#include "codegen/compile.h"
#include "codegen/object.h"
#include "codegen/storage.h"
#include "schedules/kernel.h"

namespace halite::codegen {

struct CompiledKernel {
  std::string symbol;  ///< the function to call; shared by kernels that differ only in `extents`
  std::vector<int32_t> extents;
  std::string strategy;
  std::vector<schedules::Packing> packing;  ///< parallel to the group's inputs
  std::vector<ir::Type> scratch;
  std::vector<uint8_t> object;
  std::string assembly, llvm, stmt;  ///< as the options ask
  bool from_cache = false;
  std::string key = {};  ///< of the first group that it was made for (choices.h)
  std::vector<schedules::Strategy> considered = {};
};

struct Kernels {
  std::vector<CompiledKernel> unique;  ///< in order of first use
  /// By variant, indices into `unique`: by group, and in place of a cascade's group those of its groups in
  /// order; branches and loops have none.
  std::vector<std::vector<size_t>> of_group;
  std::vector<NamedObject> objects;  ///< what defines the symbols
  std::string assembly, llvm, stmt;  ///< of all kernels, as the options ask
  int from_cache = 0;                ///< objects that the cache had
};

/// A graph with all decisions taken that precede its kernels: one for each assignment of shapes.
struct Variant {
  ir::Graph graph;
  size_t whole_nodes = 0;  ///< those behind them compute rows and bodies, which whole nodes stand for
  Views views;
  std::vector<schedules::Group> whole_steps;  ///< without those of branches' and loops' bodies
  std::vector<schedules::Group> steps;
  Cascades cascades;  ///< by step
  Controls controls;  ///< by step
  Storage storage;
  std::vector<ir::KeptWide> kept_wide;  ///< by lower_precision
};

Kernels compile_kernels(std::span<const Variant>, const CompileOptions&);

/// Bytes of scratch that a plain step's kernel will ask for.
int64_t scratch_bytes(const ir::Graph&, const Views&, const schedules::Group&, const CompileOptions&);

/// The runtime's sources for a target, each an object; from the cache where it has them.
std::vector<NamedObject> compile_runtime(const CompileOptions&);

}  // namespace halite::codegen
