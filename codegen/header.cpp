// Texts only. A tensor's name becomes a macro by replacing what C does not allow.
#include "codegen/header.h"

#include <llvm/Support/JSON.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <sstream>

namespace halite::codegen {
namespace {

std::string upper_case(const std::string& name) {
  std::string part;
  for (unsigned char c : name) part += std::isalnum(c) ? char(std::toupper(c)) : '_';
  return part;
}

/// " at most 100 along axis 0: see halite_output_shape", for each axis that is only as long as data decide.
std::string extents_text(const std::vector<ExtentReport>& extents, size_t output) {
  std::string text;
  for (const auto& e : extents)
    if (e.output == int64_t(output))
      text += ", at most " + std::to_string(e.bound) + " along axis " + std::to_string(e.axis);
  return text.empty() ? "" : text + ": see halite_output_shape";
}

void index_macros(std::ostream& out, const std::string& prefix, const std::vector<ir::Value>& values,
                  const std::vector<ExtentReport>& extents) {
  std::set<std::string> taken;
  for (size_t i = 0; i < values.size(); i++) {
    std::string macro = prefix + upper_case(values[i].name);
    while (!taken.insert(macro).second) macro += "_" + std::to_string(i);
    out << "#define " << macro << " " << i << "u /* " << to_string(values[i].type) << extents_text(extents, i)
        << " */\n";
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
                                      {"last_step", p.last},
                                      {"memory", p.memory}});
  }
  return rows;
}

llvm::json::Array memory_rows(const std::vector<MemoryReport>& memories) {
  llvm::json::Array rows;
  for (const auto& m : memories) {
    rows.push_back(llvm::json::Object{{"name", m.name},
                                      {"fast", m.fast},
                                      {"capacity", m.capacity},
                                      {"bytes", m.bytes},
                                      {"lower_bound", m.lower_bound}});
  }
  return rows;
}

llvm::json::Array extent_rows(const std::vector<ExtentReport>& extents) {
  llvm::json::Array rows;
  for (const auto& e : extents)
    rows.push_back(llvm::json::Object{{"output", e.name}, {"axis", e.axis}, {"bound", e.bound}});
  return rows;
}

/// What a program gives to halite_open, or to halite_open_memories.
void memory_macros(std::ostream& out, const Report& report) {
  const std::string& name = report.name;
  const bool several = report.memories.size() > 1;
  if (!several) {
    out << "#define " << name << "_ARENA_BYTES " << report.arena_bytes
        << "u /* aligned to HALITE_ARENA_ALIGN */\n";
  }
  if (report.memories[0].name.empty()) return;
  out << "#define " << name << "_MEMORIES " << report.memories.size() << "u"
      << (several ? " /* for halite_open_memories, in this order */" : "") << "\n";
  for (size_t m = 0; m < report.memories.size(); m++) {
    const auto& memory = report.memories[m];
    const std::string prefix = name + "_MEMORY_" + upper_case(memory.name);
    out << "#define " << prefix << " " << m << "u\n"
        << "#define " << prefix << "_BYTES " << memory.bytes << "u /* of the " << memory.capacity
        << " that were allowed" << (memory.fast ? "; fast" : "") << " */\n"
        << "#define " << prefix << "_ALIGN HALITE_ARENA_ALIGN\n";
  }
}

/// Without what would end a comment.
std::string comment_text(std::string text) {
  for (auto at = text.find("*/"); at != std::string::npos; at = text.find("*/")) text[at] = '_';
  return text;
}

size_t most_steps(const Report& report) {
  size_t most = report.steps.size();
  for (const auto& variant : report.variants) most = std::max(most, variant.steps.size());
  return most;
}

llvm::json::Array variant_rows(const std::vector<Report>& variants) {
  llvm::json::Array rows;
  for (const auto& v : variants) {
    rows.push_back(llvm::json::Object{{"shapes", v.shapes},
                                      {"arena_bytes", v.arena_bytes},
                                      {"arena_lower_bound", v.arena_lower_bound},
                                      {"peak_step", v.peak_step},
                                      {"peak_bytes", v.peak_bytes},
                                      {"macs", v.macs},
                                      {"arena", tensors(v.arena)},
                                      {"steps", step_rows(v.steps)}});
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

llvm::json::Array kept_rows(const std::vector<ir::KeptWide>& kept) {
  llvm::json::Array rows;
  for (const auto& k : kept)
    rows.push_back(llvm::json::Object{{"node", k.node}, {"operator", k.op}, {"why", k.why}});
  return rows;
}

}  // namespace

std::string make_header(const Report& report, const std::vector<ir::Value>& inputs,
                        const std::vector<ir::Value>& outputs) {
  const std::string name = report.name, macro = upper_case(name);
  std::ostringstream out;
  out << "/* " << name << ", compiled by Halite for " << report.target
      << (report.precision == ir::Precision::f32 ? "" : ", in " + std::string(to_string(report.precision)))
      << ". See halite.h for how to run it. */\n"
      << "#ifndef HALITE_MODEL_" << macro << "_H\n#define HALITE_MODEL_" << macro
      << "_H\n\n#include \"halite.h\"\n\n"
      << "#ifdef __cplusplus\nextern \"C\" {\n#endif\n\nextern const halite_model " << name << "_model;\n\n"
      << "#ifdef __cplusplus\n}\n#endif\n\n";
  memory_macros(out, report);
  if (!report.variants.empty()) {
    out << "/* Compiled for several shapes of its inputs (halite_set_input_shape); a session begins with the "
           "first:\n";
    for (const auto& variant : report.variants) out << " *   " << comment_text(variant.shapes) << "\n";
    out << " */\n#define " << name << "_VARIANTS " << report.variants.size() << "u\n";
  }
  out << "#define " << name << "_STATE_BYTES " << report.state_bytes << "u /* of a saved state */\n"
      << "#define " << name << "_STEPS " << most_steps(report) << "u\n\n";
  index_macros(out, name + "_INPUT_", inputs, {});
  index_macros(out, name + "_OUTPUT_", outputs, report.extents);
  out << "\n#endif\n";
  return out.str();
}

std::string make_json(const Report& report) {
  llvm::json::Value stack_bytes = nullptr;
  if (report.stack_bytes != kUnknownStack) stack_bytes = report.stack_bytes;
  llvm::json::Object object{{"name", report.name},
                            {"target", report.target},
                            {"precision", std::string(ir::to_string(report.precision))},
                            {"arena_bytes", report.arena_bytes},
                            {"arena_lower_bound", report.arena_lower_bound},
                            {"state_bytes", report.state_bytes},
                            {"tensor_bytes", report.tensor_bytes},
                            {"weights_bytes", report.weights_bytes},
                            {"code_bytes", report.code_bytes},
                            {"rest_bytes", report.rest_bytes},
                            {"peak_step", report.peak_step},
                            {"peak_bytes", report.peak_bytes},
                            {"stack_bytes", stack_bytes},
                            {"macs", report.macs},
                            {"kernels", report.kernels},
                            {"compile_seconds", report.compile_seconds},
                            {"memories", memory_rows(report.memories)},
                            {"extents", extent_rows(report.extents)},
                            {"arena", tensors(report.arena)},
                            {"steps", step_rows(report.steps)}};
  if (report.precision != ir::Precision::f32) object["kept_f32"] = kept_rows(report.kept_wide);
  if (!report.variants.empty()) object["variants"] = variant_rows(report.variants);
  std::string text;
  llvm::raw_string_ostream out(text);
  out << llvm::json::Value(std::move(object));
  return text + "\n";
}

}  // namespace halite::codegen
