// Types and shapes of com.microsoft's operators over tokens.
#include <catch2/catch.hpp>

#include "host/graph/shape_inference.h"
#include "tests/support/graph_builder.h"

using namespace tenon::host;
using namespace tenon::test;

namespace {

/// An input; of no type: left out. -1: an unknown dimension.
struct Given {
  tn_dtype dtype = TN_UNDEFINED;
  std::vector<int64_t> dims = {};
};

/// The inferred outputs of a node, "float[2,?] float[3]", or the error's message.
std::string of(const std::string& op, const std::vector<Given>& inputs, std::vector<Attribute> attributes,
               size_t outputs = 1) {
  GraphBuilder b;
  std::vector<std::string> names, results;
  for (const Given& given : inputs) {
    names.push_back(given.dtype == TN_UNDEFINED ? "" : concat("i", names.size()));
    if (given.dtype != TN_UNDEFINED) b.input(names.back(), given.dtype, given.dims);
  }
  for (size_t i = 0; i < outputs; ++i) results.push_back(concat("o", i));
  b.node("com.microsoft:" + op, names, results, std::move(attributes));
  if (const auto s = b.graph().finish(); !s.is_ok()) return s.message();
  if (const auto s = resolve_schemas(b.model()); !s.is_ok()) return s.message();
  if (const auto s = infer_shapes(b.model()); !s.is_ok()) return s.message();
  std::string text;
  for (const std::string& name : results) text += (text.empty() ? "" : " ") + describe(b.value(name)->type);
  return text;
}

}  // namespace

TEST_CASE("GatedDeltaNet has a result for each value head, and a state for each sequence", "[tokens]") {
  const std::vector<Attribute> linear = {string_attr("update_rule", "linear")};
  CHECK(of("GatedDeltaNet",
           {{TN_FLOAT16, {9, 2, 3}}, {TN_FLOAT16, {9, 2, 3}}, {TN_FLOAT16, {9, 4, 5}}, {TN_INT32, {4}}}, linear,
           2) == "float16[9,4,5] float[3,4,5,3]");
  CHECK(of("GatedDeltaNet", {{TN_FLOAT, {2, 7, 32}}, {}, {}, {}, {}, {}, {TN_FLOAT, {2, 4, 5, 3}}}, linear, 2) ==
        "float[2,7,4,5] float[2,4,5,3]");
}

TEST_CASE("the state of a causal convolution holds what its taps reach", "[tokens]") {
  const std::vector<Given> first = {{TN_FLOAT, {2, 3, 9}}, {TN_FLOAT, {3, 1, 4}}};
  CHECK(of("CausalConvWithState", first, {int_attr("dilation", 2)}, 2) == "float[2,3,9] float[2,3,6]");
  CHECK(of("CausalConvWithState", {{TN_FLOAT, {2, 9, 3}}, {TN_FLOAT, {3, 1, 4}}}, {int_attr("channels_last", 1)}, 2) ==
        "float[2,9,3] float[2,3,3]");
  CHECK(of("VarlenCausalConvWithState",
           {{TN_FLOAT, {9, 3}}, {TN_FLOAT, {3, 1, 4}}, {TN_INT32, {3}}, {}, {TN_FLOAT, {2, 3, 3}}, {TN_INT32, {2}}},
           {int_attr("state_update_capacity", 5)}, 3) == "float[9,3] float[2,3,3] float[2,5,3]");
}

TEST_CASE("n-grams have a hash for each head, and as many tokens before as they are long", "[tokens]") {
  const std::vector<Attribute> attributes = {int_attr("pad_id", 0), int_attr("n_head_per_ngram", 2),
                                             int_attr("max_ngram_size", 4)};
  CHECK(of("NGramHashMapping", {{TN_INT64, {2, -1}}, {TN_INT64, {4}}, {TN_INT64, {6}}}, attributes, 2) ==
        "int64[2,?,6] int64[2,3]");
  CHECK(of("VarlenNGramHashMapping", {{TN_INT32, {9}}, {TN_INT32, {4}}, {TN_INT32, {6}}, {TN_INT32, {4}}}, attributes,
           2) == "int32[9,6] int32[3,3]");
}

TEST_CASE("streams are reduced to one, side by side or not", "[tokens]") {
  CHECK(of("HyperConnectionPreMix", {{TN_FLOAT, {2, -1, 3, 4}}, {TN_FLOAT, {2, -1, 3}}}, {}) == "float[2,?,4]");
  CHECK(of("HyperConnectionPreMix", {{TN_FLOAT, {2, 12}}, {TN_FLOAT, {2, 3}}}, {int_attr("num_branches", 3)}) ==
        "float[2,4]");
}

TEST_CASE("LinearAttention of com.microsoft may have more key heads than query heads", "[tokens]") {
  const std::vector<Given> inputs = {{TN_FLOAT, {1, 2, 4}}, {TN_FLOAT, {1, 2, 8}}, {TN_FLOAT, {1, 2, 12}}};
  CHECK(of("LinearAttention", inputs, {int_attr("q_num_heads", 2), int_attr("kv_num_heads", 4)}, 2) ==
        "float[1,2,12] float[1,4,2,3]");
}

TEST_CASE("a router has a row for each token, and a packed table the type that is asked for", "[tokens]") {
  CHECK(of("MoEGroupRouter", {{TN_FLOAT16, {2, 3, 8}}, {TN_FLOAT, {8}}}, {int_attr("top_k", 2)}) == "float16[6,8]");
  CHECK(of("GatherPacked", {{TN_UINT8, {5, 18}}, {TN_INT64, {2, 3}}},
           {int_attr("packed_type", 2), int_attr("K", 32)}) == "bfloat16[2,3,32]");
}

TEST_CASE("experimental operators of the first opsets are withdrawn with opset 10", "[tokens]") {
  for (const int64_t opset : {9, 10}) {
    GraphBuilder b(opset);
    b.input("x", TN_FLOAT, {2, 3});
    b.node("Affine", {"x"}, {"y"});
    REQUIRE(b.graph().finish().is_ok());
    CHECK(resolve_schemas(b.model()).is_ok() == (opset == 9));
  }
}
