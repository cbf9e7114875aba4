// Ways to damage an ONNX model: of its structure here (a valid file that states nonsense), of its bytes in
// damaged_models.cpp.
#pragma once

#include <onnx/onnx_pb.h>

#include <functional>
#include <string>
#include <vector>

namespace halite::test {

struct Damage {
  std::string name;
  std::function<void(onnx::ModelProto&)> apply;
};

/// For the digit classifier: Conv, Add, Relu, MaxPool, Reshape, MatMul.
std::vector<Damage> convolution_damages();
/// For the vision transformer: Gather, Gemm, MatMul, ReduceMean, Softmax, Transpose, Concat.
std::vector<Damage> transformer_damages();

}  // namespace halite::test
