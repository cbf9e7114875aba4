// Reshape: checks and reference.
#include "ir/ops/reshape.h"

#include <algorithm>

#include "ir/ops/checks.h"

namespace halite::ir {

Result<Types> infer(const Reshape& op, std::span<const Type> in) {
  if (auto failure = checks::inputs(op.kName, in, 1, 1, checks::Elements::moved)) return *failure;
  const Type result{in[0].dtype, op.shape, {}};
  if (auto failure = checks::type(op.kName, "the output", result)) return *failure;
  if (result.elements() != in[0].elements())
    return checks::invalid(op.kName, ": ", in[0].shape, " has ", in[0].elements(), " elements and ", op.shape,
                           " ", result.elements(), "; expected as many");
  return Types{result};
}

void reference(const Reshape&, std::span<const Tensor> in, std::span<Tensor> out) {
  std::ranges::copy(in[0].bytes(), out[0].mutable_bytes().begin());
}

}  // namespace halite::ir
