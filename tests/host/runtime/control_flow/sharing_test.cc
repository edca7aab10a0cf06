// Kernels, weights and reports of subgraphs, and packs of models that have some.
#include <catch2/catch.hpp>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "host/formats/onnx/exporter.h"
#include "tests/support/control_flow.h"
#include "tests/support/temp_folder.h"

using namespace tenon::host;
using namespace tenon::test;
using Catch::Contains;

namespace {

constexpr int64_t kSize = 48;

/// h = x w; y = c ? h w : relu(h) w, then three times y = relu(y w v) in a Loop, where v is the body's own.
void add_weights(GraphBuilder& b) {
  b.input("c", TN_BOOL, {});
  b.input("trips", TN_INT64, {});
  b.input("x", TN_FLOAT, {1, kSize});
  Floats w(kSize * kSize), v(kSize * kSize);
  for (size_t i = 0; i < w.size(); ++i) w[i] = static_cast<float>(i % 7) / 64 - 0.03f, v[i] = w[i] * 0.5f;
  b.constant<float>("w", {kSize, kSize}, w);
  b.node("MatMul", {"x", "w"}, {"h"});
  const auto then = subgraph(b, [](GraphBuilder& inner) {
    inner.node("MatMul", {"h", "w"}, {"t"});
    inner.output("t");
  });
  const auto otherwise = subgraph(b, [](GraphBuilder& inner) {
    inner.node("Relu", {"h"}, {"r"});
    inner.node("MatMul", {"r", "w"}, {"e"});
    inner.output("e");
  });
  b.node("If", {"c"}, {"i"}, {graph_attr("then_branch", then), graph_attr("else_branch", otherwise)});
  const auto body = subgraph(b, [&](GraphBuilder& inner) {
    loop_inputs(inner, "l");
    inner.constant<float>("v", {kSize, kSize}, v);
    inner.input("before", TN_FLOAT, {1, kSize});
    inner.node("MatMul", {"before", "w"}, {"m"});
    inner.node("MatMul", {"m", "v"}, {"n"});
    inner.node("Relu", {"n"}, {"after"});
    inner.output("lcond");
    inner.output("after");
  });
  b.node("Loop", {"trips", "", "i"}, {"y"}, {graph_attr("body", body)});
  b.output("y");
}

std::vector<NamedTensor> inputs_of(bool c) {
  Floats x(kSize);
  for (size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i % 5) - 1;
  return {truth("c", c), number("trips", 3), floats("x", {1, kSize}, x)};
}

bool same_bytes(const Tensor& a, const Tensor& b) {
  return a.shape() == b.shape() && std::memcmp(a.data(), b.data(), a.byte_length()) == 0;
}

const NodePlacement& placement_of(const SessionReport& report, const std::string& node) {
  for (const NodePlacement& p : report.placement)
    if (p.node == node) return p;
  FAIL("no node " << node);
  return report.placement.front();
}

}  // namespace

TEST_CASE("a weight that outer and inner graphs read is packed once", "[control_flow][prepack]") {
  packs_made = 0;
  GraphBuilder b;
  add_weights(b);
  const auto session = must_open(b);
  CHECK(packs_made == 2);  // w and v
  const SessionReport report = session->report();
  CHECK(report.memory.packed_bytes == 2 * kSize * kSize * 4);
  REQUIRE(report.initializers.size() == 2);
  for (const InitializerEntry& entry : report.initializers) CHECK(entry.residence == "packed only");
  must_run(*session, inputs_of(true));
  must_run(*session, inputs_of(false));
  CHECK(packs_made == 2);
}

TEST_CASE("a weight that a subgraph hands out is kept beside its packed form", "[control_flow][prepack]") {
  GraphBuilder b;
  b.input("c", TN_BOOL, {});
  b.input("x", TN_FLOAT, {2, 2});
  b.constant<float>("w", {2, 2}, {1, 2, 3, 4});
  b.node("MatMul", {"x", "w"}, {"h"});
  const auto then = subgraph(b, [](GraphBuilder& inner) { inner.output("w"); });
  const auto otherwise = subgraph(b, [](GraphBuilder& inner) { inner.output("h"); });
  b.node("If", {"c"}, {"y"}, {graph_attr("then_branch", then), graph_attr("else_branch", otherwise)});
  b.output("y");
  const auto session = must_open(b);
  const NamedTensor x = floats("x", {2, 2}, {1, 0, 0, 2});
  CHECK(values_of(must_run(*session, {truth("c", true), x})[0]) == Floats{1, 2, 3, 4});
  CHECK(values_of(must_run(*session, {truth("c", false), x})[0]) == Floats{1, 2, 6, 8});
}

TEST_CASE("the report says where the nodes of subgraphs run and why", "[control_flow][placement]") {
  GraphBuilder b;
  b.input("trips", TN_INT64, {});
  b.input("x", TN_FLOAT, {2});
  const auto body = subgraph(b, [](GraphBuilder& inner) {
    loop_inputs(inner, "");
    inner.input("before", TN_FLOAT, {2});
    inner.node("Relu", {"before"}, {"r"});
    inner.node("Add", {"r", "x"}, {"after"});
    inner.output("cond");
    inner.output("after");
  });
  b.node("Loop", {"trips", "", "x"}, {"y"}, {graph_attr("body", body)});
  b.output("y");
  SessionOptions options;
  options.provider_tables = {&picky_provider(), &test_provider()};
  const auto session = must_open(b, options);
  const SessionReport report = session->report();
  CHECK(report.placement.size() == 3);
  CHECK(placement_of(report, "y_node").provider == "host");
  CHECK_THAT(placement_of(report, "y_node").reason, Contains("host"));
  CHECK(placement_of(report, "y_node.body/r_node").provider == "picky");
  CHECK(placement_of(report, "y_node.body/after_node").provider == "testing");
  CHECK_THAT(placement_of(report, "y_node.body/after_node").reason, Contains("picky: no kernel for Add"));
}

TEST_CASE("a provider may claim groups of a subgraph", "[control_flow][placement]") {
  GraphBuilder b;
  b.input("trips", TN_INT64, {});
  b.input("x", TN_FLOAT, {2});
  const auto body = subgraph(b, [](GraphBuilder& inner) {
    loop_inputs(inner, "");
    inner.input("before", TN_FLOAT, {2});
    inner.node("Add", {"before", "x"}, {"sum"});
    inner.node("Relu", {"sum"}, {"after"});
    inner.output("cond");
    inner.output("after");
  });
  b.node("Loop", {"trips", "", "x"}, {"y"}, {graph_attr("body", body)});
  b.output("y");
  SessionOptions options;
  options.provider_tables = {&fusing_provider()};
  const auto session = must_open(b, options);
  CHECK(placement_of(session->report(), "y_node.body/sum_node").kernel == "Add+Relu");
  CHECK(values_of(must_run(*session, {number("trips", 2), floats("x", {2}, {1, -5})})[0]) == Floats{3, 0});
}

TEST_CASE("a node of a subgraph that nobody takes fails the open by its name", "[control_flow][placement]") {
  GraphBuilder b;
  b.input("c", TN_BOOL, {});
  b.input("x", TN_FLOAT, {1});
  const auto then = subgraph(b, [](GraphBuilder& inner) {
    inner.node("Erf", {"x"}, {"t"});
    inner.output("t");
  });
  const auto otherwise = subgraph(b, [](GraphBuilder& inner) { inner.output("x"); });
  b.node("If", {"c"}, {"y"}, {graph_attr("then_branch", then), graph_attr("else_branch", otherwise)});
  b.output("y");
  const auto session = open(b);
  REQUIRE_FALSE(session.is_ok());
  CHECK_THAT(session.status().message(), Contains("node 't_node' (Erf") && Contains("no kernel for Erf"));
}

TEST_CASE("a model with subgraphs is restored from its pack", "[control_flow][packs]") {
  const TempFolder folder;
  GraphBuilder b;
  add_weights(b);
  const auto model = folder.path() / "m.onnx";
  const auto built = b.build();
  REQUIRE(export_onnx_file(*built, model).is_ok());
  SessionOptions options;
  const std::string libraries = TENON_BINARY_DIR "/lib/tenon/providers/lib";
  options.providers = {{libraries + "cpu_blas.so", {}}, {libraries + "cpu_ref.so", {}}};
  options.threads = 1;
  options.pack.mode = PackMode::kAuto;
  options.pack.folder = folder.path() / "cache";
  options.pack.min_source_bytes = 0;
  std::vector<Tensor> expected;
  SessionReport made;
  {
    SessionOptions plain = options;
    plain.pack.mode = PackMode::kOff;
    const auto session = Session::open(model, plain);
    INFO(session.status().message());
    REQUIRE(session.is_ok());
    for (const bool c : {true, false}) expected.push_back(must_run(**session, inputs_of(c))[0]);
  }
  for (const std::string state : {"made", "used"}) {
    const auto session = Session::open(model, options);
    INFO(session.status().message());
    REQUIRE(session.is_ok());
    const SessionReport report = (*session)->report();
    INFO(report.pack.reason);
    CHECK(report.pack.state == state);
    CHECK(report.memory.packed_bytes == 0);
    for (const bool c : {true, false}) CHECK(same_bytes(must_run(**session, inputs_of(c))[0], expected[c ? 0 : 1]));
    if (state == "made") made = report;
    REQUIRE(report.placement.size() == made.placement.size());
    for (size_t i = 0; i < made.placement.size(); ++i) {
      CHECK(report.placement[i].node == made.placement[i].node);
      CHECK(report.placement[i].provider == made.placement[i].provider);
      CHECK(report.placement[i].kernel == made.placement[i].kernel);
      CHECK(report.placement[i].reason == made.placement[i].reason);
    }
  }
  CHECK(placement_of(made, "i_node").provider == "host");
  CHECK(placement_of(made, "i_node.else_branch/e_node").provider == "cpu_blas");
  // Two packed weights, whatever the number of nodes that read them; the model holds each once as well.
  CHECK(made.pack.bytes < 2 * 2 * kSize * kSize * 4 + 64 * 1024);
}

TEST_CASE("the steps of a body lie within the Loop in a profile", "[control_flow]") {
  const TempFolder folder;
  GraphBuilder b;
  add_weights(b);
  const auto session = must_open(b);
  RunOptions options;
  options.profile = folder.path() / "trace.json";
  must_run(*session, inputs_of(true), {}, options);
  std::ifstream file(options.profile);
  const auto events = nlohmann::json::parse(file).at("traceEvents");
  double begin = 0, end = 0;
  size_t inside = 0;
  for (const auto& event : events)
    if (event.at("name") == "y_node") begin = event.at("ts"), end = begin + event.at("dur").get<double>();
  for (const auto& event : events)
    if (event.at("name") == "m_node" && event.at("ts") >= begin && event.at("ts") <= end) ++inside;
  CHECK(inside == 3);
}
