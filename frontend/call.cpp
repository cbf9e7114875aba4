// See call.h.
#include "frontend/call.h"

namespace halite::frontend {
namespace {

/// More numbers than this are never the parameter of an operator.
constexpr int64_t kMaxParameters = 1 << 16;

std::string ordinal(size_t i) { return "input " + std::to_string(i); }

}  // namespace

V Call::in(size_t i) const {
  if (!has(i)) reject_invalid(ordinal(i) + " is missing, which the operator needs");
  return *inputs_[i];
}

std::vector<V> Call::all() const {
  if (inputs_.empty()) reject_invalid("it has no inputs, but needs at least one");
  std::vector<V> values;
  for (size_t i = 0; i < inputs_.size(); ++i) values.push_back(in(i));
  return values;
}

const Tensor& Call::known(size_t i, const char* what) const {
  const Tensor* value = b.constant(in(i));
  if (!value)
    reject_unsupported(
        std::string(what) + " is computed at run time; it must follow from constants and shapes", what);
  if (value->type().elements() > kMaxParameters)
    reject_invalid(std::string(what) + " has " + std::to_string(value->type().elements()) + " elements",
                   what);
  return *value;
}

std::vector<int64_t> Call::known_integers(size_t i, const char* what) const {
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

int64_t Call::known_integer(size_t i, const char* what) const {
  const auto values = known_integers(i, what);
  if (values.size() != 1) reject_invalid(std::string(what) + " must be one number", what);
  return values[0];
}

std::vector<double> Call::known_reals(size_t i, const char* what) const {
  const Tensor& value = known(i, what);
  std::vector<double> out;
  for (int64_t e = 0; e < value.type().elements(); ++e) out.push_back(value.at(e));
  return out;
}

double Call::known_real(size_t i, const char* what) const {
  const auto values = known_reals(i, what);
  if (values.size() != 1) reject_invalid(std::string(what) + " must be one number", what);
  return values[0];
}

}  // namespace halite::frontend
