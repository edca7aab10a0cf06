// Tokenizer: the tokens of each string of X (C or N x C), along one dimension more, with pad_value behind those of
// strings that have fewer than the most. Tokens are what lies between matches of the separators, one separator after
// the other; or the matches of tokenexp; or all characters, where there is the one separator "" or tokenexp is ".".
// Matches are the longest from where they begin, and after one of no characters the next character is passed over.
// Tokens of fewer than mincharnum characters do not count. With `mark` a string's tokens lie between the characters 2
// and 3, unless no string has any. Where X is empty, so is Y, as C or N x 0.
#include <algorithm>
#include <string>
#include <tenon/sdk/kernel.hpp>

#include "text/regex.h"

namespace tenon::cpu_ref {
namespace {

using Tokens = std::vector<std::string_view>;

/// Bytes that begin no character count as one.
size_t character_size(std::string_view text, size_t at) {
  const auto first = static_cast<unsigned char>(text[at]);
  const size_t size = first < 0xC0 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  return std::min(size, text.size() - at);
}

int64_t character_count(std::string_view text) {
  int64_t count = 0;
  for (size_t at = 0; at < text.size(); at += character_size(text, at)) ++count;
  return count;
}

class Tokenizer final : public sdk::Kernel {
 public:
  Tokenizer(const sdk::KernelInfo& info, std::vector<Regex> separators, std::vector<Regex> expression)
      : separators_(std::move(separators)),
        expression_(std::move(expression)),
        least_(info.attr_int("mincharnum")),
        pad_(info.attr_string("pad_value")),
        marks_(info.attr_int("mark") != 0) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    if (x.rank() != 1 && x.rank() != 2)
      return sdk::invalid_argument("input X has shape ", sdk::shape_text(x.shape()), ", expected C or N x C");
    std::vector<Tokens> all;
    size_t width = 0;
    for (const tn_str& text : x.span<tn_str>()) {
      if (run.cancelled()) return {};
      TN_ASSIGN_OR_RETURN(Tokens tokens, split(sdk::view(text)));
      width = std::max(width, tokens.size());
      all.push_back(std::move(tokens));
    }
    sdk::Shape shape(x.shape().begin(), x.shape().end());
    if (all.empty()) {
      shape.back() = 0;
      return run.output(0, TN_STRING, shape).take_status();
    }
    const bool marks = marks_ && width > 0;
    if (marks) width += 2;
    shape.push_back(static_cast<int64_t>(width));
    TN_RETURN_IF_ERROR(run.output(0, TN_STRING, shape).take_status());
    for (size_t i = 0; i < all.size(); ++i) TN_RETURN_IF_ERROR(store(run, all[i], i * width, width, marks));
    return {};
  }

 private:
  static constexpr std::string_view kBegin = "\x02", kEnd = "\x03";

  sdk::Status store(sdk::RunContext& run, Tokens& tokens, size_t first, size_t width, bool marks) const {
    if (marks) {
      tokens.insert(tokens.begin(), kBegin);
      tokens.push_back(kEnd);
    }
    tokens.resize(width, pad_);
    for (size_t i = 0; i < width; ++i)
      TN_RETURN_IF_ERROR(run.set_string(0, static_cast<int64_t>(first + i), tokens[i]));
    return {};
  }

  sdk::Result<Tokens> split(std::string_view text) const {
    Tokens tokens;
    if (!expression_.empty()) {
      TN_RETURN_IF_ERROR(walk(expression_[0], text, [&](size_t, size_t begin, size_t end) {
        keep(text.substr(begin, end - begin), tokens);
      }));
      return tokens;
    }
    if (separators_.empty()) {
      for (size_t at = 0; at < text.size(); at += tokens.back().size())
        tokens.push_back(text.substr(at, character_size(text, at)));
      return tokens;
    }
    if (!text.empty()) tokens.push_back(text);
    for (const Regex& separator : separators_) {
      Tokens pieces;
      for (const std::string_view token : tokens) {
        size_t rest = 0;
        TN_RETURN_IF_ERROR(walk(separator, token, [&](size_t from, size_t begin, size_t end) {
          keep(token.substr(from, begin - from), pieces);
          rest = end > begin || begin == token.size() ? end : begin + character_size(token, begin);
        }));
        keep(token.substr(rest), pieces);
      }
      tokens = std::move(pieces);
    }
    return tokens;
  }

  void keep(std::string_view token, Tokens& tokens) const {
    if (!token.empty() && character_count(token) >= least_) tokens.push_back(token);
  }

  /// Calls body(from, begin, end) for each match from the place on where the one before left off.
  template <typename Body>
  static sdk::Status walk(const Regex& regex, std::string_view text, const Body& body) {
    for (size_t from = 0; from < text.size();) {
      TN_ASSIGN_OR_RETURN(const auto found, regex.find(text, from));
      if (!found) break;
      body(from, found->begin, found->end);
      if (found->begin == text.size()) break;
      from = found->end > found->begin ? found->end : found->begin + character_size(text, found->begin);
    }
    return {};
  }

  const std::vector<Regex> separators_;  // none, and no expression: all characters are tokens
  const std::vector<Regex> expression_;  // one or none
  const int64_t least_;
  const std::string pad_;
  const bool marks_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_tokenizer(const sdk::KernelInfo& info) {
  const std::vector<std::string> separators = info.attr_strings("separators");
  const std::string expression = info.attr_string("tokenexp");
  if (separators.empty() && expression.empty())
    return sdk::invalid_model("attributes separators and tokenexp are left out or empty, expected one of them");
  const bool takes_characters = separators.empty() ? expression == "." : separators == std::vector<std::string>{""};
  const int64_t least = info.attr_int("mincharnum");
  if (least < 1 || (takes_characters && least > 1))
    return sdk::invalid_model("attribute mincharnum is ", least, ", expected ",
                              takes_characters ? "1 as all characters are tokens" : "at least 1");
  std::vector<Regex> between, tokens;
  if (!takes_characters) {
    for (const std::string& separator : separators) {
      TN_ASSIGN_OR_RETURN(Regex regex, Regex::compile("separators", separator, true));
      between.push_back(std::move(regex));
    }
    if (separators.empty()) {
      TN_ASSIGN_OR_RETURN(Regex regex, Regex::compile("tokenexp", expression, true));
      tokens.push_back(std::move(regex));
    }
  }
  return std::make_unique<Tokenizer>(info, std::move(between), std::move(tokens));
}

}  // namespace tenon::cpu_ref
