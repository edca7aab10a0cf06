// RegexFullMatch: whether all of each string matches the pattern, of RE2's syntax on UTF-8. Strings that are no UTF-8
// match where the pattern asks for no letter there. Time is linear in the strings, and memory for a pattern is bounded.
#include <string>
#include <tenon/sdk/kernel.hpp>

#include "text/regex.h"

namespace tenon::cpu_ref {
namespace {

class RegexFullMatch final : public sdk::Kernel {
 public:
  explicit RegexFullMatch(Regex regex) : regex_(std::move(regex)) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_BOOL, x.shape()));
    return run.parallel_for(x.count(), 200, [&](int64_t begin, int64_t end) -> sdk::Status {
      for (int64_t i = begin; i < end && !run.cancelled(); ++i) {
        const std::string_view text = sdk::view(x.data<tn_str>()[i]);
        TN_ASSIGN_OR_RETURN(y.data<bool>()[i], regex_.matches(text));
      }
      return {};
    });
  }

 private:
  const Regex regex_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_regex_full_match(const sdk::KernelInfo& info) {
  if (!info.has_string("pattern")) return sdk::invalid_model("attribute pattern is missing, expected one to match");
  const std::string pattern = info.attr_string("pattern");
  TN_ASSIGN_OR_RETURN(Regex regex, Regex::compile("pattern", pattern, false));
  return std::make_unique<RegexFullMatch>(std::move(regex));
}

}  // namespace tenon::cpu_ref
