// Objects joined into the one that leaves the compiler: LLD links them relocatably and drops what the model
// does not reach, llvm-objcopy makes everything but the public symbols local. Sizes and stack depth are read
// off the result.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ir/base/result.h"

namespace halite::codegen {

struct NamedObject {
  std::string name;  ///< file name, for messages
  std::vector<uint8_t> bytes;
};

/// Joins objects; `roots` are the symbols that stay global, with all that they reach. CHECKs that nothing is
/// undefined.
Result<std::vector<uint8_t>> link_relocatable(const std::vector<NamedObject>&,
                                              const std::vector<std::string>& roots);

/// Sections that strip_object removes though they would be loaded: what they would tell an unwinder, eight
/// bytes a function, is that nothing is thrown through it.
constexpr const char* kUnwindSections = ".ARM.exidx";

struct ObjectFacts {
  int64_t code_bytes = 0;   ///< text and read-only data, `excluded_section` left out
  int64_t stack_bytes = 0;  ///< deepest chain of frames from halite_run, kernels included; kUnknownStack
  std::vector<std::pair<std::string, int64_t>> sections;  ///< names and sizes of what code_bytes counts
};
/// `object` as link_relocatable left it, before strip_object.
ObjectFacts measure_object(const std::vector<uint8_t>& object, const std::string& model_symbol,
                           const std::string& excluded_section);

struct SectionNames {
  std::string weights;                ///< as the section is called now
  std::string new_weights, new_code;  ///< what it, and that of each function, is to be called; empty: as now
};
/// Localises all but `roots`, removes frame sizes, comments, unwind tables and the names of what became
/// local, and renames sections.
Result<std::vector<uint8_t>> strip_object(const std::vector<uint8_t>&, const std::vector<std::string>& roots,
                                          const SectionNames& = {});

/// The object as the one member of a static library (ar), deterministic.
std::vector<uint8_t> make_archive(const std::vector<uint8_t>& object, const std::string& member_name);

/// Runs LLD (ELF) in this process, one caller at a time.
Result<void> run_lld(const std::vector<std::string>& arguments);

}  // namespace halite::codegen
