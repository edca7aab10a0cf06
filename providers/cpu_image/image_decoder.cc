// ImageDecoder: the image of an encoded stream, H x W x C of uint8; C is 3 for the pixel formats RGB and BGR, 1 for
// Grayscale, whose brightness is (19595 R + 38470 G + 7471 B) / 65536. What cannot be decoded, whatever the reason, is
// an image of 0 x 0 pixels, as the specification wants; the log then has the reason.
#include <tenon/sdk/kernel.hpp>

#include "codecs.h"

namespace tenon::cpu_image {
namespace {

enum class PixelFormat { kRgb, kBgr, kGrayscale };

uint8_t brightness(const uint8_t* rgb) {
  return uint8_t((rgb[0] * 19595u + rgb[1] * 38470u + rgb[2] * 7471u + 0x8000u) >> 16);
}

class ImageDecoder final : public sdk::Kernel {
 public:
  ImageDecoder(PixelFormat format, uint64_t memory_limit) : format_(format), memory_limit_(memory_limit) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView stream = run.input(0);
    Canvas canvas(
        memory_limit_, [&](size_t bytes) { return run.scratch<uint8_t>(bytes); }, [&] { return run.cancelled(); });
    sdk::Status status = decode_image(stream.span<uint8_t>(), canvas);
    const bool is_decoded = status.is_ok();
    if (!is_decoded) {
      if (status.code() != TN_INVALID_ARGUMENT) return status;
      run.host()->log(TN_LOG_WARN, sdk::to_tn_str("ImageDecoder gives an empty image: " + status.message()));
    }
    const int64_t channels = format_ == PixelFormat::kGrayscale ? 1 : 3;
    const int64_t shape[] = {is_decoded ? canvas.height() : 0, is_decoded ? canvas.width() : 0, channels};
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView image, run.output(0, TN_UINT8, shape));
    run.parallel_for(shape[0], double(shape[1]) * 3, [&](int64_t begin, int64_t end) {
      for (int64_t y = begin; y < end; ++y)
        write_row(canvas.row(y), shape[1], image.data<uint8_t>() + y * shape[1] * channels);
    });
    return {};
  }

 private:
  void write_row(const uint8_t* rgb, int64_t width, uint8_t* out) const {
    for (int64_t x = 0; x < width; ++x, rgb += 3) {
      if (format_ == PixelFormat::kGrayscale) {
        *out++ = brightness(rgb);
        continue;
      }
      const bool is_rgb = format_ == PixelFormat::kRgb;
      *out++ = rgb[is_rgb ? 0 : 2];
      *out++ = rgb[1];
      *out++ = rgb[is_rgb ? 2 : 0];
    }
  }

  PixelFormat format_;
  uint64_t memory_limit_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_image_decoder(const sdk::KernelInfo& info) {
  const std::string format = info.attr_string("pixel_format");
  if (format != "RGB" && format != "BGR" && format != "Grayscale")
    return sdk::invalid_model("attribute pixel_format is '", format, "', expected RGB, BGR or Grayscale");
  return std::make_unique<ImageDecoder>(format == "RGB"   ? PixelFormat::kRgb
                                        : format == "BGR" ? PixelFormat::kBgr
                                                          : PixelFormat::kGrayscale,
                                        info.instance().memory_limit);
}

}  // namespace tenon::cpu_image
