#include "tools/support/npy.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <fstream>

#include "tools/support/text.h"
#include "tools/support/utf.h"

namespace tenon::tools {
namespace {

// A file name of this test alone, removed at its end.
struct TemporaryFile {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("tenon_npy_test_" + std::to_string(getpid()) + ".npy");
  ~TemporaryFile() { std::filesystem::remove(path); }
};

TEST_CASE("what is written as .npy is read back", "[tools]") {
  const TemporaryFile file;
  const auto [dtype, shape] = GENERATE(table<uint32_t, std::vector<int64_t>>({{TENON_DTYPE_FLOAT, {2, 3}},
                                                                              {TENON_DTYPE_DOUBLE, {}},
                                                                              {TENON_DTYPE_FLOAT16, {4}},
                                                                              {TENON_DTYPE_INT64, {0, 5}},
                                                                              {TENON_DTYPE_BOOL, {1, 1, 7}},
                                                                              {TENON_DTYPE_COMPLEX128, {3}}}));
  Tensor written = Tensor::zeros(dtype, shape);
  const size_t bytes = written.view().byte_length();
  std::memset(written.mutable_raw(), 1, bytes);
  write_npy(file.path, written.view());
  const Tensor read = read_npy(file.path);
  CHECK(describe(read.view()) == describe(written.view()));
  CHECK(std::memcmp(read.view().raw(), written.view().raw(), bytes) == 0);
}

TEST_CASE("strings of any language survive .npy", "[tools]") {
  const TemporaryFile file;
  const std::vector<std::string> strings = {"", "plain", "Größe", "字", "🎲"};
  write_npy(file.path, Tensor::strings({5}, strings).view());
  CHECK(read_npy(file.path).view().to_strings() == strings);
}

TEST_CASE("the data of a written .npy file begin at a multiple of 64", "[tools]") {
  const TemporaryFile file;
  write_npy(file.path, Tensor::zeros(TENON_DTYPE_UINT8, {1}).view());
  CHECK(std::filesystem::file_size(file.path) % 64 == 1);
}

TEST_CASE("packed types have no .npy form", "[tools]") {
  const TemporaryFile file;
  const Tensor packed = Tensor::zeros(TENON_DTYPE_INT4, {3});
  CHECK_THROWS_WITH(write_npy(file.path, packed.view()), Catch::Contains("int4"));
}

TEST_CASE("a .npy header that promises more than the file holds is refused without allocating it", "[tools]") {
  const TemporaryFile file;
  std::string header = "{'descr': '<U1000000', 'fortran_order': False, 'shape': (4000000000,), }\n";
  std::ofstream(file.path, std::ios::binary)
      << std::string("\x93NUMPY\x01\x00", 8) << static_cast<char>(header.size()) << '\0' << header;
  CHECK_THROWS_WITH(read_npy(file.path), Catch::Contains("too short"));
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
