// Printing. The parser is in text_parse.cpp.
#include "ir/text.h"

#include <algorithm>
#include <cstring>

#include "ir/op_text.h"

namespace halite::ir {
namespace {

bool is_plain(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
  });
}

// Bytes outside printable ASCII become \xNN, so a name of any bytes survives.
std::string quote(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string s = "\"";
  for (unsigned char c : text) {
    if (c == '"' || c == '\\') {
      s += {'\\', static_cast<char>(c)};
    } else if (c < 0x20 || c >= 0x7f) {
      s += {'\\', 'x', kHex[c >> 4], kHex[c & 15]};
    } else {
      s += static_cast<char>(c);
    }
  }
  return s + "\"";
}

std::string print_name(const Value& v) { return "%" + (is_plain(v.name) ? v.name : quote(v.name)); }

// "f32[2,3]", and behind it, for a quantized tensor, " q axis=0 {0.5:3, 0.25:-1}" with scale:zero_point.
std::string print_type(const Type& t) {
  std::string s = to_string(t);
  if (!t.quantization) return s;
  const Quantization& q = *t.quantization;
  s += " q";
  if (q.axis != -1) s += " axis=" + std::to_string(q.axis);
  s += " {";
  for (size_t i = 0; i < q.scale.size(); ++i)
    s += (i ? ", " : "") + print_number(q.scale[i]) + ":" + std::to_string(q.zero_point[i]);
  return s + "}";
}

std::string print_element(const Tensor& t, int64_t i) {
  switch (t.type().dtype) {
    case DType::f32:
      return print_number(t.data<float>()[i]);
    case DType::f16:
      return print_number(f16_to_f32(t.data<uint16_t>()[i]));
    case DType::bf16:
      return print_number(bf16_to_f32(t.data<uint16_t>()[i]));
    case DType::f64:
      return print_number(t.data<double>()[i]);
    case DType::i64:
      return std::to_string(t.data<int64_t>()[i]);
    case DType::u64:
      return std::to_string(t.data<uint64_t>()[i]);
    case DType::boolean:
      return t.data<uint8_t>()[i] ? "true" : "false";
    default:
      return std::to_string(static_cast<int64_t>(t.at(i)));
  }
}

std::string print_constant(const Tensor& t, int64_t inline_limit) {
  if (t.type().elements() > inline_limit) {
    constexpr std::string_view kHex = "0123456789abcdef";
    const uint64_t hash = hash_bytes(t.bytes());
    std::string s = "#";
    for (int shift = 60; shift >= 0; shift -= 4) s += kHex[hash >> shift & 15];
    return s;
  }
  std::string s = "{";
  for (int64_t i = 0; i < t.type().elements(); ++i) s += (i ? ", " : "") + print_element(t, i);
  return s + "}";
}

std::string print_state(const Graph& g, const State& s, int64_t inline_limit) {
  const Value& input = g.value(s.input);
  const auto bytes = s.initial.bytes();
  const bool zeros = std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
  std::string line = "  state " + print_name(input) + ": " + print_type(input.type) + " = ";
  line += zeros ? "zeros" : print_constant(s.initial, inline_limit);
  line += " -> " + print_name(g.value(s.output));
  if (s.name != input.name) line += " @" + quote(s.name);
  return line + "\n";
}

std::string print_node(const Graph& g, const Node& node, const PrintOptions& options) {
  std::string s = "  ";
  for (size_t i = 0; i < node.outputs.size(); ++i) {
    const Value& v = g.value(node.outputs[i]);
    s += (i ? ", " : "") + print_name(v) + ": " + print_type(v.type);
  }
  // The operator's fields stand behind the arguments: "conv2d" "(%x, %w)" " stride=[2,2]".
  const std::string op = print(node.op, options);
  const size_t name_length = name_of(node.op).size();
  s += " = " + op.substr(0, name_length) + "(";
  for (size_t i = 0; i < node.inputs.size(); ++i) s += (i ? ", " : "") + print_name(g.value(node.inputs[i]));
  s += ")" + op.substr(name_length);
  if (!node.name.empty()) s += " @" + quote(node.name);
  return s + "\n";
}

}  // namespace

std::string print(const Graph& g, const PrintOptions& options) {
  std::string s = "graph " + quote(g.name) + " (";
  for (size_t i = 0; i < g.inputs.size(); ++i) {
    const Value& v = g.value(g.inputs[i]);
    s += (i ? ", " : "") + print_name(v) + ": " + print_type(v.type);
  }
  s += ") -> (";
  for (size_t i = 0; i < g.outputs.size(); ++i) {
    s += (i ? ", " : "") + print_name(g.value(g.outputs[i]));
    for (const Extent& e : g.extents)
      if (e.output == i) s += "[" + std::to_string(e.axis) + ": " + print_name(g.value(e.value)) + "]";
  }
  s += ") {\n";
  for (const State& state : g.states) s += print_state(g, state, options.inline_limit);
  for (const Value& v : g.values) {
    if (!v.constant) continue;
    s += "  const " + print_name(v) + ": " + print_type(v.type) + " = ";
    s += print_constant(*v.constant, options.inline_limit) + "\n";
  }
  for (const Node& node : g.nodes) s += print_node(g, node, options);
  return s + "}\n";
}

uint64_t hash_bytes(std::span<const std::byte> bytes, uint64_t seed) {
  // FNV-1a over eight-byte words, the rest byte by byte, then a mixing of the high bits into the low ones.
  constexpr uint64_t kPrime = 0x100000001b3;
  uint64_t h = 0xcbf29ce484222325 ^ (seed * kPrime);
  size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    uint64_t word;
    std::memcpy(&word, bytes.data() + i, 8);
    h = (h ^ word) * kPrime;
    h ^= h >> 32;
  }
  for (; i < bytes.size(); ++i) h = (h ^ static_cast<uint64_t>(bytes[i])) * kPrime;
  h = (h ^ bytes.size()) * kPrime;
  h = (h ^ h >> 29) * 0xbf58476d1ce4e5b9;
  return h ^ h >> 32;
}

}  // namespace halite::ir
