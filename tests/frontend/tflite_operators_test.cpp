// TFLite operators on real numbers: each by its importer and the interpreter, against numbers from its
// definition.
#include "tests/frontend/run_tflite.h"

using namespace halite;
using namespace halite::test;
using Op = tfl::BuiltinOperator;
using Options = tfl::BuiltinOptions;
using Act = tfl::ActivationFunctionType;
using tfl::Padding;

TEST_CASE("TFLite's functions of one number give their values") {
  const std::vector<double> x{-2.5, -1, 0, 0.5, 2};
  const auto check = [&](Op op, const std::function<double(double)>& f, const std::vector<double>& in) {
    std::vector<double> y;
    for (const double v : in) y.push_back(f(v));
    const int n = static_cast<int>(in.size());
    check_op(op, {real({n}, in)}, {}, {real({n}, y)});
  };
  check(Op::ABS, [](double v) { return std::fabs(v); }, x);
  check(Op::CEIL, [](double v) { return std::ceil(v); }, x);
  check(Op::COS, [](double v) { return std::cos(v); }, x);
  check(Op::ELU, [](double v) { return v < 0 ? std::expm1(v) : v; }, x);
  check(Op::EXP, [](double v) { return std::exp(v); }, x);
  check(Op::FLOOR, [](double v) { return std::floor(v); }, x);
  check(Op::GELU, [](double v) { return v / 2 * (1 + std::erf(v / std::sqrt(2))); }, x);
  check(Op::HARD_SWISH, [](double v) { return v * std::fmin(std::fmax(v + 3, 0), 6) / 6; }, x);
  check(Op::LOG, [](double v) { return std::log(v); }, {0.5, 1, 7});
  check(Op::LOGISTIC, [](double v) { return 1 / (1 + std::exp(-v)); }, x);
  check(Op::NEG, [](double v) { return -v; }, x);
  check(Op::RELU, [](double v) { return std::fmax(v, 0); }, x);
  check(Op::RELU6, [](double v) { return std::fmin(std::fmax(v, 0), 6); }, {-1, 3, 9});
  check(Op::RELU_0_TO_1, [](double v) { return std::fmin(std::fmax(v, 0), 1); }, x);
  check(Op::RELU_N1_TO_1, [](double v) { return std::fmin(std::fmax(v, -1), 1); }, x);
  check(Op::ROUND, [](double v) { return std::nearbyint(v); }, x);
  check(Op::RSQRT, [](double v) { return 1 / std::sqrt(v); }, {0.25, 4});
  check(Op::SIGN, [](double v) { return (v > 0) - (v < 0); }, x);
  check(Op::SIN, [](double v) { return std::sin(v); }, x);
  check(Op::SQRT, [](double v) { return std::sqrt(v); }, {0, 4});
  check(Op::SQUARE, [](double v) { return v * v; }, x);
  check(Op::TANH, [](double v) { return std::tanh(v); }, x);
  check(Op::ZEROS_LIKE, [](double) { return 0; }, x);
  check_op(Op::LEAKY_RELU, {real({2}, {-2, 3})},
           with(Options::LeakyReluOptions, tfl::CreateLeakyReluOptions, 0.25f), {real({2}, {-0.5, 3})});
  check_op(Op::GELU, {real({1}, {1})}, with(Options::GeluOptions, tfl::CreateGeluOptions, true),
           {real({1}, {0.841192})});
  check_op(Op::LOGICAL_NOT, {truth({2}, {0, 1})}, {}, {truth({2}, {1, 0})});
  check_op(Op::CAST, {real({3}, {-1.7, 0, 2.9})}, {}, {whole({3}, {-1, 0, 2})});
  check_op(Op::CAST, {real({3}, {-1.7, 0, 2.9})}, {}, {truth({3}, {1, 0, 1})});
}

TEST_CASE("TFLite's functions of two numbers broadcast, and fuse an activation") {
  const Value a = real({2, 2}, {1, -2, 3, 4}), b = real({2}, {2, -3});
  const auto add = [](Act act) { return with(Options::AddOptions, tfl::CreateAddOptions, act, true); };
  check_op(Op::ADD, {a, b}, add(Act::NONE), {real({2, 2}, {3, -5, 5, 1})});
  check_op(Op::ADD, {a, b}, add(Act::RELU), {real({2, 2}, {3, 0, 5, 1})});
  check_op(Op::ADD, {a, b}, add(Act::RELU_N1_TO_1), {real({2, 2}, {1, -1, 1, 1})});
  check_op(Op::MUL, {a, b}, with(Options::MulOptions, tfl::CreateMulOptions, Act::RELU6),
           {real({2, 2}, {2, 6, 6, 0})});
  check_op(Op::SUB, {a, b}, with(Options::SubOptions, tfl::CreateSubOptions, Act::TANH, true),
           {real({2, 2}, {std::tanh(-1.0), std::tanh(1.0), std::tanh(1.0), std::tanh(7.0)})});
  check_op(Op::DIV, {a, b}, with(Options::DivOptions, tfl::CreateDivOptions, Act::NONE),
           {real({2, 2}, {0.5, 2.0 / 3, 1.5, -4.0 / 3})});
  check_op(Op::FLOOR_DIV, {a, b}, {}, {real({2, 2}, {0, 0, 1, -2})});
  check_op(Op::FLOOR_MOD, {a, b}, {}, {real({2, 2}, {1, -2, 1, -2})});
  check_op(Op::FLOOR_DIV, {whole({4}, {7, -7, 7, -7}), whole({4}, {2, 2, -2, -2})}, {},
           {whole({4}, {3, -4, -4, 3})});
  check_op(Op::FLOOR_MOD, {whole({4}, {7, -7, 7, -7}), whole({4}, {2, 2, -2, -2})}, {},
           {whole({4}, {1, 1, -1, -1})});
  check_op(Op::MAXIMUM, {a, b}, {}, {real({2, 2}, {2, -2, 3, 4})});
  check_op(Op::MINIMUM, {a, b}, {}, {real({2, 2}, {1, -3, 2, -3})});
  check_op(Op::POW, {real({2}, {2, 3}), real({2}, {3, 2})}, {}, {real({2}, {8, 9})});
  check_op(Op::SQUARED_DIFFERENCE, {a, b}, {}, {real({2, 2}, {1, 1, 1, 49})});
  check_op(Op::PRELU, {a, real({1, 2}, {0.5, 0.25})}, {}, {real({2, 2}, {1, -0.5, 3, 4})});
  check_op(Op::ADD_N, {a, a, a}, {}, {real({2, 2}, {3, -6, 9, 12})});
  check_op(Op::RIGHT_SHIFT, {whole({3}, {16, -16, -1}), whole({3}, {2, 2, 31})}, {},
           {whole({3}, {4, -4, -1})});
  check_op(Op::BITWISE_XOR, {whole({2}, {12, -1}), whole({2}, {10, 1})}, {}, {whole({2}, {6, -2})});
}

TEST_CASE("TFLite's comparisons, logic and choices give booleans and elements") {
  const Value a = real({3}, {1, 2, 3}), b = real({3}, {2, 2, 2});
  check_op(Op::EQUAL, {a, b}, {}, {truth({3}, {0, 1, 0})});
  check_op(Op::NOT_EQUAL, {a, b}, {}, {truth({3}, {1, 0, 1})});
  check_op(Op::LESS, {a, b}, {}, {truth({3}, {1, 0, 0})});
  check_op(Op::LESS_EQUAL, {a, b}, {}, {truth({3}, {1, 1, 0})});
  check_op(Op::GREATER, {a, b}, {}, {truth({3}, {0, 0, 1})});
  check_op(Op::GREATER_EQUAL, {a, b}, {}, {truth({3}, {0, 1, 1})});
  const Value p = truth({4}, {0, 0, 1, 1}), q = truth({4}, {0, 1, 0, 1});
  check_op(Op::LOGICAL_AND, {p, q}, {}, {truth({4}, {0, 0, 0, 1})});
  check_op(Op::LOGICAL_OR, {p, q}, {}, {truth({4}, {0, 1, 1, 1})});
  check_op(Op::SELECT, {truth({2}, {1, 0}), real({2, 2}, {1, 2, 3, 4}), real({2, 2}, {5, 6, 7, 8})}, {},
           {real({2, 2}, {1, 2, 7, 8})});
  check_op(Op::SELECT_V2, {truth({2}, {1, 0}), real({2, 2}, {1, 2, 3, 4}), real({}, {9})}, {},
           {real({2, 2}, {1, 9, 3, 9})});
  check_op(Op::REDUCE_ANY, {truth({2, 2}, {0, 1, 0, 0}), list({1})},
           with(Options::ReducerOptions, tfl::CreateReducerOptions, false), {truth({2}, {1, 0})});
  check_op(Op::REDUCE_ALL, {truth({2, 2}, {1, 1, 0, 1}), list({1})},
           with(Options::ReducerOptions, tfl::CreateReducerOptions, true), {truth({2, 1}, {1, 0})});
}

TEST_CASE("TFLite's reductions take axes from the end, and twice") {
  const Value x = real({2, 3}, {1, 2, 3, 4, 5, 6});
  const auto keep = [](bool k) { return with(Options::ReducerOptions, tfl::CreateReducerOptions, k); };
  check_op(Op::SUM, {x, list({-1})}, keep(false), {real({2}, {6, 15})});
  check_op(Op::SUM, {x, list({1, -1})}, keep(true), {real({2, 1}, {6, 15})});
  check_op(Op::MEAN, {x, list({0, 1})}, keep(false), {real({}, {3.5})});
  check_op(Op::REDUCE_MAX, {x, list({0})}, keep(false), {real({3}, {4, 5, 6})});
  check_op(Op::REDUCE_MIN, {x, list({1})}, keep(false), {real({2}, {1, 4})});
  check_op(Op::REDUCE_PROD, {x, list({0})}, keep(false), {real({3}, {4, 10, 18})});
  check_op(Op::ARG_MAX, {real({2, 3}, {1, 9, 3, 4, 5, 6}), list({1})}, {}, {whole({2}, {1, 2})});
  check_op(Op::ARG_MIN, {real({2, 3}, {1, 0, 3, 4, 5, 6}), list({-1})}, {}, {whole({2}, {1, 0})});
  const auto cumsum = [](bool exclusive, bool reverse) {
    return with(Options::CumsumOptions, tfl::CreateCumsumOptions, exclusive, reverse);
  };
  const Value row = real({1, 5}, {1, 2, 3, 4, 5});
  check_op(Op::CUMSUM, {row, list({1})}, cumsum(false, false), {real({1, 5}, {1, 3, 6, 10, 15})});
  check_op(Op::CUMSUM, {row, list({1})}, cumsum(true, false), {real({1, 5}, {0, 1, 3, 6, 10})});
  check_op(Op::CUMSUM, {row, list({1})}, cumsum(false, true), {real({1, 5}, {15, 14, 12, 9, 5})});
  check_op(Op::TOPK_V2, {real({2, 4}, {1, 7, 7, 3, -1, -2, -3, -4}), list({2})}, {},
           {real({2, 2}, {7, 7, -1, -2}), whole({2, 2}, {1, 2, 0, 1})});
}

TEST_CASE("TFLite's normalisations run over the last axis") {
  const double e = std::exp(1.0);
  const auto beta = [](float v) { return with(Options::SoftmaxOptions, tfl::CreateSoftmaxOptions, v); };
  check_op(Op::SOFTMAX, {real({1, 2}, {0, 1})}, beta(1), {real({1, 2}, {1 / (1 + e), e / (1 + e)})});
  check_op(Op::SOFTMAX, {real({1, 2}, {0, 0.5})}, beta(2), {real({1, 2}, {1 / (1 + e), e / (1 + e)})});
  check_op(Op::LOG_SOFTMAX, {real({1, 2}, {0, 1})}, {},
           {real({1, 2}, {-std::log(1 + e), 1 - std::log(1 + e)})});
  check_op(Op::L2_NORMALIZATION, {real({2, 2}, {3, 4, 0, 0})}, {}, {real({2, 2}, {0.6, 0.8, 0, 0})});
  check_op(Op::LOCAL_RESPONSE_NORMALIZATION, {real({1, 1, 1, 3}, {1, 2, 3})},
           with(Options::LocalResponseNormalizationOptions, tfl::CreateLocalResponseNormalizationOptions, 1,
                1.0f, 0.5f, 1.0f),
           {real({1, 1, 1, 3}, {1 / 3.5, 2 / 8.0, 3 / 7.5})});
  check_op(Op::FAKE_QUANT, {real({4}, {-5, 0.3, 0.6, 9})},
           with(Options::FakeQuantOptions, tfl::CreateFakeQuantOptions, 0.0f, 3.0f, 2, false),
           {real({4}, {0, 0, 1, 3})});
}

TEST_CASE("TFLite's convolutions pad, stride, dilate and activate") {
  const Value x = real({1, 3, 3, 1}, count(9));
  const auto conv = [](Padding pad, int stride, Act act, int dilation = 1) {
    return with(Options::Conv2DOptions, tfl::CreateConv2DOptions, pad, stride, stride, act, dilation,
                dilation, TensorType::FLOAT32);
  };
  const Value ones = fixed({1, 2, 2, 1}, {1, 1, 1, 1}), bias = fixed({1}, {-13});
  check_op(Op::CONV_2D, {x, ones, bias}, conv(Padding::VALID, 1, Act::NONE),
           {real({1, 2, 2, 1}, {-1, 3, 11, 15})});
  check_op(Op::CONV_2D, {x, ones, bias}, conv(Padding::VALID, 1, Act::RELU6),
           {real({1, 2, 2, 1}, {0, 3, 6, 6})});
  check_op(Op::CONV_2D, {x, ones, none()}, conv(Padding::SAME, 2, Act::NONE),
           {real({1, 2, 2, 1}, {12, 9, 15, 9})});
  check_op(Op::CONV_2D, {x, ones}, conv(Padding::VALID, 1, Act::NONE, 2), {real({1, 1, 1, 1}, {20})});
  // Two groups of one channel.
  check_op(Op::CONV_2D, {real({1, 1, 1, 2}, {3, 5}), fixed({2, 1, 1, 1}, {2, 10})},
           conv(Padding::VALID, 1, Act::NONE), {real({1, 1, 1, 2}, {6, 50})});
  // Two output channels for each input channel.
  const auto depthwise = with(Options::DepthwiseConv2DOptions, tfl::CreateDepthwiseConv2DOptions,
                              Padding::VALID, 1, 1, 2, Act::NONE, 1, 1);
  check_op(Op::DEPTHWISE_CONV_2D,
           {real({1, 1, 2, 2}, {1, 2, 3, 4}), fixed({1, 1, 2, 4}, {1, 2, 3, 4, 10, 20, 30, 40}),
            fixed({4}, {0, 0, 0, 1})},
           depthwise, {real({1, 1, 1, 4}, {31, 62, 126, 169})});
  const auto transposed = [](Padding pad) {
    return with(Options::TransposeConvOptions, tfl::CreateTransposeConvOptions, pad, 2, 2, Act::NONE,
                TensorType::FLOAT32);
  };
  const Value four = real({1, 2, 2, 1}, {1, 2, 3, 4});
  check_op(
      Op::TRANSPOSE_CONV, {list({1, 4, 4, 1}), fixed({1, 2, 2, 1}, {1, 2, 3, 4}), four, fixed({1}, {100})},
      transposed(Padding::VALID),
      {real({1, 4, 4, 1}, {101, 102, 102, 104, 103, 104, 106, 108, 103, 106, 104, 108, 109, 112, 112, 116})});
  // A kernel of three: one row and column are cut off at the end.
  check_op(Op::TRANSPOSE_CONV, {list({1, 4, 4, 1}), fixed({1, 3, 3, 1}, {1, 0, 0, 0, 0, 0, 0, 0, 1}), four},
           transposed(Padding::SAME), {real({1, 4, 4, 1}, {1, 0, 2, 0, 0, 0, 0, 0, 3, 0, 5, 0, 0, 0, 0, 0})});
  const auto conv3d =
      with(Options::Conv3DOptions, tfl::CreateConv3DOptions, Padding::VALID, 1, 1, 1, Act::NONE, 1, 1, 1);
  check_op(Op::CONV_3D,
           {real({1, 3, 1, 1, 1}, {1, 2, 3}), fixed({2, 1, 1, 1, 2}, {1, 2, 10, 20}), fixed({2}, {0, 1})},
           conv3d, {real({1, 2, 1, 1, 2}, {21, 43, 32, 65})});
}

TEST_CASE("TFLite's pools divide by the pixels inside the picture") {
  const auto pool = [](Padding pad, int stride, Act act = Act::NONE) {
    return with(Options::Pool2DOptions, tfl::CreatePool2DOptions, pad, stride, stride, 2, 2, act);
  };
  const Value x = real({1, 3, 3, 1}, count(9));
  check_op(Op::AVERAGE_POOL_2D, {x}, pool(Padding::SAME, 2), {real({1, 2, 2, 1}, {3, 4.5, 7.5, 9})});
  check_op(Op::MAX_POOL_2D, {x}, pool(Padding::VALID, 1, Act::RELU6), {real({1, 2, 2, 1}, {5, 6, 6, 6})});
  check_op(Op::L2_POOL_2D, {x}, pool(Padding::VALID, 2), {real({1, 1, 1, 1}, {std::sqrt(46 / 4.0)})});
}

TEST_CASE("TFLite's matrix products flatten or keep their input's axes") {
  const auto dense = [](bool keep, Act act = Act::NONE) {
    return with(Options::FullyConnectedOptions, tfl::CreateFullyConnectedOptions, act,
                tfl::WeightsFormat::DEFAULT, keep, false, TensorType::FLOAT32);
  };
  const Value w = fixed({2, 3}, {1, 0, -1, 1, 1, 1});
  check_op(Op::FULLY_CONNECTED, {real({1, 3}, {1, 2, 3}), w, fixed({2}, {0, 10})}, dense(false),
           {real({1, 2}, {-2, 16})});
  check_op(Op::FULLY_CONNECTED, {real({2, 1, 3}, count(6)), w, none()}, dense(false, Act::RELU),
           {real({2, 2}, {0, 6, 0, 15})});
  check_op(Op::FULLY_CONNECTED, {real({2, 1, 3}, count(6)), w}, dense(true),
           {real({2, 1, 2}, {-2, 6, -2, 15})});
  const auto adjoint = [](bool x, bool y) {
    return with(Options::BatchMatMulOptions, tfl::CreateBatchMatMulOptions, x, y, false);
  };
  const Value a = real({2, 2}, {1, 2, 3, 4}), b = real({1, 2, 2}, {0, 1, 1, 1});
  check_op(Op::BATCH_MATMUL, {a, b}, adjoint(false, false), {real({1, 2, 2}, {2, 3, 4, 7})});
  check_op(Op::BATCH_MATMUL, {a, b}, adjoint(true, false), {real({1, 2, 2}, {3, 4, 4, 6})});
  check_op(Op::EMBEDDING_LOOKUP, {whole({2}, {1, 0}), real({2, 2}, {1, 2, 3, 4})}, {},
           {real({2, 2}, {3, 4, 1, 2})});
}

TEST_CASE("TFLite's resizing follows its three rules of coordinates") {
  const Value x = real({1, 1, 2, 1}, {0, 4});
  const auto linear = [](bool align, bool half) {
    return with(Options::ResizeBilinearOptions, tfl::CreateResizeBilinearOptions, 0, 0, align, half);
  };
  check_op(Op::RESIZE_BILINEAR, {x, list({1, 4})}, linear(false, false), {real({1, 1, 4, 1}, {0, 2, 4, 4})});
  check_op(Op::RESIZE_BILINEAR, {x, list({1, 4})}, linear(false, true), {real({1, 1, 4, 1}, {0, 1, 3, 4})});
  check_op(Op::RESIZE_BILINEAR, {x, list({1, 3})}, linear(true, false), {real({1, 1, 3, 1}, {0, 2, 4})});
  const auto nearest = [](bool align, bool half) {
    return with(Options::ResizeNearestNeighborOptions, tfl::CreateResizeNearestNeighborOptions, align, half);
  };
  const Value three = real({1, 1, 3, 1}, {1, 2, 3});
  check_op(Op::RESIZE_NEAREST_NEIGHBOR, {three, list({1, 2})}, nearest(false, false),
           {real({1, 1, 2, 1}, {1, 2})});
  check_op(Op::RESIZE_NEAREST_NEIGHBOR, {three, list({1, 2})}, nearest(false, true),
           {real({1, 1, 2, 1}, {1, 3})});
  check_op(Op::RESIZE_NEAREST_NEIGHBOR, {three, list({1, 2})}, nearest(true, false),
           {real({1, 1, 2, 1}, {1, 3})});
}
