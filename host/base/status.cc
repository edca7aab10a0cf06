#include "host/base/status.h"

namespace tenon::host {
namespace {

const Status& shared_out_of_memory() {
  static const Status* shared = new Status(TN_OUT_OF_MEMORY, "out of memory");
  return *shared;
}
// Made before memory can run out.
const Status& touch_out_of_memory = shared_out_of_memory();

}  // namespace

Status Status::out_of_memory() noexcept {
  return shared_out_of_memory();
}

const char* code_name(tn_code code) {
  switch (code) {
    case TN_OK: return "ok";
    case TN_INVALID_MODEL: return "invalid model";
    case TN_INVALID_ARGUMENT: return "invalid argument";
    case TN_NOT_FOUND: return "not found";
    case TN_UNSUPPORTED: return "unsupported";
    case TN_OUT_OF_MEMORY: return "out of memory";
    case TN_CANCELLED: return "cancelled";
    case TN_DEADLINE_EXCEEDED: return "deadline exceeded";
    case TN_DATA_LOST: return "data lost";
    case TN_INTERNAL: return "internal error";
    case TN_NOT_A_MODEL: return "not a model";
    case TN_NO_KERNEL: return "no kernel";
  }
  return "unknown code";
}

}  // namespace tenon::host
