// Portable bitmaps, graymaps and pixmaps: P1 to P3 in digits, P4 to P6 in bytes. Samples are spread from 0 to the
// file's largest over 0 to 255, to the nearest.
#include "codecs.h"

namespace tenon::cpu_image {
namespace {

constexpr int64_t kMostSample = 65535;

sdk::Status broken(const char* what) {
  return sdk::invalid_argument("the PNM stream cannot be decoded: ", what);
}

class Reader {
 public:
  explicit Reader(Bytes bytes) : bytes_(bytes) {}

  /// A decimal number behind white space and comments; -1 when there is none, or it is beyond what any image has.
  int64_t number() {
    skip_space();
    if (!is_digit()) return -1;
    int64_t value = 0;
    for (; is_digit(); ++at_)
      if ((value = value * 10 + (bytes_[at_] - '0')) > kMostPixels) return -1;
    return value;
  }
  /// A digit of P1, where nothing need be between them.
  int64_t bit() {
    skip_space();
    return at_ < bytes_.size() && (bytes_[at_] == '0' || bytes_[at_] == '1') ? bytes_[at_++] - '0' : -1;
  }
  /// The byte there; -1 at the end.
  int byte() { return at_ < bytes_.size() ? bytes_[at_++] : -1; }
  void skip(size_t count) { at_ += count; }
  size_t left() const { return bytes_.size() - at_; }

 private:
  static bool is_space(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
  bool is_digit() const { return at_ < bytes_.size() && bytes_[at_] >= '0' && bytes_[at_] <= '9'; }
  void skip_space() {
    for (bool in_comment = false; at_ < bytes_.size(); ++at_) {
      in_comment = in_comment ? bytes_[at_] != '\n' : bytes_[at_] == '#';
      if (!in_comment && !is_space(bytes_[at_])) return;
    }
  }

  Bytes bytes_;
  size_t at_ = 0;
};

sdk::Status read_bits(Reader& reader, const Canvas& canvas, bool is_text) {
  for (int64_t y = 0; y < canvas.height() && !canvas.is_stopped(); ++y) {
    uint8_t* row = canvas.row(y);
    int byte = 0;
    for (int64_t x = 0; x < canvas.width(); ++x) {
      if (!is_text && x % 8 == 0) byte = reader.byte();
      const int64_t bit = is_text ? reader.bit() : byte < 0 ? -1 : byte >> (7 - x % 8) & 1;
      if (bit < 0) return broken("it ends early");
      for (int c = 0; c < 3; ++c) *row++ = bit == 1 ? 0 : 255;
    }
  }
  return {};
}

sdk::Status read_samples(Reader& reader, const Canvas& canvas, bool is_text, bool is_gray, int64_t most) {
  const auto sample = [&]() -> int64_t {
    if (is_text) return reader.number();
    const int high = reader.byte();
    if (most < 256 || high < 0) return high;
    const int low = reader.byte();
    return low < 0 ? -1 : high * 256 + low;
  };
  for (int64_t y = 0; y < canvas.height() && !canvas.is_stopped(); ++y) {
    uint8_t* row = canvas.row(y);
    for (int64_t i = 0; i < canvas.width() * (is_gray ? 1 : 3); ++i) {
      const int64_t value = sample();
      if (value < 0) return broken("it ends early, or a sample is no number");
      const auto spread = uint8_t(value >= most ? 255 : (value * 510 + most) / (2 * most));
      for (int c = 0; c < (is_gray ? 3 : 1); ++c) *row++ = spread;
    }
  }
  return {};
}

}  // namespace

sdk::Status decode_pnm(Bytes bytes, Canvas& canvas) {
  Reader reader(bytes);
  reader.skip(1);
  const int kind = reader.byte() - '0';
  const bool is_text = kind < 4, is_bitmap = kind == 1 || kind == 4, is_gray = kind == 2 || kind == 5;
  const int64_t width = reader.number(), height = reader.number(), most = is_bitmap ? 1 : reader.number();
  if (width < 0 || height < 0 || most < 1 || most > kMostSample)
    return broken("its header has no width, height and largest sample of 1 to 65535");
  reader.byte();  // one white space behind the header
  TN_RETURN_IF_ERROR(Canvas::check_size(width, height));
  // Even a bit of text takes a byte.
  const int64_t least = is_text ? width * height : (is_bitmap ? (width + 7) / 8 : width) * height;
  if (uint64_t(least) > reader.left() + (is_text ? 1 : 0)) return broken("it ends early");
  TN_RETURN_IF_ERROR(canvas.create(width, height));
  return is_bitmap ? read_bits(reader, canvas, is_text) : read_samples(reader, canvas, is_text, is_gray, most);
}

}  // namespace tenon::cpu_image
