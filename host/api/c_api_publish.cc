// <tenon/tenon.h>: models published under a name.
#include "host/api/c_api_internal.h"
#include "host/packs/published_model.h"

using namespace tenon::host;
using namespace tenon::host::c_api;

int tenon_publish(const char* name, const char* path, const tenon_options* options) {
  return c_api::code_of([&]() -> Status {
    if (name == nullptr) return null_argument("name");
    if (path == nullptr) return null_argument("path");
    return publish_model(path, name, options_of(options));
  });
}

int tenon_publish_bytes(const char* name, const void* data, size_t size, const tenon_options* options) {
  return c_api::code_of([&]() -> Status {
    if (name == nullptr) return null_argument("name");
    if (data == nullptr) return null_argument("data");
    return publish_bytes({static_cast<const std::byte*>(data), size}, name, options_of(options));
  });
}

int tenon_unpublish(const char* name) {
  return c_api::code_of([&]() -> Status {
    if (name == nullptr) return null_argument("name");
    return unpublish_model(name);
  });
}
