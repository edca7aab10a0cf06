#include <catch2/catch.hpp>

#include "tests/support/moved_channels.h"

using namespace tenon::host;
using namespace tenon::test;

namespace {

/// The operators of a graph in which what `build` makes of "a" (1 x 4 x 6 x 6), "o" with `channels`, stands between two
/// convolutions.
std::string between(const Build& build, int64_t channels, int64_t opset = 18) {
  return moved(
      [&](GraphBuilder& b) {
        b.input("x", TN_FLOAT, {1, 3, 6, 6});
        conv(b, "x", "a", 3, 4);
        build(b);
        conv(b, "o", "y", channels, 2);
        b.output("y");
      },
      {{"x", ramp({1, 3, 6, 6})}}, opset);
}

/// The same, where "o" is the result.
std::string at_end(const Build& build, int64_t opset = 18) {
  return moved(
      [&](GraphBuilder& b) {
        b.input("x", TN_FLOAT, {1, 3, 6, 6});
        conv(b, "x", "a", 3, 4);
        build(b);
        b.output("o");
      },
      {{"x", ramp({1, 3, 6, 6})}}, opset);
}

Build one(const std::string& op, std::vector<Attribute> attributes) {
  return [=](GraphBuilder& b) { b.node(op, {"a"}, {"o"}, attributes); };
}

std::string along(const std::string& op) {
  return "Transpose [Conv] " + op + " [Conv] Transpose";
}

/// Constants of int64.
void numbers(GraphBuilder& b, const std::string& name, std::vector<int64_t> values) {
  const auto count = static_cast<int64_t>(values.size());
  b.constant<int64_t>(name, {count}, std::move(values));
}

}  // namespace

TEST_CASE("Concat and Split along any axis follow channels last", "[layout]") {
  for (const int64_t axis : {1, 2, -1, -3}) {
    INFO(axis);
    const bool is_channel = axis == 1 || axis == -3;
    CHECK(between(
              [&](GraphBuilder& b) {
                b.node("Relu", {"a"}, {"r"});
                b.node("Concat", {"a", "r", "a"}, {"o"}, {int_attr("axis", axis)});
              },
              is_channel ? 12 : 4) == along("Relu Concat"));
    CHECK(between(
              [&](GraphBuilder& b) {
                b.node("Split", {"a"}, {"p", "q"}, {int_attr("axis", axis), int_attr("num_outputs", 2)});
                b.node("Sub", {"p", "q"}, {"o"});
              },
              is_channel ? 2 : 4) == along("Split Sub"));
  }
}

TEST_CASE("a Concat waits for operands that are not there with channels last, unless its result is wanted so",
          "[layout]") {
  const auto joined = [](bool goes_on) {
    return moved(
        [&](GraphBuilder& b) {
          b.input("x", TN_FLOAT, {1, 3, 6, 6});
          b.input("z", TN_FLOAT, {1, 2, 6, 6});
          conv(b, "x", "a", 3, 4);
          b.node("Concat", {"a", "z"}, {goes_on ? "o" : "y"}, {int_attr("axis", 1)});
          if (goes_on) conv(b, "o", "y", 6, 2);
          b.output("y");
        },
        {{"x", ramp({1, 3, 6, 6})}, {"z", ramp({1, 2, 6, 6})}});
  };
  CHECK(joined(true) == "Transpose [Conv] Transpose Concat [Conv] Transpose");
  CHECK(joined(false) == "Transpose [Conv] Transpose Concat");
}

TEST_CASE("Pad follows channels last with its pads in another order, or with other axes", "[layout]") {
  CHECK(between(one("Pad", {ints_attr("pads", {0, 1, 2, 3, 0, 0, 1, 2}), string_attr("mode", "constant")}), 5, 10) ==
        along("Pad"));
  CHECK(between(
            [](GraphBuilder& b) {
              numbers(b, "pads", {0, 1, 2, 3, 0, 0, 1, 2});
              b.constant<float>("v", {}, {2.5f});
              b.node("Pad", {"a", "pads", "v"}, {"o"});
            },
            5) == along("Pad"));
  CHECK(between(
            [](GraphBuilder& b) {
              numbers(b, "pads", {1, 2, 3, 0});
              b.constant<int32_t>("axes", {2}, {1, -1});
              b.node("Pad", {"a", "pads", "", "axes"}, {"o"}, {string_attr("mode", "reflect")});
            },
            8) == along("Pad"));
}

TEST_CASE("Slice follows channels last, its axes named or the first ones, its bounds computed or not", "[layout]") {
  CHECK(between(one("Slice", {ints_attr("starts", {0, 1, 2}), ints_attr("ends", {1, 4, 6})}), 3, 9) == along("Slice"));
  CHECK(between(one("Slice", {ints_attr("starts", {1}), ints_attr("ends", {4}), ints_attr("axes", {1})}), 3, 9) ==
        along("Slice"));
  CHECK(between(
            [](GraphBuilder& b) {
              numbers(b, "starts", {0, 1, 2});
              numbers(b, "ends", {1, 4, 6});
              b.node("Slice", {"a", "starts", "ends"}, {"o"});
            },
            3) == along("Slice"));
  CHECK(between(
            [](GraphBuilder& b) {
              numbers(b, "starts", {5, 0});
              numbers(b, "ends", {-10, 3});
              b.constant<int64_t>("axes", {2}, {-1, 1});
              numbers(b, "steps", {-2, 2});
              b.node("Slice", {"a", "starts", "ends", "axes", "steps"}, {"o"});
            },
            2) == along("Slice"));
}

TEST_CASE("reductions that keep their dimensions follow channels last", "[layout]") {
  for (const char* op : {"ReduceMean", "ReduceMax", "ReduceL2"}) {
    for (const auto& axes : std::vector<std::vector<int64_t>>{{1}, {2, 3}, {-1}}) {
      const int64_t channels = axes[0] == 1 ? 1 : 4;
      CHECK(between(one(op, {ints_attr("axes", axes)}), channels, 17) == along(op));
      CHECK(between(
                [&](GraphBuilder& b) {
                  numbers(b, "axes", axes);
                  b.node(op, {"a", "axes"}, {"o"});
                },
                channels) == along(op));
    }
  }
  CHECK(at_end(one("ArgMax", {int_attr("axis", 1)})) == "Transpose [Conv] ArgMax Transpose");
}

TEST_CASE("reductions that drop dimensions follow channels last where those that are left keep their order",
          "[layout]") {
  const auto mean = [](std::vector<int64_t> axes) {
    return at_end(one("ReduceMean", {ints_attr("axes", std::move(axes)), int_attr("keepdims", 0)}), 17);
  };
  CHECK(mean({2, 3}) == "Transpose [Conv] ReduceMean");
  CHECK(mean({1}) == "Transpose [Conv] ReduceMean");
  CHECK(mean({0, 1}) == "Transpose [Conv] ReduceMean");
  CHECK(mean({2}) == "Transpose [Conv] Transpose ReduceMean");
  CHECK(at_end(one("ArgMax", {int_attr("axis", 1), int_attr("keepdims", 0)})) == "Transpose [Conv] ArgMax");
}

TEST_CASE("a reduction that would add up in another order keeps its layout", "[layout]") {
  CHECK(at_end(one("ReduceMean", {ints_attr("axes", {1, 2, 3}), int_attr("keepdims", 0)}), 17) ==
        "Transpose [Conv] Transpose ReduceMean");
}

TEST_CASE("Softmax over channels follows channels last, and its early forms, which flatten, do not", "[layout]") {
  CHECK(between(one("Softmax", {int_attr("axis", 1)}), 4) == along("Softmax"));
  CHECK(between(one("LogSoftmax", {}), 4) == along("LogSoftmax"));
  CHECK(between(one("Softmax", {int_attr("axis", 1)}), 4, 11) ==
        "Transpose [Conv] Transpose Softmax Transpose [Conv] Transpose");
}

TEST_CASE("Resize and Upsample follow channels last between those who want it, and are not made larger for a Transpose",
          "[layout]") {
  const auto resized = [](GraphBuilder& b) {
    b.constant<float>("scales", {4}, {1, 1, 2, 3});
    b.node("Resize", {"a", "", "scales"}, {"o"}, {string_attr("mode", "nearest")});
    b.value("o")->type = {ValueType::Kind::kTensor, TN_FLOAT, std::vector<Dim>(4)};
  };
  CHECK(between(resized, 4) == along("Resize"));
  CHECK(at_end(resized) == "Transpose [Conv] Transpose Resize");
  CHECK(between(
            [](GraphBuilder& b) {
              numbers(b, "sizes", {1, 4, 7, 12});
              b.node("Resize", {"a", "", "", "sizes"}, {"o"}, {string_attr("mode", "linear")});
              b.value("o")->type = {ValueType::Kind::kTensor, TN_FLOAT, std::vector<Dim>(4)};
            },
            4) == along("Resize"));
  CHECK(between(
            [](GraphBuilder& b) {
              numbers(b, "sizes", {12, 7});
              b.node("Resize", {"a", "", "", "sizes"}, {"o"}, {ints_attr("axes", {3, 2})});
              b.value("o")->type = {ValueType::Kind::kTensor, TN_FLOAT, std::vector<Dim>(4)};
            },
            4) == along("Resize"));
  CHECK(between(
            [](GraphBuilder& b) {
              b.constant<float>("scales", {4}, {1, 1, 2, 2});
              b.node("Upsample", {"a", "scales"}, {"o"});
              b.value("o")->type = {ValueType::Kind::kTensor, TN_FLOAT, std::vector<Dim>(4)};
            },
            4, 9) == along("Upsample"));
}

TEST_CASE("a node that computes its axes keeps its layout", "[layout]") {
  const auto ops = moved(
      [](GraphBuilder& b) {
        b.input("x", TN_FLOAT, {1, 3, 6, 6});
        b.input("axes", TN_INT64, {1});
        conv(b, "x", "a", 3, 4);
        b.node("ReduceMax", {"a", "axes"}, {"y"});
        b.output("y");
      },
      {{"x", ramp({1, 3, 6, 6})}, {"axes", make_tensor<int64_t>({1}, {1})}}, 18);
  CHECK(ops == "Transpose [Conv] Transpose ReduceMax");
}

TEST_CASE("numbers of 8 bits follow channels last, their scales along channels or of all of them", "[layout]") {
  for (const bool is_per_channel : {false, true}) {
    const std::vector<int64_t> shape = is_per_channel ? std::vector<int64_t>{4} : std::vector<int64_t>{};
    CHECK(between(
              [&](GraphBuilder& b) {
                b.constant_of("scale", ramp(shape, 0.5f));
                b.node("Abs", {"scale"}, {"s"});
                b.node("QuantizeLinear", {"a", "s"}, {"q"});
                b.node("DequantizeLinear", {"q", "s"}, {"o"});
              },
              4) == along("QuantizeLinear DequantizeLinear"));
  }
}

TEST_CASE("a node that normalizes along channels follows channels last", "[layout]") {
  CHECK(between(one("LpNormalization", {int_attr("axis", 1)}), 4) == along("LpNormalization"));
}
