// The loops of products read weights, and inputs copied into panels, from one address to the next. LLVM
// makes pairs of such loads at most. LD1 of four registers takes no offset but moves its address on, so a
// stream's pointer is carried through the loop from one load to the next.
//
// Where LLVM finds no registers that follow each other, it keeps on the stack what was in them: the module is
// compiled with lists and without, and the shorter loops are taken.
#include "codegen/load_lists.h"

#include <llvm/ADT/StringExtras.h>
#include <llvm/Analysis/ScalarEvolutionExpressions.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/InlineAsm.h>
#include <llvm/IR/IntrinsicsAArch64.h>
#include <llvm/Transforms/Utils/Cloning.h>
#include <llvm/Transforms/Utils/Local.h>
#include <llvm/Transforms/Utils/ScalarEvolutionExpander.h>

#include <algorithm>
#include <span>
#include <vector>

#include "codegen/addresses.h"

namespace halite::codegen {
namespace {

using llvm::BasicBlock;
using llvm::Instruction;
using llvm::LoadInst;
using llvm::Value;
using Builder = llvm::IRBuilder<>;

constexpr int64_t kRegisterBytes = 16;

struct Place {
  int64_t offset;  ///< from the stream's first load that was found
  LoadInst* load;
};
struct Stream {
  const llvm::SCEVAddRecExpr* address;  ///< of the first that was found
  std::vector<Place> places;
};

class Lists {
 public:
  Lists(llvm::Function& function, const targets::Facts& facts)
      : addresses_(function), facts_(facts), size_(facts.load_list) {}

  bool run() {
    bool any = false;
    for (auto* loop : addresses_.loops().getLoopsInPreorder()) {
      if (!leaves_registers(*loop)) continue;
      for (auto& stream : streams_of(*loop)) {
        if (!is_read_whole(stream)) continue;
        join(stream, *loop);
        any = true;
      }
    }
    return any;
  }

 private:
  /// Of loops that are one block, for what it keeps and that it writes nothing is plain to see.
  bool leaves_registers(const llvm::Loop& loop) const {
    if (loop.getNumBlocks() != 1 || !loop.getLoopPreheader()) return false;
    int64_t kept = 0;
    for (const auto& phi : loop.getHeader()->phis()) kept += phi.getType()->isVectorTy();
    return kept + 3 * size_ <= facts_.vector_registers &&
           std::ranges::none_of(*loop.getHeader(), [](auto& i) { return i.mayWriteToMemory(); });
  }

  std::vector<Stream> streams_of(const llvm::Loop&);
  bool is_read_whole(Stream&);
  void join(const Stream&, const llvm::Loop&);

  Addresses addresses_;
  const targets::Facts& facts_;
  int64_t size_;
};

std::vector<Stream> Lists::streams_of(const llvm::Loop& loop) {
  std::vector<Stream> streams;
  for (auto& instruction : *loop.getHeader()) {
    auto* load = llvm::dyn_cast<LoadInst>(&instruction);
    if (!load || !load->isSimple() || !load->getType()->isVectorTy() ||
        load->getType()->getPrimitiveSizeInBits() != 8 * kRegisterBytes)
      continue;
    const auto* address =
        llvm::dyn_cast<llvm::SCEVAddRecExpr>(addresses_.evolution().getSCEV(load->getPointerOperand()));
    if (!address || address->getLoop() != &loop) continue;
    const auto stream = std::ranges::find_if(streams, [&](const Stream& s) {
      return s.places[0].load->getType() == load->getType() &&
             addresses_.distance(s.places[0].load->getPointerOperand(), load->getPointerOperand());
    });
    if (stream == streams.end()) {
      streams.push_back({address, {{0, load}}});
    } else {
      const auto offset =
          addresses_.distance(stream->places[0].load->getPointerOperand(), load->getPointerOperand());
      stream->places.push_back({*offset, load});
    }
  }
  return streams;
}

/// Whether a round of the loop reads lists of registers side by side up to where the next round begins. Puts
/// the loads in their order.
bool Lists::is_read_whole(Stream& stream) {
  std::ranges::sort(stream.places, {}, &Place::offset);
  const auto count = std::ssize(stream.places);
  for (int64_t i = 0; i < count; ++i)
    if (stream.places[i].offset != stream.places[0].offset + i * kRegisterBytes) return false;
  const auto* step =
      llvm::dyn_cast<llvm::SCEVConstant>(stream.address->getStepRecurrence(addresses_.evolution()));
  return count % size_ == 0 && step && step->getValue()->getSExtValue() == count * kRegisterBytes;
}

/// The address, as one that LLVM does not know to be a sum: it would take all of a round's from the first.
Value* hide(Builder& ir, Value* address) {
  auto* type = llvm::FunctionType::get(address->getType(), {address->getType()}, false);
  return ir.CreateCall(type, llvm::InlineAsm::get(type, "", "=r,0", false), {address});
}

/// The first of the block that uses one of the loads.
Instruction* first_use(std::span<const Place> list) {
  Instruction* first = list[0].load->getParent()->getTerminator();
  for (const auto& place : list) {
    for (auto* user : place.load->users()) {
      auto* use = llvm::cast<Instruction>(user);
      if (use->getParent() == first->getParent() && !llvm::isa<llvm::PHINode>(use) && use->comesBefore(first))
        first = use;
    }
  }
  return first;
}

void Lists::join(const Stream& stream, const llvm::Loop& loop) {
  auto* block = loop.getHeader();
  auto& evolution = addresses_.evolution();
  llvm::SCEVExpander expander(evolution, block->getDataLayout(), "stream");
  const auto* begin =
      llvm::cast<llvm::SCEVAddRecExpr>(evolution.getSCEV(stream.places[0].load->getPointerOperand()));
  auto* before = loop.getLoopPreheader();
  auto* type = stream.places[0].load->getPointerOperandType();
  Value* start = expander.expandCodeFor(begin->getStart(), type, before->getTerminator());
  Builder ir(block, block->begin());
  auto* pointer = ir.CreatePHI(type, 2);
  pointer->addIncoming(start, before);

  // Each list is loaded where it is needed first, and before those behind it.
  const auto lists = std::ssize(stream.places) / size_;
  std::vector<Instruction*> places(lists);
  Instruction* next = block->getTerminator();
  for (int64_t i = lists - 1; i >= 0; --i) {
    auto* use = first_use(std::span(stream.places).subspan(i * size_, size_));
    places[i] = next = use->comesBefore(next) ? use : next;
  }
  Value* address = pointer;
  for (int64_t i = 0; i < lists; ++i) {
    ir.SetInsertPoint(places[i]);
    if (i > 0) address = hide(ir, address);
    auto* loaded = ir.CreateIntrinsic(llvm::Intrinsic::aarch64_neon_ld1x4,
                                      {stream.places[0].load->getType(), type}, {address});
    for (int64_t j = 0; j < size_; ++j) {
      auto* load = stream.places[i * size_ + j].load;
      load->replaceAllUsesWith(ir.CreateExtractValue(loaded, unsigned(j)));
    }
    address = ir.CreateConstGEP1_64(ir.getInt8Ty(), address, uint64_t(size_ * kRegisterBytes));
  }
  pointer->addIncoming(address, block);
  for (const auto& place : stream.places) {
    evolution.forgetValue(place.load);
    llvm::RecursivelyDeleteTriviallyDeadInstructions(place.load);
  }
}

/// Instructions of a module's loops that are one block each.
int64_t instructions_in_loops(const Machine& machine, const llvm::Module& module) {
  const std::string text = machine.emit_assembly(*llvm::CloneModule(module));
  int64_t sum = 0, count = 0;
  llvm::StringRef block;
  for (llvm::StringRef line : llvm::split(text, '\n')) {
    line = line.split("//").first.rtrim();
    if (line.consume_back(":")) {
      block = line;
      count = 0;
    } else if (line.starts_with("\t") && !line.starts_with("\t.")) {
      ++count;
      if (line.ends_with(block)) sum += count;
    }
  }
  return sum;
}

}  // namespace

bool use_load_lists(llvm::Module& module, const targets::Facts& facts) {
  bool any = false;
  for (auto& function : module)
    if (!function.isDeclaration()) any |= Lists(function, facts).run();
  return any;
}

std::unique_ptr<llvm::Module> with_load_lists(std::unique_ptr<llvm::Module> module, const Machine& machine) {
  auto lists = llvm::CloneModule(*module);
  if (!use_load_lists(*lists, machine.facts())) return module;
  const bool shorter = instructions_in_loops(machine, *lists) < instructions_in_loops(machine, *module);
  return shorter ? std::move(lists) : std::move(module);
}

}  // namespace halite::codegen
