// Greedy: some of the hottest intervals choose first and take a fast room where there is one; the rest,
// largest first, takes slow rooms and then what the fast ones have left. How many choose first is searched:
// with all of them a large cold interval may find no room that holds it. What fits is then improved by moving
// intervals to fast rooms, hottest first.
#include "codegen/memories.h"

#include <algorithm>
#include <numeric>

namespace halite::codegen {
namespace {

constexpr size_t kNowhere = SIZE_MAX;
constexpr int kTrials = 8;  ///< numbers of intervals that choose first
constexpr int kEffort = 20;

class Assigner {
 public:
  Assigner(const std::vector<Interval>& intervals, const std::vector<int64_t>& accesses,
           const std::vector<Overlap>& overlaps, const std::vector<Room>& rooms)
      : intervals_(intervals), accesses_(accesses), overlaps_(overlaps), rooms_(rooms) {
    for (const auto& i : intervals) align_ = std::max(align_, i.align);
    fast_first_.resize(rooms.size());
    std::iota(fast_first_.begin(), fast_first_.end(), 0);
    slow_first_ = fast_first_;
    std::stable_partition(fast_first_.begin(), fast_first_.end(), [&](size_t r) { return rooms[r].fast; });
    std::stable_partition(slow_first_.begin(), slow_first_.end(), [&](size_t r) { return !rooms[r].fast; });
  }

  Assignment run() {
    const auto hottest =
        order_by([&](size_t i) { return double(accesses_[i]) / double(intervals_[i].size); });
    const auto largest = order_by([&](size_t i) { return double(intervals_[i].size); });
    std::vector<size_t> best;
    int64_t least = 0;
    for (int trial = kTrials; trial >= 0; trial--) {
      const size_t first = intervals_.size() * size_t(trial) / kTrials;
      std::vector<size_t> order(hottest.begin(), hottest.begin() + std::ptrdiff_t(first));
      for (size_t i : largest) {
        if (std::find(order.begin(), order.begin() + std::ptrdiff_t(first), i) ==
            order.begin() + std::ptrdiff_t(first))
          order.push_back(i);
      }
      auto found = place(order, first);
      if (found.empty()) continue;
      promote(found, hottest);
      const int64_t cost = slow_accesses(found);
      if (best.empty() || cost < least) best = std::move(found), least = cost;
      if (least == 0) break;
    }
    return best.empty() ? finish(overflowing(largest), false) : finish(best, true);
  }

 private:
  template <class Key>
  std::vector<size_t> order_by(Key key) const {
    std::vector<size_t> order(intervals_.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return key(a) > key(b); });
    return order;
  }

  int64_t base(size_t room) const { return align_up(rooms_[room].reserved, align_); }

  /// What lies in a room, `extra` included, as the planner takes it.
  Plan plan_of(const std::vector<size_t>& room_of, size_t room, size_t extra, int effort, int64_t enough,
               std::vector<size_t>& members) const {
    members.clear();
    std::vector<Interval> intervals;
    std::vector<size_t> position(intervals_.size(), kNowhere);
    for (size_t i = 0; i < intervals_.size(); i++) {
      if (room_of[i] != room && i != extra) continue;
      position[i] = members.size();
      members.push_back(i);
      intervals.push_back(intervals_[i]);
    }
    std::vector<Overlap> overlaps;
    for (const auto& o : overlaps_) {
      if (position[o.upper] != kNowhere && position[o.lower] != kNowhere)
        overlaps.push_back({position[o.upper], position[o.lower], o.delta});
    }
    if (enough > 0) {
      const int64_t bound = plan_lower_bound(intervals, overlaps);
      if (bound > enough) return {{}, bound, bound};
    }
    return plan_memory(intervals, overlaps, effort, enough);
  }

  bool holds(const std::vector<size_t>& room_of, size_t room, size_t extra) const {
    const int64_t free = rooms_[room].bytes - base(room);
    if (intervals_[extra].size > free) return false;
    std::vector<size_t> members;
    return plan_of(room_of, room, extra, kEffort, free, members).bytes <= free;
  }

  /// Rooms by interval; empty if one finds none. The first of the order prefer fast rooms.
  std::vector<size_t> place(const std::vector<size_t>& order, size_t hot) const {
    std::vector<size_t> room_of(intervals_.size(), kNowhere);
    for (size_t n = 0; n < order.size(); n++) {
      const auto& rooms = n < hot ? fast_first_ : slow_first_;
      const auto found =
          std::find_if(rooms.begin(), rooms.end(), [&](size_t r) { return holds(room_of, r, order[n]); });
      if (found == rooms.end()) return {};
      room_of[order[n]] = *found;
    }
    return room_of;
  }

  void promote(std::vector<size_t>& room_of, const std::vector<size_t>& hottest) const {
    for (size_t i : hottest) {
      if (rooms_[room_of[i]].fast || accesses_[i] == 0) continue;
      for (size_t r : fast_first_) {
        if (!rooms_[r].fast || !holds(room_of, r, i)) continue;
        room_of[i] = r;
        break;
      }
    }
  }

  int64_t slow_accesses(const std::vector<size_t>& room_of) const {
    int64_t sum = 0;
    for (size_t i = 0; i < room_of.size(); i++) sum += rooms_[room_of[i]].fast ? 0 : accesses_[i];
    return sum;
  }

  /// For the error message: what finds no room goes to the largest.
  std::vector<size_t> overflowing(const std::vector<size_t>& order) const {
    const auto largest = std::max_element(rooms_.begin(), rooms_.end(),
                                          [&](const Room& a, const Room& b) { return a.bytes < b.bytes; });
    std::vector<size_t> room_of(intervals_.size(), kNowhere);
    for (size_t i : order) {
      const auto found = std::find_if(slow_first_.begin(), slow_first_.end(),
                                      [&](size_t r) { return holds(room_of, r, i); });
      room_of[i] = found == slow_first_.end() ? size_t(largest - rooms_.begin()) : *found;
    }
    return room_of;
  }

  Assignment finish(const std::vector<size_t>& room_of, bool fits) const {
    Assignment result{room_of, std::vector<int64_t>(intervals_.size()), {}, {}, fits};
    constexpr int kFinalEffort = 400;
    for (size_t r = 0; r < rooms_.size(); r++) {
      std::vector<size_t> members;
      const Plan plan = plan_of(room_of, r, kNowhere, kFinalEffort, 0, members);
      const int64_t from = members.empty() ? rooms_[r].reserved : base(r);
      for (size_t k = 0; k < members.size(); k++) result.offsets[members[k]] = from + plan.offsets[k];
      result.bytes.push_back(from + plan.bytes);
      result.lower_bounds.push_back(from + plan.lower_bound);
    }
    return result;
  }

  const std::vector<Interval>& intervals_;
  const std::vector<int64_t>& accesses_;
  const std::vector<Overlap>& overlaps_;
  const std::vector<Room>& rooms_;
  int64_t align_ = 1;
  std::vector<size_t> fast_first_, slow_first_;  // rooms in the order in which they are asked
};

}  // namespace

Assignment assign_rooms(const std::vector<Interval>& intervals, const std::vector<int64_t>& accesses,
                        const std::vector<Overlap>& overlaps, const std::vector<Room>& rooms) {
  return Assigner(intervals, accesses, overlaps, rooms).run();
}

}  // namespace halite::codegen
