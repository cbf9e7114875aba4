#include <algorithm>
#include <optional>

#include "ir/passes/simplify.h"

namespace halite::ir {
namespace {

bool is_whole(const Slice& s, const Shape& of) {
  if (s.sizes != of) return false;
  for (size_t i = 0; i < of.size(); ++i)
    if (of[i] > 1 && s.step[i] != 1) return false;
  return true;
}

// A step says nothing where at most one element is taken.
Slice with_plain_steps(Slice s) {
  for (size_t i = 0; i < s.sizes.size(); ++i)
    if (s.sizes[i] <= 1) s.step[i] = 1;
  return s;
}

// Slice of a concat along its axis: if one of the concat's operands holds all of it, a slice of that.
bool slice_of_concat(Rewriter& r, const Node& node, const Slice& s, const Node& concat) {
  const auto axis = static_cast<size_t>(std::get<Concat>(concat.op).axis);
  if (s.sizes[axis] == 0) return false;
  const int64_t first = s.start[axis], last = first + (s.sizes[axis] - 1) * s.step[axis];
  int64_t begin = 0;
  for (ValueId part : concat.inputs) {
    const int64_t extent = r.type(part).shape[axis];
    if (std::min(first, last) >= begin && std::max(first, last) < begin + extent) {
      Slice of_part = s;
      of_part.start[axis] -= begin;
      return replace_by(r, node, r.emit(node.name, with_plain_steps(of_part), {part}));
    }
    begin += extent;
  }
  return false;
}

// Slices that follow each other along the axis with step 1 and agree elsewhere, as one slice.
std::optional<Slice> joined(const Slice& a, const Slice& b, size_t axis) {
  for (size_t i = 0; i < a.sizes.size(); ++i)
    if (i != axis && (a.start[i] != b.start[i] || a.step[i] != b.step[i] || a.sizes[i] != b.sizes[i]))
      return {};
  if (a.step[axis] != 1 || b.step[axis] != 1 || b.start[axis] != a.start[axis] + a.sizes[axis]) return {};
  Slice both = a;
  both.sizes[axis] += b.sizes[axis];
  return both;
}

bool takes_all(const Slice& s, const Shape& of, size_t axis) {
  return s.sizes[axis] == of[axis] && (s.step[axis] == 1 || of[axis] == 1);
}

// A slice that fixes one of the two axes that a reshape made of x's axis k, as a slice of that axis; nullopt
// if the reshape or the slice are of another kind. `split` is the shape between them.
std::optional<Slice> slice_before_split(const Shape& x, const Shape& split, const Slice& s) {
  if (split.size() != x.size() + 1) return {};
  size_t k = 0;
  while (k < x.size() && x[k] == split[k]) ++k;
  if (k == x.size() || split[k] * split[k + 1] != x[k]) return {};
  for (size_t i = k + 1; i < x.size(); ++i)
    if (x[i] != split[i + 1]) return {};
  Slice out;
  for (size_t i = 0; i < split.size(); ++i) {
    if (i == k) continue;
    out.start.push_back(s.start[i]);
    out.step.push_back(s.step[i]);
    out.sizes.push_back(s.sizes[i]);
    if (i != k + 1 && !takes_all(s, split, i)) return {};
  }
  const int64_t inner = split[k + 1];
  if (s.sizes[k] == 1) {
    out.start[k] += s.start[k] * inner;
  } else if (s.sizes[k + 1] == 1) {
    out.start[k] += s.start[k] * inner;
    out.step[k] = s.step[k] * inner;
    out.sizes[k] = s.sizes[k];
  } else {
    return {};
  }
  return with_plain_steps(out);
}

}  // namespace

bool simplify_split(Rewriter& r, const Node& node, const Reshape& op) {
  const auto* s = r.defined_by<Slice>(node.inputs[0]);
  if (!s) return false;
  const ValueId split = r.producer(node.inputs[0])->inputs[0];
  if (!r.defined_by<Reshape>(split)) return false;
  const ValueId x = r.producer(split)->inputs[0];
  const auto direct = slice_before_split(r.type(x).shape, r.type(split).shape, *s);
  if (!direct || direct->sizes != op.shape) return false;
  return replace_by(r, node, r.emit(node.name, *direct, {x}));
}

bool simplify_slice(Rewriter& r, const Node& node, const Slice& s) {
  const ValueId x = node.inputs[0];
  if (is_whole(s, r.type(x).shape)) return replace_by(r, node, x);
  const Node* maker = r.producer(x);
  if (!maker) return false;
  if (const auto* inner = std::get_if<Slice>(&maker->op)) {
    Slice both = s;
    for (size_t i = 0; i < s.sizes.size(); ++i) {
      both.start[i] = s.sizes[i] == 0 ? 0 : inner->start[i] + s.start[i] * inner->step[i];
      both.step[i] = s.step[i] * inner->step[i];
    }
    return replace_by(r, node, r.emit(node.name, with_plain_steps(both), {maker->inputs[0]}));
  }
  return std::holds_alternative<Concat>(maker->op) && slice_of_concat(r, node, s, *maker);
}

bool simplify_concat(Rewriter& r, const Node& node, const Concat& c) {
  const auto axis = static_cast<size_t>(c.axis);
  std::vector<ValueId> parts;
  bool changed = false;
  for (ValueId v : node.inputs) {
    const Node* maker = r.producer(v);
    const auto* inner = maker ? std::get_if<Concat>(&maker->op) : nullptr;
    const bool repeated = std::count(node.inputs.begin(), node.inputs.end(), v) > 1;
    if (r.type(v).shape[axis] == 0 && node.inputs.size() > 1) {
      changed = true;
    } else if (inner && inner->axis == c.axis && r.read_only_here(v) && !repeated) {
      parts.insert(parts.end(), maker->inputs.begin(), maker->inputs.end());
      changed = true;
    } else {
      parts.push_back(v);
    }
  }
  if (parts.empty()) return false;  // everything is empty
  for (size_t i = 0; i + 1 < parts.size();) {
    const auto* a = r.defined_by<Slice>(parts[i]);
    const auto* b = r.defined_by<Slice>(parts[i + 1]);
    const bool siblings = a && b && r.producer(parts[i])->inputs == r.producer(parts[i + 1])->inputs;
    if (const auto both = siblings ? joined(*a, *b, axis) : std::nullopt) {
      parts[i] = r.emit(node.name, *both, r.producer(parts[i])->inputs);
      parts.erase(parts.begin() + static_cast<int64_t>(i) + 1);
      changed = true;
    } else {
      ++i;
    }
  }
  if (parts.size() == 1) return replace_by(r, node, parts[0]);
  return changed && replace_by(r, node, r.emit(node.name, c, std::move(parts)));
}

}  // namespace halite::ir
