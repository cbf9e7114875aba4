// Runs TFLite operators by their importers and the interpreter, on numbers written in the test.
#pragma once

#include <doctest/doctest.h>

#include <cmath>

#include "ir/interpret.h"
#include "ir/verify.h"
#include "tests/frontend/make_tflite.h"

namespace halite::test {

/// An operand or a result; constants lie in the file, others are inputs of the model.
struct Value {
  std::vector<int> shape;
  std::vector<double> numbers;
  TensorType type = TensorType::FLOAT32;
  bool constant = false;
  Quant quant{};
  bool left_out = false;
};

inline Value real(std::vector<int> shape, std::vector<double> numbers) {
  return {std::move(shape), std::move(numbers)};
}
inline Value fixed(std::vector<int> shape, std::vector<double> numbers) {
  return {std::move(shape), std::move(numbers), TensorType::FLOAT32, true};
}
inline Value whole(std::vector<int> shape, std::vector<double> numbers) {
  return {std::move(shape), std::move(numbers), TensorType::INT32};
}
inline Value truth(std::vector<int> shape, std::vector<double> numbers) {
  return {std::move(shape), std::move(numbers), TensorType::BOOL};
}
/// A constant vector of i32, as parameters come.
inline Value list(std::vector<double> numbers) {
  return {{static_cast<int>(numbers.size())}, std::move(numbers), TensorType::INT32, true};
}
inline Value none() {
  Value v;
  v.left_out = true;
  return v;
}
/// first, first + step, ...
inline std::vector<double> count(int n, double first = 1, double step = 1) {
  std::vector<double> out;
  for (int i = 0; i < n; ++i) out.push_back(first + step * i);
  return out;
}

inline int add_constant(TfliteMaker& m, const Value& v) {
  const auto as = [&]<class T>(T) { return std::vector<T>(v.numbers.begin(), v.numbers.end()); };
  switch (v.type) {
    case TensorType::INT32:
      return m.constant(v.shape, as(int32_t{}), v.type, v.quant);
    case TensorType::INT64:
      return m.constant(v.shape, as(int64_t{}), v.type, v.quant);
    case TensorType::INT16:
      return m.constant(v.shape, as(int16_t{}), v.type, v.quant);
    case TensorType::INT8:
      return m.constant(v.shape, as(int8_t{}), v.type, v.quant);
    case TensorType::UINT8:
    case TensorType::BOOL:
      return m.constant(v.shape, as(uint8_t{}), v.type, v.quant);
    default:
      return m.constant(v.shape, as(float{}), v.type, v.quant);
  }
}

using MakeOptions =
    std::function<std::pair<BuiltinOptions, flatbuffers::Offset<void>>(flatbuffers::FlatBufferBuilder&)>;
/// Options of an operator from the arguments of its table's Create function.
template <class Create, class... Args>
MakeOptions with(BuiltinOptions kind, Create create, Args... args) {
  return [=](flatbuffers::FlatBufferBuilder& fbb) { return std::pair(kind, create(fbb, args...).Union()); };
}

/// The graph of one node whose outputs have the types of `results`.
inline Result<ir::Graph> import_one(BuiltinOperator op, const std::vector<Value>& operands,
                                    const MakeOptions& options, const std::vector<Value>& results) {
  TfliteMaker m;
  std::vector<int> inputs, outputs, publics;
  for (const Value& v : operands) {
    if (v.left_out) {
      inputs.push_back(-1);
    } else if (v.constant) {
      inputs.push_back(add_constant(m, v));
    } else {
      inputs.push_back(m.tensor("x" + std::to_string(inputs.size()), v.shape, v.type, v.quant));
      publics.push_back(inputs.back());
    }
  }
  for (const Value& v : results)
    outputs.push_back(m.tensor("y" + std::to_string(outputs.size()), v.shape, v.type, v.quant));
  const auto made = options ? options(m.fbb) : std::pair(BuiltinOptions::NONE, flatbuffers::Offset<void>());
  m.node(op, inputs, outputs, made.first, made.second);
  m.subgraph(publics, outputs);
  return m.import();
}

inline std::vector<ir::Tensor> input_tensors(const ir::Graph& graph, const std::vector<Value>& operands) {
  std::vector<ir::Tensor> tensors;
  for (const Value& v : operands) {
    if (v.constant || v.left_out) continue;
    tensors.push_back(ir::Tensor::zeros(graph.type(graph.inputs[tensors.size()])));
    for (size_t i = 0; i < v.numbers.size(); ++i) tensors.back().set(static_cast<int64_t>(i), v.numbers[i]);
  }
  return tensors;
}

/// The operator gives `results` within the tolerance.
inline void check_op(BuiltinOperator op, const std::vector<Value>& operands, const MakeOptions& options,
                     const std::vector<Value>& results, double tolerance = 1e-5) {
  CAPTURE(tfl::EnumNameBuiltinOperator(op));
  const auto graph = import_one(op, operands, options, results);
  const std::string problem = graph ? "" : to_string(graph.error());
  REQUIRE_MESSAGE(graph, problem);
  const auto valid = ir::verify(*graph);
  const std::string fault = valid ? "" : to_string(valid.error());
  REQUIRE_MESSAGE(valid, fault);
  const auto outputs = ir::interpret(*graph, input_tensors(*graph, operands));
  REQUIRE(outputs);
  REQUIRE(outputs->size() == results.size());
  for (size_t k = 0; k < results.size(); ++k) {
    CAPTURE(k);
    const ir::Tensor& found = (*outputs)[k];
    CHECK(found.type().shape == ir::Shape(results[k].shape.begin(), results[k].shape.end()));
    REQUIRE(found.type().elements() == static_cast<int64_t>(results[k].numbers.size()));
    for (int64_t i = 0; i < found.type().elements(); ++i) {
      CAPTURE(i);
      CHECK(found.at(i) == doctest::Approx(results[k].numbers[static_cast<size_t>(i)]).epsilon(tolerance));
    }
  }
}

/// What the import says when it refuses the operator.
inline std::string refusal(BuiltinOperator op, const std::vector<Value>& operands, const MakeOptions& options,
                           const std::vector<Value>& results) {
  const auto graph = import_one(op, operands, options, results);
  return graph ? "(accepted)" : to_string(graph.error());
}

}  // namespace halite::test
