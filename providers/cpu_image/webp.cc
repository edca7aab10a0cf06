// WebP by libwebp. Streams of several frames are refused.
#include <webp/decode.h>

#include "codecs.h"

namespace tenon::cpu_image {
namespace {

// What the library keeps of a pixel beside the result.
constexpr uint64_t kBytesPerPixel = 8;

}  // namespace

sdk::Status decode_webp(Bytes bytes, Canvas& canvas) {
  WebPBitstreamFeatures features;
  if (const VP8StatusCode code = WebPGetFeatures(bytes.data(), bytes.size(), &features); code != VP8_STATUS_OK)
    return sdk::invalid_argument("the WebP stream cannot be decoded: its header gives status ", int(code));
  if (features.has_animation) return sdk::invalid_argument("the WebP stream is an animation");
  TN_RETURN_IF_ERROR(Canvas::check_size(features.width, features.height));
  TN_RETURN_IF_ERROR(canvas.check_memory(features.width, features.height, kBytesPerPixel));
  TN_RETURN_IF_ERROR(canvas.create(features.width, features.height));
  const size_t stride = 3 * size_t(features.width);
  if (WebPDecodeRGBInto(bytes.data(), bytes.size(), canvas.row(0), stride * size_t(features.height), int(stride)) ==
      nullptr)
    return sdk::invalid_argument("the WebP stream cannot be decoded: it is broken or ends early");
  return {};
}

}  // namespace tenon::cpu_image
