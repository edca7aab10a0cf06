// UTF-8 and code points, for the strings of .npy files. Bytes that are not UTF-8 become U+FFFD. Thread-safe.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tenon::tools {

/// Trailing zeros are padding and left out.
std::string utf8_from_points(std::span<const char32_t> points);
std::vector<char32_t> points_from_utf8(std::string_view text);

}  // namespace tenon::tools
