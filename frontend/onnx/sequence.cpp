// See sequence.h.
#include "frontend/onnx/sequence.h"

#include <unordered_map>

namespace halite::frontend {
namespace {

constexpr int64_t kMaxElements = 1 << 14;

const std::vector<V>& sequence(const OnnxSlots& inputs, size_t i) {
  if (i >= inputs.size() || inputs[i].kind != OnnxSlot::Kind::sequence)
    reject_invalid("input " + std::to_string(i) + " must be a sequence");
  return inputs[i].elements;
}

/// Operand `i`, counted from the end if it is negative, of `count` places.
int64_t read_position(OnnxCall& call, size_t i, int64_t count) {
  const int64_t at = call.known_integer(i, "position");
  if (at < -count || at >= count)
    reject_invalid(
        "position is " + std::to_string(at) + ", but there are " + std::to_string(count) + " places",
        "position");
  return at < 0 ? at + count : at;
}

OnnxSlots one(V v) { return {OnnxSlot::of(v)}; }

OnnxSlots sequence_empty(OnnxCall& call, const OnnxSlots&) {
  call.ignore({"dtype"});
  return {OnnxSlot::sequence({})};
}

OnnxSlots sequence_construct(OnnxCall& call, const OnnxSlots&) { return {OnnxSlot::sequence(call.all())}; }

OnnxSlots sequence_at(OnnxCall& call, const OnnxSlots& inputs) {
  const auto& elements = sequence(inputs, 0);
  return one(elements[static_cast<size_t>(read_position(call, 1, static_cast<int64_t>(elements.size())))]);
}

OnnxSlots sequence_insert(OnnxCall& call, const OnnxSlots& inputs) {
  std::vector<V> elements = sequence(inputs, 0);
  const auto count = static_cast<int64_t>(elements.size());
  const int64_t at = call.has(2) ? read_position(call, 2, count + 1) : count;
  // A negative position counts from the last element, not from behind it.
  const bool from_end = call.has(2) && call.known_integer(2, "position") < 0;
  elements.insert(elements.begin() + (from_end ? std::max<int64_t>(0, at - 1) : at), call.in(1));
  return {OnnxSlot::sequence(std::move(elements))};
}

OnnxSlots sequence_erase(OnnxCall& call, const OnnxSlots& inputs) {
  std::vector<V> elements = sequence(inputs, 0);
  const auto count = static_cast<int64_t>(elements.size());
  if (count == 0) reject_invalid("it takes an element from an empty sequence");
  elements.erase(elements.begin() + (call.has(1) ? read_position(call, 1, count) : count - 1));
  return {OnnxSlot::sequence(std::move(elements))};
}

OnnxSlots sequence_length(OnnxCall& call, const OnnxSlots& inputs) {
  return one(call.b.scalar(static_cast<double>(sequence(inputs, 0).size()), DType::i64));
}

/// Parts of the size of a scalar `split`, of the sizes of a list, or of 1.
OnnxSlots split_to_sequence(OnnxCall& call, const OnnxSlots&) {
  Builder& b = call.b;
  const int64_t axis = normalize_axis(call.integer("axis", 0), call.rank(0));
  const int64_t extent = call.shape(0)[axis];
  const bool keep = call.flag("keepdims", true) || call.has(1);
  std::vector<int64_t> parts;
  if (call.has(1) && call.rank(1) == 1) {
    parts = call.known_integers(1, "split");
  } else {
    const int64_t size = call.has(1) ? call.known_integer(1, "split") : 1;
    if (size < 1) reject_invalid("split is " + std::to_string(size), "split");
    if ((extent - 1) / size >= kMaxElements)
      reject_unsupported("it makes more than " + std::to_string(kMaxElements) + " elements", "split");
    for (int64_t left = extent; left > 0; left -= size) parts.push_back(std::min(left, size));
  }
  std::vector<V> elements;
  int64_t first = 0;
  for (const int64_t part : parts) {
    if (part < 0 || part > extent - first)
      reject_invalid("its parts do not add up to the extent " + std::to_string(extent), "split");
    const V element = b.slice(call.in(0), axis, first, part);
    elements.push_back(keep ? element : b.squeeze(element, {axis}));
    first += part;
  }
  if (first != extent)
    reject_invalid("its parts do not add up to the extent " + std::to_string(extent), "split");
  return {OnnxSlot::sequence(std::move(elements))};
}

OnnxSlots concat_from_sequence(OnnxCall& call, const OnnxSlots& inputs) {
  Builder& b = call.b;
  std::vector<V> elements = sequence(inputs, 0);
  if (elements.empty()) reject_invalid("it joins an empty sequence");
  const bool stack = call.flag("new_axis", false);
  const int64_t axis = normalize_axis(call.required_integer("axis"), b.rank(elements[0]) + stack);
  for (V& element : elements)
    if (stack) element = b.unsqueeze(element, {axis});
  return one(b.concat(elements, axis));
}

OnnxSlots optional(OnnxCall& call, const OnnxSlots& inputs) {
  call.ignore({"type"});
  return {inputs.empty() ? OnnxSlot::nothing() : inputs[0]};
}

OnnxSlots optional_get_element(OnnxCall&, const OnnxSlots& inputs) {
  if (inputs.size() != 1 || inputs[0].kind == OnnxSlot::Kind::nothing)
    reject_invalid("it takes the element of an optional that holds nothing");
  return {inputs[0]};
}

OnnxSlots optional_has_element(OnnxCall& call, const OnnxSlots& inputs) {
  const bool has = !inputs.empty() && inputs[0].kind != OnnxSlot::Kind::nothing;
  return one(call.b.scalar(has, DType::boolean));
}

OnnxSlots identity(OnnxCall&, const OnnxSlots& inputs) {
  if (inputs.size() != 1) reject_invalid("it needs one input");
  return {inputs[0]};
}

const std::unordered_map<std::string_view, SlotImporter>& table() {
  static const std::unordered_map<std::string_view, SlotImporter> kTable = {
      {"ConcatFromSequence", concat_from_sequence},
      {"Identity", identity},
      {"Optional", optional},
      {"OptionalGetElement", optional_get_element},
      {"OptionalHasElement", optional_has_element},
      {"SequenceAt", sequence_at},
      {"SequenceConstruct", sequence_construct},
      {"SequenceEmpty", sequence_empty},
      {"SequenceErase", sequence_erase},
      {"SequenceInsert", sequence_insert},
      {"SequenceLength", sequence_length},
      {"SplitToSequence", split_to_sequence},
  };
  return kTable;
}

}  // namespace

SlotImporter find_slot_importer(std::string_view domain, std::string_view op) {
  const auto found = table().find(op);
  return domain.empty() && found != table().end() ? found->second : nullptr;
}

std::vector<std::string> slot_importer_names() {
  std::vector<std::string> names;
  for (const auto& row : table()) names.emplace_back(row.first);
  return names;
}

}  // namespace halite::frontend
