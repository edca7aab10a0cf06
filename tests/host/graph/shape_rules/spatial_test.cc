#include <catch2/catch.hpp>

#include "tests/host/graph/shape_rules/infer_one.h"

using Catch::Matchers::Contains;
using namespace tenon::host;
using namespace tenon::test;

TEST_CASE("convolution counts pads, strides, dilations and groups", "[shapes]") {
  CHECK(infer_one({17,
                   "Conv",
                   {Shape{{1, 3, 224, 224}}, Shape{{64, 3, 7, 7}}},
                   {ints_attr("strides", {2, 2}), ints_attr("pads", {3, 3, 3, 3})}}) == "[1,64,112,112]");
  CHECK(infer_one(
            {17, "Conv", {Shape{{1, 4, 9}}, Shape{{6, 2, 3}}}, {ints_attr("dilations", {2}), int_attr("group", 2)}}) ==
        "[1,6,5]");
  CHECK(infer_one({17,
                   "Conv",
                   {Shape{{1, 1, 5, 5}}, Shape{{1, 1, 3, 3}}},
                   {string_attr("auto_pad", "SAME_UPPER"), ints_attr("strides", {2, 2})}}) == "[1,1,3,3]");
  CHECK(infer_one({17, "Conv", {Shape{{-1, 3, -1, 8}}, Shape{{5, 3, 3, 3}}}}) == "[?,5,?,6]");
}

TEST_CASE("a convolution that does not fit says what it expected", "[shapes]") {
  CHECK_THAT(infer_one({11, "Conv", {Shape{{1, 3, 8, 8}}, Shape{{4, 3, 3}}}}),
             Contains("input W has rank 3, expected 4: the weight of a 2-D convolution is M x C/group x kH x kW"));
  CHECK_THAT(infer_one({17, "Conv", {Shape{{1, 3, 8, 8}}, Shape{{4, 2, 3, 3}}}}), Contains("3 channels"));
  CHECK_THAT(infer_one({17, "Conv", {Shape{{1, 3, 2, 2}}, Shape{{4, 3, 3, 3}}}}), Contains("kernel is 3 wide"));
  CHECK_THAT(infer_one({17, "Conv", {Shape{{1, 3, 8, 8}}, Shape{{4, 3, 3, 3}}}, {ints_attr("strides", {1, -1})}}),
             Contains("'strides' has -1, expected 1 to"));
  CHECK_THAT(infer_one({17, "Conv", {Shape{{1, 3, 8, 8}}, Shape{{4, 3, 3, 3}}}, {ints_attr("pads", {1, 1})}}),
             Contains("'pads' has 2 numbers, expected 4"));
  CHECK_THAT(infer_one({17, "Conv", {Shape{{1, 3, 8, 8}}, Shape{{4, 3, 3, 3}}, Shape{{5}}}}),
             Contains("input B has 5 elements, expected M = 4"));
  CHECK_THAT(infer_one({17, "Conv", {Shape{{1, 3, 8, 8}}, Shape{{4, 3, 3, 3}}}, {ints_attr("kernel_shape", {3, 5})}}),
             Contains("'kernel_shape' has 5 for axis 3, but the weight has 3"));
}

TEST_CASE("an auto_pad that the standard has not is refused, whether shapes are known or not", "[shapes]") {
  const auto refusal = Contains("'auto_pad' is 'SAME', expected NOTSET, VALID, SAME_UPPER or SAME_LOWER");
  const std::vector<Attribute> same = {string_attr("auto_pad", "SAME"), ints_attr("kernel_shape", {3, 3})};
  for (const char* op : {"Conv", "ConvTranspose"}) {
    CHECK_THAT(infer_one({17, op, {Shape{{1, 1, 8, 8}}, Shape{{1, 1, 3, 3}}}, same}), refusal);
    CHECK_THAT(infer_one({17, op, {Shape{{1, 1, -1, -1}}, Shape{{1, 1, 3, 3}}}, same}), refusal);
  }
  for (const char* op : {"MaxPool", "AveragePool", "LpPool"})
    CHECK_THAT(infer_one({17, op, {Shape{{1, 1, -1, -1}}}, same}), refusal);
}

TEST_CASE("an empty auto_pad is NOTSET: pads count", "[shapes]") {
  CHECK(infer_one({17,
                   "Conv",
                   {Shape{{1, 1, 3, 3}}, Shape{{1, 1, 3, 3}}},
                   {string_attr("auto_pad", ""), ints_attr("pads", {1, 1, 1, 1})}}) == "[1,1,3,3]");
}

TEST_CASE("sizes near the limit of 64 bits do not wrap", "[shapes]") {
  CHECK_THAT(
      infer_one(
          {17, "Conv", {Shape{{1, 3, 8, 8}}, Shape{{4, 3, 3, 3}}}, {ints_attr("pads", {INT64_MAX, 0, INT64_MAX, 0})}}),
      Contains("'pads' has 9223372036854775807, expected 0 to 2147483647"));
  CHECK_THAT(
      infer_one({17, "Conv", {Shape{{1, 3, 8, 8}}, Shape{{4, 3, 3, 3}}}, {ints_attr("dilations", {INT64_MAX, 1})}}),
      Contains("'dilations' has 9223372036854775807, expected 1 to 2147483647"));
}

TEST_CASE("pooling rounds down or, without a window in the end padding, up", "[shapes]") {
  const auto pool = [](std::vector<int64_t> x, std::vector<Attribute> attributes) {
    attributes.push_back(ints_attr("kernel_shape", std::vector<int64_t>(x.size() - 2, 3)));
    return infer_one({12, "MaxPool", {Shape{std::move(x)}}, std::move(attributes), 2});
  };
  CHECK(pool({1, 2, 6, 6}, {ints_attr("strides", {2, 2})}) == "[1,2,2,2] [1,2,2,2]");
  CHECK(pool({1, 2, 6, 6}, {ints_attr("strides", {2, 2}), int_attr("ceil_mode", 1)}) == "[1,2,3,3] [1,2,3,3]");
  CHECK(pool({1, 1, 4}, {ints_attr("strides", {3}), ints_attr("pads", {1, 1}), int_attr("ceil_mode", 1)}) ==
        "[1,1,2] [1,1,2]");
  CHECK(pool({1, 1, 4}, {ints_attr("pads", {0, 5}), int_attr("ceil_mode", 1)}) == "[1,1,4] [1,1,4]");
  CHECK(infer_one({17, "GlobalAveragePool", {Shape{{2, 5, -1, 7}}}}) == "[2,5,1,1]");
  CHECK_THAT(infer_one({12, "AveragePool", {Shape{{1, 2, 6, 6}}}, {ints_attr("kernel_shape", {3})}}),
             Contains("'kernel_shape' has 1 numbers, expected 2"));
}

TEST_CASE("a transposed convolution grows its input", "[shapes]") {
  CHECK(infer_one({17, "ConvTranspose", {Shape{{1, 2, 3, 3}}, Shape{{2, 4, 3, 3}}}, {ints_attr("strides", {2, 2})}}) ==
        "[1,4,7,7]");
}
