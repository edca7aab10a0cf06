#include <catch2/catch.hpp>

#include "tests/host/graph/shape_rules/infer_one.h"

using Catch::Matchers::Contains;
using namespace tenon::host;
using namespace tenon::test;

TEST_CASE("element-wise operators broadcast from the right", "[shapes]") {
  CHECK(infer_one({17, "Add", {Shape{{4, 1, 3}}, Shape{{2, 1}}}}) == "[4,2,3]");
  CHECK(infer_one({17, "Mul", {Shape{{}}, Shape{{2}}}}) == "[2]");
  CHECK(infer_one({17, "Add", {Shape{{-1, 1}}, Shape{{5, -1}}}}) == "[5,?]");
  CHECK(infer_one({17, "Add", {Symbols{{{-1, "n"}}}, Symbols{{{-1, "n"}}}}}) == "[n]");
  CHECK(infer_one({17, "Add", {Symbols{{{-1, "n"}}}, Symbols{{{-1, "m"}}}}}) == "[?]");
  CHECK(infer_one({17, "Sum", {Shape{{3}}, Shape{{2, 1}}, Shape{{1, 1, 1}}}}) == "[1,2,3]");
  CHECK(infer_one({17, "Add", {Shape{{0, 2}}, Shape{{1, 2}}}}) == "[0,2]");
  CHECK_THAT(infer_one({17, "Add", {Shape{{2, 3}}, Shape{{2, 4}}}}),
             Contains("input B has shape [2,4], which does not broadcast with [2,3]"));
}

TEST_CASE("before opset 7 the second operand is fitted to the first", "[shapes]") {
  CHECK(infer_one({6, "Add", {Shape{{2, 3, 4}}, Shape{{3}}}, {int_attr("broadcast", 1), int_attr("axis", 1)}}) ==
        "[2,3,4]");
}

TEST_CASE("matrix products", "[shapes]") {
  CHECK(infer_one({17, "MatMul", {Shape{{2, 3}}, Shape{{3, 4}}}}) == "[2,4]");
  CHECK(infer_one({17, "MatMul", {Shape{{5, 1, 2, 3}}, Shape{{6, 3, 4}}}}) == "[5,6,2,4]");
  CHECK(infer_one({17, "MatMul", {Shape{{3}}, Shape{{7, 3, 4}}}}) == "[7,4]");
  CHECK(infer_one({17, "MatMul", {Shape{{3}}, Shape{{3}}}}) == "[]");
  CHECK_THAT(infer_one({17, "MatMul", {Shape{{2, 3}}, Shape{{4, 5}}}}),
             Contains("the columns of A (3) must be as many as the rows of B (4)"));
  CHECK(infer_one(
            {17, "Gemm", {Shape{{3, 2}}, Shape{{4, 3}}, Shape{{4}}}, {int_attr("transA", 1), int_attr("transB", 1)}}) ==
        "[2,4]");
  CHECK_THAT(infer_one({17, "Gemm", {Shape{{3, 2}}, Shape{{4, 3}}}}),
             Contains("the columns of A (2) must be as many as the rows of B (4)"));
  CHECK_THAT(infer_one({17, "Gemm", {Shape{{2, 3}}, Shape{{3, 4}}, Shape{{3}}}}),
             Contains("input C has shape 3, which does not broadcast to 2x4"));
  CHECK_THAT(infer_one({17, "Gemm", {Shape{{2, 3, 1}}, Shape{{3, 4}}}}), Contains("rank 3, expected 2: A is M x K"));
  CHECK(infer_one({17, "com.microsoft:FusedMatMul", {Shape{{2, 3}}, Shape{{4, 3}}}, {int_attr("transB", 1)}}) ==
        "[2,4]");
  CHECK(infer_one({17,
                   "com.microsoft:FusedMatMul",
                   {Shape{{5, 7, 3}}, Shape{{4, 7, 5}}},
                   {int_attr("transBatchA", 1), int_attr("transA", 1), int_attr("transBatchB", 1),
                    int_attr("transB", 1)}}) == "[7,3,4]");
}

TEST_CASE("reductions take axes as attribute or input", "[shapes]") {
  CHECK(infer_one({13, "ReduceMean", {Shape{{2, 3, 4}}}, {ints_attr("axes", {1, -1}), int_attr("keepdims", 0)}}) ==
        "[2]");
  CHECK(infer_one({18, "ReduceMean", {Shape{{2, 3, 4}}, Ints{{0}}}}) == "[1,3,4]");
  CHECK(infer_one({13, "ReduceSum", {Shape{{2, 3}}}}) == "[1,1]");
  CHECK(infer_one({13, "ReduceSum", {Shape{{2, 3}}}, {int_attr("noop_with_empty_axes", 1)}}) == "[2,3]");
  CHECK(infer_one({13, "ArgMax", {Shape{{2, 3}}}, {int_attr("axis", 1), int_attr("keepdims", 0)}}) == "[2]");
  CHECK_THAT(infer_one({13, "ReduceMean", {Shape{{2, 3}}}, {ints_attr("axes", {2})}}),
             Contains("axis is 2, expected -2 to 1"));
}

TEST_CASE("normalizations keep the shape and check their parameters", "[shapes]") {
  CHECK(infer_one({17, "LayerNormalization", {Shape{{2, 3, 8}}, Shape{{8}}, Shape{{8}}}, {}, 3}) ==
        "[2,3,8] [2,3,1] [2,3,1]");
  CHECK_THAT(infer_one({17, "LayerNormalization", {Shape{{2, 3, 8}}, Shape{{7}}}}),
             Contains("input Scale has shape [7]"));
  const Shape five{{5}};
  CHECK(infer_one({15, "BatchNormalization", {Shape{{1, 5, 2, 2}}, five, five, five, five}}) == "[1,5,2,2]");
  CHECK_THAT(infer_one({15, "BatchNormalization", {Shape{{1, 4, 2, 2}}, five, five, five, five}}),
             Contains("input scale has 5 elements, expected 4"));
  CHECK(infer_one({17, "Softmax", {Shape{{2, 3}}}}) == "[2,3]");
  CHECK_THAT(infer_one({13, "Softmax", {Shape{{2, 3}}}, {int_attr("axis", 2)}}), Contains("axis is 2"));
}

TEST_CASE("shapes from constants and shapes of tensors", "[shapes]") {
  CHECK(infer_one({17, "Shape", {Shape{{2, -1, 4}}}, {int_attr("start", 1)}}) == "[2]");
  CHECK(infer_one({17, "ConstantOfShape", {Ints{{2, 3}}}}) == "[2,3]");
  CHECK_THAT(infer_one({17, "ConstantOfShape", {Ints{{2, -3}}}}), Contains("has -3, expected 0 or more"));
  CHECK(infer_one({17, "RandomNormal", {}, {ints_attr("shape", {2, 2})}}) == "[2,2]");
}

TEST_CASE("quantized products and attention of language models", "[shapes]") {
  GraphBuilder b(18);
  b.symbolic_input("x", TN_FLOAT, {{-1, "batch"}, {-1, "length"}, {64, ""}});
  b.input("qw", TN_UINT8, {96, 2, 16});
  b.input("scales", TN_FLOAT, {96, 2});
  b.node("com.microsoft:MatMulNBits", {"x", "qw", "scales"}, {"qkv"},
         {int_attr("N", 96), int_attr("K", 64), int_attr("block_size", 32)});
  b.symbolic_input("past_k", TN_FLOAT, {{-1, "batch"}, {2, ""}, {-1, "past"}, {16, ""}});
  b.symbolic_input("past_v", TN_FLOAT, {{-1, "batch"}, {2, ""}, {-1, "past"}, {16, ""}});
  b.input("seqlens", TN_INT32, {-1});
  b.input("total", TN_INT32, {1});
  b.node("com.microsoft:GroupQueryAttention", {"qkv", "", "", "past_k", "past_v", "seqlens", "total"},
         {"attended", "k", "v"}, {int_attr("num_heads", 2), int_attr("kv_num_heads", 2)});
  b.constant<float>("gamma", {32}, std::vector<float>(32));
  b.node("com.microsoft:SkipSimplifiedLayerNormalization", {"attended", "attended", "gamma"}, {"y", "", "", "sum"});
  auto model = b.build();
  REQUIRE(infer_shapes(*model).is_ok());
  const auto type_of = [&](const char* name) { return describe(model->graph->find_value(name)->type); };
  CHECK(type_of("qkv") == "float[batch,length,96]");
  CHECK(type_of("attended") == "float[batch,length,32]");
  CHECK(type_of("k") == "float[batch,2,?,16]");
  CHECK(type_of("sum") == "float[batch,length,32]");
}
