// RegexFullMatch: whether all of each string matches the pattern, of RE2's syntax on UTF-8. Strings that are no UTF-8
// match where the pattern asks for no letter there. Time is linear in the strings, and memory for a pattern is bounded.
#include <memory>
#include <string>
#include <tenon/sdk/kernel.hpp>

#include "text/re2/re2.h"

namespace tenon::cpu_ref {
namespace {

// RE2's own limit, for the program of a pattern and for what it remembers of texts.
constexpr int64_t kMostPatternMemory = 8 << 20;

using Regex = std::unique_ptr<void, void (*)(void*)>;

class RegexFullMatch final : public sdk::Kernel {
 public:
  RegexFullMatch(const Re2& re2, Regex regex) : re2_(re2), regex_(std::move(regex)) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_BOOL, x.shape()));
    return run.parallel_for(x.count(), 200, [&](int64_t begin, int64_t end) -> sdk::Status {
      for (int64_t i = begin; i < end && !run.cancelled(); ++i) {
        const std::string_view text = sdk::view(x.data<tn_str>()[i]);
        const int found = re2_.matches(regex_.get(), text.empty() ? "" : text.data(), text.size());
        if (found < 0) return sdk::Status(TN_OUT_OF_MEMORY, sdk::concat("no memory to match string ", i));
        y.data<bool>()[i] = found == 1;
      }
      return {};
    });
  }

 private:
  const Re2& re2_;
  Regex regex_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_regex_full_match(const sdk::KernelInfo& info) {
  const std::string pattern = info.attr_string("pattern");
  TN_ASSIGN_OR_RETURN(const Re2* const library, re2());
  std::string reason;
  const auto report = [](void* arg, const char* text, size_t size) {
    static_cast<std::string*>(arg)->assign(text, size);
  };
  Regex regex(library->compile(pattern.data(), pattern.size(), kMostPatternMemory, report, &reason), library->destroy);
  if (regex == nullptr)
    return sdk::invalid_model("attribute pattern is '", pattern, "', which is no regular expression of RE2: ", reason);
  return std::make_unique<RegexFullMatch>(*library, std::move(regex));
}

}  // namespace tenon::cpu_ref
