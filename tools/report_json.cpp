#include "tools/report_json.h"

#include "tools/table.h"

namespace halite::tools {
namespace {

Json to_json(const codegen::Placement& p) {
  return {{"tensor", p.tensor}, {"space", p.space}, {"offset", p.offset}, {"bytes", p.bytes},
          {"first", p.first},   {"last", p.last},   {"memory", p.memory}};
}

Json to_json(const std::vector<codegen::Placement>& placements) {
  Json out = Json::array();
  for (const auto& p : placements) out.push_back(to_json(p));
  return out;
}

Json to_json(const codegen::MemoryReport& m) {
  return {{"name", m.name},
          {"fast", m.fast},
          {"capacity", m.capacity},
          {"bytes", m.bytes},
          {"lower_bound", m.lower_bound}};
}

Json to_json(const codegen::StepReport& s) {
  Json row = {{"name", s.name},
              {"operator", s.op},
              {"kernel", s.kernel},
              {"strategy", s.strategy},
              {"macs", s.macs},
              {"code_bytes", s.code_bytes},
              {"weights_bytes", s.weights_bytes},
              {"tensors", to_json(s.tensors)}};
  for (const auto& part : s.parts) row["layers"].push_back(to_json(part));
  return row;
}

}  // namespace

std::string stack_text(const codegen::Report& r) {
  return r.stack_bytes == codegen::kUnknownStack ? "unknown (it grows with the machine's vectors)"
                                                 : human_bytes(static_cast<double>(r.stack_bytes));
}

Json to_json(const ir::Type& type) {
  Json out = {{"dtype", std::string(ir::to_string(type.dtype))}, {"shape", type.shape}};
  if (type.quantization) {
    out["scale"] = type.quantization->scale;
    out["zero_point"] = type.quantization->zero_point;
  }
  return out;
}

Json to_json(const codegen::Report& r) {
  Json steps = Json::array(), memories = Json::array();
  for (const auto& s : r.steps) steps.push_back(to_json(s));
  for (const auto& m : r.memories) memories.push_back(to_json(m));
  Json json = {{"name", r.name},
               {"target", r.target},
               {"precision", std::string(ir::to_string(r.precision))},
               {"arena_bytes", r.arena_bytes},
               {"arena_lower_bound", r.arena_lower_bound},
               {"state_bytes", r.state_bytes},
               {"tensor_bytes", r.tensor_bytes},
               {"weights_bytes", r.weights_bytes},
               {"code_bytes", r.code_bytes},
               {"rest_bytes", r.rest_bytes},
               {"peak_step", r.peak_step},
               {"peak_bytes", r.peak_bytes},
               {"stack_bytes", r.stack_bytes == codegen::kUnknownStack ? Json() : Json(r.stack_bytes)},
               {"compile_seconds", r.compile_seconds},
               {"kernels", r.kernels},
               {"cached_kernels", r.cached_kernels},
               {"macs", r.macs},
               {"steps", steps},
               {"memories", memories},
               {"arena", to_json(r.arena)}};
  if (!r.unmet_choices.empty()) json["unmet_choices"] = r.unmet_choices;
  for (const auto& kept : r.kept_wide)
    json["kept_f32"].push_back({{"node", kept.node}, {"operator", kept.op}, {"why", kept.why}});
  for (const auto& variant : r.variants) {
    Json one = {{"shapes", variant.shapes}};
    const Json all = to_json(variant);
    for (const char* key :
         {"arena_bytes", "arena_lower_bound", "peak_step", "peak_bytes", "macs", "steps", "arena"})
      one[key] = all.at(key);
    json["variants"].push_back(std::move(one));
  }
  return json;
}

}  // namespace halite::tools
