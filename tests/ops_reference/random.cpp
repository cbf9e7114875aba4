// Random operators on random types, most of them nonsense: infer must answer, and what it accepts must run
// inside its tensors (the sanitizers watch). The fields come from each operator's own list, so a new operator
// is covered at once.
#include <limits>
#include <random>

#include "ir/text.h"
#include "tests/ops_reference/run_op.h"

namespace halite::ir {
namespace {

constexpr int64_t kMostElements = 1 << 14;

class Dice {
 public:
  explicit Dice(uint32_t seed) : random_(seed) {}
  bool extreme = false;  ///< a number was huge: infer must cope, but a reference might loop for hours
  int64_t below(int64_t n) { return static_cast<int64_t>(random_() % static_cast<uint64_t>(n)); }
  bool one_in(int64_t n) { return below(n) == 0; }

  int64_t number() {
    constexpr int64_t kExtremes[] = {INT64_MIN,        INT64_MAX, INT32_MAX, int64_t{1} << 31,
                                     int64_t{1} << 40, -1,        1 << 20};
    if (!one_in(24)) return below(7) - (one_in(4) ? 3 : 0);
    extreme = true;
    return kExtremes[below(std::size(kExtremes))];
  }
  double real() {
    constexpr double kExtremes[] = {0, -1, 1e300, 1e-300, std::numeric_limits<double>::infinity(), -1e9};
    return one_in(8) ? kExtremes[below(std::size(kExtremes))] : static_cast<double>(below(9)) / 4 + 0.25;
  }
  Type type(int64_t rank) {
    Type t{one_in(3) ? static_cast<DType>(below(12)) : DType::f32, {}, {}};
    for (int64_t i = 0; i < rank; ++i) t.shape.push_back(one_in(30) ? number() : 1 + below(5) - one_in(10));
    if (one_in(20)) t.quantization = Quantization{{0.5f}, {0}, static_cast<int>(below(3)) - 1};
    return t;
  }

  void fill(int64_t& v, int64_t) { v = number(); }
  void fill(double& v, int64_t) { v = real(); }
  void fill(bool& v, int64_t) { v = one_in(2); }
  void fill(Region& v, int64_t) {
    constexpr const char* kTexts[] = {R"(graph "" () -> (%a) { const %a: bool[] = {true} })",
                                      R"(graph "" (%i: i64[]) -> (%a, %i) { const %a: bool[] = {true} })",
                                      R"(graph "" (%i: i64[], %x: f32[2]) -> (%a, %x, %y) {
          const %a: bool[] = {true}
          %y: f32[2] = elementwise(%x) fn=relu
        })"};
    if (one_in(20)) return;
    v.graph = std::make_shared<const Graph>(*parse(kTexts[below(3)]));
  }
  void fill(DType& v, int64_t) { v = static_cast<DType>(below(12)); }
  void fill(Fn& v, int64_t) { v = static_cast<Fn>(below(static_cast<int64_t>(Fn::select) + 1)); }
  void fill(ArgReduce::Kind& v, int64_t) { v = static_cast<ArgReduce::Kind>(below(2)); }
  void fill(Pool2d::Kind& v, int64_t) { v = static_cast<Pool2d::Kind>(below(2)); }
  void fill(Quantize::Ties& v, int64_t) { v = static_cast<Quantize::Ties>(below(2)); }
  void fill(Requantize::Rounding& v, int64_t) { v = static_cast<Requantize::Rounding>(below(3)); }
  void fill(Reduce::Kind& v, int64_t) { v = static_cast<Reduce::Kind>(below(5)); }
  void fill(Pad::Mode& v, int64_t) { v = static_cast<Pad::Mode>(below(4)); }
  void fill(Resize::Mode& v, int64_t) { v = static_cast<Resize::Mode>(below(3)); }
  void fill(Resize::Coordinates& v, int64_t) { v = static_cast<Resize::Coordinates>(below(7)); }
  void fill(Resize::Nearest& v, int64_t) { v = static_cast<Resize::Nearest>(below(4)); }
  template <class T, size_t N>
  void fill(std::array<T, N>& v, int64_t rank) {
    if (one_in(2)) return;
    for (T& x : v) fill(x, rank);
  }
  template <class T>
  void fill(std::vector<T>& v, int64_t rank) {
    v.resize(static_cast<size_t>(one_in(10) ? below(4) : rank));
    for (T& x : v) fill(x, rank);
  }

 private:
  std::mt19937 random_;
};

Tensor noise(const Type& type, Dice& dice) {
  Tensor t = Tensor::zeros(type);
  for (int64_t i = 0; i < type.elements(); ++i) t.set(i, static_cast<double>(dice.below(9)) - 4);
  return t;
}

/// Factors of integers, and a bias if there is one.
template <class O>
void make_integers(O& op, Types& in, Dice& dice) {
  constexpr DType kFactors[] = {DType::i8, DType::u8, DType::i16};
  for (Type& t : in) t.dtype = kFactors[dice.below(3)];
  if (in.size() > 2) in[2].dtype = dice.one_in(2) ? DType::i32 : DType::i64;
  if constexpr (std::is_same_v<O, Conv2d>)
    op.x_zero = dice.below(100);
  else
    op.a_zero = dice.below(100);
}

/// Scales (and shifts) that belong to the first input.
template <class O>
void make_scaled(O& op, Types& in, Dice& dice) {
  if (in.size() < 2) return;
  in.resize(2);
  in[0].dtype = std::is_same_v<O, Quantize> ? DType::f32 : dice.one_in(2) ? DType::i8 : DType::i32;
  in[1] = {DType::f32, {1}, {}};
  if constexpr (std::is_same_v<O, Requantize>) {
    op.to = DType::u8, op.low = 0, op.high = 255;
    if (!in[0].shape.empty() && dice.one_in(2)) in[1].shape = {in[0].shape.back()};
    if (op.rounding == Requantize::Rounding::real) return;
    in[1].dtype = DType::i32;
    in.push_back(in[1]);
  } else {
    op.zero_point = {dice.below(100)};
    if constexpr (std::is_same_v<O, Quantize>) op.to = DType::i16;
    if (op.axis >= 0 && op.axis < in[0].rank() && dice.one_in(2)) in[1].shape = {in[0].shape[op.axis]};
  }
}

/// Attributes and inputs that often fit each other, so that references are reached too.
template <class O>
void make_fitting(O& op, Types& in, Dice& dice) {
  for (Type& t : in)
    if (dice.one_in(2)) t.dtype = in[0].dtype;
  if constexpr (std::is_same_v<O, Branch>) in.assign(1, {DType::boolean, {}, {}}), op.no = op.yes;
  if constexpr (std::is_same_v<O, Loop>) {
    in = {{DType::i64, {}, {}}, {DType::boolean, {1}, {}}, {DType::f32, {2}, {}}};
    in.resize(2 + static_cast<size_t>(dice.below(2)));
    op.carried = dice.below(static_cast<int64_t>(in.size()) - 1);
  }
  if constexpr (requires { op.axis; }) op.axis = dice.below(std::max(1, in[0].rank()));
  if constexpr (std::is_same_v<O, Gather>) in.at(1).dtype = dice.one_in(2) ? DType::i32 : DType::i64;
  if constexpr (std::is_same_v<O, Conv2d> || std::is_same_v<O, ConvTranspose2d>) {
    op.groups = 1 + dice.below(2);
    for (Type& t : in) t.dtype = DType::f32;
    if (in[0].rank() == 4) in[1].shape = {op.groups, 1 + dice.below(3), 1 + dice.below(3), 2};
    if (in[0].rank() == 4) in[0].shape[3] = 2 * op.groups;
  }
  if constexpr (std::is_same_v<O, Transpose>) {
    for (size_t i = 0; i < op.perm.size(); ++i) op.perm[i] = static_cast<int64_t>(op.perm.size() - 1 - i);
  }
  if constexpr (std::is_same_v<O, MatMul>)
    for (Type& t : in) t.dtype = DType::f32, t.shape = {2, 2}, op.a_zero = op.b_zero = 0;
  if constexpr (std::is_same_v<O, Conv2d>) op.x_zero = op.w_zero = 0;
  if constexpr (std::is_same_v<O, Conv2d> || std::is_same_v<O, MatMul>) {
    if (dice.one_in(2)) make_integers(op, in, dice);
  }
  if constexpr (requires { op.zero_point; }) make_scaled(op, in, dice);
  if constexpr (std::is_same_v<O, Resize>) {
    for (size_t i = 0; i < op.scales.size(); ++i) op.scales[i] = dice.one_in(3) ? 1 : op.scales[i];
    op.roi.clear();
    if (op.coordinates == Resize::Coordinates::tf_crop_and_resize)
      for (int i = 0; i < 2 * in[0].rank(); ++i) op.roi.push_back(dice.real());
  }
  if constexpr (requires { op.shape; }) op.shape = in[0].shape;
  if constexpr (std::is_same_v<O, Slice>) {
    op.start.assign(in[0].shape.size(), dice.below(3));
    op.sizes.assign(in[0].shape.size(), dice.below(3));
  }
}

/// Whether infer accepted it.
template <class O>
bool try_one(O op, Dice& dice) {
  const int64_t rank =
      std::is_same_v<O, Conv2d> || std::is_same_v<O, ConvTranspose2d> || std::is_same_v<O, Pool2d>
          ? 4
          : dice.below(5);
  dice.extreme = false;
  Types in;
  const size_t counts[] = {1, 1, 2, 2, 3, static_cast<size_t>(dice.below(4))};
  const size_t count = counts[dice.below(6)];
  for (size_t i = 0; i < count; ++i) in.push_back(i > 0 && dice.one_in(2) ? in[0] : dice.type(rank));
  O::fields(op, [&](const char*, auto& field) { dice.fill(field, rank); });
  if (in.size() > 1 && !dice.one_in(4)) make_fitting(op, in, dice);
  if (in.size() == 1 && !dice.one_in(4) && !std::is_same_v<O, Gather> && !std::is_same_v<O, Conv2d> &&
      !std::is_same_v<O, ConvTranspose2d>)
    make_fitting(op, in, dice);
  const auto out = infer(op, in);
  if (!out) {
    CHECK(!out.error().message.empty());
    return false;
  }
  Types all = in;
  all.insert(all.end(), out->begin(), out->end());
  for (const Type& t : all) {
    REQUIRE(element_count(t.shape));
    if (t.elements() > kMostElements || dice.extreme) return true;
  }
  std::vector<Tensor> inputs, outputs;
  for (const Type& t : in) inputs.push_back(noise(t, dice));
  for (const Type& t : *out) outputs.push_back(Tensor::zeros(t));
  reference(Op(op), inputs, outputs);
  return true;
}

template <class O>
void try_many(uint32_t seed) {
  int accepted = 0;
  Dice dice(seed);
  for (int i = 0; i < 4000; ++i) accepted += try_one(O{}, dice);
  CAPTURE(O::kName);
  CAPTURE(seed);
  // Enough for the references to have been exercised as well.
  CHECK(accepted > 100);
}

template <class... O>
void try_all(std::variant<O...>*, uint32_t seed) {
  (try_many<O>(seed), ...);
}

TEST_CASE("random operators are refused or run inside their tensors") {
  try_all(static_cast<Op*>(nullptr), 1);
}

}  // namespace
}  // namespace halite::ir
