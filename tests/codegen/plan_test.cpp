#include "codegen/plan.h"

#include <doctest/doctest.h>

#include <random>

using namespace halite::codegen;

namespace {

/// Offsets are aligned, inside the arena, and apart for intervals that are alive together.
void check_valid(const std::vector<Interval>& intervals, const Plan& plan) {
  REQUIRE(plan.offsets.size() == intervals.size());
  for (size_t i = 0; i < intervals.size(); i++) {
    CHECK(plan.offsets[i] % intervals[i].align == 0);
    CHECK(plan.offsets[i] + intervals[i].size <= plan.bytes);
    for (size_t j = 0; j < i; j++) {
      const bool together =
          intervals[i].first <= intervals[j].last && intervals[j].first <= intervals[i].last;
      const bool apart = plan.offsets[i] + intervals[i].size <= plan.offsets[j] ||
                         plan.offsets[j] + intervals[j].size <= plan.offsets[i];
      CHECK((!together || apart));
    }
  }
}

}  // namespace

TEST_CASE("a chain of tensors needs room for two neighbours") {
  const std::vector<Interval> chain{{100, 4, 0, 1}, {60, 4, 1, 2}, {100, 4, 2, 3}, {20, 4, 3, 4}};
  const Plan plan = plan_memory(chain);
  check_valid(chain, plan);
  CHECK(plan.lower_bound == 160);
  CHECK(plan.bytes == 160);
}

TEST_CASE("the search finds an order that plain largest-first misses") {
  // Largest first puts 6 at 0, 5 at 6, then 4 cannot lie under 5.
  const std::vector<Interval> intervals{{4, 1, 0, 1}, {5, 1, 1, 2}, {6, 1, 2, 3}, {3, 1, 0, 0}, {2, 1, 3, 4}};
  const Plan plan = plan_memory(intervals);
  check_valid(intervals, plan);
  CHECK(plan.bytes == plan.lower_bound);
}

TEST_CASE("few intervals are searched exactly") {
  std::mt19937 random(3);
  int met = 0;
  for (int round = 0; round < 20; round++) {
    std::vector<Interval> intervals;
    for (int i = 0; i < 12; i++) {
      const int first = int(random() % 8);
      intervals.push_back({int64_t(1 + random() % 50), 1, first, first + int(random() % 4)});
    }
    const Plan plan = plan_memory(intervals, {}, 0);
    check_valid(intervals, plan);
    met += plan.bytes == plan.lower_bound;
  }
  CHECK(met >= 17);  // not every bound can be met
}

TEST_CASE("intervals overlap as far as they may") {
  const std::vector<Interval> intervals{{100, 4, 0, 1}, {60, 4, 1, 2}};
  for (int64_t delta : {-8, 0, 24, 80}) {
    const Plan plan = plan_memory(intervals, {{1, 0, delta}});
    const bool apart = plan.offsets[1] >= plan.offsets[0] + 100 || plan.offsets[1] + 60 <= plan.offsets[0];
    CHECK((apart || plan.offsets[1] <= plan.offsets[0] + delta));
    CHECK(plan.lower_bound == (delta < 0 ? 108 : 100));
    CHECK(plan.bytes == plan.lower_bound);
  }
  CHECK(plan_memory(intervals, {{1, 0, -70}}).bytes == 160);
}

TEST_CASE("no intervals take no memory") {
  const Plan plan = plan_memory({});
  CHECK(plan.bytes == 0);
  CHECK(plan.lower_bound == 0);
}

TEST_CASE("random plans are valid, near the lower bound and the same every time") {
  std::mt19937 random(7);
  for (int round = 0; round < 30; round++) {
    std::vector<Interval> intervals;
    for (int i = 0; i < 40; i++) {
      const int first = int(random() % 30);
      intervals.push_back(
          {int64_t(1 + random() % 5000), int64_t{1} << (random() % 7), first, first + int(random() % 6)});
    }
    const Plan plan = plan_memory(intervals);
    check_valid(intervals, plan);
    CHECK(plan.bytes >= plan.lower_bound);
    CHECK(plan.bytes < 2 * plan.lower_bound);
    CHECK(plan_memory(intervals).offsets == plan.offsets);
  }
}
