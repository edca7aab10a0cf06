#include "tools/support/npy.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <fstream>

#include "tools/support/utf.h"

namespace tenon::tools {
namespace {

using host::Residence;
using host::Tensor;

// A file name of this test alone, removed at its end.
struct TemporaryFile {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("tenon_npy_test_" + std::to_string(getpid()) + ".npy");
  ~TemporaryFile() { std::filesystem::remove(path); }
};

TEST_CASE("what is written as .npy is read back", "[tools]") {
  const TemporaryFile file;
  const auto [dtype, shape] = GENERATE(table<tn_dtype, std::vector<int64_t>>({{TN_FLOAT, {2, 3}},
                                                                              {TN_DOUBLE, {}},
                                                                              {TN_FLOAT16, {4}},
                                                                              {TN_INT64, {0, 5}},
                                                                              {TN_BOOL, {1, 1, 7}},
                                                                              {TN_COMPLEX128, {3}}}));
  Tensor written = Tensor::allocate(dtype, shape, Residence::kRuntime).value();
  std::memset(written.mutable_data(), 1, written.byte_length());
  REQUIRE(write_npy(file.path, written).is_ok());
  const auto read = read_npy(file.path);
  REQUIRE(read.is_ok());
  CHECK(describe(read.value()) == describe(written));
  CHECK(std::memcmp(read.value().data(), written.data(), written.byte_length()) == 0);
}

TEST_CASE("strings of any language survive .npy", "[tools]") {
  const TemporaryFile file;
  const std::vector<std::string> strings = {"", "plain", "Größe", "字", "🎲"};
  REQUIRE(write_npy(file.path, Tensor::from_strings({5}, strings, Residence::kRuntime).value()).is_ok());
  const auto read = read_npy(file.path);
  REQUIRE(read.is_ok());
  for (size_t i = 0; i < strings.size(); ++i) CHECK(read.value().string_at(static_cast<int64_t>(i)) == strings[i]);
}

TEST_CASE("the data of a written .npy file begin at a multiple of 64", "[tools]") {
  const TemporaryFile file;
  REQUIRE(write_npy(file.path, Tensor::allocate(TN_UINT8, {1}, Residence::kRuntime).value()).is_ok());
  CHECK(std::filesystem::file_size(file.path) % 64 == 1);
}

TEST_CASE("packed types have no .npy form", "[tools]") {
  const TemporaryFile file;
  const auto status = write_npy(file.path, Tensor::allocate(TN_INT4, {3}, Residence::kRuntime).value());
  CHECK(status.code() == TN_UNSUPPORTED);
  CHECK(status.message().find("int4") != std::string::npos);
}

TEST_CASE("a .npy header that promises more than the file holds is refused without allocating it", "[tools]") {
  const TemporaryFile file;
  std::string header = "{'descr': '<U1000000', 'fortran_order': False, 'shape': (4000000000,), }\n";
  std::ofstream(file.path, std::ios::binary)
      << std::string("\x93NUMPY\x01\x00", 8) << static_cast<char>(header.size()) << '\0' << header;
  const auto read = read_npy(file.path);
  REQUIRE_FALSE(read.is_ok());
  CHECK(read.status().message().find("too short") != std::string::npos);
}

TEST_CASE("bytes that are not UTF-8 become replacement characters", "[tools]") {
  CHECK(points_from_utf8("a\xff"
                         "b") == std::vector<char32_t>{'a', 0xfffd, 'b'});
  CHECK(points_from_utf8("\xc0\x80") == std::vector<char32_t>{0xfffd, 0xfffd});
  CHECK(points_from_utf8("\xed\xa0\x80").front() == 0xfffd);
  CHECK(points_from_utf8("\xe5\xad") == std::vector<char32_t>{0xfffd, 0xfffd});
  CHECK(utf8_from_points(std::vector<char32_t>{'x', 0xd800, 0}) == "x\xef\xbf\xbd");
}

}  // namespace
}  // namespace tenon::tools
