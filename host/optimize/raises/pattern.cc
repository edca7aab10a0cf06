#include "host/optimize/raises/pattern.h"

#include <algorithm>
#include <cmath>

#include "host/base/dtype.h"
#include "host/graph/operators/node_traits.h"
#include "host/optimize/constant_number.h"

namespace tenon::host {
namespace {

// More than the largest form needs in every order of its operands.
constexpr int kMostSteps = 1000;

// Of a constant, relative: who writes floats may write six digits; narrow types round off more than that.
double tolerance_of(tn_dtype dtype) {
  switch (dtype) {
    case TN_DOUBLE: return 1e-12;
    case TN_FLOAT16: return 0x1p-10;
    case TN_BFLOAT16: return 0x1p-8;
    default: return 1e-5;
  }
}

// Before opset 7 arithmetic broadcasts by attributes.
bool has_old_broadcasting(const Node& node) {
  static constexpr std::string_view kOperators[] = {"Add", "Sub", "Mul", "Div", "Pow"};
  return node.since_version < 7 &&
         std::find(std::begin(kOperators), std::end(kOperators), node.op_type) != std::end(kOperators);
}

class Search {
 public:
  using Next = std::function<bool()>;

  Search(const Graph& graph, Match& match) : graph_(graph), match_(match) {}

  // Whether the value fits the pattern in a way with which `next`, all that is still to be found, fits, too. What was
  // found stays in the match only then.
  bool find(const Pattern& pattern, Value& value, const Next& next, bool inverted = false) {
    if (--steps_left_ < 0) return false;
    switch (pattern.kind) {
      case Pattern::Kind::kAny: return find_any(pattern, value, next);
      case Pattern::Kind::kNumber:
      case Pattern::Kind::kNear: return find_number(pattern, value, next, inverted);
      case Pattern::Kind::kOperator: return find_operator(pattern, value, next);
      case Pattern::Kind::kProduct: return find_product(pattern, (1U << pattern.parts.size()) - 1, value, next);
      case Pattern::Kind::kEither:
        return std::any_of(pattern.parts.begin(), pattern.parts.end(),
                           [&](const Pattern& part) { return find(part, value, next); });
    }
    return false;
  }

 private:
  bool find_any(const Pattern& pattern, Value& value, const Next& next) {
    if (const Value* known = match_.value(pattern.name)) return known == &value && next();
    match_.values.emplace_back(pattern.name, &value);
    if (next()) return true;
    match_.values.pop_back();
    return false;
  }

  bool find_number(const Pattern& pattern, Value& value, const Next& next, bool inverted) {
    auto number = number_of(value);
    if (!number) return false;
    if (inverted) number = 1 / *number;
    const bool is_named = pattern.kind == Pattern::Kind::kNumber;
    const double off = std::fabs(*number - pattern.number);
    if (!is_named && !(off <= tolerance_of(value.type.dtype) * std::fabs(pattern.number))) return false;
    const size_t rank_before = match_.most_rank;
    match_.most_rank = std::max(rank_before, value.constant->shape().size());
    if (is_named) match_.numbers.emplace_back(pattern.name, *number);
    if (next()) return true;
    if (is_named) match_.numbers.pop_back();
    match_.most_rank = rank_before;
    return false;
  }

  bool find_operator(const Pattern& pattern, Value& value, const Next& next) {
    Node* node = maker(value, pattern.name);
    const size_t count = pattern.parts.size();
    if (node == nullptr || node->inputs.size() < count) return false;
    for (size_t i = 0; i < count; ++i)
      if (node->inputs[i] == nullptr) return false;
    if (pattern.condition != nullptr ? !pattern.condition(*node) : node->inputs.size() > count) return false;
    return with_node(*node, [&] {
      return find_inputs(pattern, *node, 0, false, next) ||
             (is_commutative(*node) && find_inputs(pattern, *node, 0, true, next));
    });
  }

  bool find_inputs(const Pattern& pattern, Node& node, size_t i, bool reversed, const Next& next) {
    const size_t count = pattern.parts.size();
    if (i == count) return next();
    Value& input = *node.inputs[reversed ? count - 1 - i : i];
    return find(pattern.parts[i], input, [&] { return find_inputs(pattern, node, i + 1, reversed, next); });
  }

  // `factors`: those of the pattern, as bits, whose product the value has to be.
  bool find_product(const Pattern& pattern, uint32_t factors, Value& value, const Next& next) {
    if (--steps_left_ < 0) return false;
    if (std::has_single_bit(factors))
      return find(pattern.parts[static_cast<size_t>(std::countr_zero(factors))], value, next);
    if (Node* mul = maker(value, "Mul"))
      return with_node(*mul, [&] { return find_split(pattern, factors, *mul, next); });
    if (Node* div = maker(value, "Div"))
      return with_node(*div, [&] { return find_divisor(pattern, factors, *div, next); });
    return false;
  }

  bool find_split(const Pattern& pattern, uint32_t factors, const Node& mul, const Next& next) {
    for (uint32_t left = (factors - 1) & factors; left != 0; left = (left - 1) & factors)
      if (find_product(pattern, left, *mul.inputs[0],
                       [&] { return find_product(pattern, factors & ~left, *mul.inputs[1], next); }))
        return true;
    return false;
  }

  bool find_divisor(const Pattern& pattern, uint32_t factors, const Node& div, const Next& next) {
    for (size_t i = 0; i < pattern.parts.size(); ++i) {
      const Pattern& factor = pattern.parts[i];
      const bool is_number = factor.kind == Pattern::Kind::kNumber || factor.kind == Pattern::Kind::kNear;
      if ((factors >> i & 1) == 0 || !is_number) continue;
      const auto rest = [&] { return find_product(pattern, factors & ~(1U << i), *div.inputs[0], next); };
      if (find(factor, *div.inputs[1], rest, true)) return true;
    }
    return false;
  }

  // The node of this graph that has the value for its only output.
  Node* maker(const Value& value, std::string_view op_type) const {
    Node* node = value.graph == &graph_ && !value.is_constant() ? value.producer : nullptr;
    const bool fits = node != nullptr && node->op_type == op_type && node->domain.empty() && node->schema != nullptr &&
                      node->outputs[0] == &value && !has_old_broadcasting(*node) &&
                      std::all_of(node->outputs.begin() + 1, node->outputs.end(), [](auto* v) { return v == nullptr; });
    return fits ? node : nullptr;
  }

  bool with_node(Node& node, const Next& find_rest) {
    const size_t before = match_.nodes.size();
    if (std::find(match_.nodes.begin(), match_.nodes.end(), &node) == match_.nodes.end()) match_.nodes.push_back(&node);
    if (find_rest()) return true;
    match_.nodes.resize(before);
    return false;
  }

  const Graph& graph_;
  Match& match_;
  int steps_left_ = kMostSteps;
};

template <typename T>
T find_named(const std::vector<std::pair<std::string_view, T>>& named, std::string_view name, T otherwise) {
  const auto found = std::find_if(named.begin(), named.end(), [&](const auto& entry) { return entry.first == name; });
  return found == named.end() ? otherwise : found->second;
}

}  // namespace

Value* Match::value(std::string_view name) const {
  return find_named<Value*>(values, name, nullptr);
}

std::optional<double> Match::number(std::string_view name) const {
  const double found = find_named<double>(numbers, name, NAN);
  return std::isnan(found) ? std::nullopt : std::optional(found);
}

Pattern any(std::string_view name) {
  return {Pattern::Kind::kAny, name, 0, {}, nullptr};
}
Pattern number(std::string_view name) {
  return {Pattern::Kind::kNumber, name, 0, {}, nullptr};
}
Pattern near(double value) {
  return {Pattern::Kind::kNear, {}, value, {}, nullptr};
}
Pattern op(std::string_view op_type, std::vector<Pattern> inputs, Pattern::Condition condition) {
  return {Pattern::Kind::kOperator, op_type, 0, std::move(inputs), condition};
}
Pattern product(std::vector<Pattern> factors) {
  return {Pattern::Kind::kProduct, {}, 0, std::move(factors), nullptr};
}
Pattern either(std::vector<Pattern> alternatives) {
  return {Pattern::Kind::kEither, {}, 0, std::move(alternatives), nullptr};
}
Pattern maybe_cast(const Pattern& of) {
  return either({of, op("Cast", {of})});
}

bool keeps_precision(const Match& match, const Value& than) {
  static constexpr tn_dtype kFloats[] = {TN_FLOAT, TN_DOUBLE, TN_FLOAT16, TN_BFLOAT16};
  const int bits = dtype_bits(than.type.dtype);
  return std::all_of(match.nodes.begin(), match.nodes.end(), [&](const Node* node) {
    const tn_dtype dtype = node->outputs[0]->type.dtype;
    const bool is_float = std::find(std::begin(kFloats), std::end(kFloats), dtype) != std::end(kFloats);
    return dtype == TN_BOOL || (is_float && dtype_bits(dtype) >= bits);
  });
}

std::optional<Match> find_match(const Pattern& pattern, Node& root,
                                const std::function<bool(const Match& match)>& accepts) {
  if (root.graph == nullptr || root.outputs.empty() || root.outputs[0] == nullptr) return std::nullopt;
  Match match;
  const bool found = Search(*root.graph, match).find(pattern, *root.outputs[0], [&] { return accepts(match); });
  return found ? std::optional(std::move(match)) : std::nullopt;
}

}  // namespace tenon::host
