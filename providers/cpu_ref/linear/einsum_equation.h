// The equation of an Einsum: parsed once, resolved against the operands' ranks at each run.
#pragma once

#include <string>
#include <tenon/sdk/tensor.hpp>

namespace tenon::cpu_ref {

/// A label per dimension: the letter's code, or a number below 0 for the dimensions of "...", -1 being the last of
/// them.
struct EinsumTerms {
  std::vector<std::vector<int>> inputs;
  std::vector<int> output;
};

class EinsumEquation {
 public:
  /// TN_INVALID_MODEL says what is wrong and where.
  static sdk::Result<EinsumEquation> parse(std::string equation);

  /// TN_INVALID_ARGUMENT when the number of operands or their ranks do not fit.
  sdk::Result<EinsumTerms> resolve(sdk::Span<const sdk::ShapeView> operands) const;

 private:
  static constexpr int kEllipsis = 0;
  using Term = std::vector<int>;  // letters, and kEllipsis

  static sdk::Result<Term> parse_term(std::string_view text, std::string_view equation);
  std::vector<int> implicit_output(int ellipsis_rank) const;
  static std::vector<int> expand(const Term& term, int ellipsis_rank);

  std::string text_;
  std::vector<Term> inputs_;
  Term output_;
  bool has_output_ = false;
};

}  // namespace tenon::cpu_ref
