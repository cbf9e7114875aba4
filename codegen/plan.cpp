// First fit, ordered by size, is a good start for offline dynamic storage allocation
// (https://arxiv.org/abs/2001.03288); the order is then searched, since only it decides the result. Some
// order by ascending offset gives an optimal plan, so the exact search tries those alone.
#include "codegen/plan.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <random>

namespace halite::codegen {
namespace {

using Order = std::vector<size_t>;

constexpr size_t kExactIntervals = 24;       ///< at most so many are searched exactly
constexpr int64_t kExactPlacements = 60000;  ///< and with so many tries: some ten milliseconds

class Planner {
 public:
  Planner(const std::vector<Interval>& intervals, const std::vector<Overlap>& overlaps)
      : intervals_(intervals), overlaps_(overlaps), neighbours_(intervals.size()) {
    for (size_t i = 0; i < intervals.size(); i++) {
      for (size_t j = 0; j < intervals.size(); j++) {
        const auto &a = intervals[i], &b = intervals[j];
        if (i != j && a.first <= b.last && b.first <= a.last) neighbours_[i].push_back(neighbour(i, j));
      }
    }
  }

  int64_t lower_bound() const {
    int last = 0;
    for (const auto& i : intervals_) last = std::max(last, i.last);
    std::vector<int64_t> change(last + 2);
    const auto add = [&](int from, int to, int64_t bytes) {
      change[from] += bytes;
      change[to + 1] -= bytes;
    };
    for (const auto& i : intervals_) add(i.first, i.last, i.size);
    for (const auto& o : overlaps_) {
      const auto &upper = intervals_[o.upper], &lower = intervals_[o.lower];
      const int64_t ahead = std::max<int64_t>(0, -o.delta);
      const int64_t saved = upper.size + lower.size - std::max(upper.size, lower.size + ahead);
      const int from = std::max(upper.first, lower.first), to = std::min(upper.last, lower.last);
      if (saved > 0 && from <= to) add(from, to, -saved);
    }
    int64_t live = 0, most = 0;
    for (int64_t c : change) most = std::max(most, live += c);
    return most;
  }

  /// Puts each interval, in order, at the lowest offset that is free for all of its life.
  Plan first_fit(const Order& order) {
    start();
    for (size_t i : order) place(i, lowest_offset(i, 0));
    return plan_;
  }

  /// Improves `best` over all orders by ascending offset, or as many as the limit allows.
  void search_exactly(Plan& best, int64_t bound) {
    start();
    best_ = &best;
    bound_ = bound;
    tries_ = 0;
    extend(0, 0);
  }

 private:
  /// i must not begin in (at + low, at + high) if the neighbour is at `at`.
  struct Neighbour {
    size_t index;
    int64_t low, high;
  };

  Neighbour neighbour(size_t i, size_t j) const {
    Neighbour n{j, -intervals_[i].size, intervals_[j].size};
    for (const auto& o : overlaps_) {
      if (o.upper == i && o.lower == j) n.low = std::max(n.low, o.delta);
      if (o.upper == j && o.lower == i) n.high = std::min(n.high, -o.delta);
    }
    return n;
  }

  void start() {
    plan_ = {std::vector<int64_t>(intervals_.size()), 0, 0};
    placed_.assign(intervals_.size(), false);
  }

  void place(size_t i, int64_t offset) {
    plan_.offsets[i] = offset;
    plan_.bytes = std::max(plan_.bytes, offset + intervals_[i].size);
    placed_[i] = true;
  }

  int64_t lowest_offset(size_t i, int64_t from) {
    obstacles_.clear();
    for (const auto& n : neighbours_[i]) {
      if (!placed_[n.index]) continue;
      const int64_t at = plan_.offsets[n.index];
      obstacles_.push_back({at + n.low, align_up(at + n.high, intervals_[i].align)});
    }
    std::sort(obstacles_.begin(), obstacles_.end());
    int64_t offset = align_up(from, intervals_[i].align);
    for (const auto& [low, high] : obstacles_) {
      if (offset > low && offset < high) offset = high;
    }
    return offset;
  }

  /// Places all that is left, none below `from`. Gives up when the bound is met or the work is done.
  void extend(size_t count, int64_t from) {
    if (count == intervals_.size()) {
      *best_ = plan_;
      return;
    }
    for (size_t i = 0; i < intervals_.size(); i++) {
      if (placed_[i]) continue;
      if (++tries_ > kExactPlacements || best_->bytes <= bound_) return;
      const int64_t offset = lowest_offset(i, from), before = plan_.bytes;
      if (offset + intervals_[i].size >= best_->bytes) continue;
      place(i, offset);
      extend(count + 1, offset);
      placed_[i] = false;
      plan_.bytes = before;
    }
  }

  const std::vector<Interval>& intervals_;
  const std::vector<Overlap>& overlaps_;
  std::vector<std::vector<Neighbour>> neighbours_;
  Plan plan_;
  std::vector<bool> placed_;
  std::vector<std::pair<int64_t, int64_t>> obstacles_;
  Plan* best_ = nullptr;
  int64_t bound_ = 0, tries_ = 0;
};

template <class Key>
Order order_by(const std::vector<Interval>& intervals, Key key) {
  Order order(intervals.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return key(intervals[a]) > key(intervals[b]); });
  return order;
}

}  // namespace

int64_t plan_lower_bound(const std::vector<Interval>& intervals, const std::vector<Overlap>& overlaps) {
  return Planner(intervals, overlaps).lower_bound();
}

Plan plan_memory(const std::vector<Interval>& intervals, const std::vector<Overlap>& overlaps, int effort,
                 int64_t enough) {
  Planner planner(intervals, overlaps);
  const int64_t lower_bound = planner.lower_bound(), bound = std::max(lower_bound, enough);
  const auto length = [](const Interval& i) { return int64_t{i.last} - i.first + 1; };
  Order best_order;
  Plan best;
  const auto consider = [&](const Order& order) {
    Plan plan = planner.first_fit(order);
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
  if (best.bytes > bound && intervals.size() <= kExactIntervals) planner.search_exactly(best, bound);
  best.lower_bound = lower_bound;
  return best;
}

}  // namespace halite::codegen
