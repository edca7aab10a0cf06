// What reading one file may cost. Tables, vectors and strings of a FlatBuffer can be shared, so a small hostile file
// can describe a large model; what is made of a file stays within a multiple of its length.
#pragma once

#include <cstdint>

#include "host/base/status.h"

namespace tenon::host::ort {

class ReadBudget {
 public:
  explicit ReadBudget(uint64_t file_bytes) : left_(kFixed + kPerByte * file_bytes) {}

  /// TN_INVALID_MODEL once more is made than a file of this length may ask for.
  Status charge(uint64_t bytes) {
    if (bytes > left_)
      return error(TN_INVALID_MODEL,
                   "its parts refer to each other so often that the model is far larger than the file: no converter "
                   "writes that, the file is damaged or made to harm");
    left_ -= bytes;
    return {};
  }

 private:
  static constexpr uint64_t kFixed = uint64_t{1} << 20;
  static constexpr uint64_t kPerByte = 32;

  uint64_t left_;
};

}  // namespace tenon::host::ort
