// Recurrent layers, unrolled over time: with static shapes every step is ordinary arithmetic, and what does
// not depend on the step before (the product of all inputs with the input weights) is one large matrix
// product.
#pragma once

#include "frontend/build.h"

namespace halite::frontend {

using Activation = std::function<V(Builder&, V)>;

/// One direction of a layer with hidden size h. Gates lie one after another in the first axis of w, r and the
/// biases: i, o, f, c (LSTM); z, r, h (GRU); one (RNN). The names are those of ONNX.
struct Recurrent {
  V x;                                  ///< [steps, batch, input]
  V w;                                  ///< [gates*h, input]
  V r;                                  ///< [gates*h, h]
  std::optional<V> input_bias;          ///< [gates*h]
  std::optional<V> recurrent_bias;      ///< [gates*h]
  V h;                                  ///< [batch, h], the state before the first step
  std::optional<V> c;                   ///< [batch, h]; LSTM
  std::optional<V> peephole;            ///< [3*h]: i, o, f; LSTM
  std::vector<Activation> activations;  ///< f, g, h as the kind needs
  double clip = 0;                      ///< bound of what goes into an activation; 0: none
  std::optional<V> lengths;             ///< [batch], of the sequences; behind them y is 0 and states stay
  bool reverse = false;
  bool couple_input_forget = false;  ///< LSTM: f = 1 - i
  bool couple_forget_input = false;  ///< LSTM: i = 1 - f, and the tensors above lack the gate i
  double cell_clip = 0;              ///< LSTM: bound of the cell state; 0: none
  std::optional<V> projection;       ///< [out, h], LSTM: h becomes this times h, and r is [gates*h, out]
  std::optional<V> projection_bias;  ///< [out]
  double projection_clip = 0;        ///< bound of what is projected; 0: none
  bool linear_before_reset = false;  ///< GRU: the reset gate acts behind the matrix product
};

struct RecurrentResult {
  V y;  ///< [steps, batch, h] in the order of time, whatever the direction
  V h;  ///< [batch, h], after the last step
  std::optional<V> c;
};

RecurrentResult lstm(Builder&, const Recurrent&);
RecurrentResult gru(Builder&, const Recurrent&);
RecurrentResult rnn(Builder&, const Recurrent&);

}  // namespace halite::frontend
