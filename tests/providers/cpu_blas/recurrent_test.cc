// RNN, GRU and LSTM on cpu_blas against cpu_ref, at every instruction set, with constant weights and given ones.
#include "tests/providers/cpu_blas/on_cpu_blas.h"

using namespace tenon::host;
using namespace tenon::test;

namespace {

struct Sizes {
  int64_t time = 4, batch = 3, inputs = 5, hidden = 6, directions = 1;
};

struct Cell {
  const char* op = "LSTM";
  Sizes sizes = {};
  std::vector<Attribute> attributes = {};
  bool is_batch_first = false, has_states = true;
  std::vector<int32_t> lengths = {};
  bool weights_are_given = false;  // in the run, not constant
};

int64_t gates_of(const std::string& op) {
  return op == "LSTM" ? 4 : op == "GRU" ? 3 : 1;
}

std::vector<std::vector<float>> run_on(const Cell& c, const std::string& provider, const std::string& isa,
                                       unsigned threads) {
  GraphBuilder b(14);
  const Sizes& s = c.sizes;
  const int64_t rows = gates_of(c.op) * s.hidden;
  std::vector<NamedTensor> given;
  std::vector<std::string> names;
  const auto add = [&](const std::string& name, std::vector<int64_t> shape, bool is_constant, float scale) {
    size_t count = 1;
    for (const int64_t d : shape) count *= static_cast<size_t>(d);
    std::vector<float> values = noise(count, static_cast<unsigned>(names.size()));
    for (float& v : values) v *= scale;
    names.push_back(name);
    if (is_constant) {
      b.constant<float>(name, shape, values);
    } else {
      b.input(name, TN_FLOAT, shape);
      given.push_back({name, make_tensor<float>(shape, values)});
    }
  };
  const bool packs = !c.weights_are_given;
  const auto state = c.is_batch_first ? std::vector<int64_t>{s.batch, s.directions, s.hidden}
                                      : std::vector<int64_t>{s.directions, s.batch, s.hidden};
  add("x", {c.is_batch_first ? s.batch : s.time, c.is_batch_first ? s.time : s.batch, s.inputs}, false, 1);
  add("w", {s.directions, rows, s.inputs}, packs, 0.4f);
  add("r", {s.directions, rows, s.hidden}, packs, 0.3f);
  add("b", {s.directions, 2 * rows}, packs, 0.5f);
  names.push_back(c.lengths.empty() ? "" : "lengths");
  if (!c.lengths.empty()) b.constant<int32_t>("lengths", {s.batch}, c.lengths);
  std::vector<std::string> outputs{"y", "y_h"};
  if (c.has_states) add("h", state, false, 1);
  if (std::string(c.op) == "LSTM") {
    outputs.push_back("y_c");
    if (c.has_states) {
      add("c", state, false, 1);
      add("p", {s.directions, 3 * s.hidden}, true, 0.2f);
    }
  }
  std::vector<Attribute> attributes = c.attributes;
  attributes.push_back(int_attr("hidden_size", s.hidden));
  if (s.directions == 2) attributes.push_back(string_attr("direction", "bidirectional"));
  if (c.is_batch_first) attributes.push_back(int_attr("layout", 1));
  b.node(c.op, names, outputs, attributes);
  for (const std::string& output : outputs) b.output(output);
  SessionOptions options;
  options.providers = {{std::string(TENON_BINARY_DIR) + "/lib/tenon/providers/lib" + provider + ".so", {}}};
  if (!isa.empty()) options.providers[0].options["isa"] = isa;
  options.threads = threads;
  auto session = Session::open_model(b.build(), options);
  INFO((session.is_ok() ? std::string() : session.status().message()));
  REQUIRE(session.is_ok());
  auto results = (*session)->run(given);
  INFO((results.is_ok() ? std::string() : results.status().message()));
  REQUIRE(results.is_ok());
  std::vector<std::vector<float>> values;
  for (const Tensor& t : *results) values.emplace_back(t.span<float>().begin(), t.span<float>().end());
  return values;
}

void check(const Cell& c) {
  const auto expected = run_on(c, "cpu_ref", "", 1);
  for (const std::string& isa : instruction_sets())
    for (const unsigned threads : {1u, 3u}) {
      CAPTURE(c.op, isa, threads, c.sizes.hidden, c.sizes.batch, c.sizes.directions);
      const auto actual = run_on(c, "cpu_blas", isa, threads);
      REQUIRE(actual.size() == expected.size());
      for (size_t i = 0; i < actual.size(); ++i)
        CHECK(largest_error(actual[i], {expected[i].begin(), expected[i].end()}, 1) < 64);
    }
}

}  // namespace

TEST_CASE("recurrent cells agree with cpu_ref whatever the hidden size and the batch", "[cpu_blas][recurrent]") {
  for (const char* op : {"RNN", "GRU", "LSTM"})
    for (const int64_t hidden : {1, 7, 16, 33, 130})
      for (const int64_t batch : {1, 2, 13}) check({op, {5, batch, 3, hidden}});
}

TEST_CASE("recurrent cells go in both directions, and with the batch first", "[cpu_blas][recurrent]") {
  for (const char* op : {"RNN", "GRU", "LSTM"})
    for (const bool is_batch_first : {false, true}) {
      check({op, {4, 3, 5, 6, 2}, {}, is_batch_first});
      check({op, {4, 3, 5, 6, 1}, {string_attr("direction", "reverse")}, is_batch_first});
    }
}

TEST_CASE("sequences of several lengths end and begin where they do", "[cpu_blas][recurrent]") {
  for (const char* op : {"RNN", "GRU", "LSTM"}) check({op, {4, 4, 5, 6, 2}, {}, false, true, {2, 4, 0, 3}});
}

TEST_CASE("a GRU resets the state before or after its product", "[cpu_blas][recurrent]") {
  for (const int64_t after : {0, 1})
    check({"GRU", {6, 2, 5, 70}, {int_attr("linear_before_reset", after)}, false, false});
}

TEST_CASE("recurrent cells take weights that are given in a run", "[cpu_blas][recurrent]") {
  for (const char* op : {"RNN", "GRU", "LSTM"}) check({op, {3, 2, 5, 6, 2}, {}, false, true, {}, true});
}

TEST_CASE("recurrent cells apply every function that the standard names, clipped where asked",
          "[cpu_blas][recurrent]") {
  for (const char* name : {"Relu", "Tanh", "Sigmoid", "Softsign", "Softplus", "Affine", "LeakyRelu", "ThresholdedRelu",
                           "ScaledTanh", "HardSigmoid", "Elu"}) {
    CAPTURE(name);
    check({"RNN", {3, 2, 5, 6}, {{"activations", std::vector<std::string>{name}}}});
    check({"RNN", {3, 2, 5, 6}, {{"activations", std::vector<std::string>{name}}, float_attr("clip", 0.3f)}});
  }
  check({"LSTM", {3, 2, 5, 6}, {int_attr("input_forget", 1), float_attr("clip", 0.5f)}});
}

TEST_CASE("the units of a wide cell are shared by threads that keep step", "[cpu_blas][recurrent]") {
  check({"LSTM", {6, 1, 8, 320}});
  check({"GRU", {6, 1, 8, 320}});
  check({"GRU", {6, 1, 8, 320}, {int_attr("linear_before_reset", 1)}});
}
