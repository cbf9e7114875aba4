// See hidden.h.
#include "schedules/hidden.h"

namespace halite::schedules {
namespace {

using Halide::Expr;
using Halide::Internal::Call;

constexpr const char* kHidden = "hl_hidden";

/// Runs behind all else that Halide does with loops.
class Reveal : public Halide::Internal::IRMutator {
 public:
  Halide::Internal::Stmt mutate(const Halide::Internal::Stmt& stmt) override {
    const bool outermost = !inside_;
    inside_ = true;
    auto result = IRMutator::mutate(stmt);
    if (outermost) {
      inside_ = false;
      if (found_) result = Halide::Internal::simplify(result);
      found_ = false;
    }
    return result;
  }
  using IRMutator::mutate;

 protected:
  Expr visit(const Call* call) override {
    if (call->name != kHidden) return IRMutator::visit(call);
    found_ = true;
    return call->args[0];
  }
  using IRMutator::visit;

 private:
  bool inside_ = false, found_ = false;
};

}  // namespace

Expr hidden(int64_t value) {
  return Call::make(Halide::Int(32), kHidden, {Expr(static_cast<int>(value))}, Call::PureExtern);
}

void reveal_hidden(Halide::Pipeline& pipeline) { pipeline.add_custom_lowering_pass(new Reveal); }

}  // namespace halite::schedules
