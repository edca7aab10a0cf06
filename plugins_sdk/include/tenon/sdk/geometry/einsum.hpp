// The equation of an Einsum: parsed once, resolved against the operands' shapes at each run, as loops over its labels.
// Providers read it here, so that they cannot disagree. Pure functions; text and sizes may be hostile.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <tenon/sdk/tensor.hpp>

namespace tenon::sdk {
inline namespace TENON_SDK_VERSION {

/// A label per dimension: the letter's code, or a number below 0 for the dimensions of "...", -1 being the last of
/// them.
struct EinsumTerms {
  std::vector<std::vector<int>> inputs;
  std::vector<int> output;
};

class EinsumEquation {
 public:
  /// TN_INVALID_MODEL says what is wrong and where.
  static Result<EinsumEquation> parse(std::string equation);

  size_t input_count() const { return inputs_.size(); }
  /// Whether two operands are multiplied and every label that is summed over is one of both, but for extents of 1.
  bool is_product() const;

  /// TN_INVALID_ARGUMENT when the number of operands or their ranks do not fit.
  Result<EinsumTerms> resolve(Span<const ShapeView> operands) const;

 private:
  static constexpr int kEllipsis = 0;
  using Term = std::vector<int>;  // letters, and kEllipsis

  static Result<Term> parse_term(std::string_view text, std::string_view equation);
  std::vector<int> implicit_output(int ellipsis_rank) const;
  static std::vector<int> expand(const Term& term, int ellipsis_rank);

  std::string text_;
  std::vector<Term> inputs_;
  Term output_;
  bool has_output_ = false;
};

inline Result<EinsumEquation::Term> EinsumEquation::parse_term(std::string_view text, std::string_view equation) {
  Term term;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
      term.push_back(c);
    } else if (text.substr(i, 3) == "..." && std::count(term.begin(), term.end(), kEllipsis) == 0) {
      term.push_back(kEllipsis);
      i += 2;
    } else {
      return invalid_model("attribute equation '", equation, "' has '", c, "' in the term '", text,
                           "', expected letters and at most one '...'");
    }
  }
  return term;
}

inline Result<EinsumEquation> EinsumEquation::parse(std::string equation) {
  EinsumEquation e;
  e.text_ = equation;
  equation.erase(std::remove(equation.begin(), equation.end(), ' '), equation.end());
  std::string_view left = equation;
  const size_t arrow = left.find("->");
  if (arrow != std::string_view::npos) {
    e.has_output_ = true;
    TN_ASSIGN_OR_RETURN(e.output_, parse_term(left.substr(arrow + 2), e.text_));
    left = left.substr(0, arrow);
  }
  while (true) {
    const size_t comma = left.find(',');
    TN_ASSIGN_OR_RETURN(Term term, parse_term(left.substr(0, comma), e.text_));
    e.inputs_.push_back(std::move(term));
    if (comma == std::string_view::npos) break;
    left = left.substr(comma + 1);
  }
  for (int label : e.output_) {
    const bool known = label == kEllipsis || std::any_of(e.inputs_.begin(), e.inputs_.end(), [&](const Term& t) {
                         return std::find(t.begin(), t.end(), label) != t.end();
                       });
    if (!known || std::count(e.output_.begin(), e.output_.end(), label) != 1)
      return invalid_model("attribute equation '", e.text_, "' has '", static_cast<char>(label),
                           "' in its output, expected labels of the inputs, each once");
  }
  return e;
}

inline Result<EinsumTerms> EinsumEquation::resolve(Span<const ShapeView> operands) const {
  if (operands.size() != inputs_.size())
    return invalid_argument("the equation '", text_, "' has ", inputs_.size(), " input terms, expected ",
                            operands.size(), ", the number of inputs");
  EinsumTerms terms;
  int ellipsis_rank = 0;
  bool has_ellipsis = false;
  for (size_t k = 0; k < inputs_.size(); ++k) {
    const bool stretches = std::count(inputs_[k].begin(), inputs_[k].end(), kEllipsis) != 0;
    const int64_t rank = static_cast<int64_t>(operands[k].size());
    const int64_t spare = rank - static_cast<int64_t>(inputs_[k].size()) + (stretches ? 1 : 0);
    if (spare < 0 || (spare > 0 && !stretches))
      return invalid_argument("input ", k, " is ", shape_text(operands[k]), ", which does not fit term ", k,
                              " of the equation '", text_, "'");
    if (stretches && has_ellipsis && spare != ellipsis_rank)
      return invalid_argument("'...' in the equation '", text_, "' stands for ", ellipsis_rank, " dimensions and ",
                              spare, " of input ", k, ", expected as many everywhere");
    if (stretches) ellipsis_rank = static_cast<int>(spare);
    has_ellipsis |= stretches;
    terms.inputs.push_back(expand(inputs_[k], static_cast<int>(spare)));
  }
  terms.output = has_output_ ? expand(output_, ellipsis_rank) : implicit_output(ellipsis_rank);
  return terms;
}

inline std::vector<int> EinsumEquation::expand(const Term& term, int ellipsis_rank) {
  std::vector<int> labels;
  for (int label : term) {
    if (label != kEllipsis) labels.push_back(label);
    for (int d = ellipsis_rank; label == kEllipsis && d > 0; --d) labels.push_back(-d);
  }
  return labels;
}

inline std::vector<int> EinsumEquation::implicit_output(int ellipsis_rank) const {
  std::vector<int> labels = expand({kEllipsis}, ellipsis_rank);
  for (int letter = 'A'; letter <= 'z'; ++letter) {
    size_t uses = 0;
    for (const Term& t : inputs_) uses += static_cast<size_t>(std::count(t.begin(), t.end(), letter));
    if (uses == 1) labels.push_back(letter);
  }
  return labels;
}

inline bool EinsumEquation::is_product() const {
  if (inputs_.size() != 2) return false;
  const auto has = [](const Term& term, int label) { return std::find(term.begin(), term.end(), label) != term.end(); };
  for (size_t k = 0; k < 2; ++k)
    for (const int label : inputs_[k]) {
      // Without an output of its own a label of one term alone is kept.
      const bool is_kept = has_output_ ? has(output_, label) : label == kEllipsis || !has(inputs_[1 - k], label);
      const bool is_repeated = std::count(inputs_[k].begin(), inputs_[k].end(), label) > 1;
      if ((!is_kept || (!has_output_ && is_repeated)) && !has(inputs_[1 - k], label)) return false;
    }
  return true;
}

/// One loop over a label: its extent, and the stride along it of each operand, 0 where the operand is the same all
/// along.
struct EinsumLoop {
  int64_t extent;
  Shape strides;
};

/// The loop of every label. TN_INVALID_ARGUMENT where extents differ.
inline Result<std::map<int, EinsumLoop>> einsum_loops(const EinsumTerms& terms, Span<const ShapeView> shapes) {
  std::map<int, EinsumLoop> loops;
  for (size_t k = 0; k < shapes.size(); ++k) {
    // Of a shape without elements no stride is ever used.
    const bool is_empty = std::find(shapes[k].begin(), shapes[k].end(), 0) != shapes[k].end();
    int64_t stride = is_empty ? 0 : 1;
    for (size_t d = shapes[k].size(); d-- > 0;) {
      EinsumLoop& loop = loops.try_emplace(terms.inputs[k][d], EinsumLoop{1, Shape(shapes.size(), 0)}).first->second;
      const int64_t extent = shapes[k][d];
      if (extent != 1 && loop.extent != 1 && extent != loop.extent)
        return invalid_argument("dimension ", d, " of operand ", k, " is ", extent, ", expected ", loop.extent,
                                " as elsewhere under the same label");
      if (extent != 1) {
        loop.extent = extent;
        loop.strides[k] += stride;
        stride *= extent;
      }
    }
  }
  return loops;
}

}  // namespace TENON_SDK_VERSION
}  // namespace tenon::sdk
