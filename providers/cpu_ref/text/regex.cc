#include "text/regex.h"

#include <string>

namespace tenon::cpu_ref {
namespace {

// RE2's own limit, for the program of a pattern and for what it remembers of texts.
constexpr int64_t kMostPatternMemory = 8 << 20;

sdk::Status no_memory() {
  return sdk::Status(TN_OUT_OF_MEMORY, "no memory to match a string");
}

// RE2 takes a text from no address for none.
const char* address(std::string_view text) {
  return text.empty() ? "" : text.data();
}

}  // namespace

sdk::Result<Regex> Regex::compile(std::string_view attribute, std::string_view pattern, bool longest) {
  TN_ASSIGN_OR_RETURN(const Re2* const library, re2());
  std::string reason;
  const auto report = [](void* arg, const char* text, size_t size) {
    static_cast<std::string*>(arg)->assign(text, size);
  };
  Handle handle(library->compile(address(pattern), pattern.size(), longest, kMostPatternMemory, report, &reason),
                library->destroy);
  if (handle == nullptr)
    return sdk::invalid_model("attribute ", attribute, " is '", pattern,
                              "', which is no regular expression of RE2: ", reason);
  return Regex(library, std::move(handle));
}

sdk::Result<bool> Regex::matches(std::string_view text) const {
  const int found = library_->matches(handle_.get(), address(text), text.size());
  if (found < 0) return no_memory();
  return found == 1;
}

sdk::Result<std::optional<Regex::Span>> Regex::find(std::string_view text, size_t from) const {
  Span span{};
  const int found = library_->find(handle_.get(), address(text), text.size(), from, &span.begin, &span.end);
  if (found < 0) return no_memory();
  return found == 1 ? std::optional(span) : std::nullopt;
}

}  // namespace tenon::cpu_ref
