// TFLite_Detection_PostProcess: boxes from their offsets to anchors, then non-maximum suppression over the
// best class of each. The suppression is unrolled: one round for each detection takes the highest score that
// is left and strikes out what overlaps its box. Options are a map in flexbuffers form.
// https://github.com/tensorflow/models/blob/master/research/object_detection/core/post_processing.py
#include <flatbuffers/flexbuffers.h>

#include <algorithm>

#include "frontend/tflite/operators.h"

namespace halite::frontend {
namespace {

constexpr int64_t kMaxDetections = 256;

flexbuffers::Map read_options(const TfliteCall& call) {
  const auto* bytes = call.node().table->custom_options();
  std::vector<uint8_t> seen;
  if (!bytes || bytes->size() < 3 || !flexbuffers::VerifyBuffer(bytes->data(), bytes->size(), &seen))
    reject_invalid("its options are damaged");
  const auto root = flexbuffers::GetRoot(bytes->data(), bytes->size());
  if (!root.IsMap()) reject_invalid("its options are not a map");
  return root.AsMap();
}

/// Columns 0 to 3 of [n,4], each [n].
std::array<V, 4> columns(Builder& b, V x) {
  std::array<V, 4> parts;
  for (int64_t i = 0; i < 4; ++i) parts[i] = b.squeeze(b.slice(x, 1, i, 1), {1});
  return parts;
}

/// y and x of both corners, each [n], from y, x, height and width relative to the anchors.
std::array<V, 4> decode(TfliteCall& call, const flexbuffers::Map& options, int64_t boxes) {
  Builder& b = call.b;
  const auto code = columns(b, b.reshape(call.in(0), {boxes, 4})), anchor = columns(b, call.in(2));
  const char* kScales[] = {"y_scale", "x_scale", "h_scale", "w_scale"};
  std::array<V, 4> corners;
  for (size_t axis = 0; axis < 2; ++axis) {
    const double place = options[kScales[axis]].AsDouble(), size = options[kScales[axis + 2]].AsDouble();
    if (!(place > 0) || !(size > 0)) reject_invalid("its scales must be positive", kScales[axis]);
    const V centre = b.add(b.mul(b.mul(code[axis], 1 / place), anchor[axis + 2]), anchor[axis]);
    const V half = b.mul(b.mul(b.unary(Fn::exp, b.mul(code[axis + 2], 1 / size)), anchor[axis + 2]), 0.5);
    corners[axis] = b.sub(centre, half);
    corners[axis + 2] = b.add(centre, half);
  }
  return corners;
}

V area(Builder& b, const std::array<V, 4>& box) {
  return b.mul(b.sub(box[2], box[0]), b.sub(box[3], box[1]));
}

/// Intersection over union of each box with one; 0 where one of them is empty.
V overlap(Builder& b, const std::array<V, 4>& boxes, V areas, const std::array<V, 4>& one) {
  std::array<V, 2> sides;
  for (size_t axis = 0; axis < 2; ++axis)
    sides[axis] = b.unary(Fn::relu, b.sub(b.binary(Fn::min, boxes[axis + 2], one[axis + 2]),
                                          b.binary(Fn::max, boxes[axis], one[axis])));
  const V shared = b.mul(sides[0], sides[1]), other = area(b, one);
  const V filled =
      b.binary(Fn::logical_and, b.binary(Fn::greater, areas, 0), b.binary(Fn::greater, other, 0));
  const V ratio = b.div(shared, b.sub(b.add(areas, other), shared));
  return b.select(filled, ratio, b.scalar(0));
}

}  // namespace

/// Operands: boxes [1,n,4], scores [1,n,classes], perhaps with a background class first, anchors [n,4].
std::vector<V> import_tflite_detection_postprocess(TfliteCall& call) {
  Builder& b = call.b;
  const flexbuffers::Map options = read_options(call);
  if (call.rank(0) != 3 || call.rank(1) != 3 || call.rank(2) != 2)
    reject_invalid("its operands have other ranks");
  const int64_t n = call.shape(0)[1], columns_of_scores = call.shape(1)[2];
  const int64_t classes = options["num_classes"].AsInt64(), count = options["max_detections"].AsInt64();
  const int64_t background = columns_of_scores - classes;
  if (call.shape(0) != Shape{1, n, 4} || call.shape(1) != Shape{1, n, columns_of_scores} ||
      call.shape(2) != Shape{n, 4} || n < 1 || classes < 1 || background < 0 || background > 1)
    reject_invalid("its operands " + ir::to_string(call.type(0)) + ", " + ir::to_string(call.type(1)) +
                   " and " + ir::to_string(call.type(2)) + " do not fit each other and " +
                   std::to_string(classes) + " classes");
  if (count < 1 || count > kMaxDetections)
    reject_unsupported("it makes " + std::to_string(count) + " detections; 1 to " +
                           std::to_string(kMaxDetections) + " are supported",
                       "max_detections");
  if (options["max_classes_per_detection"].AsInt64() > 1)
    reject_unsupported("several classes for one box are not supported", "max_classes_per_detection");
  if (options["use_regular_nms"].AsBool())
    reject_unsupported("suppression class by class is not supported", "use_regular_nms");
  const double least = options["nms_score_threshold"].AsDouble();
  const double most_shared = options["nms_iou_threshold"].AsDouble();

  const auto boxes = decode(call, options, n);
  const V areas = area(b, boxes);
  const V scores = b.reshape(b.slice(call.in(1), 2, background, classes), {n, classes});
  const V kind = b.reshape(b.op(ir::ArgReduce{ir::ArgReduce::Kind::max, 1, false}, {scores}), {n});
  const V best = b.reduce(ir::Reduce::Kind::max, scores, {1}, false);
  const V none = b.scalar(-std::numeric_limits<double>::infinity()), zero = b.scalar(0), places = b.iota(n);
  V left = b.select(b.binary(Fn::greater_equal, best, least), best, none);
  std::vector<V> found_boxes, found_kinds, found_scores, valid;
  for (int64_t i = 0; i < count; ++i) {
    const V at = b.op(ir::ArgReduce{ir::ArgReduce::Kind::max, 0, false}, {left});  // [1]
    const V score = b.reduce(ir::Reduce::Kind::max, left, {0});
    const V is_one = b.binary(Fn::greater, score, none);
    const auto pick = [&](V list) { return b.op(ir::Gather{0}, {list, at}); };
    std::array<V, 4> box;
    for (size_t k = 0; k < 4; ++k) box[k] = pick(boxes[k]);
    const V struck =
        b.binary(Fn::logical_or, b.binary(Fn::greater, overlap(b, boxes, areas, box), most_shared),
                 b.binary(Fn::equal, places, at));
    left = b.select(struck, none, left);
    const auto keep = [&](V v) { return b.select(is_one, v, zero); };
    found_boxes.push_back(keep(b.concat({box[0], box[1], box[2], box[3]}, 0)));
    found_kinds.push_back(keep(b.cast(pick(kind), DType::f32)));
    found_scores.push_back(keep(score));
    valid.push_back(b.cast(is_one, DType::f32));
  }
  return {b.reshape(b.concat(found_boxes, 0), {1, count, 4}), b.reshape(b.concat(found_kinds, 0), {1, count}),
          b.reshape(b.concat(found_scores, 0), {1, count}), b.sum(b.concat(valid, 0), {0})};
}

}  // namespace halite::frontend
