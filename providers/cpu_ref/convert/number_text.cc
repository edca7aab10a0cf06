// Formatting and parsing by <charconv>.
#include "convert/number_text.h"

#include <charconv>
#include <cmath>
#include <limits>

#include "arithmetic.h"

namespace tenon::cpu_ref {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n\f\v";
  const size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

/// Without a leading plus, which <charconv> does not take.
std::string_view unsigned_plus(std::string_view text) {
  text = trimmed(text);
  return text.size() > 1 && text[0] == '+' && text[1] != '-' && text[1] != '+' ? text.substr(1) : text;
}

template <typename T>
std::string shortest(T value) {
  char text[512];
  const double magnitude = std::fabs(static_cast<double>(value));
  const bool plain = magnitude == 0 || (magnitude >= 1e-4 && magnitude < 1e16);
  const auto end =
      std::to_chars(text, text + sizeof text, value, plain ? std::chars_format::fixed : std::chars_format::scientific);
  std::string out(text, end.ptr);
  if (plain && out.find('.') == std::string::npos) out += ".0";
  return out;
}

template <typename I>
bool parse_whole(std::string_view text, I* value) {
  const auto end = std::from_chars(text.data(), text.data() + text.size(), *value);
  return end.ec == std::errc() && end.ptr == text.data() + text.size();
}

}  // namespace

std::string float_to_text(double value, tn_dtype dtype) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  return dtype == TN_DOUBLE ? shortest(value) : shortest(static_cast<float>(value));
}

sdk::Result<double> text_to_float(std::string_view text) {
  const std::string_view number = unsigned_plus(text);
  double value = 0;
  const auto end = std::from_chars(number.data(), number.data() + number.size(), value);
  if (number.empty() || end.ec == std::errc::invalid_argument || end.ptr != number.data() + number.size())
    return sdk::invalid_argument("the string '", text, "' is no number, expected one as 1.5, -2e3, INF or NaN");
  if (end.ec == std::errc::result_out_of_range) {
    // Too large or too small: the exponent's sign tells which.
    const bool tiny = number.find("e-") != std::string_view::npos || number.find("E-") != std::string_view::npos;
    value = tiny ? 0.0 : std::numeric_limits<double>::infinity();
    if (number[0] == '-') value = -value;
  }
  return value;
}

sdk::Result<int64_t> text_to_int(std::string_view text, bool is_unsigned) {
  const std::string_view number = unsigned_plus(text);
  int64_t whole = 0;
  if (parse_whole(number, &whole)) return whole;
  uint64_t large = 0;
  if (is_unsigned && parse_whole(number, &large)) return static_cast<int64_t>(large);
  TN_ASSIGN_OR_RETURN(const double value, text_to_float(text));
  return is_unsigned && value > 0 ? static_cast<int64_t>(truncate_to<uint64_t>(value)) : truncate_to<int64_t>(value);
}

}  // namespace tenon::cpu_ref
