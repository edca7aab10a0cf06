// What GroupQueryAttention and RotaryEmbedding refuse, and shapes at the edge of what they take. Their values are
// compared with onnxruntime's by tests/conformance.
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <map>

#include "tests/support/run_operator.h"

using Catch::Matchers::Contains;
using namespace tenon;
using namespace tenon::test;

namespace {

host::Tensor floats(std::vector<int64_t> shape, float value = 0.5f) {
  size_t count = 1;
  for (int64_t d : shape) count *= static_cast<size_t>(d);
  return make_tensor<float>(std::move(shape), std::vector<float>(count, value));
}

host::Tensor int32s(const std::vector<int32_t>& values) {
  return make_tensor<int32_t>({static_cast<int64_t>(values.size())}, values);
}

constexpr size_t kQuery = 0, kKey = 1, kValue = 2, kPastKey = 3, kPastValue = 4, kLengths = 5, kTotal = 6, kCosines = 7;
constexpr size_t kSines = 8, kPositions = 9, kBias = 10, kSink = 11, kKeyScale = 12, kAdded = 16;

/// A decode of one token for two sequences of 4 and 3 tokens: 4 heads of 8, 2 of keys, 3 rows of past.
struct GroupQuery {
  std::map<size_t, host::Tensor> inputs = {{kQuery, floats({2, 1, 32})},
                                           {kKey, floats({2, 1, 16})},
                                           {kValue, floats({2, 1, 16})},
                                           {kPastKey, floats({2, 2, 3, 8})},
                                           {kPastValue, floats({2, 2, 3, 8})},
                                           {kLengths, int32s({3, 2})},
                                           {kTotal, int32s({4})},
                                           {kCosines, floats({6, 4})},
                                           {kSines, floats({6, 4})}};
  std::vector<host::Attribute> attributes = {int_attr("num_heads", 4), int_attr("kv_num_heads", 2),
                                             int_attr("do_rotary", 1)};
  size_t output_count = 3;
  std::vector<host::BoundOutput> bound = {};

  GroupQuery with(size_t input, host::Tensor tensor) const {
    GroupQuery changed = *this;
    changed.inputs[input] = std::move(tensor);
    return changed;
  }
  GroupQuery without(size_t input) const {
    GroupQuery changed = *this;
    changed.inputs.erase(input);
    return changed;
  }
  GroupQuery with(host::Attribute attribute) const {
    GroupQuery changed = *this;
    changed.attributes.push_back(std::move(attribute));
    return changed;
  }
  host::Result<std::vector<host::Tensor>> run() const {
    OperatorRun wanted{"com.microsoft:GroupQueryAttention", 18, {}, attributes, output_count, true, {}};
    wanted.run.bound = bound;
    wanted.inputs.resize(inputs.rbegin()->first + 1);
    for (const auto& [i, tensor] : inputs) wanted.inputs[i] = tensor;
    return run_operator(wanted);
  }
  std::string error() const {
    const auto outputs = run();
    return outputs.is_ok() ? "no error" : outputs.status().message();
  }
};

std::string rotary_error(std::vector<host::Tensor> inputs, std::vector<host::Attribute> attributes = {}) {
  const auto outputs =
      run_operator({"com.microsoft:RotaryEmbedding", 18, std::move(inputs), std::move(attributes), 1, true});
  return outputs.is_ok() ? "no error" : outputs.status().message();
}

host::Tensor int64s(std::vector<int64_t> shape, const std::vector<int64_t>& values) {
  return make_tensor<int64_t>(std::move(shape), values);
}

}  // namespace

TEST_CASE("a score that is NaN makes the weights NaN, not 0", "[cpu_ref]") {
  const auto q = floats({1, 1, 1, 2}), v = floats({1, 1, 1, 2});
  const auto k = floats({1, 1, 1, 2}, std::numeric_limits<float>::quiet_NaN());
  for (const char* provider : {"cpu_ref", "cpu_blas"}) {
    const auto outputs = run_operator({"Attention", 23, {q, k, v}}, provider);
    REQUIRE(outputs.is_ok());
    for (const float y : outputs->front().span<float>()) CHECK(std::isnan(y));
  }
}

TEST_CASE("GroupQueryAttention smooths its softmax only where the attribute is 1", "[cpu_ref]") {
  const auto first = [](const GroupQuery& query) {
    const auto results = query.run();
    REQUIRE(results.is_ok());
    return (*results)[0].span<float>()[0];
  };
  // All values are the same, so whatever the weights are, their mean is that value when they add up to 1.
  const float plain = first(GroupQuery());
  CHECK(plain == Approx(0.5f));
  for (const int64_t off : {-1, 0}) CHECK(first(GroupQuery().with(int_attr("smooth_softmax", off))) == plain);
  CHECK(first(GroupQuery().with(int_attr("smooth_softmax", 1))) < 0.99f * plain);
}

TEST_CASE("GroupQueryAttention appends new tokens where each sequence ends", "[cpu_ref]") {
  const auto outputs = GroupQuery().run();
  INFO(outputs.status().message());
  REQUIRE(outputs.is_ok());
  CHECK(outputs->at(0).shape() == std::vector<int64_t>{2, 1, 32});
  REQUIRE(outputs->at(2).shape() == std::vector<int64_t>{2, 2, 4, 8});
  const auto values = outputs->at(2).span<float>();
  CHECK(values[3 * 8] == 0.5f);           // sequence 0: 3 rows of past, then the new one
  CHECK(values[2 * 4 * 8 + 3 * 8] == 0);  // sequence 1: 2 rows of past, the new one, nothing
}

TEST_CASE("GroupQueryAttention adds rows to a cache that is past and present at once, and gives the same",
          "[cpu_ref]") {
  GroupQuery query;
  query.inputs[kPastKey] = floats({2, 2, 6, 8}, 0.25f);
  query.inputs[kPastValue] = floats({2, 2, 6, 8}, 0.75f);
  const auto apart = query.run();
  REQUIRE(apart.is_ok());
  query.bound = {{"out1", query.inputs[kPastKey]}, {"out2", query.inputs[kPastValue]}};
  const auto together = query.run();
  REQUIRE(together.is_ok());
  const auto y = (*apart)[0].span<float>();
  CHECK(std::equal(y.begin(), y.end(), (*together)[0].span<float>().begin()));
  constexpr int64_t kRows[] = {4, 3};  // of tokens, in each sequence
  for (size_t i = 1; i < 3; ++i)
    for (int64_t head = 0; head < 4; ++head) {
      const float* a = (*apart)[i].span<float>().data() + head * 6 * 8;
      CHECK(std::equal(a, a + kRows[head / 2] * 8, (*together)[i].span<float>().data() + head * 6 * 8));
    }
  // Only the new rows were written: a copy of the whole would have cleared those behind the tokens.
  CHECK((*together)[1].span<float>()[5 * 8] == 0.25f);
  CHECK((*together)[2].span<float>()[5 * 8] == 0.75f);
  CHECK((*together)[1].data() == query.inputs[kPastKey].data());
  CHECK((*together)[2].data() == query.inputs[kPastValue].data());
}

TEST_CASE("GroupQueryAttention names the node and the operator in its errors", "[cpu_ref]") {
  CHECK_THAT(GroupQuery().with(kLengths, int32s({3, -1})).error(), Contains("out0_node") &&
                                                                       Contains("GroupQueryAttention") &&
                                                                       Contains("seqlens_k[1] is -1, expected 0 to 3"));
}

TEST_CASE("GroupQueryAttention refuses tokens that do not fit its heads", "[cpu_ref]") {
  const GroupQuery base;
  CHECK_THAT(base.with(kQuery, floats({2, 32})).error(), Contains("query has rank 2, expected 3"));
  CHECK_THAT(base.with(kQuery, floats({2, 1, 30})).error(), Contains("last dimension of query is 30"));
  CHECK_THAT(base.with(kQuery, floats({2, 1, 0})).error(), Contains("last dimension of query is 0"));
  CHECK_THAT(base.with(kKey, floats({2, 1, 32})).error(), Contains("key has shape 2x1x32, expected 2x1x16"));
  CHECK_THAT(base.with(kValue, floats({2, 2, 16})).error(), Contains("value has shape 2x2x16, expected 2x1x16"));
  CHECK_THAT(base.without(kValue).error(), Contains("key and value"));
  CHECK_THAT(base.without(kKey).error(), Contains("key and value"));
  CHECK_THAT(base.without(kKey).without(kValue).error(),
             Contains("query, key and value heads") || Contains("past_key"));
}

TEST_CASE("GroupQueryAttention refuses caches that do not fit", "[cpu_ref]") {
  const GroupQuery base;
  CHECK_THAT(base.with(kPastKey, floats({2, 2, 3, 4})).error(),
             Contains("past_key has shape 2x2x3x4, expected 2x2x3x8"));
  CHECK_THAT(base.with(kPastKey, floats({2, 3, 8})).error(), Contains("past_key"));
  CHECK_THAT(base.with(kPastValue, floats({2, 2, 2, 8})).error(), Contains("past_value has shape 2x2x2x8"));
  CHECK_THAT(base.without(kPastValue).error(), Contains("past_key and past_value"));
  CHECK_THAT(base.without(kPastKey).without(kPastValue).error(), Contains("total_sequence_length is 4, expected 1"));
  const auto quantized = tensor_of_bytes(TN_UINT8, {2, 2, 3, 8}, std::vector<uint8_t>(96));
  CHECK_THAT(base.with(kPastKey, quantized).with(kPastValue, quantized).error(), Contains("quantized"));
}

TEST_CASE("GroupQueryAttention refuses lengths beyond its cache", "[cpu_ref]") {
  const GroupQuery base;
  for (int32_t total : {-1, 0, 5, 1 << 30})
    CHECK_THAT(base.with(kTotal, int32s({total})).error(),
               Contains("total_sequence_length is " + std::to_string(total)));
  CHECK_THAT(base.with(kTotal, int32s({4, 4})).error(), Contains("total_sequence_length has shape 2"));
  CHECK_THAT(base.with(kLengths, int32s({4, 2})).error(), Contains("seqlens_k[0] is 4, expected 0 to 3"));
  CHECK_THAT(base.with(kLengths, int32s({INT32_MIN, 2})).error(), Contains("expected 0 to 3"));
  CHECK_THAT(base.with(kLengths, int32s({3})).error(), Contains("seqlens_k has shape 1, expected 2"));
  CHECK_THAT(base.with(kAdded, int32s({2, 1})).error(), Contains("query_seqlens[0] is 2, expected 0 to 1"));
  CHECK_THAT(base.with(kAdded, int32s({-1, 1})).error(), Contains("query_seqlens[0] is -1"));
  CHECK_THAT(base.with(kAdded, int32s({0, 1})).error(), Contains("needs 4 rows of the past, but past_key has 3"));
}

TEST_CASE("GroupQueryAttention refuses positions without a row of the caches", "[cpu_ref]") {
  const GroupQuery base;
  CHECK_THAT(base.without(kSines).error(), Contains("sin_cache"));
  CHECK_THAT(base.with(kCosines, floats({6, 5})).error(), Contains("cos_cache has shape 6x5"));
  CHECK_THAT(base.with(kSines, floats({6, 3})).error(), Contains("6x4 and 6x3"));
  CHECK_THAT(base.with(kCosines, floats({3, 4})).with(kSines, floats({3, 4})).error(),
             Contains("token 0 of batch entry 0 is at position 3, but cos_cache has 3 rows"));
  CHECK_THAT(base.with(kPositions, int64s({2, 1}, {0, INT64_MAX})).error(),
             Contains("is at position 9223372036854775807"));
  CHECK_THAT(base.with(kPositions, int64s({2, 1}, {-1, 0})).error(), Contains("is at position -1"));
  CHECK_THAT(base.with(kPositions, int64s({1, 2}, {0, 1})).error(),
             Contains("position_ids has shape 1x2, expected 2x1"));
}

TEST_CASE("GroupQueryAttention refuses biases, sinks and outputs that do not fit", "[cpu_ref]") {
  const GroupQuery base;
  CHECK_THAT(base.with(kBias, floats({2, 4, 1, 3})).error(), Contains("attention_bias has shape 2x4x1x3"));
  CHECK_THAT(base.with(kBias, floats({2, 2, 1, 4})).error(), Contains("attention_bias has shape 2x2x1x4"));
  CHECK_THAT(base.with(kSink, floats({2})).error(), Contains("head_sink has shape 2, expected 4"));
  GroupQuery scores = base;
  scores.output_count = 4;
  CHECK_THAT(scores.error(), Contains("qk_output is 0"));
}

TEST_CASE("GroupQueryAttention leaves what it has no kernel for to other providers", "[cpu_ref]") {
  const GroupQuery base;
  CHECK_THAT(base.with(int_attr("sliding_window_cache", 1)).error(), Contains("sliding_window_cache"));
  CHECK_THAT(base.with(int_attr("kv_cache_bit_width", 8)).error(), Contains("quantized"));
  CHECK_THAT(base.with(kKeyScale, floats({1})).error(), Contains("input 12"));
  CHECK_THAT(base.with(int_attr("qk_output", 3)).error(), Contains("qk_output is 3"));
  CHECK_THAT(base.with(int_attr("causal", 0)).with(int_attr("local_window_size", 2)).error(),
             Contains("local_window_size is 2"));
}

TEST_CASE("GroupQueryAttention takes batches and sequences without entries", "[cpu_ref]") {
  const GroupQuery base;
  const auto no_batch = base.with(kQuery, floats({0, 1, 32}))
                            .with(kKey, floats({0, 1, 16}))
                            .with(kValue, floats({0, 1, 16}))
                            .with(kPastKey, floats({0, 2, 3, 8}))
                            .with(kPastValue, floats({0, 2, 3, 8}))
                            .with(kLengths, int32s({}))
                            .run();
  REQUIRE(no_batch.is_ok());
  CHECK(no_batch->at(1).shape() == std::vector<int64_t>{0, 2, 4, 8});
  const auto no_tokens = base.with(kQuery, floats({2, 0, 32}))
                             .with(kKey, floats({2, 0, 16}))
                             .with(kValue, floats({2, 0, 16}))
                             .with(kLengths, int32s({2, 1}))
                             .with(kTotal, int32s({3}))
                             .run();
  INFO(no_tokens.status().message());
  REQUIRE(no_tokens.is_ok());
  CHECK(no_tokens->at(1).shape() == std::vector<int64_t>{2, 2, 3, 8});
}

TEST_CASE("RotaryEmbedding refuses shapes and positions that do not fit", "[cpu_ref]") {
  const auto x = floats({2, 3, 16}), tables = floats({5, 4});
  const auto first = int64s({1}, {2});
  CHECK(rotary_error({x, first, tables, tables}) == "no error");
  CHECK_THAT(rotary_error({floats({2, 16}), first, tables, tables}), Contains("has shape 2x16"));
  CHECK_THAT(rotary_error({floats({2, 3, 12}), first, tables, tables}), Contains("last dimension of input is 12"));
  CHECK_THAT(rotary_error({x, first, floats({5, 0}), floats({5, 0})}), Contains("heads of 0 elements"));
  CHECK_THAT(rotary_error({x, first, tables, floats({5, 3})}), Contains("5x4 and 5x3"));
  CHECK_THAT(rotary_error({x, int64s({1}, {3}), tables, tables}),
             Contains("is at position 5, but cos_cache has 5 rows"));
  CHECK_THAT(rotary_error({x, int64s({1}, {INT64_MAX}), tables, tables}),
             Contains("is at position 9223372036854775807"));
  CHECK_THAT(rotary_error({x, int64s({1}, {-1}), tables, tables}), Contains("is at position -1"));
  CHECK_THAT(rotary_error({x, int64s({3, 2}, {0, 0, 0, 0, 0, 0}), tables, tables}),
             Contains("position_ids has shape 3x2"));
  CHECK_THAT(rotary_error({x, first, tables, tables}, {int_attr("rotary_embedding_dim", 8)}),
             Contains("num_heads is 0"));
  CHECK_THAT(rotary_error({x, first, tables, tables}, {int_attr("num_heads", 3)}), Contains("num_heads is 3"));
  CHECK_THAT(rotary_error({x, first, tables, tables}, {int_attr("is_packed_batching", 1)}),
             Contains("is_packed_batching"));
}

TEST_CASE("Attention refuses numbers of keys that there are not", "[cpu_ref]") {
  const host::Tensor none;
  const auto message = [&](int64_t length) {
    return run_operator({"Attention",
                         24,
                         {floats({1, 1, 2, 4}), floats({1, 1, 3, 4}), floats({1, 1, 3, 4}), none, none, none,
                          make_tensor<int64_t>({1}, {length})},
                         {int_attr("is_causal", 1)}})
        .status()
        .message();
  };
  CHECK(message(3).empty());
  CHECK(message(0).empty());
  for (const int64_t length : {int64_t{-1}, int64_t{4}, INT64_MIN, INT64_MAX})
    CHECK_THAT(message(length), Contains("nonpad_kv_seqlen holds " + std::to_string(length) + ", expected 0 to 3"));
}
