// What a reader of the .ort schema is told.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "host/base/status.h"
#include "host/graph/tensor.h"
#include "host/storage/file_mapping.h"

namespace tenon::host {

/// Makes the tensor of an initializer whose data are outside of the buffer, at an offset of 0 or more that the writer
/// chose (OrtWriteOptions::outside).
using OutsideTensor =
    std::function<Result<Tensor>(const std::string& name, tn_dtype dtype, std::vector<int64_t> shape, int64_t offset)>;

struct OrtReadOptions {
  OutsideTensor outside;  // empty: such initializers are an error
  /// Whose bytes they are, for the residence of initializers; nullptr: memory of the application.
  const FileMapping* mapping = nullptr;
  /// That every offset and length in these bytes stays inside of them was found before; only what the bytes mean is
  /// judged.
  bool is_verified = false;
};

}  // namespace tenon::host
