// What the operators of com.microsoft for sequences of tokens do where onnxruntime gives nothing to compare with, and
// what they refuse. Their values are compared with onnxruntime's by tests/conformance.
#include <catch2/catch.hpp>
#include <numeric>

#include "tests/support/run_operator.h"

using Catch::Matchers::Contains;
using namespace tenon;
using namespace tenon::test;

namespace {

/// Numbers that differ: the i-th is a fraction of a multiple of i.
host::Tensor numbers(std::vector<int64_t> shape, int64_t first = 0) {
  const int64_t count = std::accumulate(shape.begin(), shape.end(), int64_t{1}, std::multiplies<>());
  std::vector<float> values;
  for (int64_t i = 0; i < count; ++i) values.push_back(static_cast<float>((first + i) * 37 % 23 - 11) / 8);
  return make_tensor<float>(std::move(shape), std::move(values));
}

host::Tensor int32s(std::vector<int64_t> shape, std::vector<int32_t> values) {
  return make_tensor<int32_t>(std::move(shape), std::move(values));
}

host::Tensor int64s(std::vector<int64_t> values) {
  const auto count = static_cast<int64_t>(values.size());
  return make_tensor<int64_t>({count}, std::move(values));
}

std::string error_of(const std::string& op, std::vector<host::Tensor> inputs, std::vector<host::Attribute> attributes,
                     size_t outputs = 1) {
  const auto result =
      run_operator({"com.microsoft:" + op, 18, std::move(inputs), std::move(attributes), outputs, true});
  return result.is_ok() ? "no error" : result.status().message();
}

/// The part of sequence `b` of a tensor of two.
host::Tensor half(const host::Tensor& both, int64_t b) {
  std::vector<int64_t> shape = both.shape();
  shape[0] = 1;
  const std::span<const float> all = both.span<float>();
  const size_t size = all.size() / 2;
  return make_tensor<float>(
      shape, {all.begin() + b * static_cast<int64_t>(size), all.begin() + (b + 1) * static_cast<int64_t>(size)});
}

/// SparseAttention of one new token of each sequence, of one head of size 4 and blocks of two tokens.
struct Sparse {
  std::vector<host::Tensor> inputs = {numbers({2, 1, 4}),
                                      numbers({2, 1, 4}, 5),
                                      numbers({2, 1, 4}, 9),
                                      numbers({2, 1, 8, 4}, 3),
                                      numbers({2, 1, 8, 4}, 8),
                                      int32s({1, 5}, {0, 1, 3, 5, 7}),
                                      int32s({1, 7}, {0, 0, 1, 1, 2, 0, 3}),
                                      int32s({}, {7}),
                                      int32s({2}, {7, 4})};
  std::vector<host::Attribute> attributes = {int_attr("num_heads", 1), int_attr("kv_num_heads", 1),
                                             int_attr("sparse_block_size", 2)};

  OperatorRun run() const { return {"com.microsoft:SparseAttention", 18, inputs, attributes, 3, true}; }
  std::string error_with(size_t i, host::Tensor tensor) const {
    Sparse changed = *this;
    changed.inputs[i] = std::move(tensor);
    const auto outputs = run_operator(changed.run());
    return outputs.is_ok() ? "no error" : outputs.status().message();
  }
};

}  // namespace

TEST_CASE("SparseAttention gives sequences of different lengths what each gets alone", "[cpu_ref]") {
  const Sparse both;
  const auto together = run_operator(both.run());
  REQUIRE(together.is_ok());
  for (const int64_t b : {0, 1}) {
    Sparse alone = both;
    for (const size_t i : {0, 1, 2, 3, 4}) alone.inputs[i] = half(both.inputs[i], b);
    alone.inputs[7] = int32s({}, {b == 0 ? 7 : 4});
    alone.inputs[8] = int32s({1}, {b == 0 ? 7 : 4});
    const auto single = run_operator(alone.run());
    REQUIRE(single.is_ok());
    for (const size_t i : {0, 1, 2}) {
      const host::Tensor part = half((*together)[i], b);
      CHECK(std::equal(part.span<float>().begin(), part.span<float>().end(), (*single)[i].span<float>().begin()));
    }
  }
}

TEST_CASE("SparseAttention refuses layouts and lengths beyond its inputs", "[cpu_ref]") {
  const Sparse base;
  CHECK_THAT(base.error_with(5, int32s({1, 5}, {0, 1, 3, 5, 8})), Contains("from 5 to 8") && Contains("at most 7"));
  CHECK_THAT(base.error_with(5, int32s({1, 5}, {0, 2, 1, 5, 7})), Contains("from 2 to 1"));
  CHECK_THAT(base.error_with(5, int32s({1, 3}, {0, 1, 3})), Contains("2 blocks"));
  CHECK_THAT(base.error_with(6, int32s({1, 7}, {0, 0, 1, 1, 4, 0, 3})), Contains("has 4") && Contains("0 to 3"));
  CHECK_THAT(base.error_with(7, int32s({}, {9})), Contains("total_sequence_length is 9") && Contains("8 rows"));
  CHECK_THAT(base.error_with(8, int32s({2}, {7, 8})), Contains("is 8, expected 1 to 7"));
}

TEST_CASE("sequences that lie one behind the other must cover the tokens", "[cpu_ref]") {
  const auto conv = [](std::vector<int32_t> starts) {
    const int64_t count = static_cast<int64_t>(starts.size());
    return error_of(
        "VarlenCausalConvWithState",
        {numbers({5, 2}), numbers({2, 1, 2}), int32s({count}, std::move(starts)), {}, numbers({count - 1, 2, 1})}, {},
        2);
  };
  CHECK(conv({0, 2, 5}) == "no error");
  CHECK_THAT(conv({0, 2, 4}), Contains("ends with 4, expected the number of tokens, 5"));
  CHECK_THAT(conv({1, 5}), Contains("has 1 at place 0, expected 0"));
  CHECK_THAT(conv({0, 3, 2, 5}), Contains("has 2 at place 2"));
}

TEST_CASE("NGramHashMapping takes hashes modulo positive vocabularies alone", "[cpu_ref]") {
  const auto hash = [](std::vector<int64_t> vocabularies, int64_t pad = 0) {
    return error_of("NGramHashMapping",
                    {make_tensor<int64_t>({1, 3}, {1, 2, 3}), int64s({3, 5}), int64s(std::move(vocabularies))},
                    {int_attr("pad_id", pad), int_attr("n_head_per_ngram", 1), int_attr("max_ngram_size", 2)}, 2);
  };
  CHECK(hash({7}, INT64_MAX) == "no error");
  CHECK_THAT(hash({0}), Contains("vocab_sizes has 0 at place 0"));
  CHECK_THAT(hash({7, 7}), Contains("expected 1"));
}

TEST_CASE("GatedDeltaNet says which inputs its attributes ask for", "[cpu_ref]") {
  const std::vector<host::Tensor> inputs = {numbers({3, 2, 4}), numbers({3, 2, 4}), numbers({3, 2, 5}),
                                            int32s({2}, {0, 3}), numbers({3, 2})};
  CHECK(error_of("GatedDeltaNet", inputs, {string_attr("update_rule", "gated")}) == "no error");
  CHECK_THAT(error_of("GatedDeltaNet", inputs, {}), Contains("input beta is left out") && Contains("update_rule"));
  CHECK_THAT(error_of("GatedDeltaNet", inputs, {string_attr("update_rule", "linear")}),
             Contains("input decay is given"));
  CHECK_THAT(error_of("GatedDeltaNet", inputs,
                      {string_attr("update_rule", "gated"), string_attr("gate_activation", "softplus")}),
             Contains("input a_log is left out"));
}

TEST_CASE("an LSTM that attends refuses lengths of memory that it has not", "[cpu_ref]") {
  const auto attend = [](int32_t length) {
    return error_of("AttnLSTM",
                    {numbers({2, 1, 3}),
                     numbers({1, 8, 5}),
                     numbers({1, 8, 2}),
                     {},
                     {},
                     {},
                     {},
                     {},
                     numbers({1, 2, 4}),
                     numbers({1, 2, 4}),
                     numbers({1, 4}),
                     numbers({1, 6, 2}),
                     int32s({1}, {length})},
                    {int_attr("hidden_size", 2)});
  };
  CHECK(attend(6) == "no error");
  CHECK_THAT(attend(0), Contains("has 0 steps of memory, expected 1 to 6"));
  CHECK_THAT(attend(7), Contains("has 7 steps of memory"));
}

TEST_CASE("WordConvEmbedding gives zeros for words that begin with none of their characters", "[cpu_ref]") {
  const auto embed = [](std::vector<int32_t> word) {
    return first_output<float>(
        {"com.microsoft:WordConvEmbedding",
         18,
         {int32s({1, 3}, std::move(word)), numbers({2, 1, 2, 4}, 1), numbers({2}), numbers({5, 4})}});
  };
  CHECK(embed({0, 0, 0}) == std::vector<float>{0, 0});
  CHECK(embed({0, 3, 4}) == std::vector<float>{0, 0});
  CHECK(embed({3, 4, 0}) != std::vector<float>{0, 0});
}

TEST_CASE("GatherPacked refuses formats and widths that there are not", "[cpu_ref]") {
  const auto gather = [](int64_t format, int64_t width) {
    return error_of("GatherPacked", {make_tensor<uint8_t>({1, 18}, std::vector<uint8_t>(18)), int64s({0})},
                    {int_attr("packed_type", format), int_attr("K", width)});
  };
  CHECK(gather(2, 32) == "no error");
  CHECK_THAT(gather(3, 32), Contains("packed_type is 3"));
  CHECK_THAT(gather(2, 33), Contains("K is 33") && Contains("multiple of 32"));
  CHECK_THAT(gather(2, 64), Contains("rows of 36 bytes"));
}
