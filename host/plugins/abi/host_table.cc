// The table of functions that every plugin is given.
#include "host/base/log.h"
#include "host/plugins/abi/abi_sizes.h"
#include "host/plugins/abi/abi_tables.h"

namespace tenon::host {
namespace {

void log_from_plugin(uint32_t level, tn_str message) {
  const auto known = static_cast<tn_log_level>(std::min<uint32_t>(level, TN_LOG_ERROR));
  try {
    if (log_enabled(known)) log_message(known, text_of(message));
  } catch (const std::exception&) {
    // A log that cannot be written must not fail the plugin that tells of its work.
  }
}

// Version 1 of the host offers none.
const void* extension(tn_str) {
  return nullptr;
}

}  // namespace

const tn_host& host_table() {
  static const tn_host table = {sizeof(tn_host), kMaxAbiVersion, TENON_VERSION,  status_create,
                                status_code,     status_message, status_destroy, log_from_plugin,
                                extension,       &graph_api(),   &claims_api(),  &run_api()};
  return table;
}

}  // namespace tenon::host
