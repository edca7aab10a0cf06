// Patterns over the nodes that compute a value: trees of operators, constants and named values, for raises.
//
//   product({any("x"), near(0.5), op("Add", {op("Erf", {product({any("x"), near(0.70710678)})}), near(1)})})
//
// Patterns are immutable; a search belongs to one thread and takes a bounded number of steps.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "host/graph/graph.h"

namespace tenon::host {

/// What a pattern has found. Names live as long as the pattern, values and nodes as the graph.
struct Match {
  std::vector<Node*> nodes;  // that the pattern's operators stand for, each once, the root first
  std::vector<std::pair<std::string_view, Value*>> values;
  std::vector<std::pair<std::string_view, double>> numbers;
  size_t most_rank = 0;  // of the constants of one element that were met

  /// What any() and number() have met; nothing where the form that matched has no such name.
  Value* value(std::string_view name) const;
  std::optional<double> number(std::string_view name) const;
};

class Pattern;

/// Patterns that others share: a form names its parts more than once, and copying trees of them takes longer than
/// opening a small model.
class PatternList {
 public:
  PatternList() = default;
  PatternList(std::vector<Pattern> patterns);

  size_t size() const;
  const Pattern& operator[](size_t i) const;
  const Pattern* begin() const;
  const Pattern* end() const;

 private:
  std::shared_ptr<const std::vector<Pattern>> patterns_;
};

class Pattern {
 public:
  using Condition = bool (*)(const Node& node);
  enum class Kind { kAny, kNumber, kNear, kOperator, kProduct, kEither };

  Kind kind = Kind::kAny;
  std::string_view name;          // of a value or number, or the operator's type
  double number = 0;              // of kNear
  PatternList parts;              // inputs, factors, or alternatives
  Condition condition = nullptr;  // of kOperator
};

inline PatternList::PatternList(std::vector<Pattern> patterns)
    : patterns_(std::make_shared<const std::vector<Pattern>>(std::move(patterns))) {}
inline size_t PatternList::size() const {
  return patterns_ == nullptr ? 0 : patterns_->size();
}
inline const Pattern& PatternList::operator[](size_t i) const {
  return (*patterns_)[i];
}
inline const Pattern* PatternList::begin() const {
  return patterns_ == nullptr ? nullptr : patterns_->data();
}
inline const Pattern* PatternList::end() const {
  return begin() + size();
}

/// Any value; where the name comes again, the same one.
Pattern any(std::string_view name);
/// A constant of one element, of a floating-point type or int32 or int64.
Pattern number(std::string_view name);
/// The same, of about this value: within the rounding of its type, or for floats of those who write six digits.
Pattern near(double value);
/// The only output of an operator of the ONNX domain, whose inputs are these: of Add, Mul, Max and Min in any order.
/// With a condition the node may have further inputs.
Pattern op(std::string_view op_type, std::vector<Pattern> inputs, Pattern::Condition condition = nullptr);
/// Nodes of Mul over these factors in any order and grouping. A division by a constant is one by its inverse.
Pattern product(std::vector<Pattern> factors);
Pattern either(std::vector<Pattern> alternatives);
/// The value, or a Cast of it.
Pattern maybe_cast(const Pattern& of);

/// Whether all that the nodes compute, but for truth values, has at least the precision of `than`: Casts on the way may
/// only make numbers wider, and put them back.
bool keeps_precision(const Match& match, const Value& than);

/// The first way in which `root` computes what the pattern says that is accepted. Only nodes of its own graph count.
std::optional<Match> find_match(const Pattern& pattern, Node& root,
                                const std::function<bool(const Match& match)>& accepts);

}  // namespace tenon::host
