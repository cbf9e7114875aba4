// The object of a compilation, loaded into this process (ORC, JITLink): the same code as in NAME.o.
#pragma once

#include <memory>

#include "codegen/compile.h"
#include "rt/halite.h"

namespace halite::codegen {

/// The memories of one session (one: the arena), allocated.
class SessionMemories {
 public:
  explicit SessionMemories(const halite_model&);
  bool complete() const;  ///< none was refused by the system
  halite_status open(halite_session&) const;

 private:
  const halite_model& model_;
  std::vector<std::unique_ptr<void, void (*)(void*)>> owned_;
  std::vector<halite_memory> blocks_;
};

class JitModel {
 public:
  /// The artifact must be for this machine (target `host` or one that it can run).
  static Result<JitModel> load(const Artifact&);
  JitModel(JitModel&&) noexcept;
  JitModel& operator=(JitModel&&) noexcept;
  ~JitModel();

  const halite_model& model() const;

  /// One inference in a fresh session: inputs in the model's order and types; `threads` > 1 uses the pthread
  /// pool.
  Result<std::vector<ir::Tensor>> run(std::span<const ir::Tensor> inputs, int threads = 1) const;
  /// One inference after another in a fresh session, which keeps its state between them.
  Result<std::vector<std::vector<ir::Tensor>>> run_sequence(std::span<const std::vector<ir::Tensor>> inputs,
                                                            int threads = 1) const;

 private:
  struct State;
  explicit JitModel(std::unique_ptr<State>);
  std::unique_ptr<State> state_;
};

}  // namespace halite::codegen
