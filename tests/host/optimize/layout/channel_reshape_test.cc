#include <catch2/catch.hpp>

#include "tests/support/moved_channels.h"

using namespace tenon::host;
using namespace tenon::test;

namespace {

/// A convolution to 6 x 4 x 5, reshaped, and in another order.
std::string reshaped(const std::vector<int64_t>& shape, const std::vector<int64_t>& perm, bool is_read_before = false) {
  return moved(
      [&](GraphBuilder& b) {
        b.input("x", TN_FLOAT, {2, 3, 4, 5});
        conv(b, "x", "a", 3, 6);
        b.constant<int64_t>("shape", {static_cast<int64_t>(shape.size())}, shape);
        b.node("Reshape", {"a", "shape"}, {"r"});
        b.node("Transpose", {"r"}, {"y"}, {ints_attr("perm", perm)});
        b.output("y");
        if (is_read_before) b.output("r");
      },
      {{"x", ramp({2, 3, 4, 5})}});
}

}  // namespace

TEST_CASE("pixels that become one dimension before the channels take no Transpose", "[layout]") {
  CHECK(reshaped({2, 6, 20}, {0, 2, 1}) == "Transpose [Conv] Reshape");
  CHECK(reshaped({0, 0, -1}, {0, 2, 1}) == "Transpose [Conv] Reshape");
}

TEST_CASE("channels that are cut go to their places in one Transpose", "[layout]") {
  CHECK(reshaped({2, 3, 2, 4, 5}, {0, 1, 3, 4, 2}) == "Transpose [Conv] Reshape Transpose");
  CHECK(reshaped({2, 3, 2, 20}, {2, 0, 3, 1}) == "Transpose [Conv] Reshape Transpose");
}

TEST_CASE("a Reshape that mixes channels with pixels keeps its layout", "[layout]") {
  const std::string apart = "Transpose [Conv] Transpose Reshape Transpose";
  CHECK(reshaped({2, 4, 30}, {0, 2, 1}) == apart);
  CHECK(reshaped({4, 3, 20}, {0, 2, 1}) == apart);
  CHECK(reshaped({2, 120}, {1, 0}) == apart);
}

TEST_CASE("channels that are cut and read before they change places keep their layout", "[layout]") {
  CHECK(reshaped({2, 3, 2, 20}, {2, 0, 3, 1}, true) == "Transpose [Conv] Transpose Reshape Transpose");
}

TEST_CASE("tokens that become an image again take no Transpose", "[layout]") {
  CHECK(moved(
            [](GraphBuilder& b) {
              b.input("x", TN_FLOAT, {2, 20, 3});
              b.node("Transpose", {"x"}, {"t"}, {ints_attr("perm", {0, 2, 1})});
              b.constant<int64_t>("shape", {4}, {2, 3, 4, 5});
              b.node("Reshape", {"t", "shape"}, {"r"});
              conv(b, "r", "y", 3, 6);
              b.output("y");
            },
            {{"x", ramp({2, 20, 3})}}) == "Reshape [Conv] Transpose");
}

TEST_CASE("what a Reshape made for a Transpose that is gone is no value of the graph any more", "[layout]") {
  const auto session = open_wanting(
      [](GraphBuilder& b) {
        b.input("x", TN_FLOAT, {2, 3, 4, 5});
        conv(b, "x", "a", 3, 6);
        b.constant<int64_t>("shape", {3}, {2, 6, 20});
        b.node("Reshape", {"a", "shape"}, {"r"});
        b.node("Transpose", {"r"}, {"y"}, {ints_attr("perm", {0, 2, 1})});
        b.output("y");
      },
      true, 17, "");
  CHECK(session->model().graph->find_value("r") == nullptr);
  CHECK(session->model().graph->find_value("y") != nullptr);
}
