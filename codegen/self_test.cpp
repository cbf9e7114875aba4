// Axes that step evenly are merged, so that the device's loop over elements has few of them.
#include "codegen/self_test.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "ir/interpret.h"
#include "rt/abi.h"

namespace halite::codegen {
namespace {

Judged judged_of(ir::DType dtype) {
  if (!ir::is_float(dtype)) return Judged::by_hash;
  return dtype == ir::DType::f32 ? Judged::by_sum : Judged::never;
}

Digest digest_of(const ir::Tensor& tensor) {
  Digest digest{2166136261u, 0};
  for (const std::byte byte : tensor.bytes()) digest.hash = (digest.hash ^ uint32_t(byte)) * 16777619u;
  if (judged_of(tensor.type().dtype) != Judged::by_sum) return digest;
  double sum = 0;
  for (const float x : tensor.data<float>()) sum += std::fabs(x);
  digest.sum = float(sum);
  return digest;
}

SelfTest::Tensor layout_of(const ir::Type& type, const std::vector<int64_t>& strides) {
  SelfTest::Tensor t{0, 0, uint32_t(size_of(type.dtype)), judged_of(type.dtype), {}, {}};
  for (size_t i = 0; i < type.shape.size(); i++) {
    const auto extent = uint32_t(type.shape[i]), stride = uint32_t(strides[i] * size_of(type.dtype));
    if (extent == 1) continue;
    if (!t.extents.empty() && t.strides.back() == extent * stride) {
      t.extents.back() *= extent;
      t.strides.back() = stride;
    } else {
      t.extents.push_back(extent);
      t.strides.push_back(stride);
    }
  }
  return t;
}

}  // namespace

Result<SelfTest> make_self_test(const ir::Graph& graph, const Views& views,
                                const std::vector<schedules::Group>& groups,
                                std::vector<std::vector<ir::Tensor>> inputs) {
  SelfTest test;
  std::vector<ir::ValueId> values;  // parallel to test.tensors
  for (size_t step = 0; step < groups.size(); step++) {
    const auto& group = groups[step];
    for (size_t o = 0; o < group.outputs.size(); o++) {
      const ir::ValueId id = group.outputs[o];
      auto tensor = layout_of(graph.type(id), views.places[id.index].strides);
      tensor.step = uint32_t(step);
      // The arguments of branches and loops are their outputs alone (program.cpp).
      const bool control = ir::has_regions(graph.node(group.anchor).op);
      if (control && o >= RT_MAX_ARGS) break;
      tensor.argument = uint32_t(control ? o : group.inputs.size() + o);
      test.tensors.push_back(std::move(tensor));
      values.push_back(id);
    }
  }
  for (const auto id : graph.outputs)
    test.outputs.push_back(layout_of(graph.type(id), ir::contiguous_strides(graph.type(id).shape)));

  ir::Graph bounds = graph;  // whose outputs are compared whole
  bounds.extents.clear();
  ir::StateValues states = ir::initial_states(graph);
  std::vector<Digest> digests(graph.values.size());
  const auto observe = [&](const ir::Graph& g, ir::NodeId node, std::span<const ir::Tensor> made) {
    for (size_t i = 0; i < made.size(); i++) {
      const auto id = g.node(node).outputs[i];
      if (std::ranges::find(values, id) != values.end()) digests[id.index] = digest_of(made[i]);
    }
  };
  for (const auto& set : inputs) {
    const auto outputs = ir::interpret(bounds, set, states, observe);
    if (!outputs) return outputs.error();
    for (const auto id : values) test.expected.push_back(digests[id.index]);
    for (const auto& tensor : *outputs) test.expected.push_back(digest_of(tensor));
  }
  test.inputs = std::move(inputs);
  return test;
}

std::vector<uint32_t> table_of(const std::vector<SelfTest::Tensor>& tensors) {
  std::vector<uint32_t> words;
  for (const auto& t : tensors) {
    words.insert(words.end(),
                 {t.step, t.argument, t.element_bytes, uint32_t(t.judged), uint32_t(t.extents.size())});
    for (size_t i = 0; i < t.extents.size(); i++) words.insert(words.end(), {t.extents[i], t.strides[i]});
  }
  return words;
}

}  // namespace halite::codegen
