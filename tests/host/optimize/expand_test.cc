#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "host/graph/schema.h"
#include "host/graph/schemas/function_body.h"
#include "host/session/session.h"
#include "tests/support/both_ways.h"
#include "tests/support/graph_builder.h"
#include "tests/support/provider_copy.h"

using namespace tenon::host;
using namespace tenon::test;

namespace {

using Build = std::function<void(GraphBuilder&)>;

/// cpu_ref without the operator, so that its definition takes its place.
std::unique_ptr<Session> open_without(const std::string& op, const Build& build, int64_t opset) {
  static std::map<std::string, ProviderCopy> copies;
  ProviderCopy& copy = copies.try_emplace(op, "without_" + op).first->second;
  copy.erase_lines([&](const tn_kernel_def& line) { return line.domain == std::string() && line.op_type == op; });
  GraphBuilder builder(opset);
  build(builder);
  SessionOptions options;
  options.provider_tables = {&copy.table()};
  options.threads = 1;
  auto session = Session::open_model(builder.build(), options);
  INFO(session.status().message());
  REQUIRE(session.is_ok());
  return std::move(*session);
}

bool has_operator(const Session& session, const std::string& op) {
  const auto& nodes = session.model().graph->nodes();
  return std::any_of(nodes.begin(), nodes.end(), [&](const auto& node) { return node->op_type == op; });
}

// Every name stands for something that comes before it.
void check_names(const std::vector<FunctionGraph>& graphs, const FunctionGraph& graph, std::set<std::string_view> names,
                 const FunctionBody& body, const OpSchema& schema) {
  names.insert(graph.inputs.begin(), graph.inputs.end());
  for (const FunctionNode& node : graph.nodes) {
    CAPTURE(node.op_type);
    const OpSchema* op = find_schema("", node.op_type, body.opset);
    REQUIRE(op != nullptr);
    CHECK(op != &schema);
    for (const std::string_view name : node.inputs) CHECK(names.contains(name));
    for (const FunctionAttribute& attribute : node.attributes) {
      CAPTURE(attribute.name);
      CHECK(find_attribute(*op, attribute.name) != nullptr);
      if (const auto* of_call = std::get_if<FunctionAttribute::OfCall>(&attribute.value))
        CHECK(find_attribute(schema, of_call->name) != nullptr);
      if (const auto* subgraph = std::get_if<FunctionAttribute::Subgraph>(&attribute.value)) {
        REQUIRE(subgraph->number < graphs.size());
        check_names(graphs, graphs[subgraph->number], names, body, schema);
      }
    }
    names.insert(node.outputs.begin(), node.outputs.end());
  }
  for (const std::string_view name : graph.outputs) CHECK(names.contains(name));
}

// Logarithms of negative sums are NaN in both.
void check_close(const Tensor& a, const Tensor& b) {
  if (a.dtype() == TN_BOOL) {
    CHECK(std::memcmp(a.data(), b.data(), a.byte_length()) == 0);
    return;
  }
  const std::vector<double> expected = doubles_of(a), actual = doubles_of(b);
  for (size_t i = 0; i < expected.size(); ++i)
    if (!std::isnan(expected[i]) || !std::isnan(actual[i]))
      CHECK(actual[i] == Approx(expected[i]).epsilon(1e-5).margin(1e-6));
}

std::vector<Tensor> run(Session& session, const std::vector<NamedTensor>& inputs) {
  auto results = session.run(inputs);
  INFO(results.status().message());
  REQUIRE(results.is_ok());
  return std::move(*results);
}

}  // namespace

TEST_CASE("every definition of an operator is whole", "[optimize][functions]") {
  for (const FunctionBody& body : functions()) {
    CAPTURE(body.op_type, body.since_version, body.opset);
    const OpSchema* schema = find_schema(body.domain, body.op_type, body.since_version);
    REQUIRE(schema != nullptr);
    CHECK(schema->since_version == body.since_version);
    CHECK(find_function(*schema, body.opset) == &body);
    const std::vector<FunctionGraph> graphs = read_function(body);
    REQUIRE(!graphs.empty());
    CHECK(graphs[0].inputs.size() == schema->inputs.size());
    CHECK(graphs[0].outputs.size() == schema->outputs.size());
    check_names(graphs, graphs[0], {}, body, *schema);
    // An output has a node of its own, which takes the place of the call.
    for (const std::string_view output : graphs[0].outputs)
      CHECK(std::find(graphs[0].inputs.begin(), graphs[0].inputs.end(), output) == graphs[0].inputs.end());
  }
}

TEST_CASE("the definition is the last one written for the model's opset, else the first", "[optimize][functions]") {
  const OpSchema& normalization = *find_schema("", "MeanVarianceNormalization", 13);
  CHECK(find_function(normalization, 17)->opset == 13);
  CHECK(find_function(normalization, 18)->opset == 18);
  CHECK(find_function(normalization, 22)->opset == 18);
  CHECK(find_function(*find_schema("", "Softplus", 13), 13)->opset == 18);
  CHECK(find_function(*find_schema("", "Conv", 13), 13) == nullptr);
}

TEST_CASE("an operator that no provider has runs by its definition", "[optimize][functions]") {
  struct Case {
    const char* op;
    size_t inputs = 1;
    std::vector<Attribute> attributes = {};
    int64_t opset = 22;
  };
  const std::vector<int64_t> axes = {1};
  const Case cases[] = {
      {"Celu", 1, {float_attr("alpha", 0.7f)}, 28},
      {"Elu", 1, {float_attr("alpha", 0.7f)}},
      {"Elu"},
      {"GreaterOrEqual", 2},
      {"LessOrEqual", 2, {}, 13},
      {"HardSigmoid", 1, {float_attr("beta", 0.3f)}},
      {"HardSwish", 1},
      {"LeakyRelu", 1, {}, 16},
      {"MeanVarianceNormalization", 1, {ints_attr("axes", {0, 2})}, 13},
      {"MeanVarianceNormalization", 1, {ints_attr("axes", {0, 2})}},
      {"Mish"},
      {"PRelu", 2},
      {"ReduceL1"},
      {"ReduceL2", 1, {int_attr("keepdims", 0)}, 18},
      {"ReduceLogSum", 1, {}, 18},
      {"ReduceLogSumExp"},
      {"ReduceSumSquare"},
      {"Relu", 1, {}, 14},
      {"Selu"},
      {"Shrink", 1, {float_attr("lambd", 0.2f), float_attr("bias", 0.1f)}},
      {"Softplus", 1, {}, 13},
      {"Softsign"},
      {"Swish", 1, {float_attr("alpha", 1.5f)}, 24},
      {"ThresholdedRelu", 1, {float_attr("alpha", 0.4f)}},
  };
  std::vector<float> values, others;
  for (int i = 0; i < 24; ++i) {
    values.push_back(static_cast<float>((i * 7) % 24 - 11) * 0.21f);
    others.push_back(static_cast<float>((i * 5) % 24 - 9) * 0.17f);
  }
  for (const Case& c : cases) {
    CAPTURE(c.op, c.opset);
    const Build build = [&](GraphBuilder& b) {
      b.input("x", TN_FLOAT, {2, 3, 4});
      if (c.inputs == 2) b.constant<float>("z", {2, 3, 4}, others);
      b.node(c.op, c.inputs == 2 ? std::vector<std::string>{"x", "z"} : std::vector<std::string>{"x"}, {"y"},
             c.attributes);
      b.output("y");
    };
    const auto kernel = open_rewritten(build, false, c.opset), body = open_without(c.op, build, c.opset);
    CHECK(has_operator(*kernel, c.op));
    CHECK_FALSE(has_operator(*body, c.op));
    const Rewritten told =
        compare_both_ways(*kernel, *body, {{"x", make_tensor<float>({2, 3, 4}, values)}}, check_close);
    CHECK(told.has_note("removed 1 node, which no provider takes, for the nodes that define them: node 'y_node' ("));
  }
}

TEST_CASE("constants of a definition are folded", "[optimize][functions]") {
  const auto session = open_rewritten(
      [](GraphBuilder& b) {
        b.input("x", TN_FLOAT, {4});
        b.constant<int64_t>("size", {}, {4});
        b.node("HannWindow", {"size"}, {"w"});
        b.node("Mul", {"x", "w"}, {"y"});
        b.output("y");
      },
      true, 17);
  CHECK_FALSE(has_operator(*session, "Constant"));
  const auto results = run(*session, {{"x", make_tensor<float>({4}, {1, 1, 1, 1})}});
  const auto values = results[0].span<float>();
  const float expected[] = {0, 0.5f, 1, 0.5f};
  for (size_t i = 0; i < 4; ++i) CHECK(values[i] == Approx(expected[i]).margin(1e-6));
}

TEST_CASE("a definition's own subgraphs and a call in a subgraph are expanded", "[optimize][functions]") {
  const auto build = [](GraphBuilder& b) {
    b.input("c", TN_BOOL, {});
    b.input("theta", TN_FLOAT, {2, 2, 3});
    b.constant<int64_t>("size", {4}, {2, 1, 2, 2});
    GraphBuilder then(b), other(b);
    then.node("AffineGrid", {"theta", "size"}, {"t"});
    then.output("t");
    other.node("Identity", {"theta"}, {"e"});
    other.output("e");
    b.node("If", {"c"}, {"y"},
           {graph_attr("then_branch", then.build_subgraph()), graph_attr("else_branch", other.build_subgraph())});
    b.output("y");
  };
  const auto session = open_without("AffineGrid", build, 20);
  const auto results =
      run(*session, {{"c", make_tensor<bool>({}, {true})},
                     {"theta", make_tensor<float>({2, 2, 3}, {1, 0, 0.25f, 0, 2, 0, 0, 1, 0, 1, 0, 0})}});
  const auto grid = results[0].span<float>();
  const float expected[] = {-0.25f, -1,    0.75f, -1,   -0.25f, 1,     0.75f, 1,
                            -0.5f,  -0.5f, -0.5f, 0.5f, 0.5f,   -0.5f, 0.5f,  0.5f};
  REQUIRE(grid.size() == 16);
  for (size_t i = 0; i < 16; ++i) CHECK(grid[i] == Approx(expected[i]));
}

TEST_CASE("an output that nobody reads is made for the nodes of the definition that read it", "[optimize][functions]") {
  const auto session = open_rewritten(
      [](GraphBuilder& b) {
        b.input("x", TN_FLOAT, {3});
        b.node("DynamicQuantizeLinear", {"x"}, {"y", "scale", "zero"});
        b.output("y");
        b.output("zero");
      },
      true, 17);
  const auto results = run(*session, {{"x", make_tensor<float>({3}, {-1, 0, 4.1f})}});
  CHECK(results[0].span<uint8_t>()[0] == 0);
  CHECK(results[0].span<uint8_t>()[2] == 255);
  CHECK(results[1].span<uint8_t>()[0] == 50);
}

namespace {

using Body = std::function<void(GraphBuilder& body)>;

/// FlexAttention of 4 heads on 2, whose scores go through `body`, which makes "out" of "scores". Shapes may be hidden.
Build attention(const Body& body, bool is_shown, std::vector<int64_t> keys = {1, 2, 5, 4}) {
  return [=](GraphBuilder& b) {
    const auto input = [&](const char* name, const std::vector<int64_t>& shape) {
      std::vector<Dim> dims;
      for (const int64_t d : shape) dims.push_back({is_shown ? d : -1, ""});
      b.symbolic_input(name, TN_FLOAT, std::move(dims));
    };
    input("q", {1, 4, 3, 4});
    input("k", keys);
    input("v", {1, 2, 5, 2});
    b.input("bias", TN_FLOAT, {});
    std::vector<Attribute> attributes;
    if (body) {
      GraphBuilder changed(b);
      changed.input("scores", TN_FLOAT, {});
      body(changed);
      attributes.push_back(graph_attr("score_mod", changed.build_subgraph()));
    }
    b.node("ai.onnx.preview:FlexAttention", {"q", "k", "v"}, {"y"}, attributes);
    b.output("y");
  };
}

std::vector<NamedTensor> attention_inputs() {
  const auto values = [](std::vector<int64_t> shape) {
    int64_t count = 1;
    for (const int64_t d : shape) count *= d;
    std::vector<float> all;
    for (int64_t i = 0; i < count; ++i) all.push_back(static_cast<float>((i * 7) % 11 - 5) * 0.3f);
    return make_tensor<float>(std::move(shape), all);
  };
  return {{"q", values({1, 4, 3, 4})},
          {"k", values({1, 2, 5, 4})},
          {"v", values({1, 2, 5, 2})},
          {"bias", make_tensor<float>({}, {0.5f})}};
}

std::vector<float> attended(const Body& body, bool is_shown) {
  const auto session = open_rewritten(attention(body, is_shown), true, 18);
  CHECK_FALSE(has_operator(*session, "FlexAttention"));
  const auto results = run(*session, attention_inputs());
  return {results[0].span<float>().begin(), results[0].span<float>().end()};
}

std::string refusal(const Build& build) {
  GraphBuilder builder(18);
  build(builder);
  SessionOptions options;
  options.providers = {{std::string(TENON_BINARY_DIR) + "/lib/tenon/providers/libcpu_ref.so", {}}};
  const auto session = Session::open_model(builder.build(), options);
  return session.is_ok() ? "no error" : session.status().message();
}

}  // namespace

TEST_CASE("a graph of the call is taken in, with what it reads of the graphs around it", "[optimize][functions]") {
  const std::vector<float> plain = attended(nullptr, true);
  for (const bool is_shown : {true, false}) {
    CAPTURE(is_shown);
    CHECK(attended([](GraphBuilder& body) { body.output("scores"); }, is_shown) == plain);
    // A softmax does not see what is added to all scores.
    const std::vector<float> moved = attended(
        [](GraphBuilder& body) {
          body.node("Add", {"scores", "bias"}, {"out"});
          body.output("out");
        },
        is_shown);
    for (size_t i = 0; i < plain.size(); ++i) CHECK(moved[i] == Approx(plain[i]).margin(1e-6));
    // In a branch of its own, the graph's input is a value of a graph around.
    const std::vector<float> chosen = attended(
        [](GraphBuilder& body) {
          body.constant<float>("bound", {}, {0.0f});
          body.node("Greater", {"bias", "bound"}, {"c"});
          GraphBuilder then(body), other(body);
          then.node("Sub", {"scores", "bias"}, {"t"});
          then.output("t");
          other.node("Mul", {"scores", "bias"}, {"e"});
          other.output("e");
          body.node(
              "If", {"c"}, {"out"},
              {graph_attr("then_branch", then.build_subgraph()), graph_attr("else_branch", other.build_subgraph())});
          body.output("out");
        },
        is_shown);
    for (size_t i = 0; i < plain.size(); ++i) CHECK(chosen[i] == Approx(plain[i]).margin(1e-6));
  }
}

TEST_CASE("a definition that depends on the node says what does not fit it", "[optimize][functions]") {
  CHECK_THAT(refusal(attention([](GraphBuilder& body) { body.graph().outputs.clear(); }, true)),
             Catch::Contains("graph of attribute 'score_mod' has 1 inputs and 0 outputs"));
  CHECK_THAT(refusal(attention(nullptr, true, {1, 3, 5, 4})), Catch::Contains("K and V have 3 and 2 heads"));
  CHECK_THAT(refusal(attention(nullptr, true, {1, 2, 4})), Catch::Contains("expected four dimensions"));
  CHECK_THAT(refusal(attention(nullptr, true, {1, 2, 5, 3})), Catch::Contains("4 and 3 elements in a head"));
}

TEST_CASE("nodes that grow to too many by their definitions are refused", "[optimize][functions]") {
  GraphBuilder b(17);
  b.input("size", TN_INT64, {});
  for (int i = 0; i < 5'000; ++i) {
    b.node("HannWindow", {"size"}, {"w" + std::to_string(i)});
    b.output("w" + std::to_string(i));
  }
  SessionOptions options;
  options.providers = {{std::string(TENON_BINARY_DIR) + "/lib/tenon/providers/libcpu_ref.so", {}}};
  const auto session = Session::open_model(b.build(), options);
  REQUIRE_FALSE(session.is_ok());
  CHECK(session.status().code() == TN_UNSUPPORTED);
  CHECK_THAT(session.status().message(), Catch::Contains("grow to more than 100000"));
}
