// The walk over the nodes of a TFLite model: each is handed to its importer (operators.h); control flow is
// resolved (control.cpp), so that what a graph is built of is straight-line code. A node that is not
// supported is noted and what depends on it is passed over. Errors are thrown as Rejected.
#pragma once

#include "frontend/names.h"
#include "frontend/refusals.h"
#include "frontend/tflite/call.h"
#include "frontend/tflite/constants.h"
#include "frontend/tflite/variables.h"

namespace halite::frontend {

/// What a tensor of a subgraph stands for.
struct Slot {
  enum class Kind { none, value, unsupported, resource };
  Kind kind = Kind::none;
  V value;               ///< of kind value
  std::string variable;  ///< of kind resource: its name

  static Slot of(V v) { return {Kind::value, v, {}}; }
};
using Slots = std::vector<Slot>;

/// What all walks of an import have in common.
struct TfliteImport {
  const TfliteModel& model;
  TfliteData& data;
  Refusals& refusals;
  quantized::Rounding rounding = quantized::Rounding::production;
  int64_t nodes = 0;  ///< walked so far, those of repeated subgraphs each time
};

class TfliteWalk {
 public:
  TfliteWalk(TfliteImport& import, Builder& builder)
      : import_(import), b_(builder), numbers_{import.rounding, {}}, variables(builder.graph()) {}

  /// The outputs of subgraph `index` for these inputs. The subgraph's own constants may fill inputs of kind
  /// none.
  Slots call(int64_t index, const Slots& inputs, int depth);

  const ValueNames& names() const { return names_; }

  /// The operators that run subgraphs or use variables.
  static std::vector<std::string> control_names();

 private:
  struct Frame {
    size_t index;  ///< of the subgraph
    const TfliteGraph& graph;
    Slots slots;
    int depth;
  };

  Slot load(Frame&, int tensor);
  Slots load_inputs(Frame&, const TfliteNode&);
  void store(Frame&, int tensor, Slot);
  void walk(Frame&);
  void import_node(Frame&, const TfliteNode&);
  void import_operator(Frame&, const TfliteNode&, std::vector<std::optional<V>> inputs);
  void refuse(const TfliteNode&, const Rejected&);
  void poison(Frame&, const TfliteNode&);

  // control.cpp
  using Step = void (TfliteWalk::*)(Frame&, const TfliteNode&);
  static const std::map<tflite::BuiltinOperator, Step>& control();
  bool import_control(Frame&, const TfliteNode&);
  void import_called(Frame&, const TfliteNode&);
  void import_composite(Frame&, const TfliteNode&);
  void import_call(Frame&, const TfliteNode&, int64_t graph, size_t first_input);
  void import_if(Frame&, const TfliteNode&);
  void import_while(Frame&, const TfliteNode&);
  void import_call_once(Frame&, const TfliteNode&);
  void import_variable(Frame&, const TfliteNode&);
  void store_outputs(Frame&, const TfliteNode&, const Slots&);
  Slots join(V condition, const Slots& yes, const Slots& no);

  TfliteImport& import_;
  Builder& b_;
  ValueNames names_;
  std::map<std::pair<size_t, int>, V> constants_;  ///< by subgraph and tensor
  TfliteNumbers numbers_;

 public:
  Variables variables;
};

}  // namespace halite::frontend
