// Attributes and inputs of cpu_blas's operators at the ends of their ranges.
#include <cmath>
#include <limits>
#include <optional>

#include "tests/providers/cpu_blas/on_cpu_blas.h"

using namespace tenon::host;
using namespace tenon::test;
using Catch::Contains;

namespace {

constexpr int64_t kLeast = std::numeric_limits<int64_t>::min();

std::string refusal(GraphBuilder& b) {
  SessionOptions options;
  options.providers = {{cpu_blas_path(), {}}};
  const auto session = Session::open_model(b.build(), options);
  return session.is_ok() ? std::string() : session.status().message();
}

}  // namespace

TEST_CASE("Slice on cpu_blas takes the least step there is", "[cpu_blas]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {3});
  b.constant<int64_t>("starts", {1}, {-1});
  b.constant<int64_t>("ends", {1}, {kLeast});
  b.constant<int64_t>("axes", {1}, {0});
  b.constant<int64_t>("steps", {1}, {kLeast});
  b.node("Slice", {"x", "starts", "ends", "axes", "steps"}, {"y"});
  b.output("y");
  CHECK(run_floats(*open_on_cpu_blas(b), {{1, 2, 3}}, {{3}}) == std::vector<float>{3});
}

TEST_CASE("Split on cpu_blas refuses a num_outputs that its outputs contradict", "[cpu_blas]") {
  GraphBuilder b(18);
  // Without a rank the shape rules cannot say it first.
  b.input_of("x", {ValueType::Kind::kTensor, TN_FLOAT, std::nullopt});
  b.node("Split", {"x"}, {"y"}, {int_attr("num_outputs", -1)});
  b.output("y");
  CHECK_THAT(refusal(b), Contains("'num_outputs' is -1, but the node has 1 outputs"));
}

TEST_CASE("Conv on cpu_blas refuses a kernel_shape that its weight contradicts", "[cpu_blas]") {
  GraphBuilder b;
  b.input_of("x", {ValueType::Kind::kTensor, TN_FLOAT, std::nullopt});
  b.input("w", TN_FLOAT, {1, 1, 3, 3});
  b.node("Conv", {"x", "w"}, {"y"}, {ints_attr("kernel_shape", {1, 1})});
  b.output("y");
  const auto session = open_on_cpu_blas(b);
  const std::vector<NamedTensor> inputs{{"x", make_tensor<float>({1, 1, 3, 3}, noise(9, 1))},
                                        {"w", make_tensor<float>({1, 1, 3, 3}, noise(9, 2))}};
  const auto answer = session->run(inputs);
  CHECK_THAT(answer.status().message(), Contains("'kernel_shape' has 1 for spatial axis 0, but the weight has 3"));
}

TEST_CASE("LayerNormalization on cpu_blas leaves an axis that no input has to others", "[cpu_blas]") {
  for (const int64_t axis : {kLeast, int64_t{-3}, int64_t{2}}) {
    CAPTURE(axis);
    GraphBuilder b;
    // Without a rank the shape rules cannot say it first.
    b.input_of("x", {ValueType::Kind::kTensor, TN_FLOAT, std::nullopt});
    b.input("scale", TN_FLOAT, {3});
    b.node("LayerNormalization", {"x", "scale"}, {"y"}, {int_attr("axis", axis)});
    b.output("y");
    CHECK_THAT(refusal(b), Contains("is not known to have the shape of the normalized dimensions"));
  }
}

TEST_CASE("Gemm on cpu_blas multiplies by an alpha of 0, under which NaN stays NaN", "[cpu_blas]") {
  for (const int64_t rows : {1, 2}) {
    CAPTURE(rows);
    GraphBuilder b;
    b.input("a", TN_FLOAT, {rows, 2});
    b.input("b", TN_FLOAT, {2, 2});
    b.node("Gemm", {"a", "b"}, {"y"}, {float_attr("alpha", 0)});
    b.output("y");
    std::vector<float> a(static_cast<size_t>(2 * rows), 1);
    a.back() = std::numeric_limits<float>::quiet_NaN();
    const auto y = run_floats(*open_on_cpu_blas(b), {a, {1, 2, 3, 4}}, {{rows, 2}, {2, 2}});
    CHECK(std::isnan(y.back()));
    CHECK((rows == 1 || y.front() == 0));
  }
}
