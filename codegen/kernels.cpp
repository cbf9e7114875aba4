// The cache keeps the bitcode of each group and the object of each function that is left of these once they
// are merged: lowering a group again takes a millisecond and gives the packing of its weights, which is code
// and cannot be stored.
//
// What is lowered is called work; a kernel is that with numbers of its own: how many items there are.
#include "codegen/kernels.h"

#include <llvm/Support/ThreadPool.h>

#include <algorithm>
#include <exception>
#include <map>
#include <mutex>

#include "codegen/cache.h"
#include "codegen/choices.h"
#include "codegen/copies.h"
#include "codegen/kernel.h"
#include "codegen/merge.h"
#include "codegen/requests.h"

namespace halite::codegen {
namespace {

using schedules::Request;

Machine::Optimize level_of(const Request& request) {
  return request.optimize == schedules::Optimize::size ? Machine::Optimize::size : Machine::Optimize::speed;
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

/// One unique group on its way to code.
struct Work {
  Request request;
  std::string key;               ///< hash of the request's description; names the symbol
  std::vector<uint8_t> bitcode;  ///< of the kernel, before optimisation
  std::string stmt;
  std::vector<int> numbers;  ///< of the kernel (schedules::Number)
  std::string scope;         ///< which kernels it may be merged with (Unmerged)
  CompiledKernel kernel;     ///< what all kernels of the work have in common
};

/// A kernel by what decides it.
struct Member {
  size_t work;
  std::vector<int> numbers;  ///< behind those of the work
  auto operator<=>(const Member&) const = default;
};

class KernelBuilder {
 public:
  KernelBuilder(const CompileOptions& options)
      : options_(options), cache_(options.cache, options.cache_limit_bytes) {}

  void add(const KernelRequest& wanted) {
    const Request& request = wanted.request;
    if (auto extents = copy_extents(request)) return add_copy(request, *std::move(extents));
    const std::string key = content_hash(describe(request));
    const auto [it, is_new] = known_.emplace(key, work_.size());
    if (is_new) work_.push_back({request, key, {}, {}, {}, scope_of(wanted.position, key), {}});
    const Member member{it->second, numbers_of(wanted)};
    const auto known = std::ranges::find(members_, member);
    kernels_.of_group.back().push_back(size_t(known - members_.begin()));
    if (known == members_.end()) members_.push_back(member);
  }

  void begin_variant() { kernels_.of_group.emplace_back(); }

  Kernels run() {
    if (shares_all()) find_kinds();
    total_ = int(work_.size()) * 2;
    for_each_parallel(work_.size(), options_.jobs, [&](size_t i) { lower(i); });
    share_code();
    for (const auto& work : work_) kernels_.stmt += work.stmt;
    for (const auto& object : kernels_.objects) {
      kernels_.assembly += assembly_[object.name];
      kernels_.llvm += llvm_[object.name];
    }
    cache_.trim();
    for (auto& of_variant : kernels_.of_group)
      for (size_t& index : of_variant)
        if (index >= kFirstCopy) index = index - kFirstCopy + members_.size();
    kernels_.unique.insert(kernels_.unique.end(), copies_.begin(), copies_.end());
    return std::move(kernels_);
  }

 private:
  /// Copies stand behind the kernels that are compiled, whose number is known at the end.
  static constexpr size_t kFirstCopy = SIZE_MAX / 2;
  /// Distances and extents for which any machine has registers besides those of its tile; each costs more
  /// where addresses are sums of their own.
  static constexpr size_t kMostInLoop = 6, kMostAdded = 4;

  void add_copy(const Request& request, std::vector<int32_t> extents) {
    const auto known = std::ranges::find(copies_, extents, &CompiledKernel::extents);
    kernels_.of_group.back().push_back(kFirstCopy + size_t(known - copies_.begin()));
    if (known != copies_.end()) return;
    CompiledKernel copy{kCopyFunction, std::move(extents), "copy"};
    copy.packing.push_back({request.inputs[0].type, {}});
    copies_.push_back(std::move(copy));
  }

  /// Where flash is scarce, kernels of one kind are one function in speed mode, too.
  bool shares_all() const {
    return options_.optimize_size || options_.target.platform == targets::Platform::none;
  }
  /// Elsewhere those that one step has for several extents are, where it is computed by items or they come
  /// out alike as they are: nothing is hidden from Halide, and what is equal for all extents stays constant.
  bool shares_extents() const { return options_.extents_vary && kernels_.of_group.size() > 1; }
  /// And of other kernels those that come out alike, if their loops are hardly slower for it.
  LoopNumbers loop_numbers() const {
    if (shares_all() || shares_extents()) return {};
    const bool indexed = options_.target.facts.indexed_loads;
    return {indexed ? kMostInLoop : kMostAdded, indexed};
  }

  static std::vector<int> numbers_of(const KernelRequest& wanted) {
    if (!wanted.repeat) return {};
    std::vector<int> numbers{int(wanted.repeat->count)};
    if (wanted.request.items_in_tasks) numbers.push_back(int(wanted.repeat->tasks));
    return numbers;
  }

  /// Steps that have one kernel in the first variant have one scope.
  std::string scope_of(const std::string& position, const std::string& key) {
    if (shares_all() || !options_.extents_vary) return {};
    return scopes_.emplace(position, key).first->second;
  }

  bool wants_texts() const { return options_.emit_asm || options_.emit_llvm || options_.emit_stmt; }
  std::string cache_key(const std::string& kind, const std::string& key) const {
    return content_hash(kind + build_id() + key);
  }

  /// Makes the bitcode of work_[i], or takes it from the cache.
  void lower(size_t i) {
    Work& work = work_[i];
    const schedules::Kernel kernel = schedules::lower(work.request);
    for (const auto& number : kernel.numbers) work.numbers.push_back(number.value);
    auto& result = work.kernel;
    result = {"k_" + work.key.substr(0, 16), {}, kernel.strategy, kernel.packing, kernel.scratch};
    result.key = group_key(work.request);
    result.considered = kernel.considered;
    const std::string key = cache_key("bitcode ", work.key);
    if (auto cached = wants_texts() ? std::nullopt : cache_.get(key)) {
      work.bitcode = *std::move(cached);
    } else {
      work.bitcode =
          kernel_bitcode(work.request, kernel, result.symbol, options_.emit_stmt ? &work.stmt : nullptr);
      cache_.put(key, work.bitcode);
    }
    report_progress();
  }

  /// Compiles bitcode to kernels_.objects[i].
  void emit(size_t i, const std::string& symbol, const std::vector<uint8_t>& bitcode, const std::string& key,
            Machine::Optimize level) {
    KernelTexts texts{options_.emit_asm, options_.emit_llvm, {}, {}};
    kernels_.objects[i] = {symbol, compile_bitcode(bitcode, Machine(options_.target, level), texts)};
    cache_.put(key, kernels_.objects[i].bytes);
    const std::lock_guard lock(mutex_);
    assembly_[symbol] = std::move(texts.assembly);
    llvm_[symbol] = std::move(texts.llvm);
  }

  /// A kernel that is alone of its kind is not made to resemble others.
  void find_kinds() {
    std::map<std::string, std::vector<Work*>> kinds;
    for (auto& work : work_) kinds[describe_kind(work.request)].push_back(&work);
    for (const auto& [kind, members] : kinds) {
      if (members.size() == 1) continue;
      for (auto* work : members) {
        work->request.shares_code = true;
        work->key = content_hash(describe(work->request));
      }
    }
  }

  /// Functions that differ only in numbers become one.
  void share_code() {
    llvm::LLVMContext context;
    std::vector<Unmerged> unmerged;
    for (const auto& [index, own] : members_) {
      const Work& work = work_[index];
      std::vector<int> numbers = work.numbers;
      numbers.insert(numbers.end(), own.begin(), own.end());
      const auto& symbol = work.kernel.symbol;
      unmerged.push_back({read_bitcode(context, work.bitcode, symbol), symbol, numbers, work.scope});
    }
    const Merged merged = merge_kernels(std::move(unmerged), loop_numbers());
    std::vector<std::vector<uint8_t>> bitcode;
    for (const auto& module : merged.modules) bitcode.push_back(write_bitcode(*module));
    std::map<std::string, Machine::Optimize> level;
    for (size_t i = 0; i < members_.size(); i++) {
      const Work& work = work_[members_[i].work];
      level[merged.kernels[i].function] = level_of(work.request);
      kernels_.unique.push_back(work.kernel);
      kernels_.unique.back().symbol = merged.kernels[i].function;
      kernels_.unique.back().extents = merged.kernels[i].extents;
    }
    kernels_.objects.resize(bitcode.size());
    total_ = int(work_.size() + bitcode.size());
    for_each_parallel(bitcode.size(), options_.jobs, [&](size_t i) {
      const std::string content{bitcode[i].begin(), bitcode[i].end()};
      const std::string key = cache_key("shared ", content_hash(describe(options_.target) + content));
      if (auto cached = wants_texts() ? std::nullopt : cache_.get(key)) {
        kernels_.objects[i] = {merged.functions[i], *std::move(cached)};
        count_hit();
      } else {
        emit(i, merged.functions[i], bitcode[i], key, level.at(merged.functions[i]));
      }
      report_progress();
    });
  }

  void count_hit() {
    const std::lock_guard lock(mutex_);
    kernels_.from_cache++;
  }

  void report_progress() {
    const std::lock_guard lock(mutex_);
    if (options_.progress) options_.progress(++done_, total_);
  }

  const CompileOptions& options_;
  const KernelCache cache_;
  std::vector<Work> work_;
  std::vector<Member> members_;
  std::vector<CompiledKernel> copies_;
  std::map<std::string, size_t> known_;        // by key
  std::map<std::string, std::string> scopes_;  // by position
  std::mutex mutex_;
  int done_ = 0, total_ = 0;
  std::map<std::string, std::string> assembly_, llvm_;  // by symbol
  Kernels kernels_;
};

}  // namespace

Kernels compile_kernels(std::span<const Variant> variants, const CompileOptions& options) {
  const KernelRequests requests = kernel_requests(variants, options);
  KernelBuilder builder(options);
  for (const auto& of_variant : requests.of_variant) {
    builder.begin_variant();
    for (const auto& request : of_variant) builder.add(request);
  }
  return builder.run();
}

int64_t scratch_bytes(const ir::Graph& graph, const Views& views, const schedules::Group& group,
                      const CompileOptions& options) {
  if (ir::has_regions(graph.node(group.anchor).op)) return 0;
  const Request request = request_for(graph, views, group, false, options);
  if (copy_extents(request)) return 0;
  int64_t bytes = 0;
  for (const auto& type : schedules::lower(request).scratch) bytes += type.bytes();
  return bytes;
}

}  // namespace halite::codegen
