// Operators of a provider's own domain: what it describes is checked, inferred, folded and handed to its kernels.
#include "host/plugins/described_operators.h"

#include <catch2/catch.hpp>
#include <tenon/sdk/sdk.hpp>

#include "host/session/session.h"
#include "tests/host/packs/small_model.h"
#include "tests/support/gain_operator.h"
#include "tests/support/graph_builder.h"
#include "tests/support/onnx_models.h"
#include "tests/support/test_provider.h"

using namespace tenon;
using namespace tenon::host;
using namespace tenon::test;
using Catch::Matchers::Contains;

namespace {

std::vector<std::pair<float, int>> made;  // factor and version of each kernel

sdk::Result<sdk::KernelPtr> make_gain(const sdk::KernelInfo& node) {
  made.emplace_back(node.attr_float("factor"), node.since_version());
  node.terms().cost_ns = 2500;
  return sdk::KernelPtr(new Gain(node.attr_float("factor")));
}

sdk::Status infer_badly(const sdk::InferContext& c) {
  const int64_t shape[] = {2, c.node().attr_int("size")};
  return c.set_output(0, shape, static_cast<tn_dtype>(c.node().attr_int("dtype")));
}

constexpr uint32_t kFloats[] = {TN_FLOAT};
constexpr tn_type_rule kTypes[] = {sdk::type_rule("T", kFloats)};
constexpr tn_formal kIn[] = {sdk::formal("x", "T")}, kOut[] = {sdk::formal("y", "T")};
constexpr tn_attribute kOld[] = {sdk::required_attribute("factor", TN_ATTR_FLOAT)};
constexpr tn_attribute kNew[] = {sdk::attribute("factor", 2.0f)};
constexpr tn_attribute kWrong[] = {sdk::attribute("size", int64_t{3}), sdk::attribute("dtype", int64_t{1})};
constexpr tn_operator kOperators[] = {
    sdk::operator_def<infer_gain>("test.own", "Gain", 1, kIn, kOut, kTypes, kOld),
    sdk::operator_def<infer_gain>("test.own", "Gain", 3, kIn, kOut, kTypes, kNew),
    sdk::operator_def("test.own", "Noise", 1, kIn, kOut, kTypes, kNew, TN_OPERATOR_NOT_DETERMINISTIC),
    sdk::operator_def<infer_badly>("test.own", "Wrong", 1, kIn, kOut, kTypes, kWrong)};
constexpr tn_kernel_def kKernels[] = {sdk::kernel_def<make_gain>("test.own", "Gain", 1, 0, kTypes),
                                      sdk::kernel_def<make_gain>("test.own", "Noise", 1, 0, kTypes),
                                      sdk::kernel_def<make_gain>("test.own", "Wrong", 1, 0, kTypes)};
constexpr tn_provider kProvider = sdk::with_operators(sdk::provider_table("describing", "1.0", kKernels), kOperators);

SessionOptions asking() {
  SessionOptions options;
  options.provider_tables = {&kProvider, &test_provider()};
  options.threads = 1;
  return options;
}

void import_own(GraphBuilder& b, int64_t version = 3) {
  b.model().opset_imports["test.own"] = version;
}

/// y = op(x: float[2,n]) with the attributes.
Result<std::unique_ptr<Session>> open_one(const std::string& op, std::vector<Attribute> attributes = {},
                                          int64_t version = 3, tn_dtype dtype = TN_FLOAT) {
  GraphBuilder b;
  import_own(b, version);
  b.symbolic_input("x", dtype, {{2, ""}, {-1, "n"}});
  b.node("test.own:" + op, {"x"}, {"y"}, std::move(attributes));
  b.output("y");
  return Session::open_model(b.build(), asking());
}
std::string error_of(const Result<std::unique_ptr<Session>>& opened) {
  return opened.is_ok() ? "it opens" : opened.status().message();
}

}  // namespace

TEST_CASE("an operator that a provider describes has its default, its form and the shape that the provider infers",
          "[plugins][described]") {
  made.clear();
  const auto session = open_one("Gain");
  REQUIRE(error_of(session) == "it opens");
  const Port& y = (*session)->outputs()[0];
  CHECK(y.type.dtype == TN_FLOAT);
  REQUIRE(y.type.dims.has_value());
  CHECK(y.type.dims->size() == 2);
  CHECK((*y.type.dims)[0].value == 2);
  CHECK(made.back() == std::pair(2.0f, 3));
}

TEST_CASE("the model's opset of the domain decides which form of a described operator counts", "[plugins][described]") {
  made.clear();
  REQUIRE(error_of(open_one("Gain", {float_attr("factor", 5)}, 2)) == "it opens");
  CHECK(made.back() == std::pair(5.0f, 1));
  CHECK_THAT(error_of(open_one("Gain", {}, 2)), Contains("attribute 'factor' is missing"));
}

TEST_CASE("nodes of a described operator are held to it", "[plugins][described]") {
  CHECK_THAT(error_of(open_one("Gain", {int_attr("factor", 1)})),
             Contains("attribute 'factor' is an int, expected a float"));
  CHECK_THAT(error_of(open_one("Gain", {float_attr("factr", 1)})), Contains("no attribute 'factr'"));
  CHECK_THAT(error_of(open_one("Gain", {}, 3, TN_DOUBLE)), Contains("input x is double"));
}

TEST_CASE("what an infer function finds wrong names the node and the provider", "[plugins][described]") {
  CHECK(error_of(open_one("Gain", {float_attr("factor", 13)})) ==
        "node 'y_node' (test.own.Gain, opset 3): provider 'describing': a factor of 13 brings no luck");
}

TEST_CASE("an infer function that says what cannot be is an error of the provider", "[plugins][described]") {
  CHECK(error_of(open_one("Wrong")) == "it opens");
  CHECK_THAT(error_of(open_one("Wrong", {int_attr("size", -2)})), Contains("dimension 1 is -2"));
  CHECK_THAT(error_of(open_one("Wrong", {int_attr("dtype", 99)})), Contains("there is no element type 99"));
  CHECK_THAT(error_of(open_one("Wrong", {int_attr("dtype", TN_INT64)})), Contains("output y would be int64"));
}

TEST_CASE("a described operator of constants is folded, unless it is not deterministic", "[plugins][described]") {
  for (const bool is_random : {false, true}) {
    GraphBuilder b;
    import_own(b);
    b.input("x", TN_FLOAT, {2});
    b.constant<float>("c", {2}, {1, 2});
    b.node(is_random ? "test.own:Noise" : "test.own:Gain", {"c"}, {"g"});
    b.node("Add", {"x", "g"}, {"y"});
    b.output("y");
    const auto session = Session::open_model(b.build(), asking());
    REQUIRE(error_of(session) == "it opens");
    CHECK((*session)->report().placement.size() == (is_random ? 2 : 1));
    std::vector<float> ones{1, 1};
    const NamedTensor x{"x", make_tensor<float>({2}, ones)};
    const auto results = (*session)->run({&x, 1});
    REQUIRE(results.is_ok());
    CHECK((*results)[0].span<float>()[1] == 5);
  }
}

TEST_CASE("a described operator comes back from a pack with its defaults", "[plugins][described][packs]") {
  const TempFolder folder;
  onnx::ModelProto model = empty_model();
  auto& graph = *model.mutable_graph();
  auto& own = *model.add_opset_import();
  own.set_domain("test.own");
  own.set_version(3);
  set_float_type(*graph.add_input(), "x", {2});
  set_float_type(*graph.add_output(), "y", {2});
  add_node(graph, "Gain", {"x"}, {"y"}).set_domain("test.own");
  const auto path = folder.write("m.onnx", model.SerializeAsString());
  SessionOptions options = small_options(folder.path() / "cache");
  options.provider_tables = {&kProvider};
  for (const std::string state : {"made", "used"}) {
    made.clear();
    const auto session = Session::open(path, options);
    REQUIRE(error_of(session) == "it opens");
    CHECK((*session)->report().pack.state == state);
    CHECK(made.back() == std::pair(2.0f, 3));
  }
}

TEST_CASE("what a kernel says that it costs stands in the report", "[plugins][described]") {
  const auto session = open_one("Gain");
  REQUIRE(error_of(session) == "it opens");
  const SessionReport report = (*session)->report();
  REQUIRE(report.placement.size() == 1);
  CHECK(report.placement[0].cost_ns == 2500);
  CHECK_THAT(to_text(report, true), Contains("about 2.5 us a run on one thread"));
}
