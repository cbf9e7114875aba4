#include "tools/data.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

#include "frontend/onnx/tensor_proto.h"
#include "tools/files.h"
#include "tools/npy.h"
#include "tools/report.h"

namespace halite::tools {
namespace {

namespace fs = std::filesystem;

Result<fs::path> find_file(const fs::path& directory, const std::string& stem, const std::string& tensor) {
  for (const char* extension : {".npy", ".pb"}) {
    const fs::path path = directory / (stem + extension);
    std::error_code code;
    if (fs::exists(path, code)) return path;
  }
  return io_error("found neither " + stem + ".npy nor " + stem +
                      ".pb; expected one of them, for the model's '" + tensor + "'",
                  directory.string());
}

// `tensor` as one value for each inference.
/// Whether a tensor is of this shape, or shorter along axes that are only as long as data decide.
bool fits(std::span<const int64_t> shape, const ir::Shape& expected, const std::vector<int64_t>& shorter) {
  bool good = shape.size() == expected.size();
  for (size_t d = 0; good && d < shape.size(); ++d) {
    const bool may = std::ranges::find(shorter, static_cast<int64_t>(d)) != shorter.end();
    good = may ? shape[d] <= expected[d] : shape[d] == expected[d];
  }
  return good;
}

Result<std::vector<ir::Tensor>> split(const ir::Tensor& tensor, const ir::Value& expected,
                                      const std::vector<int64_t>& shorter, const std::string& where) {
  const ir::Type& type = tensor.type();
  ir::Type one{expected.type.dtype, expected.type.shape, {}};
  const bool dtype_fits = type.dtype == one.dtype;
  ir::Type step_type = expected.type;
  if (dtype_fits && fits(type.shape, one.shape, shorter)) {
    step_type.shape = type.shape;
    return std::vector{tensor.with_type(step_type)};
  }
  const bool sequence =
      type.rank() == one.rank() + 1 && fits(std::span(type.shape).subspan(1), one.shape, shorter);
  if (!dtype_fits || !sequence || type.shape[0] == 0) {
    return invalid_input("found " + ir::to_string(type) + "; the model's '" + expected.name + "' is " +
                             ir::to_string(one) +
                             " (one more leading dimension would make it a sequence of inferences)",
                         where);
  }
  step_type.shape.assign(type.shape.begin() + 1, type.shape.end());
  const auto bytes = static_cast<size_t>(step_type.bytes());
  std::vector<ir::Tensor> steps;
  for (int64_t s = 0; s < type.shape[0]; ++s) {
    const auto first = tensor.bytes().begin() + s * static_cast<int64_t>(bytes);
    steps.emplace_back(step_type, std::vector<std::byte>(first, first + static_cast<int64_t>(bytes)));
  }
  return steps;
}

// Turns one list of steps a tensor into one list of tensors a step.
Result<Sequence> read_all(const std::vector<fs::path>& paths, const ir::Graph& graph,
                          const std::vector<ir::ValueId>& ids) {
  Sequence sequence;
  for (size_t i = 0; i < ids.size(); ++i) {
    auto tensor = read_tensor(paths[i]);
    if (!tensor) return tensor.error();
    std::vector<int64_t> shorter;
    for (const ir::Extent& e : graph.extents)
      if (&ids == &graph.outputs && e.output == i) shorter.push_back(e.axis);
    auto steps = split(*tensor, graph.value(ids[i]), shorter, paths[i].string());
    if (!steps) return steps.error();
    if (i == 0) sequence.resize(steps->size());
    if (steps->size() != sequence.size()) {
      return invalid_input("holds " + std::to_string(steps->size()) + " inferences, but " +
                               paths[0].string() + " holds " + std::to_string(sequence.size()),
                           paths[i].string());
    }
    for (size_t s = 0; s < steps->size(); ++s) sequence[s].push_back((*steps)[s]);
  }
  return sequence;
}

Result<Sequence> read_named(const fs::path& directory, const char* prefix, const ir::Graph& graph,
                            const std::vector<ir::ValueId>& ids) {
  std::error_code code;
  if (!fs::is_directory(directory, code)) return io_error("is not a directory", directory.string());
  std::vector<fs::path> paths;
  for (size_t i = 0; i < ids.size(); ++i) {
    auto path = find_file(directory, prefix + std::to_string(i), graph.value(ids[i]).name);
    if (!path) return path.error();
    paths.push_back(*path);
  }
  return read_all(paths, graph, ids);
}

}  // namespace

Result<ir::Tensor> read_tensor(const fs::path& path) {
  if (path.extension() != ".pb") return read_npy(path);
  auto bytes = read_file(path);
  if (!bytes) return bytes.error();
  auto tensor = frontend::read_tensor_pb(std::as_bytes(std::span(*bytes)));
  if (!tensor) return Error{tensor.error().code, tensor.error().message, path.string()};
  return tensor;
}

Result<Sequence> read_inputs(const fs::path& directory, const ir::Graph& graph) {
  auto sequence = read_named(directory, "input_", graph, graph.inputs);
  if (sequence && sequence->empty()) sequence->emplace_back();  // a model without inputs runs once
  return sequence;
}

Result<Sequence> read_outputs(const fs::path& directory, const ir::Graph& graph, size_t steps) {
  auto sequence = read_named(directory, "output_", graph, graph.outputs);
  if (sequence && sequence->size() != steps) {
    return invalid_input("the outputs are of " + std::to_string(sequence->size()) +
                             " inferences, the inputs of " + std::to_string(steps),
                         directory.string());
  }
  return sequence;
}

Result<Sequence> read_input_files(const std::vector<std::string>& paths, const ir::Graph& graph) {
  if (paths.size() != graph.inputs.size()) {
    std::string names;
    for (const ir::ValueId id : graph.inputs) {
      const ir::Value& v = graph.value(id);
      names += (names.empty() ? "" : ", ") + v.name + " " + ir::to_string(v.type);
    }
    return invalid_input("found " + std::to_string(paths.size()) + " files; the model has " +
                             std::to_string(graph.inputs.size()) + " inputs, in this order: " + names,
                         "--input");
  }
  auto sequence = read_all({paths.begin(), paths.end()}, graph, graph.inputs);
  if (sequence && sequence->empty()) sequence->emplace_back();
  return sequence;
}

std::vector<ir::Tensor> random_inputs(const ir::Graph& graph, uint32_t seed) {
  std::mt19937 random(seed);
  std::vector<ir::Tensor> tensors;
  for (const ir::ValueId id : graph.inputs) {
    ir::Tensor tensor = ir::Tensor::zeros(graph.type(id));
    // Real numbers, and integers that are samples or pixels rather than indices or flags.
    const ir::DType dtype = tensor.type().dtype;
    const bool real = ir::is_float(dtype);
    const bool small = dtype == ir::DType::i8 || dtype == ir::DType::u8 || dtype == ir::DType::i16;
    const double span = std::ldexp(1.0, static_cast<int>(8 * ir::size_of(dtype)));
    const double lowest = ir::is_signed(dtype) ? -span / 2 : 0;
    const int64_t elements = tensor.type().elements();
    for (int64_t i = 0; i < elements; ++i) {
      const double unit = static_cast<double>(random() >> 8) / (1 << 24);
      tensor.set(i, real ? unit : small ? std::floor(lowest + unit * span) : unit < 0.5 ? 0 : 1);
    }
    tensors.push_back(std::move(tensor));
  }
  return tensors;
}

std::vector<ir::Tensor> stack(const Sequence& sequence) {
  if (sequence.size() == 1) return sequence.front();
  std::vector<ir::Tensor> stacked;
  for (size_t i = 0; i < sequence.front().size(); ++i) {
    ir::Type type = sequence.front()[i].type();
    type.shape.insert(type.shape.begin(), static_cast<int64_t>(sequence.size()));
    ir::Tensor tensor = ir::Tensor::zeros(type);
    std::byte* to = tensor.mutable_bytes().data();
    for (const auto& step : sequence) {
      const auto from = step[i].bytes();
      if (!from.empty()) std::memcpy(to, from.data(), from.size());
      to += from.size();
    }
    stacked.push_back(std::move(tensor));
  }
  return stacked;
}

}  // namespace halite::tools
