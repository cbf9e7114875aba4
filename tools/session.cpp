#include "tools/session.h"

#include <cstring>
#include <optional>

#include "rt/halite.h"
#include "rt/platform/posix.h"
#include "tools/report.h"

namespace halite::tools {
namespace {

struct DestroyPool {
  void operator()(halite_posix_pool* p) const { halite_posix_pool_destroy(p); }
};

Result<void> checked(halite_status status) {
  if (status == HALITE_OK) return {};
  return Error{ErrorCode::kResource, std::string("the model cannot be run: ") + halite_status_text(status),
               ""};
}

}  // namespace

struct Session::State {
  explicit State(codegen::JitModel m) : model(std::move(m)) {}
  codegen::JitModel model;
  ir::Types inputs, outputs;
  std::vector<ir::Tensor> bound;  ///< places of the public tensors that have none in the arena
  std::optional<codegen::SessionMemories> memories;
  std::unique_ptr<halite_posix_pool, DestroyPool> pool;
  Session::Observer observer;
  mutable halite_session session{};
};

namespace {

/// Binds a buffer to every public tensor that the arena does not hold.
Result<void> bind_rest(halite_session& session, const ir::Types& inputs, const ir::Types& outputs,
                       std::vector<ir::Tensor>& bound) {
  bound.reserve(inputs.size() + outputs.size());
  const auto buffer = [&](const ir::Type& type) {
    return bound.emplace_back(ir::Tensor::zeros(type)).mutable_bytes().data();
  };
  for (uint32_t i = 0; i < inputs.size(); ++i) {
    if (halite_input(&session, i)) continue;
    if (auto done = checked(halite_bind_input(&session, i, buffer(inputs[i]))); !done) return done;
  }
  for (uint32_t i = 0; i < outputs.size(); ++i) {
    if (halite_output(&session, i)) continue;
    if (auto done = checked(halite_bind_output(&session, i, buffer(outputs[i]))); !done) return done;
  }
  return {};
}

}  // namespace

Session::Session(std::unique_ptr<State> state) : state_(std::move(state)) {}
Session::Session(Session&&) noexcept = default;
Session::~Session() = default;

Result<Session> Session::open(const codegen::Artifact& artifact, const ir::Graph& signature, int threads) {
  auto model = codegen::JitModel::load(artifact);
  if (!model) return model.error();
  auto state = std::make_unique<State>(std::move(*model));
  for (const ir::ValueId id : signature.inputs) state->inputs.push_back(signature.type(id));
  for (const ir::ValueId id : signature.outputs) state->outputs.push_back(signature.type(id));

  const halite_model& loaded = state->model.model();
  state->memories.emplace(loaded);
  if (!state->memories->complete()) {
    return Error{
        ErrorCode::kResource,
        "this machine has no " + std::to_string(halite_arena_bytes(&loaded)) + " bytes for the arena", ""};
  }
  auto opened = checked(state->memories->open(state->session));
  if (!opened) return opened.error();
  for (uint32_t i = 0; i < state->inputs.size() && !artifact.report.variants.empty(); ++i) {
    const ir::Shape& shape = state->inputs[i].shape;
    const std::vector<int32_t> extents(shape.begin(), shape.end());
    auto done = checked(halite_set_input_shape(&state->session, i, extents.data(), uint32_t(extents.size())));
    if (!done) return done.error();
  }
  if (auto done = bind_rest(state->session, state->inputs, state->outputs, state->bound); !done)
    return done.error();
  if (threads > 1) {
    state->pool.reset(halite_posix_pool_create(static_cast<unsigned>(threads)));
    if (!state->pool) return Error{ErrorCode::kResource, "the system refuses that many threads", ""};
    halite_set_parallel(&state->session, halite_posix_parallel_for, state->pool.get());
  }
  return Session(std::move(state));
}

void Session::set_inputs(std::span<const ir::Tensor> inputs) {
  HALITE_CHECK(inputs.size() == state_->inputs.size(), "inputs of another model");
  for (size_t i = 0; i < inputs.size(); ++i) {
    HALITE_CHECK(inputs[i].type().bytes() == state_->inputs[i].bytes(), "input of another type");
    void* place = halite_input(&state_->session, static_cast<uint32_t>(i));
    if (!inputs[i].bytes().empty()) std::memcpy(place, inputs[i].bytes().data(), inputs[i].bytes().size());
  }
}

Result<void> Session::run() { return checked(halite_run(&state_->session)); }

std::vector<ir::Tensor> Session::outputs() const {
  std::vector<ir::Tensor> tensors;
  for (size_t i = 0; i < state_->outputs.size(); ++i) {
    ir::Tensor tensor = ir::Tensor::zeros(state_->outputs[i]);
    const void* place = halite_output(&state_->session, static_cast<uint32_t>(i));
    if (!tensor.bytes().empty()) std::memcpy(tensor.mutable_bytes().data(), place, tensor.bytes().size());
    std::vector<int32_t> shape(tensor.type().shape.size() + 1);  // a place to write, even of rank 0
    halite_output_shape(&state_->session, static_cast<uint32_t>(i), shape.data());
    tensors.push_back(tensor.leading({shape.begin(), shape.end() - 1}));
  }
  return tensors;
}

void Session::observe(Observer observer) {
  state_->observer = std::move(observer);
  auto call = [](void* user, uint32_t step, int done, void* const* args, uint32_t n_args) {
    static_cast<State*>(user)->observer(step, done != 0, {args, n_args});
  };
  halite_observe(&state_->session, state_->observer ? +call : nullptr, state_.get());
}

}  // namespace halite::tools
