// tn_status: errors as plugins make and receive them. Thread-safe: a status is immutable.
#include "host/plugins/abi/abi_status.h"

#include <new>

namespace tenon::host {
namespace {

constexpr size_t kMessageLimit = 64 * 1024;

// Handed out when there is no memory for a status of its own; never freed.
tn_status& out_of_memory_status() {
  static tn_status shared{Status(TN_OUT_OF_MEMORY, "out of memory")};
  return shared;
}
// Made before memory can run out.
const tn_status& touch_out_of_memory_status = out_of_memory_status();

bool is_known(uint32_t code) {
  return code <= TN_NO_KERNEL;
}

}  // namespace

std::string text_of(tn_str text) {
  if (text.data == nullptr) return {};
  return std::string(text.data, std::min(text.size, kMessageLimit));
}

tn_status* status_create(uint32_t code, tn_str message) {
  try {
    std::string words = text_of(message);
    if (words.empty()) words = "the plugin gave no message";
    if (code == TN_OK) {
      words += " (made with the code of success)";
    } else if (!is_known(code)) {
      words += concat(" (made with the unknown code ", code, ")");
    }
    const tn_code known = code != TN_OK && is_known(code) ? static_cast<tn_code>(code) : TN_INTERNAL;
    return new tn_status{Status(known, std::move(words))};
  } catch (const std::exception&) {
    return &out_of_memory_status();
  }
}

uint32_t status_code(const tn_status* status) {
  return status == nullptr ? TN_OK : status->status.code();
}

tn_str status_message(const tn_status* status) {
  return status == nullptr ? tn_str{nullptr, 0} : to_abi(std::string_view(status->status.message()));
}

void status_destroy(tn_status* status) {
  if (status != &touch_out_of_memory_status) delete status;
}

Status adopt_status(tn_status* raw) {
  if (raw == nullptr) return {};
  Status status = raw->status;
  status_destroy(raw);
  return status;
}

tn_status* to_abi(const Status& status) {
  if (status.is_ok()) return nullptr;
  try {
    return new tn_status{status};
  } catch (const std::exception&) {
    return &out_of_memory_status();
  }
}

}  // namespace tenon::host
