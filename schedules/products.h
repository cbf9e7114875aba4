// Products whose sums are wider than their factors: what conv2d and matmul share when these are integers, or
// bf16 summed in f32, which has no zero points.
//
// Zero points cost nothing in the innermost loop. The weights' one is subtracted when they are packed (in
// i16, where it is not 0); that of x is folded into the packed bias, bias - x_zero * sum(weights), for
// padding is copied as x_zero. Where bias or weights are not constant, x_zero is subtracted from every
// element instead.
#pragma once

#include <Halide.h>

#include <functional>

#include "schedules/anchor.h"

namespace halite::schedules {

/// How one step of the reduction is computed.
enum class Method : uint8_t {
  broadcast,       ///< one element of x times a vector of weights, one for each output channel
  words,           ///< four elements of x and of weights each in a general register
  lanes,           ///< a vector of elements of x times as many weights, summed into one number
  dots,            ///< a few elements of x times as many weights of each of a vector of channels (dot.h)
  tile_registers,  ///< the same of several pixels, some times over (tile_registers.h)
};

/// As a strategy.
std::string name_of(Method);

struct Product {
  ir::DType x, weights;  ///< of the factors in the innermost loop: weights are less their zero point
  ir::DType acc, sum;    ///< i32 where sums provably fit, else u32 (wraps) or i64; of bf16, f32; `sum` is the
                         ///< output's
  int64_t x_zero, w_zero;
  int64_t shift;    ///< of x in the innermost loop against x in memory; x_zero is of the former
  bool packs_bias;  ///< there is a bias that may be packed
  bool folded;      ///< x_zero is part of the packed bias
  Method method;
  int chunk = 1;       ///< elements of one step
  bool pairs = false;  ///< Method::words: two channels share a word (pairs.h)
};

/// The product of anchor.inputs[0] and [1], `steps` products a sum. `packs_bias`: there is a bias, as
/// constant as the weights, that may be packed.
Product make_product(const Anchor&, int64_t x_zero, int64_t w_zero, int64_t steps, bool packs_bias);

/// Whether weights are packed in chunks, of which each is a vector of its own in the innermost loop.
inline bool takes_chunks(const Product& p) {
  return p.method == Method::lanes || p.method == Method::dots || p.method == Method::tile_registers;
}

inline bool is_byte(ir::DType t) { return t == ir::DType::i8 || t == ir::DType::u8; }

/// Whether the anchor's sums are wider than its factors.
inline bool widens_products(const Anchor& a) {
  return !ir::is_float(a.inputs[0].dtype) || a.inputs[0].dtype == ir::DType::bf16;
}

/// Facts for choosing a register tile: integers are held in general registers where there are no vectors.
targets::Facts integer_facts(const targets::Facts&);

/// Chooses method and chunk for constant weights: `run` products follow each other in memory; `slack`: x may
/// be read past the end of a run. The sums' reduction is then of ceil(run / chunk) steps.
void choose_method(Product&, const targets::Facts&, int64_t run, bool slack);

/// Method::words: how many of `channels` are computed at once with one pixel or two, in pairs if that can be;
/// `exactly`: tiles must divide the channels.
int word_channels(Product&, const Anchor&, int64_t channels, int pixels, bool exactly);

/// How many steps of a loop over words are unrolled: counting costs as much as a few products.
int unrolled_steps(const Product&, Optimize, int64_t steps);

/// A weight as the innermost loop takes it.
Halide::Expr centred_weight(const Product&, const Halide::Expr& w);

/// The sum after one step. x(i) is element i of the step; `lane`: the variable of Method::lanes.
Halide::Expr accumulate(const Product&, const Halide::Expr& sum, const Halide::Expr& weight,
                        const Halide::Expr& lane, const std::function<Halide::Expr(Halide::Expr)>& x);

/// The same for a pair of channels: `even` and `odd` are the words of the step's even and odd elements; sums
/// of `channel` begin with 0, and channels of an odd number hold both until separated() takes them apart.
Halide::Expr accumulate_pair(const Product&, const Halide::Expr& sum, const Halide::Expr& even,
                             const Halide::Expr& odd, const Halide::Expr& channel,
                             const std::function<Halide::Expr(Halide::Expr)>& x);
/// The sum at `here`, channel first, without the one that shares its word.
Halide::Expr separated(const Halide::Func& acc, const std::vector<Halide::Expr>& here);

/// Packs weights [rows][outer][run] as [tiles][outer][steps][width][chunk], rows padded to width and runs to
/// chunk with zeros, less their zero point; as words, chunk disappears: a word for each channel or, in pairs,
/// one for the even and one for the odd elements of two channels. `transposed`: they are [run][rows].
ir::Type packed_type(const Product&, int64_t tiles, int64_t outer, int64_t run, int64_t width);
ir::Tensor pack_weights(const Product&, const ir::Tensor& weights, int64_t tiles, int64_t outer, int64_t run,
                        int64_t width, bool transposed = false);

/// The bias padded with zeros to `rows`, of integers less x_zero times the sums of the weights of a row.
ir::Tensor pack_bias(const Product&, const ir::Tensor& bias, const ir::Tensor& weights, int64_t rows,
                     bool transposed = false);

}  // namespace halite::schedules
