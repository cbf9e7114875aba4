// Sums of a row of tiles of which the last is not whole: the same with hidden factors as without, their loop
// there once instead of twice.
#include "schedules/hidden.h"

#include <doctest/doctest.h>

#include <vector>

namespace halite::schedules {
namespace {

using Halide::Func;
using Halide::Var;

constexpr int kColumns = 45, kTile = 4, kPerTask = 5, kSteps = 6;

class CountLoops : public Halide::Internal::IRVisitor {
 public:
  int sums = 0, calls = 0;

 protected:
  void visit(const Halide::Internal::For* loop) override {
    if (loop->name.find("r$x") != std::string::npos) sums++;
    IRVisitor::visit(loop);
  }
  void visit(const Halide::Internal::Call* call) override {
    if (call->name.starts_with("hl_")) calls++;
    IRVisitor::visit(call);
  }
  using IRVisitor::visit;
};

struct Case {
  bool hides, unrolls;
  int sums;  ///< loops that there are
};

void check(const Case& c) {
  CAPTURE(c.hides);
  CAPTURE(c.unrolls);
  Var x("x"), xt("xt"), xi("xi"), once("once"), task("task");
  Halide::RDom r(0, kSteps, "r");
  Func acc("acc"), out("out");
  acc(x) = 0;
  acc(x) += x * r;
  out(x) = acc(x) + 1;
  out.bound(x, 0, kColumns).split(x, xt, xi, kTile, Halide::TailStrategy::GuardWithIf);
  out.split(xt, xt, once, c.hides ? min(hidden(1), 1) : Halide::Expr(1), Halide::TailStrategy::RoundUp);
  out.split(xt, task, xt, c.hides ? hidden(kPerTask) : Halide::Expr(kPerTask),
            Halide::TailStrategy::GuardWithIf);
  out.reorder(xi, once, xt, task).parallel(task);
  if (c.unrolls) out.unroll(once);
  acc.compute_at(out, xt).bound_extent(x, kTile).unroll(x).update().reorder(x, r).unroll(x);
  acc.store_in(Halide::MemoryType::Stack);

  Halide::Pipeline pipeline(out);
  reveal_hidden(pipeline);
  const auto module = pipeline.compile_to_module({}, "sums");
  CountLoops count;
  for (const auto& function : module.functions()) function.body.accept(&count);
  CHECK(count.sums == c.sums);
  CHECK(count.calls == 0);
  std::vector<int> got(kColumns + 1, -1);
  Halide::Buffer<int> view(got.data(), kColumns);
  pipeline.realize(view);
  for (int i = 0; i < kColumns; i++) CHECK(got[i] == i * kSteps * (kSteps - 1) / 2 + 1);
  CHECK(got[kColumns] == -1);
}

TEST_CASE("what a factor of a split hides is not copied") {
  check({.hides = false, .unrolls = false, .sums = 2});
  check({.hides = true, .unrolls = false, .sums = 1});
  check({.hides = true, .unrolls = true, .sums = 1});
}

}  // namespace
}  // namespace halite::schedules
