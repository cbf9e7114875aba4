// A run of steps as a block of assembly. A step of a tile of P pixels times C pairs of channels is
//   P loads of activations, 2 P SXTB16; C LDRD of weights, 2 C SXTB16; 8 P C SMLAD
// for 16 P C products, and its factors, sums, addresses and counter take 13 registers of the 14 that there
// are. Where it is known how far a second pixel lies from the first, a load adds it; otherwise its address
// takes the place of the second word of weights, which are then loaded one by one.
// https://developer.arm.com/documentation/ddi0403/ (SMLAD, SXTB16, LDRD)
#include <llvm/IR/Constants.h>

#include <algorithm>

#include "codegen/assembly.h"
#include "codegen/word_loop.h"

namespace halite::codegen {
namespace {

constexpr int64_t kMostIndex = 255;  ///< LDR's, when it moves the address on
/// Steps of a round that no other kernel shares.
constexpr int64_t kMostUnrolled = 2;

/// Behind sums and addresses of pixels: the address of weights, the count of rounds, numbers.
constexpr size_t kNumbers = 5, kOtherOperands = 2 + kNumbers;

/// The call as it was made (word_loop.h).
struct WordCall {
  explicit WordCall(const llvm::CallInst& call) {
    sums = llvm::cast<llvm::StructType>(call.getType())->getNumElements();
    pixels = call.arg_size() - sums - kOtherOperands;
    pairs = sums / pixels / 2;
    const auto number = [&](size_t i) {
      return llvm::cast<llvm::ConstantInt>(call.getArgOperand(unsigned(rounds_at() + 1 + i)))->getSExtValue();
    };
    distance = number(0), steps = number(1), rows = number(2), ahead = number(3);
    if (const auto* known = llvm::dyn_cast<llvm::ConstantInt>(call.getArgOperand(unsigned(rounds_at())))) {
      rounds = known->getSExtValue();
      // Nobody shares the block.
      int64_t unrolled = std::min(steps, kMostUnrolled);
      while (steps % unrolled != 0) unrolled--;
      rounds = *rounds * (steps / unrolled), steps = unrolled;
    }
    if (pixels == 2) second = second_pixel(call);
  }

  size_t rounds_at() const { return sums + pixels + 1; }

  size_t sums, pixels, pairs;
  int64_t distance, steps, rows, ahead;
  std::optional<int64_t> rounds, second;  ///< where they are known, and a load can add the second

 private:
  std::optional<int64_t> second_pixel(const llvm::CallInst& call) const {
    const auto* gep = llvm::dyn_cast<llvm::GetElementPtrInst>(call.getArgOperand(unsigned(sums + 1)));
    if (!gep || gep->getPointerOperand() != call.getArgOperand(unsigned(sums))) return {};
    if (!gep->getSourceElementType()->isIntegerTy(8)) return {};
    const auto* bytes = llvm::dyn_cast<llvm::ConstantInt>(gep->getOperand(1));
    if (!bytes || bytes->isNegative() || bytes->getSExtValue() > kMostWordOffset) return {};
    return bytes->getSExtValue();
  }
};

/// The text of the block. Operands are numbered: sums by pixel and channel, addresses of pixels, of weights,
/// counter, then what is free: two registers a pixel, two for weights.
class Writer {
 public:
  explicit Writer(const WordCall& call) : call_(call), loops_(call.rounds != 1) {
    if (loops_ || call.rows > 1) text_ += "1:\n";
    for (int64_t i = 0; i < call.steps; i++) step();
    if (call.rows > 1) {
      next_row();
    } else if (loops_) {
      line("subs $C, #1"), line("bne 1b");
    }
  }

  /// What the counter begins with, where that is known.
  int64_t count() const {
    return call_.rows == 1 ? *call_.rounds : loops_ ? *call_.rounds | (call_.rows - 1) << 16 : call_.rows;
  }
  size_t addresses() const { return call_.second ? 1 : call_.pixels; }
  /// Registers behind the counter.
  size_t scratch() const { return 2 * call_.pixels + (one_by_one() ? 1 : 2); }
  const std::string& text() const { return text_; }

 private:
  bool one_by_one() const { return addresses() == 2; }
  size_t pixel_address(size_t p) const { return call_.sums + (call_.second ? 0 : p); }
  size_t weights_address() const { return call_.sums + addresses(); }
  size_t counter() const { return weights_address() + 1; }
  size_t even(size_t p) const { return counter() + 1 + 2 * p; }
  size_t odd(size_t p) const { return even(p) + 1; }
  size_t weights(size_t i) const { return counter() + 1 + 2 * call_.pixels + i; }
  static std::string reg(size_t i) { return "$" + std::to_string(i); }

  void line(std::string text) {
    if (const size_t at = text.find("$C"); at != std::string::npos) text.replace(at, 2, reg(counter()));
    text_ += text + "\n";
  }

  /// The counter's upper half counts rows, the lower one what is left of a row.
  void next_row() {
    if (loops_) {
      line("subs $C, #1");
      line("lsls " + reg(weights(0)) + ", $C, #16");
      line("bne 1b");
    }
    for (size_t p = 0; p < addresses(); p++) {
      const std::string address = reg(pixel_address(p));
      line((call_.ahead < 0 ? "subw " : "addw ") + address + ", " + address + ", #" +
           std::to_string(std::abs(call_.ahead)));
    }
    if (loops_) {
      line("movw " + reg(weights(0)) + ", #" + std::to_string(*call_.rounds));
      line("add $C, " + reg(weights(0)));
      line("subs $C, #65536");
      line("bpl 1b");
    } else {
      line("subs $C, #1");
      line("bne 1b");
    }
  }

  void load_pixel(size_t p) {
    const std::string address = reg(pixel_address(p)), to = reg(odd(p));
    if (call_.second && p == 1)
      return line("ldr " + to + ", [" + address + ", #" + std::to_string(*call_.second) + "]");
    if (call_.distance <= kMostIndex)
      return line("ldr " + to + ", [" + address + "], #" + std::to_string(call_.distance));
    line("ldr " + to + ", [" + address + "]");
    line("addw " + address + ", " + address + ", #" + std::to_string(call_.distance));
  }

  void multiply(size_t channel, bool is_odd, size_t word) {
    for (size_t p = 0; p < call_.pixels; p++) {
      const std::string sum = reg(p * 2 * call_.pairs + channel);
      line("smlad " + sum + ", " + reg(is_odd ? odd(p) : even(p)) + ", " + reg(word) + ", " + sum);
    }
  }

  void step() {
    for (size_t p = call_.pixels; p-- > 0;) load_pixel(p);
    for (size_t p = 0; p < call_.pixels; p++) {
      line("sxtb16 " + reg(even(p)) + ", " + reg(odd(p)));
      line("sxtb16 " + reg(odd(p)) + ", " + reg(odd(p)) + ", ror #8");
    }
    const std::string from = "[" + reg(weights_address()) + "]";
    for (size_t pair = 0; pair < call_.pairs; pair++) {
      if (!one_by_one()) line("ldrd " + reg(weights(0)) + ", " + reg(weights(1)) + ", " + from + ", #8");
      for (const bool is_odd : {false, true}) {
        const size_t word = weights(one_by_one() ? 0 : is_odd);
        if (one_by_one()) line("ldr " + reg(word) + ", " + from + ", #4");
        multiply(2 * pair + 1, is_odd, word);
        line("sxtb16 " + reg(word) + ", " + reg(word));
        multiply(2 * pair, is_odd, word);
      }
    }
  }

  WordCall call_;
  bool loops_;
  std::string text_;
};

}  // namespace

void write_words(llvm::CallInst& call) {
  const WordCall words(call);
  const Writer writer(words);
  std::vector<llvm::Value*> changed(call.arg_begin(),
                                    call.arg_begin() + unsigned(words.sums + writer.addresses()));
  changed.push_back(call.getArgOperand(unsigned(words.rounds_at() - 1)));
  auto* i32 = llvm::Type::getInt32Ty(call.getContext());
  changed.push_back(words.rounds ? llvm::ConstantInt::get(i32, uint64_t(writer.count()))
                                 : call.getArgOperand(unsigned(words.rounds_at())));
  replace_by_assembly(call, writer.text(), changed, writer.scratch());
}

}  // namespace halite::codegen
