// <tenon/files.h>: packs, conversion, and models published under a name.
#include <tenon/files.h>

#include "host/api/c_api_internal.h"
#include "host/api/c_api_sizes.h"
#include "host/formats/converter.h"
#include "host/packs/published_model.h"

using namespace tenon::host;
using namespace tenon::host::c_api;

int tenon_pack(const char* path, const char* target, int self_contained, const tenon_options* options) {
  return c_api::code_of([&]() -> Status {
    if (path == nullptr) return null_argument("path");
    if (target == nullptr) return null_argument("target");
    return pack_model(path, target, self_contained != 0, options_of(options));
  });
}

int tenon_convert(const char* path, const char* target, const tenon_conversion* conversion) {
  return c_api::code_of([&]() -> Status {
    if (path == nullptr) return null_argument("path");
    if (target == nullptr) return null_argument("target");
    Conversion wanted;
    if (conversion != nullptr) {
      TENON_ASSIGN_OR_RETURN(const tenon_conversion given, taken(conversion, "'conversion'"));
      wanted.external_data = given.external_data != 0;
      if (given.external_data_root != nullptr) wanted.external_data_root = given.external_data_root;
    }
    return convert_model(path, target, wanted);
  });
}

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
