// cpu_ref, but wanting channels last wherever it has kernels for them: what drives the layout pass in tests, with a
// provider whose answers are those of cpu_ref, bit for bit.
#pragma once

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "host/graph/layout.h"
#include "host/plugins/provider_library.h"

namespace tenon::test {

inline const tn_provider& channels_last_provider() {
  static std::vector<tn_kernel_def> kernels;
  static const tn_provider table = [] {
    const auto library =
        host::ProviderLibrary::load(std::string(TENON_BINARY_DIR) + "/lib/tenon/providers/libcpu_ref.so");
    REQUIRE(library.is_ok());
    tn_provider copy = (*library)->table();
    const auto* line = reinterpret_cast<const std::byte*>(copy.kernels);
    for (uint32_t i = 0; i < copy.kernel_count; ++i, line += copy.kernel_stride) {
      kernels.push_back(*reinterpret_cast<const tn_kernel_def*>(line));
      if (kernels.back().domain == host::kChannelsLastDomain) kernels.back().flags |= TN_KERNEL_PREFERRED;
    }
    copy.name = "channels_last";
    copy.kernels = kernels.data();
    copy.kernel_stride = sizeof(tn_kernel_def);
    return copy;
  }();
  return table;
}

}  // namespace tenon::test
