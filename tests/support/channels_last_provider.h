// cpu_ref, but wanting channels last wherever it has kernels for them: what drives the layout pass in tests.
#pragma once

#include "host/graph/layout.h"
#include "tests/support/provider_copy.h"

namespace tenon::test {

inline const tn_provider& channels_last_provider() {
  static ProviderCopy copy("channels_last");
  copy.change_lines([](tn_kernel_def& line) {
    if (line.domain == host::kChannelsLastDomain) line.flags |= TN_KERNEL_PREFERRED;
  });
  return copy.table();
}

}  // namespace tenon::test
