#include "tools/support/file_stems.h"

#include <algorithm>
#include <set>

namespace tenon::tools {
namespace {

// File systems take 255 bytes; the rest is for a number, ".npy" and the ending of a temporary file.
constexpr size_t kMostBytes = 200;

std::string escaped(const std::string& name) {
  std::string stem = name.empty() ? "output" : name;
  for (char& c : stem)
    if (c == '/' || c == '\\' || c == ':' || static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '_';
  if (stem[0] == '.') stem[0] = '_';
  if (stem.size() <= kMostBytes) return stem;
  size_t end = kMostBytes;
  while (end > 0 && (static_cast<unsigned char>(stem[end]) & 0xc0) == 0x80) --end;  // not within a UTF-8 letter
  stem.resize(end > 0 ? end : kMostBytes);
  return stem;
}

}  // namespace

std::vector<std::string> file_stems(const std::vector<std::string>& names) {
  std::vector<std::string> stems;
  for (const std::string& name : names) stems.push_back(escaped(name));
  std::set<std::string> taken;
  std::vector<size_t> others;
  for (size_t i = 0; i < names.size(); ++i)
    if (stems[i] != names[i] || !taken.insert(stems[i]).second) others.push_back(i);
  for (const size_t i : others) {
    const std::string stem = stems[i];
    for (size_t number = 2; !taken.insert(stems[i]).second; ++number) stems[i] = stem + "~" + std::to_string(number);
  }
  return stems;
}

}  // namespace tenon::tools
