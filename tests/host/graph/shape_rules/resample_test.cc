#include <catch2/catch.hpp>

#include "tests/host/graph/shape_rules/infer_one.h"

using Catch::Matchers::Contains;
using namespace tenon::host;
using namespace tenon::test;

TEST_CASE("Resize multiplies by its scales, and rounds down in float", "[shapes]") {
  CHECK(infer_one({13, "Resize", {Shape{{1, 3, 10, 7}}, LeftOut{}, Floats{{1, 1, 2, 0.5f}}}, {}}) == "[1,3,20,3]");
  CHECK(infer_one({10, "Resize", {Shape{{1, 3, 10, 7}}, Floats{{1, 1, 2, 0.5f}}}, {}}) == "[1,3,20,3]");
  CHECK(infer_one({18, "Resize", {Shape{{1, 3, 4, 5}}, LeftOut{}, Floats{{2, 3}}}, {ints_attr("axes", {-1, 2})}}) ==
        "[1,3,12,10]");
  CHECK_THAT(infer_one({13, "Resize", {Shape{{1, 3, 4, 5}}, LeftOut{}, Floats{{2, 2}}}, {}}),
             Contains("scales has 2 values, expected 4"));
}

TEST_CASE("Resize keeps the names of axes that it does not scale", "[shapes]") {
  const Symbols x{{{-1, "n"}, {3, {}}, {-1, "h"}, {6, {}}}};
  CHECK(infer_one({13, "Resize", {x, LeftOut{}, Floats{{1, 1, 2, 2}}}, {}}) == "[n,3,?,12]");
}

TEST_CASE("Resize has the sizes that it is told, also of a Shape", "[shapes]") {
  CHECK(infer_one({13, "Resize", {Shape{{1, 3, -1, -1}}, LeftOut{}, LeftOut{}, Ints{{1, 3, 8, 9}}}, {}}) ==
        "[1,3,8,9]");
  CHECK(infer_one({13, "Resize", {Shape{{1, 3, 4, 4}}, Floats{{}}, Floats{{}}, Ints{{1, 3, 8, 9}}}, {}}) ==
        "[1,3,8,9]");
  GraphBuilder b(13);
  b.symbolic_input("x", TN_FLOAT, {{-1, "n"}, {8, {}}, {4, {}}, {4, {}}});
  b.node("Shape", {"x"}, {"s"});
  b.constant<int64_t>("begin", {1}, {0});
  b.constant<int64_t>("middle", {1}, {2});
  b.node("Slice", {"s", "begin", "middle"}, {"nc"});
  b.constant<int64_t>("hw", {2}, {9, 7});
  b.node("Concat", {"nc", "hw"}, {"sizes"}, {int_attr("axis", 0)});
  b.node("Resize", {"x", "", "", "sizes"}, {"y"});
  auto model = b.build();
  REQUIRE(infer_shapes(*model).is_ok());
  CHECK(describe(model->graph->find_value("y")->type) == "float[n,8,9,7]");
}

TEST_CASE("Resize that keeps the aspect ratio takes one scale for all axes", "[shapes]") {
  const auto resize = [](std::vector<int64_t> x, const char* policy) {
    return infer_one({18,
                      "Resize",
                      {Shape{std::move(x)}, LeftOut{}, LeftOut{}, Ints{{7, 8}}},
                      {ints_attr("axes", {2, 3}), string_attr("keep_aspect_ratio_policy", policy)}});
  };
  CHECK(resize({1, 1, 4, 2}, "not_larger") == "[1,1,7,4]");
  CHECK(resize({1, 1, 4, 2}, "not_smaller") == "[1,1,16,8]");
  CHECK(resize({1, 1, -1, 2}, "not_larger") == "[1,1,?,?]");
}

TEST_CASE("Resize of scales that only a run knows tells its rank alone", "[shapes]") {
  CHECK(infer_one({13, "Resize", {Shape{{1, 3, 4, 4}}, LeftOut{}, Shape{{4}}}, {}}) == "[?,?,?,?]");
  CHECK(infer_one({13,
                   "Resize",
                   {Shape{{1, 3, 4, 4}}, Shape{{8}}, Floats{{1, 1, 2, 2}}},
                   {string_attr("coordinate_transformation_mode", "tf_crop_and_resize")}}) == "[?,?,?,?]");
  CHECK(infer_one({13, "Resize", {AnyRank{}, LeftOut{}, Floats{{1, 1, 2, 2}}}, {}}) == "[...]");
}

TEST_CASE("Resize that crops scales what its region leaves", "[shapes]") {
  CHECK(infer_one({13,
                   "Resize",
                   {Shape{{1, 1, 8, 8}}, Floats{{0, 0, 0.25f, 0, 1, 1, 0.75f, 1}}, Floats{{1, 1, 1, 2}}},
                   {string_attr("coordinate_transformation_mode", "tf_crop_and_resize")}}) == "[1,1,4,16]");
}

TEST_CASE("Upsample takes its scales where its opset has them", "[shapes]") {
  CHECK(infer_one({9, "Upsample", {Shape{{1, 2, 3, 4}}, Floats{{1, 1, 2, 3}}}, {}}) == "[1,2,6,12]");
  CHECK(infer_one({7, "Upsample", {Shape{{1, 2, 3, 4}}}, {Attribute{"scales", std::vector<float>{1, 1, 2, 3}}}}) ==
        "[1,2,6,12]");
}
