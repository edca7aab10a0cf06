// The providers that a user asks for, in their order of preference. Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/status.h"

namespace tenon::host {

/// A provider as the user asks for it.
struct ProviderSpec {
  std::string name;  // "cpu_blas", or the path of a library (anything with a '/')
  std::map<std::string, std::string> options;
};

/// What an instance is told of the session that it is made for; see tn_instance_request.
struct InstanceFacts {
  unsigned max_workers = 1;
  uint64_t memory_limit = UINT64_MAX;
  std::string model_name;
};

/// The order that is taken when the user names none.
inline constexpr const char* kDefaultProviders = "cpu_blas,cpu_ref";

/// The provider that comes behind them where nobody else takes a node of this operator, since few models have any and
/// the provider loads large libraries; nullptr: there is none.
const char* provider_on_demand(std::string_view domain, std::string_view op_type);

/// Parses "cpu_blas,cpu_ref:key=value;key2=value2,./my.so".
Result<std::vector<ProviderSpec>> parse_provider_list(const std::string& text);

}  // namespace tenon::host
