// TFLite operators that move elements or ask for shapes.
#include "tests/frontend/run_tflite.h"

using namespace halite;
using namespace halite::test;
using Op = tfl::BuiltinOperator;
using Options = tfl::BuiltinOptions;

namespace {

MakeOptions reshape_to(const std::vector<int>& shape) {
  return [shape](flatbuffers::FlatBufferBuilder& fbb) {
    return std::pair(Options::ReshapeOptions,
                     tfl::CreateReshapeOptions(fbb, fbb.CreateVector(shape)).Union());
  };
}

MakeOptions strided(int begin = 0, int end = 0, int ellipsis = 0, int fresh = 0, int shrink = 0,
                    bool offset = false) {
  return with(Options::StridedSliceOptions, tfl::CreateStridedSliceOptions, begin, end, ellipsis, fresh,
              shrink, offset);
}

}  // namespace

TEST_CASE("TFLite's operators on shapes give the elements under another shape") {
  const Value x = real({2, 3}, count(6));
  check_op(Op::RESHAPE, {x, list({3, -1})}, {}, {real({3, 2}, count(6))});
  check_op(Op::RESHAPE, {x}, reshape_to({6}), {real({6}, count(6))});
  check_op(Op::RESHAPE, {real({1}, {5})}, reshape_to({0}), {real({}, {5})});
  check_op(Op::SQUEEZE, {real({1, 2, 1}, {1, 2})}, {}, {real({2}, {1, 2})});
  check_op(Op::SQUEEZE, {real({1, 2, 1}, {1, 2})},
           [](auto& fbb) {
             return std::pair(Options::SqueezeOptions,
                              tfl::CreateSqueezeOptions(fbb, fbb.CreateVector(std::vector<int>{-1})).Union());
           },
           {real({1, 2}, {1, 2})});
  check_op(Op::EXPAND_DIMS, {x, list({-1})}, {}, {real({2, 3, 1}, count(6))});
  check_op(Op::TRANSPOSE, {x, list({1, 0})}, {}, {real({3, 2}, {1, 4, 2, 5, 3, 6})});
  check_op(Op::SHAPE, {x}, {}, {whole({2}, {2, 3})});
  check_op(Op::RANK, {x}, {}, {whole({}, {2})});
  check_op(Op::BROADCAST_TO, {real({3}, {1, 2, 3}), list({2, 3})}, {}, {real({2, 3}, {1, 2, 3, 1, 2, 3})});
  check_op(Op::BROADCAST_ARGS, {list({2, 1}), list({3})}, {}, {whole({2}, {2, 3})});
  check_op(Op::FILL, {list({2, 2}), real({}, {7})}, {}, {real({2, 2}, {7, 7, 7, 7})});
  check_op(Op::RANGE, {list({10}), list({4}), list({-3})}, {}, {whole({2}, {10, 7})});
}

TEST_CASE("TFLite's operators that join and cut move whole slices") {
  const Value a = real({1, 2}, {1, 2}), b = real({1, 2}, {3, 4});
  check_op(Op::CONCATENATION, {a, b},
           with(Options::ConcatenationOptions, tfl::CreateConcatenationOptions, -1,
                tfl::ActivationFunctionType::NONE),
           {real({1, 4}, {1, 2, 3, 4})});
  check_op(Op::PACK, {a, b}, with(Options::PackOptions, tfl::CreatePackOptions, 2, 1),
           {real({1, 2, 2}, {1, 2, 3, 4})});
  const Value x = real({2, 3}, count(6));
  check_op(Op::UNPACK, {x}, with(Options::UnpackOptions, tfl::CreateUnpackOptions, 2, 0),
           {real({3}, {1, 2, 3}), real({3}, {4, 5, 6})});
  check_op(Op::SPLIT, {list({1}), real({1, 4}, count(4))},
           with(Options::SplitOptions, tfl::CreateSplitOptions, 2),
           {real({1, 2}, {1, 2}), real({1, 2}, {3, 4})});
  check_op(Op::SPLIT_V, {x, list({1, -1}), list({1})},
           with(Options::SplitVOptions, tfl::CreateSplitVOptions, 2),
           {real({2, 1}, {1, 4}), real({2, 2}, {2, 3, 5, 6})});
  check_op(Op::SLICE, {x, list({1, 1}), list({-1, 2})}, {}, {real({1, 2}, {5, 6})});
  check_op(Op::REVERSE_V2, {x, list({1})}, {}, {real({2, 3}, {3, 2, 1, 6, 5, 4})});
  check_op(Op::TILE, {a, list({2, 2})}, {}, {real({2, 4}, {1, 2, 1, 2, 1, 2, 1, 2})});
  check_op(Op::DYNAMIC_UPDATE_SLICE, {x, real({1, 2}, {8, 9}), list({5, 1})}, {},
           {real({2, 3}, {1, 2, 3, 4, 8, 9})});
}

TEST_CASE("a strided slice reads its masks") {
  const Value x = real({2, 3}, count(6));
  check_op(Op::STRIDED_SLICE, {x, list({0, 1}), list({2, 3}), list({1, 1})}, strided(),
           {real({2, 2}, {2, 3, 5, 6})});
  check_op(Op::STRIDED_SLICE, {x, list({0, 2}), list({2, 0}), list({1, -1})}, strided(),
           {real({2, 2}, {3, 2, 6, 5})});
  check_op(Op::STRIDED_SLICE, {x, list({1, 1}), list({0, 0}), list({-1, -2})}, strided(3, 3),
           {real({2, 2}, {6, 4, 3, 1})});
  check_op(Op::STRIDED_SLICE, {x, list({-1, 0}), list({0, 0}), list({1, 1})}, strided(0, 2, 0, 0, 1),
           {real({3}, {4, 5, 6})});
  check_op(Op::STRIDED_SLICE, {x, list({0, 0, 1}), list({0, 0, 2}), list({1, 1, 1})}, strided(0, 0, 1, 2),
           {real({2, 1, 1}, {2, 5})});
  check_op(Op::STRIDED_SLICE, {x, list({1}), list({1}), list({1})}, strided(0, 0, 0, 0, 0, true),
           {real({1, 3}, {4, 5, 6})});
}

TEST_CASE("TFLite's operators that pick follow indices") {
  const Value x = real({2, 3}, count(6));
  const auto axis = [](int a, int batch) {
    return with(Options::GatherOptions, tfl::CreateGatherOptions, a, batch);
  };
  check_op(Op::GATHER, {x, whole({2}, {2, 0})}, axis(1, 0), {real({2, 2}, {3, 1, 6, 4})});
  check_op(Op::GATHER, {x, whole({2, 1}, {2, 0})}, axis(1, 1), {real({2, 1}, {3, 4})});
  check_op(Op::GATHER, {real({2, 2, 2}, count(8)), whole({2, 1}, {1, 0})}, axis(2, 1),
           {real({2, 2, 1}, {2, 4, 5, 7})});
  check_op(Op::GATHER_ND, {x, whole({2, 2}, {0, 2, 1, 0})}, {}, {real({2}, {3, 4})});
  check_op(Op::GATHER_ND, {x, whole({1, 1}, {1})}, {}, {real({1, 3}, {4, 5, 6})});
  check_op(Op::ONE_HOT, {whole({2}, {2, 0}), list({3}), real({}, {5}), real({}, {-1})},
           with(Options::OneHotOptions, tfl::CreateOneHotOptions, -1),
           {real({2, 3}, {-1, -1, 5, 5, -1, -1})});
}

TEST_CASE("TFLite's padding and blocks move space") {
  const Value x = real({1, 3}, {1, 2, 3});
  check_op(Op::PAD, {x, list({0, 0, 1, 2})}, {}, {real({1, 6}, {0, 1, 2, 3, 0, 0})});
  check_op(Op::PADV2, {x, list({0, 0, 1, 0}), fixed({}, {9})}, {}, {real({1, 4}, {9, 1, 2, 3})});
  const auto mirror = [](tfl::MirrorPadMode mode) {
    return with(Options::MirrorPadOptions, tfl::CreateMirrorPadOptions, mode);
  };
  check_op(Op::MIRROR_PAD, {x, list({0, 0, 2, 1})}, mirror(tfl::MirrorPadMode::REFLECT),
           {real({1, 6}, {3, 2, 1, 2, 3, 2})});
  check_op(Op::MIRROR_PAD, {x, list({0, 0, 2, 1})}, mirror(tfl::MirrorPadMode::SYMMETRIC),
           {real({1, 6}, {2, 1, 1, 2, 3, 3})});
  const Value picture = real({1, 2, 2, 1}, {1, 2, 3, 4}), deep = real({1, 1, 1, 4}, {1, 2, 3, 4});
  check_op(Op::SPACE_TO_DEPTH, {picture},
           with(Options::SpaceToDepthOptions, tfl::CreateSpaceToDepthOptions, 2), {deep});
  check_op(Op::DEPTH_TO_SPACE, {deep}, with(Options::DepthToSpaceOptions, tfl::CreateDepthToSpaceOptions, 2),
           {picture});
  const Value square = real({1, 2, 3, 1}, count(6));
  const Value batches = real({4, 1, 2, 1}, {0, 2, 1, 3, 0, 5, 4, 6});
  check_op(Op::SPACE_TO_BATCH_ND, {square, list({2, 2}), list({0, 0, 1, 0})}, {}, {batches});
  check_op(Op::BATCH_TO_SPACE_ND, {batches, list({2, 2}), list({0, 0, 1, 0})}, {}, {square});
}

TEST_CASE("what a TFLite operator cannot take is refused with the reason") {
  const Value x = real({2, 3}, count(6)), y = real({2, 3}, {});
  const auto expect = [](const std::string& message, const char* part) {
    CAPTURE(message);
    CHECK(message.find(part) != std::string::npos);
  };
  expect(refusal(Op::RESHAPE, {x, list({4, 2})}, {}, {y}), "cannot be reshaped to [4,2]");
  expect(refusal(Op::RESHAPE, {x, whole({2}, {3, 2})}, {}, {y}), "shape is computed at run time");
  expect(refusal(Op::RESHAPE, {x}, {}, {y}), "it has no shape");
  expect(refusal(Op::TRANSPOSE, {x, list({0, 0})}, {}, {y}), "perm names an axis twice");
  expect(refusal(Op::SOFTMAX, {x}, {}, {y}), "options are missing");
  expect(refusal(Op::WHERE, {truth({2}, {0, 1})}, {}, {y}), "depends on the data");
  expect(refusal(Op::UNIQUE, {x}, {}, {y}), "#0 (tflite::UNIQUE, 1): the operator is not supported");
  expect(refusal(Op::ABS, {none()}, {}, {y}), "input 0 is missing");
  expect(refusal(Op::SLICE, {x, list({0, 2}), list({1, 2})}, {}, {y}),
         "takes 2 elements from 2 on of axis 1");
  expect(refusal(Op::SPLIT_V, {x, list({1, 1}), list({1})}, {}, {y, y}),
         "parts add up to 2, but the extent is 3");
  expect(refusal(Op::TOPK_V2, {x, list({4})}, {}, {y, y}), "k is 4");
  expect(refusal(Op::TILE, {x, list({1})}, {}, {y}), "multiples has 1 numbers");
  expect(refusal(Op::PAD, {x, list({1, 1})}, {}, {y}), "two for each axis");
  expect(refusal(Op::PAD, {x, list({0, 0, -1, 0})}, {}, {y}), "paddings has the number -1");
  expect(refusal(Op::GATHER_ND, {x, whole({1, 3}, {0, 0, 0})}, {}, {y}), "indices");
  expect(refusal(Op::ARG_MAX, {x, list({2})}, {}, {whole({2}, {})}), "dimension is 2");
  expect(refusal(Op::ADD, {x, real({4}, {1, 1, 1, 1})}, {}, {y}), "node #0 (ADD)");
  expect(refusal(Op::ABS, {x}, {}, {whole({2, 3}, {})}), "declared as i32, but it makes f32[2,3]");
  expect(refusal(Op::FULLY_CONNECTED, {x, fixed({1, 4}, count(4))},
                 with(Options::FullyConnectedOptions, tfl::CreateFullyConnectedOptions,
                      tfl::ActivationFunctionType::NONE, tfl::WeightsFormat::DEFAULT, false, false,
                      TensorType::FLOAT32),
                 {y}),
         "does not fit the input f32[2,3]");
  expect(
      refusal(Op::RESIZE_BILINEAR, {real({1, 2, 2, 1}, count(4)), list({4, 4})},
              with(Options::ResizeBilinearOptions, tfl::CreateResizeBilinearOptions, 0, 0, true, true), {y}),
      "align_corners together with half_pixel_centers");
  expect(refusal(Op::MAX_POOL_2D, {real({1, 2, 2, 1}, count(4))},
                 with(Options::Pool2DOptions, tfl::CreatePool2DOptions, tfl::Padding::VALID, 0, 1, 2, 2,
                      tfl::ActivationFunctionType::NONE),
                 {y}),
         "a stride of 0");
}
