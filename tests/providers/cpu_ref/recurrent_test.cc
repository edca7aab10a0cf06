// RNN, GRU and LSTM: sequences of several lengths, and what they refuse. Values of whole sequences are the node tests'.
#include <catch2/catch.hpp>
#include <cmath>

#include "tests/support/run_operator.h"

using Catch::Matchers::Contains;
using namespace tenon;
using namespace tenon::test;

namespace {

/// The states after the first of two steps of a DynamicQuantizeLSTM, the second of which no sequence has.
std::vector<float> after_first_step(float first, float second) {
  const auto weights = [](uint8_t value) { return make_tensor<uint8_t>({1, 1, 4}, std::vector<uint8_t>(4, value)); };
  const auto scale = make_tensor<float>({1}, {0.25f});
  const auto zero = make_tensor<uint8_t>({1}, {2});
  return first_output<float>({"com.microsoft:DynamicQuantizeLSTM",
                              18,
                              {make_tensor<float>({2, 1, 1}, {first, second}),
                               weights(5),
                               weights(3),
                               {},
                               make_tensor<int32_t>({1}, {1}),
                               {},
                               {},
                               {},
                               scale,
                               zero,
                               scale,
                               zero},
                              {int_attr("hidden_size", 1)}});
}

host::Tensor none() {
  return {};
}

std::vector<float> ones(size_t count) {
  return std::vector<float>(count, 1);
}

/// An RNN of one input and one hidden unit, h = x + h, over two sequences of three times.
OperatorRun adding_rnn(std::vector<host::Attribute> attributes) {
  attributes.push_back(int_attr("hidden_size", 1));
  attributes.push_back({"activations", std::vector<std::string>{"Affine"}});
  OperatorRun run{"RNN",
                  14,
                  {make_tensor<float>({3, 2, 1}, {1, 10, 2, 20, 3, 30}), make_tensor<float>({1, 1, 1}, ones(1)),
                   make_tensor<float>({1, 1, 1}, ones(1)), none(), make_tensor<int32_t>({2}, {3, 2})},
                  std::move(attributes),
                  2,
                  false,
                  {}};
  return run;
}

std::string error_of(const OperatorRun& run) {
  const auto outputs = run_operator(run);
  return outputs.is_ok() ? "no error" : outputs.status().message();
}

std::vector<float> output_of(const OperatorRun& run, size_t i) {
  const auto outputs = run_operator(run);
  if (!outputs.is_ok()) throw std::runtime_error(outputs.status().message());
  return {(*outputs)[i].span<float>().begin(), (*outputs)[i].span<float>().end()};
}

}  // namespace

TEST_CASE("a sequence ends where its length says, and its last state stays", "[cpu_ref]") {
  CHECK(output_of(adding_rnn({}), 0) == std::vector<float>{1, 10, 3, 30, 6, 0});
  CHECK(output_of(adding_rnn({}), 1) == std::vector<float>{6, 30});
}

TEST_CASE("a reversed network begins at the end of each sequence", "[cpu_ref]") {
  const OperatorRun run = adding_rnn({string_attr("direction", "reverse")});
  CHECK(output_of(run, 0) == std::vector<float>{6, 30, 5, 20, 3, 0});
  CHECK(output_of(run, 1) == std::vector<float>{6, 30});
}

TEST_CASE("layout 1 puts the batch first", "[cpu_ref]") {
  OperatorRun run = adding_rnn({int_attr("layout", 1)});
  run.inputs[0] = make_tensor<float>({2, 3, 1}, {1, 2, 3, 10, 20, 30});
  CHECK(output_of(run, 0) == std::vector<float>{1, 3, 6, 10, 30, 0});
}

TEST_CASE("a threshold of 0 leaves an activation nothing, and none is below 0", "[cpu_ref]") {
  CHECK(output_of(adding_rnn({float_attr("clip", 0)}), 0) == std::vector<float>(6));
  CHECK_FALSE(run_operator(adding_rnn({float_attr("clip", -1)})).is_ok());
}

TEST_CASE("clip bounds what an activation gets", "[cpu_ref]") {
  CHECK(output_of(adding_rnn({float_attr("clip", 5)}), 0) == std::vector<float>{1, 5, 3, 5, 5, 0});
}

TEST_CASE("alpha and beta go to the functions that have them, in order", "[cpu_ref]") {
  OperatorRun run =
      adding_rnn({{"activation_alpha", std::vector<float>{2}}, {"activation_beta", std::vector<float>{1}}});
  CHECK(output_of(run, 1) == std::vector<float>{2 * (3 + 2 * (2 + 3) + 1) + 1, 2 * (20 + 21) + 1});
}

TEST_CASE("recurrent networks refuse what does not fit", "[cpu_ref]") {
  OperatorRun run = adding_rnn({});
  run.inputs[4] = make_tensor<int32_t>({2}, {4, 2});
  CHECK_THAT(error_of(run), Contains("sequence_lens has 4 for sequence 0, expected 0 to 3"));
  run = adding_rnn({});
  run.hides_shapes = true;
  run.inputs[1] = make_tensor<float>({1, 1, 2}, ones(2));
  CHECK_THAT(error_of(run), Contains("input W has shape 1x1x2, expected 1x1x1"));
  CHECK_THAT(error_of(adding_rnn({string_attr("direction", "sideways")})), Contains("direction is 'sideways'"));
  CHECK_THAT(error_of(adding_rnn({int_attr("layout", 2)})), Contains("layout is 2"));
  run = adding_rnn({string_attr("direction", "bidirectional")});
  CHECK_THAT(error_of(run), Contains("activations lists 1 functions, expected 2"));
}

TEST_CASE("an LSTM without time gives back its first states", "[cpu_ref]") {
  OperatorRun run{"LSTM",
                  14,
                  {make_tensor<float>({0, 1, 1}, {}), make_tensor<float>({1, 4, 1}, ones(4)),
                   make_tensor<float>({1, 4, 1}, ones(4)), none(), none(), make_tensor<float>({1, 1, 1}, {0.25f}),
                   make_tensor<float>({1, 1, 1}, {0.5f})},
                  {int_attr("hidden_size", 1)},
                  3,
                  false,
                  {}};
  CHECK(output_of(run, 0).empty());
  CHECK(output_of(run, 1) == std::vector<float>{0.25f});
  CHECK(output_of(run, 2) == std::vector<float>{0.5f});
}

TEST_CASE(
    "what an input is filled up with behind its longest sequence does not change how DynamicQuantizeLSTM quantizes",
    "[cpu_ref]") {
  CHECK(after_first_step(0.7f, 0) == after_first_step(0.7f, 1000));
  CHECK(after_first_step(0.7f, 0) != after_first_step(0.6f, 0));
}
