// Loop: checks and reference.
#include "ir/ops/loop.h"

#include <algorithm>

#include "ir/ops/checks.h"

namespace halite::ir {
namespace {

bool is_one(const Type& t, DType dtype) { return t.dtype == dtype && t.elements() == 1; }

}  // namespace

Result<Types> infer(const Loop& op, std::span<const Type> in) {
  if (auto failure = checks::inputs(op.kName, in, 2, SIZE_MAX, checks::Elements::moved)) return *failure;
  if (!is_one(in[0], DType::i64))
    return checks::invalid(op.kName, ": the trip count is ", in[0], "; expected one i64");
  if (!is_one(in[1], DType::boolean))
    return checks::invalid(op.kName, ": the condition is ", in[1], "; expected one boolean");
  if (auto failure = checks::range(op.kName, "limit", op.limit, 0, INT64_MAX)) return *failure;
  const auto most = static_cast<int64_t>(in.size()) - 2;
  if (auto failure = checks::range(op.kName, "carried", op.carried, 0, most)) return *failure;
  const auto carried = static_cast<size_t>(op.carried);
  Types given{{DType::i64, {}, {}}};
  given.insert(given.end(), in.begin() + 2, in.end());
  const auto made = infer_region(op.kName, "body", op.body, given, 1 + carried);
  if (!made) return made;
  if (!is_one((*made)[0], DType::boolean))
    return checks::invalid(op.kName, ": the body's condition is ", (*made)[0], "; expected one boolean");
  Types out;
  for (size_t i = 1; i < made->size(); ++i) {
    Type t = (*made)[i];
    if (i <= carried && (t.dtype != given[i].dtype || t.shape != given[i].shape))
      return checks::invalid(op.kName, ": carried value ", i - 1, " is ", given[i],
                             " before an iteration and ", t, " behind it; expected the same");
    if (i > carried) t.shape.insert(t.shape.begin(), op.limit);
    if (auto failure = checks::type(op.kName, "output " + std::to_string(i - 1), t)) return *failure;
    out.push_back(std::move(t));
  }
  return out;
}

void reference(const Loop& op, std::span<const Tensor> in, std::span<Tensor> out) {
  const auto carried = static_cast<size_t>(op.carried);
  const int64_t trips = std::min(in[0].data<int64_t>()[0], op.limit);
  bool again = in[1].at(0) != 0;
  std::vector<Tensor> arguments{Tensor::zeros({DType::i64, {}, {}})};
  arguments.insert(arguments.end(), in.begin() + 2, in.end());
  for (int64_t i = 0; i < trips && again; ++i) {
    arguments[0] = Tensor::of<int64_t>(std::vector<int64_t>{i}, {});
    const auto made = run_region(op.body, arguments);
    again = made[0].at(0) != 0;
    std::copy_n(made.begin() + 1, carried, arguments.begin() + 1);
    for (size_t k = carried; k < out.size(); ++k) {
      const auto row = made[1 + k].bytes();
      std::ranges::copy(row, out[k].mutable_bytes().begin() + i * static_cast<int64_t>(row.size()));
    }
  }
  for (size_t k = 0; k < carried; ++k) out[k] = arguments[1 + k].with_type(out[k].type());
}

}  // namespace halite::ir
