// Chains of Transposes and Reshapes, equal nodes, dead nodes, and random graphs of all of them.
#include <random>

#include "host/optimize/passes/passes.h"
#include "tests/support/both_ways.h"
#include "tests/support/test_provider.h"

using namespace tenon::host;
using namespace tenon::test;
using Ops = std::vector<std::string>;

namespace {

std::vector<NamedTensor> counted(std::vector<int64_t> shape) {
  std::vector<float> values(24);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) - 11.5F;
  return {floats("x", std::move(shape), values)};
}

}  // namespace

TEST_CASE("Transposes that undo each other go, others become one", "[optimize]") {
  const Rewritten undone = run_both_ways(
      [](GraphBuilder& b) {
        b.input("x", TN_FLOAT, {2, 3, 4});
        b.node("Transpose", {"x"}, {"t"}, {ints_attr("perm", {1, 2, 0})});
        b.node("Transpose", {"t"}, {"u"}, {ints_attr("perm", {2, 0, 1})});
        b.node("Neg", {"u"}, {"y"});
        b.output("y");
      },
      counted({2, 3, 4}));
  CHECK(undone.ops == Ops{"Neg"});
  const Rewritten joined = run_both_ways(
      [](GraphBuilder& b) {
        b.input("x", TN_FLOAT, {2, 3, 4});
        b.node("Transpose", {"x"}, {"t"}, {ints_attr("perm", {1, 2, 0})});
        b.node("Transpose", {"t"}, {"u"});
        b.node("Transpose", {"u"}, {"y"}, {ints_attr("perm", {0, 2, 1})});
        b.output("y");
      },
      counted({2, 3, 4}));
  CHECK(joined.ops == Ops{"Transpose"});
  CHECK(joined.has_note("removed 2 nodes, as a Transpose follows"));
}

TEST_CASE("a Transpose that others read, too, stays and serves all", "[optimize]") {
  const Rewritten told = run_both_ways(
      [](GraphBuilder& b) {
        b.input("x", TN_FLOAT, {2, 3, 4});
        b.node("Transpose", {"x"}, {"t"}, {ints_attr("perm", {1, 2, 0})});
        b.node("Neg", {"t"}, {"y"});
        b.node("Transpose", {"t"}, {"z"}, {ints_attr("perm", {1, 2, 0})});
        b.output("y");
        b.output("z");
      },
      counted({2, 3, 4}));
  CHECK(told.ops == Ops{"Transpose", "Neg", "Transpose"});
  CHECK(told.reads == Ops{"x", "t", "t"});
}

TEST_CASE("of Reshapes in a row the last counts, unless it keeps dimensions of the one before", "[optimize]") {
  const auto chain = [](std::vector<int64_t> last) {
    return [last](GraphBuilder& b) {
      b.symbolic_input("x", TN_FLOAT, {{-1, "n"}, {3, ""}, {4, ""}});
      b.constant<int64_t>("first", {2}, {-1, 4});
      b.constant<int64_t>("last", {static_cast<int64_t>(last.size())}, last);
      b.node("Reshape", {"x", "first"}, {"r"});
      b.node("Reshape", {"r", "last"}, {"s"});
      b.node("Neg", {"s"}, {"y"});
      b.output("y");
    };
  };
  CHECK(run_both_ways(chain({4, -1}), counted({2, 3, 4})).ops == Ops{"Reshape", "Neg"});
  CHECK(run_both_ways(chain({-1, 3, 4}), counted({2, 3, 4})).ops == Ops{"Neg"});
  CHECK(run_both_ways(chain({0, 2, 2}), counted({2, 3, 4})).ops == Ops{"Reshape", "Reshape", "Neg"});
}

TEST_CASE("of nodes that compute the same the first stays, small constants counting by value", "[optimize]") {
  const Rewritten told = run_both_ways(
      [](GraphBuilder& b) {
        b.input("x", TN_FLOAT, {2, 3, 4});
        b.constant<float>("two", {}, {2});
        b.constant<float>("also_two", {}, {2});
        b.constant<float>("three", {}, {3});
        b.node("Mul", {"x", "two"}, {"a"});
        b.node("Mul", {"x", "also_two"}, {"b"});
        b.node("Mul", {"x", "three"}, {"c"});
        b.node("Exp", {"a"}, {"d"});
        b.node("Exp", {"b"}, {"e"});
        b.node("Sum", {"c", "d", "e"}, {"y"});
        b.output("y");
      },
      counted({2, 3, 4}));
  CHECK(told.ops == Ops{"Mul", "Mul", "Exp", "Sum"});
  CHECK(told.has_note("removed 2 nodes, as an earlier node computes the same"));
}

TEST_CASE("equal nodes stay where both hand out a result, attributes differ, or they are random", "[optimize]") {
  const Rewritten told = run_both_ways(
      [](GraphBuilder& b) {
        b.input("x", TN_FLOAT, {2, 3, 4});
        b.node("Neg", {"x"}, {"y"});
        b.node("Neg", {"x"}, {"z"});
        b.node("Softmax", {"x"}, {"s"}, {int_attr("axis", 1)});
        b.node("Softmax", {"x"}, {"t"}, {int_attr("axis", 2)});
        b.node("Add", {"s", "t"}, {"u"});
        for (const char* name : {"y", "z", "u"}) b.output(name);
      },
      counted({2, 3, 4}));
  CHECK(told.ops == Ops{"Neg", "Neg", "Softmax", "Softmax", "Add"});
  GraphBuilder b;
  b.input("x", TN_FLOAT, {2, 3, 4});
  b.node("RandomNormalLike", {"x"}, {"r"});
  b.node("RandomNormalLike", {"x"}, {"s"});
  b.node("Add", {"r", "s"}, {"y"});
  b.output("y");
  const auto random = b.build();
  std::vector<std::string> notes;
  REQUIRE(merge_pass(*random, {}, notes).is_ok());
  CHECK(random->graph->nodes().size() == 3);
}

TEST_CASE("what computes for nobody is removed with its constants, in subgraphs too", "[optimize]") {
  std::vector<NamedTensor> inputs = counted({24});
  inputs.push_back({"cond", make_tensor<bool>({}, {false})});
  const auto build = [](GraphBuilder& b) {
    b.input("x", TN_FLOAT, {24});
    b.input("cond", TN_BOOL, {});
    b.constant<float>("w", {1}, {3});
    b.node("Neg", {"x"}, {"dead_only_inside"});
    b.node("Mul", {"x", "w"}, {"dead"});
    b.node("Exp", {"dead"}, {"dead_too"});
    GraphBuilder then(b), other(b);
    then.node("Exp", {"dead_only_inside"}, {"inner_dead"});
    then.node("Relu", {"x"}, {"then_out"});
    then.output("then_out");
    other.node("Abs", {"x"}, {"other_out"});
    other.output("other_out");
    b.node("If", {"cond"}, {"y"},
           {graph_attr("then_branch", then.build_subgraph()), graph_attr("else_branch", other.build_subgraph())});
    b.output("y");
  };
  const Rewritten told = run_both_ways(build, inputs);
  CHECK(told.ops == Ops{"If"});
  CHECK(told.has_note("removed 4 nodes, as nobody reads what they compute"));
  CHECK(open_rewritten(build, true, 17)->model().graph->find_value("w") == nullptr);
}

TEST_CASE("random graphs compute the same with and without the rules", "[optimize]") {
  std::mt19937 random(3);
  const auto pick = [&](size_t n) { return random() % n; };
  for (int round = 0; round < 150; ++round) {
    struct Step {
      size_t kind, from, also;
      std::vector<int64_t> ints;
      bool is_output;
    };
    // Drawn first: the model is built twice. Every value has three dimensions of 24 elements in all.
    std::vector<Step> steps;
    std::vector<std::vector<int64_t>> shapes = {{2, 3, 4}};
    for (size_t i = 1; i <= 14; ++i) {
      Step step{pick(8), pick(i), 0, {}, pick(4) == 0 || i == 14};
      std::vector<int64_t> shape = shapes[step.from];
      if (step.kind == 4) {
        step.ints = {0, 1, 2};
        std::shuffle(step.ints.begin(), step.ints.end(), random);
        for (size_t d = 0; d < 3; ++d) shape[d] = shapes[step.from][static_cast<size_t>(step.ints[d])];
      } else if (step.kind == 5 || step.kind == 6) {
        const std::vector<std::vector<int64_t>> all = {{2, 3, 4},  {4, 3, 2},  {1, 6, 4},
                                                       {-1, 3, 4}, {0, 0, -1}, {2, -1, 1}};
        step.ints = all[pick(all.size())];
        int64_t rest = 24;
        for (size_t d = 0; d < 3; ++d) {
          if (step.ints[d] != 0) shape[d] = step.ints[d];
          if (shape[d] > 0) rest /= shape[d];
        }
        std::replace(shape.begin(), shape.end(), int64_t{-1}, rest);
      }
      shapes.push_back(shape);
      steps.push_back(step);
    }
    const bool is_symbolic = pick(2) == 0;
    const auto build = [&](GraphBuilder& b) {
      b.input("v0", TN_FLOAT, is_symbolic ? std::vector<int64_t>{-1, -1, -1} : std::vector<int64_t>{2, 3, 4});
      for (size_t i = 0; i < steps.size(); ++i) {
        const Step& step = steps[i];
        const std::string from = concat("v", step.from), to = concat("v", i + 1), shape = to + "_shape";
        switch (step.kind) {
          case 0: b.node("Identity", {from}, {to}); break;
          case 1: b.node("Cast", {from}, {to}, {int_attr("to", TN_FLOAT)}); break;
          case 2: b.node("Dropout", {from}, {to}); break;
          case 3: b.node("Neg", {from}, {to}); break;
          case 4: b.node("Transpose", {from}, {to}, {ints_attr("perm", step.ints)}); break;
          case 7: b.node("Add", {from, from}, {to}); break;
          default: b.constant<int64_t>(shape, {3}, step.ints); b.node("Reshape", {from, shape}, {to});
        }
        if (step.is_output) b.output(to);
      }
    };
    std::vector<NamedTensor> inputs = counted({2, 3, 4});
    inputs[0].name = "v0";
    INFO("round " << round);
    run_both_ways(build, inputs);
  }
}

TEST_CASE("a Reshape states a shape that is computed of its input's dimensions", "[optimize]") {
  const auto reshaped = [](int64_t axis) {
    return [axis](GraphBuilder& b) {
      b.symbolic_input("x", TN_FLOAT, {{-1, "n"}, {-1, "m"}, {4, ""}});
      b.constant<int64_t>("axis", {}, {axis});
      b.constant<int64_t>("first", {1}, {0});
      b.constant<int64_t>("rest", {2}, {-1, 2});
      b.node("Shape", {"x"}, {"s"});
      b.node("Gather", {"s", "axis"}, {"d"});
      b.node("Unsqueeze", {"d", "first"}, {"u"});
      b.node("Concat", {"u", "rest"}, {"shape"}, {int_attr("axis", 0)});
      b.node("Reshape", {"x", "shape"}, {"y"});
      b.output("y");
    };
  };
  CHECK(run_both_ways(reshaped(0), counted({2, 3, 4})).ops == Ops{"Reshape"});
  CHECK(run_both_ways(reshaped(1), counted({2, 3, 4})).ops.size() == 5);
}
