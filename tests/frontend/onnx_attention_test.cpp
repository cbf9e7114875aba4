// Attention and what surrounds it in transformers, by the formulas of the operators' specifications.
#include <doctest/doctest.h>

#include <cmath>
#include <functional>

#include "tests/frontend/run_onnx.h"

using namespace halite;
using ::onnx::TensorProto;
using test::check_near;
using test::ModelMaker;
using test::numbers;
using test::refusal;
using test::run;
using test::Values;

namespace {

const std::string kContrib = "com.microsoft";

struct Sizes {
  int64_t batch, heads, kv_heads, s, t, d, e;
};
using Score = std::function<double(int64_t batch, int64_t head, int64_t i, int64_t j, double product)>;

/// y[n,h,i] = sum over j of softmax_j(score(scale * q[n,h,i] . k[n,g,j])) * v[n,g,j], g = h /
/// (heads/kv_heads).
Values attention(const Sizes& z, const Values& q, const Values& k, const Values& v, double scale,
                 const Score& score) {
  Values y;
  for (int64_t n = 0; n < z.batch; ++n)
    for (int64_t h = 0; h < z.heads; ++h)
      for (int64_t i = 0; i < z.s; ++i) {
        const int64_t group = n * z.kv_heads + h / (z.heads / z.kv_heads);
        Values weights;
        double total = 0;
        for (int64_t j = 0; j < z.t; ++j) {
          double product = 0;
          for (int64_t d = 0; d < z.d; ++d)
            product += q[((n * z.heads + h) * z.s + i) * z.d + d] * k[(group * z.t + j) * z.d + d];
          weights.push_back(std::exp(score(n, h, i, j, product * scale)));
          total += weights.back();
        }
        for (int64_t e = 0; e < z.e; ++e) {
          double sum = 0;
          for (int64_t j = 0; j < z.t; ++j) sum += weights[j] / total * v[(group * z.t + j) * z.e + e];
          y.push_back(sum);
        }
      }
  return y;
}

double as_it_is(int64_t, int64_t, int64_t, int64_t, double product) { return product; }

/// [n, a, b, c] as [n, b, a, c].
Values swapped(const Values& x, int64_t n, int64_t a, int64_t b, int64_t c) {
  Values y(x.size());
  for (int64_t i = 0; i < n; ++i)
    for (int64_t p = 0; p < a; ++p)
      for (int64_t q = 0; q < b; ++q)
        for (int64_t r = 0; r < c; ++r) y[((i * b + q) * a + p) * c + r] = x[((i * a + p) * b + q) * c + r];
  return y;
}

constexpr Sizes kSizes{2, 4, 2, 3, 5, 8, 6};

ModelMaker heads_apart(std::vector<std::string> inputs = {"q", "k", "v"}) {
  ModelMaker m(23);
  m.input("q", {2, 4, 3, 8}).input("k", {2, 2, 5, 8}).input("v", {2, 2, 5, 6});
  m.node("Attention", std::move(inputs), {"y"}).output("y");
  return m;
}

const Values kQ = numbers(2 * 4 * 3 * 8, 1), kK = numbers(2 * 2 * 5 * 8, 2), kV = numbers(2 * 2 * 5 * 6, 3);
const double kScale = 1 / std::sqrt(8.0);

}  // namespace

TEST_CASE("attention lets groups of query heads share keys and values") {
  check_near(run(heads_apart(), {kQ, kK, kV}), attention(kSizes, kQ, kK, kV, kScale, as_it_is));
  ModelMaker scaled = heads_apart();
  scaled.set("scale", 0.5f);
  check_near(run(scaled, {kQ, kK, kV}), attention(kSizes, kQ, kK, kV, 0.5, as_it_is));
}

TEST_CASE("attention splits rows into heads and joins them again") {
  ModelMaker m(23);
  m.input("q", {2, 3, 32}).input("k", {2, 5, 16}).input("v", {2, 5, 12});
  m.node("Attention", {"q", "k", "v"}, {"y"}).output("y");
  m.set("q_num_heads", int64_t{4}).set("kv_num_heads", int64_t{2});
  const Values q = swapped(kQ, 2, 4, 3, 8), k = swapped(kK, 2, 2, 5, 8), v = swapped(kV, 2, 2, 5, 6);
  check_near(run(m, {q, k, v}), swapped(attention(kSizes, kQ, kK, kV, kScale, as_it_is), 2, 4, 3, 6));
}

TEST_CASE("attention is masked by truth values, by numbers, and by order") {
  const Values keep{1, 1, 0, 1, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 1};
  ModelMaker truth = heads_apart({"q", "k", "v", "mask"});
  truth.input("mask", {3, 5}, TensorProto::BOOL);
  check_near(run(truth, {kQ, kK, kV, keep}),
             attention(kSizes, kQ, kK, kV, kScale, [&](int64_t, int64_t, int64_t i, int64_t j, double p) {
               return keep[i * 5 + j] != 0 ? p : -INFINITY;
             }));
  const Values more = numbers(2 * 3 * 5, 4);
  ModelMaker added = heads_apart({"q", "k", "v", "mask"});
  added.input("mask", {2, 1, 3, 5});
  check_near(run(added, {kQ, kK, kV, more}),
             attention(kSizes, kQ, kK, kV, kScale, [&](int64_t n, int64_t, int64_t i, int64_t j, double p) {
               return p + more[(n * 3 + i) * 5 + j];
             }));
  ModelMaker causal = heads_apart();
  causal.set("is_causal", int64_t{1});
  check_near(run(causal, {kQ, kK, kV}),
             attention(kSizes, kQ, kK, kV, kScale, [](int64_t, int64_t, int64_t i, int64_t j, double p) {
               return j <= i ? p : -INFINITY;
             }));
}

TEST_CASE("a mask that is shorter than the keys does not see the rest") {
  ModelMaker m = heads_apart({"q", "k", "v", "mask"});
  m.input("mask", {3, 4}, TensorProto::BOOL);
  check_near(run(m, {kQ, kK, kV, Values(12, 1)}),
             attention(kSizes, kQ, kK, kV, kScale,
                       [](int64_t, int64_t, int64_t, int64_t j, double p) { return j < 4 ? p : -INFINITY; }));
}

TEST_CASE("softcap bounds the products before the mask") {
  ModelMaker m = heads_apart();
  m.set("softcap", 0.5f).set("is_causal", int64_t{1});
  check_near(run(m, {kQ, kK, kV}),
             attention(kSizes, kQ, kK, kV, kScale, [](int64_t, int64_t, int64_t i, int64_t j, double p) {
               return j <= i ? 0.5 * std::tanh(p / 0.5) : -INFINITY;
             }));
}

TEST_CASE("keys and values of the past come first, and are given on") {
  ModelMaker m(23);
  m.input("q", {1, 1, 1, 2}).input("k", {1, 1, 1, 2}).input("v", {1, 1, 1, 1});
  m.input("pk", {1, 1, 2, 2}).input("pv", {1, 1, 2, 1});
  m.node("Attention", {"q", "k", "v", "", "pk", "pv"}, {"y", "present_k", "present_v", "qk"});
  m.set("is_causal", int64_t{1})
      .set("scale", 1.0f)
      .output("y")
      .output("present_k")
      .output("present_v")
      .output("qk");
  // The products are 1, 2 and 3; the only query is the last in order and sees all.
  const double total = std::exp(1) + std::exp(2) + std::exp(3);
  const double y = (10 * std::exp(1) + 20 * std::exp(2) + 30 * std::exp(3)) / total;
  check_near(run(m, {{1, 0}, {3, 9}, {30}, {1, 8, 2, 7}, {10, 20}}),
             {y, 1, 8, 2, 7, 3, 9, 10, 20, 30, 1, 2, 3});
}

TEST_CASE("attention refuses what it does not know and what does not fit") {
  ModelMaker mode = heads_apart({"q", "k", "v", "mask"});
  mode.input("mask", {3, 5}).node("Attention", {"q", "k", "v", "mask"}, {"z", "", "", "qk"}).output("qk");
  mode.set("qk_matmul_output_mode", int64_t{1});
  CHECK(refusal(mode).find("between softcap and mask") != std::string::npos);
  ModelMaker shapes(23);
  shapes.input("q", {2, 4, 3, 8}).input("k", {2, 3, 5, 8}).input("v", {2, 3, 5, 6});
  shapes.node("Attention", {"q", "k", "v"}, {"y"}).output("y");
  CHECK(refusal(shapes).find("query heads that are a multiple") != std::string::npos);
  ModelMaker flat(23);
  flat.input("q", {2, 4, 9}).node("Attention", {"q", "q", "q"}, {"y"}).output("y");
  flat.set("q_num_heads", int64_t{2}).set("kv_num_heads", int64_t{2});
  CHECK(refusal(flat).find("q_num_heads is 2, which does not divide") != std::string::npos);
}

TEST_CASE("rotation turns pairs of the first elements by the angles of their places") {
  const double c0 = std::cos(0.5), s0 = std::sin(0.5), c1 = std::cos(2.0), s1 = std::sin(2.0);
  const auto f = [](double v) { return static_cast<float>(v); };
  for (const bool interleaved : {false, true}) {
    ModelMaker m(23);
    m.input("x", {1, 1, 2, 5}).input("places", {1, 2}, TensorProto::INT64);
    m.floats("cos", {2, 2}, {f(c0), f(c1), 1, 1}).floats("sin", {2, 2}, {f(s0), f(s1), 0, 0});
    m.node("RotaryEmbedding", {"x", "cos", "sin", "places"}, {"y"}).output("y");
    m.set("rotary_embedding_dim", int64_t{4}).set("interleaved", int64_t{interleaved});
    const Values row = interleaved ? Values{c0 - 2 * s0, s0 + 2 * c0, 3 * c1 - 4 * s1, 3 * s1 + 4 * c1, 5}
                                   : Values{c0 - 3 * s0, 2 * c1 - 4 * s1, s0 + 3 * c0, 2 * s1 + 4 * c1, 5};
    Values wanted{6, 7, 8, 9, 10};  // at place 1 nothing turns
    wanted.insert(wanted.end(), row.begin(), row.end());
    check_near(run(m, {{6, 7, 8, 9, 10, 1, 2, 3, 4, 5}, {1, 0}}), wanted);
  }
}

TEST_CASE("rotation of rows has one angle for all heads") {
  ModelMaker m(23);
  m.input("x", {1, 1, 4}).floats("cos", {1, 1, 1}, {0}).floats("sin", {1, 1, 1}, {1});
  m.node("RotaryEmbedding", {"x", "cos", "sin"}, {"y"}).set("num_heads", int64_t{2}).output("y");
  check_near(run(m, {{1, 2, 3, 4}}), {-2, 1, -4, 3});
  ModelMaker contrib;
  contrib.input("x", {1, 2, 4}).integers("place", {1}).floats("cos", {3, 1}, {1, 0, -1});
  contrib.floats("sin", {3, 1}, {0, 1, 0}).node("RotaryEmbedding", {"x", "place", "cos", "sin"}, {"y"});
  contrib.domain(kContrib).output("y");
  check_near(run(contrib, {{1, 2, 3, 4, 1, 2, 3, 4}}), {-2, 1, -4, 3, -1, -2, -3, -4});
}

TEST_CASE("attention with projections, numbers of keys, and the past in one tensor") {
  // Weights are chosen so that query, key and value are the input, twice it and minus it, two heads of one.
  ModelMaker m;
  m.input("x", {1, 2, 2}).input("count", {1}, TensorProto::INT32).input("past", {2, 1, 2, 1, 1});
  m.floats("w", {2, 6}, {1, 0, 2, 0, -1, 0, 0, 1, 0, 2, 0, -1}).floats("b", {6}, {0, 0, 0, 0, 0, 0});
  m.node("Attention", {"x", "w", "b", "count", "past"}, {"y", "present"}).domain(kContrib);
  m.set("num_heads", int64_t{2}).set("mask_filter_value", -1e9f).output("y").output("present");
  // x of head h: (1, 3) and (2, -1); two of the three keys count: the past (5; 6) and the first.
  const Values x{1, 2, 3, -1}, past{5, 6, 7, 8};
  Values wanted;
  for (int64_t i = 0; i < 2; ++i)
    for (int64_t h = 0; h < 2; ++h) {
      const double q = x[i * 2 + h], old_weight = std::exp(q * past[h]), new_weight = std::exp(q * 2 * x[h]);
      wanted.push_back((old_weight * past[2 + h] - new_weight * x[h]) / (old_weight + new_weight));
    }
  wanted.insert(wanted.end(), {5, 2, 6, 6, 4, -2, 7, -1, -3, 8, -2, 1});
  check_near(run(m, {x, {2}, past}), wanted);
}

TEST_CASE("attention of several heads adds biases and masks keys") {
  ModelMaker m;
  m.input("q", {1, 1, 2})
      .input("k", {1, 3, 2})
      .input("v", {1, 3, 2})
      .input("mask", {1, 3}, TensorProto::INT32);
  m.floats("b", {6}, {1, 0, 0, 2, 0, 3});
  m.node("MultiHeadAttention", {"q", "k", "v", "b", "mask"}, {"y"}).domain(kContrib);
  m.set("num_heads", int64_t{2}).set("mask_filter_value", -1e9f).output("y");
  const Values q{1, 2}, k{1, 0, 0.5, -1, 9, 9}, v{1, 2, 3, 4, 99, 99};
  // Head 0: query 2, keys 1 and 0.5; head 1: query 2, keys 2 and 1, values 5 and 7.
  const auto mean = [](double first, double second, double a, double b) {
    return (std::exp(first) * a + std::exp(second) * b) / (std::exp(first) + std::exp(second));
  };
  check_near(run(m, {q, k, v, {1, 1, 0}}), {mean(2, 1, 1, 3), mean(4, 2, 5, 7)});
}
