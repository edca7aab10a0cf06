#include "host/graph/layout.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "host/graph/operators/facts.h"
#include "host/graph/schema.h"
#include "tests/support/control_flow.h"
#include "tests/support/moved_channels.h"

using namespace tenon::host;
using namespace tenon::test;

TEST_CASE("moving channels last and back gives what was there", "[layout]") {
  CHECK(to_channels_last(4) == std::vector<int64_t>{0, 2, 3, 1});
  CHECK(to_channels_first(4) == std::vector<int64_t>{0, 3, 1, 2});
  for (size_t rank = kLeastLayoutRank; rank < 7; ++rank) {
    const std::vector<int64_t> last = permuted(to_channels_last(rank), to_channels_first(rank));
    CHECK(std::is_sorted(last.begin(), last.end()));
  }
}

TEST_CASE("a convolutional network has its channels last from its input to its end", "[layout]") {
  const auto ops = moved(
      [](GraphBuilder& b) {
        b.input("x", TN_FLOAT, {1, 3, 8, 8});
        conv(b, "x", "a", 3, 4);
        b.node("Relu", {"a"}, {"r"});
        conv(b, "r", "c", 4, 4);
        b.node("Add", {"c", "r"}, {"s"});
        b.node("MaxPool", {"s"}, {"m"}, {ints_attr("kernel_shape", {2, 2}), ints_attr("strides", {2, 2})});
        b.node("GlobalAveragePool", {"m"}, {"g"});
        b.node("Flatten", {"g"}, {"y"});
        b.output("y");
      },
      {{"x", ramp({1, 3, 8, 8})}});
  CHECK(ops == "Transpose [Conv] Relu [Conv] Add [MaxPool] [GlobalAveragePool] Transpose Flatten");
}

TEST_CASE("a kernel that does not ask for channels last follows what has them, and begins nothing", "[layout]") {
  const auto pooled = [](GraphBuilder& b) {
    b.node("MaxPool", {"p"}, {"m"}, {ints_attr("kernel_shape", {2, 2})});
    conv(b, "m", "a", 3, 4);
    b.node("MaxPool", {"a"}, {"n"}, {ints_attr("kernel_shape", {2, 2})});
    b.node("LRN", {"n"}, {"l"}, {int_attr("size", 3)});
    conv(b, "l", "y", 4, 4);
    b.output("y");
  };
  const auto from_input = [&](GraphBuilder& b) {
    b.input("p", TN_FLOAT, {1, 3, 8, 8});
    pooled(b);
  };
  const std::vector<NamedTensor> x{{"p", ramp({1, 3, 8, 8})}};
  CHECK(moved(from_input, x, 17, "Conv") == "MaxPool Transpose [Conv] [MaxPool] [LRN] [Conv] Transpose");
  CHECK(moved(from_input, x, 17, "Gemm") == "MaxPool Conv MaxPool LRN Conv");
}

TEST_CASE("a gate made of a global mean has its channels last throughout", "[layout]") {
  const auto ops = moved(
      [](GraphBuilder& b) {
        b.input("x", TN_FLOAT, {1, 3, 6, 6});
        conv(b, "x", "a", 3, 4);
        b.node("GlobalAveragePool", {"a"}, {"g"});
        b.constant_of("w", ramp({4, 4, 1, 1}));
        b.node("Conv", {"g", "w"}, {"c"});
        b.node("Sigmoid", {"c"}, {"s"});
        b.node("Mul", {"a", "s"}, {"m"});
        conv(b, "m", "y", 4, 2);
        b.output("y");
      },
      {{"x", ramp({1, 3, 6, 6})}}, 17, "Conv");
  CHECK(ops == "Transpose [Conv] [GlobalAveragePool] [Conv] Sigmoid Mul [Conv] Transpose");
}

TEST_CASE("an operand whose elements lie alike in both layouts comes along as a view", "[layout]") {
  const auto ops = moved(
      [](GraphBuilder& b) {
        b.input("x", TN_FLOAT, {1, 3, 6, 6});
        b.input("gate", TN_FLOAT, {1, 4, 1, 1});
        b.input("factor", TN_FLOAT, {1});
        conv(b, "x", "a", 3, 4);
        b.node("Mul", {"a", "gate"}, {"m"});
        b.node("Mul", {"m", "factor"}, {"n"});
        conv(b, "n", "y", 4, 2);
        b.output("y");
      },
      {{"x", ramp({1, 3, 6, 6})}, {"gate", ramp({1, 4, 1, 1})}, {"factor", ramp({1})}});
  CHECK(ops == "Transpose [Conv] Transpose Mul Mul [Conv] Transpose");
}

TEST_CASE("an operand with channels second is moved where the result is wanted with these last", "[layout]") {
  const auto summed = [](bool goes_on) {
    return moved(
        [&](GraphBuilder& b) {
          b.input("x", TN_FLOAT, {1, 3, 6, 6});
          b.input("z", TN_FLOAT, {1, 4, 6, 6});
          conv(b, "x", "a", 3, 4);
          b.node("Add", {"a", "z"}, {goes_on ? "s" : "y"});
          if (goes_on) conv(b, "s", "y", 4, 2);
          b.output("y");
        },
        {{"x", ramp({1, 3, 6, 6})}, {"z", ramp({1, 4, 6, 6})}});
  };
  CHECK(summed(true) == "Transpose [Conv] Transpose Add [Conv] Transpose");
  CHECK(summed(false) == "Transpose [Conv] Transpose Add");
}

TEST_CASE("a model that moves its channels around every convolution loses these Transposes", "[layout]") {
  const auto ops = moved(
      [](GraphBuilder& b) {
        b.input("x", TN_FLOAT, {1, 8, 8, 3});
        b.node("Transpose", {"x"}, {"x1"}, {ints_attr("perm", {0, 3, 1, 2})});
        conv(b, "x1", "a", 3, 4);
        b.node("Transpose", {"a"}, {"a1"}, {ints_attr("perm", {0, 2, 3, 1})});
        b.node("Relu", {"a1"}, {"r"});
        b.node("Transpose", {"r"}, {"r1"}, {ints_attr("perm", {0, 3, 1, 2})});
        conv(b, "r1", "c", 4, 2);
        b.node("Transpose", {"c"}, {"c1"}, {ints_attr("perm", {0, 2, 3, 1})});
        b.node("Relu", {"c1"}, {"y"});
        b.output("y");
      },
      {{"x", ramp({1, 8, 8, 3})}});
  CHECK(ops == "[Conv] Relu [Conv] Relu");
}

TEST_CASE("results and what subgraphs read keep their layout", "[layout]") {
  const auto ops = moved(
      [](GraphBuilder& b) {
        b.input("x", TN_FLOAT, {1, 3, 4, 4});
        b.input("which", TN_BOOL, {});
        conv(b, "x", "a", 3, 2);
        conv(b, "a", "c", 2, 2);
        const auto branch = [&](const std::string& op) {
          GraphBuilder body(b);
          body.node(op, {"a"}, {op + ".y"});
          body.output(op + ".y");
          return body.build_subgraph();
        };
        b.node("If", {"which"}, {"y"},
               {graph_attr("then_branch", branch("Relu")), graph_attr("else_branch", branch("Neg"))});
        b.output("c");
        b.output("y");
      },
      {{"x", ramp({1, 3, 4, 4})}, {"which", make_tensor<bool>({}, {true})}});
  CHECK(ops == "Transpose [Conv] Transpose [Conv] Transpose If");
}

TEST_CASE("a branch that reads an input of the model has its channels last", "[layout]") {
  const auto ops = moved(
      [](GraphBuilder& b) {
        b.input("x", TN_FLOAT, {1, 3, 4, 4});
        b.input("which", TN_BOOL, {});
        const auto branch = [&](const std::string& y) {
          GraphBuilder body(b);
          conv(body, "x", y, 3, 2);
          body.output(y);
          return body.build_subgraph();
        };
        b.node("If", {"which"}, {"y"},
               {graph_attr("then_branch", branch("a")), graph_attr("else_branch", branch("c"))});
        b.output("y");
      },
      {{"x", ramp({1, 3, 4, 4})}, {"which", make_tensor<bool>({}, {true})}});
  CHECK(ops == "If");
}

TEST_CASE("constants go along where moving them moves no byte, and nodes stay where it would", "[layout]") {
  const auto scaled = [](std::vector<int64_t> shape) {
    return moved(
        [&](GraphBuilder& b) {
          b.input("x", TN_FLOAT, {1, 3, 4, 4});
          conv(b, "x", "a", 3, 2);
          b.constant_of("k", ramp(shape));
          b.node("Mul", {"a", "k"}, {"m"});
          conv(b, "m", "y", 2, 2);
          b.output("y");
        },
        {{"x", ramp({1, 3, 4, 4})}});
  };
  const std::string along = "Transpose [Conv] Mul [Conv] Transpose";
  CHECK(scaled({}) == along);
  CHECK(scaled({1}) == along);
  CHECK(scaled({4}) == along);
  CHECK(scaled({4, 1}) == along);
  CHECK(scaled({2, 1, 1}) == along);
  CHECK(scaled({1, 2, 1, 1}) == along);
  CHECK(scaled({4, 4}) == "Transpose [Conv] Transpose Mul Transpose [Conv] Transpose");
  CHECK(scaled({2, 4, 4}) == "Transpose [Conv] Transpose Mul Transpose [Conv] Transpose");
}

TEST_CASE("an operand that broadcasts along a stated axis is left alone", "[layout]") {
  const auto ops = moved(
      [](GraphBuilder& b) {
        b.input("x", TN_FLOAT, {1, 3, 4, 4});
        conv(b, "x", "a", 3, 4);
        b.constant_of("k", ramp({4}));
        b.node("Add", {"a", "k"}, {"y"}, {int_attr("broadcast", 1), int_attr("axis", 1)});
        b.output("y");
      },
      {{"x", ramp({1, 3, 4, 4})}}, 6);
  CHECK(ops == "Transpose [Conv] Transpose Add");
}

TEST_CASE("the shape of what has its channels last is told with its channels second", "[layout]") {
  const auto told = [](std::vector<Attribute> attributes) {
    return moved(
        [&](GraphBuilder& b) {
          b.symbolic_input("x", TN_FLOAT, {{-1, "n"}, {3, ""}, {-1, "h"}, {-1, "w"}});
          conv(b, "x", "a", 3, 4);
          b.node("Shape", {"a"}, {"s"}, attributes);
          conv(b, "a", "y", 4, 2);
          b.output("y");
          b.output("s");
        },
        {{"x", ramp({2, 3, 5, 4})}});
  };
  const std::string along = "Transpose [Conv] Shape Gather [Conv] Transpose";
  CHECK(told({}) == along);
  CHECK(told({int_attr("start", 1), int_attr("end", -1)}) == along);
  CHECK(told({int_attr("start", -2)}) == along);
}

TEST_CASE("a rank that a model only declares moves nothing that would bear another", "[layout]") {
  const auto ops = moved(
      [](GraphBuilder& b) {
        b.input("x", TN_FLOAT, {6});
        b.symbolic_input("shape", TN_INT64, {{-1, ""}});
        b.node("Reshape", {"x", "shape"}, {"r"});
        b.value("r")->type = {ValueType::Kind::kTensor, TN_FLOAT, std::vector<Dim>(4)};
        b.node("GlobalAveragePool", {"r"}, {"y"});
        b.output("y");
      },
      {{"x", ramp({6})}, {"shape", make_tensor<int64_t>({3}, {1, 2, 3})}});
  CHECK(ops == "Reshape GlobalAveragePool");
}

TEST_CASE("a provider that does not ask for it gets no channels last, whatever kernels it has", "[layout]") {
  const auto build = [](GraphBuilder& b) {
    b.input("x", TN_FLOAT, {1, 3, 4, 4});
    conv(b, "x", "y", 3, 2);
    b.output("y");
  };
  CHECK(run_both_ways(build, {{"x", ramp({1, 3, 4, 4})}}).ops == std::vector<std::string>{"Conv"});
}

TEST_CASE("a branch that reads a value of the graph around it has its own channels moved", "[layout]") {
  const auto ops = moved(
      [](GraphBuilder& b) {
        b.input("x", TN_FLOAT, {1, 3, 6, 6});
        b.input("c", TN_BOOL, {});
        GraphBuilder then(b), other(b);
        conv(then, "x", "t", 3, 3);
        then.node("Add", {"t", "x"}, {"u"});
        then.output("u");
        other.node("Relu", {"x"}, {"v"});
        other.output("v");
        b.node("If", {"c"}, {"y"},
               {graph_attr("then_branch", then.build_subgraph()), graph_attr("else_branch", other.build_subgraph())});
        b.output("y");
      },
      {{"x", ramp({1, 3, 6, 6})}, truth("c", true)});
  CHECK(ops == "If");
}

TEST_CASE("each operator with channels answers the same with its channels last", "[layout]") {
  size_t asked = 0;
  for (const OpSchema& schema : onnx_schemas()) {
    if (!facts_of(schema).has(kHasChannels) || find_schema("", schema.op_type, newest_opset("")) != &schema) continue;
    const std::string op(schema.op_type);
    INFO(op);
    const auto ops = moved(
        [&](GraphBuilder& b) {
          b.input("x", TN_FLOAT, {2, 4, 5, 6});
          std::vector<std::string> inputs{"x"};
          std::vector<Attribute> attributes;
          if (op == "BatchNormalization") {
            for (const char* name : {"scale", "bias", "mean", "var"}) {
              b.constant<float>(name, {4}, {0.5f, 1.5f, 2.0f, 3.0f});
              inputs.push_back(name);
            }
          } else if (op.starts_with("Conv")) {
            b.constant_of("w", ramp({4, 4, 2, 3}));
            inputs.push_back("w");
          } else if (op == "LRN") {
            attributes.push_back(int_attr("size", 3));
          } else if (!op.starts_with("Global")) {
            attributes.push_back(ints_attr("kernel_shape", {2, 3}));
          }
          b.node(op, inputs, {"y"}, attributes);
          b.output("y");
        },
        {{"x", ramp({2, 4, 5, 6})}}, newest_opset(""));
    CHECK(ops == "Transpose [" + op + "] Transpose");
    ++asked;
  }
  CHECK(asked == 10);
}
