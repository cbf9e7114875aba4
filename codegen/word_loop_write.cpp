// A run of steps as a block of assembly. A step of a tile of P pixels times C pairs of channels is
//   P loads of activations, 2 P SXTB16; C LDRD of weights, 2 C SXTB16; 8 P C SMLAD
// for 16 P C products, and its factors, sums, addresses and counter take 13 registers of the 14 that there
// are. https://developer.arm.com/documentation/ddi0403/ (SMLAD, SXTB16, LDRD)
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InlineAsm.h>
#include <llvm/IR/Module.h>
#include <llvm/Transforms/Utils/ScalarEvolutionExpander.h>

#include <algorithm>

#include "codegen/word_loop.h"

namespace halite::codegen {
namespace {

using llvm::Value;

constexpr int64_t kMostIndex = 255;  ///< LDR's, when it moves the address on
/// Steps: counting costs two instructions, a step 70 bytes of flash.
constexpr int64_t kMostUnrolled = 2;

/// The text of the block. Operands are numbered: sums by pixel and channel, addresses of pixels, of weights,
/// counter, then what is free: two registers a pixel, two for weights.
class Writer {
 public:
  Writer(const WordLoop& loop, std::optional<int64_t> second)
      : pixels_(loop.pixels.size()),
        pairs_(loop.pairs.size()),
        distance_(loop.distance),
        second_(second),
        sums_(loop.sums.size()) {
    int64_t unrolled = std::min(loop.steps, kMostUnrolled);
    while (loop.steps % unrolled != 0) unrolled--;
    count_ = loop.steps / unrolled;
    if (count_ > 1 || loop.rows > 1) text_ += "1:\n";
    for (int64_t i = 0; i < unrolled; i++) step();
    if (loop.rows > 1) {
      next_row(loop.row_distance - loop.steps * loop.distance);
      if (count_ > 1)
        count_ |= (loop.rows - 1) << 16;
      else
        count_ = loop.rows;
    } else if (count_ > 1) {
      line("subs $C, #1"), line("bne 1b");
    }
  }

  /// What the counter begins with.
  int64_t count() const { return count_; }
  size_t addresses() const { return second_ ? 1 : pixels_; }
  size_t registers() const { return sums_ + addresses() + 2 + 2 * pixels_ + 2; }
  const std::string& text() const { return text_; }

 private:
  size_t pixel_address(size_t p) const { return sums_ + (second_ ? 0 : p); }
  size_t weights_address() const { return sums_ + addresses(); }
  size_t counter() const { return weights_address() + 1; }
  size_t even(size_t p) const { return counter() + 1 + 2 * p; }
  size_t odd(size_t p) const { return even(p) + 1; }
  size_t weights(size_t i) const { return counter() + 1 + 2 * pixels_ + i; }
  static std::string reg(size_t i) { return "$" + std::to_string(i); }

  void line(std::string text) {
    if (const size_t at = text.find("$C"); at != std::string::npos) text.replace(at, 2, reg(counter()));
    text_ += text + "\n";
  }

  /// The counter's upper half counts rows, the lower one what is left of a row.
  void next_row(int64_t ahead) {
    if (count_ > 1) {
      line("subs $C, #1");
      line("lsls " + reg(weights(0)) + ", $C, #16");
      line("bne 1b");
    }
    for (size_t p = 0; p < addresses(); p++) {
      const std::string address = reg(pixel_address(p));
      line((ahead < 0 ? "subw " : "addw ") + address + ", " + address + ", #" +
           std::to_string(std::abs(ahead)));
    }
    if (count_ > 1) {
      line("movw " + reg(weights(0)) + ", #" + std::to_string(count_));
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
    if (second_ && p == 1)
      return line("ldr " + to + ", [" + address + ", #" + std::to_string(*second_) + "]");
    if (distance_ >= 0 && distance_ <= kMostIndex)
      return line("ldr " + to + ", [" + address + "], #" + std::to_string(distance_));
    line("ldr " + to + ", [" + address + "]");
    line("addw " + address + ", " + address + ", #" + std::to_string(distance_));
  }

  void multiply(size_t channel, bool is_odd, size_t word) {
    for (size_t p = 0; p < pixels_; p++) {
      const std::string sum = reg(p * 2 * pairs_ + channel);
      line("smlad " + sum + ", " + reg(is_odd ? odd(p) : even(p)) + ", " + reg(word) + ", " + sum);
    }
  }

  void step() {
    for (size_t p = pixels_; p-- > 0;) load_pixel(p);
    for (size_t p = 0; p < pixels_; p++) {
      line("sxtb16 " + reg(even(p)) + ", " + reg(odd(p)));
      line("sxtb16 " + reg(odd(p)) + ", " + reg(odd(p)) + ", ror #8");
    }
    for (size_t pair = 0; pair < pairs_; pair++) {
      line("ldrd " + reg(weights(0)) + ", " + reg(weights(1)) + ", [" + reg(weights_address()) + "], #8");
      for (const bool is_odd : {false, true}) {
        const size_t word = weights(is_odd);
        multiply(2 * pair + 1, is_odd, word);
        line("sxtb16 " + reg(word) + ", " + reg(word));
        multiply(2 * pair, is_odd, word);
      }
    }
  }

  size_t pixels_, pairs_;
  int64_t distance_;
  std::optional<int64_t> second_;
  size_t sums_;
  int64_t count_;
  std::string text_;
};

/// The distance of a second pixel, if a load can add it.
std::optional<int64_t> second_pixel(const WordLoop& loop, llvm::ScalarEvolution& evolution) {
  if (loop.pixels.size() != 2) return {};
  const auto bytes = bytes_between(loop.pixels[1], loop.pixels[0], evolution);
  return bytes >= 0 && bytes <= kMostWordOffset ? bytes : std::nullopt;
}

llvm::CallInst* make_call(llvm::IRBuilder<>& ir, const Writer& writer, const std::vector<Value*>& arguments) {
  std::vector<llvm::Type*> results(writer.registers(), ir.getInt32Ty()), types;
  for (size_t i = 0; i < arguments.size(); i++) types.push_back(results[i] = arguments[i]->getType());
  std::string constraints;
  for (size_t i = 0; i < writer.registers(); i++) constraints += "=&r,";
  for (size_t i = 0; i < arguments.size(); i++) constraints += std::to_string(i) + ",";
  constraints += "~{cc}";
  auto* result = llvm::StructType::get(ir.getContext(), results);
  auto* type = llvm::FunctionType::get(result, types, false);
  auto* call = ir.CreateCall(type, llvm::InlineAsm::get(type, writer.text(), constraints, true), arguments);
  call->setMemoryEffects(llvm::MemoryEffects::readOnly());
  call->setDoesNotThrow();
  return call;
}

}  // namespace

bool write_words(const WordLoop& loop, llvm::Instruction* end, llvm::ScalarEvolution& evolution) {
  const auto second = second_pixel(loop, evolution);
  const Writer writer(loop, second);
  constexpr size_t kRegisters = 13;
  if (loop.distance < 0 || loop.distance > kMostWordOffset || writer.registers() > kRegisters) return false;
  llvm::SCEVExpander expander(evolution, end->getModule()->getDataLayout(), "word");
  llvm::IRBuilder<> ir(end);
  std::vector<Value*> arguments;
  for (const auto& [place, sum] : loop.sums) arguments.push_back(sum.start);
  for (size_t p = 0; p < writer.addresses(); p++)
    arguments.push_back(expander.expandCodeFor(loop.pixels[p], ir.getPtrTy(), end));
  arguments.push_back(expander.expandCodeFor(loop.weights, ir.getPtrTy(), end));
  arguments.push_back(ir.getInt32(uint32_t(writer.count())));
  auto* call = make_call(ir, writer, arguments);
  unsigned i = 0;
  for (const auto& [place, sum] : loop.sums) sum.call->replaceAllUsesWith(ir.CreateExtractValue(call, i++));
  return true;
}

}  // namespace halite::codegen
