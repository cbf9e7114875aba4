// The runtime's objects for a machine, from the bitcode that the compiler carries.
#include "codegen/cache.h"
#include "codegen/kernel.h"
#include "codegen/kernels.h"
#include "rt/bitcode.h"

namespace halite::codegen {

std::vector<NamedObject> compile_runtime(const CompileOptions& options) {
  const KernelCache cache(options.cache, options.cache_limit_bytes);
  const auto& target = options.target;
  const Machine machine(target, Machine::Optimize::speed);
  std::vector<NamedObject> objects;
  for (const auto& file : rt::runtime_bitcode()) {
    if (file.abi != target.runtime) continue;
    const std::string content(reinterpret_cast<const char*>(file.data.data()), file.data.size());
    const std::string key = content_hash(build_id() + describe(target) + content);
    auto object = cache.get(key);
    if (!object) {
      llvm::LLVMContext context;
      auto module = read_bitcode(context, file.data, std::string(file.name));
      machine.adopt(*module);
      machine.optimize(*module, Machine::Loops::as_written);
      object = machine.emit_object(*module);
      cache.put(key, *object);
    }
    objects.push_back({std::string(file.name), *std::move(object)});
  }
  HALITE_CHECK(!objects.empty(), "no runtime for ABI " + target.runtime);
  return objects;
}

}  // namespace halite::codegen
