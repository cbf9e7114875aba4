// A copy is a cast to the same type, a reshape or a slice. Its axes are merged until rows of contiguous bytes
// and one axis of rows are left; what does not come to that stays with Halide.
#include "codegen/copies.h"

#include <algorithm>

namespace halite::codegen {
namespace {

constexpr int64_t kLeastRowBytes = 16;  ///< below, calls cost more than they save

struct Axis {
  int64_t extent, from, to;  ///< strides in bytes
};

/// Source and destination side by side, outermost axis first, and the first byte's offset in the source.
struct Movement {
  std::vector<Axis> axes;
  int64_t offset = 0;
};

bool is_contiguous(const schedules::Operand& operand) {
  const auto strides = ir::contiguous_strides(operand.type.shape);
  for (size_t i = 0; i < strides.size(); i++)
    if (operand.type.shape[i] != 1 && operand.strides[i] != strides[i]) return false;
  return true;
}

std::optional<Movement> movement_of(const ir::Op& op, const schedules::Operand& in,
                                    const schedules::Operand& out) {
  if (in.type.dtype != out.type.dtype || out.type.elements() == 0) return {};
  const int64_t size = size_of(in.type.dtype);
  const auto* slice = std::get_if<ir::Slice>(&op);
  if (std::holds_alternative<ir::Reshape>(op)) {
    if (!is_contiguous(in) || !is_contiguous(out)) return {};
    return Movement{{{out.type.elements(), size, size}}, 0};
  }
  if (!slice && !std::holds_alternative<ir::Cast>(op)) return {};
  Movement movement;
  for (size_t i = 0; i < out.type.shape.size(); i++) {
    const int64_t step = slice ? slice->step[i] : 1;
    movement.axes.push_back({out.type.shape[i], in.strides[i] * step * size, out.strides[i] * size});
    if (slice) movement.offset += slice->start[i] * in.strides[i] * size;
  }
  return movement;
}

}  // namespace

std::optional<std::vector<int32_t>> copy_extents(const schedules::Request& request) {
  const auto& group = request.group;
  if (request.target.facts.vector_bits > 0 || request.in_place || request.strategy == "plain") return {};
  if (group.nodes.size() != 1 || request.inputs.size() != 1) return {};
  auto movement = movement_of(request.graph.node(group.nodes[0]).op, request.inputs[0], request.outputs[0]);
  if (!movement) return {};
  int64_t row = size_of(request.outputs[0].type.dtype);
  Axis rows{1, 0, 0};
  for (size_t i = movement->axes.size(); i-- > 0;) {
    const Axis& axis = movement->axes[i];
    if (axis.extent == 1) continue;
    if (rows.extent == 1 && axis.from == row && axis.to == row) {
      row *= axis.extent;
    } else if (rows.extent == 1) {
      rows = axis;
    } else if (axis.from == rows.extent * rows.from && axis.to == rows.extent * rows.to) {
      rows.extent *= axis.extent;
    } else {
      return {};
    }
  }
  const std::vector<int64_t> extents{movement->offset, rows.extent, row, rows.from, rows.to};
  const auto fits = [](int64_t v) { return v >= INT32_MIN && v <= INT32_MAX; };
  if (row < kLeastRowBytes || !std::ranges::all_of(extents, fits)) return {};
  return std::vector<int32_t>(extents.begin(), extents.end());
}

}  // namespace halite::codegen
