// halite run: one inference (or a sequence) on this machine, by JIT or by the reference semantics, with the
// tensors in between and the time of every step if asked for.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "ir/interpret.h"
#include "tools/arguments.h"
#include "tools/command.h"
#include "tools/compare.h"
#include "tools/data.h"
#include "tools/files.h"
#include "tools/npy.h"
#include "tools/profile.h"
#include "tools/progress.h"
#include "tools/report.h"
#include "tools/report_json.h"
#include "tools/session.h"
#include "tools/table.h"

namespace halite::tools {
namespace {

struct Arguments {
  ModelArguments model;
  TargetArguments target;
  CompileArguments compile;
  std::vector<std::string> inputs;
  std::string data, output, dump;
  bool interpret = false, profile = false;
  int threads = 1;
  Format format = Format::text;
};

// Writes tensors in between as DIR/NNN_name.npy; the first failure is kept and reported at the end.
class Dump {
 public:
  explicit Dump(std::string directory) : directory_(std::move(directory)) {}
  void write(size_t step, std::string name, const ir::Tensor& tensor) {
    for (char& c : name) {
      if (!std::isalnum(static_cast<unsigned char>(c)) && c != '.' && c != '-') c = '_';
    }
    name.resize(std::min<size_t>(name.size(), 200));  // file systems refuse names of more than 255 bytes
    auto written =
        write_npy(std::filesystem::path(directory_) / fmt::format("{:03}_{}.npy", step, name), tensor);
    if (!written && status_) status_ = written.error();
  }
  const Result<void>& status() const { return status_; }

 private:
  std::string directory_;
  Result<void> status_;
};

// What one run leaves besides the outputs.
struct Outcome {
  Sequence outputs;
  std::string profile_text;
  Json profile;
};

Result<Outcome> interpret(const Arguments& a, const ir::Graph& graph, const Sequence& inputs) {
  Progress progress("Interpreting");
  const auto total = static_cast<int64_t>(graph.nodes.size() * inputs.size());
  int64_t done = 0;
  Dump dump(a.dump);
  Outcome outcome;
  ir::StateValues states = ir::initial_states(graph);
  const auto observe = [&](const ir::Graph& g, ir::NodeId id, std::span<const ir::Tensor> out) {
    progress.update(++done, total);
    for (size_t o = 0; !a.dump.empty() && o < out.size(); ++o) {
      dump.write(id.index, g.value(g.node(id).outputs[o]).name, out[o]);
    }
  };
  for (const auto& step : inputs) {
    auto result = ir::interpret(graph, step, states, observe);
    if (!result) return result.error();
    outcome.outputs.push_back(std::move(*result));
  }
  if (!dump.status()) return dump.status().error();
  return outcome;
}

void observe_tensors(Session& session, const codegen::Report& report, Dump& dump) {
  session.observe([&](size_t s, bool done, std::span<void* const> args) {
    const codegen::StepReport& step = report.steps.at(s);
    if (!done) return;
    const size_t first = args.size() - step.output_types.size();
    for (size_t o = 0; o < step.output_types.size(); ++o) {
      const auto* bytes = static_cast<const std::byte*>(args[first + o]);
      const ir::Type& type = step.output_types[o];
      dump.write(s, step.output_names[o], ir::Tensor(type, {bytes, bytes + type.bytes()}));
    }
  });
}

Result<Outcome> run_compiled(const Arguments& a, const Model& model, const Sequence& inputs,
                             codegen::CompileOptions options) {
  auto target = resolve(a.target, "host");
  if (!target) return target.error();
  options.name = identifier_of(a.model.path);
  options.target = target->front();
  auto artifact = compile_with_progress(model, options);
  if (!artifact) return artifact.error();
  auto session = Session::open(*artifact, model.graph(), a.threads);
  if (!session) return session.error();
  const codegen::Report& report = chosen_report(*artifact, model);
  Profile profile(report);
  Dump dump(a.dump);
  if (!a.dump.empty()) observe_tensors(*session, report, dump);
  if (a.profile) profile.attach(*session);
  Outcome outcome;
  for (const auto& step : inputs) {
    session->set_inputs(step);
    if (auto ran = session->run(); !ran) return ran.error();
    outcome.outputs.push_back(session->outputs());
  }
  if (!dump.status()) return dump.status().error();
  if (a.profile) outcome.profile_text = profile.text(), outcome.profile = profile.json();
  return outcome;
}

// The range of a tensor, to see at a glance whether an output is alive.
std::string range_text(const ir::Tensor& t) {
  double least = 0, greatest = 0;
  int64_t at = 0;
  for (int64_t i = 0; i < t.type().elements(); ++i) {
    const double v = t.at(i);
    if (i == 0 || v < least) least = v;
    if (i == 0 || v > greatest) greatest = v, at = i;
  }
  return fmt::format("{:.6g} .. {:.6g}, greatest at {}", least, greatest, index_text(at, t.type().shape));
}

/// Outputs of a sequence are written side by side, so data must not decide otherwise.
Result<void> check_shapes(const ir::Graph& graph, const Sequence& outputs) {
  for (size_t step = 1; step < outputs.size(); ++step)
    for (size_t o = 0; o < outputs[step].size(); ++o)
      if (outputs[step][o].type().shape != outputs[0][o].type().shape)
        return invalid_input("it is " + ir::to_string(outputs[step][o].type()) + " in inference " +
                                 std::to_string(step) + " and " + ir::to_string(outputs[0][o].type()) +
                                 " in inference 0: run each by itself",
                             "output '" + graph.value(graph.outputs[o]).name + "'");
  return {};
}

int report(const Arguments& a, const ir::Graph& graph, const Outcome& outcome) {
  if (auto same = check_shapes(graph, outcome.outputs); !same) return fail(same.error(), a.format);
  const std::vector<ir::Tensor> outputs = stack(outcome.outputs);
  Json list = Json::array();
  std::string text;
  for (size_t o = 0; o < outputs.size(); ++o) {
    const std::string& name = graph.value(graph.outputs[o]).name;
    Json one = {{"name", name}};
    one.update(to_json(outputs[o].type()));
    text += fmt::format("{}: {}", name, ir::to_string(outputs[o].type()));
    if (outputs[o].type().elements() > 0) text += ", " + range_text(outputs[o]);
    if (!a.output.empty()) {
      const auto path = std::filesystem::path(a.output) / fmt::format("output_{}.npy", o);
      if (auto written = write_npy(path, outputs[o]); !written) return fail(written.error(), a.format);
      one["file"] = path.string();
      text += " -> " + path.string();
    }
    list.push_back(one);
    text += "\n";
  }
  if (a.format == Format::text) return answer(text + (a.profile ? "\n" + outcome.profile_text : ""));
  Json json = {{"inferences", outcome.outputs.size()}, {"outputs", list}};
  if (a.profile) json["profile"] = outcome.profile;
  return answer(json);
}

Result<Sequence> inputs_of(const Arguments& a, const ir::Graph& graph) {
  if (!a.data.empty()) return read_inputs(a.data, graph);
  return read_input_files(a.inputs, graph);
}

int run(const Arguments& a) {
  if (a.profile && !a.dump.empty()) {
    return fail(
        invalid_input("--profile and --dump-tensors exclude each other: writing files would be measured"),
        a.format);
  }
  if (a.interpret && a.profile) {
    return fail(invalid_input("--profile measures compiled code: leave --interpret out"), a.format);
  }
  auto imported = import_or_report(a.model, a.format);
  if (imported.status != kExitOk) return imported.status;
  auto inputs = choose_by_data(imported.model, [&](const ir::Graph& graph) { return inputs_of(a, graph); });
  if (!inputs) return fail(inputs.error(), a.format);
  const ir::Graph& graph = imported.model.graph();
  for (const std::string& directory : {a.output, a.dump}) {
    if (directory.empty()) continue;
    if (auto made = make_directory(directory); !made) return fail(made.error(), a.format);
  }
  auto options = resolve(a.compile);
  if (!options) return fail(options.error(), a.format);
  auto outcome = a.interpret ? interpret(a, in_precision(graph, *options), *inputs)
                             : run_compiled(a, imported.model, *inputs, *std::move(options));
  return outcome ? report(a, graph, *outcome) : fail(outcome.error(), a.format);
}

}  // namespace

void add_run(CLI::App& app, Action& action) {
  auto a = std::make_shared<Arguments>();
  CLI::App* sub = app.add_subcommand("run", "Run a model on this machine");
  add_model(*sub, a->model);
  CLI::Option* input =
      sub->add_option("-i,--input", a->inputs, "Input files (.npy or .pb) in the model's order");
  sub->add_option("--data", a->data, "Directory with input_N.{npy,pb}, instead of --input")->excludes(input);
  sub->add_option("-o,--output", a->output, "Directory for output_N.npy, made if needed");
  sub->add_flag("--interpret", a->interpret, "Run the reference semantics, which compile nothing");
  sub->add_option("--dump-tensors", a->dump, "Directory for every tensor in between (NNN_name.npy)");
  sub->add_flag("--profile", a->profile, "Print the time of every step");
  sub->add_option("--threads", a->threads, "Threads of the compiled model")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  add_targets_option(*sub, a->target,
                     "Compile as for this machine, which must be able to run it (default: host)");
  add_compile_options(*sub, a->compile);
  add_json(*sub, a->format);
  sub->callback([a, &action] { action = [a] { return run(*a); }; });
}

}  // namespace halite::tools
