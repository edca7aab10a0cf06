// Where members of structs lie, as text that is held against a golden file.
#pragma once

#include <catch2/catch.hpp>
#include <cstddef>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

namespace tenon::test {

/// "tn_tensor.data at 24, 8 bytes". Defined to MEMBER, it makes an element of a list of a file of MEMBER(type, member).
#define TENON_LAYOUT_LINE(type, member)                                                   \
  std::string(#type "." #member " at ") + std::to_string(offsetof(type, member)) + ", " + \
      std::to_string(sizeof(type::member)) + " bytes",

/// `golden`: a file below the source tree. TENON_WRITE_LAYOUT=1 writes it first.
inline void check_layout(const std::vector<std::string>& lines, const std::string& golden) {
  const std::string path = std::string(TENON_SOURCE_DIR) + "/" + golden;
  if (std::getenv("TENON_WRITE_LAYOUT") != nullptr) {
    std::ofstream file(path);
    for (const std::string& line : lines) file << line << '\n';
  }
  std::vector<std::string> expected;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) expected.push_back(line);
  CHECK(lines == expected);
}

}  // namespace tenon::test
