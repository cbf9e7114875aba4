// The TFLite operators and their importers: one table (operators.cpp), importers by family.
#pragma once

#include "frontend/tflite/call.h"

namespace halite::frontend {

/// What an importer does about quantized operands and outputs.
enum class Integers : uint8_t {
  plain,   ///< it only moves or compares numbers, whatever they stand for
  real,    ///< it computes with real numbers; conversions are put around it
  own,     ///< it looks at the quantization itself
  refused  ///< it takes quantized weights at most
};

struct TfliteOperator {
  TfliteImporter import = nullptr;
  Integers integers = Integers::plain;
};

/// Null if the operator is not supported.
const TfliteOperator* find_tflite_operator(const TfliteNode&);
std::vector<std::string> tflite_operator_names();

// elementwise.cpp
std::vector<V> import_tflite_add_n(TfliteCall&);
std::vector<V> import_tflite_cast(TfliteCall&);
std::vector<V> import_tflite_div(TfliteCall&);
std::vector<V> import_tflite_floor_div(TfliteCall&);
std::vector<V> import_tflite_right_shift(TfliteCall&);
std::vector<V> import_tflite_rsqrt(TfliteCall&);
std::vector<V> import_tflite_select(TfliteCall&);
std::vector<V> import_tflite_square(TfliteCall&);
std::vector<V> import_tflite_squared_difference(TfliteCall&);
// activation.cpp
std::vector<V> import_tflite_elu(TfliteCall&);
std::vector<V> import_tflite_gelu(TfliteCall&);
std::vector<V> import_tflite_l2_normalization(TfliteCall&);
std::vector<V> import_tflite_leaky_relu(TfliteCall&);
std::vector<V> import_tflite_local_response_normalization(TfliteCall&);
std::vector<V> import_tflite_log_softmax(TfliteCall&);
std::vector<V> import_tflite_relu(TfliteCall&);
std::vector<V> import_tflite_softmax(TfliteCall&);
// quantize.cpp
std::vector<V> import_tflite_dequantize(TfliteCall&);
std::vector<V> import_tflite_quantize(TfliteCall&);
std::vector<V> import_tflite_fake_quant(TfliteCall&);
// conv.cpp
std::vector<V> import_tflite_conv_2d(TfliteCall&);
std::vector<V> import_tflite_conv_3d(TfliteCall&);
std::vector<V> import_tflite_depthwise_conv_2d(TfliteCall&);
std::vector<V> import_tflite_transpose_conv(TfliteCall&);
// pool.cpp
std::vector<V> import_tflite_average_pool_2d(TfliteCall&);
std::vector<V> import_tflite_l2_pool_2d(TfliteCall&);
std::vector<V> import_tflite_max_pool_2d(TfliteCall&);
// matmul.cpp
std::vector<V> import_tflite_batch_matmul(TfliteCall&);
std::vector<V> import_tflite_fully_connected(TfliteCall&);
// reduce.cpp
std::vector<V> import_tflite_arg_max(TfliteCall&);
std::vector<V> import_tflite_arg_min(TfliteCall&);
std::vector<V> import_tflite_cumsum(TfliteCall&);
std::vector<V> import_tflite_reduce_all(TfliteCall&);
std::vector<V> import_tflite_reduce_any(TfliteCall&);
std::vector<V> import_tflite_reduce_max(TfliteCall&);
std::vector<V> import_tflite_reduce_mean(TfliteCall&);
std::vector<V> import_tflite_reduce_min(TfliteCall&);
std::vector<V> import_tflite_reduce_prod(TfliteCall&);
std::vector<V> import_tflite_reduce_sum(TfliteCall&);
std::vector<V> import_tflite_top_k(TfliteCall&);
// shape.cpp
std::vector<V> import_tflite_broadcast_args(TfliteCall&);
std::vector<V> import_tflite_broadcast_to(TfliteCall&);
std::vector<V> import_tflite_expand_dims(TfliteCall&);
std::vector<V> import_tflite_fill(TfliteCall&);
std::vector<V> import_tflite_range(TfliteCall&);
std::vector<V> import_tflite_rank(TfliteCall&);
std::vector<V> import_tflite_reshape(TfliteCall&);
std::vector<V> import_tflite_shape(TfliteCall&);
std::vector<V> import_tflite_squeeze(TfliteCall&);
std::vector<V> import_tflite_transpose(TfliteCall&);
std::vector<V> import_tflite_where(TfliteCall&);
std::vector<V> import_tflite_zeros_like(TfliteCall&);
// rearrange.cpp
std::vector<V> import_tflite_batch_to_space_nd(TfliteCall&);
std::vector<V> import_tflite_depth_to_space(TfliteCall&);
std::vector<V> import_tflite_mirror_pad(TfliteCall&);
std::vector<V> import_tflite_pad(TfliteCall&);
std::vector<V> import_tflite_reverse(TfliteCall&);
std::vector<V> import_tflite_space_to_batch_nd(TfliteCall&);
std::vector<V> import_tflite_space_to_depth(TfliteCall&);
std::vector<V> import_tflite_tile(TfliteCall&);
// data.cpp
std::vector<V> import_tflite_concatenation(TfliteCall&);
std::vector<V> import_tflite_dynamic_update_slice(TfliteCall&);
std::vector<V> import_tflite_embedding_lookup(TfliteCall&);
std::vector<V> import_tflite_gather(TfliteCall&);
std::vector<V> import_tflite_gather_nd(TfliteCall&);
std::vector<V> import_tflite_one_hot(TfliteCall&);
std::vector<V> import_tflite_pack(TfliteCall&);
std::vector<V> import_tflite_slice(TfliteCall&);
std::vector<V> import_tflite_split(TfliteCall&);
std::vector<V> import_tflite_split_v(TfliteCall&);
std::vector<V> import_tflite_strided_slice(TfliteCall&);
std::vector<V> import_tflite_unpack(TfliteCall&);
// resize.cpp
std::vector<V> import_tflite_resize_bilinear(TfliteCall&);
std::vector<V> import_tflite_resize_nearest(TfliteCall&);
// recurrent.cpp
std::vector<V> import_tflite_bidirectional_lstm(TfliteCall&);
std::vector<V> import_tflite_bidirectional_rnn(TfliteCall&);
std::vector<V> import_tflite_lstm(TfliteCall&);
std::vector<V> import_tflite_rnn(TfliteCall&);
std::vector<V> import_tflite_sequence_lstm(TfliteCall&);
std::vector<V> import_tflite_sequence_rnn(TfliteCall&);
std::vector<V> import_tflite_svdf(TfliteCall&);
// detection.cpp
std::vector<V> import_tflite_detection_postprocess(TfliteCall&);

}  // namespace halite::frontend
