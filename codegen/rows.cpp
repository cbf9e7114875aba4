// The program is found by simulation: rows of the last layers are asked for one after the other, each asks
// for the rows that it reads. How far back in its line buffer a kernel finds its window is read off; where
// that differs from call to call there are several ops of one kernel.
#include "codegen/rows.h"

#include <algorithm>

#include "codegen/row_layer.h"

namespace halite::codegen {
namespace {

using ir::ValueId;
using schedules::Group;

/// Rows begin at words, so that kernels may read and write words.
constexpr int64_t kWord = 4;

/// The type with all pixels in rows of `width`, where it has as many as the images of a cascade.
ir::Type folded(ir::Type type, int64_t width) {
  if (width == 0 || !is_image(type) || type.shape[1] == 1) return type;
  type.shape[1] = type.shape[1] * type.shape[2] / width;
  type.shape[2] = width;
  return type;
}

/// Greedy: the repetition that saves most, again and again.
std::vector<RowLoop> find_loops(const std::vector<uint8_t>& program) {
  constexpr size_t kLongest = 256;
  std::vector<RowLoop> loops;
  size_t literal = 0, at = 0;
  const auto flush = [&](size_t end) {
    if (end > literal) loops.push_back({uint16_t(literal), uint16_t(end - literal), 1});
  };
  while (at < program.size()) {
    size_t best_length = 0, best_times = 1;
    for (size_t length = 1; length <= kLongest && at + 2 * length <= program.size(); length++) {
      size_t end = at + length;
      while (end < program.size() && program[end] == program[end - length]) end++;
      const size_t times = (end - at) / length;
      if ((times - 1) * length > (best_times - 1) * best_length) best_length = length, best_times = times;
    }
    if ((best_times - 1) * best_length < 8) {
      at++;
      continue;
    }
    flush(at);
    loops.push_back({uint16_t(at), uint16_t(best_length), uint16_t(best_times)});
    at = literal = at + best_length * best_times;
  }
  flush(program.size());
  return loops;
}

class Simulation {
 public:
  Simulation(const ir::Graph& graph, const Views& views, std::span<const Group> groups,
             const std::vector<bool>& is_stored, int64_t width)
      : graph_(graph), views_(views), groups_(groups), is_stored_(is_stored) {
    cascade_.width = width;
  }

  std::optional<Cascade> run() {
    for (const auto& group : groups_) {
      auto layer = read_layer(graph_, group);
      if (!layer) return {};
      layers_.push_back(*std::move(layer));
      if (cascade_.width > 0) layers_.back().window.columns = cascade_.width;
    }
    if (!make_lines()) return {};
    drive();
    if (cascade_.program.size() > UINT16_MAX || calls_.size() > UINT8_MAX) return {};
    for (size_t l = 0; l < cascade_.lines.size(); l++) {
      if (cascade_.lines[l].stored) note_overlaps(l);
    }
    resolve();
    cascade_.layers.assign(groups_.begin(), groups_.end());
    return std::move(cascade_);
  }

 private:
  struct State {
    int64_t height = 0;
    int64_t newest = -1;             ///< row, those past the image included
    std::optional<size_t> group;     ///< that makes the rows
    std::vector<int64_t> loaded_at;  ///< stored lines, by row: how far each loaded line was
  };
  /// A call as the simulation sees it: how many rows behind the newest each window begins.
  struct Call {
    RowOp op;
    std::vector<int64_t> back;
    auto key() const { return std::tuple(op.kind, op.line, op.group, back); }
  };

  std::optional<size_t> line_of(ValueId id) const {
    for (size_t l = 0; l < cascade_.lines.size(); l++) {
      if (cascade_.lines[l].value == id) return l;
    }
    return {};
  }

  size_t add_line(ValueId id) {
    if (auto known = line_of(id)) return *known;
    Line line;
    line.value = id;
    cascade_.lines.push_back(line);
    states_.push_back({folded(graph_.type(id), cascade_.width).shape[1], -1, {}, {}});
    return cascade_.lines.size() - 1;
  }

  bool make_lines() {
    for (size_t g = 0; g < groups_.size(); g++) {
      const size_t l = add_line(groups_[g].outputs[0]);
      states_[l].group = g;
      cascade_.lines[l].stored = is_stored_[groups_[g].outputs[0].index];
      if (!is_plain(graph_, views_, groups_[g].outputs[0])) return false;
    }
    for (const auto& group : groups_) {
      for (auto id : group.inputs) {
        if (graph_.is_constant(id)) continue;
        const bool made_here = line_of(id) && states_[*line_of(id)].group;
        const Layer& layer = layers_[&group - groups_.data()];
        const bool whole = std::find(layer.wholes.begin(), layer.wholes.end(), id) != layer.wholes.end();
        if (whole && made_here) return false;
        if (whole) continue;
        const size_t l = add_line(id);
        cascade_.lines[l].loaded = !made_here;
        if (!is_plain(graph_, views_, id)) return false;
      }
    }
    for (size_t l = 0; l < cascade_.lines.size(); l++) {
      if (!size_line(l)) return false;
    }
    return true;
  }

  /// Columns and the value of the padding, on which all readers must agree.
  bool size_line(size_t l) {
    Line& line = cascade_.lines[l];
    const ir::Type type = folded(graph_.type(line.value), cascade_.width);
    const int64_t width = type.shape[2], pixel = type.shape[3] * ir::size_of(type.dtype);
    int64_t left = 0, right = 0;
    std::optional<uint8_t> fill;
    for (const auto& layer : layers_) {
      if (!layer.windowed.contains(line.value)) continue;
      const Window& w = layer.window;
      left = std::max(left, w.left);
      right = std::max(right, w.columns - w.left - width);
      if (!w.pads) continue;
      if (fill && *fill != w.fill) return false;
      fill = w.fill;
    }
    line.fill = fill.value_or(0);
    line.left_bytes = left * pixel;
    line.pixel_bytes = width * pixel;
    line.row_bytes = ((left + width + right) * pixel + kWord - 1) / kWord * kWord;
    if (line.row_bytes % ir::size_of(type.dtype) != 0) line.row_bytes = (left + width + right) * pixel;
    return true;
  }

  /// Asks for all rows that somebody outside reads.
  void drive() {
    std::vector<size_t> ends;
    for (size_t l = 0; l < cascade_.lines.size(); l++) {
      if (cascade_.lines[l].stored) ends.push_back(l);
    }
    // Side by side, as if all were equally high.
    constexpr int64_t kSlices = 4096;
    for (int64_t slice = 1; slice <= kSlices; slice++) {
      for (size_t l : ends) {
        const int64_t row = states_[l].height * slice / kSlices - 1;
        if (row > states_[l].newest) advance(l, row);
      }
    }
  }

  void advance(size_t l, int64_t row) {
    while (states_[l].newest < row) make_row(l);
  }

  void make_row(size_t l) {
    const Line& line = cascade_.lines[l];
    State& state = states_[l];
    Call call;
    call.op.line = l;
    const int64_t row = state.newest + 1;
    if (row >= state.height) {
      call.op.kind = RowOp::Kind::fill;
    } else if (state.group) {
      call.op.kind = RowOp::Kind::kernel;
      call.op.group = *state.group;
      read_inputs(*state.group, row, call);
    }
    state.newest = row;
    cascade_.moved_bytes += (cascade_.lines[l].rows - 1) * line.row_bytes;
    if (call.op.kind == RowOp::Kind::load) cascade_.moved_bytes += line.pixel_bytes;
    if (line.stored && row < state.height) {
      cascade_.moved_bytes += line.pixel_bytes;
      for (size_t other = 0; other < cascade_.lines.size(); other++)
        state.loaded_at.push_back(std::min(states_[other].newest + 1, states_[other].height));
    }
    const auto [it, is_new] = known_.emplace(call.key(), calls_.size());
    if (is_new) calls_.push_back(std::move(call));
    cascade_.program.push_back(uint8_t(it->second));  // checked in run()
  }

  void read_inputs(size_t g, int64_t row, Call& call) {
    const Layer& layer = layers_[g];
    const Window& w = layer.window;
    std::vector<std::pair<size_t, int64_t>> begins;  // line, first row read
    for (auto id : groups_[g].inputs) {
      if (graph_.is_constant(id)) continue;
      const auto l = line_of(id);
      const bool whole = std::find(layer.wholes.begin(), layer.wholes.end(), id) != layer.wholes.end();
      if (whole) {
        call.op.inputs.push_back({});
        call.back.push_back(0);
        continue;
      }
      const bool windowed = layer.windowed.contains(id);
      const int64_t first = windowed ? row * w.stride - w.above : row;
      advance(*l, windowed ? first + w.rows - 1 : first);
      begins.push_back({*l, first});
      call.op.inputs.push_back({*l, windowed ? -w.left : 0});
      call.back.push_back(0);
    }
    // An input may have moved on for the sake of another.
    size_t k = 0;
    for (size_t i = 0; i < call.back.size(); i++) {
      if (!call.op.inputs[i].line) continue;
      const auto [l, first] = begins[k++];
      call.back[i] = states_[l].newest - first;
      cascade_.lines[l].rows = std::max(cascade_.lines[l].rows, call.back[i] + 1);
    }
  }

  void note_overlaps(size_t l) {
    const Line& out = cascade_.lines[l];
    const State& state = states_[l];
    const size_t lines = cascade_.lines.size();
    for (size_t in = 0; in < lines; in++) {
      const Line& from = cascade_.lines[in];
      if (!from.loaded) continue;
      const int64_t all = std::min(states_[in].newest + 1, states_[in].height);
      int64_t delta = all * from.pixel_bytes;
      for (int64_t row = 0; row < state.height; row++) {
        const int64_t loaded = state.loaded_at[size_t(row) * lines + in];
        if (loaded < all) delta = std::min(delta, loaded * from.pixel_bytes - (row + 1) * out.pixel_bytes);
      }
      cascade_.overlaps.push_back({out.value, from.value, delta});
    }
  }

  /// Rows behind the newest become bytes into the line.
  void resolve() {
    for (auto& call : calls_) {
      for (size_t i = 0; i < call.back.size(); i++) {
        auto& input = call.op.inputs[i];
        if (!input.line) continue;
        const Line& line = cascade_.lines[*input.line];
        const ir::Type& type = graph_.type(line.value);
        const int64_t pixel = type.shape[3] * ir::size_of(type.dtype);
        input.offset =
            (line.rows - 1 - call.back[i]) * line.row_bytes + line.left_bytes + input.offset * pixel;
      }
      cascade_.ops.push_back(std::move(call.op));
    }
    cascade_.loops = find_loops(cascade_.program);
    for (size_t l = 0; l < cascade_.lines.size(); l++) store_directly(l);
  }

  /// Rows that nobody reads again need no buffer. Kernels may write words, which rows begin at.
  void store_directly(size_t l) {
    Line& line = cascade_.lines[l];
    if (!line.stored || line.pixel_bytes % kWord != 0 || line.row_bytes != line.pixel_bytes) return;
    for (const auto& op : cascade_.ops) {
      for (const auto& input : op.inputs)
        if (input.line == l) return;
    }
    cascade_.moved_bytes -= states_[l].height * line.pixel_bytes;
    line.row_bytes = 0;
  }

  const ir::Graph& graph_;
  const Views& views_;
  std::span<const Group> groups_;
  const std::vector<bool>& is_stored_;
  std::vector<Layer> layers_;
  std::vector<State> states_;  // by line
  std::vector<Call> calls_;
  std::map<std::tuple<RowOp::Kind, size_t, size_t, std::vector<int64_t>>, size_t> known_;
  Cascade cascade_;
};

}  // namespace

bool is_plain(const ir::Graph& graph, const Views& views, ValueId id) {
  const Place& place = views.places[id.index];
  return place.offset == 0 && place.strides == ir::contiguous_strides(graph.type(id).shape) &&
         graph.type(place.root).bytes() == graph.type(id).bytes();
}

int64_t Cascade::line_bytes() const {
  int64_t bytes = 0;
  for (const auto& line : lines) bytes += line.bytes();
  return bytes;
}

std::optional<Cascade> plan_rows(const ir::Graph& graph, const Views& views, std::span<const Group> groups,
                                 const std::vector<bool>& is_stored, int64_t width) {
  return Simulation(graph, views, groups, is_stored, width).run();
}

}  // namespace halite::codegen
