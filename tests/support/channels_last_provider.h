// cpu_ref, but wanting channels last wherever it has kernels for them, or for one operator: what drives the layout pass
// in tests.
#pragma once

#include <map>
#include <string>

#include "host/graph/layout.h"
#include "tests/support/provider_copy.h"

namespace tenon::test {

/// `wanting`: the operator; empty: all of them. Lives as long as the process.
inline const tn_provider& channels_last_provider(const std::string& wanting = "") {
  static std::map<std::string, ProviderCopy> copies;
  const auto [copy, is_new] = copies.try_emplace(wanting, "channels_last" + wanting);
  if (is_new)
    copy->second.change_lines([&](tn_kernel_def& line) {
      if (line.domain == host::kChannelsLastDomain && (wanting.empty() || line.op_type == wanting))
        line.flags |= TN_KERNEL_PREFERRED;
    });
  return copy->second.table();
}

}  // namespace tenon::test
