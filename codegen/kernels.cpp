// The cache keeps objects only: lowering a group again takes a millisecond and gives the packing of its
// weights, which is code and cannot be stored.
#include "codegen/kernels.h"

#include <llvm/Support/ThreadPool.h>

#include <exception>
#include <map>
#include <mutex>

#include "codegen/cache.h"
#include "codegen/kernel.h"
#include "rt/bitcode.h"

namespace halite::codegen {
namespace {

using schedules::Request;

Request request_for(const ir::Graph& graph, const Views& views, const schedules::Group& group, bool in_place,
                    const CompileOptions& options) {
  Request request{graph, group, {}, {}, options.target};
  for (auto id : group.inputs) request.inputs.push_back(operand_of(graph, views, id));
  for (auto id : group.outputs) request.outputs.push_back(operand_of(graph, views, id));
  request.optimize = options.optimize_size ? schedules::Optimize::size : schedules::Optimize::speed;
  request.in_place = in_place;
  request.strategy = options.strategy;
  return request;
}

/// Runs task(i) for all i on `jobs` threads; the first exception is thrown again here.
template <class Task>
void for_each_parallel(size_t count, int jobs, Task task) {
  llvm::DefaultThreadPool pool(llvm::hardware_concurrency(unsigned(std::max(jobs, 1))));
  std::mutex mutex;
  std::exception_ptr failure;
  for (size_t i = 0; i < count; i++) {
    pool.async([&, i] {
      try {
        task(i);
      } catch (...) {
        const std::lock_guard lock(mutex);
        if (!failure) failure = std::current_exception();
      }
    });
  }
  pool.wait();
  if (failure) std::rethrow_exception(failure);
}

/// `key` is the hash of the request's description; the symbol follows from it alone, the cache's key also
/// from the build of the compiler.
CompiledKernel compile_one(const Request& request, const std::string& key, const CompileOptions& options,
                           const KernelCache& cache) {
  const schedules::Kernel kernel = schedules::lower(request);
  const std::string cache_key = content_hash(build_id() + key);
  CompiledKernel result{
      "k_" + key.substr(0, 16), kernel.strategy, kernel.packing, kernel.scratch, {}, {}, {}, {}};
  KernelTexts texts{options.emit_asm, options.emit_llvm, options.emit_stmt, {}, {}, {}};
  const bool wants_text = options.emit_asm || options.emit_llvm || options.emit_stmt;
  if (auto object = wants_text ? std::nullopt : cache.get(cache_key)) {
    result.object = *std::move(object);
    result.from_cache = true;
    return result;
  }
  result.object = compile_kernel(request, kernel, result.symbol, texts);
  result.assembly = std::move(texts.assembly);
  result.llvm = std::move(texts.llvm);
  result.stmt = std::move(texts.stmt);
  cache.put(cache_key, result.object);
  return result;
}

}  // namespace

Kernels compile_kernels(const ir::Graph& graph, const Views& views,
                        const std::vector<schedules::Group>& groups, const Storage& storage,
                        const CompileOptions& options) {
  const KernelCache cache(options.cache, options.cache_limit_bytes);
  Kernels kernels;
  std::vector<std::pair<Request, std::string>> work;  // unique requests with their keys
  std::map<std::string, size_t> known;
  for (size_t i = 0; i < groups.size(); i++) {
    Request request = request_for(graph, views, groups[i], storage.in_place[i], options);
    const std::string key = content_hash(describe(request));
    const auto [it, is_new] = known.emplace(key, work.size());
    if (is_new) work.emplace_back(std::move(request), key);
    kernels.of_group.push_back(it->second);
  }
  kernels.unique.resize(work.size());
  std::mutex mutex;
  int done = 0;
  for_each_parallel(work.size(), options.jobs, [&](size_t i) {
    kernels.unique[i] = compile_one(work[i].first, work[i].second, options, cache);
    const std::lock_guard lock(mutex);
    kernels.from_cache += kernels.unique[i].from_cache;
    if (options.progress) options.progress(++done, int(work.size()));
  });
  cache.trim();
  return kernels;
}

std::vector<NamedObject> compile_runtime(const CompileOptions& options) {
  const KernelCache cache(options.cache, options.cache_limit_bytes);
  const auto& target = options.target;
  const Machine machine(target, Machine::Optimize::speed);
  std::vector<NamedObject> objects;
  for (const auto& file : rt::runtime_bitcode()) {
    if (file.abi != target.runtime) continue;
    const std::string content(reinterpret_cast<const char*>(file.data.data()), file.data.size());
    const std::string key =
        content_hash(build_id() + target.triple + ' ' + target.cpu + ' ' + target.features + ' ' +
                     target.abi + ' ' + target.float_abi + ' ' + content);
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
