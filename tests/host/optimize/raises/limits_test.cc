// Where raises must not apply, and where they must all the same: who runs what, opsets, subgraphs, packs.
#include "host/formats/onnx/exporter.h"
#include "host/graph/shape_inference.h"
#include "host/optimize/raises/raises.h"
#include "tests/host/optimize/raises/forms.h"
#include "tests/support/both_ways.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_provider.h"

using namespace tenon::host;
using namespace tenon::test;

namespace {

/// What is left of the form over x (float 2x3x8) on cpu_ref, whose answers must stay; "y" computes the result.
std::vector<std::string> ops_left(const Writes& write, int64_t opset = 17,
                                  const std::vector<int64_t>& shape = {2, 3, 8}) {
  size_t elements = 1;
  for (const int64_t d : shape) elements *= static_cast<size_t>(d);
  return run_both_ways_within(
             8,
             [&](GraphBuilder& b) {
               b.input("x", TN_FLOAT, shape);
               Scribe s(b, TN_FLOAT, opset);
               b.output(write(s));
             },
             {{"x", Scribe::floats_of(TN_FLOAT, shape, spread(elements, 3))}}, opset)
      .ops;
}

size_t count(const std::vector<std::string>& ops, const std::string& op) {
  return static_cast<size_t>(std::count(ops.begin(), ops.end(), op));
}

/// The operators of a Gelu's pieces after raises in a session where `rank` is the order of the providers.
std::vector<std::string> raised_gelu(const ProviderRank& rank, int64_t opset = 17) {
  GraphBuilder b(opset);
  b.input("x", TN_FLOAT, {4});
  Scribe s(b, TN_FLOAT, opset);
  b.output(gelu_forms()[0].write(s));
  const auto model = b.build();
  REQUIRE(infer_shapes(*model).is_ok());
  std::vector<std::string> notes, ops;
  REQUIRE(apply_raises(*model, rank, notes).is_ok());
  for (const auto& node : model->graph->nodes())
    ops.push_back((node->domain.empty() ? "" : node->domain + ":") + node->op_type);
  return ops;
}

/// A session in which the n-th provider has the n-th of these lists, and the last one all that is not named.
ProviderRank ranks(std::vector<std::vector<std::string>> lists, std::vector<std::string> missing = {}) {
  return [lists = std::move(lists), missing = std::move(missing)](const Node& node) -> std::optional<size_t> {
    const std::string name = node.domain.empty() ? node.op_type : node.domain + ":" + node.op_type;
    if (count(missing, name) > 0) return std::nullopt;
    for (size_t i = 0; i < lists.size(); ++i)
      if (count(lists[i], name) > 0) return i;
    return lists.size();
  };
}

}  // namespace

TEST_CASE("other constants mean another function", "[optimize]") {
  const auto gelu = [](double root, double one, double half) {
    return [=](Scribe& s) {
      return s("Mul", {s("Mul", {"x", s("Add", {s("Erf", {s("Div", {"x", s(root)})}), s(one)})}), s(half)});
    };
  };
  CHECK(count(ops_left(gelu(std::sqrt(2), 1, 0.5)), "Gelu") == 1);
  CHECK(count(ops_left(gelu(1.4, 1, 0.5)), "Erf") == 1);
  CHECK(count(ops_left(gelu(std::sqrt(2), 1.001, 0.5)), "Erf") == 1);
  CHECK(count(ops_left(gelu(std::sqrt(2), 1, 1)), "Erf") == 1);
  const auto swish = [](double shift, double low, double high) {
    return [=](Scribe& s) {
      return s("Div", {s("Mul", {"x", s("Clip", {s("Add", {"x", s(shift)}), s(low), s(high)})}), s(6)});
    };
  };
  CHECK(count(ops_left(swish(3, 0, 6)), "HardSwish") == 1);
  CHECK(count(ops_left(swish(2, 0, 6)), "Clip") == 1);
  CHECK(count(ops_left(swish(3, -1, 6)), "Clip") == 1);
  CHECK(count(ops_left(swish(3, 0, 5)), "Clip") == 1);
  CHECK(count(ops_left([](Scribe& s) { return s("Mul", {"x", s("HardSigmoid", {"x"})}); }), "HardSigmoid") == 1);
}

TEST_CASE("two different values in the places of x mean no Gelu", "[optimize]") {
  const auto ops = ops_left([](Scribe& s) {
    const std::string other = s("Neg", {"x"});
    return s("Mul", {s("Mul", {"x", s("Add", {s("Erf", {s("Div", {other, s(std::sqrt(2))})}), s(1)})}), s(0.5)});
  });
  CHECK(count(ops, "Erf") == 1);
}

TEST_CASE("what others read, too, stays with all that it is part of", "[optimize]") {
  const auto read_by_node = ops_left([](Scribe& s) {
    const std::string erf = s("Erf", {s("Div", {"x", s(std::sqrt(2))})});
    s.b.output(s("Neg", {erf}));
    return s("Mul", {s("Mul", {"x", s("Add", {erf, s(1)})}), s(0.5)});
  });
  CHECK(count(read_by_node, "Gelu") == 0);
  const auto handed_out = ops_left([](Scribe& s) {
    const std::string erf = s("Erf", {s("Div", {"x", s(std::sqrt(2))})});
    s.b.output(erf);
    return s("Mul", {s("Mul", {"x", s("Add", {erf, s(1)})}), s(0.5)});
  });
  CHECK(count(handed_out, "Gelu") == 0);
  const auto captured = ops_left([](Scribe& s) {
    const std::string erf = s("Erf", {s("Div", {"x", s(std::sqrt(2))})});
    s.b.constant<bool>("c", {}, {true});
    std::vector<std::shared_ptr<Graph>> branches;
    for (const char* name : {"then_y", "else_y"}) {
      GraphBuilder branch(s.b);
      branch.node("Neg", {erf}, {name});
      branch.output(name);
      branches.push_back(branch.build_subgraph());
    }
    s.b.node("If", {"c"}, {"z"}, {graph_attr("then_branch", branches[0]), graph_attr("else_branch", branches[1])});
    s.b.output("z");
    return s("Mul", {s("Mul", {"x", s("Add", {erf, s(1)})}), s(0.5)});
  });
  CHECK(count(captured, "Gelu") == 0);
}

TEST_CASE("means over other dimensions than the last ones are no LayerNormalization", "[optimize]") {
  const auto over = [](std::vector<int64_t> axes, std::vector<int64_t> shape) {
    return [=](Scribe& s) { return affine(s, normalized(s, axes), shape); };
  };
  CHECK(count(ops_left(over({-1}, {8})), "LayerNormalization") == 1);
  CHECK(count(ops_left(over({1}, {8})), "ReduceMean") == 2);
  CHECK(count(ops_left(over({0, 2}, {8})), "ReduceMean") == 2);
  const auto differ = [](Scribe& s) {
    const std::string centered = s("Sub", {"x", mean_of(s, "x", {-1})});
    const std::string variance = mean_of(s, s("Mul", {centered, centered}), {-2, -1});
    return s("Div", {centered, s("Sqrt", {s("Add", {variance, s(1e-5)})})});
  };
  CHECK(count(ops_left(differ), "ReduceMean") == 2);
  const auto squeezed = [](Scribe& s) {
    const std::string centered = s("Sub", {"x", mean_of(s, "x", {-1})});
    const std::string variance =
        s("ReduceMean", {s("Mul", {centered, centered})}, {ints_attr("axes", {-1}), int_attr("keepdims", 0)});
    return s("Div", {centered, s("Sqrt", {s("Add", {variance, s(1e-5)})})});
  };
  CHECK(count(ops_left(squeezed, 17, {4, 4, 4}), "ReduceMean") == 2);
}

TEST_CASE("a scale of another shape than the normalized dimensions stays a product", "[optimize]") {
  const auto ops = ops_left([](Scribe& s) { return affine(s, normalized(s, {-1}), {3, 8}); });
  CHECK(ops == std::vector<std::string>{"LayerNormalization", "Mul", "Add"});
}

TEST_CASE("a constant that gives the result more dimensions keeps its node", "[optimize]") {
  const auto ops = ops_left(
      [](Scribe& s) {
        const std::string one = s.tensor({1, 1, 1, 1}, {1});
        return s("Mul", {s("Mul", {"x", s("Add", {s("Erf", {s("Div", {"x", s(std::sqrt(2))})}), one})}), s(0.5)});
      },
      17, {48});
  CHECK(count(ops, "Erf") == 1);
}

TEST_CASE("a raise waits for a provider that has the operator", "[optimize]") {
  const auto gelu = std::vector<std::string>{"Gelu"};
  CHECK(raised_gelu(ranks({})) == gelu);
  CHECK(raised_gelu(ranks({}, {"Gelu"})) == std::vector<std::string>{"com.microsoft:Gelu"});
  CHECK(count(raised_gelu(ranks({}, {"Gelu", "com.microsoft:Gelu"})), "Erf") == 1);
  CHECK(count(raised_gelu([](const Node&) { return std::nullopt; }), "Erf") == 1);
  // Nobody has one of the pieces.
  CHECK(raised_gelu(ranks({}, {"Erf", "Div", "Mul", "Add"})) == gelu);
}

TEST_CASE("a raise hands no node on to a later provider", "[optimize]") {
  const std::vector<std::string> pieces{"Div", "Erf", "Add", "Mul"};
  CHECK(count(raised_gelu(ranks({pieces})), "Erf") == 1);
  CHECK(count(raised_gelu(ranks({{"Mul"}})), "Erf") == 1);
  CHECK(raised_gelu(ranks({{"Gelu", "Mul"}})) == std::vector<std::string>{"Gelu"});
  CHECK(raised_gelu(ranks({{"Div", "Erf", "Add", "Mul", "com.microsoft:Gelu"}})) ==
        std::vector<std::string>{"com.microsoft:Gelu"});
}

TEST_CASE("an operator is of the model's opset, or of its first where that came later", "[optimize]") {
  const auto version = [](int64_t opset) {
    const auto session = open_rewritten(
        [&](GraphBuilder& b) {
          b.input("x", TN_FLOAT, {4});
          Scribe s(b, TN_FLOAT, opset);
          b.output(hard_swish_forms()[1].write(s));
        },
        true, opset);
    return session->model().graph->nodes()[0]->since_version;
  };
  CHECK(version(11) == 14);
  CHECK(version(21) == 14);
  CHECK(version(22) == 22);
}

TEST_CASE("raises reach into subgraphs", "[optimize]") {
  const auto session = open_rewritten(
      [](GraphBuilder& b) {
        b.input("c", TN_BOOL, {});
        b.input("x", TN_FLOAT, {4});
        std::vector<std::shared_ptr<Graph>> branches;
        for (int i = 0; i < 2; ++i) {
          GraphBuilder branch(b);
          Scribe s(branch, TN_FLOAT, 17);
          branch.output(gelu_forms()[0].write(s));
          branches.push_back(branch.build_subgraph());
        }
        b.node("If", {"c"}, {"z"}, {graph_attr("then_branch", branches[0]), graph_attr("else_branch", branches[1])});
        b.output("z");
      },
      true, 17);
  for (const Graph* graph : subgraphs(*session->model().graph->nodes()[0])) {
    REQUIRE(graph->nodes().size() == 1);
    CHECK(graph->nodes()[0]->op_type == "Gelu");
  }
}

TEST_CASE("the report names the nodes that were raised", "[optimize]") {
  const auto session = open_rewritten(
      [](GraphBuilder& b) {
        b.input("x", TN_FLOAT, {4});
        Scribe s(b, TN_FLOAT, 17);
        b.output(gelu_forms()[0].write(s));
      },
      true, 17);
  CHECK(rewritten_graph(*session).has_note("removed 5 nodes, as together they are a Gelu: node "));
}

TEST_CASE("raised nodes of newer opsets than the model's come back from its pack", "[optimize][packs]") {
  const TempFolder folder;
  GraphBuilder b(11);
  b.input("x", TN_FLOAT, {2, 3, 8});
  Scribe s(b, TN_FLOAT, 11);
  b.output(gelu_forms()[0].write(s));
  b.output(hard_swish_forms()[1].write(s));
  b.output(layer_normalization_forms()[0].write(s));
  const auto model = folder.path() / "m.onnx";
  REQUIRE(export_onnx_file(*b.build(), model).is_ok());
  SessionOptions options;
  options.providers = {{TENON_BINARY_DIR "/lib/tenon/providers/libcpu_ref.so", {}}};
  options.threads = 1;
  options.pack.mode = PackMode::kAuto;
  options.pack.folder = folder.path() / "cache";
  options.pack.min_source_bytes = 0;
  std::vector<std::vector<float>> first;
  for (const std::string state : {"made", "used"}) {
    const auto session = Session::open(model, options);
    INFO(session.status().message());
    REQUIRE(session.is_ok());
    INFO((*session)->report().pack.reason);
    CHECK((*session)->report().pack.state == state);
    CHECK((*session)->report().placement.size() == 3);
    const auto results = must_run(**session, {{"x", Scribe::floats_of(TN_FLOAT, {2, 3, 8}, spread(48, 3))}});
    std::vector<std::vector<float>> values;
    for (const Tensor& result : results) values.push_back(values_of(result));
    if (first.empty()) first = values;
    CHECK(values == first);
  }
}
