#include "host/session/option_row.h"

#include <algorithm>

namespace tenon::host {

std::string joined_names(std::span<const char* const> names, const char* last_separator) {
  std::string text;
  for (size_t i = 0; i < names.size(); ++i)
    text += concat(i == 0 ? "" : i + 1 == names.size() ? last_separator : ", ", names[i]);
  return text;
}

size_t OptionRow::choice_count() const {
  return static_cast<size_t>(std::find(choices.begin(), choices.end(), nullptr) - choices.begin());
}

std::string OptionRow::values() const {
  switch (kind()) {
    case OptionKind::kFlag: return "0 or 1";
    case OptionKind::kChoice: return joined_names({choices.data(), choice_count()}, " or ");
    case OptionKind::kText: return "text";
    case OptionKind::kPath: return "a path";
    case OptionKind::kProviders: return "a list such as cpu_blas,cpu_ref";
    case OptionKind::kDimensions: return "a list such as batch=1,height=224";
    case OptionKind::kCpus: return "CPUs of each thread such as 1;2;4-7,9";
    case OptionKind::kNumber: break;
  }
  return greatest() == UINT64_MAX ? concat("whole number of at least ", least)
                                  : concat("whole number from ", least, " to ", greatest());
}

std::string OptionRow::environment_text() const {
  return concat(environment.variable, *environment.value != '\0' ? "=" : "", environment.value);
}

}  // namespace tenon::host
