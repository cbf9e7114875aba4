// The table of ONNX operators; see operators.h. https://onnx.ai/onnx/operators/
#include "frontend/onnx/operators.h"

#include <unordered_map>

namespace halite::frontend {
namespace {

template <Fn fn>
std::vector<V> unary(OnnxCall& call) {
  call.ignore({"consumed_inputs"});
  return {call.b.unary(fn, call.in(0))};
}

template <Fn fn>
std::vector<V> binary(OnnxCall& call) {
  return {call.b.binary(fn, call.in(0), call.broadcast_operand())};
}

const std::unordered_map<std::string_view, OnnxImporter>& table() {
  static const std::unordered_map<std::string_view, OnnxImporter> kTable = {
      // Elementwise functions.
      {"Abs", unary<Fn::abs>},
      {"Acos", unary<Fn::acos>},
      {"Acosh", unary<Fn::acosh>},
      {"Add", binary<Fn::add>},
      {"And", binary<Fn::logical_and>},
      {"Asin", unary<Fn::asin>},
      {"Asinh", unary<Fn::asinh>},
      {"Atan", unary<Fn::atan>},
      {"Atanh", unary<Fn::atanh>},
      {"BitShift", import_bit_shift},
      {"BitwiseAnd", binary<Fn::bitwise_and>},
      {"BitwiseNot", unary<Fn::bitwise_not>},
      {"BitwiseOr", binary<Fn::bitwise_or>},
      {"BitwiseXor", binary<Fn::bitwise_xor>},
      {"Cast", import_cast},
      {"CastLike", import_cast_like},
      {"Ceil", unary<Fn::ceil>},
      {"Clip", import_clip},
      {"Cos", unary<Fn::cos>},
      {"Cosh", unary<Fn::cosh>},
      {"Div", binary<Fn::div>},
      {"Equal", binary<Fn::equal>},
      {"Erf", unary<Fn::erf>},
      {"Exp", unary<Fn::exp>},
      {"Floor", unary<Fn::floor>},
      {"Greater", binary<Fn::greater>},
      {"GreaterOrEqual", binary<Fn::greater_equal>},
      {"IsInf", import_is_inf},
      {"IsNaN", unary<Fn::is_nan>},
      {"Less", binary<Fn::less>},
      {"LessOrEqual", binary<Fn::less_equal>},
      {"Log", unary<Fn::log>},
      {"Max", import_max},
      {"Mean", import_mean},
      {"Min", import_min},
      {"Mod", import_mod},
      {"Mul", binary<Fn::mul>},
      {"Neg", unary<Fn::neg>},
      {"Not", unary<Fn::logical_not>},
      {"Or", binary<Fn::logical_or>},
      {"Pow", import_pow},
      {"Reciprocal", unary<Fn::reciprocal>},
      {"Round", unary<Fn::round>},
      {"Sign", unary<Fn::sign>},
      {"Sin", unary<Fn::sin>},
      {"Sinh", unary<Fn::sinh>},
      {"Sqrt", unary<Fn::sqrt>},
      {"Sub", binary<Fn::sub>},
      {"Sum", import_sum},
      {"Tan", unary<Fn::tan>},
      {"Where", import_where},
      {"Xor", binary<Fn::logical_xor>},
      // Activations.
      {"Celu", import_celu},
      {"Elu", import_elu},
      {"Gelu", import_gelu},
      {"HardSigmoid", import_hard_sigmoid},
      {"HardSwish", unary<Fn::hard_swish>},
      {"Hardmax", import_hardmax},
      {"LeakyRelu", import_leaky_relu},
      {"LogSoftmax", import_log_softmax},
      {"Mish", import_mish},
      {"PRelu", import_prelu},
      {"Relu", unary<Fn::relu>},
      {"Selu", import_selu},
      {"Shrink", import_shrink},
      {"Sigmoid", unary<Fn::sigmoid>},
      {"Softmax", import_softmax},
      {"Softplus", unary<Fn::softplus>},
      {"Softsign", unary<Fn::softsign>},
      {"Swish", import_swish},
      {"Tanh", unary<Fn::tanh>},
      {"ThresholdedRelu", import_thresholded_relu},
      // Places that are computed.
      {"CumSum", import_cum_sum},
      {"GatherElements", import_gather_elements},
      {"GatherND", import_gather_nd},
      {"ReverseSequence", import_reverse_sequence},
      {"Scatter", import_scatter_elements},
      {"ScatterElements", import_scatter_elements},
      {"ScatterND", import_scatter_nd},
      {"TopK", import_top_k},
      // Results that are as long as data decide.
      {"Compress", import_compress},
      {"NonMaxSuppression", import_non_max_suppression},
      {"NonZero", import_non_zero},
      {"Unique", import_unique},
      // Pictures, audio, text.
      {"AffineGrid", import_affine_grid},
      {"Col2Im", import_col2im},
      {"DFT", import_dft},
      {"DeformConv", import_deform_conv},
      {"GridSample", import_grid_sample},
      {"MaxRoiPool", import_max_roi_pool},
      {"MelWeightMatrix", import_mel_weight_matrix},
      {"RoiAlign", import_roi_align},
      {"STFT", import_stft},
      {"TfIdfVectorizer", import_tf_idf_vectorizer},
      // Convolution, pooling, matrix products, recurrence.
      {"Attention", import_attention},
      {"AveragePool", import_average_pool},
      {"Conv", import_conv},
      {"ConvTranspose", import_conv_transpose},
      {"Det", import_det},
      {"Einsum", import_einsum},
      {"GRU", import_gru},
      {"Gemm", import_gemm},
      {"GlobalAveragePool", import_global_average_pool},
      {"GlobalLpPool", import_global_lp_pool},
      {"GlobalMaxPool", import_global_max_pool},
      {"LSTM", import_lstm},
      {"LpPool", import_lp_pool},
      {"MatMul", import_matmul},
      {"MaxPool", import_max_pool},
      {"MaxUnpool", import_max_unpool},
      {"RNN", import_rnn},
      {"RotaryEmbedding", import_rotary_embedding},
      // Quantization.
      {"ConvInteger", import_conv_integer},
      {"DequantizeLinear", import_dequantize_linear},
      {"DynamicQuantizeLinear", import_dynamic_quantize_linear},
      {"MatMulInteger", import_matmul_integer},
      {"QLinearConv", import_qlinear_conv},
      {"QLinearMatMul", import_qlinear_matmul},
      {"QuantizeLinear", import_quantize_linear},
      // Normalisation and reduction.
      {"ArgMax", import_arg_max},
      {"ArgMin", import_arg_min},
      {"BatchNormalization", import_batch_norm},
      {"GroupNormalization", import_group_norm},
      {"InstanceNormalization", import_instance_norm},
      {"LRN", import_lrn},
      {"LayerNormalization", import_layer_norm},
      {"LpNormalization", import_lp_norm},
      {"MeanVarianceNormalization", import_mean_variance_norm},
      {"RMSNormalization", import_rms_norm},
      {"SimplifiedLayerNormalization", import_rms_norm},
      {"ReduceL1", import_reduce_l1},
      {"ReduceL2", import_reduce_l2},
      {"ReduceLogSum", import_reduce_log_sum},
      {"ReduceLogSumExp", import_reduce_log_sum_exp},
      {"ReduceMax", import_reduce_max},
      {"ReduceMean", import_reduce_mean},
      {"ReduceMin", import_reduce_min},
      {"ReduceProd", import_reduce_prod},
      {"ReduceSum", import_reduce_sum},
      {"ReduceSumSquare", import_reduce_sum_square},
      // Shapes and the movement of data.
      {"CenterCropPad", import_center_crop_pad},
      {"Concat", import_concat},
      {"Constant", import_constant},
      {"ConstantOfShape", import_constant_of_shape},
      {"DepthToSpace", import_depth_to_space},
      {"Dropout", import_dropout},
      {"Expand", import_expand},
      {"EyeLike", import_eye_like},
      {"Flatten", import_flatten},
      {"Gather", import_gather},
      {"Identity", import_identity},
      {"OneHot", import_one_hot},
      {"Pad", import_pad},
      {"Range", import_range},
      {"Reshape", import_reshape},
      {"Resize", import_resize},
      {"Shape", import_shape},
      {"Size", import_size},
      {"Slice", import_slice},
      {"SpaceToDepth", import_space_to_depth},
      {"Split", import_split},
      {"Squeeze", import_squeeze},
      {"Tile", import_tile},
      {"Transpose", import_transpose},
      {"Trilu", import_trilu},
      {"Unsqueeze", import_unsqueeze},
      {"Upsample", import_upsample},
  };
  return kTable;
}

constexpr std::string_view kContribDomain = "com.microsoft";

const std::unordered_map<std::string_view, OnnxImporter>& contrib_table() {
  static const std::unordered_map<std::string_view, OnnxImporter> kTable = {
      {"Attention", import_contrib_attention},
      {"BiasGelu", import_bias_gelu},
      {"DynamicQuantizeMatMul", import_dynamic_quantize_matmul},
      {"EmbedLayerNormalization", import_embed_layer_norm},
      {"FastGelu", import_fast_gelu},
      {"FusedMatMul", import_fused_matmul},
      {"Gelu", import_gelu},
      {"MatMulIntegerToFloat", import_matmul_integer_to_float},
      {"MatMulNBits", import_matmul_nbits},
      {"MultiHeadAttention", import_multi_head_attention},
      {"QGemm", import_qgemm},
      {"QLinearAdd", import_qlinear_add},
      {"QLinearAveragePool", import_qlinear_average_pool},
      {"QLinearConcat", import_qlinear_concat},
      {"QLinearGlobalAveragePool", import_qlinear_global_average_pool},
      {"QLinearLeakyRelu", import_qlinear_leaky_relu},
      {"QLinearMul", import_qlinear_mul},
      {"QLinearSigmoid", import_qlinear_sigmoid},
      {"QLinearSoftmax", import_qlinear_softmax},
      {"QuickGelu", import_quick_gelu},
      {"RotaryEmbedding", import_contrib_rotary_embedding},
      {"SkipLayerNormalization", import_skip_layer_norm},
      {"SkipSimplifiedLayerNormalization", import_skip_rms_norm},
  };
  return kTable;
}

}  // namespace

OnnxImporter find_onnx_importer(std::string_view domain, std::string_view op) {
  if (!domain.empty() && domain != kContribDomain) return nullptr;
  const auto& importers = domain.empty() ? table() : contrib_table();
  const auto found = importers.find(op);
  return found == importers.end() ? nullptr : found->second;
}

std::vector<std::string> onnx_importer_names() {
  std::vector<std::string> names;
  for (const auto& row : table()) names.emplace_back(row.first);
  for (const auto& row : contrib_table())
    names.push_back(std::string(kContribDomain) + "." + std::string(row.first));
  return names;
}

}  // namespace halite::frontend
