// Regions: checks that branch and loop share.
#include "ir/ops/region.h"

#include "ir/interpret.h"
#include "ir/ops/checks.h"
#include "ir/text.h"
#include "ir/verify.h"

namespace halite::ir {

bool Region::operator==(const Region& other) const {
  if (graph == other.graph) return true;
  if (!graph || !other.graph) return false;
  const PrintOptions everything{INT64_MAX};
  return print(*graph, everything) == print(*other.graph, everything);
}

Result<Types> infer_region(std::string_view op, std::string_view what, const Region& region,
                           std::span<const Type> in, size_t least) {
  if (!region.graph) return checks::invalid(op, ": ", what, " has no graph");
  const Graph& g = *region.graph;
  if (auto ok = verify(g); !ok) {
    Error error = ok.error();
    error.where = std::string(what) + (error.where.empty() ? "" : ": " + error.where);
    return error;
  }
  if (!g.states.empty())
    return checks::not_supported(op, ": ", what, " keeps a state; only a whole model can");
  if (g.inputs.size() != in.size())
    return checks::invalid(op, ": ", what, " has ", g.inputs.size(), " inputs; expected ", in.size());
  for (size_t i = 0; i < in.size(); ++i) {
    const Type& wanted = g.type(g.inputs[i]);
    if (wanted.dtype != in[i].dtype || wanted.shape != in[i].shape)
      return checks::invalid(op, ": input ", i, " of ", what, " is ", wanted, ", but it is given ", in[i]);
  }
  if (g.outputs.size() < least)
    return checks::invalid(op, ": ", what, " has ", g.outputs.size(), " outputs; expected ", least,
                           " or more");
  Types out;
  for (const ValueId v : g.outputs) out.push_back({g.type(v).dtype, g.type(v).shape, {}});
  return out;
}

std::vector<Tensor> run_region(const Region& region, std::span<const Tensor> in) {
  auto out = interpret(*region.graph, in);
  HALITE_CHECK(out, "inputs of a region that infer accepted");
  return *std::move(out);
}

}  // namespace halite::ir
