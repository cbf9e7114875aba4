// Normalisations. https://onnx.ai/onnx/operators/onnx__LayerNormalization.html
#include "frontend/decompose/decompose.h"
#include "frontend/onnx/operators.h"

namespace halite::frontend {
namespace {

void need_channels(const OnnxCall& call, int64_t least_rank = 2) {
  if (call.rank(0) < least_rank)
    reject_invalid("its input " + ir::to_string(call.type(0)) + " has no channel axis; rank " +
                   std::to_string(least_rank) + " or more is needed");
}

/// A vector [c] as [c,1,..,1], to meet a tensor [n,c,...].
V per_channel(OnnxCall& call, size_t i) {
  const Shape& shape = call.shape(i);
  if (shape != Shape{call.shape(0)[1]})
    reject_invalid("input " + std::to_string(i) + " is " + ir::to_string(call.type(i)) +
                   ", but one number for each of " + std::to_string(call.shape(0)[1]) +
                   " channels is needed");
  Shape along(static_cast<size_t>(call.rank(0) - 1), 1);
  along[0] = shape[0];
  return call.b.reshape(call.in(i), along);
}

}  // namespace

/// With the statistics of the input itself; the running ones move towards them.
static std::vector<V> batch_norm_of_batch(OnnxCall& call) {
  Builder& b = call.b;
  for (size_t i = 1; i < 5; ++i) per_channel(call, i);
  Axes axes = axis_range(1, call.rank(0));
  axes[0] = 0;  // all but the channels
  const V x = call.in(0), mean = b.mean(x, axes);
  const V variance = b.mean(b.square(b.sub(x, mean)), axes);
  const auto vector = [&](V v) { return b.reshape(v, {call.shape(0)[1]}); };
  const double momentum = call.real("momentum", 0.9f);
  const auto running = [&](size_t i, V of_batch) {
    const V now = b.cast(vector(of_batch), call.type(i).dtype);
    return b.add(b.mul(call.in(i), momentum), b.mul(now, 1 - momentum));
  };
  const V y = batch_norm(b, x, call.in(1), call.in(2), vector(mean), vector(variance), 1,
                         call.real("epsilon", 1e-5f));
  return {y, running(3, mean), running(4, variance)};
}

std::vector<V> import_batch_norm(OnnxCall& call) {
  need_channels(call);
  if (call.version >= 14 && call.flag("training_mode", false)) return batch_norm_of_batch(call);
  call.ignore({"momentum", "consumed_inputs"});
  if (call.version < 7 ? !call.flag("is_test", false) : call.flag("training_mode", false))
    reject_unsupported("it is in training mode; export the model for inference",
                       call.version < 7 ? "is_test" : "training_mode");
  if (call.version < 9 && !call.flag("spatial", true))
    reject_unsupported("one mean for each element is not supported, only one for each channel", "spatial");
  for (size_t i = 1; i < 5; ++i) per_channel(call, i);
  return {batch_norm(call.b, call.in(0), call.in(1), call.in(2), call.in(3), call.in(4), 1,
                     call.real("epsilon", 1e-5f))};
}

std::vector<V> import_instance_norm(OnnxCall& call) {
  Builder& b = call.b;
  need_channels(call, 3);
  call.ignore({"consumed_inputs"});
  const V y = normalize(b, call.in(0), axis_range(2, call.rank(0)), call.real("epsilon", 1e-5f)).y;
  return {b.add(b.mul(y, per_channel(call, 1)), per_channel(call, 2))};
}

std::vector<V> import_group_norm(OnnxCall& call) {
  Builder& b = call.b;
  need_channels(call);
  call.ignore({"stash_type"});
  const Shape s = call.shape(0);
  const int64_t groups = call.required_integer("num_groups");
  if (groups < 1 || s[1] % groups != 0)
    reject_invalid("num_groups is " + std::to_string(groups) + ", which does not divide the " +
                       std::to_string(s[1]) + " channels",
                   "num_groups");
  const V rows = b.reshape(call.in(0), {s[0], groups, s[1] / groups * extent_of(s, 2, call.rank(0))});
  V y = b.reshape(normalize(b, rows, {2}, call.real("epsilon", 1e-5f)).y, s);
  // Version 18 had one scale a group, 21 has one a channel.
  const auto parameter = [&](size_t i) {
    if (call.version >= 21 || call.shape(i) != Shape{groups}) return per_channel(call, i);
    Shape along(static_cast<size_t>(call.rank(0) - 1), 1);
    along[0] = s[1];
    const V repeated = b.broadcast(b.reshape(call.in(i), {groups, 1}), {groups, s[1] / groups});
    return b.reshape(repeated, along);
  };
  return {b.add(b.mul(y, parameter(1)), parameter(2))};
}

std::vector<V> import_layer_norm(OnnxCall& call) {
  Builder& b = call.b;
  call.ignore({"stash_type"});
  const int64_t axis = normalize_axis(call.integer("axis", -1), call.rank(0));
  const Normalized n = normalize(b, call.in(0), axis_range(axis, call.rank(0)), call.real("epsilon", 1e-5f));
  const V scaled = b.mul(n.y, call.in(1));
  return {call.has(2) ? b.add(scaled, call.in(2)) : scaled, n.mean, n.inverse_deviation};
}

std::vector<V> import_rms_norm(OnnxCall& call) {
  call.ignore({"stash_type"});
  const int64_t axis = normalize_axis(call.integer("axis", -1), call.rank(0));
  const V y = rms_normalize(call.b, call.in(0), axis_range(axis, call.rank(0)), call.real("epsilon", 1e-5f));
  return {call.b.mul(y, call.in(1))};
}

std::vector<V> import_lp_norm(OnnxCall& call) {
  const int64_t p = call.integer("p", 2);
  if (p != 1 && p != 2) reject_invalid("p is " + std::to_string(p) + "; 1 and 2 exist", "p");
  return {lp_normalize(call.b, call.in(0), normalize_axis(call.integer("axis", -1), call.rank(0)), p)};
}

std::vector<V> import_mean_variance_norm(OnnxCall& call) {
  const Axes axes = normalize_axes(call.integers("axes").value_or(Axes{0, 2, 3}), call.rank(0));
  return {normalize(call.b, call.in(0), axes, 1e-9).y};
}

std::vector<V> import_lrn(OnnxCall& call) {
  need_channels(call);
  const int64_t size = call.required_integer("size");
  if (size < 1 || size > 1 << 20) reject_invalid("size is " + std::to_string(size), "size");
  return {local_response_norm(call.b, call.in(0), size, call.real("alpha", 1e-4f), call.real("beta", 0.75f),
                              call.real("bias", 1))};
}

}  // namespace halite::frontend
