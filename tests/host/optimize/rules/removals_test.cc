// Nodes without effect: what they are, and where they have to stay.
#include "tests/support/both_ways.h"
#include "tests/support/test_provider.h"

using namespace tenon::host;
using namespace tenon::test;
using Ops = std::vector<std::string>;

namespace {

const std::vector<NamedTensor> kX = {floats("x", {2, 3}, {1, -2, 3, -4, 5, -6})};

void input(GraphBuilder& b) {
  b.input("x", TN_FLOAT, {2, 3});
}

}  // namespace

TEST_CASE("an Identity between nodes is removed and told by name", "[optimize]") {
  const Rewritten told = run_both_ways(
      [](GraphBuilder& b) {
        input(b);
        b.node("Identity", {"x"}, {"i"});
        b.node("Neg", {"i"}, {"y"});
        b.output("y");
      },
      kX);
  CHECK(told.ops == Ops{"Neg"});
  CHECK(told.has_note("removed 1 node, as they hand on what they read: node 'i_node' (Identity"));
}

TEST_CASE("the result of an Identity keeps its name and is computed by the node before", "[optimize]") {
  const Rewritten told = run_both_ways(
      [](GraphBuilder& b) {
        input(b);
        b.node("Neg", {"x"}, {"n"});
        b.node("Identity", {"n"}, {"y"});
        b.node("Relu", {"n"}, {"z"});
        b.output("y");
        b.output("z");
      },
      kX);
  CHECK(told.ops == Ops{"Neg", "Relu"});
}

TEST_CASE("an Identity from an input, a constant or another result to a result stays", "[optimize]") {
  const Rewritten told = run_both_ways(
      [](GraphBuilder& b) {
        input(b);
        b.node("Identity", {"x"}, {"y"});
        b.node("Neg", {"x"}, {"n"});
        b.node("Identity", {"n"}, {"z"});
        b.output("y");
        b.output("n");
        b.output("z");
      },
      kX);
  CHECK(told.ops == Ops{"Identity", "Neg", "Identity"});
}

TEST_CASE("a Cast to the type that is there is removed, another stays", "[optimize]") {
  const Rewritten told = run_both_ways(
      [](GraphBuilder& b) {
        input(b);
        b.node("Cast", {"x"}, {"same"}, {int_attr("to", TN_FLOAT)});
        b.node("Cast", {"same"}, {"other"}, {int_attr("to", TN_INT32)});
        b.node("CastLike", {"other", "other"}, {"like"});
        b.node("Neg", {"like"}, {"y"});
        b.output("y");
      },
      kX, 19);
  CHECK(told.ops == Ops{"Cast", "Neg"});
}

TEST_CASE("Dropout that does not train is removed in every opset", "[optimize]") {
  for (const int64_t opset : {7, 10, 12, 13}) {
    const Rewritten told = run_both_ways(
        [&](GraphBuilder& b) {
          input(b);
          b.node("Dropout", {"x"}, {"d", "mask"});
          b.node("Neg", {"d"}, {"y"});
          b.output("y");
        },
        kX, opset);
    CHECK(told.ops == Ops{"Neg"});
  }
}

TEST_CASE("Dropout whose mask is read, or that may train, stays", "[optimize]") {
  const Rewritten masked = run_both_ways(
      [](GraphBuilder& b) {
        input(b);
        b.node("Dropout", {"x"}, {"d", "mask"});
        b.node("Neg", {"d"}, {"y"});
        b.output("y");
        b.output("mask");
      },
      kX);
  CHECK(masked.ops == Ops{"Dropout", "Neg"});
  CHECK(masked.reads == Ops{"x", "d"});
  std::vector<NamedTensor> inputs = kX;
  inputs.push_back({"training", make_tensor<bool>({}, {false})});
  const Rewritten may_train = run_both_ways(
      [](GraphBuilder& b) {
        input(b);
        b.input("training", TN_BOOL, {});
        b.node("Dropout", {"x", "", "training"}, {"d"});
        b.node("Neg", {"d"}, {"y"});
        b.output("y");
      },
      inputs);
  CHECK(may_train.ops == Ops{"Dropout", "Neg"});
}

TEST_CASE("Dropout of none of the elements is removed, whether it trains or not", "[optimize]") {
  for (const float ratio : {0.0f, 0.5f}) {
    std::vector<NamedTensor> inputs = kX;
    inputs.push_back({"training", make_tensor<bool>({}, {false})});
    const Rewritten told = run_both_ways(
        [&](GraphBuilder& b) {
          input(b);
          b.input("training", TN_BOOL, {});
          b.constant<float>("ratio", {}, {ratio});
          b.node("Dropout", {"x", "ratio", "training"}, {"d"});
          b.node("Neg", {"d"}, {"y"});
          b.output("y");
        },
        inputs);
    CHECK(told.ops == (ratio == 0 ? Ops{"Neg"} : Ops{"Dropout", "Neg"}));
  }
}

TEST_CASE("a Reshape to the shape that is there is removed, dimensions without a number included", "[optimize]") {
  for (const std::vector<int64_t>& shape : {std::vector<int64_t>{2, 3}, {0, 3}, {-1, 3}, {0, -1}, {0, 0}}) {
    const Rewritten told = run_both_ways(
        [&](GraphBuilder& b) {
          b.symbolic_input("x", TN_FLOAT, {{shape[0] == 2 ? 2 : -1, "n"}, {shape[1] == 3 ? 3 : -1, "m"}});
          b.constant<int64_t>("shape", {2}, shape);
          b.node("Reshape", {"x", "shape"}, {"r"});
          b.node("Neg", {"r"}, {"y"});
          b.output("y");
        },
        kX);
    CHECK(told.ops == Ops{"Neg"});
  }
}

TEST_CASE("a Reshape that may give another shape stays", "[optimize]") {
  for (const std::vector<int64_t>& shape : {std::vector<int64_t>{3, 2}, {-1, 2}, {6}, {2, 3, 1}, {2, 3}}) {
    const Rewritten told = run_both_ways(
        [&](GraphBuilder& b) {
          b.symbolic_input("x", TN_FLOAT, {{-1, "n"}, {-1, "m"}});
          b.constant<int64_t>("shape", {static_cast<int64_t>(shape.size())}, shape);
          b.node("Reshape", {"x", "shape"}, {"r"});
          b.node("Neg", {"r"}, {"y"});
          b.output("y");
        },
        kX);
    CHECK(told.ops == Ops{"Reshape", "Neg"});
  }
}

TEST_CASE("a shape that only the model declares removes no Reshape", "[optimize]") {
  const Rewritten told = run_both_ways(
      [](GraphBuilder& b) {
        b.symbolic_input("x", TN_FLOAT, {{-1, "n"}, {-1, "m"}});
        b.node("Neg", {"x"}, {"n"});
        b.value("n")->type = {ValueType::Kind::kTensor, TN_FLOAT, std::vector<Dim>{{3, ""}, {2, ""}}};
        b.constant<int64_t>("shape", {2}, {3, 2});
        b.node("Reshape", {"n", "shape"}, {"r"});
        b.node("Relu", {"r"}, {"y"});
        b.output("y");
      },
      kX);
  CHECK(told.ops == Ops{"Neg", "Reshape", "Relu"});
}

TEST_CASE("a Transpose that keeps the order is removed", "[optimize]") {
  const Rewritten told = run_both_ways(
      [](GraphBuilder& b) {
        input(b);
        b.node("Transpose", {"x"}, {"t"}, {ints_attr("perm", {0, 1})});
        b.node("Transpose", {"t"}, {"u"});
        b.node("Neg", {"u"}, {"y"});
        b.output("y");
      },
      kX);
  CHECK(told.ops == Ops{"Transpose", "Neg"});
}

TEST_CASE("rules apply in subgraphs and leave what they read of outer graphs right", "[optimize]") {
  std::vector<NamedTensor> inputs = kX;
  inputs.push_back({"cond", make_tensor<bool>({}, {true})});
  const Rewritten told = run_both_ways(
      [](GraphBuilder& b) {
        input(b);
        b.input("cond", TN_BOOL, {});
        b.node("Identity", {"x"}, {"i"});
        b.node("Neg", {"i"}, {"n"});
        GraphBuilder then(b), other(b);
        then.node("Identity", {"i"}, {"a"});
        then.node("Dropout", {"a"}, {"a2"});
        then.node("Relu", {"a2"}, {"a3"});
        then.node("Identity", {"a3"}, {"then_out"});
        then.output("then_out");
        other.node("Exp", {"n"}, {"other_out"});
        other.output("other_out");
        b.node("If", {"cond"}, {"r"},
               {graph_attr("then_branch", then.build_subgraph()), graph_attr("else_branch", other.build_subgraph())});
        b.node("Identity", {"r"}, {"y"});
        b.output("y");
      },
      inputs);
  CHECK(told.ops == Ops{"Neg", "If"});
}

TEST_CASE("without folding rules apply all the same", "[optimize]") {
  const Rewritten told = run_both_ways(
      [](GraphBuilder& b) {
        input(b);
        b.node("Cast", {"x"}, {"same"}, {int_attr("to", TN_FLOAT)});
        b.node("Neg", {"same"}, {"y"});
        b.output("y");
      },
      kX, 17, false);
  CHECK(told.ops == Ops{"Neg"});
}
