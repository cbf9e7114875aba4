// Bytes in use at a step are counted once where tensors overlap. A kernel's code is every section that bears
// its symbol's name: its function, its parallel loops' bodies, its constants.
#include "codegen/budget.h"

#include <algorithm>
#include <map>

namespace halite::codegen {
namespace {

bool is_alive(const Placement& p, int step) { return p.first <= step && step <= p.last; }

/// Bytes of a memory that some tensor alive at the step covers.
int64_t bytes_in_use(const Report& report, int memory, int step) {
  std::vector<std::pair<int64_t, int64_t>> ranges;
  for (const auto& p : report.arena) {
    if (p.memory == memory && is_alive(p, step)) ranges.emplace_back(p.offset, p.offset + p.bytes);
  }
  std::sort(ranges.begin(), ranges.end());
  int64_t bytes = 0, end = 0;
  for (const auto& [from, to] : ranges) {
    bytes += std::max<int64_t>(0, to - std::max(from, end));
    end = std::max(end, to);
  }
  return bytes;
}

constexpr size_t kNamed = 6;  ///< culprits listed

/// "  27648 bytes  input\n  ..." of the largest.
std::string largest(std::vector<std::pair<int64_t, std::string>> culprits) {
  std::stable_sort(culprits.begin(), culprits.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  std::string text;
  for (size_t i = 0; i < std::min(kNamed, culprits.size()); i++)
    text += "\n  " + std::to_string(culprits[i].first) + " bytes  " + culprits[i].second;
  if (culprits.size() > kNamed) text += "\n  and " + std::to_string(culprits.size() - kNamed) + " more";
  return text;
}

/// Tensors alive at a step, of one memory or (-1) of all.
std::string alive_at(const Report& report, int step, int memory) {
  std::vector<std::pair<int64_t, std::string>> culprits;
  for (const auto& p : report.arena) {
    if (is_alive(p, step) && (memory < 0 || p.memory == memory))
      culprits.emplace_back(p.bytes, p.tensor + " (" + p.space + ")");
  }
  const std::string where =
      report.steps.empty() ? ""
                           : ", step " + std::to_string(step) + " (" + report.steps[size_t(step)].name + ")";
  return "; alive at the peak" + where + ":" + largest(std::move(culprits));
}

Error too_much_ram(const Report& report, const CompileOptions& options) {
  return {ErrorCode::kResource,
          report.name + " needs " + std::to_string(report.arena_bytes) + " bytes of arena and " +
              std::to_string(report.stack_bytes) + " of stack, " +
              std::to_string(ram_excess(report, options)) + " more than the " +
              std::to_string(options.max_ram) + " that are allowed" + alive_at(report, report.peak_step, -1),
          "--max-ram"};
}

Error too_much_memory(const Report& report) {
  int full = 0;  // of those that overflow, the one that does so most
  std::string memories;
  const auto excess = [](const MemoryReport& m) { return m.capacity ? m.bytes - m.capacity : 0; };
  for (size_t m = 0; m < report.memories.size(); m++) {
    const auto& memory = report.memories[m];
    if (excess(memory) > excess(report.memories[size_t(full)])) full = int(m);
    memories += (m ? ", " : "") + memory.name + " " + std::to_string(memory.bytes) + " of " +
                std::to_string(memory.capacity);
  }
  int step = 0;
  for (int s = 1; s < int(report.steps.size()); s++) {
    if (bytes_in_use(report, full, s) > bytes_in_use(report, full, step)) step = s;
  }
  return {ErrorCode::kResource,
          report.name + " does not fit: " + std::to_string(memory_excess(report)) +
              " bytes more than the memories hold are needed (" + memories + ")" +
              alive_at(report, step, full),
          "--memory " + report.memories[size_t(full)].name};
}

void add_culprits(const std::vector<StepReport>& steps, std::map<std::string, int64_t>& code,
                  std::vector<std::pair<int64_t, std::string>>& culprits) {
  for (const auto& step : steps) {
    if (step.weights_bytes && step.parts.empty())
      culprits.emplace_back(step.weights_bytes, "weights of " + step.name + " (" + step.op + ")");
    if (step.code_bytes && code.emplace(step.kernel, step.code_bytes).second)
      culprits.emplace_back(step.code_bytes, "code of " + step.name + " (" + step.op + ")");
    add_culprits(step.parts, code, culprits);
  }
}

Error too_much_flash(const Report& report, const CompileOptions& options) {
  std::map<std::string, int64_t> code;
  std::vector<std::pair<int64_t, std::string>> culprits{{report.rest_bytes, "runtime and tables"}};
  add_culprits(report.steps, code, culprits);
  return {ErrorCode::kResource,
          report.name + " needs " + std::to_string(report.code_bytes) + " bytes for code and " +
              std::to_string(report.weights_bytes) + " for weights, " +
              std::to_string(flash_excess(report, options)) + " more than the " +
              std::to_string(options.max_flash) +
              " that are allowed; the largest:" + largest(std::move(culprits)),
          "--max-flash"};
}

void attribute_code(std::vector<StepReport>& steps, const ObjectFacts& facts,
                    std::map<std::string, int64_t>& known) {
  for (auto& step : steps) {
    if (step.parts.empty()) {
      const auto [it, is_new] = known.emplace(step.kernel, 0);
      for (const auto& [name, bytes] : facts.sections) {
        if (is_new && name.find(step.kernel) != std::string::npos) it->second += bytes;
      }
      step.code_bytes = it->second;
    }
    attribute_code(step.parts, facts, known);
  }
}

}  // namespace

namespace {

void find_peak(Report& report) {
  for (int step = 0; step < std::max(1, int(report.steps.size())); step++) {
    int64_t bytes = 0;
    for (int m = 0; m < int(report.memories.size()); m++) bytes += bytes_in_use(report, m, step);
    if (bytes > report.peak_bytes) report.peak_bytes = bytes, report.peak_step = step;
  }
}

}  // namespace

void attribute(Report& report, const ObjectFacts& facts) {
  find_peak(report);
  std::map<std::string, int64_t> code;
  attribute_code(report.steps, facts, code);
  for (auto& variant : report.variants) {
    find_peak(variant);
    attribute_code(variant.steps, facts, code);
  }
  report.rest_bytes = report.code_bytes;
  for (const auto& [kernel, bytes] : code) report.rest_bytes -= bytes;
}

int64_t memory_excess(const Report& report) {
  int64_t excess = 0;
  for (const auto& m : report.memories) excess += m.capacity ? std::max<int64_t>(0, m.bytes - m.capacity) : 0;
  return excess;
}

int64_t ram_excess(const Report& report, const CompileOptions& options) {
  if (!options.max_ram) return 0;
  return std::max<int64_t>(0, report.arena_bytes + report.stack_bytes - options.max_ram);
}

int64_t flash_excess(const Report& report, const CompileOptions& options) {
  if (!options.max_flash) return 0;
  const int64_t weights = options.separate_weights ? 0 : report.weights_bytes;
  return std::max<int64_t>(0, report.code_bytes + weights - options.max_flash);
}

Result<void> check_budget(const Report& report, const CompileOptions& options) {
  if (options.max_ram && report.stack_bytes == kUnknownStack) {
    return Error{ErrorCode::kResource,
                 "the stack of " + report.name + " depends on how long the vectors of " + report.target +
                     " are, so it cannot be promised; arena alone: " + std::to_string(report.arena_bytes) +
                     " bytes",
                 "--max-ram"};
  }
  if (memory_excess(report)) return too_much_memory(report);
  if (ram_excess(report, options)) return too_much_ram(report, options);
  if (flash_excess(report, options)) return too_much_flash(report, options);
  return {};
}

}  // namespace halite::codegen
