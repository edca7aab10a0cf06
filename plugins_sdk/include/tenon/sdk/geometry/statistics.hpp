// The outputs of BatchNormalization. Providers read it here, so that they cannot disagree. Pure functions.
#pragma once

#include <cstdint>
#include <tenon/sdk/status.hpp>

namespace tenon::sdk {
inline namespace TENON_SDK_VERSION {

/// Y alone, or beside it all statistics of a node that trains, which may be left out each.
inline Status check_statistics_outputs(uint32_t outputs, int version) {
  const uint32_t all = version >= 14 ? 3 : 5;
  if (outputs == 1 || outputs == all) return {};
  return invalid_model("the node has ", outputs, " outputs, expected 1, or ", all, " where it trains");
}

}  // namespace TENON_SDK_VERSION
}  // namespace tenon::sdk
