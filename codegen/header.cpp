// Texts only. A tensor's name becomes a macro by replacing what C does not allow.
#include "codegen/header.h"

#include <llvm/Support/JSON.h>

#include <cctype>
#include <set>
#include <sstream>

namespace halite::codegen {
namespace {

std::string macro_part(const std::string& name) {
  std::string part;
  for (unsigned char c : name) part += std::isalnum(c) ? char(std::toupper(c)) : '_';
  return part;
}

void index_macros(std::ostream& out, const std::string& prefix, const std::vector<ir::Value>& values) {
  std::set<std::string> taken;
  for (size_t i = 0; i < values.size(); i++) {
    std::string macro = prefix + macro_part(values[i].name);
    while (!taken.insert(macro).second) macro += "_" + std::to_string(i);
    out << "#define " << macro << " " << i << "u /* " << to_string(values[i].type) << " */\n";
  }
}

llvm::json::Object step_row(const StepReport& step);

llvm::json::Array step_rows(const std::vector<StepReport>& steps) {
  llvm::json::Array rows;
  for (const auto& step : steps) rows.push_back(step_row(step));
  return rows;
}

llvm::json::Array tensors(const std::vector<Placement>& placements) {
  llvm::json::Array rows;
  for (const auto& p : placements) {
    rows.push_back(llvm::json::Object{{"tensor", p.tensor},
                                      {"space", p.space},
                                      {"offset", p.offset},
                                      {"bytes", p.bytes},
                                      {"first_step", p.first},
                                      {"last_step", p.last}});
  }
  return rows;
}

llvm::json::Object step_row(const StepReport& step) {
  llvm::json::Object row{{"name", step.name},
                         {"operator", step.op},
                         {"kernel", step.kernel},
                         {"strategy", step.strategy},
                         {"macs", step.macs},
                         {"code_bytes", step.code_bytes},
                         {"weights_bytes", step.weights_bytes},
                         {"tensors", tensors(step.tensors)}};
  if (!step.parts.empty()) row["layers"] = step_rows(step.parts);
  return row;
}

}  // namespace

std::string make_header(const Report& report, const std::vector<ir::Value>& inputs,
                        const std::vector<ir::Value>& outputs) {
  const std::string name = report.name, macro = macro_part(name);
  std::ostringstream out;
  out << "/* " << name << ", compiled by Halite for " << report.target
      << ". See halite.h for how to run it. */\n"
      << "#ifndef HALITE_MODEL_" << macro << "_H\n#define HALITE_MODEL_" << macro
      << "_H\n\n#include \"halite.h\"\n\n"
      << "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\nextern const halite_model " << name << "_model;\n\n"
      << "#ifdef __cplusplus\n}\n#endif\n\n"
      << "#define " << name << "_ARENA_BYTES " << report.arena_bytes
      << "u /* aligned to HALITE_ARENA_ALIGN */\n"
      << "#define " << name << "_STATE_BYTES " << report.state_bytes << "u /* of a saved state */\n"
      << "#define " << name << "_STEPS " << report.steps.size() << "u\n\n";
  index_macros(out, name + "_INPUT_", inputs);
  index_macros(out, name + "_OUTPUT_", outputs);
  out << "\n#endif\n";
  return out.str();
}

std::string make_json(const Report& report) {
  const llvm::json::Object object{{"name", report.name},
                                  {"target", report.target},
                                  {"arena_bytes", report.arena_bytes},
                                  {"arena_lower_bound", report.arena_lower_bound},
                                  {"state_bytes", report.state_bytes},
                                  {"tensor_bytes", report.tensor_bytes},
                                  {"weights_bytes", report.weights_bytes},
                                  {"code_bytes", report.code_bytes},
                                  {"rest_bytes", report.rest_bytes},
                                  {"peak_step", report.peak_step},
                                  {"peak_bytes", report.peak_bytes},
                                  {"stack_bytes", report.stack_bytes},
                                  {"macs", report.macs},
                                  {"kernels", report.kernels},
                                  {"compile_seconds", report.compile_seconds},
                                  {"arena", tensors(report.arena)},
                                  {"steps", step_rows(report.steps)}};
  std::string text;
  llvm::raw_string_ostream out(text);
  out << llvm::json::Value(llvm::json::Object(object));
  return text + "\n";
}

}  // namespace halite::codegen
