// The integer recurrent layers of TFLite. LSTM (8-bit activations and weights, a 16-bit cell): weights of the
// gates in the order i, f, g, o. https://ai.google.dev/edge/litert/models/quantization_spec
#pragma once

#include <array>

#include "frontend/decompose/quantized.h"

namespace halite::frontend::quantized {

struct LstmGate {
  Quantized w;                        ///< [cell,in], i8, zero point 0
  Quantized r;                        ///< [cell,out]
  V bias;                             ///< [cell], i32
  std::optional<Quantized> peephole;  ///< [cell], i16
};

struct Lstm {
  Quantized x;                                   ///< [steps,batch,in], i8
  std::array<std::optional<LstmGate>, 4> gates;  ///< without the first: i = 1 - f
  Quantized h;                                   ///< [batch,out], i8
  Quantized c;                                   ///< [batch,cell], i16; its scale is a power of two
  ir::Quantization hidden;                       ///< of o * tanh(c), in front of the projection
  std::optional<Quantized> projection;           ///< [out,cell]
  std::optional<V> projection_bias;              ///< [out], i32
  float cell_clip = 0, projection_clip = 0;      ///< 0: none
};

struct LstmResult {
  V y;  ///< [steps,batch,out], with h's quantization
  V h, c;
};
LstmResult lstm(Builder&, const Lstm&);

// quantized_svdf.cpp
struct Svdf {
  Quantized x;            ///< [batch,in], i8
  Quantized features;     ///< [filters,in], i8, zero point 0
  Quantized times;        ///< [filters,memory], i16 or i8, zero point 0
  std::optional<V> bias;  ///< [units], i32
  Quantized state;        ///< [batch,filters,memory], i16 or i8
  int64_t rank = 1;       ///< filters of a unit
};
struct SvdfResult {
  V y;  ///< [batch,units]
  V state;
};
SvdfResult svdf(Builder&, const Svdf&, const Output&);

}  // namespace halite::frontend::quantized
