// libFuzzer target: any bytes as an .onnx model. An import may fail, but with a message, and never as an internal
// error.
#include <cstdlib>
#include <iostream>

#include "host/formats/onnx/importer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto model = tenon::host::import_onnx_bytes(bytes, nullptr);
  if (model.is_ok()) return 0;
  if (model.status().message().empty() || model.status().code() == TN_INTERNAL) {
    std::cerr << "unexpected status: " << model.status().message() << '\n';
    std::abort();
  }
  return 0;
}
