// The operators that more than one provider has, as their kernel tables say it.
#pragma once

#include <tenon/kernel_api/provider.h>

#include <string>
#include <vector>

#include "host/base/status.h"
#include "host/graph/schema.h"

namespace tenon::cases {

/// An operator in one version of its schema.
struct SharedOperator {
  const host::OpSchema* schema = nullptr;
  std::vector<std::string> providers;
  /// Element types that all of these take, of each type parameter that a kernel table has a rule for.
  struct Types {
    std::string_view parameter;
    std::vector<tn_dtype> common;
  };
  std::vector<Types> types;
};

/// The types that the lines of a table for a schema allow, of each of the schema's parameters.
std::vector<SharedOperator::Types> types_of(const host::OpSchema& schema, const tn_provider& table);
/// Every version of the operators in a provider's kernel table that its rows take, sorted.
std::vector<const host::OpSchema*> schemas_of(const tn_provider& table);
host::Result<std::vector<const host::OpSchema*>> schemas_of(const std::string& provider);

/// Of libraries by name, in every version that two of them have; of one alone all that it has. The first is the oracle:
/// what it lacks is not listed.
host::Result<std::vector<SharedOperator>> shared_operators(const std::vector<std::string>& providers);

}  // namespace tenon::cases
