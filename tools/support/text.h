// How the command joins texts, and how it fails: by tenon::Error, which main() prints. Thread-safe.
#pragma once

#include <cstdint>
#include <sstream>
#include <string>
#include <string_view>
#include <tenon/tenon.hpp>
#include <type_traits>
#include <vector>

namespace tenon::tools {

/// Text and whole numbers go without a stream: making one takes longer than most of what is joined.
template <typename Part>
void append_text(std::string& text, const Part& part) {
  if constexpr (std::is_convertible_v<const Part&, std::string_view>) {
    text += std::string_view(part);
  } else if constexpr (std::is_integral_v<Part> && sizeof(Part) > 1) {
    text += std::to_string(part);
  } else {
    std::ostringstream out;
    out << part;
    text += out.str();
  }
}

/// Joins its arguments, each as a stream would print it.
template <typename... Parts>
std::string concat(const Parts&... parts) {
  std::string text;
  (append_text(text, parts), ...);
  return text;
}

template <typename... Parts>
[[noreturn]] void fail(tenon_code code, const Parts&... parts) {
  throw Error(code, concat(parts...));
}

/// What `body` returns; an Error of it has `context` and ": " before its message.
template <typename Body>
auto in_context(const std::string& context, Body&& body) {
  try {
    return body();
  } catch (const Error& error) {
    fail(error.code(), context, ": ", error.what());
  }
}

/// "2x3x4", "scalar" for rank 0.
inline std::string shape_text(const std::vector<int64_t>& shape) {
  if (shape.empty()) return "scalar";
  std::string text;
  for (const int64_t dim : shape) text += (text.empty() ? "" : "x") + std::to_string(dim);
  return text;
}

/// "float 2x3".
inline std::string describe(const ResultView& tensor) {
  return concat(tenon_dtype_name(tensor.dtype()), " ", shape_text(tensor.shape()));
}

}  // namespace tenon::tools
