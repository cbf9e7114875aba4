// TfIdfVectorizer: how often n-grams of a pool occur in a row of integers, with gaps allowed.
// https://onnx.ai/onnx/operators/onnx__TfIdfVectorizer.html
#include <algorithm>

#include "frontend/onnx/operators.h"

namespace halite::frontend {
namespace {

struct Pool {
  int64_t shortest = 1, longest = 1, gaps = 0;
  std::vector<int64_t> words;    ///< all n-grams, one after another
  std::vector<int64_t> begins;   ///< of the n-grams of each length in `words`
  std::vector<int64_t> columns;  ///< of the output, by n-gram
  std::vector<float> weights;    ///< by n-gram
};

Pool read_pool(const OnnxCall& call) {
  if (call.has_attribute("pool_strings")) reject_unsupported("strings are not supported", "pool_strings");
  Pool pool{call.required_integer("min_gram_length"), call.required_integer("max_gram_length"),
            call.required_integer("max_skip_count")};
  pool.words = call.integers("pool_int64s").value_or(Axes{});
  pool.begins = call.integers("ngram_counts").value_or(Axes{});
  pool.columns = call.integers("ngram_indexes").value_or(Axes{});
  pool.weights = call.reals("weights").value_or(std::vector<float>(pool.columns.size(), 1));
  if (pool.shortest < 1 || pool.longest < pool.shortest || pool.longest > 64 || pool.gaps < 0 ||
      pool.gaps > 64)
    reject_invalid("lengths or gaps of its n-grams are out of range", "max_gram_length");
  if (pool.weights.size() != pool.columns.size())
    reject_invalid("weights are not one for each n-gram", "weights");
  const auto words = static_cast<int64_t>(pool.words.size());
  size_t count = 0;
  for (size_t k = 0; k < pool.begins.size(); ++k) {
    const int64_t end = k + 1 < pool.begins.size() ? pool.begins[k + 1] : words;
    const auto n = static_cast<int64_t>(k) + 1;
    if (pool.begins[k] < 0 || end > words || end < pool.begins[k] || (end - pool.begins[k]) % n != 0)
      reject_invalid("ngram_counts do not fit the pool", "ngram_counts");
    count += static_cast<size_t>((end - pool.begins[k]) / n);
  }
  if (count != pool.columns.size())
    reject_invalid("ngram_indexes are not one for each n-gram", "ngram_indexes");
  for (const int64_t column : pool.columns)
    if (column < 0 || column > 1 << 20) reject_invalid("ngram_indexes are out of range", "ngram_indexes");
  return pool;
}

/// x [rows, words]; how often each of the n-grams [grams, n] occurs: f32 [rows, grams].
V count(Builder& b, V x, const Tensor& grams, int64_t gaps) {
  const int64_t rows = b.shape(x)[0], words = b.shape(x)[1], n = grams.type().shape[1];
  const int64_t kinds = grams.type().shape[0];
  const V pool = b.constant(grams);
  V sum = b.broadcast(b.scalar(0), {rows, kinds});
  for (int64_t step = 1; step <= (n == 1 ? 1 : gaps + 1); ++step) {
    const int64_t places = words - (n - 1) * step;
    if (places < 1) break;
    std::optional<V> all;
    for (int64_t k = 0; k < n; ++k) {
      const V word = b.reshape(b.slice(x, 1, k * step, places), {rows, 1, places});
      const V hit = b.binary(Fn::equal, word, b.reshape(b.slice(pool, 1, k, 1), {1, kinds, 1}));
      all = all ? b.binary(Fn::logical_and, *all, hit) : hit;
    }
    sum = b.add(sum, b.sum(b.cast(*all, DType::f32), {2}, false));
  }
  return sum;
}

}  // namespace

std::vector<V> import_tf_idf_vectorizer(OnnxCall& call) {
  Builder& b = call.b;
  const Pool pool = read_pool(call);
  const std::string mode = call.text("mode", "TF");
  if (mode != "TF" && mode != "IDF" && mode != "TFIDF") reject_invalid("mode is '" + mode + "'", "mode");
  if (call.rank(0) < 1 || call.rank(0) > 2 || ir::is_float(call.type(0).dtype))
    reject_invalid("its input is " + ir::to_string(call.type(0)) +
                   "; one or two axes of integers are needed");
  const V x = b.cast(b.with_rank(call.in(0), 2), DType::i64);
  const int64_t width = pool.columns.empty() ? 0 : *std::ranges::max_element(pool.columns) + 1;
  std::vector<V> parts{b.broadcast(b.scalar(0), {b.shape(x)[0], 1})};  // column 0: of no n-gram
  std::vector<int64_t> from(static_cast<size_t>(width), 0);
  std::vector<float> weights(static_cast<size_t>(width), 0);
  int64_t column = 1;
  size_t gram = 0;
  for (size_t k = 0; k < pool.begins.size(); ++k) {
    const auto n = static_cast<int64_t>(k) + 1, begin = pool.begins[k];
    const int64_t end =
        k + 1 < pool.begins.size() ? pool.begins[k + 1] : static_cast<int64_t>(pool.words.size());
    const int64_t kinds = (end - begin) / n;
    const bool counts = n >= pool.shortest && n <= pool.longest && kinds > 0;
    for (int64_t i = 0; i < kinds; ++i, ++gram) {
      if (!counts) continue;
      if (from[pool.columns[gram]] != 0) reject_unsupported("two n-grams share a column", "ngram_indexes");
      from[pool.columns[gram]] = column++;
      weights[pool.columns[gram]] = pool.weights[gram];
    }
    if (!counts) continue;
    const std::span<const int64_t> words(pool.words.data() + begin, static_cast<size_t>(end - begin));
    parts.push_back(count(b, x, Tensor::of<int64_t>(words, {kinds, n}), pool.gaps));
  }
  V y = b.op(ir::Gather{1}, {b.concat(parts, 1), b.integers(from)});
  if (mode == "IDF") y = b.cast(b.binary(Fn::greater, y, 0.0), DType::f32);
  if (mode != "TF") y = b.mul(y, b.constant(Tensor::of<float>(weights, {width})));
  return {call.rank(0) == 1 ? b.squeeze(y, {0}) : y};
}

}  // namespace halite::frontend
