#include "host/optimize/raises/dim_origin.h"

#include <catch2/catch.hpp>

#include "host/graph/shape_inference.h"
#include "tests/support/scribe.h"

using namespace tenon::host;
using namespace tenon::test;

namespace {

/// Whether dimension `axis` of what is written over x (? x ? x 12) is dimension 1 of x; "other" (? x ? x 12) is at
/// hand.
bool is_dim_1_of_x(const Writes& write, size_t axis) {
  GraphBuilder b(17);
  for (const char* name : {"x", "other"}) b.symbolic_input(name, TN_FLOAT, {{-1, ""}, {-1, ""}, {12, ""}});
  Scribe s(b, TN_FLOAT, 17);
  const std::string result = write(s);
  b.output(result);
  const auto model = b.build();
  REQUIRE(infer_shapes(*model).is_ok());
  return is_same_dim(*model->graph->find_value("x"), 1, *model->graph->find_value(result), axis);
}

}  // namespace

TEST_CASE("a dimension without a name is followed to the value that it comes from", "[optimize]") {
  const auto weight = [](Scribe& s) { return s.tensor({12, 12}, spread(144, 1)); };
  CHECK(is_dim_1_of_x([](Scribe& s) { return s("Relu", {"x"}); }, 1));
  CHECK(is_dim_1_of_x([&](Scribe& s) { return s("MatMul", {"x", weight(s)}); }, 1));
  CHECK(is_dim_1_of_x([](Scribe& s) { return s("Add", {s.tensor({12}, spread(12, 1)), "x"}); }, 1));
  CHECK(is_dim_1_of_x([](Scribe& s) { return s("Transpose", {"x"}, {ints_attr("perm", {1, 0, 2})}); }, 0));
  CHECK(is_dim_1_of_x([](Scribe& s) { return s("Split", {"x"}, {int_attr("axis", -1)}); }, 1));
  CHECK(is_dim_1_of_x([](Scribe& s) { return s("Reshape", {"x", s.ints({0, 0, 3, 4})}); }, 1));
  CHECK(is_dim_1_of_x([](Scribe& s) { return s("Reshape", {"x", s.ints({0, -1, 3, 4})}); }, 1));
}

TEST_CASE("dimensions that only may be the same are not", "[optimize]") {
  CHECK_FALSE(is_dim_1_of_x([](Scribe& s) { return s("Relu", {"x"}); }, 0));
  CHECK_FALSE(is_dim_1_of_x([](Scribe& s) { return s("Relu", {"other"}); }, 1));
  CHECK_FALSE(is_dim_1_of_x([](Scribe& s) { return s("Add", {"x", "other"}); }, 1));
  CHECK_FALSE(is_dim_1_of_x([](Scribe& s) { return s("Transpose", {"x"}, {ints_attr("perm", {1, 0, 2})}); }, 1));
  CHECK_FALSE(is_dim_1_of_x([](Scribe& s) { return s("Split", {"x"}, {int_attr("axis", 1)}); }, 1));
  CHECK_FALSE(is_dim_1_of_x([](Scribe& s) { return s("Reshape", {"x", s.ints({-1, 12})}); }, 0));
  CHECK_FALSE(is_dim_1_of_x([](Scribe& s) { return s("Reshape", {"x", s.ints({0, -1, 6})}); }, 1));
}
