// See import.h. Here are the model's inputs and outputs; walk.h has what lies between them.
#include "frontend/tflite/import.h"

#include <cstring>
#include <set>

#include "frontend/tflite/walk.h"

namespace halite::frontend {
namespace {

class Importer {
 public:
  Importer(const TfliteModel& model, const ImportOptions& options)
      : main_(model.graphs[0]),
        options_(options),
        data_(model),
        b_(graph_),
        shared_{
            model, data_, refusals_,
            options.reference_rounding ? quantized::Rounding::reference : quantized::Rounding::production},
        walk_(shared_, b_) {}

  Result<ir::Graph> run() {
    graph_.name = main_.name.empty() ? "main" : std::string(main_.name);
    auto done = Builder::attempt("", [&] {
      const Slots outputs = walk_.call(0, define_inputs(), 0);
      if (refusals_.empty()) define_outputs(outputs);
    });
    // Nodes that cannot be compiled come before other findings, which they may be the cause of.
    if (!refusals_.empty()) return refusals_.report(options_);
    if (!done) return done.error();
    return std::move(graph_);
  }

 private:
  const TfliteTensor& tensor(int index) const { return main_.tensors[static_cast<size_t>(index)]; }

  /// Names of public tensors are unique, though TFLite does not ask for it.
  std::string public_name(int index, const char* kind, size_t place) {
    std::string name(tensor(index).name);
    if (name.empty()) name = std::string(kind) + "_" + std::to_string(place);
    const std::string wanted = name;
    for (int i = 1; !taken_.insert(name).second; ++i) name = wanted + "_" + std::to_string(i);
    return name;
  }

  Slots define_inputs() {
    Slots slots(main_.inputs.size());
    std::vector<std::string> names;
    std::set<int> seen;
    for (size_t i = 0; i < main_.inputs.size(); ++i) {
      const int index = main_.inputs[i];
      if (!seen.insert(index).second)
        reject_invalid("input " + std::to_string(i) + " of the model is there twice");
      if (data_.has_data(tensor(index))) continue;  // a constant
      names.push_back(public_name(index, "input", i));
      input_names_[index] = names.back();
      slots[i] = Slot::of(define_input(index, names.back()));
    }
    if (auto fits = check_input_names(options_, names); !fits) throw Rejected{fits.error(), {}};
    if (auto fits = check_axis_names(options_, {}); !fits) throw Rejected{fits.error(), {}};
    return slots;
  }

  V define_input(int index, const std::string& name) {
    const TfliteTensor& from = tensor(index);
    const std::string where = "input '" + name + "'";
    const auto fail = [&](ErrorCode code, std::string message) {
      throw Rejected{{code, std::move(message), where}, {}};
    };
    if (!from.dtype || from.kind == tflite::TensorType::INT4)
      fail(ErrorCode::kUnsupported, std::string("it is of type ") + tflite::EnumNameTensorType(from.kind) +
                                        ", which is not supported");
    Type type{*from.dtype, shape_of(from, name, where), {}};
    const auto given = options_.constant_inputs.find(name);
    if (given == options_.constant_inputs.end()) {
      V v;
      auto made = Builder::attempt(where, [&] { v = b_.input(name, type); });
      if (!made) throw Rejected{made.error(), {}};
      return v;
    }
    if (given->second.type().dtype != type.dtype || given->second.type().shape != type.shape)
      fail(ErrorCode::kInvalidInput, "the value given is " + ir::to_string(given->second.type()) +
                                         ", which does not fit " + ir::to_string(type));
    return b_.constant(given->second);
  }

  Shape shape_of(const TfliteTensor& from, const std::string& name, const std::string& where) {
    const auto given = options_.input_shapes.find(name);
    if (given != options_.input_shapes.end()) {
      if (!ir::element_count(given->second) || given->second.size() != from.shape.size())
        throw Rejected{{ErrorCode::kInvalidInput,
                        "the shape " + ir::to_string(given->second) + " is given, but the model's is " +
                            ir::to_string(from.signature.value_or(from.shape)),
                        where},
                       {}};
      return given->second;
    }
    bool open = false;
    for (size_t i = 0; from.signature && i < from.shape.size(); ++i) open |= (*from.signature)[i] < 0;
    if (open && options_.notes)
      options_.notes->push_back(where + ": its shape " + ir::to_string(*from.signature) +
                                " is open and was set to " + ir::to_string(from.shape) +
                                "; give the shape with --shape " + name + "=... to change that");
    return from.shape;
  }

  void define_outputs(const Slots& slots) {
    if (slots.empty()) reject_invalid("the model has no outputs");
    ValueNames outputs;
    std::map<int, std::string> names = input_names_;  // an output that is an input goes by the same name
    for (size_t i = 0; i < slots.size(); ++i) {
      const int index = main_.outputs[i];
      if (slots[i].kind != Slot::Kind::value)
        reject_unsupported("output " + std::to_string(i) + " of the model is a variable, not a value");
      if (!names.count(index)) names[index] = public_name(index, "output", i);
      outputs.emplace_back(slots[i].value, names[index]);
    }
    walk_.variables.finish();
    name_values(b_, outputs, walk_.names());
    quantize_public();
    ir::compact(graph_);
  }

  /// Scale and zero point of public tensors, for whoever fills and reads them.
  void quantize_public() {
    const auto mark = [&](V v, const TfliteTensor& from) {
      ir::Value& value = graph_.value(v);
      if (!from.quantization || from.quantization->scale.size() != 1 || value.constant) return;
      if (!(from.quantization->scale[0] > 0)) return;
      value.type.quantization = from.quantization;
    };
    for (const auto& [index, name] : input_names_)
      for (const V v : graph_.inputs)
        if (graph_.value(v).name == name) mark(v, tensor(index));
    for (size_t i = 0; i < graph_.outputs.size(); ++i) mark(graph_.outputs[i], tensor(main_.outputs[i]));
  }

  const TfliteGraph& main_;
  const ImportOptions& options_;
  TfliteData data_;
  ir::Graph graph_;
  Builder b_;
  Refusals refusals_;
  TfliteImport shared_;
  TfliteWalk walk_;
  std::set<std::string> taken_;
  std::map<int, std::string> input_names_;  ///< by tensor; without constants
};

}  // namespace

bool looks_like_tflite(std::span<const std::byte> bytes) {
  return bytes.size() >= 8 && std::memcmp(bytes.data() + 4, "TFL3", 4) == 0;
}

Result<ir::Graph> import_tflite(std::span<const std::byte> bytes, const ImportOptions& options) {
  const auto model = read_tflite_model(bytes);
  if (!model) return model.error();
  return Importer(*model, options).run();
}

}  // namespace halite::frontend
