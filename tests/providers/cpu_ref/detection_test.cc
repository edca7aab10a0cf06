// NonMaxSuppression, RoiAlign and MaxRoiPool at the edge of what they take, and what they refuse. Values are the node
// tests'.
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "tests/support/run_operator.h"

using Catch::Matchers::Contains;
using namespace tenon;
using namespace tenon::test;

namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// Three boxes of one class, of which the first two are the same.
OperatorRun boxes(std::vector<float> scores, float iou = 0.5f) {
  return {"NonMaxSuppression",
          11,
          {make_tensor<float>({1, 3, 4}, {0, 0, 1, 1, 1, 1, 0, 0, 5, 5, 6, 6}), make_tensor<float>({1, 1, 3}, scores),
           make_tensor<int64_t>({1}, {3}), make_tensor<float>({1}, {iou})},
          {},
          1,
          false,
          {}};
}

OperatorRun regions(std::vector<float> rois, std::vector<int64_t> batches = {0}) {
  return {"RoiAlign",
          16,
          {make_tensor<float>({1, 1, 2, 2}, {1, 2, 3, 4}),
           make_tensor<float>({static_cast<int64_t>(rois.size() / 4), 4}, rois),
           make_tensor<int64_t>({static_cast<int64_t>(batches.size())}, batches)},
          {string_attr("coordinate_transformation_mode", "output_half_pixel")},
          1,
          false,
          {}};
}

std::string error_of(const OperatorRun& run) {
  const auto outputs = run_operator(run);
  return outputs.is_ok() ? "no error" : outputs.status().message();
}

}  // namespace

TEST_CASE("of boxes that overlap the one of the higher score stays, of equal ones the first", "[cpu_ref]") {
  CHECK(first_output<int64_t>(boxes({1, 2, 3})) == std::vector<int64_t>{0, 0, 2, 0, 0, 1});
  CHECK(first_output<int64_t>(boxes({1, 1, 0})) == std::vector<int64_t>{0, 0, 0, 0, 0, 2});
}

TEST_CASE("boxes that overlap no more than the threshold all stay", "[cpu_ref]") {
  CHECK(first_output<int64_t>(boxes({3, 2, 1}, 1)).size() == 9);
}

TEST_CASE("a box whose score is not a number is not chosen", "[cpu_ref]") {
  CHECK(first_output<int64_t>(boxes({kNaN, 2, kNaN})) == std::vector<int64_t>{0, 0, 1});
}

TEST_CASE("NonMaxSuppression refuses thresholds and shapes that do not fit", "[cpu_ref]") {
  CHECK_THAT(error_of(boxes({1, 2, 3}, 2)), Contains("iou_threshold is 2, expected 0 to 1"));
  CHECK_THAT(error_of(boxes({1, 2, 3}, kNaN)), Contains("iou_threshold is"));
  OperatorRun run = boxes({1, 2, 3});
  run.hides_shapes = true;
  run.inputs[1] = make_tensor<float>({1, 1, 2}, {1, 2});
  CHECK_THAT(error_of(run), Contains("scores has shape 1x1x2, expected 1 x classes x 3"));
}

TEST_CASE("RoiAlign takes the mean of the points of a region", "[cpu_ref]") {
  CHECK(first_output<float>(regions({0, 0, 1, 1})) == std::vector<float>{2.5f});
}

TEST_CASE("regions outside of the image, without size or without numbers are 0", "[cpu_ref]") {
  for (const float far : {100.0f, -100.0f, 1e30f, kInfinity, kNaN})
    CHECK(first_output<float>(regions({far, far, far, far})) == std::vector<float>{0});
  CHECK(first_output<float>(regions({0, 0, kInfinity, kInfinity})) == std::vector<float>{0});
}

TEST_CASE("a region far larger than the image takes no longer than the image", "[cpu_ref]") {
  CHECK(std::isfinite(first_output<float>(regions({-1e12f, -1e12f, 1e12f, 1e12f}))[0]));
}

TEST_CASE("a region that ends before it begins, or where, is sampled at all of its points", "[cpu_ref]") {
  const auto sampled = [](std::vector<float> rois) {
    OperatorRun run = regions(std::move(rois));
    run.attributes = {int_attr("sampling_ratio", 2)};
    return first_output<float>(run);
  };
  CHECK(sampled({1.5f, 1.5f, 0.5f, 0.5f}) == sampled({0.5f, 0.5f, 1.5f, 1.5f}));
  CHECK(sampled({1.5f, 1.5f, 0.5f, 0.5f}) == std::vector<float>{2.5f});
  CHECK(sampled({1.5f, 1.5f, 1.5f, 1.5f}) == std::vector<float>{4});
}

TEST_CASE("RoiAlign refuses batch entries that there are not", "[cpu_ref]") {
  CHECK_THAT(error_of(regions({0, 0, 1, 1}, {1})), Contains("batch_indices has 1, expected 0 to 0"));
  CHECK_THAT(error_of(regions({0, 0, 1, 1}, {-1})), Contains("batch_indices has -1"));
}

namespace {

/// Of an image of 1 to 16, four in a row.
OperatorRun pools(std::vector<float> rois, std::vector<int64_t> bins = {2, 2}, float scale = 1) {
  std::vector<float> image(16);
  for (size_t i = 0; i < image.size(); ++i) image[i] = float(i + 1);
  return {
      "MaxRoiPool",
      22,
      {make_tensor<float>({1, 1, 4, 4}, image), make_tensor<float>({static_cast<int64_t>(rois.size() / 5), 5}, rois)},
      {ints_attr("pooled_shape", std::move(bins)), float_attr("spatial_scale", scale)},
      1,
      true,
      {}};
}

}  // namespace

TEST_CASE("MaxRoiPool takes the greatest of each bin, whose ends belong to it", "[cpu_ref]") {
  using Floats = std::vector<float>;
  CHECK(first_output<float>(pools({0, 0, 0, 3, 3})) == Floats{6, 8, 14, 16});
  CHECK(first_output<float>(pools({0, 0, 0, 2, 2})) == Floats{6, 7, 10, 11});
  CHECK(first_output<float>(pools({0, 2, 2, 7, 7}, {2, 2}, 0.5f)) == Floats{11, 12, 15, 16});
  CHECK(first_output<float>(pools({0, 3, 3, 0, 0}, {1, 1})) == Floats{16});
}

TEST_CASE("a bin of MaxRoiPool that lies outside is 0, and coordinates may be anything", "[cpu_ref]") {
  using Floats = std::vector<float>;
  CHECK(first_output<float>(pools({0, 4, 4, 6, 6}, {1, 1})) == Floats{0});
  CHECK(first_output<float>(pools({0, -kInfinity, -1e30f, kInfinity, 1e30f}, {1, 1})) == Floats{16});
  CHECK(first_output<float>(pools({0, kNaN, kNaN, kNaN, kNaN}, {1, 1})) == Floats{1});
  CHECK(first_output<float>(pools({})).empty());
}

TEST_CASE("MaxRoiPool refuses batch entries that there are not, and bins that are none", "[cpu_ref]") {
  for (const float batch : {-1.0f, 1.0f, kNaN, kInfinity})
    CHECK_THAT(error_of(pools({batch, 0, 0, 1, 1})), Contains("input rois") && Contains("expected 0 to 0"));
  CHECK_THAT(error_of(pools({0, 0, 0, 1, 1}, {2})), Contains("pooled_shape"));
  CHECK_THAT(error_of(pools({0, 0, 0, 1, 1}, {2, 0})), Contains("pooled_shape"));
}
