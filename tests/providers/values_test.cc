// What both built-in providers must answer alike, by the text of the standard.
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "tests/support/run_operator.h"

using namespace tenon;
using namespace tenon::test;
using Catch::Contains;

namespace {

using Floats = std::vector<float>;
const float kNaN = std::numeric_limits<float>::quiet_NaN();

std::vector<float> floats_of(const OperatorRun& wanted, const std::string& provider) {
  const auto outputs = run_operator(wanted, provider);
  INFO(provider << ": " << outputs.status().message());
  REQUIRE(outputs.is_ok());
  return {outputs->front().span<float>().begin(), outputs->front().span<float>().end()};
}

host::Tensor integers(const std::vector<int64_t>& values) {
  return make_tensor<int64_t>({static_cast<int64_t>(values.size())}, values);
}

}  // namespace

TEST_CASE("pads count where auto_pad is empty", "[providers]") {
  const auto x = make_tensor<float>({1, 1, 3, 3}, Floats(9, 1)), w = make_tensor<float>({1, 1, 3, 3}, Floats(9, 1));
  const std::vector<host::Attribute> padded = {string_attr("auto_pad", ""), ints_attr("pads", {1, 1, 1, 1}),
                                               ints_attr("kernel_shape", {3, 3})};
  for (const char* provider : {"cpu_ref", "cpu_blas"})
    for (const bool hidden : {false, true}) {
      CHECK(floats_of({"Conv", 11, {x, w}, padded, 1, hidden}, provider) == Floats{4, 6, 4, 6, 9, 6, 4, 6, 4});
      CHECK(floats_of({"MaxPool", 11, {x}, padded, 1, hidden}, provider) == Floats(9, 1));
      CHECK(floats_of({"AveragePool", 11, {x}, padded, 1, hidden}, provider) == Floats(9, 1));
    }
}

TEST_CASE("an unknown auto_pad is refused in the same words", "[providers]") {
  const auto x = make_tensor<float>({1, 1, 3, 3}, Floats(9, 1)), w = make_tensor<float>({1, 1, 2, 2}, Floats(4, 1));
  const std::vector<host::Attribute> same = {string_attr("auto_pad", "SAME"), ints_attr("kernel_shape", {2, 2})};
  const std::vector<OperatorRun> runs = {
      {"Conv", 11, {x, w}, same}, {"MaxPool", 11, {x}, same}, {"AveragePool", 11, {x}, same}};
  for (const char* provider : {"cpu_ref", "cpu_blas"})
    for (OperatorRun run : runs)
      for (const bool hidden : {false, true}) {
        run.hides_shapes = hidden;
        const auto outputs = run_operator(run, provider);
        REQUIRE_FALSE(outputs.is_ok());
        CHECK(outputs.status().code() == TN_INVALID_MODEL);
        CHECK_THAT(outputs.status().message(), Contains("auto_pad' is 'SAME', expected NOTSET, VALID, SAME_UPPER"));
      }
}

TEST_CASE("a slice that starts before the first element and goes backwards takes the first", "[providers]") {
  const auto x = make_tensor<float>({3}, Floats{1, 2, 3});
  for (const char* provider : {"cpu_ref", "cpu_blas"})
    for (const bool hidden : {false, true}) {
      const auto slice = [&](int64_t start, int64_t end, int64_t step) {
        return floats_of(
            {"Slice", 13, {x, integers({start}), integers({end}), integers({0}), integers({step})}, {}, 1, hidden},
            provider);
      };
      CHECK(slice(-5, -9, -1) == Floats{1});
      CHECK(slice(-5, INT64_MIN, -1) == Floats{1});
      CHECK(slice(INT64_MIN, INT64_MIN, INT64_MIN) == Floats{1});
      CHECK(slice(-5, 0, -1).empty());
      CHECK(slice(5, -9, -2) == Floats{3, 1});
      CHECK(slice(-5, 9, 2) == Floats{1, 3});
      CHECK(slice(3, 9, 1).empty());
    }
}

TEST_CASE("a slice along no axes is refused where it has bounds, and else takes everything", "[providers]") {
  const auto x = make_tensor<float>({3}, Floats{1, 2, 3});
  const auto none = integers({}), one = integers({1});
  for (const char* provider : {"cpu_ref", "cpu_blas"}) {
    const auto outputs = run_operator({"Slice", 13, {x, one, one, none, one}, {}, 1, true}, provider);
    REQUIRE_FALSE(outputs.is_ok());
    CHECK_THAT(outputs.status().message(), Contains("expected as many of each"));
    CHECK(floats_of({"Slice", 13, {x, none, none, none, none}, {}, 1, true}, provider) == Floats{1, 2, 3});
  }
}

TEST_CASE("a NaN in a window is its maximum, wherever it stands", "[providers]") {
  for (const char* provider : {"cpu_ref", "cpu_blas"})
    for (const int64_t stride : {1, 2, 3})
      for (const int64_t dilation : {1, 2})
        for (int64_t place = 0; place < 41; ++place) {
          Floats row(41, -1);
          row[static_cast<size_t>(place)] = kNaN;
          const auto y = floats_of({"MaxPool",
                                    12,
                                    {make_tensor<float>({1, 1, 41}, row)},
                                    {ints_attr("kernel_shape", {3}), ints_attr("strides", {stride}),
                                     ints_attr("dilations", {dilation}), ints_attr("pads", {2, 2})}},
                                   provider);
          for (size_t o = 0; o < y.size(); ++o) {
            bool covers = false;
            for (int64_t k = 0; k < 3; ++k) covers |= static_cast<int64_t>(o) * stride + k * dilation - 2 == place;
            INFO(provider << ": stride " << stride << ", dilation " << dilation << ", NaN at " << place << ", " << o);
            CHECK(std::isnan(y[o]) == covers);
          }
        }
}

TEST_CASE("a window of nothing but NaN gives NaN", "[providers]") {
  const auto x = make_tensor<float>({1, 1, 2, 2}, Floats(4, kNaN));
  for (const char* provider : {"cpu_ref", "cpu_blas"})
    CHECK(std::isnan(floats_of({"MaxPool", 12, {x}, {ints_attr("kernel_shape", {2, 2})}}, provider)[0]));
  CHECK(std::isnan(floats_of({"GlobalMaxPool", 1, {x}}, "cpu_ref")[0]));
  const auto mixed = make_tensor<float>({1, 1, 2, 2}, Floats{1, kNaN, 3, 2});
  CHECK(std::isnan(floats_of({"GlobalMaxPool", 1, {mixed}}, "cpu_ref")[0]));
  CHECK(floats_of({"GlobalMaxPool", 1, {make_tensor<float>({1, 1, 2}, Floats{-3, -2})}}, "cpu_ref") == Floats{-2});
}

TEST_CASE("sums over millions of equal values are near the exact ones", "[providers]") {
  const int64_t n = 3000001;
  const auto x = make_tensor<float>({1, 1, n}, Floats(static_cast<size_t>(n), 0.1f));
  for (const char* provider : {"cpu_ref", "cpu_blas"}) {
    CHECK(floats_of({"GlobalAveragePool", 1, {x}}, provider)[0] == Approx(0.1f).epsilon(1e-5));
    CHECK(floats_of({"Softmax", 13, {x}}, provider)[0] == Approx(1.0 / static_cast<double>(n)).epsilon(1e-5));
  }
  Floats alternating(static_cast<size_t>(n) - 1, 3);
  for (size_t i = 0; i < alternating.size(); i += 2) alternating[i] = 1;
  const auto row = make_tensor<float>({1, n - 1}, alternating);
  const auto scale = make_tensor<float>({n - 1}, Floats(alternating.size(), 1));
  for (const char* provider : {"cpu_ref", "cpu_blas"})
    CHECK(floats_of({"LayerNormalization", 17, {row, scale}}, provider)[0] == Approx(-1).epsilon(1e-4));
}

TEST_CASE("GridSample moves each neighbour to the border, not the position", "[providers]") {
  // At position -0.5 the cubic neighbours are -2, -1, 0 and 1, of which the first three are element 0.
  const auto x = make_tensor<float>({1, 1, 1, 3}, Floats{1, 5, 2});
  const auto grid = make_tensor<float>({1, 1, 1, 2}, Floats{-1, 0});
  const double t = 0.5, a = -0.75;
  const double last = a * std::pow(1 + (1 - t), 3) - 5 * a * std::pow(1 + (1 - t), 2) + 8 * a * (1 + (1 - t)) - 4 * a;
  const auto y = floats_of(
      {"GridSample", 20, {x, grid}, {string_attr("mode", "cubic"), string_attr("padding_mode", "border")}}, "cpu_ref");
  CHECK(y[0] == Approx((1 - last) * 1 + last * 5));
  const auto far = make_tensor<float>({1, 1, 2, 2}, Floats{-1e30f, 0, 1e30f, 0});
  CHECK(floats_of({"GridSample", 20, {x, far}, {string_attr("mode", "cubic"), string_attr("padding_mode", "border")}},
                  "cpu_ref") == Floats{1, 2});
}

TEST_CASE("Resize with align_corners meets both corners where a scale gives no whole size", "[providers]") {
  // 3 * 1.5 is 4.5, of which 4 elements remain: PyTorch and ONNX Runtime divide by 4 - 1.
  const auto x = make_tensor<float>({1, 1, 3}, Floats{0, 3, 6});
  const auto scales = make_tensor<float>({3}, Floats{1, 1, 1.5f});
  const auto y =
      floats_of({"Resize",
                 19,
                 {x, host::Tensor(), scales},
                 {string_attr("mode", "linear"), string_attr("coordinate_transformation_mode", "align_corners")}},
                "cpu_ref");
  REQUIRE(y.size() == 4);
  for (size_t i = 0; i < 4; ++i) CHECK(y[i] == Approx(2.0 * static_cast<double>(i)).margin(1e-6));
}

TEST_CASE("an empty list of axes of a Squeeze keeps every dimension", "[providers]") {
  const auto x = make_tensor<float>({1, 2, 1}, Floats{1, 2});
  for (const char* provider : {"cpu_ref", "cpu_blas"})
    for (const bool hidden : {false, true}) {
      const auto y = run_operator({"Squeeze", 11, {x}, {ints_attr("axes", {})}, 1, hidden}, provider);
      REQUIRE(y.is_ok());
      CHECK(y->front().shape() == std::vector<int64_t>{1, 2, 1});
      CHECK(run_operator({"Squeeze", 11, {x}, {}, 1, hidden}, provider)->front().shape() == std::vector<int64_t>{2});
    }
}

TEST_CASE("a permutation does not count from the end", "[providers]") {
  const auto x = make_tensor<float>({1, 2}, Floats{1, 2});
  for (const char* provider : {"cpu_ref", "cpu_blas"})
    for (const bool hidden : {false, true}) {
      const auto y = run_operator({"Transpose", 13, {x}, {ints_attr("perm", {-1, 0})}, 1, hidden}, provider);
      REQUIRE_FALSE(y.is_ok());
      CHECK_THAT(y.status().message(), Contains("each of the 2 axes of the input once"));
    }
}

TEST_CASE("an empty list of lengths of a Split is no missing one", "[providers]") {
  const auto x = make_tensor<float>({2}, Floats{1, 2});
  for (const char* provider : {"cpu_ref", "cpu_blas"})
    for (const bool hidden : {false, true}) {
      CHECK_FALSE(run_operator({"Split", 2, {x}, {ints_attr("split", {})}, 1, hidden}, provider).is_ok());
      CHECK_FALSE(run_operator({"Split", 13, {x, integers({})}, {}, 1, hidden}, provider).is_ok());
    }
}

TEST_CASE("a Split without lengths may end in smaller pieces since opset 18, not before", "[providers]") {
  const auto x = make_tensor<float>({3}, Floats{1, 2, 3});
  for (const char* provider : {"cpu_ref", "cpu_blas"})
    for (const bool hidden : {false, true}) {
      CHECK(floats_of({"Split", 18, {x}, {int_attr("num_outputs", 2)}, 2, hidden}, provider) == Floats{1, 2});
      CHECK_FALSE(run_operator({"Split", 18, {x}, {}, 2, hidden}, provider).is_ok());
      CHECK_FALSE(run_operator({"Split", 13, {x}, {}, 2, hidden}, provider).is_ok());
    }
}

TEST_CASE("Softmax refuses a scalar, which has no axis, and a wrong axis of an empty tensor", "[providers]") {
  for (const char* provider : {"cpu_ref", "cpu_blas"})
    for (const bool hidden : {false, true})
      for (const int64_t opset : {1, 11, 13}) {
        const auto scalar = make_tensor<float>({}, Floats{3});
        CHECK_FALSE(run_operator({"Softmax", opset, {scalar}, {}, 1, hidden}, provider).is_ok());
        const auto empty = make_tensor<float>({0, 2}, Floats{});
        CHECK_FALSE(run_operator({"Softmax", opset, {empty}, {int_attr("axis", 3)}, 1, hidden}, provider).is_ok());
      }
}

TEST_CASE("statistics of a BatchNormalization of another type than float are not read as floats", "[providers]") {
  const auto x = make_tensor<float>({1, 2, 1}, Floats{1, 2}), scale = make_tensor<float>({2}, Floats{1, 1});
  const auto mean = make_tensor<double>({2}, {1, 2}), variance = make_tensor<double>({2}, {1, 1});
  CHECK(floats_of({"BatchNormalization", 14, {x, scale, scale, mean, variance}}, "cpu_ref") == Floats{1, 1});
  const auto refused = run_operator({"BatchNormalization", 14, {x, scale, scale, mean, variance}}, "cpu_blas");
  REQUIRE_FALSE(refused.is_ok());
  CHECK(refused.status().code() == TN_NO_KERNEL);
}

TEST_CASE("a BatchNormalization takes one number per channel in one dimension", "[providers]") {
  const auto x = make_tensor<float>({1, 2, 1}, Floats{1, 2}), matrix = make_tensor<float>({2, 1}, Floats{1, 1});
  for (const char* provider : {"cpu_ref", "cpu_blas"})
    for (const bool hidden : {false, true})
      CHECK_FALSE(run_operator({"BatchNormalization", 9, {x, matrix, matrix, matrix, matrix}, {}, 1, hidden}, provider)
                      .is_ok());
}

TEST_CASE("Clip has the bounds of float by default in opset 6 alone", "[providers]") {
  const float infinity = std::numeric_limits<float>::infinity(), most = std::numeric_limits<float>::max();
  const auto x = make_tensor<float>({2}, Floats{-infinity, infinity});
  for (const char* provider : {"cpu_ref", "cpu_blas"}) {
    CHECK(floats_of({"Clip", 1, {x}}, provider) == Floats{-infinity, infinity});
    CHECK(floats_of({"Clip", 6, {x}}, provider) == Floats{-most, most});
    CHECK(floats_of({"Clip", 11, {x}}, provider) == Floats{-infinity, infinity});
  }
}

TEST_CASE("Gemm with beta 0 does not read C, whose shape counts all the same", "[providers]") {
  const auto one = make_tensor<float>({1, 1}, Floats{2}), nan = make_tensor<float>({1, 1}, Floats{kNaN});
  const auto pair = make_tensor<float>({2}, Floats{1, 1});
  for (const char* provider : {"cpu_ref", "cpu_blas"})
    for (const bool hidden : {false, true}) {
      CHECK(floats_of({"Gemm", 13, {one, one, nan}, {float_attr("beta", 0)}, 1, hidden}, provider) == Floats{4});
      CHECK_FALSE(run_operator({"Gemm", 13, {one, one, pair}, {float_attr("beta", 0)}, 1, hidden}, provider).is_ok());
    }
}

TEST_CASE("LRN over more channels than there are takes all", "[providers]") {
  const auto x = make_tensor<float>({1, 2, 1}, Floats{1, 2});
  for (const char* provider : {"cpu_ref", "cpu_blas"})
    for (const int64_t size : {INT64_C(2147483647), INT64_MAX})
      CHECK(floats_of({"LRN", 13, {x}, {int_attr("size", size), float_attr("alpha", 0)}}, provider) == Floats{1, 2});
}

TEST_CASE("a stash_type that is no floating-point type is refused when the node is placed", "[providers]") {
  const auto x = make_tensor<float>({1, 2}, Floats{1, 2}), scale = make_tensor<float>({2}, Floats{1, 1});
  for (const char* provider : {"cpu_ref", "cpu_blas"}) {
    const auto y = run_operator({"LayerNormalization", 17, {x, scale}, {int_attr("stash_type", 0)}, 2}, provider);
    REQUIRE_FALSE(y.is_ok());
    CHECK(y.status().code() != TN_INTERNAL);
    CHECK_THAT(y.status().message(), Contains("stash_type"));
  }
}

TEST_CASE("a scale of unknown size is not taken for one of the size of the data", "[providers]") {
  const auto x = make_tensor<float>({1, 2}, Floats{1, 2}), scale = make_tensor<float>({1}, Floats{1});
  const auto y = run_operator({"LayerNormalization", 17, {x, scale}, {}, 1, true}, "cpu_blas");
  REQUIRE_FALSE(y.is_ok());
  CHECK_THAT(y.status().message(), Contains("is not known to have the shape"));
}

TEST_CASE("a ratio of a Dropout of several numbers is refused", "[providers]") {
  const auto x = make_tensor<float>({2}, Floats{1, 2});
  for (const char* provider : {"cpu_ref", "cpu_blas"})
    for (const bool hidden : {false, true})
      CHECK_FALSE(run_operator({"Dropout", 13, {x, x}, {}, 1, hidden}, provider).is_ok());
}

TEST_CASE("a pooling's input has the axes of kernel_shape", "[providers]") {
  const auto x = make_tensor<float>({1, 1, 3, 3, 3}, Floats(27, 1));
  for (const char* provider : {"cpu_ref", "cpu_blas"}) {
    const auto y = run_operator({"MaxPool", 12, {x}, {ints_attr("kernel_shape", {2, 2})}, 1, true}, provider);
    REQUIRE_FALSE(y.is_ok());
    CHECK(y.status().code() != TN_NO_KERNEL);
  }
}

TEST_CASE("what a FusedConv adds has the shape of its result, and its upper bound wins", "[providers]") {
  const auto x = make_tensor<float>({1, 1, 1}, Floats{4}), pair = make_tensor<float>({1, 1, 2}, Floats{1, 1});
  const auto bias = make_tensor<float>({1}, Floats{0});
  const std::vector<host::Attribute> clip = {string_attr("activation", "Clip"),
                                             {"activation_params", std::vector<float>{5, 3}}};
  for (const char* provider : {"cpu_ref", "cpu_blas"}) {
    const OperatorRun wanted{"com.microsoft:FusedConv", 17, {x, x}, clip};
    CHECK(floats_of(wanted, provider) == Floats{3});
    CHECK_FALSE(run_operator({"com.microsoft:FusedConv", 17, {x, x, bias, pair}}, provider).is_ok());
  }
}

TEST_CASE("a round_mode is looked at where it says something", "[providers]") {
  const auto x = make_tensor<float>({1}, Floats{2});
  const std::vector<host::Attribute> cast = {int_attr("to", TN_DOUBLE), string_attr("round_mode", "other")};
  for (const char* provider : {"cpu_ref", "cpu_blas"}) CHECK(run_operator({"Cast", 24, {x}, cast}, provider).is_ok());
  CHECK_FALSE(
      run_operator({"Cast", 24, {x}, {int_attr("to", TN_FLOAT8E8M0), string_attr("round_mode", "other")}}, "cpu_ref")
          .is_ok());
}
