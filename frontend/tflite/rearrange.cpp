// Operators that put elements elsewhere: padding, blocks of space to channels or to the batch, reversal,
// repetition.
#include "frontend/decompose/decompose.h"
#include "frontend/decompose/movement.h"
#include "frontend/tflite/operators.h"

namespace halite::frontend {
namespace {

struct Ends {
  Axes before, after;  ///< one per axis
};

/// Operand 1: before and after for each axis of x.
Ends read_ends(const TfliteCall& call) {
  const auto list = call.known_integers(1, "paddings");
  if (static_cast<int64_t>(list.size()) != 2 * call.rank(0))
    reject_invalid("paddings has " + std::to_string(list.size()) + " numbers, but two for each axis of " +
                       ir::to_string(call.type(0)) + " are needed",
                   "paddings");
  Ends ends;
  for (size_t i = 0; i < list.size(); ++i) {
    if (list[i] < 0 || list[i] > INT32_MAX)
      reject_invalid("paddings has the number " + std::to_string(list[i]), "paddings");
    (i % 2 == 0 ? ends.before : ends.after).push_back(list[i]);
  }
  return ends;
}

int64_t read_block(const TfliteCall& call, int64_t block) {
  if (call.rank(0) != 4 || block < 1 || block > 4096)
    reject_invalid(
        "a block of " + std::to_string(block) + " does not fit the input " + ir::to_string(call.type(0)),
        "block_size");
  return block;
}

/// Operand 1, one extent for each spatial axis, and operand 2, two numbers for each.
struct Blocks {
  Axes extent;
  std::vector<int64_t> ends;
  int64_t count = 1;  ///< elements of a block
};

Blocks read_blocks(const TfliteCall& call, const char* ends) {
  Blocks blocks{call.known_integers(1, "block_shape"), call.known_integers(2, ends)};
  const auto axes = static_cast<int64_t>(blocks.extent.size());
  if (axes < 1 || axes + 1 > call.rank(0) || blocks.ends.size() != 2 * blocks.extent.size())
    reject_invalid(
        "block_shape and " + std::string(ends) + " do not fit the input " + ir::to_string(call.type(0)),
        "block_shape");
  for (const int64_t n : blocks.extent)
    if (n < 1 || n > 1 << 20)
      reject_invalid("block_shape has the number " + std::to_string(n), "block_shape");
  for (const int64_t n : blocks.ends)
    if (n < 0 || n > INT32_MAX)
      reject_invalid(std::string(ends) + " has the number " + std::to_string(n), ends);
  blocks.count = extent_of(blocks.extent, 0, axes);
  return blocks;
}

/// The mirror image with the edge repeated, at both ends of one axis.
V mirror(Builder& b, V x, int64_t axis, int64_t before, int64_t after) {
  const int64_t extent = b.shape(x)[axis];
  if (before > extent || after > extent)
    reject_invalid("it mirrors more elements than the " + std::to_string(extent) + " that axis " +
                       std::to_string(axis) + " has",
                   "paddings");
  std::vector<V> parts;
  if (before > 0) parts.push_back(reverse(b, b.slice(x, axis, 0, before), {axis}));
  parts.push_back(x);
  if (after > 0) parts.push_back(reverse(b, b.slice(x, axis, extent - after, after), {axis}));
  return b.concat(parts, axis);
}

}  // namespace

/// PAD and PADV2. Without a value of its own, what stands for 0.
std::vector<V> import_tflite_pad(TfliteCall& call) {
  const Ends ends = read_ends(call);
  const auto* q = call.output_quantization(0);
  double value = q ? static_cast<double>(q->zero_point[0]) : 0;
  if (call.has(2)) value = call.known_real(2, "constant_values");
  return {call.b.op(ir::Pad{ir::Pad::Mode::constant, ends.before, ends.after, value}, {call.in(0)})};
}

std::vector<V> import_tflite_mirror_pad(TfliteCall& call) {
  const Ends ends = read_ends(call);
  const auto& options = call.options<tflite::MirrorPadOptions>();
  if (options.mode() == tflite::MirrorPadMode::REFLECT)
    return {call.b.op(ir::Pad{ir::Pad::Mode::reflect, ends.before, ends.after, 0}, {call.in(0)})};
  V x = call.in(0);
  for (int64_t axis = 0; axis < call.rank(0); ++axis)
    x = mirror(call.b, x, axis, ends.before[axis], ends.after[axis]);
  return {x};
}

std::vector<V> import_tflite_reverse(TfliteCall& call) {
  return {reverse(call.b, call.in(0), normalize_axes(call.known_integers(1, "axis"), call.rank(0)))};
}

std::vector<V> import_tflite_tile(TfliteCall& call) {
  const auto repeats = call.known_integers(1, "multiples");
  if (static_cast<int64_t>(repeats.size()) != call.rank(0))
    reject_invalid("multiples has " + std::to_string(repeats.size()) + " numbers for a tensor of rank " +
                       std::to_string(call.rank(0)),
                   "multiples");
  for (const int64_t n : repeats)
    if (n < 0 || n > INT32_MAX) reject_invalid("multiples has the number " + std::to_string(n), "multiples");
  return {tile(call.b, call.in(0), repeats)};
}

/// Channels are y, x, c of a block.
std::vector<V> import_tflite_depth_to_space(TfliteCall& call) {
  Builder& b = call.b;
  const int64_t k = read_block(call, call.options<tflite::DepthToSpaceOptions>().block_size());
  const Shape s = call.shape(0);
  if (s[3] % (k * k) != 0)
    reject_invalid(
        "a block of " + std::to_string(k) + " does not divide the channels of " + ir::to_string(call.type(0)),
        "block_size");
  const V split = b.reshape(call.in(0), {s[0], s[1], s[2], k, k, s[3] / (k * k)});
  return {b.reshape(b.transpose(split, {0, 1, 3, 2, 4, 5}), {s[0], s[1] * k, s[2] * k, s[3] / (k * k)})};
}

std::vector<V> import_tflite_space_to_depth(TfliteCall& call) {
  Builder& b = call.b;
  const int64_t k = read_block(call, call.options<tflite::SpaceToDepthOptions>().block_size());
  const Shape s = call.shape(0);
  if (s[1] % k != 0 || s[2] % k != 0)
    reject_invalid(
        "a block of " + std::to_string(k) + " does not divide the picture of " + ir::to_string(call.type(0)),
        "block_size");
  const V split = b.reshape(call.in(0), {s[0], s[1] / k, k, s[2] / k, k, s[3]});
  return {b.reshape(b.transpose(split, {0, 1, 3, 2, 4, 5}),
                    {s[0], s[1] / k, s[2] / k, extent_of({s[3], k, k}, 0, 3)})};
}

std::vector<V> import_tflite_space_to_batch_nd(TfliteCall& call) {
  Builder& b = call.b;
  const Blocks blocks = read_blocks(call, "paddings");
  const auto axes = static_cast<int64_t>(blocks.extent.size());
  const auto* q = call.output_quantization(0);
  ir::Pad pad{ir::Pad::Mode::constant, Axes(static_cast<size_t>(call.rank(0)), 0),
              Axes(static_cast<size_t>(call.rank(0)), 0), q ? static_cast<double>(q->zero_point[0]) : 0};
  for (int64_t i = 0; i < axes; ++i) {
    pad.before[i + 1] = blocks.ends[2 * i];
    pad.after[i + 1] = blocks.ends[2 * i + 1];
  }
  const V padded = b.op(pad, {call.in(0)});
  const Shape s = b.shape(padded);
  // [n, y/by, by, x/bx, bx, rest] -> [by, bx, n, y/by, x/bx, rest]
  Shape split{s[0]}, joined{extent_of({s[0], blocks.count}, 0, 2)};
  std::vector<int64_t> perm;
  for (int64_t i = 0; i < axes; ++i) {
    if (s[i + 1] % blocks.extent[i] != 0)
      reject_invalid("its blocks do not divide the padded input " + ir::to_string(s), "block_shape");
    split.insert(split.end(), {s[i + 1] / blocks.extent[i], blocks.extent[i]});
    joined.push_back(s[i + 1] / blocks.extent[i]);
    perm.push_back(2 * i + 2);
  }
  perm.push_back(0);
  for (int64_t i = 0; i < axes; ++i) perm.push_back(2 * i + 1);
  for (int64_t i = axes + 1; i < call.rank(0); ++i) {
    perm.push_back(static_cast<int64_t>(split.size()));
    split.push_back(s[i]);
    joined.push_back(s[i]);
  }
  return {b.reshape(b.transpose(b.reshape(padded, split), perm), joined)};
}

std::vector<V> import_tflite_batch_to_space_nd(TfliteCall& call) {
  Builder& b = call.b;
  const Blocks blocks = read_blocks(call, "crops");
  const auto axes = static_cast<int64_t>(blocks.extent.size());
  const Shape s = call.shape(0);
  if (s[0] % blocks.count != 0)
    reject_invalid("its blocks do not divide the batch of " + ir::to_string(call.type(0)), "block_shape");
  // [by, bx, n, y, x, rest] -> [n, y, by, x, bx, rest]
  Shape split = blocks.extent, joined{s[0] / blocks.count};
  split.push_back(joined[0]);
  std::vector<int64_t> perm{axes};
  for (int64_t i = 0; i < axes; ++i) {
    perm.insert(perm.end(), {axes + 1 + i, i});
    joined.push_back(extent_of({s[i + 1], blocks.extent[i]}, 0, 2));
  }
  for (int64_t i = 1; i < call.rank(0); ++i) {
    if (i > axes) {
      perm.push_back(static_cast<int64_t>(split.size()));
      joined.push_back(s[i]);
    }
    split.push_back(s[i]);
  }
  V y = b.reshape(b.transpose(b.reshape(call.in(0), split), perm), joined);
  for (int64_t i = 0; i < axes; ++i) {
    const int64_t kept = joined[i + 1] - blocks.ends[2 * i] - blocks.ends[2 * i + 1];
    if (kept < 0) reject_invalid("crops take more than there is", "crops");
    y = b.slice(y, i + 1, blocks.ends[2 * i], kept);
  }
  return {y};
}

}  // namespace halite::frontend
