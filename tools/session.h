// A model loaded into this process: one session of the C API with its arena, an optional thread pool, and
// tensors in and out. State that the model keeps between inferences lives as long as the session.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "codegen/jit.h"
#include "ir/graph.h"

namespace halite::tools {

class Session {
 public:
  /// Compiled for this machine; `signature` gives the types of inputs and outputs. `threads` 1: no pool.
  static Result<Session> open(const codegen::Artifact&, const ir::Graph& signature, int threads);
  Session(Session&&) noexcept;
  ~Session();

  /// Copies the inputs to where the model reads them; call before every run.
  void set_inputs(std::span<const ir::Tensor>);
  Result<void> run();
  std::vector<ir::Tensor> outputs() const;

  /// Called before (done == false) and after each step with the step's tensors.
  using Observer = std::function<void(size_t step, bool done, std::span<void* const> tensors)>;
  void observe(Observer);

 private:
  struct State;
  explicit Session(std::unique_ptr<State>);
  std::unique_ptr<State> state_;
};

}  // namespace halite::tools
