// The operations and bytes that the providers count, against what the operators' definitions come to.
#include <catch2/catch.hpp>

#include "tests/support/node_trace.h"
#include "tests/support/run_operator.h"
#include "tests/support/temp_folder.h"

using namespace tenon::host;
using namespace tenon::test;

namespace {

template <typename T = float>
Tensor filled(std::vector<int64_t> shape, T value = T(1)) {
  const auto count = static_cast<size_t>(checked_element_count(shape).get().value());
  return make_tensor<T>(std::move(shape), std::vector<T>(count, value));
}

nlohmann::json counts_of(OperatorRun wanted, const std::string& provider) {
  const TempFolder folder;
  wanted.run.profile = folder.path() / "trace.json";
  const auto outputs = run_operator(wanted, provider);
  INFO(wanted.op << " on " << provider);
  REQUIRE(outputs.status().message() == "");
  return node_facts(wanted.run.profile, "out0_node");
}

void check_operations(const OperatorRun& wanted, uint64_t operations,
                      const std::vector<std::string>& providers = {"cpu_ref", "cpu_blas"}) {
  for (const std::string& provider : providers) {
    CAPTURE(wanted.op, provider);
    const nlohmann::json counts = counts_of(wanted, provider);
    REQUIRE(counts.contains("flops"));
    CHECK(counts.at("flops") == operations);
  }
}

void check_bytes(const OperatorRun& wanted, uint64_t bytes) {
  for (const char* provider : {"cpu_ref", "cpu_blas"}) {
    CAPTURE(wanted.op, provider);
    CHECK(counts_of(wanted, provider).at("bytes") == bytes);
  }
}

}  // namespace

TEST_CASE("products count 2 M N K operations for each matrix of the result", "[profile][providers]") {
  check_operations({"MatMul", 13, {filled({3, 4}), filled({4, 5})}}, 2 * 3 * 5 * 4);
  check_operations({"MatMul", 13, {filled({4}), filled({4})}}, 2 * 4);
  check_operations({"MatMul", 13, {filled({2, 1, 3, 4}), filled({6, 4, 5})}}, 2 * 3 * 5 * 4 * 12);
  check_operations({"MatMul", 13, {filled({7, 3, 4}), filled({4, 5})}}, 2 * 3 * 5 * 4 * 7);
  check_operations({"Gemm", 13, {filled({4, 3}), filled({5, 4})}, {int_attr("transA", 1), int_attr("transB", 1)}},
                   2 * 3 * 5 * 4);
}

TEST_CASE("integer products count as those of floats", "[profile][providers]") {
  check_operations({"MatMulInteger", 10, {filled<uint8_t>({2, 3, 4}), filled<int8_t>({4, 5})}}, 2 * 2 * 3 * 5 * 4,
                   {"cpu_ref"});
  check_operations({"ConvInteger", 10, {filled<uint8_t>({1, 8, 5, 5}), filled<uint8_t>({3, 8, 2, 2})}},
                   2 * 3 * 16 * 8 * 4, {"cpu_ref"});
  check_operations({"QLinearConv",
                    10,
                    {filled<uint8_t>({1, 2, 5, 5}), filled({}), filled<uint8_t>({}), filled<uint8_t>({3, 2, 2, 2}),
                     filled({}), filled<uint8_t>({}), filled({}), filled<uint8_t>({})}},
                   2 * 3 * 16 * 2 * 4, {"cpu_ref"});
}

TEST_CASE("convolutions count the products of all taps, also of those over the padding", "[profile][providers]") {
  const std::vector<Attribute> padded = {ints_attr("pads", {1, 1, 1, 1})};
  check_operations({"Conv", 11, {filled({2, 3, 5, 5}), filled({4, 3, 3, 3}), filled({4})}, padded},
                   2 * 2 * 4 * 25 * (3 * 9));
  check_operations({"Conv", 11, {filled({1, 4, 5, 5}), filled({6, 2, 3, 3})}, {int_attr("group", 2)}},
                   2 * 6 * 9 * (2 * 9));
  check_operations({"Conv", 11, {filled({1, 4, 5, 5}), filled({4, 1, 3, 3})}, {int_attr("group", 4)}}, 2 * 4 * 9 * 9);
  check_operations({"ConvTranspose", 11, {filled({2, 4, 3, 3}), filled({4, 3, 2, 2})}, {int_attr("group", 2)}},
                   2 * 2 * 4 * 9 * (3 * 4));
}

TEST_CASE("attention counts both of its products", "[profile][providers]") {
  check_operations({"Attention", 23, {filled({2, 3, 5, 8}), filled({2, 3, 7, 8}), filled({2, 3, 7, 4})}},
                   2 * 2 * 3 * 5 * 7 * (8 + 4));
}

TEST_CASE("recurrent operators count the products of each step that there is", "[profile][providers]") {
  constexpr int64_t kTime = 5, kBatch = 2, kInputs = 3, kHidden = 4;
  const auto weights = [&](int64_t gates) {
    return std::vector<Tensor>{filled({kTime, kBatch, kInputs}), filled({1, gates * kHidden, kInputs}),
                               filled({1, gates * kHidden, kHidden})};
  };
  const std::vector<Attribute> hidden = {int_attr("hidden_size", kHidden)};
  const int64_t of_gate = 2 * kTime * kBatch * kHidden * (kInputs + kHidden);
  check_operations({"RNN", 14, weights(1), hidden}, of_gate);
  check_operations({"GRU", 14, weights(3), hidden}, 3 * of_gate);
  check_operations({"LSTM", 14, weights(4), hidden}, 4 * of_gate);
  std::vector<Tensor> short_ones = weights(4);
  short_ones.emplace_back();
  short_ones.push_back(make_tensor<int32_t>({kBatch}, {1, 2}));
  check_operations({"LSTM", 14, short_ones, hidden}, 4 * of_gate * 3 / (kTime * kBatch));
}

TEST_CASE("functions of floats count one operation an element, those of integers none", "[profile][providers]") {
  check_operations({"Relu", 14, {filled({2, 3})}}, 6);
  check_operations({"Add", 14, {filled({2, 3}), filled({4, 1, 1})}}, 24);
  CHECK_FALSE(counts_of({"Add", 14, {filled<int32_t>({2, 3}), filled<int32_t>({3})}}, "cpu_ref").contains("flops"));
}

TEST_CASE("what picks a part of its input counts what it picks, not all", "[profile][providers]") {
  const Tensor table = filled({100, 8});
  check_bytes({"Gather", 13, {table, make_tensor<int64_t>({3}, {5, 0, 99})}}, 2 * 3 * 8 * 4 + 3 * 8);
  const auto at = [](int64_t i) { return make_tensor<int64_t>({1}, {i}); };
  check_bytes({"Slice", 13, {table, at(5), at(9), at(0)}}, 2 * 4 * 8 * 4);
  check_bytes({"Shape", 15, {table}, {}, 1, true}, 2 * 8);  // of a known shape it would be folded
}
