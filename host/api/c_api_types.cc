// <tenon/types.h>: element types.
#include <tenon/types.h>

#include <string>
#include <vector>

#include "host/base/dtype.h"

using namespace tenon::host;

static_assert(int{TENON_DTYPE_FLOAT} == int{TN_FLOAT} && int{TENON_DTYPE_STRING} == int{TN_STRING});
static_assert(int{TENON_DTYPE_FLOAT6E3M2} == int{TN_FLOAT6E3M2});

const char* tenon_dtype_name(uint32_t dtype) {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> made(1);
    while (dtype_from_number(static_cast<int64_t>(made.size())) != TN_UNDEFINED)
      made.push_back(dtype_name(static_cast<uint32_t>(made.size())));
    return made;
  }();
  return dtype < names.size() ? names[dtype].c_str() : "";
}

uint32_t tenon_dtype_bits(uint32_t dtype) {
  return static_cast<uint32_t>(dtype_bits(dtype));
}
