#include <catch2/catch.hpp>

#include "tests/support/ort_file.h"

using namespace tenon::host;
using namespace tenon::test;

TEST_CASE("sparse initializers of an .ort file are read as the dense tensors that they mean", "[ort]") {
  OrtFile file;
  const std::vector<uint8_t> one = {0, 0, 0x80, 0x3f}, third = {2, 0, 0, 0, 0, 0, 0, 0};
  const auto values = file.tensor("thin", TN_FLOAT, {1}, one);
  const auto indices = file.tensor("", TN_INT64, {1}, third);
  file.sparse = {ort_file::CreateSparseTensor(file.builder, values, indices,
                                              file.builder.CreateVector(std::vector<int64_t>{4}))};
  const auto bytes = file.finish();
  const auto model = read_ort(bytes, nullptr);
  REQUIRE(model.status().message() == "");
  const Tensor& thin = *(*model)->graph->find_value("thin")->constant;
  CHECK(std::vector<float>(thin.span<float>().begin(), thin.span<float>().end()) == std::vector<float>{0, 0, 1, 0});
}
