// Statuses of a provider that are breaches of the contract, by name.
#pragma once

#include "conform/checks/outcome.h"
#include "host/base/status.h"

namespace tenon::conform {

/// `where`: of the provider's life, "kernel create".
Breach breach_of(const char* where, const host::Status& status);
/// Throws the breach unless the status is a success.
void must(const char* where, const host::Status& status);
template <typename T>
T must(const char* where, host::Result<T> result) {
  must(where, result.status());
  return std::move(*result);
}

}  // namespace tenon::conform
