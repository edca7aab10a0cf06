#include "host/session/option_values.h"

#include <charconv>

namespace tenon::host::option_values {

Status refuse(const OptionRow& row, const std::string& text) {
  return error(TN_INVALID_ARGUMENT, "'", text, row.kind() == OptionKind::kNumber ? "' is no " : "' is not ",
               row.values());
}

Result<uint64_t> number(const OptionRow& row, const std::string& text) {
  uint64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stopped, problem] = std::from_chars(text.data(), end, value);
  if (problem != std::errc() || stopped != end || value < row.least || value > row.greatest()) return refuse(row, text);
  return value;
}

Result<size_t> choice(const OptionRow& row, const std::string& text) {
  const size_t count = row.choice_count();
  for (size_t i = 0; i < count; ++i)
    if (text == row.choices[i]) return i;
  return refuse(row, text);
}

std::string provider_list_text(const std::vector<ProviderSpec>& specs) {
  std::string text;
  for (const ProviderSpec& spec : specs) {
    text += (text.empty() ? "" : ",") + spec.name;
    const char* separator = ":";
    for (const auto& [key, value] : spec.options) {
      text += concat(separator, key, "=", value);
      separator = ";";
    }
  }
  return text;
}

}  // namespace tenon::host::option_values
