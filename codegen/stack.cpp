// Worst-case stack and code size of a linked object. LLVM leaves each function's frame size in .stack_sizes;
// since every function has a section of its own, the relocations of that section are its calls. Two edges are
// not calls in the text: the runtime calls kernels through the step table, which lies in the data that the
// model reaches, and halide_do_par_for calls a task that its caller names: the task's depth is counted on top
// of halide_do_par_for's. A cascade's kernels are called by rt_run_cascade, those of branches and loops by
// functions like it; which, the names of their tables say.
// Frames of RISC-V code that spills vector registers grow with the machine's vector length, which
// .stack_sizes does not tell: the depth of such code is unknown.
#include <llvm/Object/ELFObjectFile.h>
#include <llvm/Support/Endian.h>
#include <llvm/Support/LEB128.h>

#include <map>
#include <set>

#include "codegen/compile.h"
#include "codegen/object.h"
#include "ir/base/check.h"

namespace halite::codegen {
namespace {

using llvm::object::ELFObjectFileBase;
using llvm::object::SectionRef;

template <class T>
T take(llvm::Expected<T> value) {
  if (!value) check_failed("linked object", __FILE__, __LINE__, llvm::toString(value.takeError()));
  return std::move(*value);
}

/// sh_link of a section: for .stack_sizes the text section that it speaks of.
uint64_t link_of(const ELFObjectFileBase& object, const SectionRef& section) {
  const auto link = [&](const auto& elf) -> uint64_t {
    return elf.getSection(section.getRawDataRefImpl())->sh_link;
  };
  if (auto* elf = llvm::dyn_cast<llvm::object::ELF64LEObjectFile>(&object)) return link(*elf);
  return link(llvm::cast<llvm::object::ELF32LEObjectFile>(object));
}

/// Parts of the names of tables whose steps are run by a step's function; no name of a model holds a dot.
constexpr std::pair<const char*, const char*> kCallers[] = {
    {"_cascade", "rt_run_cascade"}, {"_control.branch", "rt_run_branch"}, {"_control.loop", "rt_run_loop"}};

class Depths {
 public:
  explicit Depths(const ELFObjectFileBase& object) : object_(object) {
    for (const auto& section : object.sections()) {
      if (take(section.getName()) == ".stack_sizes") read_frames(section);
      const auto relocated = take(section.getRelocatedSection());
      if (relocated == object.section_end()) continue;
      for (const auto& relocation : section.relocations()) {
        if (auto target = section_of(relocation.getSymbol()))
          references_[relocated->getIndex()].insert(*target);
      }
    }
    for (const auto& symbol : object.symbols()) {
      const auto section = section_of(symbol);
      if (!section) continue;
      const std::string name = take(symbol.getName()).str();
      named_[name] = *section;
      if (frames_.contains(*section)) continue;
      for (const auto& [table, caller] : kCallers)
        if (name.find(table) != std::string::npos) callers_[*section] = caller;
    }
  }

  /// Deepest chain of frames that starts in `function`; 0 if the object has no such function.
  int64_t from(const std::string& function) {
    const auto found = named_.find(function);
    return found == named_.end() ? 0 : depth(found->second);
  }

  /// Whether a frame that was looked at is as large as the machine's vectors make it.
  bool is_unknown() const { return unknown_; }

  /// Deepest chain that starts in any function that the data of `symbol` reaches.
  int64_t below_data(const std::string& symbol) {
    const auto found = named_.find(symbol);
    return found == named_.end() ? 0 : data_depth(found->second);
  }

 private:
  std::optional<uint64_t> section_of(llvm::object::symbol_iterator symbol) const {
    if (symbol == object_.symbol_end()) return {};
    const auto section = take(symbol->getSection());
    if (section == object_.section_end()) return {};
    return section->getIndex();
  }

  /// Records of an address (filled by a relocation, read by nobody) and a ULEB128 frame size.
  void read_frames(const SectionRef& section) {
    const auto contents = take(section.getContents());
    const size_t address_bytes = object_.getBytesInAddress();
    int64_t& deepest = frames_[link_of(object_, section)];
    for (size_t at = 0; at + address_bytes < contents.size();) {
      unsigned length = 0;
      deepest = std::max(deepest,
                         int64_t(llvm::decodeULEB128(contents.bytes_begin() + at + address_bytes, &length)));
      at += address_bytes + length;
    }
  }

  int64_t depth(uint64_t section) {
    if (const auto known = depths_.find(section); known != depths_.end()) return known->second;
    depths_[section] = 0;  // a function that names itself (a jump table) goes no deeper by that
    const auto parallel_for = named_.find("halide_do_par_for");
    int64_t below = 0, parallel = 0;
    for (uint64_t target : references_[section]) {
      if (target == section || !frames_.contains(target)) continue;
      const bool is_parallel = parallel_for != named_.end() && target == parallel_for->second;
      int64_t& deepest = is_parallel ? parallel : below;
      deepest = std::max(deepest, depth(target));
    }
    unknown_ |= has_scalable_frame(section);
    return depths_[section] = frames_[section] + unrecorded(section) + below + parallel;
  }

  /// What a function takes besides the recorded frame. On x86 the return address (elsewhere it is in a
  /// register, and saved in the frame); and what a frame loses that aligns the stack pointer for what it
  /// holds: once for where it begins and, on x86, once for its size, which is rounded up.
  int64_t unrecorded(uint64_t section) const {
    const auto contents = take((*section_at(section)).getContents());
    const bool is_x86 = object_.getArch() == llvm::Triple::x86_64;
    const bool is_arm32 = object_.makeTriple().isARM() || object_.makeTriple().isThumb();
    const int64_t guaranteed = is_x86 || is_arm32 ? 8 : 16;
    const int64_t lost = std::max<int64_t>(stack_alignment(contents) - guaranteed, 0);
    return is_x86 ? 8 + 2 * lost : lost;
  }

  /// To what the function aligns the stack pointer; 0: it does not. What looks so by chance costs a few
  /// bytes.
  int64_t stack_alignment(llvm::StringRef code) const {
    const auto half = [&](size_t at) -> uint32_t {
      return at + 2 <= code.size() ? llvm::support::endian::read16le(code.bytes_begin() + at) : 0;
    };
    const auto word = [&](size_t at) { return half(at) | half(at + 2) << 16; };
    const llvm::Triple triple = object_.makeTriple();
    int64_t align = 0;
    if (triple.getArch() == llvm::Triple::x86_64) {
      const size_t at = code.find("\x48\x83\xe4");  // and rsp, imm8
      if (at != code.npos && at + 3 < code.size()) align = -int64_t{static_cast<int8_t>(code[at + 3])};
    } else if (triple.isARM() || triple.isThumb()) {
      for (size_t at = 0; at + 4 <= code.size(); at += 2) {
        const bool moves = (half(at + 4) & 0xffc7) == 0x4685;             // mov sp, rd
        if (moves && half(at) == 0xf36f && (half(at + 2) & 0xf0e0) == 0)  // bfc rd, #0, #n
          align = std::max<int64_t>(align, int64_t{2} << (half(at + 2) & 31));
        // lsrs rd, rm, #n; lsls rd, rd, #n; mov sp, rd
        const bool shifts = half(at) >> 11 == 1 && half(at + 2) >> 11 == 0 &&
                            (half(at) >> 6 & 31) == (half(at + 2) >> 6 & 31);
        if (moves && shifts) align = std::max<int64_t>(align, int64_t{1} << (half(at) >> 6 & 31));
        if (triple.isARM() && (word(at) & 0xfff0f000) == 0xe3c0d000)  // bic sp, rn, #imm8
          align = std::max<int64_t>(align, (word(at) & 0xff) + 1);
        if (triple.isARM() && (word(at) & 0xffe0f07f) == 0xe7c0d01f)  // bfc sp, #0, #n
          align = std::max<int64_t>(align, int64_t{2} << (word(at) >> 16 & 31));
      }
    } else if (triple.isRISCV()) {
      for (size_t at = 0; at + 4 <= code.size(); at += 2) {
        if ((word(at) & 0x800fffff) == 0x80017113)  // andi sp, sp, -n
          align = std::max<int64_t>(align, -(int64_t{static_cast<int32_t>(word(at))} >> 20));
      }
    } else if (triple.isAArch64()) {
      for (size_t at = 0; at + 4 <= code.size(); at += 4) {
        if ((word(at) & 0xffc0001f) == 0x9240001f)  // and sp, xn, #mask: so many ones, at the upper end
          align = std::max<int64_t>(align, int64_t{1} << (63 - (word(at) >> 10 & 63)));
      }
    }
    return align;
  }

  llvm::object::section_iterator section_at(uint64_t index) const {
    return std::find_if(object_.section_begin(), object_.section_end(),
                        [&](const SectionRef& s) { return s.getIndex() == index; });
  }

  /// Reads the vector length (csrr rd, vlenb) and takes a register off the stack pointer (sub sp, sp, rs2).
  bool has_scalable_frame(uint64_t section) const {
    if (!object_.makeTriple().isRISCV()) return false;
    const auto contents = take((*section_at(section)).getContents());
    bool reads_length = false, takes_register = false;
    for (size_t at = 0; at + 4 <= contents.size(); at += 2) {
      const uint32_t word = llvm::support::endian::read32le(contents.bytes_begin() + at);
      reads_length |= (word & 0xfffff07f) == 0xc2202073;
      takes_register |= (word & 0xfe0fffff) == 0x40010133;
    }
    return reads_length && takes_register;
  }

  int64_t data_depth(uint64_t section) {
    if (frames_.contains(section)) return depth(section);
    if (const auto known = data_depths_.find(section); known != data_depths_.end()) return known->second;
    int64_t deepest = 0;
    for (uint64_t target : references_[section]) deepest = std::max(deepest, data_depth(target));
    if (const auto caller = callers_.find(section); caller != callers_.end()) deepest += from(caller->second);
    return data_depths_[section] = deepest;
  }

  const ELFObjectFileBase& object_;
  std::map<uint64_t, int64_t> frames_;                 // by text section
  std::map<uint64_t, int64_t> depths_;                 // memo of depth
  std::map<uint64_t, std::set<uint64_t>> references_;  // section -> sections that its relocations name
  std::map<std::string, uint64_t> named_;              // symbol -> section
  std::map<uint64_t, std::string> callers_;            // tables of steps: who calls their kernels
  bool unknown_ = false;
  std::map<uint64_t, int64_t> data_depths_;  // memo of data_depth
};

}  // namespace

ObjectFacts measure_object(const std::vector<uint8_t>& bytes, const std::string& model_symbol,
                           const std::string& excluded_section) {
  const llvm::StringRef text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto file = take(llvm::object::ObjectFile::createELFObjectFile({text, "linked"}));
  const auto& object = llvm::cast<ELFObjectFileBase>(*file);
  ObjectFacts facts;
  for (const auto& section : object.sections()) {
    const bool loaded = llvm::object::ELFSectionRef(section).getFlags() & llvm::ELF::SHF_ALLOC;
    const auto name = take(section.getName());
    if (!loaded || name == excluded_section || name.starts_with(kUnwindSections)) continue;
    facts.code_bytes += int64_t(section.getSize());
    facts.sections.emplace_back(name.str(), int64_t(section.getSize()));
  }
  Depths depths(object);
  facts.stack_bytes = depths.from("halite_run") + depths.below_data(model_symbol);
  if (depths.is_unknown()) facts.stack_bytes = kUnknownStack;
  return facts;
}

}  // namespace halite::codegen
