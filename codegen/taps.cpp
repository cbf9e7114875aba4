// Of P pixels s apart, columns 0 to (P - 1) s + kw - 1 of each row are loaded once, in an order in which an
// address and the distance of two pixels, shifted by up to three bits, reach them with few additions. Sums,
// a row of weights, the value loaded, two addresses, and the distances of pixels and rows take P + kw + 5
// registers. https://developer.arm.com/documentation/ddi0403/ (LDRSB (register), MLA)
#include "codegen/taps.h"

#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Module.h>
#include <llvm/Transforms/Utils/ScalarEvolutionExpander.h>

#include <algorithm>
#include <array>

#include "codegen/assembly.h"
#include "codegen/chains.h"

namespace halite::codegen {
namespace {

using llvm::Value;

constexpr size_t kRegisters = 12;      ///< that leave what is around them some
constexpr int64_t kMostProducts = 72;  ///< that are written one by one

enum class Element : int64_t { i8, u8, i16 };

std::string load_of(Element e) { return e == Element::i8 ? "ldrsb " : e == Element::u8 ? "ldrb " : "ldrsh "; }
int64_t bytes_of(Element e) { return e == Element::i16 ? 2 : 1; }

/// What the text of a block depends on.
struct Taps {
  int64_t pixels, stride, kw, kh;
  Element input, weight;
  size_t registers() const { return size_t(pixels + kw + 5); }
};

/// A factor is a loaded element, widened.
struct Factor {
  const llvm::SCEV* address = nullptr;
  Element element{};
};

class Reader {
 public:
  Reader(llvm::BasicBlock& block, llvm::ScalarEvolution& evolution) : block_(block), evolution_(evolution) {}

  bool run(const std::vector<Chain>& chains) {
    const auto* columns = llvm::dyn_cast<llvm::ConstantInt>(chains[0][0]->getArgOperand(3));
    const auto count = int64_t(chains[0].size());
    if (!columns || columns->isZero() || count % columns->getSExtValue() != 0) return false;
    taps = {int64_t(chains.size()), 1, columns->getSExtValue(), count / columns->getSExtValue(), {}, {}};
    if (taps.kw < 2 || count * taps.pixels > kMostProducts || taps.registers() > kRegisters) return false;
    const Factor x = read(*chains[0][0], 0), w = read(*chains[0][0], 1);
    if (!x.address || !w.address) return false;
    input = x.address, weights = w.address, taps.input = x.element, taps.weight = w.element;
    distance = ahead(*chains[0][1], 0, input);
    row = taps.kh > 1 ? ahead(*chains[0][size_t(taps.kw)], 0, input) : 0;
    const auto pixel = taps.pixels > 1 ? ahead(*chains[1][0], 0, input) : distance;
    if (!distance || !row || !pixel || *distance <= 0 || *pixel % *distance != 0) return false;
    taps.stride = *pixel / *distance;
    return taps.stride > 0 && std::ranges::all_of(chains, [&, p = int64_t(0)](const Chain& chain) mutable {
             return agrees(chain, p++);
           });
  }

  Taps taps{};
  const llvm::SCEV *input = nullptr, *weights = nullptr;
  std::optional<int64_t> distance, row;  ///< bytes between pixels, and between rows

 private:
  Factor read(const llvm::CallInst& call, unsigned operand) const {
    const auto* wide = llvm::dyn_cast<llvm::CastInst>(call.getArgOperand(operand));
    if (!wide || !llvm::isa<llvm::SExtInst, llvm::ZExtInst>(wide)) return {};
    auto* load = llvm::dyn_cast<llvm::LoadInst>(wide->getOperand(0));
    // Weights are constants, which may be loaded at any time.
    if (!load || (operand == 0 && load->getParent() != &block_)) return {};
    const unsigned bits = load->getType()->getIntegerBitWidth();
    const bool is_signed = llvm::isa<llvm::SExtInst>(wide);
    if (bits != 8 && !(bits == 16 && is_signed)) return {};
    return {evolution_.getSCEV(load->getPointerOperand()), bits == 16  ? Element::i16
                                                           : is_signed ? Element::i8
                                                                       : Element::u8};
  }

  std::optional<int64_t> ahead(const llvm::CallInst& call, unsigned operand, const llvm::SCEV* first) const {
    const Factor factor = read(call, operand);
    if (!factor.address || factor.element != (operand == 0 ? taps.input : taps.weight)) return {};
    return bytes_between(factor.address, first, evolution_);
  }

  bool agrees(const Chain& chain, int64_t pixel) const {
    if (int64_t(chain.size()) != taps.kw * taps.kh) return false;
    for (int64_t t = 0; t < int64_t(chain.size()); t++) {
      const int64_t x = (pixel * taps.stride + t % taps.kw) * *distance + t / taps.kw * *row;
      if (ahead(*chain[size_t(t)], 0, input) != x) return false;
      if (ahead(*chain[size_t(t)], 1, weights) != t * bytes_of(taps.weight)) return false;
    }
    return true;
  }

  llvm::BasicBlock& block_;
  llvm::ScalarEvolution& evolution_;
};

/// Operands are numbered: sums, addresses of input and weights, the value loaded, a row of weights; behind
/// the inputs that begin with the first of these, distance of pixels, and what is left to the next row.
class Writer {
 public:
  explicit Writer(const Taps& taps) : taps_(taps) {
    const int64_t columns = (taps.pixels - 1) * taps.stride + taps.kw;
    for (int64_t c = 0; c < columns; c++) left_.push_back(c);
    plan();
    for (int64_t y = 0; y < taps.kh; y++) {
      for (int64_t k = 0; k < taps.kw; k++)
        line(load_of(taps.weight) + weight(k) + ", [" + weights() + "], #" +
             std::to_string(bytes_of(taps.weight)));
      for (const auto& [move, column, shift] : order_) visit(move, column, shift);
      if (y + 1 < taps.kh) line("add " + input() + ", " + rest());
    }
  }

  const std::string& text() const { return text_; }
  /// Pixels between the row's first and where its address ends.
  int64_t moved() const { return at_; }

 private:
  struct Visit {
    int64_t move;  ///< bits that the distance is shifted by, for the address to move on; -1: it stays
    int64_t column, shift;  ///< -1: the address itself
  };

  std::string reg(int64_t i) const { return "$" + std::to_string(i); }
  std::string input() const { return reg(taps_.pixels); }
  std::string weights() const { return reg(taps_.pixels + 1); }
  std::string value() const { return reg(taps_.pixels + 2); }
  std::string weight(int64_t k) const { return reg(taps_.pixels + 3 + k); }
  std::string distance() const { return reg(2 * taps_.pixels + 5 + taps_.kw); }
  std::string rest() const { return reg(2 * taps_.pixels + 6 + taps_.kw); }
  void line(const std::string& text) { text_ += text + "\n"; }

  static std::string shifted(const std::string& by, int64_t bits) {
    return bits > 0 ? by + ", lsl #" + std::to_string(bits) : by;
  }

  /// Takes all columns within reach, then moves so that most of the others are.
  void plan() {
    constexpr std::array<int64_t, 4> kSteps{1, 2, 4, 8};
    const auto reach = [&](int64_t from) {
      return std::ranges::count_if(
          left_, [&](int64_t c) { return c == from || std::ranges::find(kSteps, c - from) != kSteps.end(); });
    };
    int64_t move = -1;
    while (true) {
      for (int64_t shift = -1; shift < 4; shift++) {
        const int64_t column = at_ + (shift < 0 ? 0 : kSteps[size_t(shift)]);
        if (std::erase(left_, column)) order_.push_back({move, column, shift}), move = -1;
      }
      if (left_.empty()) return;
      move = 3;
      for (int64_t bits : {2, 1, 0})
        if (reach(at_ + kSteps[size_t(bits)]) >= reach(at_ + kSteps[size_t(move)])) move = bits;
      at_ += kSteps[size_t(move)];
    }
  }

  void visit(int64_t move, int64_t column, int64_t shift) {
    if (move >= 0) line("add " + input() + ", " + input() + ", " + shifted(distance(), move));
    line(load_of(taps_.input) + value() + ", [" + input() +
         (shift < 0 ? "" : ", " + shifted(distance(), shift)) + "]");
    for (int64_t p = 0; p < taps_.pixels; p++) {
      const int64_t k = column - p * taps_.stride;
      if (k >= 0 && k < taps_.kw) line("mla " + reg(p) + ", " + value() + ", " + weight(k) + ", " + reg(p));
    }
  }

  Taps taps_;
  std::vector<int64_t> left_;  ///< columns
  std::vector<Visit> order_;
  int64_t at_ = 0;
  std::string text_;
};

std::vector<Value*> numbers_of(const Taps& taps, llvm::IRBuilder<>& ir) {
  std::vector<Value*> numbers;
  for (const int64_t n : {taps.stride, taps.kw, taps.kh, int64_t(taps.input), int64_t(taps.weight)})
    numbers.push_back(ir.getInt16(uint16_t(n)));
  return numbers;
}

}  // namespace

bool call_taps(llvm::BasicBlock& block, llvm::ScalarEvolution& evolution) {
  const auto chains = read_chains(block, kTap, 2, kRegisters);
  Reader reader(block, evolution);
  if (chains.empty() || !reader.run(chains)) return false;
  auto* end = last_of(chains)->getNextNode();
  llvm::SCEVExpander expander(evolution, block.getModule()->getDataLayout(), "tap");
  llvm::IRBuilder<> ir(end);
  std::vector<Value*> arguments;
  for (const auto& chain : chains) arguments.push_back(chain[0]->getArgOperand(2));
  for (const auto* address : {reader.input, reader.weights})
    arguments.push_back(expander.expandCodeFor(address, ir.getPtrTy(), end));
  arguments.push_back(ir.getInt32(uint32_t(*reader.distance)));
  const int64_t moved = Writer(reader.taps).moved() * *reader.distance;
  arguments.push_back(ir.getInt32(uint32_t(*reader.row - moved)));
  std::vector<llvm::Type*> types;
  for (auto* number : numbers_of(reader.taps, ir)) arguments.push_back(number);
  for (const auto* argument : arguments) types.push_back(argument->getType());
  const std::vector<llvm::Type*> sums(chains.size(), ir.getInt32Ty());
  auto* type = llvm::FunctionType::get(llvm::StructType::get(block.getContext(), sums), types, false);
  auto* call = ir.CreateCall(
      block.getModule()->getOrInsertFunction(kTaps + std::to_string(reader.taps.pixels), type), arguments);
  call->setMemoryEffects(llvm::MemoryEffects::readOnly());
  call->setDoesNotThrow();
  for (unsigned p = 0; p < chains.size(); p++) {
    chains[p].back()->replaceAllUsesWith(ir.CreateExtractValue(call, p));
    erase(chains[p]);
  }
  return true;
}

void write_taps(llvm::CallInst& call) {
  const auto pixels = int64_t(llvm::cast<llvm::StructType>(call.getType())->getNumElements());
  const auto number = [&](int64_t i) {
    return llvm::cast<llvm::ConstantInt>(call.getArgOperand(unsigned(pixels + 4 + i)))->getSExtValue();
  };
  const Taps taps{pixels, number(0), number(1), number(2), Element(number(3)), Element(number(4))};
  const Writer writer(taps);
  const auto* first = call.arg_begin();
  const std::vector<Value*> changed(first, first + unsigned(pixels + 2)),
      kept(first + unsigned(pixels + 2), first + unsigned(pixels + 4));
  replace_by_assembly(call, writer.text(), changed, size_t(1 + taps.kw), kept);
}

}  // namespace halite::codegen
