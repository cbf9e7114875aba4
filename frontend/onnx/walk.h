// The walk over the nodes of an ONNX graph, once, in execution order. Each node is handed to its importer
// (operators.h, sequence.h); functions, of the model or of the standard itself, are walked in its place, and
// so are branches and the iterations of loops (control.cpp). A node that is not supported is noted and what
// depends on it is passed over, so that the user learns of all such nodes at once.
#pragma once

#include "frontend/names.h"
#include "frontend/onnx/call.h"
#include "frontend/onnx/scope.h"
#include "frontend/refusals.h"

namespace halite::frontend {

class OnnxWalk {
 public:
  OnnxWalk(const OnnxModel& model, Builder& b) : model_(model), b_(b) {}

  Result<void> define_initializers(const OnnxGraph&, Scope&);
  Result<void> nodes(const std::vector<OnnxNode>&, Scope&, const OpsetVersions&, int depth);
  void define(const std::string& name, OnnxSlot, Scope&);

  /// The operators that run graphs of their own.
  static std::vector<std::string> control_names();

  Refusals refusals;
  ValueNames names;  ///< of everything defined, as the model calls it

 private:
  /// A node where it stands.
  struct Site {
    const OnnxNode& node;
    int64_t version;
    OnnxSlots inputs;
    Scope& scope;
    const OpsetVersions& opsets;
    int depth;
  };
  using Step = Result<void> (OnnxWalk::*)(const Site&);

  Result<void> import_node(const OnnxNode&, Scope&, const OpsetVersions&, int depth);
  Result<void> dispatch(const Site&, Step control);
  Result<void> import_operator(const Site&, OnnxImporter);
  Result<void> import_function(const Site&, const OnnxFunction&);
  const OnnxFunction* find_function(const OnnxNode&) const;
  /// Defines the node's outputs.
  Result<void> finish(const Site&, const OnnxSlots& results);
  std::optional<OnnxSlots> load_inputs(const OnnxNode&, const Scope&, int64_t version);
  void refuse(const OnnxNode&, int64_t version, const std::string& attribute, std::string why);
  static void poison(const OnnxNode&, Scope&);

  // control.cpp
  static const std::map<std::string, Step>& control();
  static Step find_control(const OnnxNode&);
  Result<void> import_if(const Site&);
  Result<void> import_loop(const Site&);
  Result<void> import_scan(const Site&);
  Result<void> import_sequence_map(const Site&);
  /// The outputs of a nested graph; nullopt if something in it is not supported.
  Result<std::optional<OnnxSlots>> run_body(const Site&, const OnnxGraph&, const OnnxSlots& inputs);
  /// Where a condition is computed at run time: gives up with NoBody, or chooses between values by it.
  enum class Undecided : uint8_t { leave, choose };
  Result<std::optional<OnnxSlots>> unroll_loop(const Site&, const OnnxGraph& body, OnnxSlots carried,
                                               V condition, std::optional<int64_t> trips, Undecided);
  /// A Scan of which each iteration reads one slice of each input.
  struct ScanPlan {
    std::vector<V> states, inputs;
    Axes axes, backward, out_axes, out_backward;
    int64_t steps = 0;
  };
  /// control_run.cpp: nullopt if that cannot be a body of its own; then everything is as it was before. An
  /// error of the model is left in `result`.
  std::optional<OnnxSlots> run_branch(const Site&, V condition, const OnnxGraph& yes, const OnnxGraph& no,
                                      Result<void>& result);
  std::optional<OnnxSlots> run_loop(const Site&, const OnnxGraph& body, const Builder::LoopStart&,
                                    Result<void>& result);
  std::optional<OnnxSlots> run_scan(const Site&, const OnnxGraph& body, const ScanPlan&,
                                    Result<void>& result);
  std::optional<OnnxSlots> try_build(const std::function<OnnxSlots()>& build, Result<void>& result);
  std::vector<V> body_values(const Site&, const OnnxGraph& body, const OnnxSlots& inputs);
  OnnxSlots join(V condition, const OnnxSlots& yes, const OnnxSlots& no);
  OnnxCall call_of(const Site&) const;

  const OnnxModel& model_;
  Builder& b_;
  std::map<std::string, Error> unreadable_;  ///< initializers of kinds that we do not read
  int64_t node_count_ = 0;
};

}  // namespace halite::frontend
