// <tenon/types.h>: element types.
#include <tenon/types.h>

#include <string>
#include <vector>

#include "host/api/c_api_internal.h"
#include "host/base/dtype.h"

using namespace tenon::host;

static_assert(int{TENON_DTYPE_FLOAT} == int{TN_FLOAT} && int{TENON_DTYPE_STRING} == int{TN_STRING});
static_assert(int{TENON_DTYPE_FLOAT6E3M2} == int{TN_FLOAT6E3M2});

namespace {

/// By number; "" for 0.
std::vector<std::string> names_of_all() {
  std::vector<std::string> names(1);
  while (dtype_from_number(static_cast<int64_t>(names.size())) != TN_UNDEFINED)
    names.push_back(dtype_name(static_cast<uint32_t>(names.size())));
  return names;
}

}  // namespace

const char* tenon_dtype_name(uint32_t dtype) {
  const char* name = "";  // also where there is no memory for the names
  (void)c_api::code_of([&]() -> Status {
    static const std::vector<std::string> names = names_of_all();
    if (dtype < names.size()) name = names[dtype].c_str();
    return {};
  });
  return name;
}

uint32_t tenon_dtype_bits(uint32_t dtype) {
  return static_cast<uint32_t>(dtype_bits(dtype));
}
