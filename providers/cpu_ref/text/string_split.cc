// StringSplit: the parts of each string between delimiters, at most maxsplit of which count, from the left; without a
// delimiter, between runs of whitespace, none at the begin or end. Y has one dimension more than X, as long as the most
// parts of a string, with empty strings behind the parts of others; Z counts them.
#include <algorithm>
#include <string_view>
#include <tenon/sdk/kernel.hpp>

namespace tenon::cpu_ref {
namespace {

constexpr std::string_view kWhitespace = " \t\n\v\f\r";

using Parts = std::vector<std::string_view>;

Parts split_at(std::string_view text, std::string_view delimiter, int64_t most) {
  Parts parts;
  while (most < 0 || static_cast<int64_t>(parts.size()) < most) {
    const size_t end = text.find(delimiter);
    if (end == std::string_view::npos) break;
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end + delimiter.size());
  }
  parts.push_back(text);
  return parts;
}

Parts split_at_whitespace(std::string_view text, int64_t most) {
  Parts parts;
  for (;;) {
    const size_t begin = text.find_first_not_of(kWhitespace);
    if (begin == std::string_view::npos) return parts;
    text.remove_prefix(begin);
    const size_t end = text.find_first_of(kWhitespace);
    if (end == std::string_view::npos || (most >= 0 && static_cast<int64_t>(parts.size()) == most)) {
      parts.push_back(text);
      return parts;
    }
    parts.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

class StringSplit final : public sdk::Kernel {
 public:
  explicit StringSplit(const sdk::KernelInfo& info)
      : delimiter_(info.attr_string("delimiter")), most_(info.attr_int("maxsplit", -1)) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    std::vector<Parts> all;
    size_t width = 0;
    for (const tn_str& s : x.span<tn_str>()) {
      all.push_back(delimiter_.empty() ? split_at_whitespace(sdk::view(s), most_)
                                       : split_at(sdk::view(s), delimiter_, most_));
      width = std::max(width, all.back().size());
    }
    std::vector<int64_t> shape(x.shape().begin(), x.shape().end());
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView counts, run.output(1, TN_INT64, shape));
    for (size_t i = 0; i < all.size(); ++i) counts.data<int64_t>()[i] = static_cast<int64_t>(all[i].size());
    shape.push_back(static_cast<int64_t>(width));
    TN_RETURN_IF_ERROR(run.output(0, TN_STRING, shape).take_status());
    for (size_t i = 0; i < all.size(); ++i)
      for (size_t j = 0; j < width; ++j)
        TN_RETURN_IF_ERROR(
            run.set_string(0, static_cast<int64_t>(i * width + j), j < all[i].size() ? all[i][j] : std::string_view()));
    return {};
  }

 private:
  const std::string delimiter_;
  const int64_t most_;  // negative: no limit
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_string_split(const sdk::KernelInfo& info) {
  return std::make_unique<StringSplit>(info);
}

}  // namespace tenon::cpu_ref
