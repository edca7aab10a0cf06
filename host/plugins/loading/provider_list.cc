// parse_provider_list: "cpu_blas,cpu_ref:key=value;key2=value2,./my.so".
#include "host/plugins/loading/provider_list.h"

#include <algorithm>
#include <sstream>

namespace tenon::host {
namespace {

std::string trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

Status parse_options(const std::string& text, ProviderSpec& spec) {
  std::istringstream options(text);
  for (std::string option; std::getline(options, option, ';');) {
    const size_t equals = option.find('=');
    const std::string key = trimmed(option.substr(0, equals));
    if (equals == std::string::npos || key.empty())
      return error(TN_INVALID_ARGUMENT, "option '", option, "' of provider '", spec.name, "' must read key=value");
    if (!spec.options.emplace(key, trimmed(option.substr(equals + 1))).second)
      return error(TN_INVALID_ARGUMENT, "option '", key, "' of provider '", spec.name, "' is given twice");
  }
  return {};
}

struct OnDemand {
  std::string_view domain, op_type;
  const char* provider;
};
constexpr OnDemand kOnDemand[] = {{"", "ImageDecoder", "cpu_image"}};

}  // namespace

const char* provider_on_demand(std::string_view domain, std::string_view op_type) {
  for (const OnDemand& row : kOnDemand)
    if (row.domain == domain && row.op_type == op_type) return row.provider;
  return nullptr;
}

Result<std::vector<ProviderSpec>> parse_provider_list(const std::string& text) {
  std::vector<ProviderSpec> specs;
  if (trimmed(text).empty()) return specs;
  std::istringstream entries(text + ",");
  for (std::string entry; std::getline(entries, entry, ',');) {
    const size_t colon = entry.find(':');
    ProviderSpec spec;
    spec.name = trimmed(entry.substr(0, colon));
    if (spec.name.empty())
      return error(TN_INVALID_ARGUMENT, "the provider list '", text,
                   "' has an empty entry; it must read name,name:key=value;key=value,./library.so");
    if (colon != std::string::npos) TENON_RETURN_IF_ERROR(parse_options(entry.substr(colon + 1), spec));
    if (std::any_of(specs.begin(), specs.end(), [&](const ProviderSpec& s) { return s.name == spec.name; }))
      return error(TN_INVALID_ARGUMENT, "provider '", spec.name, "' is named twice in '", text, "'");
    specs.push_back(std::move(spec));
  }
  return specs;
}

}  // namespace tenon::host
