// <tenon/tenon.h>: versions, messages and strings.
#include <pthread.h>

#include <cstdlib>
#include <cstring>

#include "host/api/c_api_internal.h"

namespace tenon::host::c_api {
namespace {

static_assert(sizeof(tenon_string) == sizeof(tn_str) && offsetof(tenon_string, size) == offsetof(tn_str, size));
static_assert(int{TENON_INTERNAL} == int{TN_INTERNAL} && int{TENON_CANCELLED} == int{TN_CANCELLED});
static_assert(int{TENON_NOT_A_MODEL} == int{TN_NOT_A_MODEL} && int{TENON_NO_KERNEL} == int{TN_NO_KERNEL});

// The message of a thread's last failure: the thread's own, or a constant. In memory that every thread has from its
// start, without a destructor that C++ would have to register: both would need memory at the first failure.
struct LastError {
  char* own;             // from malloc; freed at the thread's end by way of the key
  const char* constant;  // where there was no memory for the words
};
__attribute__((tls_model("initial-exec"))) thread_local LastError last_error{nullptr, ""};

// Made before memory can run out. Its values are what threads have to free at their end.
const pthread_key_t last_error_key = [] {
  pthread_key_t key{};
  return pthread_key_create(&key, std::free) == 0 ? key : pthread_key_t{};
}();

}  // namespace

int failed(tn_code code, const char* message) noexcept {
  const size_t bytes = std::strlen(message) + 1;
  auto* words = static_cast<char*>(std::realloc(last_error.own, bytes));
  if (words != nullptr && pthread_setspecific(last_error_key, words) == 0) {
    std::memcpy(words, message, bytes);
    last_error = {words, nullptr};
  } else {
    if (words != nullptr) last_error.own = words;
    last_error.constant = code == TN_OUT_OF_MEMORY ? "out of memory" : "out of memory for the message of an error";
  }
  return code;
}

Status null_argument(const char* name) {
  return error(TN_INVALID_ARGUMENT, "argument '", name, "' is NULL");
}

Status give_string(const std::string& text, char** out) {
  *out = static_cast<char*>(std::malloc(text.size() + 1));
  if (*out == nullptr) return error(TN_OUT_OF_MEMORY, "no memory for a text of ", text.size(), " bytes");
  std::memcpy(*out, text.c_str(), text.size() + 1);
  return {};
}

}  // namespace tenon::host::c_api

const char* tenon_last_error(void) {
  const auto& last = tenon::host::c_api::last_error;
  return last.constant != nullptr ? last.constant : last.own;
}

const char* tenon_version(void) {
  return TENON_VERSION;
}

void tenon_string_free(char* string) {
  std::free(string);
}
