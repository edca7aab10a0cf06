#include "codecs.h"

#include <string_view>

namespace tenon::cpu_image {
namespace {

using std::string_view_literals::operator""sv;

struct Format {
  size_t offset;
  std::string_view magic;
  sdk::Status (*decode)(Bytes bytes, Canvas& canvas);
};

constexpr Format kFormats[] = {
    {0, "\xff\xd8\xff"sv, decode_jpeg},
    {0, "\x89PNG\r\n\x1a\n"sv, decode_png},
    {0, "II*\0"sv, decode_tiff},
    {0, "MM\0*"sv, decode_tiff},
    {0, "II+\0"sv, decode_tiff},
    {0, "MM\0+"sv, decode_tiff},
    {8, "WEBPVP8"sv, decode_webp},
    {0, "\0\0\0\x0cjP  \r\n\x87\n"sv, decode_jpeg2000},
    {0, "\xff\x4f\xff\x51"sv, decode_jpeg2000},
    {0, "BM"sv, decode_bmp},
    {0, "P1"sv, decode_pnm},
    {0, "P2"sv, decode_pnm},
    {0, "P3"sv, decode_pnm},
    {0, "P4"sv, decode_pnm},
    {0, "P5"sv, decode_pnm},
    {0, "P6"sv, decode_pnm},
};

}  // namespace

sdk::Status decode_image(Bytes bytes, Canvas& canvas) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  for (const Format& format : kFormats)
    if (text.size() >= format.offset && text.substr(format.offset, format.magic.size()) == format.magic)
      return format.decode(bytes, canvas);
  return sdk::invalid_argument("the stream is none of BMP, JPEG, JPEG 2000, PNG, PNM, TIFF and WebP");
}

}  // namespace tenon::cpu_image
