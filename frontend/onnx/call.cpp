// See call.h.
#include "frontend/onnx/call.h"

namespace halite::frontend {

V OnnxCall::broadcast_operand() const {
  const V y = in(1);
  ignore({"consumed_inputs"});
  const bool broadcast = version < 7 && flag("broadcast", false);
  if (!broadcast || !has_attribute("axis")) return y;
  const int64_t axis = normalize_axis(integer("axis", 0), rank(0));
  Shape shape = b.shape(y);
  while (static_cast<int64_t>(shape.size()) + axis < rank(0)) shape.push_back(1);
  return b.reshape(y, std::move(shape));
}

const OnnxAttribute* OnnxCall::find(const char* name) const {
  read_.insert(name);
  const auto found = node_.attributes.find(name);
  if (found == node_.attributes.end()) return nullptr;
  if (const auto* unreadable = std::get_if<Unreadable>(&found->second))
    throw Rejected{unreadable->error, name};
  if (std::holds_alternative<Reference>(found->second))
    reject_invalid("it refers to an attribute of a function, but stands in none", name);
  return &found->second;
}

template <class T>
const T* OnnxCall::find_as(const char* name, const char* kind) const {
  const OnnxAttribute* attribute = find(name);
  if (!attribute) return nullptr;
  if (const T* value = std::get_if<T>(attribute)) return value;
  reject_invalid(std::string("the attribute '") + name + "' is not " + kind, name);
}

int64_t OnnxCall::integer(const char* name, int64_t otherwise) const {
  const auto* value = find_as<int64_t>(name, "an integer");
  return value ? *value : otherwise;
}

int64_t OnnxCall::required_integer(const char* name) const {
  if (!has_attribute(name)) reject_invalid(std::string("the attribute '") + name + "' is missing", name);
  return integer(name, 0);
}

double OnnxCall::real(const char* name, double otherwise) const {
  const auto* value = find_as<float>(name, "a float");
  return value ? *value : otherwise;
}

std::string OnnxCall::text(const char* name, const char* otherwise) const {
  const auto* value = find_as<std::string>(name, "a string");
  return value ? *value : otherwise;
}

template <class T>
static std::optional<T> copied(const T* value) {
  return value ? std::optional<T>(*value) : std::nullopt;
}

std::optional<std::vector<int64_t>> OnnxCall::integers(const char* name) const {
  return copied(find_as<std::vector<int64_t>>(name, "a list of integers"));
}
std::optional<std::vector<float>> OnnxCall::reals(const char* name) const {
  return copied(find_as<std::vector<float>>(name, "a list of floats"));
}
std::optional<std::vector<std::string>> OnnxCall::texts(const char* name) const {
  return copied(find_as<std::vector<std::string>>(name, "a list of strings"));
}

const Tensor* OnnxCall::tensor(const char* name) const {
  const auto* value = find_as<OnnxTensor>(name, "a tensor");
  if (!value) return nullptr;
  if (const auto* unreadable = std::get_if<Unreadable>(value)) throw Rejected{unreadable->error, name};
  return &std::get<Tensor>(*value);
}

const OnnxGraph& OnnxCall::graph(const char* name) const {
  const auto* value = find_as<std::shared_ptr<OnnxGraph>>(name, "a graph");
  if (!value) reject_invalid(std::string("the attribute '") + name + "' is missing", name);
  return **value;
}

std::optional<std::vector<int64_t>> OnnxCall::integers_from(const char* name, int64_t since, size_t i) const {
  if (version < since || has_attribute(name)) return integers(name);
  if (!has(i)) return std::nullopt;
  return known_integers(i, name);
}

std::string OnnxCall::unread() const {
  for (const auto& [name, value] : node_.attributes)
    if (!read_.count(name)) return name;
  return {};
}

}  // namespace halite::frontend
