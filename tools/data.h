// Inputs and expected outputs from files: DIR/input_N.{npy,pb} and DIR/output_N.{npy,pb}, N in the model's
// order. A file with one more leading dimension than the model's tensor holds a sequence: one inference after
// another.
#pragma once

#include <filesystem>
#include <vector>

#include "ir/graph.h"

namespace halite::tools {

/// One inference's tensors in the model's order, for each inference.
using Sequence = std::vector<std::vector<ir::Tensor>>;

/// A .npy file, or an ONNX TensorProto (.pb).
Result<ir::Tensor> read_tensor(const std::filesystem::path&);

Result<Sequence> read_inputs(const std::filesystem::path& directory, const ir::Graph&);
/// As many inferences as the inputs have: `steps`.
Result<Sequence> read_outputs(const std::filesystem::path& directory, const ir::Graph&, size_t steps);
/// Inputs from files in the model's order.
Result<Sequence> read_input_files(const std::vector<std::string>& paths, const ir::Graph&);

/// Seeded inputs, for measurements: reals in [0, 1), i8, u8 and i16 of any value, other integers 0 or 1.
std::vector<ir::Tensor> random_inputs(const ir::Graph&, uint32_t seed = 1);

/// The outputs of a sequence as one tensor each, with a leading dimension if there were several inferences.
std::vector<ir::Tensor> stack(const Sequence&);

}  // namespace halite::tools
