// Parsing and expansion of Einsum equations.
#include "linear/einsum_equation.h"

#include <algorithm>

namespace tenon::cpu_ref {

sdk::Result<EinsumEquation::Term> EinsumEquation::parse_term(std::string_view text, std::string_view equation) {
  Term term;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
      term.push_back(c);
    } else if (text.substr(i, 3) == "..." && std::count(term.begin(), term.end(), kEllipsis) == 0) {
      term.push_back(kEllipsis);
      i += 2;
    } else {
      return sdk::invalid_model("attribute equation '", equation, "' has '", c, "' in the term '", text,
                                "', expected letters and at most one '...'");
    }
  }
  return term;
}

sdk::Result<EinsumEquation> EinsumEquation::parse(std::string equation) {
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
      return sdk::invalid_model("attribute equation '", e.text_, "' has '", static_cast<char>(label),
                                "' in its output, expected labels of the inputs, each once");
  }
  return e;
}

sdk::Result<EinsumTerms> EinsumEquation::resolve(sdk::Span<const sdk::ShapeView> operands) const {
  if (operands.size() != inputs_.size())
    return sdk::invalid_argument("the equation '", text_, "' has ", inputs_.size(), " input terms, expected ",
                                 operands.size(), ", the number of inputs");
  EinsumTerms terms;
  int ellipsis_rank = 0;
  bool has_ellipsis = false;
  for (size_t k = 0; k < inputs_.size(); ++k) {
    const bool stretches = std::count(inputs_[k].begin(), inputs_[k].end(), kEllipsis) != 0;
    const int64_t rank = static_cast<int64_t>(operands[k].size());
    const int64_t spare = rank - static_cast<int64_t>(inputs_[k].size()) + (stretches ? 1 : 0);
    if (spare < 0 || (spare > 0 && !stretches))
      return sdk::invalid_argument("input ", k, " is ", sdk::shape_text(operands[k]), ", which does not fit term ", k,
                                   " of the equation '", text_, "'");
    if (stretches && has_ellipsis && spare != ellipsis_rank)
      return sdk::invalid_argument("'...' in the equation '", text_, "' stands for ", ellipsis_rank, " dimensions and ",
                                   spare, " of input ", k, ", expected as many everywhere");
    if (stretches) ellipsis_rank = static_cast<int>(spare);
    has_ellipsis |= stretches;
    terms.inputs.push_back(expand(inputs_[k], static_cast<int>(spare)));
  }
  terms.output = has_output_ ? expand(output_, ellipsis_rank) : implicit_output(ellipsis_rank);
  return terms;
}

std::vector<int> EinsumEquation::expand(const Term& term, int ellipsis_rank) {
  std::vector<int> labels;
  for (int label : term) {
    if (label != kEllipsis) labels.push_back(label);
    for (int d = ellipsis_rank; label == kEllipsis && d > 0; --d) labels.push_back(-d);
  }
  return labels;
}

std::vector<int> EinsumEquation::implicit_output(int ellipsis_rank) const {
  std::vector<int> labels = expand({kEllipsis}, ellipsis_rank);
  for (int letter = 'A'; letter <= 'z'; ++letter) {
    size_t uses = 0;
    for (const Term& t : inputs_) uses += static_cast<size_t>(std::count(t.begin(), t.end(), letter));
    if (uses == 1) labels.push_back(letter);
  }
  return labels;
}

}  // namespace tenon::cpu_ref
