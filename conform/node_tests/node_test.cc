// Reads what pack_cases.py has written.
#include "conform/node_tests/node_test.h"

#include <zlib.h>

#include <cstdint>
#include <cstring>
#include <sstream>
#include <stdexcept>
#include <string_view>

// The file as a part of the program; TENON_NODE_CASES is its path.
asm(R"(
.section .rodata
.balign 16
tenon_node_cases: .incbin ")" TENON_NODE_CASES R"("
tenon_node_cases_end: .byte 0
.previous
)");
extern "C" {
extern const char tenon_node_cases[], tenon_node_cases_end[];
}

namespace tenon::conform {
namespace {

std::string unpacked() {
  constexpr std::string_view kMagic = "TNCASES1";
  std::string_view file(tenon_node_cases, static_cast<size_t>(tenon_node_cases_end - tenon_node_cases));
  if (!file.starts_with(kMagic)) throw std::runtime_error("the node tests of this program are damaged");
  file.remove_prefix(kMagic.size());
  z_stream stream{};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(file.data()));
  stream.avail_in = static_cast<uInt>(file.size());
  if (inflateInit(&stream) != Z_OK) throw std::bad_alloc();
  std::string text;
  int result = Z_OK;
  while (result == Z_OK) {
    char buffer[1 << 16];
    stream.next_out = reinterpret_cast<Bytef*>(buffer);
    stream.avail_out = sizeof buffer;
    result = inflate(&stream, Z_NO_FLUSH);
    text.append(buffer, sizeof buffer - stream.avail_out);
  }
  inflateEnd(&stream);
  if (result != Z_STREAM_END) throw std::runtime_error("the node tests of this program are damaged");
  return text;
}

class Reader {
 public:
  explicit Reader(std::string_view rest) : rest_(rest) {}

  uint32_t number() {
    const std::string_view bytes = take(4);
    uint32_t value = 0;
    for (size_t i = 4; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
    return value;
  }
  std::string text() { return std::string(take(number())); }

 private:
  std::string_view take(size_t count) {
    if (count > rest_.size()) throw std::runtime_error("the node tests of this program are damaged");
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }

  std::string_view rest_;
};

std::vector<NodeTest> read_all() {
  const std::string text = unpacked();
  Reader reader(text);
  std::vector<NodeTest> tests(reader.number());
  for (NodeTest& test : tests) {
    test.name = reader.text();
    std::istringstream operators(reader.text());
    for (std::string op; std::getline(operators, op);) test.operators.push_back(op);
    test.relative_tolerance = std::stod(reader.text());
    test.absolute_tolerance = std::stod(reader.text());
    test.files.resize(reader.number());
    for (NodeTest::File& file : test.files) file = {reader.text(), reader.text()};
  }
  return tests;
}

}  // namespace

const std::vector<NodeTest>& node_tests() {
  static const std::vector<NodeTest> tests = read_all();
  return tests;
}

}  // namespace tenon::conform
