// Losses: labels that are ignored, and those that there are not. Values are the node tests'.
#include <catch2/catch.hpp>
#include <cmath>

#include "tests/support/run_operator.h"

using Catch::Matchers::Contains;
using namespace tenon;
using namespace tenon::test;

namespace {

OperatorRun loss(std::vector<int64_t> labels, std::vector<host::Attribute> attributes) {
  return {"SoftmaxCrossEntropyLoss",
          13,
          {make_tensor<float>({2, 2}, {0, 0, 1000, -1000}), make_tensor<int64_t>({2}, labels)},
          std::move(attributes),
          1,
          true,
          {}};
}

std::string error_of(const OperatorRun& run) {
  const auto outputs = run_operator(run);
  return outputs.is_ok() ? "no error" : outputs.status().message();
}

}  // namespace

TEST_CASE("an ignored label adds neither loss nor weight", "[cpu_ref]") {
  CHECK(first_output<float>(loss({0, -7}, {int_attr("ignore_index", -7)}))[0] == Approx(std::log(2.0)));
}

TEST_CASE("the loss of scores that are far apart is finite", "[cpu_ref]") {
  CHECK(first_output<float>(loss({0, 1}, {string_attr("reduction", "none")}))[1] == Approx(2000));
}

TEST_CASE("a label without a class is refused", "[cpu_ref]") {
  CHECK_THAT(error_of(loss({0, 2}, {})), Contains("a label is 2, expected 0 to 1"));
  CHECK_THAT(error_of(loss({0, -7}, {})), Contains("a label is -7"));
  CHECK_THAT(error_of(loss({0, 1}, {string_attr("reduction", "most")})), Contains("reduction is 'most'"));
}
