// The one table of ONNX operators. An importer lives with its family (conv.cpp, pool.cpp, ...); a plain
// elementwise function needs nothing but its row.
#pragma once

#include <string_view>

#include "frontend/onnx/call.h"

namespace halite::frontend {

/// The importer of an operator of the standard domain; null if there is none.
OnnxImporter find_onnx_importer(std::string_view domain, std::string_view op);
/// Of the operators that have one.
std::vector<std::string> onnx_importer_names();

// quantize.cpp
std::vector<V> import_conv_integer(OnnxCall&);
std::vector<V> import_dequantize_linear(OnnxCall&);
std::vector<V> import_dynamic_quantize_linear(OnnxCall&);
std::vector<V> import_matmul_integer(OnnxCall&);
std::vector<V> import_qlinear_conv(OnnxCall&);
std::vector<V> import_qlinear_matmul(OnnxCall&);
std::vector<V> import_quantize_linear(OnnxCall&);
// conv.cpp
std::vector<V> import_conv(OnnxCall&);
/// Conv on operands x, weights, bias, which may be integers; `finish` is applied while the channel is still
/// last.
V convolve(OnnxCall&, int64_t x_zero = 0, int64_t w_zero = 0, const std::function<V(V)>& finish = {});
std::vector<V> import_conv_transpose(OnnxCall&);
// pool.cpp
std::vector<V> import_average_pool(OnnxCall&);
std::vector<V> import_max_pool(OnnxCall&);
std::vector<V> import_max_unpool(OnnxCall&);
std::vector<V> import_lp_pool(OnnxCall&);
std::vector<V> import_global_average_pool(OnnxCall&);
std::vector<V> import_global_max_pool(OnnxCall&);
std::vector<V> import_global_lp_pool(OnnxCall&);
// elementwise.cpp
std::vector<V> import_pow(OnnxCall&);
std::vector<V> import_mod(OnnxCall&);
std::vector<V> import_bit_shift(OnnxCall&);
std::vector<V> import_sum(OnnxCall&);
std::vector<V> import_mean(OnnxCall&);
std::vector<V> import_min(OnnxCall&);
std::vector<V> import_max(OnnxCall&);
std::vector<V> import_clip(OnnxCall&);
std::vector<V> import_where(OnnxCall&);
std::vector<V> import_prelu(OnnxCall&);
std::vector<V> import_is_inf(OnnxCall&);
std::vector<V> import_cast(OnnxCall&);
std::vector<V> import_cast_like(OnnxCall&);
// activation.cpp
std::vector<V> import_leaky_relu(OnnxCall&);
std::vector<V> import_elu(OnnxCall&);
std::vector<V> import_celu(OnnxCall&);
std::vector<V> import_selu(OnnxCall&);
std::vector<V> import_hard_sigmoid(OnnxCall&);
std::vector<V> import_thresholded_relu(OnnxCall&);
std::vector<V> import_shrink(OnnxCall&);
std::vector<V> import_gelu(OnnxCall&);
std::vector<V> import_mish(OnnxCall&);
std::vector<V> import_swish(OnnxCall&);
std::vector<V> import_softmax(OnnxCall&);
std::vector<V> import_log_softmax(OnnxCall&);
std::vector<V> import_hardmax(OnnxCall&);
// matmul.cpp
std::vector<V> import_gemm(OnnxCall&);
std::vector<V> import_matmul(OnnxCall&);
std::vector<V> import_einsum(OnnxCall&);
std::vector<V> import_det(OnnxCall&);
// shape.cpp
std::vector<V> import_reshape(OnnxCall&);
std::vector<V> import_flatten(OnnxCall&);
std::vector<V> import_squeeze(OnnxCall&);
std::vector<V> import_unsqueeze(OnnxCall&);
std::vector<V> import_transpose(OnnxCall&);
std::vector<V> import_expand(OnnxCall&);
std::vector<V> import_shape(OnnxCall&);
std::vector<V> import_size(OnnxCall&);
std::vector<V> import_depth_to_space(OnnxCall&);
std::vector<V> import_space_to_depth(OnnxCall&);
// data.cpp
std::vector<V> import_identity(OnnxCall&);
std::vector<V> import_dropout(OnnxCall&);
std::vector<V> import_concat(OnnxCall&);
std::vector<V> import_split(OnnxCall&);
std::vector<V> import_slice(OnnxCall&);
std::vector<V> import_gather(OnnxCall&);
std::vector<V> import_tile(OnnxCall&);
std::vector<V> import_pad(OnnxCall&);
std::vector<V> import_center_crop_pad(OnnxCall&);
// indexing.cpp
std::vector<V> import_gather_elements(OnnxCall&);
std::vector<V> import_gather_nd(OnnxCall&);
std::vector<V> import_scatter_elements(OnnxCall&);
std::vector<V> import_scatter_nd(OnnxCall&);
std::vector<V> import_reverse_sequence(OnnxCall&);
std::vector<V> import_cum_sum(OnnxCall&);
std::vector<V> import_top_k(OnnxCall&);
// known.cpp
std::vector<V> import_non_zero(OnnxCall&);
std::vector<V> import_compress(OnnxCall&);
std::vector<V> import_unique(OnnxCall&);
std::vector<V> import_non_max_suppression(OnnxCall&);
// vision.cpp
std::vector<V> import_grid_sample(OnnxCall&);
std::vector<V> import_affine_grid(OnnxCall&);
// spectral.cpp
std::vector<V> import_dft(OnnxCall&);
std::vector<V> import_stft(OnnxCall&);
std::vector<V> import_mel_weight_matrix(OnnxCall&);
// tfidf.cpp
std::vector<V> import_tf_idf_vectorizer(OnnxCall&);
// constant.cpp
std::vector<V> import_constant(OnnxCall&);
std::vector<V> import_constant_of_shape(OnnxCall&);
std::vector<V> import_range(OnnxCall&);
std::vector<V> import_eye_like(OnnxCall&);
std::vector<V> import_one_hot(OnnxCall&);
std::vector<V> import_trilu(OnnxCall&);
// reduce.cpp
std::vector<V> import_reduce_sum(OnnxCall&);
std::vector<V> import_reduce_mean(OnnxCall&);
std::vector<V> import_reduce_max(OnnxCall&);
std::vector<V> import_reduce_min(OnnxCall&);
std::vector<V> import_reduce_prod(OnnxCall&);
std::vector<V> import_reduce_l1(OnnxCall&);
std::vector<V> import_reduce_l2(OnnxCall&);
std::vector<V> import_reduce_log_sum(OnnxCall&);
std::vector<V> import_reduce_log_sum_exp(OnnxCall&);
std::vector<V> import_reduce_sum_square(OnnxCall&);
std::vector<V> import_arg_max(OnnxCall&);
std::vector<V> import_arg_min(OnnxCall&);
// norm.cpp
std::vector<V> import_batch_norm(OnnxCall&);
std::vector<V> import_instance_norm(OnnxCall&);
std::vector<V> import_group_norm(OnnxCall&);
std::vector<V> import_layer_norm(OnnxCall&);
std::vector<V> import_rms_norm(OnnxCall&);
std::vector<V> import_lp_norm(OnnxCall&);
std::vector<V> import_mean_variance_norm(OnnxCall&);
std::vector<V> import_lrn(OnnxCall&);
// recurrent.cpp
std::vector<V> import_lstm(OnnxCall&);
std::vector<V> import_gru(OnnxCall&);
std::vector<V> import_rnn(OnnxCall&);
// resize.cpp
std::vector<V> import_upsample(OnnxCall&);
std::vector<V> import_resize(OnnxCall&);

}  // namespace halite::frontend
