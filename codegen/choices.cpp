// See choices.h.
#include "codegen/choices.h"

#include <algorithm>
#include <set>

#include "codegen/cache.h"
#include "codegen/kernel.h"

namespace halite::codegen {
namespace {

std::string type_text(const ir::Graph& graph, ir::ValueId id) {
  const ir::Type& type = graph.type(id);
  return std::string(ir::to_string(type.dtype)) + ir::to_string(type.shape);
}

std::string names_of(const std::vector<schedules::Strategy>& strategies) {
  std::string names;
  for (const auto& s : strategies) names += (names.empty() ? "" : ", ") + s.name;
  return names;
}

const schedules::Strategy* named(const std::vector<schedules::Strategy>& strategies,
                                 const std::string& name) {
  const auto found = std::ranges::find(strategies, name, &schedules::Strategy::name);
  return found == strategies.end() ? nullptr : &*found;
}

/// What of a choice the kernel does not do; empty: all is done.
std::string unmet(const CompiledKernel& kernel, const schedules::Choice& choice) {
  if (!choice.strategy.empty() && !named(kernel.considered, choice.strategy))
    return "the strategy " + choice.strategy + " is not offered; there is " + names_of(kernel.considered);
  const auto* taken = named(kernel.considered, kernel.strategy);
  const bool has_tile = taken && !taken->tiles.empty();
  if (choice.tile && (!has_tile || taken->tiles[0] != *choice.tile))
    return "the tile " + to_string(*choice.tile) + " does not suit the kernel" +
           (has_tile ? ", which takes " + to_string(taken->tiles[0]) : "");
  return {};
}

/// Takes back what the kernel cannot do, so that it is the one that it would be without.
void keep_possible(schedules::Request& request) {
  const auto offered = schedules::strategies(request);
  const auto* strategy = request.strategy.empty() ? &offered.at(0) : named(offered, request.strategy);
  const auto& tile = request.tile.forced;
  if (strategy && (!tile || (!strategy->tiles.empty() && strategy->tiles[0] == *tile))) return;
  request.strategy.clear();
  request.tile.forced.reset();
}

}  // namespace

std::string group_key(const schedules::Request& request) {
  constexpr size_t kDigits = 12;
  const ir::Graph& graph = request.graph;
  std::string key;
  for (auto id : request.group.nodes) {
    const auto& op = graph.node(id).op;
    const auto* elementwise = std::get_if<ir::Elementwise>(&op);
    key += (key.empty() ? "" : "+") + std::string(elementwise ? to_string(elementwise->fn) : name_of(op));
  }
  for (auto id : request.group.inputs) key += ' ' + type_text(graph, id);
  key += " ->";
  for (auto id : request.group.outputs) key += ' ' + type_text(graph, id);
  return key + " #" + content_hash(describe_group(request)).substr(0, kDigits);
}

void choose(schedules::Request& request, const CompileOptions& options) {
  request.tile.alternatives = options.tile_alternatives;
  if (const auto of_target = options.choices.find(options.target.name); of_target != options.choices.end()) {
    const auto choice = of_target->second.find(group_key(request));
    if (choice != of_target->second.end()) {
      request.strategy = choice->second.strategy;
      request.tile.forced = choice->second.tile;
      keep_possible(request);
    }
  }
  if (options.strategy.empty()) return;
  if (!named(schedules::strategies(request), options.strategy)) return;
  // A tile was found for the strategy that it is noted with.
  if (request.strategy != options.strategy) request.tile.forced.reset();
  request.strategy = options.strategy;
}

std::vector<std::string> unmet_choices(const Kernels& kernels, const CompileOptions& options) {
  const auto of_target = options.choices.find(options.target.name);
  if (of_target == options.choices.end()) return {};
  std::vector<std::string> lines;
  for (const auto& [key, choice] : of_target->second) {
    const auto kernel = std::ranges::find(kernels.unique, key, &CompiledKernel::key);
    std::string why = kernel == kernels.unique.end() ? "the model has no such group" : unmet(*kernel, choice);
    const bool forced = kernel != kernels.unique.end() && kernel->strategy == options.strategy;
    if (!why.empty() && !forced) lines.push_back(key + ": " + why);
  }
  return lines;
}

}  // namespace halite::codegen
