#include "tools/support/utf.h"

namespace tenon::tools {
namespace {

constexpr char32_t kReplacement = 0xfffd;

bool is_scalar(char32_t point) {
  return point < 0x110000 && (point < 0xd800 || point > 0xdfff);
}

void append(std::string& text, char32_t point) {
  const auto tail = [&](int shift) { text += static_cast<char>(0x80 | ((point >> shift) & 0x3f)); };
  if (point < 0x80) {
    text += static_cast<char>(point);
  } else if (point < 0x800) {
    text += static_cast<char>(0xc0 | (point >> 6));
    tail(0);
  } else if (point < 0x10000) {
    text += static_cast<char>(0xe0 | (point >> 12));
    tail(6);
    tail(0);
  } else {
    text += static_cast<char>(0xf0 | (point >> 18));
    tail(12);
    tail(6);
    tail(0);
  }
}

// Bytes of the sequence that `lead` begins; 0 when it begins none.
size_t sequence_length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead < 0xe0) return 2;
  if (lead >= 0xe0 && lead < 0xf0) return 3;
  return lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
}

}  // namespace

std::string utf8_from_points(std::span<const char32_t> points) {
  size_t size = points.size();
  while (size > 0 && points[size - 1] == 0) --size;
  std::string text;
  for (char32_t point : points.first(size)) append(text, is_scalar(point) ? point : kReplacement);
  return text;
}

std::vector<char32_t> points_from_utf8(std::string_view text) {
  constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  std::vector<char32_t> points;
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const size_t length = sequence_length(lead);
    char32_t point = length == 1 ? lead : lead & (0x7fu >> length);
    bool valid = length > 0 && length <= text.size() - i;
    for (size_t j = 1; valid && j < length; ++j) {
      const auto byte = static_cast<unsigned char>(text[i + j]);
      valid = (byte & 0xc0) == 0x80;
      point = point << 6 | (byte & 0x3f);
    }
    valid = valid && is_scalar(point) && point >= kSmallest[length];
    points.push_back(valid ? point : kReplacement);
    i += valid ? length : 1;
  }
  return points;
}

}  // namespace tenon::tools
