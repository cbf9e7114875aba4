// Registers from 0 on: the sums, row by row of them; then x; then weights. Sums are loaded before the loops
// and stored behind them; in a round all of x and weights are loaded and each of x meets each of weights.
#include "codegen/tile_registers.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/IntrinsicsX86.h>

#include <algorithm>
#include <array>
#include <bit>
#include <map>
#include <vector>

#include "ir/base/check.h"
#include "schedules/tile_registers.h"

namespace halite::codegen {
namespace {

using schedules::kTileRowBytes;
using schedules::TileCall;

/// What LDTILECFG loads: a palette, and for each register the bytes of a row and how many rows.
using Configuration = std::array<uint8_t, 64>;

/// A loop of the reduction.
struct Loop {
  int rounds, x, weights;  ///< bytes from a round to the next
};

int number(const llvm::CallInst& call, unsigned i) {
  return static_cast<int>(llvm::cast<llvm::ConstantInt>(call.getArgOperand(i))->getSExtValue());
}

class Product {
 public:
  explicit Product(llvm::CallInst& call) : ir_(&call), call_(call) {
    std::array<int, schedules::kTileNumbers> numbers;
    for (int& n : numbers) n = number(call, next_++);
    c_ = std::bit_cast<TileCall>(numbers);
    for (; next_ < call.arg_size(); next_ += 3)
      loops_.push_back({number(call, next_), number(call, next_ + 1), number(call, next_ + 2)});
  }

  Configuration configuration() const {
    Configuration bytes{};
    bytes[0] = 1;
    const auto set = [&](int r, int rows, int row_bytes) {
      bytes[size_t(16 + 2 * r)] = uint8_t(row_bytes);
      bytes[size_t(48 + r)] = uint8_t(rows);
    };
    for (int r = 0; r < c_.down * c_.across; ++r) set(r, c_.rows, kTileRowBytes);
    for (int r = 0; r < c_.down; ++r) set(x_register(r), c_.rows, c_.row_bytes);
    for (int r = 0; r < c_.across; ++r)
      set(weights_register(r), c_.row_bytes / schedules::kChunkBytes, kTileRowBytes);
    return bytes;
  }

  void make() {
    llvm::Value *sums = address(0), *x = address(1), *weights = address(2);
    each_sum([&](int r, int at) { move(llvm::Intrinsic::x86_tileloadd64, r, sums, at, c_.sums_stride); });
    loop(loops_.size(), x, weights);
    each_sum([&](int r, int at) { move(llvm::Intrinsic::x86_tilestored64, r, sums, at, c_.sums_stride); });
    call_.eraseFromParent();
  }

 private:
  llvm::Value* address(unsigned operand) {
    return ir_.CreateGEP(ir_.getInt8Ty(), call_.getArgOperand(2 * operand),
                         call_.getArgOperand(2 * operand + 1));
  }

  int sum_register(int down, int across) const { return down * c_.across + across; }
  int x_register(int down) const { return sum_register(c_.down, down); }
  int weights_register(int across) const { return x_register(c_.down + across); }

  void each_sum(auto&& f) {
    for (int d = 0; d < c_.down; ++d)
      for (int a = 0; a < c_.across; ++a) f(sum_register(d, a), d * c_.sums_down + a * kTileRowBytes);
  }

  void move(llvm::Intrinsic::ID id, int r, llvm::Value* base, int at, int stride) {
    auto* place = ir_.CreateConstGEP1_64(ir_.getInt8Ty(), base, uint64_t(at));
    ir_.CreateIntrinsic(id, {}, {ir_.getInt8(uint8_t(r)), place, ir_.getInt64(uint64_t(stride))});
  }

  llvm::Intrinsic::ID product() const {
    if (c_.x_signed == schedules::kBFloat16) return llvm::Intrinsic::x86_tdpbf16ps;
    if (c_.x_signed) return c_.weights_signed ? llvm::Intrinsic::x86_tdpbssd : llvm::Intrinsic::x86_tdpbsud;
    return c_.weights_signed ? llvm::Intrinsic::x86_tdpbusd : llvm::Intrinsic::x86_tdpbuud;
  }

  void round(llvm::Value* x, llvm::Value* weights) {
    for (int a = 0; a < c_.across; ++a)
      move(llvm::Intrinsic::x86_tileloadd64, weights_register(a), weights, a * kTileRowBytes,
           c_.weights_stride);
    for (int d = 0; d < c_.down; ++d) {
      move(llvm::Intrinsic::x86_tileloadd64, x_register(d), x, d * c_.x_down, c_.x_stride);
      for (int a = 0; a < c_.across; ++a)
        ir_.CreateIntrinsic(product(), {},
                            {ir_.getInt8(uint8_t(sum_register(d, a))), ir_.getInt8(uint8_t(x_register(d))),
                             ir_.getInt8(uint8_t(weights_register(a)))});
    }
  }

  /// The outermost `depth` loops.
  void loop(size_t depth, llvm::Value* x, llvm::Value* weights) {
    if (depth == 0) return round(x, weights);
    const Loop& l = loops_[depth - 1];
    auto* before = ir_.GetInsertBlock();
    auto* after = before->splitBasicBlock(ir_.GetInsertPoint());
    auto* body = llvm::BasicBlock::Create(ir_.getContext(), "", before->getParent(), after);
    before->getTerminator()->setSuccessor(0, body);
    ir_.SetInsertPoint(body);
    auto* i = ir_.CreatePHI(ir_.getInt32Ty(), 2);
    auto *x_now = ir_.CreatePHI(ir_.getPtrTy(), 2), *weights_now = ir_.CreatePHI(ir_.getPtrTy(), 2);
    auto* branch = ir_.CreateBr(after);  // what is in the loop goes before it
    ir_.SetInsertPoint(branch);
    loop(depth - 1, x_now, weights_now);
    const auto advance = [&](llvm::PHINode* phi, llvm::Value* first, llvm::Value* next) {
      phi->addIncoming(first, before);
      phi->addIncoming(next, ir_.GetInsertBlock());
    };
    auto* next = ir_.CreateAdd(i, ir_.getInt32(1));
    advance(i, ir_.getInt32(0), next);
    advance(x_now, x, ir_.CreateConstGEP1_64(ir_.getInt8Ty(), x_now, uint64_t(l.x)));
    advance(weights_now, weights, ir_.CreateConstGEP1_64(ir_.getInt8Ty(), weights_now, uint64_t(l.weights)));
    ir_.CreateCondBr(ir_.CreateICmpSLT(next, ir_.getInt32(uint32_t(l.rounds))), body, after);
    branch->eraseFromParent();
    ir_.SetInsertPoint(after, after->getFirstInsertionPt());
  }

  llvm::IRBuilder<> ir_;
  llvm::CallInst& call_;
  unsigned next_ = 6;
  TileCall c_{};
  std::vector<Loop> loops_;
};

void configure(llvm::Instruction* before, const Configuration& bytes) {
  llvm::IRBuilder<> ir(before);
  auto* data = llvm::ConstantDataArray::get(ir.getContext(), llvm::ArrayRef(bytes));
  auto* global = new llvm::GlobalVariable(*before->getModule(), data->getType(), true,
                                          llvm::GlobalValue::PrivateLinkage, data, "");
  global->setAlignment(llvm::Align(64));
  ir.CreateIntrinsic(llvm::Intrinsic::x86_ldtilecfg, {}, {global});
}

void release(llvm::Function& function) {
  for (auto& block : function) {
    if (!llvm::isa<llvm::ReturnInst>(block.getTerminator())) continue;
    llvm::IRBuilder<> ir(block.getTerminator());
    ir.CreateIntrinsic(llvm::Intrinsic::x86_tilerelease, {}, {});
  }
}

}  // namespace

void use_tile_registers(llvm::Module& module) {
  auto* callee = module.getFunction(schedules::kTileProduct);
  if (!callee) return;
  std::map<llvm::Function*, std::vector<llvm::CallInst*>> calls;
  for (auto* user : callee->users()) {
    auto* call = llvm::cast<llvm::CallInst>(user);
    calls[call->getFunction()].push_back(call);
  }
  for (auto& [function, all] : calls) {
    const Configuration first = Product(*all.front()).configuration();
    const bool same = std::ranges::all_of(
        all, [&](llvm::CallInst* call) { return Product(*call).configuration() == first; });
    if (same) configure(&*function->getEntryBlock().getFirstInsertionPt(), first);
    for (auto* call : all) {
      Product product(*call);
      if (!same) configure(call, product.configuration());
      product.make();
    }
    release(*function);
  }
  callee->eraseFromParent();
}

}  // namespace halite::codegen
