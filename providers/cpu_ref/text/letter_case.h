// Upper and lower case of UTF-8 text, the same whatever locale the process has set.
#pragma once

#include <string>
#include <string_view>

namespace tenon::cpu_ref {

enum class LetterCase { kUnchanged, kLower, kUpper };

/// Each character in the other case where it has one of one character. Bytes that are no UTF-8 stay as they are.
std::string in_case(std::string_view text, LetterCase wanted);

}  // namespace tenon::cpu_ref
