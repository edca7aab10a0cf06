// <tenon/tenon.h>: versions and messages.
#include "host/api/c_api_internal.h"

namespace tenon::host::c_api {
namespace {

static_assert(sizeof(tenon_string) == sizeof(tn_str) && offsetof(tenon_string, size) == offsetof(tn_str, size));
static_assert(int{TENON_INTERNAL} == int{TN_INTERNAL} && int{TENON_CANCELLED} == int{TN_CANCELLED});

// A C string per thread, so that the pointer handed out stays as the header promises.
std::string& last_error() {
  thread_local std::string message;
  return message;
}

}  // namespace

int failed(tn_code code, const char* message) noexcept {
  try {
    last_error() = message;
  } catch (...) {
    last_error().clear();
  }
  return code;
}

Status null_argument(const char* name) {
  return error(TN_INVALID_ARGUMENT, "argument '", name, "' is NULL");
}

}  // namespace tenon::host::c_api

const char* tenon_last_error(void) {
  return tenon::host::c_api::last_error().c_str();
}

const char* tenon_version(void) {
  return TENON_VERSION;
}
