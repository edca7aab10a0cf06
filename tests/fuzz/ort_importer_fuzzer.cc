// libFuzzer target: any bytes as an .ort model. An import may fail, but with a message, and never as an internal error.
// What is read can be written again.
#include <cstdlib>
#include <iostream>

#include "host/formats/ort/importer.h"
#include "host/formats/ort/writer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto model = tenon::host::import_ort_bytes(std::as_bytes(std::span(data, size)), nullptr);
  const auto status = model.is_ok() ? tenon::host::write_ort(**model).status() : model.status();
  if (!status.is_ok() && (status.message().empty() || status.code() == TN_INTERNAL)) {
    std::cerr << "unexpected status: " << status.message() << '\n';
    std::abort();
  }
  return 0;
}
