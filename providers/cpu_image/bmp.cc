// Windows bitmaps of 1, 4, 8, 16, 24 and 32 bits for each pixel, plain, with masks, or with runs (RLE4, RLE8).
#include <array>

#include "codecs.h"

namespace tenon::cpu_image {
namespace {

sdk::Status broken(const char* what) {
  return sdk::invalid_argument("the BMP stream cannot be decoded: ", what);
}

constexpr uint32_t kFileHeader = 14, kCoreHeader = 12, kInfoHeader = 40;
enum Compression : uint32_t { kPlain = 0, kRuns8 = 1, kRuns4 = 2, kMasks = 3, kMasksWithAlpha = 6 };

uint32_t little_endian(const uint8_t* p, int bytes) {
  uint32_t value = 0;
  for (int i = 0; i < bytes; ++i) value |= uint32_t{p[i]} << (8 * i);
  return value;
}

/// One colour's bits of a pixel.
struct Mask {
  uint32_t shift = 0, most = 0;

  static Mask of(uint32_t bits) {
    Mask mask;
    if (bits == 0) return mask;
    while ((bits >> mask.shift & 1) == 0) ++mask.shift;
    mask.most = bits >> mask.shift;
    return mask;
  }
  uint8_t sample(uint32_t pixel) const {
    return most == 0 ? 0 : uint8_t(uint64_t{(pixel >> shift) & most} * 255 / most);
  }
};

struct Bitmap {
  int64_t width = 0, height = 0;
  bool is_upside_down = true;
  uint32_t bits = 0, compression = kPlain;
  std::array<Mask, 3> masks;
  std::array<std::array<uint8_t, 3>, 256> palette{};  // what a file leaves out is black
  Bytes pixels;

  uint8_t* row(const Canvas& canvas, int64_t y) const { return canvas.row(is_upside_down ? height - 1 - y : y); }
};

sdk::Status read_palette(Bytes bytes, size_t begin, size_t entry, uint32_t count, Bitmap& bitmap) {
  if (count > 256 || begin + entry * count > bytes.size()) return broken("its palette is longer than the stream");
  for (uint32_t i = 0; i < count; ++i)
    for (size_t c = 0; c < 3; ++c) bitmap.palette[i][c] = bytes[begin + entry * i + 2 - c];
  return {};
}

sdk::Status read_masks(Bytes bytes, Bitmap& bitmap) {
  const bool has_masks = bitmap.compression == kMasks || bitmap.compression == kMasksWithAlpha;
  std::array<uint32_t, 3> masks{0xff0000, 0xff00, 0xff};
  if (bitmap.bits == 16) masks = {0x7c00, 0x3e0, 0x1f};
  constexpr size_t kAt = kFileHeader + kInfoHeader;  // in longer headers, too
  if (has_masks && kAt + 12 > bytes.size()) return broken("it ends in its masks");
  for (size_t c = 0; c < 3; ++c)
    bitmap.masks[c] = Mask::of(has_masks ? little_endian(bytes.data() + kAt + 4 * c, 4) : masks[c]);
  return {};
}

bool is_known(uint32_t bits, uint32_t compression) {
  switch (compression) {
    case kPlain: return bits == 1 || bits == 4 || bits == 8 || bits == 16 || bits == 24 || bits == 32;
    case kRuns8: return bits == 8;
    case kRuns4: return bits == 4;
    case kMasks:
    case kMasksWithAlpha: return bits == 16 || bits == 32;
    default: return false;
  }
}

sdk::Status read_header(Bytes bytes, Bitmap& bitmap) {
  if (bytes.size() < kFileHeader + kCoreHeader) return broken("it ends in its header");
  const uint8_t* header = bytes.data() + kFileHeader;
  const uint32_t pixels = little_endian(bytes.data() + 10, 4), size = little_endian(header, 4);
  const bool is_core = size == kCoreHeader;
  if (!is_core && size < kInfoHeader) return broken("its header is of no known size");
  if (uint64_t{size} + kFileHeader > bytes.size()) return broken("it ends in its header");
  uint32_t colours = 0;
  if (is_core) {
    bitmap.width = little_endian(header + 4, 2);
    bitmap.height = little_endian(header + 6, 2);
    bitmap.bits = little_endian(header + 10, 2);
  } else {
    bitmap.width = int32_t(little_endian(header + 4, 4));
    bitmap.height = int32_t(little_endian(header + 8, 4));
    bitmap.bits = little_endian(header + 14, 2);
    bitmap.compression = little_endian(header + 16, 4);
    colours = little_endian(header + 32, 4);
  }
  if (bitmap.height < 0) {
    bitmap.height = -bitmap.height;
    bitmap.is_upside_down = false;
  }
  if (!is_known(bitmap.bits, bitmap.compression)) return broken("its bits of a pixel and its compression do not fit");
  if (bitmap.bits <= 8) {
    const uint32_t count = colours == 0 ? 1u << bitmap.bits : colours;
    TN_RETURN_IF_ERROR(read_palette(bytes, kFileHeader + size, is_core ? 3 : 4, count, bitmap));
  } else {
    TN_RETURN_IF_ERROR(read_masks(bytes, bitmap));
  }
  if (pixels > bytes.size()) return broken("its pixels begin behind its end");
  bitmap.pixels = bytes.subspan(pixels, bytes.size() - pixels);
  return {};
}

void put(const Bitmap& bitmap, uint32_t index, uint8_t* pixel) {
  for (size_t c = 0; c < 3; ++c) pixel[c] = bitmap.palette[index][c];
}

sdk::Status read_plain(const Bitmap& bitmap, Canvas& canvas) {
  const int64_t stride = (bitmap.width * bitmap.bits + 31) / 32 * 4;
  if (uint64_t(stride) * uint64_t(bitmap.height) > bitmap.pixels.size()) return broken("it ends early");
  TN_RETURN_IF_ERROR(canvas.create(bitmap.width, bitmap.height));
  for (int64_t y = 0; y < bitmap.height && !canvas.is_stopped(); ++y) {
    const uint8_t* from = bitmap.pixels.data() + y * stride;
    uint8_t* pixel = bitmap.row(canvas, y);
    for (int64_t x = 0; x < bitmap.width; ++x, pixel += 3) {
      if (bitmap.bits <= 8) {
        const int64_t bit = x * bitmap.bits;
        put(bitmap, from[bit / 8] >> (8 - bitmap.bits - bit % 8) & ((1u << bitmap.bits) - 1), pixel);
      } else {
        const int bytes = int(bitmap.bits / 8);
        const uint32_t value = little_endian(from + x * bytes, bytes);
        for (size_t c = 0; c < 3; ++c) pixel[c] = bitmap.masks[c].sample(value);
      }
    }
  }
  return {};
}

/// The pixels of a bitmap of runs, in its order. What lies beyond a row is left out.
class Runs {
 public:
  Runs(const Bitmap& bitmap, const Canvas& canvas) : bitmap_(bitmap), canvas_(canvas) {}

  sdk::Status read() {
    for (;;) {
      const int count = byte(), value = byte();
      if (value < 0) return broken("it ends early");
      if (count > 0) {
        for (int i = 0; i < count; ++i) put_next(index_of(uint32_t(value), i));
      } else if (value >= 3) {
        TN_RETURN_IF_ERROR(read_literals(value));
      } else if (value == 1) {
        return {};
      } else if (value == 0) {
        x_ = 0;
        // The end of the last row may be the end of all.
        if (++y_ >= bitmap_.height) return {};
      } else {
        const int right = byte(), up = byte();
        if (up < 0) return broken("it ends early");
        x_ += right;
        y_ += up;
        if (y_ >= bitmap_.height) return broken("a run lies outside of the image");
      }
    }
  }

 private:
  int byte() { return at_ < bitmap_.pixels.size() ? bitmap_.pixels[at_++] : -1; }
  uint32_t index_of(uint32_t value, int i) const {
    return bitmap_.bits == 8 ? value : i % 2 == 0 ? value >> 4 : value & 15;
  }
  void put_next(uint32_t index) {
    if (x_ < bitmap_.width) put(bitmap_, index, bitmap_.row(canvas_, y_) + 3 * x_);
    ++x_;
  }
  sdk::Status read_literals(int count) {
    const int per_byte = bitmap_.bits == 8 ? 1 : 2, bytes = (count + per_byte - 1) / per_byte;
    int value = 0;
    for (int i = 0; i < count; ++i) {
      if (i % per_byte == 0 && (value = byte()) < 0) return broken("it ends early");
      put_next(index_of(uint32_t(value), i));
    }
    if (bytes % 2 == 1) ++at_;  // literals take whole words
    return {};
  }

  const Bitmap& bitmap_;
  const Canvas& canvas_;
  size_t at_ = 0;
  int64_t x_ = 0, y_ = 0;
};

sdk::Status read_runs(const Bitmap& bitmap, Canvas& canvas) {
  TN_RETURN_IF_ERROR(canvas.create(bitmap.width, bitmap.height));
  for (int64_t i = 0; i < bitmap.width * bitmap.height; ++i) put(bitmap, 0, canvas.row(0) + 3 * i);
  return Runs(bitmap, canvas).read();
}

}  // namespace

sdk::Status decode_bmp(Bytes bytes, Canvas& canvas) {
  Bitmap bitmap;
  TN_RETURN_IF_ERROR(read_header(bytes, bitmap));
  TN_RETURN_IF_ERROR(Canvas::check_size(bitmap.width, bitmap.height));
  const bool has_runs = bitmap.compression == kRuns8 || bitmap.compression == kRuns4;
  return has_runs ? read_runs(bitmap, canvas) : read_plain(bitmap, canvas);
}

}  // namespace tenon::cpu_image
