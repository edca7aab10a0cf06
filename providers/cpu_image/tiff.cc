// TIFF by libtiff, the first image of the file. Rows of 8-bit RGB are read as they are; all other kinds by the
// library's own conversion.
#include <tiffio.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "codecs.h"

namespace tenon::cpu_image {
namespace {

// What the library's conversion keeps of a pixel beside the result.
constexpr uint64_t kBytesPerPixel = 12;

/// The stream as the library reads it, and the first of its complaints.
struct Source {
  Bytes bytes;
  uint64_t at = 0;
  char message[160] = {};

  static Source& of(thandle_t handle) { return *static_cast<Source*>(handle); }

  static tmsize_t read(thandle_t handle, void* to, tmsize_t size) {
    Source& s = of(handle);
    if (size < 0 || s.at >= s.bytes.size()) return 0;
    const uint64_t count = std::min<uint64_t>(uint64_t(size), s.bytes.size() - s.at);
    std::memcpy(to, s.bytes.data() + s.at, count);
    s.at += count;
    return tmsize_t(count);
  }
  static tmsize_t write(thandle_t, void*, tmsize_t) { return 0; }
  static toff_t seek(thandle_t handle, toff_t offset, int from) {
    Source& s = of(handle);
    const uint64_t start = from == SEEK_CUR ? s.at : from == SEEK_END ? s.bytes.size() : 0;
    return s.at = start + offset;  // where that is nowhere, there is nothing to read
  }
  static int close(thandle_t) { return 0; }
  static toff_t size(thandle_t handle) { return of(handle).bytes.size(); }
  // The library reads where the bytes are.
  static int map(thandle_t handle, void** base, toff_t* size) {
    *base = const_cast<uint8_t*>(of(handle).bytes.data());
    *size = of(handle).bytes.size();
    return 1;
  }
  static void unmap(thandle_t, void*, toff_t) {}
  // 1: nobody else is told.
  static int hear(TIFF*, void* handle, const char*, const char* format, va_list arguments) {
    Source& s = of(handle);
    if (s.message[0] == '\0') std::vsnprintf(s.message, sizeof s.message, format, arguments);
    return 1;
  }
  static int ignore(TIFF*, void*, const char*, const char*, va_list) { return 1; }
};

struct Close {
  void operator()(TIFF* tiff) const { TIFFClose(tiff); }
  void operator()(TIFFOpenOptions* options) const { TIFFOpenOptionsFree(options); }
};
using Tiff = std::unique_ptr<TIFF, Close>;

Tiff open(Source& source, uint64_t memory_limit) {
  const std::unique_ptr<TIFFOpenOptions, Close> options(TIFFOpenOptionsAlloc());
  if (options == nullptr) return nullptr;
  TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), tmsize_t(std::min<uint64_t>(memory_limit, INT64_MAX)));
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), Source::hear, &source);
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), Source::ignore, nullptr);
  return Tiff(TIFFClientOpenExt("stream", "r", &source, Source::read, Source::write, Source::seek, Source::close,
                                Source::size, Source::map, Source::unmap, options.get()));
}

template <typename T>
T field(TIFF* tiff, uint32_t tag) {
  T value{};
  TIFFGetFieldDefaulted(tiff, tag, &value);
  return value;
}

/// The library's conversion multiplies colours by alpha, where the file has not.
bool has_plain_rows(TIFF* tiff) {
  return TIFFIsTiled(tiff) == 0 && field<uint16_t>(tiff, TIFFTAG_BITSPERSAMPLE) == 8 &&
         field<uint16_t>(tiff, TIFFTAG_SAMPLESPERPIXEL) >= 3 &&
         field<uint16_t>(tiff, TIFFTAG_PHOTOMETRIC) == PHOTOMETRIC_RGB &&
         field<uint16_t>(tiff, TIFFTAG_SAMPLEFORMAT) == SAMPLEFORMAT_UINT &&
         field<uint16_t>(tiff, TIFFTAG_PLANARCONFIG) == PLANARCONFIG_CONTIG &&
         field<uint16_t>(tiff, TIFFTAG_ORIENTATION) == ORIENTATION_TOPLEFT;
}

bool read_rows(TIFF* tiff, const Canvas& canvas) {
  const size_t samples = field<uint16_t>(tiff, TIFFTAG_SAMPLESPERPIXEL);
  const tmsize_t size = TIFFScanlineSize(tiff);
  if (size < tmsize_t(samples * size_t(canvas.width()))) return false;
  std::vector<uint8_t> line(static_cast<size_t>(size));
  for (int64_t y = 0; y < canvas.height() && !canvas.is_stopped(); ++y) {
    if (TIFFReadScanline(tiff, line.data(), uint32_t(y), 0) < 0) return false;
    uint8_t* row = canvas.row(y);
    for (int64_t x = 0; x < canvas.width(); ++x)
      for (size_t c = 0; c < 3; ++c) *row++ = line[size_t(x) * samples + c];
  }
  return true;
}

bool convert(TIFF* tiff, const Canvas& canvas) {
  const int64_t count = canvas.width() * canvas.height();
  const std::unique_ptr<uint32_t[]> pixels(new uint32_t[size_t(count)]);
  if (TIFFReadRGBAImageOriented(tiff, uint32_t(canvas.width()), uint32_t(canvas.height()), pixels.get(),
                                ORIENTATION_TOPLEFT, 1) == 0)
    return false;
  uint8_t* out = canvas.row(0);
  for (int64_t i = 0; i < count; ++i) {
    *out++ = uint8_t(TIFFGetR(pixels[size_t(i)]));
    *out++ = uint8_t(TIFFGetG(pixels[size_t(i)]));
    *out++ = uint8_t(TIFFGetB(pixels[size_t(i)]));
  }
  return true;
}

}  // namespace

sdk::Status decode_tiff(Bytes bytes, Canvas& canvas) {
  Source source{bytes};
  const auto broken = [&] {
    return sdk::invalid_argument("the TIFF stream cannot be decoded: ",
                                 source.message[0] != '\0' ? source.message : "it has no image");
  };
  const Tiff tiff = open(source, canvas.memory_limit());
  if (tiff == nullptr) return broken();
  const int64_t width = field<uint32_t>(tiff.get(), TIFFTAG_IMAGEWIDTH);
  const int64_t height = field<uint32_t>(tiff.get(), TIFFTAG_IMAGELENGTH);
  TN_RETURN_IF_ERROR(Canvas::check_size(width, height));
  TN_RETURN_IF_ERROR(canvas.check_memory(width, height, kBytesPerPixel));
  TN_RETURN_IF_ERROR(canvas.create(width, height));
  const bool is_read = has_plain_rows(tiff.get()) ? read_rows(tiff.get(), canvas) : convert(tiff.get(), canvas);
  return is_read ? sdk::Status() : broken();
}

}  // namespace tenon::cpu_image
