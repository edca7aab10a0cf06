#include <catch2/catch.hpp>

#include "tests/host/graph/shape_rules/infer_one.h"

using Catch::Matchers::Contains;
using namespace tenon::host;
using namespace tenon::test;

TEST_CASE("Concat adds along its axis and wants the rest equal", "[shapes]") {
  CHECK(infer_one({17, "Concat", {Shape{{2, 3}}, Shape{{2, 4}}}, {int_attr("axis", -1)}}) == "[2,7]");
  CHECK(infer_one({17, "Concat", {Shape{{-1, 3}}, Shape{{2, -1}}}, {int_attr("axis", 1)}}) == "[2,?]");
  CHECK(infer_one({17, "Concat", {Shape{{2, 3}}, AnyRank{}}, {int_attr("axis", 1)}}) == "[...]");
  CHECK_THAT(infer_one({17, "Concat", {Shape{{2, 3}}, Shape{{5, 4}}}, {int_attr("axis", 1)}}),
             Contains("is 5x4, expected 2x3"));
  CHECK_THAT(infer_one({17, "Concat", {Shape{{2, 3}}, Shape{{2}}}, {int_attr("axis", 0)}}),
             Contains("input 1 is 2, expected 2x3"));
}

TEST_CASE("Split is even, stated, or since opset 18 uneven", "[shapes]") {
  CHECK(infer_one({11, "Split", {Shape{{6, 2}}}, {}, 2}) == "[3,2] [3,2]");
  CHECK(infer_one({11, "Split", {Shape{{6}}}, {ints_attr("split", {2, 4})}, 2}) == "[2] [4]");
  CHECK(infer_one({13, "Split", {Shape{{6}}, Ints{{1, 5}}}, {}, 2}) == "[1] [5]");
  CHECK(infer_one({18, "Split", {Shape{{7}}}, {int_attr("num_outputs", 4)}, 4}) == "[2] [2] [2] [1]");
  CHECK_THAT(infer_one({13, "Split", {Shape{{7}}}, {}, 2}), Contains("cannot be split into 2 equal outputs"));
  CHECK_THAT(infer_one({13, "Split", {Shape{{7}}, Ints{{3, 3}}}, {}, 2}), Contains("add up to 6, expected 7"));
}

TEST_CASE("Slice counts as numpy does, in its old and new form", "[shapes]") {
  const auto slice = [](std::vector<int64_t> x, std::vector<std::vector<int64_t>> operands) {
    OneNode one{13, "Slice", {Shape{std::move(x)}}, {}};
    for (auto& o : operands) one.inputs.push_back(Ints{o});
    return infer_one(one);
  };
  CHECK(infer_one({9,
                   "Slice",
                   {Shape{{10, 4}}},
                   {ints_attr("starts", {2}), ints_attr("ends", {-1}), ints_attr("axes", {0})}}) == "[7,4]");
  CHECK(slice({10, 4}, {{2, 0}, {8, 100}}) == "[6,4]");
  CHECK(slice({10}, {{0}, {10}, {0}, {3}}) == "[4]");
  CHECK(slice({10}, {{-1}, {INT64_MIN}, {0}, {-1}}) == "[10]");
  CHECK(slice({10}, {{7}, {2}, {0}, {-2}}) == "[3]");
  CHECK(slice({10}, {{5}, {2}}) == "[0]");
  CHECK(slice({0}, {{0}, {5}}) == "[0]");
  CHECK(slice({-1, 3}, {{0}, {INT64_MAX}, {0}}) == "[?,3]");
  CHECK_THAT(slice({10}, {{0}, {5}, {0}, {0}}), Contains("step along axis 0 is 0"));
  CHECK_THAT(slice({10}, {{0, 0}, {5}, {0}}), Contains("must have one length"));
}

TEST_CASE("a Slice with bounds of run time still tells rank and other axes", "[shapes]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {4, 5});
  b.input("starts", TN_INT64, {1});
  b.constant<int64_t>("ends", {1}, {3});
  b.constant<int64_t>("axes", {1}, {1});
  b.node("Slice", {"x", "starts", "ends", "axes"}, {"y"});
  b.node("Slice", {"x", "starts", "ends"}, {"z"});
  auto model = b.build();
  REQUIRE(infer_shapes(*model).is_ok());
  CHECK(describe(model->graph->find_value("y")->type) == "float[4,?]");
  CHECK(describe(model->graph->find_value("z")->type) == "float[?,5]");
}

TEST_CASE("Gather, Pad, Tile and TopK", "[shapes]") {
  CHECK(infer_one({17, "Gather", {Shape{{5, 6, 7}}, Ints{{1, 2}}}, {int_attr("axis", 1)}}) == "[5,2,7]");
  CHECK(infer_one({2, "Pad", {Shape{{2, 3}}}, {ints_attr("pads", {0, 1, 0, 2})}}) == "[2,6]");
  CHECK(infer_one({13, "Pad", {Shape{{2, 3}}, Ints{{1, 0, 0, -1}}}}) == "[3,2]");
  CHECK_THAT(infer_one({13, "Pad", {Shape{{2, 3}}, Ints{{0, -3, 0, -1}}}}),
             Contains("axis of size 3 cannot take pads of -3 and -1"));
  CHECK(infer_one({13, "Tile", {Shape{{2, 3}}, Ints{{1, 4}}}}) == "[2,12]");
  CHECK(infer_one({11, "TopK", {Shape{{4, 9}}, Ints{{3}}}, {}, 2}) == "[4,3] [4,3]");
  CHECK_THAT(infer_one({11, "TopK", {Shape{{4, 9}}, Ints{{10}}}, {}, 2}), Contains("K is 10, expected 0 to 9"));
}
