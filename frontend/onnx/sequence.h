// Operators on sequences and optionals. Both exist at compile time only, so each is settled while importing
// and leaves no trace but the tensors themselves. https://onnx.ai/onnx/operators/onnx__SequenceAt.html
#pragma once

#include "frontend/onnx/call.h"
#include "frontend/onnx/scope.h"

namespace halite::frontend {

/// `call` has the inputs that are tensors, the slots have all.
using SlotImporter = OnnxSlots (*)(OnnxCall& call, const OnnxSlots& inputs);

/// Null if the operator takes and makes tensors only.
SlotImporter find_slot_importer(std::string_view domain, std::string_view op);
std::vector<std::string> slot_importer_names();

}  // namespace halite::frontend
