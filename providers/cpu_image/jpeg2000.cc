// JPEG 2000 by OpenJPEG, as a file (JP2) or a bare codestream. The size is read here first, since the library makes
// room for all tiles and components that a header asks for.
#include <openjpeg.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <string_view>

#include "codecs.h"

namespace tenon::cpu_image {
namespace {

// What the library keeps of a sample, with the smallest code blocks, beside the result. A palette may make more
// components than there seem to be.
constexpr uint64_t kBytesPerSample = 32;
// Of the samples of the image for each precinct, which costs some hundred bytes.
constexpr unsigned kLeastPrecinctBits = 8;
constexpr uint32_t kMostComponents = 4;
// A tile has a header of that many bytes at least.
constexpr uint64_t kTileHeader = 14;

sdk::Status broken(std::string_view what) {
  return sdk::invalid_argument("the JPEG 2000 stream cannot be decoded: ", what);
}

uint32_t big_endian(Bytes bytes, size_t at, size_t count) {
  uint32_t value = 0;
  for (size_t i = 0; i < count; ++i) value = value << 8 | bytes[at + i];
  return value;
}

/// The codestream of a JP2 file; nothing when there is none.
Bytes find_codestream(Bytes bytes) {
  if (bytes.size() >= 2 && bytes[0] == 0xff) return bytes;
  for (size_t at = 0; bytes.size() - at >= 8;) {
    uint64_t size = big_endian(bytes, at, 4), header = 8;
    const uint32_t kind = big_endian(bytes, at + 4, 4);
    if (size == 1 && bytes.size() - at >= 16) {
      size = uint64_t{big_endian(bytes, at + 8, 4)} << 32 | big_endian(bytes, at + 12, 4);
      header = 16;
    }
    if (size == 0) size = bytes.size() - at;
    if (size < header || size > bytes.size() - at) size = bytes.size() - at;
    if (size < header) return {};
    if (kind == 0x6a703263) return bytes.subspan(at + header, bytes.size() - at - header);
    at += size;
  }
  return {};
}

sdk::Status check_size_marker(Bytes stream, const Canvas& canvas) {
  constexpr size_t kSizeMarker = 42;  // up to the number of components
  if (stream.size() < kSizeMarker || big_endian(stream, 0, 4) != 0xff4fff51) return broken("it has no codestream");
  uint32_t sizes[8];  // width, height, their offsets, of tiles width, height and offsets
  for (size_t i = 0; i < 8; ++i) sizes[i] = big_endian(stream, 8 + 4 * i, 4);
  const uint32_t components = big_endian(stream, 40, 2);
  if (sizes[4] == 0 || sizes[5] == 0) return broken("its tiles are empty");
  if (components < 1 || components > kMostComponents) return broken("it has more than 4 components");
  const int64_t width = int64_t{sizes[0]} - sizes[2], height = int64_t{sizes[1]} - sizes[3];
  TN_RETURN_IF_ERROR(Canvas::check_size(width, height));
  TN_RETURN_IF_ERROR(canvas.check_memory(width, height, kBytesPerSample * kMostComponents));
  const uint64_t across = (uint64_t{sizes[0]} - std::min(sizes[0], sizes[6]) + sizes[4] - 1) / sizes[4];
  const uint64_t down = (uint64_t{sizes[1]} - std::min(sizes[1], sizes[7]) + sizes[5] - 1) / sizes[5];
  if (down != 0 && across > stream.size() / kTileHeader / down + 1)
    return broken("it has more tiles than bytes for them");
  return {};
}

/// The sizes of precincts, said by COD and COC markers in any header. Compressed data holds no such bytes.
sdk::Status check_precincts(Bytes stream) {
  for (size_t at = 0; at + 4 < stream.size(); ++at) {
    const bool is_default = stream[at + 1] == 0x52;
    if (stream[at] != 0xff || (!is_default && stream[at + 1] != 0x53)) continue;
    const size_t style = at + (is_default ? 4 : 5), first = at + (is_default ? 14 : 11);
    const size_t end = at + 2 + big_endian(stream, at + 2, 2);
    if (style >= stream.size() || (stream[style] & 1) == 0) continue;
    // Each resolution below the last has a quarter of the samples.
    for (size_t i = first; i < std::min<size_t>(end, stream.size()); ++i)
      if ((stream[i] & 15u) + (stream[i] >> 4) + 2 * (end - 1 - i) < kLeastPrecinctBits)
        return broken("its precincts are of fewer than 256 samples of the image");
  }
  return {};
}

/// A palette makes as many components as it says, whatever the codestream has. Wherever its box may lie before that.
sdk::Status check_palette(Bytes boxes) {
  const std::string_view text(reinterpret_cast<const char*>(boxes.data()), boxes.size());
  constexpr size_t kCountAt = 6;  // behind the name and the number of colours
  for (size_t at = text.find("pclr"); at != text.npos; at = text.find("pclr", at + 1))
    if (at + kCountAt < boxes.size() && boxes[at + kCountAt] > kMostComponents)
      return broken("its palette has more than 4 components");
  return {};
}

struct Source {
  Bytes bytes;
  size_t at = 0;

  static OPJ_SIZE_T read(void* to, OPJ_SIZE_T count, void* self) {
    Source& s = *static_cast<Source*>(self);
    if (s.at >= s.bytes.size()) return OPJ_SIZE_T(-1);
    count = std::min<OPJ_SIZE_T>(count, s.bytes.size() - s.at);
    std::memcpy(to, s.bytes.data() + s.at, count);
    s.at += count;
    return count;
  }
  static OPJ_OFF_T skip(OPJ_OFF_T count, void* self) {
    Source& s = *static_cast<Source*>(self);
    if (count < 0 || uint64_t(count) > s.bytes.size() - s.at) return -1;
    s.at += size_t(count);
    return count;
  }
  static OPJ_BOOL seek(OPJ_OFF_T to, void* self) {
    Source& s = *static_cast<Source*>(self);
    if (to < 0 || uint64_t(to) > s.bytes.size()) return OPJ_FALSE;
    s.at = size_t(to);
    return OPJ_TRUE;
  }
};

using Codec = std::unique_ptr<opj_codec_t, decltype(&opj_destroy_codec)>;
using Stream = std::unique_ptr<opj_stream_t, decltype(&opj_stream_destroy)>;
using Image = std::unique_ptr<opj_image_t, decltype(&opj_image_destroy)>;

/// Without an image when the stream is broken.
Image decode(Source& source, bool is_file) {
  Image image(nullptr, opj_image_destroy);
  const Codec codec(opj_create_decompress(is_file ? OPJ_CODEC_JP2 : OPJ_CODEC_J2K), opj_destroy_codec);
  const Stream stream(opj_stream_default_create(OPJ_TRUE), opj_stream_destroy);
  opj_dparameters_t parameters;
  opj_set_default_decoder_parameters(&parameters);
  if (codec == nullptr || stream == nullptr || !opj_setup_decoder(codec.get(), &parameters)) return image;
  opj_stream_set_user_data(stream.get(), &source, nullptr);
  opj_stream_set_user_data_length(stream.get(), source.bytes.size());
  opj_stream_set_read_function(stream.get(), Source::read);
  opj_stream_set_skip_function(stream.get(), Source::skip);
  opj_stream_set_seek_function(stream.get(), Source::seek);
  opj_image_t* raw = nullptr;
  const bool has_header = opj_read_header(stream.get(), codec.get(), &raw);
  image.reset(raw);
  if (!has_header || !opj_decode(codec.get(), stream.get(), image.get()) ||
      !opj_end_decompress(codec.get(), stream.get()))
    image.reset();
  return image;
}

/// Samples of a component, which may be fewer than the image has pixels.
class Component {
 public:
  Component(const opj_image_t& image, uint32_t index) : c_(image.comps[index]), x0_(image.x0), y0_(image.y0) {}

  bool is_whole() const { return c_.data != nullptr && c_.w > 0 && c_.h > 0 && c_.prec >= 1 && c_.prec <= 31; }
  uint8_t sample(int64_t x, int64_t y) const {
    const int64_t column = std::clamp<int64_t>((x0_ + x) / c_.dx - c_.x0, 0, int64_t{c_.w} - 1);
    const int64_t row = std::clamp<int64_t>((y0_ + y) / c_.dy - c_.y0, 0, int64_t{c_.h} - 1);
    int64_t value = c_.data[row * c_.w + column];
    if (c_.sgnd) value += int64_t{1} << (c_.prec - 1);
    if (c_.prec > 8)
      value = (value + (int64_t{1} << (c_.prec - 9))) >> (c_.prec - 8);
    else
      value *= int64_t{1} << (8 - c_.prec);
    return uint8_t(std::clamp<int64_t>(value, 0, 255));
  }

 private:
  const opj_image_comp_t& c_;
  int64_t x0_, y0_;
};

uint8_t rounded(double value) {
  return uint8_t(std::lround(std::clamp(value, 0.0, 255.0)));
}

void from_luminance(uint8_t* pixel) {
  const double y = pixel[0], blue = pixel[1] - 128.0, red = pixel[2] - 128.0;
  pixel[0] = rounded(y + 1.402 * red);
  pixel[1] = rounded(y - 0.344136 * blue - 0.714136 * red);
  pixel[2] = rounded(y + 1.772 * blue);
}

}  // namespace

sdk::Status decode_jpeg2000(Bytes bytes, Canvas& canvas) {
  const Bytes stream = find_codestream(bytes);
  TN_RETURN_IF_ERROR(check_size_marker(stream, canvas));
  TN_RETURN_IF_ERROR(check_precincts(stream));
  TN_RETURN_IF_ERROR(check_palette(bytes.subspan(0, bytes.size() - stream.size())));
  Source source{bytes};
  const Image image = decode(source, stream.data() != bytes.data());
  if (image == nullptr || image->numcomps < 1) return broken("it is broken or ends early");
  const bool is_gray = image->numcomps < 3;
  const Component components[] = {{*image, 0}, {*image, is_gray ? 0u : 1u}, {*image, is_gray ? 0u : 2u}};
  for (const Component& c : components)
    if (!c.is_whole()) return broken("a component is empty");
  TN_RETURN_IF_ERROR(canvas.create(int64_t{image->x1} - image->x0, int64_t{image->y1} - image->y0));
  const bool has_luminance = !is_gray && image->color_space == OPJ_CLRSPC_SYCC;
  for (int64_t y = 0; y < canvas.height() && !canvas.is_stopped(); ++y) {
    uint8_t* pixel = canvas.row(y);
    for (int64_t x = 0; x < canvas.width(); ++x, pixel += 3) {
      for (size_t c = 0; c < 3; ++c) pixel[c] = components[c].sample(x, y);
      if (has_luminance) from_luminance(pixel);
    }
  }
  return {};
}

}  // namespace tenon::cpu_image
