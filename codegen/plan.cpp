// First fit, ordered by size, is a good start for offline dynamic storage allocation
// (https://arxiv.org/abs/2001.03288); the order is then searched, since only it decides the result.
#include "codegen/plan.h"

#include <algorithm>
#include <numeric>
#include <random>

namespace halite::codegen {
namespace {

using Order = std::vector<size_t>;

bool meet(const Interval& a, const Interval& b) { return a.first <= b.last && b.first <= a.last; }

int64_t align_up(int64_t value, int64_t align) { return (value + align - 1) & -align; }

int64_t lower_bound_of(const std::vector<Interval>& intervals) {
  int last = 0;
  for (const auto& i : intervals) last = std::max(last, i.last);
  std::vector<int64_t> change(last + 2);
  for (const auto& i : intervals) {
    change[i.first] += i.size;
    change[i.last + 1] -= i.size;
  }
  int64_t live = 0, most = 0;
  for (int64_t c : change) most = std::max(most, live += c);
  return most;
}

/// Puts each interval, in order, at the lowest offset that is free for all of its life.
Plan first_fit(const std::vector<Interval>& intervals, const Order& order) {
  Plan plan{std::vector<int64_t>(intervals.size()), 0, 0};
  std::vector<size_t> placed;  // by offset
  for (size_t i : order) {
    int64_t offset = 0;
    for (size_t other : placed) {
      if (!meet(intervals[i], intervals[other])) continue;
      if (offset + intervals[i].size <= plan.offsets[other]) break;
      offset = std::max(offset, align_up(plan.offsets[other] + intervals[other].size, intervals[i].align));
    }
    plan.offsets[i] = offset;
    plan.bytes = std::max(plan.bytes, offset + intervals[i].size);
    placed.insert(std::upper_bound(placed.begin(), placed.end(), offset,
                                   [&](int64_t o, size_t p) { return o < plan.offsets[p]; }),
                  i);
  }
  return plan;
}

template <class Key>
Order order_by(const std::vector<Interval>& intervals, Key key) {
  Order order(intervals.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return key(intervals[a]) > key(intervals[b]); });
  return order;
}

}  // namespace

Plan plan_memory(const std::vector<Interval>& intervals, int effort) {
  const int64_t bound = lower_bound_of(intervals);
  const auto length = [](const Interval& i) { return int64_t{i.last} - i.first + 1; };
  Order best_order;
  Plan best;
  const auto consider = [&](const Order& order) {
    Plan plan = first_fit(intervals, order);
    if (!best_order.empty() && plan.bytes > best.bytes) return;
    best = std::move(plan);
    best_order = order;
  };
  consider(order_by(intervals, [](const Interval& i) { return i.size; }));
  consider(order_by(intervals, [&](const Interval& i) { return i.size * length(i); }));
  consider(order_by(intervals, [&](const Interval& i) { return length(i); }));
  consider(order_by(intervals, [](const Interval& i) { return -int64_t{i.first}; }));

  std::mt19937 random(1);
  for (int i = 0; i < effort && best.bytes > bound && intervals.size() > 2; i++) {
    Order order = best_order;
    for (int swaps = 1 + int(random() % 3); swaps > 0; swaps--) {
      const size_t from = random() % order.size(), to = random() % order.size();
      const size_t moved = order[from];
      order.erase(order.begin() + from);
      order.insert(order.begin() + to, moved);
    }
    consider(order);
  }
  best.lower_bound = bound;
  return best;
}

}  // namespace halite::codegen
