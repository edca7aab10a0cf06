#include "text/letter_case.h"

#include <locale.h>
#include <wctype.h>

#include <cstdint>

namespace tenon::cpu_ref {
namespace {

// Part of the C library itself, so that it is there on every machine.
locale_t unicode() {
  static const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return locale;
}

// The length of the character that `text` begins with, and what it is; 0: it is none.
size_t decode(std::string_view text, uint32_t* character) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t first = byte(0);
  const size_t length = first < 0x80 ? 1 : first >> 5 == 6 ? 2 : first >> 4 == 14 ? 3 : first >> 3 == 30 ? 4 : 0;
  if (length == 0 || length > text.size()) return 0;
  *character = length == 1 ? first : first & (0xffu >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if (byte(i) >> 6 != 2) return 0;
    *character = *character << 6 | (byte(i) & 0x3fu);
  }
  return length;
}

void append(std::string* text, uint32_t c) {
  const auto tail = [&](int shift) { text->push_back(static_cast<char>(0x80 | (c >> shift & 0x3f))); };
  if (c < 0x80) {
    text->push_back(static_cast<char>(c));
  } else if (c < 0x800) {
    text->push_back(static_cast<char>(0xc0 | c >> 6));
    tail(0);
  } else if (c < 0x10000) {
    text->push_back(static_cast<char>(0xe0 | c >> 12));
    tail(6), tail(0);
  } else {
    text->push_back(static_cast<char>(0xf0 | c >> 18));
    tail(12), tail(6), tail(0);
  }
}

uint32_t in_case(uint32_t c, LetterCase wanted) {
  if (c >= 0x80 && unicode() == nullptr) return c;
  if (c < 0x80) {
    if (wanted == LetterCase::kLower) return c >= 'A' && c <= 'Z' ? c + 32 : c;
    return c >= 'a' && c <= 'z' ? c - 32 : c;
  }
  return static_cast<uint32_t>(wanted == LetterCase::kLower ? towlower_l(c, unicode()) : towupper_l(c, unicode()));
}

}  // namespace

std::string in_case(std::string_view text, LetterCase wanted) {
  std::string changed;
  if (wanted == LetterCase::kUnchanged) return std::string(text);
  while (!text.empty()) {
    uint32_t character = 0;
    const size_t length = decode(text, &character);
    if (length == 0) {
      changed.push_back(text[0]);
    } else {
      append(&changed, in_case(character, wanted));
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return changed;
}

}  // namespace tenon::cpu_ref
