#include "host/packs/pack_options.h"

#include <cstdlib>
#include <string_view>

namespace tenon::host {

Result<PackOptions> resolve_pack_options(PackOptions options) {
  const auto variable = [](const char* name) {
    const char* text = std::getenv(name);
    return std::string_view(text == nullptr ? "" : text);
  };
  if (!options.mode) {
    const std::string_view mode = variable("TENON_PACK");
    if (mode.empty() || mode == "auto") {
      options.mode = PackMode::kAuto;
    } else if (mode == "readonly") {
      options.mode = PackMode::kReadOnly;
    } else if (mode == "off") {
      options.mode = PackMode::kOff;
    } else {
      return error(TN_INVALID_ARGUMENT, "TENON_PACK is '", mode, "', expected auto, readonly or off");
    }
  }
  const std::string_view verify = variable("TENON_PACK_VERIFY");
  if (verify == "always") {
    options.verify_always = true;
  } else if (!verify.empty() && verify != "new") {
    return error(TN_INVALID_ARGUMENT, "TENON_PACK_VERIFY is '", verify, "', expected always or new");
  }
  return options;
}

}  // namespace tenon::host
