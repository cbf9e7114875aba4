// The text form's parser: one pass, no look-ahead beyond a character. The grammar, with spaces and //
// comments anywhere:
//   graph  = "graph" string "(" [name ":" type {"," name ":" type}] ")" "->" "(" [name {"," name}] ")"
//            "{" {state | const | node} "}"
//   state  = "state" name ":" type "=" ("zeros" | content) "->" name ["@" string]
//   const  = "const" name ":" type "=" content
//   content = "#" hex | "{" [element {"," element}] "}"
//   node   = name ":" type {"," name ":" type} "=" word "(" [name {"," name}] ")" {word "=" value} ["@"
//   string] name   = "%" (plain | string)      type = dtype "[" [int {"," int}] "]" ["q" ["axis" "=" int] "{"
//   pairs "}"]
// Every error says line and column.
#include <algorithm>
#include <charconv>
#include <unordered_map>

#include "ir/op_text.h"
#include "ir/text.h"
#include "ir/text_scanner.h"
#include "ir/verify.h"

namespace halite::ir {
namespace {

class Parser {
 public:
  explicit Parser(std::string_view text) : in_(text) {}

  Graph parse() {
    in_.expect("graph");
    graph_.name = in_.string();
    in_.expect("(");
    list(')', [&] { graph_.inputs.push_back(definition()); });
    in_.expect("->");
    in_.expect("(");
    std::vector<std::pair<std::string, size_t>> outputs;
    std::vector<NamedExtent> extents;
    list(')', [&] {
      const size_t at = in_.at();
      outputs.emplace_back(value_name(), at);
      while (in_.take("[")) extents.push_back(extent(outputs.size() - 1));
    });
    in_.expect("{");
    while (!in_.take("}")) statement();
    if (in_.peek() != '\0') in_.fail("text behind the graph");
    for (const auto& [name, at] : outputs) graph_.outputs.push_back(lookup(name, at));
    for (const auto& e : extents) graph_.extents.push_back({e.output, e.axis, lookup(e.name, e.at)});
    for (size_t i = 0; i < graph_.states.size(); ++i)
      graph_.states[i].output = lookup(state_outputs_[i].first, state_outputs_[i].second);
    return std::move(graph_);
  }

 private:
  /// Values are known by name once all statements are read.
  struct NamedExtent {
    size_t output;
    int64_t axis;
    std::string name;
    size_t at;
  };

  NamedExtent extent(size_t output) {
    const int64_t axis = in_.integer();
    in_.expect(":");
    const size_t at = in_.at();
    NamedExtent e{output, axis, value_name(), at};
    in_.expect("]");
    return e;
  }

  void statement() {
    if (in_.peek() != '%') {
      if (in_.take("state")) return state();
      in_.expect("const");
      return constant();
    }
    std::vector<ValueId> outputs;
    do outputs.push_back(definition());
    while (in_.take(","));
    in_.expect("=");
    const size_t op_at = in_.at();
    const std::string_view op_name = in_.word();
    auto op = make_op(op_name);
    if (!op) throw ParseFailure{"no operator is called '" + std::string(op_name) + "'", op_at};
    Node node{{}, std::move(*op), {}, std::move(outputs)};
    in_.expect("(");
    list(')', [&] {
      const size_t at = in_.at();
      node.inputs.push_back(lookup(value_name(), at));
    });
    while (is_word(in_.peek()) && !at_statement()) field(node.op);
    if (in_.take("@")) node.name = in_.string();
    graph_.nodes.push_back(std::move(node));
  }

  // A field may not be called "const" or "state"; these words begin the next statement.
  bool at_statement() {
    const size_t at = in_.at();
    const std::string_view word = in_.word();
    in_.back_to(at);
    return word == "const" || word == "state";
  }

  void field(Op& op) {
    const size_t at = in_.at();
    const std::string_view name = in_.word();
    in_.expect("=");
    if (auto ok = set_field(op, name, in_.field_value()); !ok) throw ParseFailure{ok.error().message, at};
  }

  // The output may be defined further down.
  void state() {
    const ValueId input = definition();
    const Type type = graph_.type(input);
    in_.expect("=");
    const size_t at = in_.at();
    check_size(type, at);
    Tensor initial = in_.take("zeros") ? Tensor::zeros(type) : content(type);
    in_.expect("->");
    const size_t output_at = in_.at();
    state_outputs_.emplace_back(value_name(), output_at);
    std::string name = in_.take("@") ? in_.string() : graph_.value(input).name;
    graph_.states.push_back({std::move(name), input, {}, std::move(initial)});
  }

  void constant() {
    const ValueId id = definition();
    in_.expect("=");
    graph_.value(id).constant = content(graph_.type(id));
  }

  // Text is not a way to ask for unbounded memory: at most 4 GiB for a tensor.
  static void check_size(const Type& type, size_t at) {
    if (type.elements() > int64_t{1} << 29) throw ParseFailure{"constant is too large", at};
  }

  Tensor content(const Type& type) {
    const size_t at = in_.at();
    check_size(type, at);
    if (in_.take("#")) {
      const std::string_view digits = in_.word();
      uint64_t seed = 0;
      const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seed, 16);
      if (error != std::errc() || end != digits.data() + digits.size())
        throw ParseFailure{"expected 16 hexadecimal digits", at};
      return pseudo_random(type, seed);
    }
    in_.expect("{");
    Tensor t = Tensor::zeros(type);
    int64_t n = 0;
    list('}', [&] {
      if (n == type.elements()) in_.fail("more elements than " + to_string(type) + " has");
      element(t, n++);
    });
    if (n != type.elements())
      throw ParseFailure{std::to_string(n) + " elements, but " + to_string(type) + " has more", at};
    return t;
  }

  void element(Tensor& t, int64_t i) {
    const size_t at = in_.at();
    const std::string_view s = in_.scalar();
    const auto exact = [&](auto& out) {
      const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), out);
      return error == std::errc() && end == s.data() + s.size();
    };
    bool ok = false;
    switch (t.type().dtype) {
      case DType::f32:
        ok = exact(t.mutable_data<float>()[i]);
        break;
      case DType::f64:
        ok = exact(t.mutable_data<double>()[i]);
        break;
      case DType::i64:
        ok = exact(t.mutable_data<int64_t>()[i]);
        break;
      case DType::u64:
        ok = exact(t.mutable_data<uint64_t>()[i]);
        break;
      case DType::boolean:
        ok = s == "true" || s == "false";
        t.set(i, s == "true");
        break;
      case DType::f16:
      case DType::bf16:
        if (const auto v = parse_number(s)) t.set(i, *v), ok = true;
        break;
      default:
        if (const auto v = parse_number(s)) t.set(i, *v), ok = t.at(i) == *v;
    }
    if (!ok)
      throw ParseFailure{"'" + std::string(s) + "' is no " + std::string(to_string(t.type().dtype)), at};
  }

  // Reals in [-1,1), integers in 0..7: small enough for indices and for products to stay finite.
  static Tensor pseudo_random(const Type& type, uint64_t seed) {
    Tensor t = Tensor::zeros(type);
    for (int64_t i = 0; i < type.elements(); ++i) {
      seed = seed * 6364136223846793005 + 1442695040888963407;
      const auto bits = static_cast<uint32_t>(seed >> 40);  // 24 bits
      t.set(i, is_float(type.dtype) ? bits * 0x1p-23 - 1 : static_cast<double>(bits >> 21));
    }
    return t;
  }

  // `name: type` of a value that is new.
  ValueId definition() {
    const size_t at = in_.at();
    std::string name = value_name();
    in_.expect(":");
    Type t = type();
    const ValueId id{static_cast<uint32_t>(graph_.values.size())};
    if (!ids_.emplace(name, id).second) throw ParseFailure{"%" + name + " is defined a second time", at};
    graph_.values.push_back({std::move(name), std::move(t), {}});
    return id;
  }

  Type type() {
    const size_t at = in_.at();
    const std::string_view name = in_.word();
    const auto dtype = parse_dtype(name);
    if (!dtype) throw ParseFailure{"no element type is called '" + std::string(name) + "'", at};
    Type t{*dtype, {}, {}};
    in_.expect("[");
    list(']', [&] { t.shape.push_back(in_.integer()); });
    if (!element_count(t.shape)) throw ParseFailure{"shape " + to_string(t.shape) + " is out of range", at};
    if (in_.peek() == 'q') t.quantization = quantization();
    return t;
  }

  Quantization quantization() {
    Quantization q;
    in_.expect("q");
    if (in_.take("axis")) {
      in_.expect("=");
      q.axis = static_cast<int>(in_.integer());
    }
    in_.expect("{");
    list('}', [&] {
      const auto scale = parse_number(in_.scalar());
      if (!scale) in_.fail("expected a scale");
      q.scale.push_back(static_cast<float>(*scale));
      in_.expect(":");
      q.zero_point.push_back(in_.integer());
    });
    return q;
  }

  std::string value_name() {
    in_.expect("%");
    return in_.peek() == '"' ? in_.string() : std::string(in_.word());
  }
  ValueId lookup(const std::string& name, size_t at) const {
    const auto found = ids_.find(name);
    if (found == ids_.end()) throw ParseFailure{"%" + name + " is not defined before its use", at};
    return found->second;
  }

  // item {"," item} up to and with `end`; may be empty.
  template <class F>
  void list(char end, F item) {
    const std::string close(1, end);
    if (in_.take(close)) return;
    do item();
    while (in_.take(","));
    in_.expect(close);
  }

  Scanner in_;
  Graph graph_;
  std::unordered_map<std::string, ValueId> ids_;
  std::vector<std::pair<std::string, size_t>> state_outputs_;  // by state: name, and where it stands
};

}  // namespace

Result<Graph> parse(std::string_view text) {
  try {
    Graph g = Parser(text).parse();
    if (auto ok = verify(g); !ok) return ok.error();
    return g;
  } catch (const ParseFailure& failure) {
    const std::string_view before = text.substr(0, failure.at);
    const size_t line = static_cast<size_t>(std::count(before.begin(), before.end(), '\n')) + 1;
    const size_t column = failure.at - (before.rfind('\n') + 1) + 1;
    return invalid_model(failure.message,
                         "line " + std::to_string(line) + ", column " + std::to_string(column));
  }
}

}  // namespace halite::ir
