// The tables that the runtime reads (rt/abi.h), as an object that defines NAME_model.
#pragma once

#include <optional>

#include "codegen/control_tables.h"
#include "codegen/machine.h"
#include "ir/graph.h"
#include "rt/abi.h"

namespace halite::codegen {

struct StepTable {
  std::string kernel;  ///< symbol
  std::vector<rt_ref> args;
  std::vector<int32_t> extents;   ///< of a shared kernel; empty: NULL
  std::optional<size_t> cascade;  ///< index into VariantTable::cascades; the kernel is rt_run_cascade
  std::optional<size_t> control;  ///< likewise, into VariantTable::controls
};

struct RowOpTable {
  StepTable step;  ///< RT_ROW_KERNEL's
  uint32_t line = 0, kind = 0;
};

struct CascadeTable {
  std::vector<rt_line> lines;
  std::vector<RowOpTable> ops;
  std::vector<uint8_t> program;
  std::vector<rt_row_loop> loops;
  rt_ref moved = 0;
};

/// What a state begins with (rt_initial); either bytes or one byte for all.
struct InitialTable {
  int64_t offset = 0, bytes = 0;
  std::vector<uint8_t> data;  ///< empty: `fill`
  uint8_t fill = 0;
};

/// What each assignment of shapes has for itself.
struct VariantTable {
  ir::Types types;           ///< of inputs, then outputs
  std::vector<rt_ref> refs;  ///< likewise: places while nothing is bound
  std::vector<StepTable> steps;
  std::vector<CascadeTable> cascades;
  std::vector<ControlTable> controls;
  std::vector<rt_extent> extents;
};

struct ModelTables {
  std::string name;                        ///< prefix of symbols
  std::vector<ir::Value> inputs, outputs;  ///< names, types in the first variant; constants unused
  std::vector<VariantTable> variants;      ///< at least one
  std::vector<InitialTable> initials;
  rt_ref state = 0;
  int64_t state_bytes = 0;
  uint16_t needs = 0;  ///< RT_NEEDS_... (rt/abi.h)
  std::vector<int64_t> memory_bytes;
  const std::vector<uint8_t>* weights = nullptr;
  bool embed_weights = true;
};

/// Section that holds the embedded weights; read-only data, apart so that a link script can place it.
std::string weights_section(const std::string& name);

std::vector<uint8_t> compile_model_tables(const ModelTables&, const Machine&);

}  // namespace halite::codegen
