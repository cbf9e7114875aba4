#include "tests/schedules/check_kernel.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <random>

#include "ir/interpret.h"
#include "ir/text.h"
#include "schedules/hidden.h"
#include "tests/support/error_text.h"

namespace halite::test {
namespace {

using schedules::Group;
using schedules::Operand;

bool is_heavy(const ir::Op& op) { return !schedules::is_elementwise_like(op); }
bool moves(const ir::Op& op) {
  return !std::holds_alternative<ir::Elementwise>(op) && !std::holds_alternative<ir::Cast>(op);
}

Group whole(const ir::Graph& graph) {
  Group group;
  for (uint32_t i = 0; i < graph.nodes.size(); i++) group.nodes.push_back({i});
  group.anchor = group.nodes.back();
  // What moves elements anchors if it comes first, a reduction if it comes last.
  const auto op_of = [&](ir::NodeId id) -> const ir::Op& { return graph.node(id).op; };
  if (const auto id = std::ranges::find_if(group.nodes, moves, op_of); id != group.nodes.end())
    group.anchor = *id;
  for (auto id : group.nodes) {
    if (is_heavy(op_of(id))) group.anchor = id;
  }
  const ir::Uses uses(graph);
  for (auto id : group.nodes) {
    for (auto value : graph.node(id).inputs) {
      const bool known = std::find(group.inputs.begin(), group.inputs.end(), value) != group.inputs.end();
      if (!uses.producer[value.index] && !known) group.inputs.push_back(value);
    }
  }
  group.outputs = graph.outputs;
  return group;
}

/// Elements of one tensor somewhere in a larger block of memory.
struct Storage {
  Operand operand;
  std::vector<std::byte> block;
  std::byte* first = nullptr;
};

constexpr int64_t kAlignment = 64;

/// Rows (and planes) apart from each other if `strided`; filled with a pattern that shows stray writes.
Storage make_storage(const ir::Type& type, bool strided) {
  Storage s;
  s.operand.type = type;
  s.operand.strides.resize(type.shape.size());
  int64_t stride = 1;
  for (int i = type.rank() - 1; i >= 0; i--) {
    s.operand.strides[i] = stride;
    stride *= type.shape[i];
    if (strided) stride += 3;
  }
  s.block.assign(static_cast<size_t>((stride + 8) * ir::size_of(type.dtype) + 2 * kAlignment),
                 std::byte{0xa5});
  const auto address = reinterpret_cast<uintptr_t>(s.block.data());
  s.first = s.block.data() + (-address & (kAlignment - 1)) + (strided ? ir::size_of(type.dtype) : 0);
  return s;
}

/// Calls visit(row-major index, byte offset) for every element.
void for_each(const Operand& operand, auto&& visit) {
  const auto& shape = operand.type.shape;
  const int64_t size = ir::size_of(operand.type.dtype), count = operand.type.elements();
  for (int64_t i = 0; i < count; i++) {
    int64_t rest = i, offset = 0;
    for (int d = static_cast<int>(shape.size()) - 1; d >= 0; d--) {
      offset += rest % shape[d] * operand.strides[d];
      rest /= shape[d];
    }
    visit(i * size, offset * size);
  }
}

void fill(Storage& s, const ir::Tensor& tensor) {
  const int64_t size = ir::size_of(tensor.type().dtype);
  for_each(s.operand,
           [&](int64_t from, int64_t to) { std::memcpy(s.first + to, tensor.bytes().data() + from, size); });
}

ir::Tensor gather(const Storage& s) {
  ir::Tensor tensor = ir::Tensor::zeros(s.operand.type);
  const int64_t size = ir::size_of(s.operand.type.dtype);
  auto bytes = tensor.mutable_bytes();
  for_each(s.operand,
           [&](int64_t to, int64_t from) { std::memcpy(bytes.data() + to, s.first + from, size); });
  return tensor;
}

int constant_of(const Halide::Expr& e) {
  const int64_t* value = Halide::Internal::as_const_int(e);
  HALITE_CHECK(value, "bounds and strides are constants");
  return static_cast<int>(*value);
}

/// A view of memory in the shape that the kernel declares.
Halide::Buffer<> view(std::byte* first, Halide::Type type, int rank,
                      const Halide::Internal::Parameter& parameter) {
  std::vector<halide_dimension_t> dims;
  for (int d = 0; d < rank; d++) {
    dims.emplace_back(0, constant_of(parameter.extent_constraint(d)),
                      constant_of(parameter.stride_constraint(d)));
  }
  return Halide::Buffer<>(type, first, rank, dims.data());
}

int heap_requests = 0;
void* count_malloc(Halide::JITUserContext*, size_t bytes) {
  heap_requests++;
  return std::aligned_alloc(128, (bytes + 127) & ~size_t{127});
}
void count_free(Halide::JITUserContext*, void* p) { std::free(p); }

/// What codegen/intrinsics.cpp makes of it where the machine has the instructions.
int32_t dot4_s8(int32_t x, int32_t w, int32_t sum) {
  for (int i = 0; i < 32; i += 8) sum += int8_t(uint32_t(x) >> i) * int8_t(uint32_t(w) >> i);
  return sum;
}

int32_t pair4_s8(int32_t x, int32_t even, int32_t odd, int32_t sum, int32_t both) {
  auto total = uint32_t(sum);
  for (int i = 0; i < 32; i += 16) {
    const auto factor = [&](int32_t w) {
      const auto half = int16_t(uint32_t(w) >> i);
      return both ? half : int8_t(half);
    };
    total += uint32_t(int8_t(uint32_t(x) >> i) * factor(even));
    total += uint32_t(int8_t(uint32_t(x) >> (i + 8)) * factor(odd));
  }
  return int32_t(total);
}

int32_t mla(int32_t x, int32_t w, int32_t sum) { return sum + x * w; }

int32_t word4_s8(int8_t a, int8_t b, int8_t c, int8_t d) {
  return static_cast<int32_t>(uint32_t{uint8_t(a)} | uint32_t{uint8_t(b)} << 8 | uint32_t{uint8_t(c)} << 16 |
                              uint32_t{uint8_t(d)} << 24);
}

int32_t mulh(int32_t a, int32_t b) { return static_cast<int32_t>(int64_t{a} * b >> 32); }
int32_t qrdmulh(int32_t a, int32_t b) {
  return static_cast<int32_t>((int64_t{a} * b + (int64_t{1} << 30)) >> 31);
}
int32_t shl(int32_t a, int32_t by) { return by < 0 ? a >> -by : static_cast<int32_t>(uint32_t(a) << by); }
/// Only the low byte counts.
int32_t round_even(float x) {
  if (std::isnan(x)) return 0;
  const double whole = std::nearbyint(static_cast<double>(x));
  return static_cast<int32_t>(std::clamp(whole, double{INT32_MIN}, double{INT32_MAX}));
}
int32_t sat8(int32_t a) { return std::clamp(a, -128, 127) ^ 0x5500; }

bool close(double got, double wanted, const Check& check) {
  if (std::isnan(wanted)) return std::isnan(got);
  if (std::isinf(wanted) || std::isinf(got)) return got == wanted;
  return std::abs(got - wanted) <= check.atol + check.rtol * std::abs(wanted);
}

void compare(const ir::Tensor& got, const ir::Tensor& wanted, const Check& check) {
  int64_t different = 0;
  for (int64_t i = 0; i < wanted.type().elements(); i++) {
    const bool same = ir::is_float(wanted.type().dtype)
                          ? close(got.at(i), wanted.at(i), check)
                          : std::memcmp(got.bytes().data() + i * ir::size_of(wanted.type().dtype),
                                        wanted.bytes().data() + i * ir::size_of(wanted.type().dtype),
                                        static_cast<size_t>(ir::size_of(wanted.type().dtype))) == 0;
    if (same) continue;
    if (different++ == 0) {
      INFO("element ", i, ": got ", got.at(i), ", wanted ", wanted.at(i));
      CHECK(same);
    }
  }
  CHECK(different == 0);
}

Machine machine(std::string name, int bits, int cores, schedules::Optimize optimize) {
  targets::Target target;
  target.name = name;
  target.facts = {.vector_bits = bits,
                  .vector_registers = bits == 512 ? 32 : 16,
                  .fma = bits >= 256,
                  .fma_throughput = 2,
                  .lane_broadcast_fma = true,
                  .rounding_conversion = bits >= 256,
                  .constant_operands = bits >= 256,
                  .l1_bytes = 32 << 10,
                  .l2_bytes = 1 << 20,
                  .cores = cores,
                  .max_stack_bytes = bits == 0 ? 4096 : 65536};
  return {name, target, optimize};
}

}  // namespace

const std::vector<Machine>& machines() {
  using schedules::Optimize;
  static const std::vector<Machine> list{machine("scalar", 0, 1, Optimize::speed),
                                         machine("128 bits", 128, 1, Optimize::speed),
                                         machine("256 bits for size", 256, 1, Optimize::size),
                                         machine("512 bits, 2 cores", 512, 2, Optimize::speed)};
  return list;
}

const std::vector<Machine>& dot_machines() {
  static const std::vector<Machine> list = [] {
    using schedules::Optimize;
    std::vector<Machine> dots{machine("words", 0, 1, Optimize::speed),
                              machine("words for size", 0, 1, Optimize::size),
                              machine("vectors of 16", 128, 1, Optimize::speed),
                              machine("fours of unsigned bytes", 512, 2, Optimize::speed),
                              machine("fours of signed bytes", 128, 1, Optimize::speed),
                              machine("pairs for size", 256, 1, Optimize::size),
                              machine("pairs", 256, 2, Optimize::speed),
                              machine("fours of signed bytes, by lane", 128, 2, Optimize::speed)};
    dots[7].target.facts.int8_dot = dots[7].target.facts.dot_lanes = 4;
    dots[7].target.facts.vector_registers = 32;
    dots[3].target.facts.int8_dot = dots[4].target.facts.int8_dot = 4;
    dots[3].target.facts.dot_unsigned = dots[3].target.facts.int8_pairs = true;
    dots[3].target.facts.bf16_dot = dots[6].target.facts.bf16_dot = true;
    dots[5].target.facts.int8_pairs = dots[6].target.facts.int8_pairs = true;
    dots[0].target.facts.int8_dot = dots[1].target.facts.int8_dot = 2;
    dots[2].target.facts.int8_dot = 16;
    dots[2].target.facts.high_multiply = true;
    return dots;
  }();
  return list;
}

struct Runner::State {
  Group group;
  std::vector<Storage> inputs, outputs, scratch;
  schedules::Kernel kernel;
  Halide::Pipeline pipeline;
  std::vector<Halide::Buffer<>> results;
};

Runner::Runner(const ir::Graph& graph, const Machine& machine, std::span<const ir::Tensor> inputs,
               bool strided, bool in_place, const std::string& forced)
    : state(std::make_shared<State>()) {
  State& s = *state;
  s.group = whole(graph);
  schedules::Request request{.graph = graph,
                             .group = s.group,
                             .inputs = {},
                             .outputs = {},
                             .target = machine.target,
                             .optimize = machine.optimize,
                             .in_place = in_place,
                             .strategy = forced};
  for (size_t i = 0; i < s.group.inputs.size(); i++) {
    s.inputs.push_back(make_storage(graph.type(s.group.inputs[i]), strided));
    request.inputs.push_back(s.inputs.back().operand);
  }
  for (auto id : s.group.outputs) {
    s.outputs.push_back(make_storage(graph.type(id), strided));
    request.outputs.push_back(s.outputs.back().operand);
  }
  s.kernel = schedules::lower(request);
  strategy = s.kernel.strategy;
  size_t next = 0;
  for (size_t i = 0; i < s.group.inputs.size(); i++) {
    const auto id = s.group.inputs[i];
    const ir::Tensor tensor = graph.is_constant(id) ? *graph.value(id).constant : inputs[next++];
    if (s.kernel.packing[i].packs()) {
      const ir::Tensor packed = s.kernel.packing[i].pack(
          tensor, [&](size_t k) { return *graph.value(s.group.inputs[k]).constant; });
      REQUIRE(packed.type() == s.kernel.packing[i].type);
      s.inputs[i] = make_storage(packed.type(), false);
      fill(s.inputs[i], packed);
    } else {
      fill(s.inputs[i], tensor);
    }
  }
  for (size_t i = 0; in_place && i < s.group.inputs.size(); i++) {
    if (!schedules::may_alias(graph, s.group, i)) continue;
    s.outputs[0].block.clear();
    s.outputs[0].first = s.inputs[i].first;
    break;
  }
  for (const auto& type : s.kernel.scratch) s.scratch.push_back(make_storage(type, false));
  for (size_t i = 0; i < s.group.inputs.size(); i++) {
    auto& param = s.kernel.inputs[i];
    param.set(view(s.inputs[i].first, param.type(), param.dimensions(), param.parameter()));
  }
  for (size_t i = 0; i < s.kernel.outputs.size(); i++) {
    auto& func = s.kernel.outputs[i];
    Storage& storage = i < s.outputs.size() ? s.outputs[i] : s.scratch[i - s.outputs.size()];
    s.results.push_back(
        view(storage.first, func.output_types()[0], func.dimensions(), func.output_buffer().parameter()));
  }
  s.pipeline = Halide::Pipeline(s.kernel.outputs);
  schedules::reveal_hidden(s.pipeline);
  s.pipeline.set_jit_externs({{"hl_dot4_s8", Halide::JITExtern(dot4_s8)},
                              {"hl_pair4_s8", Halide::JITExtern(pair4_s8)},
                              {"hl_mla", Halide::JITExtern(mla)},
                              {"hl_word4_s8", Halide::JITExtern(word4_s8)},
                              {"hl_round_even", Halide::JITExtern(round_even)},
                              {"hl_mulh", Halide::JITExtern(mulh)},
                              {"hl_qrdmulh", Halide::JITExtern(qrdmulh)},
                              {"hl_shl", Halide::JITExtern(shl)},
                              {"hl_sat8", Halide::JITExtern(sat8)}});
  s.pipeline.jit_handlers().custom_malloc = count_malloc;
  s.pipeline.jit_handlers().custom_free = count_free;
  // Halide 14 takes every machine with bfloat16 for a Sapphire Rapids, which has instructions that others
  // lack.
  s.pipeline.compile_jit(Halide::get_host_target().without_feature(Halide::Target::AVX512_SapphireRapids));
}

void Runner::run() { state->pipeline.realize(Halide::Realization(state->results)); }
ir::Tensor Runner::output(size_t i) const { return gather(state->outputs[i]); }

ir::Tensor random_tensor(const ir::Type& type, double low, double high, uint32_t seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> uniform(low, high);
  ir::Tensor tensor = ir::Tensor::zeros(type);
  for (int64_t i = 0; i < type.elements(); i++) {
    const double x = uniform(random);
    tensor.set(i, type.dtype == ir::DType::boolean ? (x > (low + high) / 2 ? 1 : 0)
                  : ir::is_float(type.dtype)       ? x
                                                   : std::floor(x));
  }
  return tensor;
}

void check_kernel(std::string_view text, const Check& check) {
  INFO(std::string(text));
  auto graph = ir::parse(text);
  REQUIRE_MESSAGE(graph, error_text(graph));
  std::vector<ir::Tensor> inputs = check.inputs;
  for (size_t i = inputs.size(); i < graph->inputs.size(); i++) {
    inputs.push_back(random_tensor(graph->type(graph->inputs[i]), check.low, check.high,
                                   check.seed + static_cast<uint32_t>(i)));
  }
  const auto wanted = ir::interpret(*graph, inputs);
  REQUIRE(wanted);
  const Group group = whole(*graph);
  bool aliasable = false;
  for (size_t i = 0; i < group.inputs.size(); i++) aliasable |= schedules::may_alias(*graph, group, i);
  std::vector<Machine> all = machines();
  if (check.dots) all.insert(all.end(), dot_machines().begin(), dot_machines().end());
  if (check.by_lane) all = {dot_machines().back()};
  std::erase_if(all, [&](const Machine& m) { return m.target.facts.max_stack_bytes < check.least_stack; });
  for (const auto& machine : all) {
    for (int mode = 0; mode < 3; mode++) {
      const bool strided = mode == 1, in_place = mode == 2;
      if (in_place && !aliasable) continue;
      if (check.formula_only && (mode != 0 || machine.target.facts.vector_bits != 512)) continue;
      const std::string mode_name = strided ? ", strided" : in_place ? ", in place" : "";
      INFO("machine: ", machine.name, mode_name);
      try {
        Runner runner(*graph, machine, inputs, strided, in_place);
        INFO("strategy: ", runner.strategy);
        heap_requests = 0;
        runner.run();
        CHECK(heap_requests == 0);
        for (size_t i = 0; i < wanted->size(); i++) compare(runner.output(i), (*wanted)[i], check);
      } catch (const Halide::Error& e) {
        FAIL_CHECK("Halide: ", std::string(e.what()));
      }
    }
  }
}

}  // namespace halite::test
