#include <catch2/catch.hpp>

#include "tests/host/graph/shape_rules/infer_one.h"

using Catch::Matchers::Contains;
using namespace tenon::host;
using namespace tenon::test;

TEST_CASE("Reshape keeps, computes and checks dimensions", "[shapes]") {
  CHECK(infer_one({17, "Reshape", {Shape{{2, 3, 4}}, Ints{{0, -1}}}}) == "[2,12]");
  CHECK(infer_one({17, "Reshape", {Shape{{2, 0, 4}}, Ints{{0, 3}}}, {int_attr("allowzero", 1)}}) == "[0,3]");
  CHECK(infer_one({4, "Reshape", {Shape{{2, 6}}}, {ints_attr("shape", {3, -1})}}) == "[3,4]");
  CHECK_THAT(infer_one({17, "Reshape", {Shape{{2, 3}}, Ints{{4, -1}}}}),
             Contains("6 elements") && Contains("do not divide"));
  CHECK_THAT(infer_one({17, "Reshape", {Shape{{2, 3}}, Ints{{7}}}}), Contains("6 elements") && Contains("has 7"));
  CHECK_THAT(infer_one({17, "Reshape", {Shape{{2, 3}}, Ints{{-1, -1}}}}), Contains("only one can be computed"));
  CHECK_THAT(infer_one({17, "Reshape", {Shape{{6}}, Ints{{2, 0}}}}), Contains("no dimension there to keep"));
  CHECK_THAT(infer_one({17, "Reshape", {Shape{{6}}, Ints{{-2, 3}}}}), Contains("has -2 at index 0"));
}

TEST_CASE("Reshape follows named dimensions", "[shapes]") {
  const Symbols x{{{-1, "batch"}, {-1, "length"}, {8, ""}}};
  CHECK(infer_one({17, "Reshape", {x, Ints{{0, 0, 2, -1}}}}) == "[batch,length,2,4]");
  CHECK(infer_one({17, "Reshape", {x, Ints{{0, -1, 8}}}}) == "[batch,length,8]");
  CHECK(infer_one({17, "Reshape", {x, Ints{{-1, 8}}}}) == "[?,8]");
  CHECK(infer_one({17, "Reshape", {AnyRank{}, Ints{{0, -1, 8}}}}) == "[?,?,8]");
}

TEST_CASE("Flatten, Transpose, Squeeze and Unsqueeze in all their forms", "[shapes]") {
  CHECK(infer_one({17, "Flatten", {Shape{{2, 3, 4}}}, {int_attr("axis", 0)}}) == "[1,24]");
  CHECK(infer_one({17, "Flatten", {Symbols{{{-1, "n"}, {3, ""}, {4, ""}}}}}) == "[n,12]");
  CHECK(infer_one({17, "Transpose", {Shape{{2, 3, 4}}}}) == "[4,3,2]");
  CHECK(infer_one({17, "Transpose", {Shape{{2, 3, 4}}}, {ints_attr("perm", {1, 0, 2})}}) == "[3,2,4]");
  CHECK_THAT(infer_one({17, "Transpose", {Shape{{2, 3}}}, {ints_attr("perm", {1, 1})}}),
             Contains("each of the 2 axes of the input once"));
  CHECK(infer_one({11, "Squeeze", {Shape{{1, 3, 1}}}, {ints_attr("axes", {0})}}) == "[3,1]");
  CHECK(infer_one({13, "Squeeze", {Shape{{1, 3, 1}}, Ints{{-1}}}}) == "[1,3]");
  CHECK(infer_one({13, "Squeeze", {Shape{{1, 3, 1}}}}) == "[3]");
  CHECK(infer_one({13, "Squeeze", {Shape{{1, -1}}}}) == "[...]");
  CHECK_THAT(infer_one({13, "Squeeze", {Shape{{1, 3}}, Ints{{1}}}}), Contains("is 3, expected 1"));
  CHECK(infer_one({11, "Unsqueeze", {Shape{{3}}}, {ints_attr("axes", {0, 2})}}) == "[1,3,1]");
  CHECK(infer_one({13, "Unsqueeze", {Shape{{3}}, Ints{{-1}}}}) == "[3,1]");
  CHECK_THAT(infer_one({13, "Unsqueeze", {Shape{{3}}, Ints{{5}}}}), Contains("axis is 5, expected -2 to 1"));
}

TEST_CASE("Expand broadcasts and overflow is an error", "[shapes]") {
  CHECK(infer_one({17, "Expand", {Shape{{3, 1}}, Ints{{2, 1, 6}}}}) == "[2,3,6]");
  CHECK_THAT(infer_one({17, "Expand", {Shape{{3}}, Ints{{4}}}}), Contains("shapes 3 and 4 do not broadcast"));
  CHECK_THAT(infer_one({17, "Expand", {Shape{{1}}, Ints{{int64_t{1} << 40, int64_t{1} << 40}}}}),
             Contains("do not count in 64 bits"));
}

TEST_CASE("blocks move between depth and space", "[shapes]") {
  CHECK(infer_one({17, "DepthToSpace", {Shape{{1, 8, 2, 3}}}, {int_attr("blocksize", 2)}}) == "[1,2,4,6]");
  CHECK(infer_one({17, "SpaceToDepth", {Shape{{1, 2, 4, 6}}}, {int_attr("blocksize", 2)}}) == "[1,8,2,3]");
}

TEST_CASE("a rank that no tensor has is an error, not a cost", "[shapes]") {
  CHECK_THAT(infer_one({17, "Reshape", {Shape{{1}}, Ints{std::vector<int64_t>(100, 1)}}}), Contains("at most 64"));
  CHECK_THAT(infer_one({17, "ConstantOfShape", {Ints{std::vector<int64_t>(100, 1)}}}), Contains("at most 64"));
}
