// See call.h.
#include "frontend/onnx/call.h"

namespace halite::frontend {
namespace {

/// More numbers than this are never the parameter of an operator.
constexpr int64_t kMaxParameters = 1 << 16;

std::string ordinal(size_t i) { return "input " + std::to_string(i); }

}  // namespace

V OnnxCall::in(size_t i) const {
  if (!has(i)) reject_invalid(ordinal(i) + " is missing, which the operator needs");
  return *inputs_[i];
}

std::vector<V> OnnxCall::all() const {
  if (inputs_.empty()) reject_invalid("it has no inputs, but needs at least one");
  std::vector<V> values;
  for (size_t i = 0; i < inputs_.size(); ++i) values.push_back(in(i));
  return values;
}

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

const Tensor& OnnxCall::known(size_t i, const char* what) const {
  const Tensor* value = b.constant(in(i));
  if (!value)
    reject_unsupported(
        std::string(what) + " is computed at run time; it must follow from constants and shapes", what);
  if (value->type().elements() > kMaxParameters)
    reject_invalid(std::string(what) + " has " + std::to_string(value->type().elements()) + " elements",
                   what);
  return *value;
}

std::vector<int64_t> OnnxCall::known_integers(size_t i, const char* what) const {
  const Tensor& value = known(i, what);
  std::vector<int64_t> out;
  if (value.type().dtype == DType::i64) {
    const auto data = value.data<int64_t>();
    out.assign(data.begin(), data.end());
  } else if (ir::is_float(value.type().dtype)) {
    reject_invalid(std::string(what) + " must be integers, but is " + ir::to_string(value.type()), what);
  } else {
    for (int64_t e = 0; e < value.type().elements(); ++e) out.push_back(static_cast<int64_t>(value.at(e)));
  }
  return out;
}

int64_t OnnxCall::known_integer(size_t i, const char* what) const {
  const auto values = known_integers(i, what);
  if (values.size() != 1) reject_invalid(std::string(what) + " must be one number", what);
  return values[0];
}

std::vector<double> OnnxCall::known_reals(size_t i, const char* what) const {
  const Tensor& value = known(i, what);
  std::vector<double> out;
  for (int64_t e = 0; e < value.type().elements(); ++e) out.push_back(value.at(e));
  return out;
}

double OnnxCall::known_real(size_t i, const char* what) const {
  const auto values = known_reals(i, what);
  if (values.size() != 1) reject_invalid(std::string(what) + " must be one number", what);
  return values[0];
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
