// Branch: checks and reference.
#include "ir/ops/branch.h"

#include "ir/ops/checks.h"

namespace halite::ir {

Result<Types> infer(const Branch& op, std::span<const Type> in) {
  if (auto failure = checks::inputs(op.kName, in, 1, SIZE_MAX, checks::Elements::moved)) return *failure;
  if (in[0].dtype != DType::boolean || in[0].elements() != 1)
    return checks::invalid(op.kName, ": the condition is ", in[0], "; expected one boolean");
  const auto yes = infer_region(op.kName, "yes", op.yes, in.subspan(1), 1);
  if (!yes) return yes;
  const auto no = infer_region(op.kName, "no", op.no, in.subspan(1), 1);
  if (!no) return no;
  if (yes->size() != no->size())
    return checks::invalid(op.kName, ": yes has ", yes->size(), " outputs and no has ", no->size(),
                           "; expected as many");
  for (size_t i = 0; i < yes->size(); ++i)
    if ((*yes)[i] != (*no)[i])
      return checks::invalid(op.kName, ": output ", i, " is ", (*yes)[i], " of yes, but ", (*no)[i],
                             " of no");
  return yes;
}

void reference(const Branch& op, std::span<const Tensor> in, std::span<Tensor> out) {
  const auto results = run_region(in[0].at(0) != 0 ? op.yes : op.no, in.subspan(1));
  for (size_t i = 0; i < out.size(); ++i) out[i] = results[i].with_type(out[i].type());
}

}  // namespace halite::ir
