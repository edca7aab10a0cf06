// libFuzzer target: any bytes as an image. A stream may be refused, with a message; of what is accepted every pixel is
// read.
#include <cstdlib>
#include <iostream>
#include <vector>

#include "providers/cpu_image/codecs.h"

namespace {

// Below the limit of a single allocation that run_fuzzers.sh sets.
constexpr uint64_t kMemoryLimit = 32 << 20;

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tenon;
  std::vector<uint8_t> pixels;
  const auto allocate = [&](size_t bytes) -> sdk::Result<uint8_t*> {
    if (bytes > kMemoryLimit) return sdk::Status(TN_OUT_OF_MEMORY, "the image is too large for this test");
    pixels.resize(bytes);
    return pixels.data();
  };
  cpu_image::Canvas canvas(kMemoryLimit, allocate, [] { return false; });
  const sdk::Status status = cpu_image::decode_image({data, size}, canvas);
  if (!status.is_ok()) {
    const bool is_expected = status.code() == TN_INVALID_ARGUMENT || status.code() == TN_OUT_OF_MEMORY;
    if (is_expected && !status.message().empty()) return 0;
    std::cerr << "unexpected status: " << status.message() << '\n';
    std::abort();
  }
  unsigned sum = 0;
  for (const uint8_t sample : pixels) sum += sample;
  volatile unsigned kept = sum;
  (void)kept;
  if (uint64_t(canvas.width()) * uint64_t(canvas.height()) * 3 != pixels.size()) std::abort();
  return 0;
}
