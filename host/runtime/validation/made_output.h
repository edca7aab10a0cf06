// An output that a kernel has asked for in a run that watches it; its memory is the run's own. thread: any for
// different strings, else one.
#pragma once

#include <tenon/kernel_api/tensor.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/status.h"

namespace tenon::host {

struct MadeOutput {
  uint32_t dtype = TN_UNDEFINED;
  std::vector<int64_t> shape;
  std::vector<std::string> strings;  // of an output of strings
  std::vector<tn_str> views;

  /// What the kernel is given: `bytes` bytes at `data`, or strings in their place. Borrows from this and `data`.
  tn_tensor hand_out(void* data, uint64_t bytes);
  /// False: there is no such element.
  [[nodiscard]] bool set_string(int64_t element, std::string_view value);
};

/// Of a string of an output that was not asked for, or that has fewer.
Status no_such_string(uint32_t index, int64_t element);

}  // namespace tenon::host
