// Finds the loops over a tile's sums and says in numbers what they compute.
//
// A loop moves sums, x and weights by constant strides, or the schedule made no such loops. Which of the
// three it moves tells what it counts: sums and x, pixels; sums and weights, channels; x and weights, steps.
#include <algorithm>
#include <array>
#include <bit>

#include "ir/base/check.h"
#include "schedules/tile_registers.h"

namespace halite::schedules {
namespace {

using Halide::Expr;
using namespace Halide::Internal;

struct TileLoop {
  std::string name;
  Expr first;
  int rounds;
  int sums, x, weights;  ///< bytes from a round to the next
};

/// An element in memory.
struct Place {
  const Load* load;
  Expr index;
  int bytes;
};

/// The loads of an expression.
class Loads : public IRVisitor {
 public:
  std::vector<const Load*> found;

 protected:
  void visit(const Load* load) override { found.push_back(load); }
  using IRVisitor::visit;
};

const Load* only_load(const Expr& e) {
  Loads loads;
  e.accept(&loads);
  HALITE_CHECK(loads.found.size() == 1, "a factor of a tile's sums that is not loaded");
  return loads.found.front();
}

/// What `index` is in round i of the loop.
Expr in_round(const Expr& index, const TileLoop& loop, int i) {
  return substitute(loop.name, loop.first + i, index);
}

int stride(const Place& place, const TileLoop& loop) {
  const auto from_first = [&](int i) {
    const Expr difference = simplify(in_round(place.index, loop, i) - in_round(place.index, loop, 0));
    const auto* constant = difference.as<IntImm>();
    HALITE_CHECK(constant, "a tile's loop without a stride");
    return static_cast<int>(constant->value);
  };
  const int step = loop.rounds > 1 ? from_first(1) : 0;
  HALITE_CHECK(from_first(loop.rounds - 1) == step * (loop.rounds - 1), "a tile's loop of uneven strides");
  return step * place.bytes;
}

/// The loops over a tile, taken apart.
class Nest {
 public:
  explicit Nest(const For* outermost) {
    const Stmt body = descend(outermost);
    const auto* store = body.as<Store>();
    const auto* sum = store ? store->value.as<Add>() : nullptr;
    const bool product_last = sum && sum->b.as<Mul>();
    const auto* product = sum ? (product_last ? sum->b : sum->a).as<Mul>() : nullptr;
    HALITE_CHECK(product, "a tile's sums that are no sums of products");
    sums_ = place(product_last ? sum->a : sum->b);
    x_ = place(product->a);
    weights_ = place(product->b);
    for (TileLoop& loop : loops_)
      loop.sums = stride(sums_, loop), loop.x = stride(x_, loop), loop.weights = stride(weights_, loop);
    if (std::ranges::none_of(loops_, counts_channels)) {
      std::swap(x_, weights_);
      for (TileLoop& loop : loops_) std::swap(loop.x, loop.weights);
    }
  }

  Stmt call() {
    std::vector<Expr> arguments;
    for (const Place& p : {sums_, x_, weights_})
      arguments.insert(arguments.end(), {Variable::make(Halide::Handle(), p.load->name), beginning(p)});
    TileCall c{};
    c.x_signed = kind(x_), c.weights_signed = kind(weights_);
    take_channels(c);
    take_steps(c);
    take_pixels(c);
    for (int number : std::bit_cast<std::array<int, kTileNumbers>>(c)) arguments.emplace_back(number);
    for (const TileLoop& loop : loops_) {
      HALITE_CHECK(loop.sums == 0, "a tile's loop that counts neither pixels nor channels nor steps");
      arguments.insert(arguments.end(), {Expr(loop.rounds), Expr(loop.x), Expr(loop.weights)});
    }
    return Evaluate::make(Call::make(Halide::Int(32), kTileProduct, arguments, Call::Extern));
  }

 private:
  static bool counts_channels(const TileLoop& l) { return l.sums == kChunkBytes && l.weights != 0; }

  /// Loops innermost first; what is in them.
  Stmt descend(const Stmt& stmt) {
    if (const auto* let = stmt.as<LetStmt>()) {
      lets_.emplace_back(let->name, let->value);
      return descend(let->body);
    }
    const auto* loop = stmt.as<For>();
    if (!loop) return stmt;
    const auto* rounds = loop->extent.as<IntImm>();
    HALITE_CHECK(rounds && loop->for_type == ForType::Serial, "a tile's loop of unknown rounds");
    loops_.insert(loops_.begin(), {loop->name, loop->min, static_cast<int>(rounds->value)});
    return descend(loop->body);
  }

  Place place(const Expr& factor) const {
    Place p{only_load(factor), {}, 0};
    p.index = p.load->index;
    for (auto let = lets_.rbegin(); let != lets_.rend(); ++let)
      p.index = substitute(let->first, let->second, p.index);
    p.bytes = p.load->type.bytes();
    return p;
  }

  /// Where the first element is, in bytes from the beginning of its buffer.
  Expr beginning(const Place& p) const {
    Expr first = p.index;
    for (const TileLoop& loop : loops_) first = substitute(loop.name, loop.first, first);
    return simplify(first * p.bytes);
  }

  static int kind(const Place& p) { return p.bytes == 2 ? kBFloat16 : p.load->type.is_int() ? 1 : 0; }

  /// The first loop that is such a one, out of the nest; where there is none, it is of one round.
  TileLoop take(auto&& is_it) {
    const auto found = std::ranges::find_if(loops_, is_it);
    if (found == loops_.end()) return {.rounds = 1};
    TileLoop loop = *found;
    loops_.erase(found);
    return loop;
  }

  void take_channels(TileCall& c) {
    const TileLoop channels = take(counts_channels);
    HALITE_CHECK(channels.rounds % kTileLanes == 0 && channels.weights == kChunkBytes, "a tile's channels");
    c.across = channels.rounds / kTileLanes;
  }

  void take_steps(TileCall& c) {
    const TileLoop chunk =
        take([&](const TileLoop& l) { return l.sums == 0 && l.x == x_.bytes && l.weights == x_.bytes; });
    HALITE_CHECK(chunk.rounds * x_.bytes == kChunkBytes, "a chunk of a tile's step");
    TileLoop steps = take([](const TileLoop& l) { return l.sums == 0 && l.x == kChunkBytes; });
    const int depth = static_cast<int>(tile_depth(steps.rounds));
    c.row_bytes = depth * kChunkBytes;
    c.weights_stride = steps.rounds > 1 ? steps.weights : c.across * kTileRowBytes;
    if (steps.rounds == depth) return;
    steps.rounds /= depth, steps.x *= depth, steps.weights *= depth;
    loops_.insert(loops_.begin(), steps);
  }

  void take_pixels(TileCall& c) {
    const auto counts_pixels = [](const TileLoop& l) { return l.sums != 0 && l.weights == 0; };
    const TileLoop x = take(counts_pixels), y = take(counts_pixels);
    const int parts = static_cast<int>(ceil_div(x.rounds, kTileRows));
    HALITE_CHECK(x.rounds % parts == 0 && (parts == 1 || y.rounds == 1), "a tile's pixels");
    c.rows = x.rounds / parts;
    c.x_stride = x.x;
    c.sums_stride = x.rounds > 1 ? x.sums : c.across * kTileRowBytes;
    c.down = parts * y.rounds;
    c.x_down = parts > 1 ? c.rows * x.x : y.x;
    c.sums_down = parts > 1 ? c.rows * x.sums : y.sums;
    HALITE_CHECK(c.down * c.across + c.down + c.across <= kTileRegisters, "a tile's registers");
  }

  std::vector<TileLoop> loops_;
  std::vector<std::pair<std::string, Expr>> lets_;
  Place sums_, x_, weights_;
};

class FindTileProducts : public IRMutator {
 protected:
  Stmt visit(const For* loop) override {
    // Loops of the update of a Func, whose name may have been made unique.
    if (!starts_with(loop->name, kTileSums) || loop->name.find(".s1.") == std::string::npos)
      return IRMutator::visit(loop);
    return Nest(loop).call();
  }
  using IRMutator::visit;
};

}  // namespace

void find_tile_products(Halide::Pipeline& pipeline) {
  pipeline.add_custom_lowering_pass(new FindTileProducts);
}

}  // namespace halite::schedules
