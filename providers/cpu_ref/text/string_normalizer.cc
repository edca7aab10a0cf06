// StringNormalizer: the strings of X ([C] or [1, C]) that are no stop words, in the case that is asked for. Where none
// is left the result is one empty string. Cases are those of Unicode, whatever `locale` says.
#include <set>
#include <tenon/sdk/kernel.hpp>

#include "text/letter_case.h"

namespace tenon::cpu_ref {
namespace {

class StringNormalizer final : public sdk::Kernel {
 public:
  StringNormalizer(const sdk::KernelInfo& info, LetterCase wanted)
      : wanted_(wanted),
        compared_(info.attr_int("is_case_sensitive") != 0 ? LetterCase::kUnchanged : LetterCase::kLower) {
    for (const std::string& word : info.attr_strings("stopwords")) stop_words_.insert(in_case(word, compared_));
  }

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    if (x.rank() != 1 && !(x.rank() == 2 && x.dim(0) == 1))
      return sdk::invalid_argument("input X has shape ", sdk::shape_text(x.shape()), ", expected C or 1xC");
    std::vector<std::string> kept;
    for (const tn_str& s : x.span<tn_str>())
      if (stop_words_.count(in_case(sdk::view(s), compared_)) == 0) kept.push_back(in_case(sdk::view(s), wanted_));
    if (kept.empty()) kept.emplace_back();
    const int64_t dims[] = {1, static_cast<int64_t>(kept.size())};
    const sdk::ShapeView shape(dims, 2);
    TN_RETURN_IF_ERROR(run.output(0, TN_STRING, x.rank() == 1 ? shape.subspan(1, 1) : shape).take_status());
    for (size_t i = 0; i < kept.size(); ++i) TN_RETURN_IF_ERROR(run.set_string(0, static_cast<int64_t>(i), kept[i]));
    return {};
  }

 private:
  const LetterCase wanted_, compared_;
  std::set<std::string> stop_words_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_string_normalizer(const sdk::KernelInfo& info) {
  const std::string action = info.attr_string("case_change_action");
  if (action == "NONE") return std::make_unique<StringNormalizer>(info, LetterCase::kUnchanged);
  if (action == "LOWER") return std::make_unique<StringNormalizer>(info, LetterCase::kLower);
  if (action == "UPPER") return std::make_unique<StringNormalizer>(info, LetterCase::kUpper);
  return sdk::invalid_model("attribute case_change_action is '", action, "', expected LOWER, UPPER or NONE");
}

}  // namespace tenon::cpu_ref
