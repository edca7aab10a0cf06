// Values that a model only looks at in another way while it runs: views that live with what they look at, and memory
// that no kernel takes over while one of them is read.
#include "host/runtime/step_view.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <random>
#include <sstream>

#include "host/session/session.h"
#include "tests/support/graph_builder.h"
#include "tests/support/product_model.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_provider.h"

using namespace tenon::host;
using namespace tenon::test;

namespace {

std::unique_ptr<Session> open_on_cpu(GraphBuilder& builder) {
  auto session = Session::open_model(builder.build(), packing_options("unused", PackMode::kOff));
  INFO(session.status().message());
  REQUIRE(session.is_ok());
  return std::move(*session);
}

NamedTensor integers(const std::string& name, const std::vector<int64_t>& values) {
  return {name, make_tensor<int64_t>({static_cast<int64_t>(values.size())}, values)};
}

const std::vector<std::vector<int64_t>> kShapes = {{24}, {4, 6}, {2, 12}, {2, 3, 4}, {1, 24}};

/// A random graph over 24 elements, and what it computes for x = 1, 2, 3 ...
struct RandomGraph {
  struct Item {
    std::string name;
    std::vector<int64_t> shape;
    std::vector<float> elements;
    bool is_input = false;
  };
  GraphBuilder builder;
  std::vector<Item> items;
  std::vector<NamedTensor> inputs;
  std::vector<std::vector<float>> expected;

  RandomGraph(unsigned seed, bool symbolic) : random_(seed) {
    std::vector<float> x(24);
    for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i + 1);
    builder.input("x", TN_FLOAT, symbolic ? std::vector<int64_t>{-1, -1} : std::vector<int64_t>{4, 6});
    inputs.push_back(floats("x", {4, 6}, x));
    items.push_back({"x", {4, 6}, x, true});
    for (int n = 0; n < 14; ++n) add_node(n);
    // Some values that others look at, and the last ones.
    for (size_t i = 1; i < items.size(); ++i)
      if (i + 2 >= items.size() || pick(6) == 0) {
        builder.output(items[i].name);
        expected.push_back(items[i].elements);
      }
  }

 private:
  size_t pick(size_t count) { return std::uniform_int_distribution<size_t>(0, count - 1)(random_); }

  void add_node(int n) {
    const Item from = items[pick(items.size())];
    Item made{"v" + std::to_string(n), from.shape, from.elements};
    switch (pick(6)) {
      case 0: builder.node("Identity", {from.name}, {made.name}); break;
      case 1: reshape(from, made, n); break;
      case 2: {
        builder.node("Flatten", {from.name}, {made.name}, {int_attr("axis", 1)});
        made.shape = {from.shape[0], 24 / from.shape[0]};
        break;
      }
      case 3: {
        builder.node("Neg", {from.name}, {made.name});
        for (float& e : made.elements) e = -e;
        break;
      }
      default: {
        const Item other = items[pick(items.size())];
        if (other.shape != from.shape) return;
        builder.node("Add", {from.name, other.name}, {made.name});
        for (size_t i = 0; i < made.elements.size(); ++i) made.elements[i] += other.elements[i];
      }
    }
    items.push_back(std::move(made));
  }

  void reshape(const Item& from, Item& made, int n) {
    made.shape = kShapes[pick(kShapes.size())];
    const std::string shape = "shape" + std::to_string(n);
    if (pick(2) == 0) {
      builder.constant<int64_t>(shape, {static_cast<int64_t>(made.shape.size())}, made.shape);
    } else {
      builder.input(shape, TN_INT64, {static_cast<int64_t>(made.shape.size())});
      inputs.push_back(integers(shape, made.shape));
    }
    builder.node("Reshape", {from.name, shape}, {made.name});
  }

  std::mt19937 random_;
};

}  // namespace

TEST_CASE("no value changes while a view of it is read, on the heap and in the arena", "[session][views]") {
  for (unsigned seed = 0; seed < 150; ++seed) {
    CAPTURE(seed);
    RandomGraph graph(seed, seed % 2 == 1);
    const auto session = open_on_cpu(graph.builder);
    for (int run = 0; run < 3; ++run) {
      const auto results = must_run(*session, graph.inputs);
      REQUIRE(results.size() == graph.expected.size());
      for (size_t i = 0; i < results.size(); ++i) REQUIRE(values_of(results[i]) == graph.expected[i]);
    }
  }
}

TEST_CASE("placement and profile say what is a view, with a shape that is computed, too", "[session][views]") {
  const TempFolder folder;
  GraphBuilder b;
  b.input("x", TN_FLOAT, {2, 6});
  b.input("shape", TN_INT64, {2});
  b.node("Neg", {"x"}, {"n"});
  b.node("Reshape", {"n", "shape"}, {"r"});
  b.node("Neg", {"r"}, {"y"});
  b.node("Identity", {"n"}, {"z"});
  b.output("y");
  b.output("z");
  const auto session = open_on_cpu(b);
  std::string reason, reason_of_output;
  for (const NodePlacement& p : session->report().placement) {
    if (p.node == "r_node") reason = p.reason;
    if (p.node == "z_node") reason_of_output = p.reason;
  }
  CHECK_THAT(reason, Catch::Contains("its output is a view of its input"));
  CHECK_THAT(reason_of_output, !Catch::Contains("view"));  // results share no memory, and 'n' is read elsewhere
  RunOptions options;
  options.profile = folder.path() / "profile.json";
  const auto results =
      must_run(*session, {floats("x", {2, 6}, std::vector<float>(12, 1)), integers("shape", {3, -1})}, {}, options);
  CHECK(results[0].shape() == std::vector<int64_t>{3, 4});
  std::stringstream profile;
  profile << std::ifstream(options.profile).rdbuf();
  CHECK_THAT(profile.str(), Catch::Contains("float 3x4 (view)"));
}

TEST_CASE("a result may be a view of what was computed for it alone", "[session][views]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {-1, 6});
  b.node("Neg", {"x"}, {"n"});
  b.node("Flatten", {"n"}, {"y"}, {int_attr("axis", 0)});
  b.node("Flatten", {"x"}, {"z"}, {int_attr("axis", 0)});  // of the application's memory: a copy
  b.node("Identity", {"y"}, {"i"});
  b.node("Neg", {"i"}, {"w"});
  for (const char* name : {"y", "z", "w"}) b.output(name);
  const auto session = open_on_cpu(b);
  std::vector<Tensor> kept;
  for (int run = 0; run < 3; ++run) {
    const NamedTensor x = floats("x", {2, 6}, std::vector<float>(12, static_cast<float>(run)));
    auto results = must_run(*session, {x});
    CHECK(results[1].data() != x.tensor.data());
    kept.insert(kept.end(), results.begin(), results.end());
  }
  for (int run = 0; run < 3; ++run) {
    const auto at = static_cast<size_t>(3 * run);
    CHECK(kept[at].shape() == std::vector<int64_t>{1, 12});
    CHECK(values_of(kept[at]) == std::vector<float>(12, -static_cast<float>(run)));
    for (const size_t i : {at + 1, at + 2})
      CHECK(values_of(kept[i]) == std::vector<float>(12, static_cast<float>(run)));
  }
  for (const NodePlacement& p : session->report().placement)
    if (p.op_type == "Flatten") CHECK((p.reason.find("view") != std::string::npos) == (p.node == "y_node"));
}

TEST_CASE("a shape that does not fit is the kernel's error, and the session runs on", "[session][views]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {2, 6});
  b.input("shape", TN_INT64, {2});
  b.node("Reshape", {"x", "shape"}, {"r"});
  b.node("Neg", {"r"}, {"y"});
  b.output("y");
  const auto session = open_on_cpu(b);
  const NamedTensor x = floats("x", {2, 6}, std::vector<float>(12, 1));
  const std::vector<NamedTensor> wrong = {x, integers("shape", {5, 5})}, right = {x, integers("shape", {6, 2})};
  const auto refused = session->run(wrong);
  REQUIRE_FALSE(refused.is_ok());
  CHECK_THAT(refused.status().message(), Catch::Contains("r_node") && Catch::Contains("must have the same number"));
  CHECK(must_run(*session, right)[0].shape() == std::vector<int64_t>{6, 2});
}

TEST_CASE("a loop's values may be views of what it carries and of what lies around it", "[session][views]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {2, 6});
  b.constant<int64_t>("trips", {}, {3});
  b.node("Neg", {"x"}, {"outer"});
  b.constant<int64_t>("flat", {1}, {12});
  GraphBuilder body(b);
  body.input("i", TN_INT64, {});
  body.input("c", TN_BOOL, {});
  body.input("carried", TN_FLOAT, {12});
  body.node("Reshape", {"outer", "flat"}, {"around"});
  body.node("Identity", {"carried"}, {"same"});
  body.node("Add", {"same", "around"}, {"sum"});
  body.node("Reshape", {"sum", "flat"}, {"next"});
  body.node("Identity", {"c"}, {"go_on"});
  for (const char* name : {"go_on", "next"}) body.output(name);
  b.node("Reshape", {"x", "flat"}, {"start"});
  b.node("Loop", {"trips", "", "start"}, {"y"}, {graph_attr("body", body.build_subgraph())});
  b.output("y");
  const auto session = open_on_cpu(b);
  for (int run = 0; run < 2; ++run) {
    const auto results = must_run(*session, {floats("x", {2, 6}, std::vector<float>(12, 1))});
    CHECK(values_of(results[0]) == std::vector<float>(12, -2));
  }
}
