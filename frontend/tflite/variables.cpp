// See variables.h.
#include "frontend/tflite/variables.h"

namespace halite::frontend {
namespace {

/// A file states the sizes of variables without paying for them.
constexpr int64_t kMaxBytes = 256 << 20;

}  // namespace

V Variables::read(const std::string& name, const Type& type) {
  const auto assigned = current_.find(name);
  if (assigned != current_.end()) return assigned->second;
  auto state = states_.find(name);
  if (state == states_.end()) {
    bytes_ += type.bytes();
    if (bytes_ > kMaxBytes)
      throw Rejected{{ErrorCode::kResource, "the model's variables take more than 256 MiB", {}}, {}};
    const auto initial = initial_.find(name);
    Tensor value = initial != initial_.end() ? initial->second : Tensor::zeros(type);
    graph_.add_state(name, std::move(value));
    state = states_.emplace(name, graph_.states.size() - 1).first;
  }
  return current_[name] = graph_.states[state->second].input;
}

void Variables::finish() {
  for (const auto& [name, index] : states_) {
    ir::State& state = graph_.states[index];
    const auto value = current_.find(name);
    if (value == current_.end()) continue;
    const Type &before = graph_.type(state.input), &after = graph_.type(value->second);
    if (before.dtype != after.dtype || before.shape != after.shape)
      reject_invalid("the variable '" + name + "' is " + ir::to_string(before) + ", but is assigned " +
                     ir::to_string(after));
    state.output = value->second;
  }
}

}  // namespace halite::frontend
