// The table of TFLite operators; see operators.h. What each means: https://www.tensorflow.org/mlir/tfl_ops
#include "frontend/tflite/operators.h"

#include <unordered_map>

namespace halite::frontend {
namespace {

using Op = tflite::BuiltinOperator;

template <Fn fn>
std::vector<V> unary(TfliteCall& call) {
  return {call.b.unary(fn, call.in(0))};
}

template <Fn fn>
std::vector<V> binary(TfliteCall& call) {
  return {call.b.binary(fn, call.in(0), call.in(1))};
}

using QuantizedBinary = V (*)(Builder&, const Quantized&, const Quantized&, const quantized::Output&);
using QuantizedUnary = V (*)(Builder&, const Quantized&, const quantized::Output&);

/// With a fused activation.
template <Fn fn, class Options, QuantizedBinary quantized>
std::vector<V> arithmetic(TfliteCall& call) {
  const auto* options = call.maybe_options<Options>();
  const auto activation = options ? options->activation() : tflite::ActivationFunctionType::NONE;
  if (call.computes_quantized())
    return {quantized(call.b, call.quantized(0), call.quantized(1), call.output(0, activation))};
  const V y = call.b.binary(fn, call.in(0), call.in(1));
  return {call.activate(y, activation)};
}

template <Fn fn, QuantizedUnary quantized>
std::vector<V> activation(TfliteCall& call) {
  if (call.computes_quantized()) return {quantized(call.b, call.quantized(0), call.output())};
  return {call.b.unary(fn, call.in(0))};
}

template <Fn fn, QuantizedBinary quantized>
std::vector<V> binary(TfliteCall& call) {
  if (call.computes_quantized())
    return {quantized(call.b, call.quantized(0), call.quantized(1), call.output())};
  return {call.b.binary(fn, call.in(0), call.in(1))};
}

template <Fn fn>
std::vector<V> comparison(TfliteCall& call) {
  if (call.is_quantized(0) && call.is_quantized(1))
    return {quantized::compare(call.b, fn, call.quantized(0), call.quantized(1))};
  return {call.b.binary(fn, call.in(0), call.in(1))};
}

const std::unordered_map<Op, TfliteOperator>& table() {
  constexpr auto kReal = Integers::real, kOwn = Integers::own, kFloats = Integers::refused;
  static const std::unordered_map<Op, TfliteOperator> kTable = {
      // Elementwise functions.
      {Op::ABS, {unary<Fn::abs>, kReal}},
      {Op::ADD, {arithmetic<Fn::add, tflite::AddOptions, quantized::add>, kOwn}},
      {Op::ADD_N, {import_tflite_add_n, kReal}},
      {Op::BITWISE_XOR, {binary<Fn::bitwise_xor>}},
      {Op::CAST, {import_tflite_cast}},
      {Op::CEIL, {unary<Fn::ceil>, kReal}},
      {Op::COS, {unary<Fn::cos>, kReal}},
      {Op::DIV, {import_tflite_div, kReal}},
      {Op::EQUAL, {comparison<Fn::equal>, kOwn}},
      {Op::EXP, {unary<Fn::exp>, kReal}},
      {Op::FLOOR, {unary<Fn::floor>, kReal}},
      {Op::FLOOR_DIV, {import_tflite_floor_div, kReal}},
      {Op::FLOOR_MOD, {binary<Fn::mod>, kReal}},
      {Op::GREATER, {comparison<Fn::greater>, kOwn}},
      {Op::GREATER_EQUAL, {comparison<Fn::greater_equal>, kOwn}},
      {Op::LESS, {comparison<Fn::less>, kOwn}},
      {Op::LESS_EQUAL, {comparison<Fn::less_equal>, kOwn}},
      {Op::LOG, {unary<Fn::log>, kReal}},
      {Op::LOGICAL_AND, {binary<Fn::logical_and>}},
      {Op::LOGICAL_NOT, {unary<Fn::logical_not>}},
      {Op::LOGICAL_OR, {binary<Fn::logical_or>}},
      {Op::MAXIMUM, {binary<Fn::max>}},
      {Op::MINIMUM, {binary<Fn::min>}},
      {Op::MUL, {arithmetic<Fn::mul, tflite::MulOptions, quantized::mul>, kOwn}},
      {Op::NEG, {unary<Fn::neg>, kReal}},
      {Op::NOT_EQUAL, {comparison<Fn::not_equal>, kOwn}},
      {Op::POW, {binary<Fn::pow>, kReal}},
      {Op::PRELU, {binary<Fn::prelu, quantized::prelu>, kOwn}},
      {Op::RIGHT_SHIFT, {import_tflite_right_shift}},
      {Op::ROUND, {unary<Fn::round>, kReal}},
      {Op::RSQRT, {import_tflite_rsqrt, kReal}},
      {Op::SELECT, {import_tflite_select}},
      {Op::SELECT_V2, {import_tflite_select}},
      {Op::SIGN, {unary<Fn::sign>, kReal}},
      {Op::SIN, {unary<Fn::sin>, kReal}},
      {Op::SQRT, {unary<Fn::sqrt>, kReal}},
      {Op::SQUARE, {import_tflite_square, kReal}},
      {Op::SQUARED_DIFFERENCE, {import_tflite_squared_difference, kOwn}},
      {Op::SUB, {arithmetic<Fn::sub, tflite::SubOptions, quantized::sub>, kOwn}},
      // Activations and normalisations.
      {Op::ELU, {import_tflite_elu, kReal}},
      {Op::GELU, {import_tflite_gelu, kReal}},
      {Op::HARD_SWISH, {activation<Fn::hard_swish, quantized::hard_swish>, kOwn}},
      {Op::L2_NORMALIZATION, {import_tflite_l2_normalization, kReal}},
      {Op::LEAKY_RELU, {import_tflite_leaky_relu, kOwn}},
      {Op::LOCAL_RESPONSE_NORMALIZATION, {import_tflite_local_response_normalization, kReal}},
      {Op::LOGISTIC, {activation<Fn::sigmoid, quantized::logistic>, kOwn}},
      {Op::LOG_SOFTMAX, {import_tflite_log_softmax, kReal}},
      {Op::RELU, {import_tflite_relu, kOwn}},
      {Op::RELU6, {import_tflite_relu, kOwn}},
      {Op::RELU_0_TO_1, {import_tflite_relu, kOwn}},
      {Op::RELU_N1_TO_1, {import_tflite_relu, kOwn}},
      {Op::SOFTMAX, {import_tflite_softmax, kOwn}},
      {Op::TANH, {activation<Fn::tanh, quantized::tanh>, kOwn}},
      // Convolution, pooling, matrix products, recurrence.
      {Op::AVERAGE_POOL_2D, {import_tflite_average_pool_2d, kOwn}},
      {Op::BATCH_MATMUL, {import_tflite_batch_matmul, kOwn}},
      {Op::BIDIRECTIONAL_SEQUENCE_LSTM, {import_tflite_bidirectional_lstm, kFloats}},
      {Op::BIDIRECTIONAL_SEQUENCE_RNN, {import_tflite_bidirectional_rnn, kFloats}},
      {Op::CONV_2D, {import_tflite_conv_2d, kOwn}},
      {Op::CONV_3D, {import_tflite_conv_3d, kFloats}},
      {Op::DEPTHWISE_CONV_2D, {import_tflite_depthwise_conv_2d, kOwn}},
      {Op::FULLY_CONNECTED, {import_tflite_fully_connected, kOwn}},
      {Op::L2_POOL_2D, {import_tflite_l2_pool_2d, kReal}},
      {Op::LSTM, {import_tflite_lstm, kFloats}},
      {Op::MAX_POOL_2D, {import_tflite_max_pool_2d, kOwn}},
      {Op::RNN, {import_tflite_rnn, kFloats}},
      {Op::SVDF, {import_tflite_svdf, kOwn}},
      {Op::TRANSPOSE_CONV, {import_tflite_transpose_conv, kOwn}},
      {Op::UNIDIRECTIONAL_SEQUENCE_LSTM, {import_tflite_sequence_lstm, kOwn}},
      {Op::UNIDIRECTIONAL_SEQUENCE_RNN, {import_tflite_sequence_rnn, kFloats}},
      // Reduction.
      {Op::ARG_MAX, {import_tflite_arg_max}},
      {Op::ARG_MIN, {import_tflite_arg_min}},
      {Op::CUMSUM, {import_tflite_cumsum, kReal}},
      {Op::MEAN, {import_tflite_reduce_mean, kOwn}},
      {Op::REDUCE_ALL, {import_tflite_reduce_all}},
      {Op::REDUCE_ANY, {import_tflite_reduce_any}},
      {Op::REDUCE_MAX, {import_tflite_reduce_max}},
      {Op::REDUCE_MIN, {import_tflite_reduce_min}},
      {Op::REDUCE_PROD, {import_tflite_reduce_prod, kReal}},
      {Op::SUM, {import_tflite_reduce_sum, kOwn}},
      {Op::TOPK_V2, {import_tflite_top_k}},
      // Conversion.
      {Op::DEQUANTIZE, {import_tflite_dequantize, kOwn}},
      {Op::FAKE_QUANT, {import_tflite_fake_quant, kReal}},
      {Op::QUANTIZE, {import_tflite_quantize, kOwn}},
      // Shapes and the movement of data.
      {Op::BATCH_TO_SPACE_ND, {import_tflite_batch_to_space_nd}},
      {Op::BROADCAST_ARGS, {import_tflite_broadcast_args}},
      {Op::BROADCAST_TO, {import_tflite_broadcast_to}},
      {Op::CONCATENATION, {import_tflite_concatenation, kOwn}},
      {Op::DEPTH_TO_SPACE, {import_tflite_depth_to_space}},
      {Op::DYNAMIC_UPDATE_SLICE, {import_tflite_dynamic_update_slice}},
      {Op::EMBEDDING_LOOKUP, {import_tflite_embedding_lookup}},
      {Op::EXPAND_DIMS, {import_tflite_expand_dims}},
      {Op::FILL, {import_tflite_fill}},
      {Op::GATHER, {import_tflite_gather}},
      {Op::GATHER_ND, {import_tflite_gather_nd}},
      {Op::MIRROR_PAD, {import_tflite_mirror_pad}},
      {Op::ONE_HOT, {import_tflite_one_hot}},
      {Op::PACK, {import_tflite_pack}},
      {Op::PAD, {import_tflite_pad}},
      {Op::PADV2, {import_tflite_pad}},
      {Op::RANGE, {import_tflite_range}},
      {Op::RANK, {import_tflite_rank}},
      {Op::RESHAPE, {import_tflite_reshape}},
      {Op::RESIZE_BILINEAR, {import_tflite_resize_bilinear, kOwn}},
      {Op::RESIZE_NEAREST_NEIGHBOR, {import_tflite_resize_nearest}},
      {Op::REVERSE_V2, {import_tflite_reverse}},
      {Op::SHAPE, {import_tflite_shape}},
      {Op::SLICE, {import_tflite_slice}},
      {Op::SPACE_TO_BATCH_ND, {import_tflite_space_to_batch_nd}},
      {Op::SPACE_TO_DEPTH, {import_tflite_space_to_depth}},
      {Op::SPLIT, {import_tflite_split}},
      {Op::SPLIT_V, {import_tflite_split_v}},
      {Op::SQUEEZE, {import_tflite_squeeze}},
      {Op::STRIDED_SLICE, {import_tflite_strided_slice}},
      {Op::TILE, {import_tflite_tile}},
      {Op::TRANSPOSE, {import_tflite_transpose}},
      {Op::UNPACK, {import_tflite_unpack}},
      {Op::WHERE, {import_tflite_where}},
      {Op::ZEROS_LIKE, {import_tflite_zeros_like}},
  };
  return kTable;
}

constexpr std::string_view kDetectionName = "TFLite_Detection_PostProcess";

const TfliteOperator* find_custom(std::string_view name) {
  static const TfliteOperator kDetection{import_tflite_detection_postprocess, Integers::real};
  return name == kDetectionName ? &kDetection : nullptr;
}

}  // namespace

const TfliteOperator* find_tflite_operator(const TfliteNode& node) {
  if (node.op == Op::CUSTOM) return find_custom(node.custom);
  const auto found = table().find(node.op);
  return found == table().end() ? nullptr : &found->second;
}

std::vector<std::string> tflite_operator_names() {
  std::vector<std::string> names{std::string(kDetectionName)};
  for (const auto& row : table()) names.emplace_back(tflite::EnumNameBuiltinOperator(row.first));
  return names;
}

}  // namespace halite::frontend
