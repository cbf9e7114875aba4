// Parallel loops: Halide's hook over an application's parallel-for, and the thread pool.
#include <doctest/doctest.h>

#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include "rt/abi.h"
#include "rt/platform/posix.h"

extern "C" int halide_do_par_for(void*, int (*)(void*, int, uint8_t*), int, int, uint8_t*);

namespace {

int mark(void* session, int i, uint8_t* closure) {
  auto& seen = *reinterpret_cast<std::vector<std::pair<void*, int>>*>(closure);
  seen.emplace_back(session, i);
  return 0;
}

struct Pool {
  explicit Pool(unsigned threads) : pool(halite_posix_pool_create(threads)) { REQUIRE(pool != nullptr); }
  ~Pool() { halite_posix_pool_destroy(pool); }
  halite_posix_pool* pool;
};

// Runs f(i) for 0 <= i < count on the pool.
template <class F>
void loop(const Pool& pool, int count, F f) {
  halite_posix_parallel_for(
      pool.pool, [](void* closure, int32_t i) { (*static_cast<F*>(closure))(i); }, &f, count);
}

}  // namespace

TEST_CASE("a parallel loop runs one after another when the session has no parallel-for") {
  halite_session s = {};
  std::vector<std::pair<void*, int>> seen;
  CHECK(halide_do_par_for(&s, mark, 5, 3, reinterpret_cast<uint8_t*>(&seen)) == 0);
  CHECK(seen == std::vector<std::pair<void*, int>>{{&s, 5}, {&s, 6}, {&s, 7}});
}

TEST_CASE("a parallel loop goes through the session's parallel-for") {
  halite_session s = {};
  int calls = 0;
  halite_set_parallel(
      &s,
      [](void* user, void (*task)(void*, int32_t), void* closure, int32_t count) {
        ++*static_cast<int*>(user);
        for (int32_t i = count; i-- > 0;) task(closure, i);
      },
      &calls);
  std::vector<std::pair<void*, int>> seen;
  halide_do_par_for(&s, mark, -1, 3, reinterpret_cast<uint8_t*>(&seen));
  CHECK(calls == 1);
  CHECK(seen == std::vector<std::pair<void*, int>>{{&s, 1}, {&s, 0}, {&s, -1}});
  halide_do_par_for(&s, mark, 0, 0, reinterpret_cast<uint8_t*>(&seen));
  halide_do_par_for(&s, mark, 9, 1, reinterpret_cast<uint8_t*>(&seen));
  CHECK(calls == 1);
  CHECK(seen.size() == 4);
}

TEST_CASE("the pool runs each iteration once, loop after loop") {
  Pool pool(4);
  CHECK(halite_posix_pool_threads(pool.pool) == 4);
  for (int count : {0, 1, 2, 3, 7, 64, 1000}) {
    for (int repeat = 0; repeat < 50; ++repeat) {
      std::vector<std::atomic<int>> runs(static_cast<size_t>(count));
      loop(pool, count, [&](int i) { ++runs[static_cast<size_t>(i)]; });
      for (auto& n : runs) REQUIRE(n == 1);
    }
  }
}

TEST_CASE("the pool's threads wake again after they went to sleep") {
  Pool pool(3);
  for (int repeat = 0; repeat < 5; ++repeat) {
    std::atomic<int> sum = 0;
    loop(pool, 100, [&](int i) { sum += i; });
    REQUIRE(sum == 4950);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

TEST_CASE("what iterations wrote is seen by the caller and by the next loop") {
  Pool pool(4);
  std::vector<int> a(512, 0), b(512, 0);
  for (int repeat = 0; repeat < 200; ++repeat) {
    loop(pool, 512, [&](int i) { a[static_cast<size_t>(i)] = b[static_cast<size_t>(511 - i)] + 1; });
    loop(pool, 512, [&](int i) { b[static_cast<size_t>(i)] = a[static_cast<size_t>(511 - i)]; });
  }
  CHECK(b == std::vector<int>(512, 200));
}

TEST_CASE("several callers may share a pool, and a loop inside a loop runs on its thread") {
  Pool pool(3);
  std::atomic<int> sum = 0;
  std::vector<std::thread> callers;
  for (int t = 0; t < 3; ++t)
    callers.emplace_back([&] {
      for (int repeat = 0; repeat < 100; ++repeat)
        loop(pool, 8, [&](int) { loop(pool, 4, [&](int i) { sum += i; }); });
    });
  for (auto& caller : callers) caller.join();
  CHECK(sum == 3 * 100 * 8 * 6);
}

TEST_CASE("a pool of one thread runs loops on the caller") {
  Pool pool(1);
  std::set<std::thread::id> threads;
  loop(pool, 10, [&](int) { threads.insert(std::this_thread::get_id()); });
  CHECK(threads == std::set<std::thread::id>{std::this_thread::get_id()});
  halite_posix_pool_destroy(nullptr);
  CHECK(halite_posix_pool_threads(nullptr) == 1);
}

TEST_CASE("a pool without a number has a thread per processor") {
  Pool pool(0);
  CHECK(halite_posix_pool_threads(pool.pool) >= 1);
  std::atomic<int> sum = 0;
  loop(pool, 100, [&](int i) { sum += i; });
  CHECK(sum == 4950);
}
