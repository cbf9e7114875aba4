// What an object is made of: sections under the names that were asked for, and no instruction of a feature
// that was switched off.
#include <doctest/doctest.h>
#include <elf.h>

#include <cstring>
#include <map>

#include "codegen/compile.h"
#include "ir/text.h"
#include "tests/support/error_text.h"

using namespace halite;
using namespace halite::codegen;

namespace {

constexpr const char* kNet = R"(graph "net" (%x: i8[1,9,9,8]) -> (%c) {
  const %w: i8[12,3,3,8] = #0000000000000002
  %c: i32[1,9,9,12] = conv2d(%x, %w) pad=[1,1,1,1]
})";

Artifact compile_for(CompileOptions options) {
  options.name = "net";
  const auto graph = ir::parse(kNet);
  REQUIRE_MESSAGE(graph, error_text(graph));
  auto artifact = compile(*graph, options);
  REQUIRE_MESSAGE(artifact, error_text(artifact));
  return *std::move(artifact);
}

struct Section {
  uint64_t bytes = 0, flags = 0;
  uint32_t type = 0;
};

using Sections = std::multimap<std::string, Section>;

template <class Header, class SectionHeader>
Sections read_sections(const std::vector<uint8_t>& object) {
  Header header;
  std::memcpy(&header, object.data(), sizeof header);
  std::vector<SectionHeader> rows(header.e_shnum);
  std::memcpy(rows.data(), object.data() + header.e_shoff, rows.size() * sizeof(SectionHeader));
  const auto* names = reinterpret_cast<const char*>(object.data() + rows[header.e_shstrndx].sh_offset);
  Sections sections;
  for (const auto& row : rows)
    sections.emplace(names + row.sh_name, Section{row.sh_size, row.sh_flags, row.sh_type});
  return sections;
}

Sections sections_of(const std::vector<uint8_t>& object) {
  REQUIRE(object.size() > sizeof(Elf64_Ehdr));
  return object[EI_CLASS] == ELFCLASS64 ? read_sections<Elf64_Ehdr, Elf64_Shdr>(object)
                                        : read_sections<Elf32_Ehdr, Elf32_Shdr>(object);
}

uint64_t bytes_of(const Sections& sections, const std::string& name) {
  uint64_t bytes = 0;
  const auto [begin, end] = sections.equal_range(name);
  for (auto it = begin; it != end; ++it) bytes += it->second.bytes;
  return bytes;
}

CompileOptions options_for(const char* target) {
  CompileOptions options;
  options.target = *targets::find(target);
  return options;
}

}  // namespace

TEST_CASE("weights and code lie in the sections that were asked for, with the flags that they have anyway") {
  for (const char* target : {"cortex-m4", "riscv32", "arm64", "x86-64-v3"}) {
    CAPTURE(target);
    CompileOptions options = options_for(target);
    const Artifact plain = compile_for(options);
    options.weights_section = ".extflash.w";
    options.code_section = ".itcm";
    const Artifact named = compile_for(options);
    const auto before = sections_of(plain.object), after = sections_of(named.object);
    const auto weights = after.find(".extflash.w");
    REQUIRE(weights != after.end());
    CHECK(weights->second.bytes == uint64_t(named.report.weights_bytes));
    CHECK(weights->second.type == SHT_PROGBITS);
    CHECK((weights->second.flags & (SHF_ALLOC | SHF_WRITE | SHF_EXECINSTR)) == SHF_ALLOC);
    CHECK(before.count(".rodata.net_weights") == 1);
    CHECK(after.count(".rodata.net_weights") == 0);
    uint64_t text = 0;
    for (const auto& [name, section] : before) text += name.starts_with(".text") ? section.bytes : 0;
    for (const auto& [name, section] : after) {
      const bool empty_default = name == ".text" && section.bytes == 0;
      CHECK_MESSAGE((!name.starts_with(".text") || empty_default), name);
      if (name == ".itcm") CHECK((section.flags & SHF_EXECINSTR) != 0);
    }
    CHECK(bytes_of(after, ".itcm") == text);
    CHECK(named.report.code_bytes == plain.report.code_bytes);
    CHECK(named.report.stack_bytes == plain.report.stack_bytes);
  }
}

TEST_CASE("names that linkers give a meaning to, or that are none, are refused as sections") {
  for (const char* name : {".bss.w", ".debug_w", ".relw", "a b", "w*", ".note.w", ".tbss", "\xc3\xa4"}) {
    CAPTURE(name);
    CompileOptions options = options_for("cortex-m4");
    options.name = "net";
    options.weights_section = name;
    const auto refused = compile(*ir::parse(kNet), options);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().where == "--weights-section");
    CHECK(refused.error().message.find("cannot name a section") != std::string::npos);
    std::swap(options.weights_section, options.code_section);
    CHECK(compile(*ir::parse(kNet), options).error().where == "--code-section");
  }
}

TEST_CASE("without the DSP feature no DSP instruction is left") {
  for (const char* name : {"cortex-m4", "cortex-m7", "cortex-m33"}) {
    CAPTURE(name);
    CompileOptions options = options_for(name);
    options.emit_asm = true;
    CHECK(compile_for(options).assembly.find("\tsmlad") != std::string::npos);
    options.target = targets::refine(options.target, "", "-dsp");
    const std::string assembly = compile_for(options).assembly;
    for (const char* instruction :
         {"\tsmlad", "\tsmuad", "\tsxtb16", "\tsmlab", "\tsmulb", "\tsmmul", "\tpkhbt"})
      CHECK_MESSAGE(assembly.find(instruction) == std::string::npos, instruction);
  }
}
