// Einstein summation. Each operand is brought to distinct labels (diagonals taken, what nobody else needs
// summed), then operands are contracted from the left: labels shared by both and needed later are batch axes,
// shared and not needed are contracted, so every step is one matrix product; without a contracted label it is
// a multiplication. https://numpy.org/doc/stable/reference/generated/numpy.einsum.html
#include <algorithm>
#include <map>

#include "frontend/decompose/decompose.h"

namespace halite::frontend {
namespace {

/// A label per axis: the letter of the equation, or 256 and up for the axes that an ellipsis stands for.
using Labels = std::vector<int>;
constexpr int kEllipsis = 256;

struct Term {
  V value;
  Labels labels;
};

bool contains(const Labels& labels, int label) {
  return std::find(labels.begin(), labels.end(), label) != labels.end();
}
int64_t position(const Labels& labels, int label) {
  return std::find(labels.begin(), labels.end(), label) - labels.begin();
}

/// The labels of one subscript. The ellipsis stands for `hidden` axes, numbered so that the last is the same
/// in all.
Labels read_subscript(const std::string& text, int64_t hidden, const std::string& equation) {
  Labels labels;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text.compare(i, 3, "...") == 0) {
      for (int64_t k = hidden; k > 0; --k) labels.push_back(kEllipsis + static_cast<int>(k));
      i += 2;
    } else if (std::isalpha(static_cast<unsigned char>(text[i]))) {
      labels.push_back(text[i]);
    } else {
      reject_invalid("the equation '" + equation + "' cannot be read at '" + text.substr(i) + "'",
                     "equation");
    }
  }
  return labels;
}

struct Equation {
  std::vector<std::string> inputs;
  std::string output;
  bool has_output = false;
};

Equation split(std::string text) {
  std::erase(text, ' ');
  Equation equation;
  if (const size_t arrow = text.find("->"); arrow != std::string::npos) {
    equation.output = text.substr(arrow + 2);
    equation.has_output = true;
    text.resize(arrow);
  }
  size_t begin = 0;
  for (size_t comma; (comma = text.find(',', begin)) != std::string::npos; begin = comma + 1)
    equation.inputs.push_back(text.substr(begin, comma - begin));
  equation.inputs.push_back(text.substr(begin));
  return equation;
}

/// Letters that occur once, in alphabetical order, behind the ellipsis.
Labels implicit_output(const std::vector<Term>& terms) {
  std::map<int, int> uses;
  int hidden = 0;
  for (const Term& term : terms)
    for (const int label : term.labels) {
      ++uses[label];
      if (label > kEllipsis) hidden = std::max(hidden, label - kEllipsis);
    }
  Labels output;
  for (int k = hidden; k > 0; --k) output.push_back(kEllipsis + k);
  for (const auto& [label, count] : uses)
    if (label < kEllipsis && count == 1) output.push_back(label);
  return output;
}

/// Brings the axes into the order of `labels`, which are the term's own.
V ordered(Builder& b, const Term& term, const Labels& labels) {
  std::vector<int64_t> perm;
  for (const int label : labels) perm.push_back(position(term.labels, label));
  return b.transpose(term.value, perm);
}

/// While a label stands twice: both axes to the end, as one, and every (n+1)th element of it.
Term take_diagonals(Builder& b, Term term) {
  for (size_t i = 0; i < term.labels.size(); ++i) {
    const auto twin =
        std::find(term.labels.begin() + static_cast<long>(i) + 1, term.labels.end(), term.labels[i]);
    if (twin == term.labels.end()) continue;
    const int64_t j = twin - term.labels.begin(), r = b.rank(term.value);
    const int64_t n = b.shape(term.value)[i];
    if (b.shape(term.value)[j] != n)
      reject_invalid("a label that stands twice has different extents", "equation");
    std::vector<int64_t> perm;
    for (int64_t k = 0; k < r; ++k)
      if (k != static_cast<int64_t>(i) && k != j) perm.push_back(k);
    Labels rest;
    for (const int64_t k : perm) rest.push_back(term.labels[k]);
    rest.push_back(term.labels[i]);
    perm.insert(perm.end(), {static_cast<int64_t>(i), j});
    const V moved = b.transpose(term.value, perm);
    Shape merged = b.shape(moved);
    merged.resize(merged.size() - 2);
    merged.push_back(extent_of({n, n}, 0, 2));
    ir::Slice diagonal{std::vector<int64_t>(merged.size(), 0), std::vector<int64_t>(merged.size(), 1),
                       merged};
    diagonal.step.back() = n + 1;
    diagonal.sizes.back() = n;
    return take_diagonals(b, {b.op(diagonal, {b.reshape(moved, merged)}), rest});
  }
  return term;
}

/// Sums over the labels that `needed` does not hold.
Term sum_out(Builder& b, const Term& term, const Labels& needed) {
  Axes axes;
  Labels left;
  for (size_t i = 0; i < term.labels.size(); ++i) {
    if (contains(needed, term.labels[i]))
      left.push_back(term.labels[i]);
    else
      axes.push_back(static_cast<int64_t>(i));
  }
  return {b.sum(term.value, axes, false), left};
}

/// Broadcasts extents of 1 that meet a larger one under the same label (an ellipsis may do that).
Term stretched(Builder& b, const Term& term, const std::map<int, int64_t>& extents) {
  Shape shape;
  for (const int label : term.labels) shape.push_back(extents.at(label));
  return {b.broadcast(term.value, shape), term.labels};
}

Term multiply(Builder& b, const Term& x, const Term& y) {
  Labels all = x.labels;
  for (const int label : y.labels)
    if (!contains(all, label)) all.push_back(label);
  const auto spread = [&](const Term& term) {
    Labels own;
    Shape shape;
    for (const int label : all) {
      const bool has = contains(term.labels, label);
      if (has) own.push_back(label);
      shape.push_back(has ? b.shape(term.value)[position(term.labels, label)] : 1);
    }
    return b.reshape(ordered(b, term, own), shape);
  };
  return {b.mul(spread(x), spread(y)), all};
}

/// One product of two terms that keeps just the labels in `needed`.
Term contract(Builder& b, const Term& x, const Term& y, const Labels& needed) {
  Labels batch, inner, rows, columns;
  for (const int label : x.labels) {
    const bool shared = contains(y.labels, label);
    (!shared ? rows : contains(needed, label) ? batch : inner).push_back(label);
  }
  for (const int label : y.labels)
    if (!contains(x.labels, label)) columns.push_back(label);
  if (inner.empty()) return multiply(b, x, y);
  if (b.dtype(x.value) != DType::f32) return sum_out(b, multiply(b, x, y), needed);
  Labels out = batch;
  out.insert(out.end(), rows.begin(), rows.end());
  out.insert(out.end(), columns.begin(), columns.end());
  std::map<int, int64_t> extents;
  for (const Term* term : {&x, &y})
    for (size_t i = 0; i < term->labels.size(); ++i) extents[term->labels[i]] = b.shape(term->value)[i];
  const auto extents_of = [&](const Labels& labels) {
    Shape shape;
    for (const int label : labels) shape.push_back(extents.at(label));
    return shape;
  };
  const auto count = [&](const Labels& labels) {
    return extent_of(extents_of(labels), 0, static_cast<int64_t>(labels.size()));
  };
  const auto matrix = [&](const Term& term, const Labels& first, const Labels& second) {
    Labels order = batch;
    order.insert(order.end(), first.begin(), first.end());
    order.insert(order.end(), second.begin(), second.end());
    return b.reshape(ordered(b, term, order), {count(batch), count(first), count(second)});
  };
  const V product = b.matmul(matrix(x, rows, inner), matrix(y, inner, columns));
  return {b.reshape(product, extents_of(out)), out};
}

}  // namespace

V einsum(Builder& b, const std::string& text, std::vector<V> operands) {
  const Equation equation = split(text);
  if (equation.inputs.size() != operands.size())
    reject_invalid("the equation '" + text + "' has " + std::to_string(equation.inputs.size()) +
                       " operands, but " + std::to_string(operands.size()) + " are given",
                   "equation");
  std::vector<Term> terms;
  int64_t most_hidden = 0;
  for (size_t i = 0; i < operands.size(); ++i) {
    const std::string& subscript = equation.inputs[i];
    const bool open = subscript.find("...") != std::string::npos;
    const int64_t letters = static_cast<int64_t>(subscript.size()) - (open ? 3 : 0);
    const int64_t hidden = open ? b.rank(operands[i]) - letters : 0;
    if (hidden < 0 || letters + hidden != b.rank(operands[i]))
      reject_invalid("the equation '" + text + "' does not fit the rank of operand " + std::to_string(i),
                     "equation");
    most_hidden = std::max(most_hidden, hidden);
    terms.push_back({operands[i], read_subscript(subscript, hidden, text)});
  }
  const Labels output =
      equation.has_output ? read_subscript(equation.output, most_hidden, text) : implicit_output(terms);
  std::map<int, int64_t> extents;
  for (Term& term : terms) {
    term = take_diagonals(b, term);
    for (size_t i = 0; i < term.labels.size(); ++i) {
      int64_t& extent = extents.try_emplace(term.labels[i], 1).first->second;
      const int64_t own = b.shape(term.value)[i];
      if (own != extent && own != 1 && extent != 1)
        reject_invalid("a label of the equation '" + text + "' has the extents " + std::to_string(extent) +
                           " and " + std::to_string(own),
                       "equation");
      if (extent == 1) extent = own;
    }
  }
  for (size_t i = 0; i < output.size(); ++i)
    if (!extents.count(output[i]) || std::count(output.begin(), output.end(), output[i]) != 1)
      reject_invalid(
          "the output of the equation '" + text + "' has a label twice, or one that no operand has",
          "equation");
  for (Term& term : terms) term = stretched(b, term, extents);
  // What the output and the operands from i on still need.
  const auto needed_from = [&](size_t i) {
    Labels needed = output;
    for (; i < terms.size(); ++i) needed.insert(needed.end(), terms[i].labels.begin(), terms[i].labels.end());
    return needed;
  };
  Term result = sum_out(b, terms[0], needed_from(1));
  for (size_t i = 1; i < terms.size(); ++i) {
    Labels wanted = needed_from(i + 1);
    wanted.insert(wanted.end(), result.labels.begin(), result.labels.end());
    result = contract(b, result, sum_out(b, terms[i], wanted), needed_from(i + 1));
    result = sum_out(b, result, needed_from(i + 1));
  }
  return ordered(b, result, output);
}

}  // namespace halite::frontend
