// ORC with JITLink: the object is linked into this process at its final address; it needs nothing from it.
#include "codegen/jit.h"

#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h>
#include <llvm/Support/TargetSelect.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include "rt/abi.h"
#include "rt/platform/posix.h"

namespace halite::codegen {

struct JitModel::State {
  std::unique_ptr<llvm::orc::LLJIT> jit;
  const halite_model* model = nullptr;
  std::vector<uint8_t> weights;  ///< the separate file, at an aligned address
  size_t weights_start = 0;
};

namespace {

Error jit_error(llvm::Error error) {
  return {
      ErrorCode::kResource, "the compiled model cannot be loaded: " + llvm::toString(std::move(error)), {}};
}

Error status_error(halite_status status) {
  return {
      ErrorCode::kInvalidInput, std::string("the compiled model reports: ") + halite_status_text(status), {}};
}

using Sequence = std::vector<std::vector<ir::Tensor>>;

ir::Type shaped(const halite_tensor& info, const int32_t* extents) {
  return {ir::DType(info.dtype), {extents, extents + info.rank}, {}};
}

/// Of input or output i (`shape_of` tells which), in the session's present shapes.
ir::Type type_now(const halite_session& session, const halite_tensor& info, uint32_t i,
                  halite_status (*shape_of)(const halite_session*, uint32_t, int32_t*)) {
  std::vector<int32_t> extents(info.rank + 1);  // a place to write, even of rank 0
  const halite_status status = shape_of(&session, i, extents.data());
  HALITE_CHECK(status == HALITE_OK, "shape of a public tensor");
  return shaped(info, extents.data());
}

/// Of output i, as long as it can be in these shapes.
ir::Type bound_now(const halite_session& session, const halite_tensor& info, uint32_t i) {
  const auto* shapes = session.variant->shapes;
  return shaped(info, shapes ? shapes[session.model->n_inputs + i] : info.shape);
}

Result<void> write_inputs(halite_session& session, std::span<const ir::Tensor> inputs) {
  const halite_model* m = session.model;
  if (inputs.size() != halite_input_count(m)) {
    return Error{ErrorCode::kInvalidInput,
                 "found " + std::to_string(inputs.size()) + " inputs, the model has " +
                     std::to_string(halite_input_count(m)),
                 {}};
  }
  // What the model has no such shape for, is told below.
  for (uint32_t i = 0; i < inputs.size(); i++) {
    const auto& shape = inputs[i].type().shape;
    const std::vector<int32_t> extents(shape.begin(), shape.end());
    (void)halite_set_input_shape(&session, i, extents.data(), uint32_t(extents.size()));
  }
  for (uint32_t i = 0; i < inputs.size(); i++) {
    const auto expected = type_now(session, *halite_input_info(m, i), i, &halite_input_shape);
    if (inputs[i].type().shape != expected.shape || inputs[i].type().dtype != expected.dtype) {
      return Error{ErrorCode::kInvalidInput,
                   "found " + to_string(inputs[i].type()) + ", expected " + to_string(expected),
                   std::string("input ") + halite_input_info(m, i)->name};
    }
    std::memcpy(halite_input(&session, i), inputs[i].bytes().data(), inputs[i].bytes().size());
  }
  return {};
}

std::vector<ir::Tensor> read_outputs(halite_session& session) {
  std::vector<ir::Tensor> outputs;
  for (uint32_t i = 0; i < halite_output_count(session.model); i++) {
    const halite_tensor& info = *halite_output_info(session.model, i);
    ir::Tensor whole = ir::Tensor::zeros(bound_now(session, info, i));
    std::memcpy(whole.mutable_bytes().data(), halite_output(&session, i), whole.bytes().size());
    outputs.push_back(whole.leading(type_now(session, info, i, &halite_output_shape).shape));
  }
  return outputs;
}

/// Gives a buffer to each public tensor that has no place in the arena.
Result<void> bind_rest(halite_session& session, std::vector<ir::Tensor>& buffers) {
  const halite_model* m = session.model;
  buffers.reserve(halite_input_count(m) + halite_output_count(m));
  const auto buffer = [&](const halite_tensor* info) {
    return buffers.emplace_back(ir::Tensor::zeros({ir::DType::u8, {int64_t(info->bytes)}, {}}))
        .mutable_bytes()
        .data();
  };
  for (uint32_t i = 0; i < halite_input_count(m); i++) {
    if (halite_input(&session, i)) continue;
    if (auto status = halite_bind_input(&session, i, buffer(halite_input_info(m, i))))
      return status_error(status);
  }
  for (uint32_t i = 0; i < halite_output_count(m); i++) {
    if (halite_output(&session, i)) continue;
    if (auto status = halite_bind_output(&session, i, buffer(halite_output_info(m, i))))
      return status_error(status);
  }
  return {};
}

}  // namespace

SessionMemories::SessionMemories(const halite_model& model) : model_(model) {
  for (uint32_t i = 0; i < halite_memory_count(&model); i++) {
    const size_t bytes = halite_memory_bytes(&model, i),
                 rounded = (bytes / HALITE_ARENA_ALIGN + 1) * HALITE_ARENA_ALIGN;
    owned_.emplace_back(std::aligned_alloc(HALITE_ARENA_ALIGN, rounded), &std::free);
    blocks_.push_back({owned_.back().get(), bytes});
  }
}

bool SessionMemories::complete() const {
  return std::ranges::all_of(blocks_, [](const halite_memory& block) { return block.data; });
}

halite_status SessionMemories::open(halite_session& session) const {
  return halite_open_memories(&session, &model_, blocks_.data(), uint32_t(blocks_.size()));
}

JitModel::JitModel(std::unique_ptr<State> state) : state_(std::move(state)) {}
JitModel::JitModel(JitModel&&) noexcept = default;
JitModel& JitModel::operator=(JitModel&&) noexcept = default;
JitModel::~JitModel() = default;

const halite_model& JitModel::model() const { return *state_->model; }

Result<JitModel> JitModel::load(const Artifact& artifact) {
  static std::once_flag once;
  std::call_once(once, [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
  });
  auto state = std::make_unique<State>();
  llvm::orc::LLJITBuilder builder;
  builder.setObjectLinkingLayerCreator([](llvm::orc::ExecutionSession& session, const llvm::Triple&) {
    return std::make_unique<llvm::orc::ObjectLinkingLayer>(session);
  });
  auto jit = builder.create();
  if (!jit) return jit_error(jit.takeError());
  state->jit = std::move(*jit);
  const llvm::StringRef bytes(reinterpret_cast<const char*>(artifact.object.data()), artifact.object.size());
  auto buffer = llvm::MemoryBuffer::getMemBufferCopy(bytes, artifact.name);
  if (auto error = state->jit->addObjectFile(std::move(buffer))) return jit_error(std::move(error));
  auto symbol = state->jit->lookup(artifact.name + "_model");
  if (!symbol) return jit_error(symbol.takeError());
  state->model = symbol->toPtr<const halite_model*>();
  if (!artifact.weights.empty()) {
    state->weights.resize(artifact.weights.size() + HALITE_ARENA_ALIGN);
    const auto address = reinterpret_cast<uintptr_t>(state->weights.data());
    state->weights_start = (HALITE_ARENA_ALIGN - address % HALITE_ARENA_ALIGN) % HALITE_ARENA_ALIGN;
    std::copy(artifact.weights.begin(), artifact.weights.end(),
              state->weights.begin() + state->weights_start);
  }
  return JitModel(std::move(state));
}

Result<std::vector<ir::Tensor>> JitModel::run(std::span<const ir::Tensor> inputs, int threads) const {
  const Sequence one{{inputs.begin(), inputs.end()}};
  auto outputs = run_sequence(one, threads);
  if (!outputs) return outputs.error();
  return std::move(outputs->front());
}

Result<Sequence> JitModel::run_sequence(std::span<const std::vector<ir::Tensor>> inputs, int threads) const {
  const halite_model& m = model();
  const SessionMemories memories(m);
  halite_session session;
  if (auto status = memories.open(session)) return status_error(status);
  if (!state_->weights.empty()) {
    const auto status = halite_set_weights(&session, state_->weights.data() + state_->weights_start,
                                           state_->weights.size() - HALITE_ARENA_ALIGN);
    if (status) return status_error(status);
  }
  std::unique_ptr<halite_posix_pool, void (*)(halite_posix_pool*)> pool(nullptr, &halite_posix_pool_destroy);
  if (threads > 1) {
    pool.reset(halite_posix_pool_create(threads));
    halite_set_parallel(&session, halite_posix_parallel_for, pool.get());
  }
  std::vector<ir::Tensor> buffers;
  if (auto bound = bind_rest(session, buffers); !bound) return bound.error();
  Sequence outputs;
  for (const auto& set : inputs) {
    if (auto written = write_inputs(session, set); !written) return written.error();
    if (auto status = halite_run(&session)) return status_error(status);
    outputs.push_back(read_outputs(session));
  }
  return outputs;
}

}  // namespace halite::codegen
