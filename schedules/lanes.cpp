#include "schedules/lanes.h"

#include "schedules/pointwise.h"
#include "schedules/types.h"

namespace halite::schedules {

using Halide::Expr;
using Halide::Func;
using Halide::LoopLevel;
using Halide::RDom;
using Halide::Var;

constexpr int kVectors = 4;  ///< accumulators side by side, to hide the latency of additions

LaneReduction reduce_along_lanes(const std::string& name, const std::vector<Var>& vars, const Monoid& monoid,
                                 int n, int lanes, const Halide::Region& others,
                                 const std::function<Expr(Expr, std::vector<Expr>)>& read) {
  LaneReduction r;
  r.total = Func(name);
  r.total(vars) = monoid.neutral;
  const auto indices = [](const RDom& dom) {
    std::vector<Expr> list;
    for (int i = 1; i < dom.dimensions(); i++) list.push_back(dom[i]);
    return list;
  };
  const auto domain = [&](int from, int count) {
    Halide::Region region{{from, count}};
    region.insert(region.end(), others.begin(), others.end());
    return RDom(region, "r");
  };
  const Expr total = r.total(std::vector<Expr>(vars.begin(), vars.end()));
  const int vectors = lanes > 1 ? std::min(kVectors, floor_pow2(n / lanes)) : 1;
  r.width = lanes > 1 && n >= lanes ? lanes * vectors : 1;
  int done = 0;
  if (r.width > 1) {
    const Var u("u");
    std::vector<Var> wide{u};
    wide.insert(wide.end(), vars.begin(), vars.end());
    r.partial = Func(name + "_lanes");
    r.partial(wide) = monoid.neutral;
    const RDom main = domain(0, n / r.width);
    const Expr sum = r.partial(std::vector<Expr>(wide.begin(), wide.end()));
    r.partial(wide) = monoid.combine(sum, read(main[0] * r.width + u, indices(main)));
    const RDom lane(0, r.width, "lane");
    std::vector<Expr> at{lane};
    at.insert(at.end(), vars.begin(), vars.end());
    r.total(vars) = monoid.combine(total, r.partial(at));
    done = n / r.width * r.width;
  }
  if (done < n || n == 0) {
    const RDom rest = domain(done, n - done);
    r.total(vars) = monoid.combine(total, read(rest[0], indices(rest)));
  }
  return r;
}

void schedule_lanes(LaneReduction& r, Func consumer, Var at, int lanes) {
  r.total.compute_at(consumer, at).store_in(Halide::MemoryType::Stack);
  if (r.width == 1) return;
  const Var u = r.partial.args()[0], lane("lane_u");
  r.partial.compute_at(consumer, at).store_in(Halide::MemoryType::Stack);
  r.partial.split(u, u, lane, lanes, Halide::TailStrategy::RoundUp).vectorize(lane).unroll(u);
  Halide::Stage update = r.partial.update(0);
  const Var outer("outer_u");
  update.split(u, outer, lane, lanes, Halide::TailStrategy::RoundUp);
  std::vector<Halide::VarOrRVar> order{lane, outer};
  for (const auto& rvar : r.partial.rvars(0)) order.push_back(rvar);
  for (size_t i = 1; i < r.partial.args().size(); i++) order.push_back(r.partial.args()[i]);
  update.reorder(order).vectorize(lane).unroll(outer);
  r.total.update(0).atomic().vectorize(r.total.rvars(0)[0]);
  // The remainder is a short scalar loop; said aloud, or Halide warns.
  if (r.total.num_update_definitions() > 1) r.total.update(1).unscheduled();
}

}  // namespace halite::schedules
