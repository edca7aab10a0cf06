// tn_status on the host's side, and the texts of the ABI. Private to host/plugins. Thread-safe: a status is immutable.
#pragma once

#include <tenon/kernel_api/host.h>

#include <string>
#include <string_view>

#include "host/base/status.h"

struct tn_status {
  tenon::host::Status status;
};

namespace tenon::host {

tn_status* status_create(uint32_t code, tn_str message);
uint32_t status_code(const tn_status* status);
tn_str status_message(const tn_status* status);
void status_destroy(tn_status* status);

/// The text of a tn_str of a plugin, tolerant of NULL data and cut to a sane length.
std::string text_of(tn_str text);

inline tn_str to_abi(std::string_view text) {
  return {text.data(), text.size()};
}

/// Takes over a tn_status from a plugin and frees it.
Status adopt_status(tn_status* raw);
/// Makes a tn_status for a plugin to receive; NULL for success.
tn_status* to_abi(const Status& status);

}  // namespace tenon::host
