// LLD and objcopy as libraries. LLD keeps global state: a mutex serialises it, and lldMain cleans up between
// runs.
#include "codegen/object.h"

#include <lld/Common/Driver.h>
#include <llvm/ObjCopy/ConfigManager.h>
#include <llvm/ObjCopy/ObjCopy.h>
#include <llvm/Object/ArchiveWriter.h>
#include <llvm/Object/ELFObjectFile.h>
#include <llvm/Support/raw_ostream.h>

#include <mutex>
#include <set>

#include "codegen/temp_dir.h"
#include "ir/base/check.h"

LLD_HAS_DRIVER(elf)

namespace halite::codegen {
namespace {

llvm::MemoryBufferRef buffer_ref(const std::vector<uint8_t>& bytes, const char* name) {
  return {llvm::StringRef(reinterpret_cast<const char*>(bytes.data()), bytes.size()), name};
}

template <class T>
T expect(llvm::Expected<T> value, const char* what) {
  if (!value) check_failed(what, __FILE__, __LINE__, llvm::toString(value.takeError()));
  return std::move(*value);
}

void check_nothing_undefined(const std::vector<uint8_t>& object) {
  const auto binary =
      expect(llvm::object::ObjectFile::createObjectFile(buffer_ref(object, "linked")), "linked object");
  std::string undefined;
  for (const auto& symbol : binary->symbols()) {
    const auto flags = expect(symbol.getFlags(), "symbol flags");
    if (!(flags & llvm::object::SymbolRef::SF_Undefined) ||
        (flags & llvm::object::SymbolRef::SF_FormatSpecific))
      continue;
    undefined += " " + expect(symbol.getName(), "symbol name").str();
  }
  HALITE_CHECK(undefined.empty(), "symbols that neither kernels nor runtime define:" + undefined);
}

}  // namespace

Result<void> run_lld(const std::vector<std::string>& arguments) {
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  std::vector<const char*> argv{"ld.lld"};
  for (const auto& argument : arguments) argv.push_back(argument.c_str());
  std::string output;
  llvm::raw_string_ostream stream(output);
  const lld::DriverDef driver{lld::Gnu, &lld::elf::link};
  const auto result = lld::lldMain(argv, stream, stream, {&driver, 1});
  HALITE_CHECK(result.canRunAgain, "LLD crashed: " + output);
  if (result.retCode != 0) return Error{ErrorCode::kResource, "LLD: " + output, {}};
  return {};
}

Result<std::vector<uint8_t>> link_relocatable(const std::vector<NamedObject>& objects,
                                              const std::vector<std::string>& roots) {
  auto dir = TempDir::create();
  if (!dir) return dir.error();
  const std::string linked = (*dir / "linked.o").string();
  std::vector<std::string> arguments{"-r", "--gc-sections", "--threads=1", "-e", roots.front(), "-o", linked};
  for (const auto& root : roots) arguments.insert(arguments.end(), {"-u", root});
  for (size_t i = 0; i < objects.size(); i++) {
    const auto path = *dir / (std::to_string(i) + ".o");
    if (auto written = write_file(path, objects[i].bytes); !written) return written.error();
    arguments.push_back(path.string());
  }
  if (auto result = run_lld(arguments); !result) return result.error();
  auto object = read_file(linked);
  if (object) check_nothing_undefined(*object);
  return object;
}

Result<std::vector<uint8_t>> strip_object(const std::vector<uint8_t>& object,
                                          const std::vector<std::string>& roots, const SectionNames& names) {
  llvm::objcopy::ConfigManager config;
  auto& common = config.Common;
  // A pattern refers to its text: what is passed must live as long as `config`.
  const auto match = [](llvm::StringRef text) {
    return expect(llvm::objcopy::NameOrPattern::create(text, llvm::objcopy::MatchStyle::Wildcard,
                                                       [](llvm::Error error) { return error; }),
                  "symbol pattern");
  };
  for (const auto& root : roots) (void)!common.SymbolsToKeepGlobal.addMatcher(match(root));
  const std::string unwind = std::string(kUnwindSections) + "*";
  for (const char* section : {".stack_sizes", ".comment", ".llvm_addrsig", unwind.c_str()}) {
    (void)!common.ToRemove.addMatcher(match(section));
  }
  common.StripUnneeded = true;
  common.InputFilename = common.OutputFilename = "object";

  const auto binary = expect(llvm::object::createBinary(buffer_ref(object, "linked")), "linked object");
  std::set<std::string> old_names;  // objcopy's configuration refers to their text
  for (const auto& section : llvm::cast<llvm::object::ObjectFile>(*binary).sections()) {
    const std::string name = expect(section.getName(), "section name").str();
    const std::string* to = nullptr;
    if (!names.new_weights.empty() && name == names.weights) to = &names.new_weights;
    if (!names.new_code.empty() && section.isText()) to = &names.new_code;
    if (!to) continue;
    const auto& from = *old_names.insert(name).first;
    common.SectionsToRename[from] = {from, *to, {}};
  }
  llvm::SmallVector<char, 0> result;
  llvm::raw_svector_ostream out(result);
  if (auto error = llvm::objcopy::executeObjcopyOnBinary(config, *binary, out)) {
    check_failed("objcopy", __FILE__, __LINE__, llvm::toString(std::move(error)));
  }
  return std::vector<uint8_t>(result.begin(), result.end());
}

std::vector<uint8_t> make_archive(const std::vector<uint8_t>& object, const std::string& member_name) {
  llvm::NewArchiveMember member(buffer_ref(object, member_name.c_str()));
  member.MemberName = member_name;
  std::vector<llvm::NewArchiveMember> members;
  members.push_back(std::move(member));
  const auto buffer = expect(llvm::writeArchiveToBuffer(members, llvm::SymtabWritingMode::NormalSymtab,
                                                        llvm::object::Archive::K_GNU, /*Deterministic=*/true,
                                                        /*Thin=*/false),
                             "archive");
  return {buffer->getBufferStart(), buffer->getBufferEnd()};
}

}  // namespace halite::codegen
