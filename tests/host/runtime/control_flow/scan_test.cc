// Scan: axes, directions, lengths, and the batch form of version 8.
#include <catch2/catch.hpp>

#include "tests/support/control_flow.h"

using namespace tenon::host;
using namespace tenon::test;
using Catch::Contains;

namespace {

/// state: sum of the slices of x so far; y: the sums on the way. x is rows x columns of float.
void add_scan(GraphBuilder& b, std::vector<Attribute> attributes = {}) {
  b.symbolic_input("start", TN_FLOAT, {{-1, "n"}});
  b.symbolic_input("x", TN_FLOAT, {{-1, "rows"}, {-1, "columns"}});
  const auto body = subgraph(b, [](GraphBuilder& inner) {
    inner.symbolic_input("before", TN_FLOAT, {{-1, ""}});
    inner.symbolic_input("slice", TN_FLOAT, {{-1, ""}});
    inner.node("Add", {"before", "slice"}, {"after"});
    inner.output("after");
    inner.output("after");
  });
  attributes.push_back(int_attr("num_scan_inputs", 1));
  attributes.push_back(graph_attr("body", body));
  b.node("Scan", {"start", "x"}, {"sum", "y"}, std::move(attributes));
  b.output("sum");
  b.output("y");
}

std::vector<Tensor> run(GraphBuilder& b, const Floats& start, std::vector<int64_t> shape, const Floats& x) {
  const auto session = open_on_ref(b);
  const std::vector<NamedTensor> inputs = {floats("start", {static_cast<int64_t>(start.size())}, start),
                                           floats("x", std::move(shape), x)};
  must_run(*session, inputs);
  return must_run(*session, inputs);
}

}  // namespace

TEST_CASE("a Scan runs over the first dimension and collects what its body gives", "[control_flow]") {
  GraphBuilder b;
  add_scan(b);
  const auto results = run(b, {10, 20}, {3, 2}, {1, 2, 3, 4, 5, 6});
  CHECK(values_of(results[0]) == Floats{19, 32});
  CHECK(results[1].shape() == Ints{3, 2});
  CHECK(values_of(results[1]) == Floats{11, 22, 14, 26, 19, 32});
}

TEST_CASE("a Scan runs backwards and collects backwards", "[control_flow]") {
  GraphBuilder b;
  SECTION("reading") {
    add_scan(b, {ints_attr("scan_input_directions", {1})});
    CHECK(values_of(run(b, {0, 0}, {3, 2}, {1, 2, 3, 4, 5, 6})[1]) == Floats{5, 6, 8, 10, 9, 12});
  }
  SECTION("collecting") {
    add_scan(b, {ints_attr("scan_output_directions", {1})});
    CHECK(values_of(run(b, {0, 0}, {3, 2}, {1, 2, 3, 4, 5, 6})[1]) == Floats{9, 12, 4, 6, 1, 2});
  }
}

TEST_CASE("a Scan reads and collects along any dimension", "[control_flow]") {
  GraphBuilder b;
  SECTION("reading") {
    add_scan(b, {ints_attr("scan_input_axes", {-1})});
    const auto results = run(b, {0, 0}, {2, 3}, {1, 2, 3, 4, 5, 6});
    CHECK(values_of(results[0]) == Floats{6, 15});
    CHECK(results[1].shape() == Ints{3, 2});
    CHECK(values_of(results[1]) == Floats{1, 4, 3, 9, 6, 15});
  }
  SECTION("collecting") {
    add_scan(b, {ints_attr("scan_output_axes", {1})});
    const auto results = run(b, {0, 0}, {3, 2}, {1, 2, 3, 4, 5, 6});
    CHECK(results[1].shape() == Ints{2, 3});
    CHECK(values_of(results[1]) == Floats{1, 4, 9, 2, 6, 12});
  }
}

TEST_CASE("a Scan over nothing gives its initial state", "[control_flow]") {
  GraphBuilder b;
  add_scan(b);
  const auto results = run(b, {7, 8}, {0, 2}, {});
  CHECK(values_of(results[0]) == Floats{7, 8});
  CHECK(results[1].element_count() == 0);
  CHECK(results[1].shape()[0] == 0);
}

TEST_CASE("scanned values of different lengths are refused", "[control_flow]") {
  GraphBuilder b;
  b.symbolic_input("p", TN_FLOAT, {{-1, "m"}});
  b.symbolic_input("q", TN_FLOAT, {{-1, "n"}});
  const auto body = subgraph(b, [](GraphBuilder& inner) {
    inner.input("a", TN_FLOAT, {});
    inner.input("b", TN_FLOAT, {});
    inner.node("Mul", {"a", "b"}, {"c"});
    inner.output("c");
  });
  b.node("Scan", {"p", "q"}, {"y"}, {int_attr("num_scan_inputs", 2), graph_attr("body", body)});
  b.output("y");
  const auto session = open_on_ref(b);
  CHECK(values_of(must_run(*session, {floats("p", {2}, {1, 2}), floats("q", {2}, {3, 4})})[0]) == Floats{3, 8});
  const Status failure = failure_of(*session, {floats("p", {2}, {1, 2}), floats("q", {3}, {3, 4, 5})});
  CHECK_THAT(failure.message(), Contains("node 'y_node' (Scan") && Contains("has length 3"));
}

TEST_CASE("Scan of version 8 runs each element of a batch to its own length", "[control_flow]") {
  GraphBuilder b(8);
  b.symbolic_input("lengths", TN_INT64, {{-1, "batch"}});
  b.symbolic_input("start", TN_FLOAT, {{-1, "batch"}, {1, ""}});
  b.symbolic_input("x", TN_FLOAT, {{-1, "batch"}, {-1, "length"}, {1, ""}});
  const auto body = subgraph(b, [](GraphBuilder& inner) {
    inner.input("before", TN_FLOAT, {1});
    inner.input("slice", TN_FLOAT, {1});
    inner.node("Add", {"before", "slice"}, {"after"});
    inner.output("after");
    inner.output("after");
  });
  b.node("Scan", {"lengths", "start", "x"}, {"sum", "y"},
         {int_attr("num_scan_inputs", 1), graph_attr("body", body), ints_attr("directions", {1})});
  b.output("sum");
  b.output("y");
  const auto session = open_on_ref(b);
  const NamedTensor lengths{"lengths", make_tensor<int64_t>({2}, {3, 2})};
  const auto results =
      must_run(*session, {lengths, floats("start", {2, 1}, {0, 100}), floats("x", {2, 3, 1}, {1, 2, 3, 4, 5, 6})});
  CHECK(results[0].shape() == Ints{2, 1});
  CHECK(values_of(results[0]) == Floats{6, 109});
  CHECK(results[1].shape() == Ints{2, 3, 1});
  CHECK(values_of(results[1]) == Floats{3, 5, 6, 105, 109, 0});
}

TEST_CASE("strings are scanned and collected", "[control_flow]") {
  GraphBuilder b;
  b.symbolic_input("x", TN_STRING, {{-1, "n"}, {2, ""}});
  const auto body = subgraph(b, [](GraphBuilder& inner) {
    inner.input("slice", TN_STRING, {2});
    inner.node("Identity", {"slice"}, {"same"});
    inner.output("same");
  });
  b.node("Scan", {"x"}, {"y"},
         {int_attr("num_scan_inputs", 1), graph_attr("body", body), ints_attr("scan_input_directions", {1})});
  b.output("y");
  const auto session = open_on_ref(b);
  auto x = Tensor::from_strings({2, 2}, {"a", "b", "a longer one than fits in place", "d"}, Residence::kRuntime);
  REQUIRE(x.is_ok());
  const auto results = must_run(*session, {{"x", *x}});
  CHECK(results[0].shape() == Ints{2, 2});
  CHECK(results[0].string_at(0) == "a longer one than fits in place");
  CHECK(results[0].string_at(3) == "b");
}
