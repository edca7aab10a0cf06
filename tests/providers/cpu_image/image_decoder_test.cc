// ImageDecoder: what a stream gives, and that none gives more than an empty image when it is broken. Values beyond
// these are the node tests'.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/support/run_operator.h"

using Catch::Matchers::Contains;
using namespace tenon;
using namespace tenon::test;
using Samples = std::vector<uint8_t>;

namespace {

host::Result<host::Tensor> decoded(const Samples& stream, const std::string& pixel_format = "RGB") {
  auto outputs = run_operator({"ImageDecoder",
                               20,
                               {make_tensor<uint8_t>({static_cast<int64_t>(stream.size())}, stream)},
                               {string_attr("pixel_format", pixel_format)}},
                              "cpu_image");
  if (!outputs.is_ok()) return outputs.status();
  return outputs->front();
}

Samples samples(const std::string& stream, const std::string& pixel_format = "RGB") {
  const auto image = decoded(Samples(stream.begin(), stream.end()), pixel_format);
  if (!image.is_ok()) throw std::runtime_error(image.status().message());
  return Samples(image->span<uint8_t>().begin(), image->span<uint8_t>().end());
}

Samples read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return Samples(std::istreambuf_iterator<char>(file), {});
}

}  // namespace

TEST_CASE("pixels come in the order that is asked for, or as their brightness", "[cpu_image]") {
  const std::string red("P6 1 1 255\n\xff\x01\x00", 14);
  CHECK(samples(red) == Samples{255, 1, 0});
  CHECK(samples(red, "BGR") == Samples{0, 1, 255});
  CHECK(samples(red, "Grayscale") == Samples{77});
  const auto other = decoded({}, "CMYK");
  REQUIRE_FALSE(other.is_ok());
  CHECK_THAT(other.status().message(), Contains("pixel_format is 'CMYK'"));
}

TEST_CASE("samples of a PNM are spread over a byte, whatever their range, with comments between", "[cpu_image]") {
  CHECK(samples("P2 # gray\n3 1 # size\n4\n0 2 4", "Grayscale") == Samples{0, 128, 255});
  CHECK(samples(std::string("P5 2 1 1000\n\x01\xf4\x03\xe8", 16), "Grayscale") == Samples{128, 255});
  CHECK(samples("P1 3 1 101", "Grayscale") == Samples{0, 255, 0});
  CHECK(samples("P4 9 1 \xaa\x80", "Grayscale") == Samples{0, 255, 0, 255, 0, 255, 0, 255, 0});
}

TEST_CASE("a BMP of runs has its literals, its ends of rows, and the first colour elsewhere", "[cpu_image]") {
  const auto image =
      decoded(read_file(TENON_SOURCE_DIR "/tests/fuzz/corpus/image_decoder/valid_runs4.bmp"), "Grayscale");
  REQUIRE(image.is_ok());
  CHECK(image->shape() == std::vector<int64_t>{3, 6, 1});
  // Colours are four bytes that count up: colour i is 4i + 2, 4i + 1, 4i.
  const Samples colours = {8, 8, 8, 8, 0, 0, 3, 4, 5, 6, 7, 0, 1, 2, 1, 2, 1, 0};
  for (size_t i = 0; i < colours.size(); ++i) CHECK(image->span<uint8_t>()[i] == 4 * colours[i] + 1);
}

TEST_CASE("streams of the corpus give an image, or an empty one where they are broken", "[cpu_image]") {
  size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(TENON_SOURCE_DIR "/tests/fuzz/corpus/image_decoder")) {
    CAPTURE(entry.path());
    const bool is_valid = entry.path().filename().string().starts_with("valid_");
    for (const std::string format : {"RGB", "BGR", "Grayscale"}) {
      const auto image = decoded(read_file(entry.path()), format);
      REQUIRE(image.is_ok());
      const int64_t channels = format == "Grayscale" ? 1 : 3;
      if (is_valid) {
        CHECK(image->shape()[0] * image->shape()[1] > 0);
        CHECK(image->shape()[2] == channels);
      } else {
        CHECK(image->shape() == std::vector<int64_t>{0, 0, channels});
      }
    }
    ++count;
  }
  CHECK(count > 30);
}

TEST_CASE("an image that a run may not take the memory for is an error", "[cpu_image]") {
  Samples stream = read_file(TENON_SOURCE_DIR "/tests/fuzz/corpus/image_decoder/valid_runs4.bmp");
  for (const size_t at : {size_t{18}, size_t{22}}) {  // 16128 pixels wide and high
    stream.at(at) = 0;
    stream.at(at + 1) = 63;
  }
  GraphBuilder builder(20);
  const std::vector<int64_t> shape = {static_cast<int64_t>(stream.size())};
  builder.input("x", TN_UINT8, shape);
  builder.node("ImageDecoder", {"x"}, {"y"});
  builder.output("y");
  host::SessionOptions options;
  options.providers = {{std::string(TENON_BINARY_DIR) + "/lib/tenon/providers/libcpu_image.so", {}}};
  options.run_memory_limit_bytes = 64 << 20;
  auto session = host::Session::open_model(builder.build(), options);
  REQUIRE(session.is_ok());
  const std::vector<host::NamedTensor> given = {{"x", make_tensor<uint8_t>(shape, stream)}};
  const auto outputs = (*session)->run(given);
  REQUIRE_FALSE(outputs.is_ok());
  CHECK(outputs.status().code() == TN_OUT_OF_MEMORY);
}

TEST_CASE("by default the provider of images comes with the first node that needs it", "[cpu_image]") {
  const auto open = [](const char* op) {
    GraphBuilder builder(20);
    builder.input("x", TN_UINT8, {14});
    builder.node(op, {"x"}, {"y"});
    builder.output("y");
    return host::Session::open_model(builder.build(), {});
  };
  const auto providers_of = [](const host::Session& session) {
    std::vector<std::string> names;
    for (const auto& provider : session.report().providers) names.push_back(provider.name);
    return names;
  };
  const auto decoder = open("ImageDecoder"), other = open("Identity");
  INFO(decoder.status().message());
  REQUIRE(decoder.is_ok());
  REQUIRE(other.is_ok());
  CHECK(providers_of(**decoder) == std::vector<std::string>{"cpu_blas", "cpu_ref", "cpu_image"});
  CHECK(providers_of(**other) == std::vector<std::string>{"cpu_blas", "cpu_ref"});
}
