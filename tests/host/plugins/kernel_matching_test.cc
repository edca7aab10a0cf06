// Which lines of a kernel table fit a node, and what is said when none does.
#include "host/plugins/kernel_matching.h"

#include <catch2/catch.hpp>

#include "tests/host/plugins/test_graph.h"

using namespace tenon::host;

namespace {

constexpr uint32_t kFloat[] = {TN_FLOAT};
constexpr uint32_t kIntegers[] = {TN_INT32, TN_INT64};
constexpr tn_type_rule kFloatT[] = {{sizeof(tn_type_rule), 1, "T", kFloat}};
constexpr tn_type_rule kIntegersT[] = {{sizeof(tn_type_rule), 2, "T", kIntegers}};

constexpr tn_kernel_def line(const char* domain, const char* op, int since, int last, const tn_type_rule* types) {
  return {sizeof(tn_kernel_def), 0,       domain, op, since,   last,   types, types ? 1u : 0u,
          sizeof(tn_type_rule),  nullptr, 0,      0,  nullptr, nullptr};
}

constexpr tn_kernel_def kLines[] = {line("", "Relu", 6, 13, kFloatT),
                                    line("", "Relu", 14, 0, kFloatT),
                                    line("", "Relu", 14, 0, kIntegersT),
                                    line("com.example", "Twist", 1, 0, kFloatT),
                                    line("", "Abs", 1, 6, nullptr),
                                    line("com.example", "Turn", 1, 0, nullptr),
                                    line("com.example", "Roll", 2, 3, nullptr)};

KernelIndex::Match match(const std::string& op, int64_t opset, tn_dtype dtype, const std::string& domain = "",
                         int64_t own_opset = 1) {
  tn_provider table{};
  table.kernels = kLines;
  table.kernel_count = 7;
  table.kernel_stride = sizeof(tn_kernel_def);
  TestGraph g(opset);
  g.model().opset_imports["com.example"] = own_opset;
  g.value("x", dtype);
  g.value("y", dtype);
  const Node* node = g.node(op, {"x"}, {"y"}, domain);
  g.finish({"x"}, {"y"});
  return KernelIndex(table).match(*node);
}

}  // namespace

TEST_CASE("the line of the node's form is chosen", "[plugins]") {
  CHECK(match("Relu", 13, TN_FLOAT).lines == std::vector{&kLines[0]});
  CHECK(match("Relu", 21, TN_FLOAT).lines == std::vector{&kLines[1]});
}

TEST_CASE("the line whose type rules hold is chosen", "[plugins]") {
  CHECK(match("Relu", 21, TN_INT32).lines == std::vector{&kLines[2]});
}

TEST_CASE("an operator without schema matches by name where a rule lists each input's type", "[plugins]") {
  CHECK(match("Twist", 21, TN_FLOAT, "com.example").lines == std::vector{&kLines[3]});
  CHECK(match("Turn", 21, TN_DOUBLE, "com.example").lines == std::vector{&kLines[5]});
}

TEST_CASE("an operator without schema is refused for a type that no rule lists", "[plugins]") {
  for (const tn_dtype dtype : {TN_DOUBLE, TN_UNDEFINED}) {
    const auto found = match("Twist", 21, dtype, "com.example");
    CHECK(found.lines.empty());
    CHECK_THAT(found.reason, Catch::Contains("must stand in a rule"));
  }
}

TEST_CASE("the reason names what falls short", "[plugins]") {
  CHECK(match("Exp", 21, TN_FLOAT).reason == "no kernel for Exp");
  CHECK(match("Twist", 21, TN_FLOAT, "").reason == "no kernel for Twist");
  CHECK(match("Abs", 21, TN_FLOAT).reason ==
        "its kernels for Abs are of opset versions 1 to 6, the node's form is of 13");
  CHECK(match("Relu", 21, TN_DOUBLE).reason ==
        "its kernel for Relu does not take T = double (input 0, 'x'); it takes float; "
        "T = double (input 0, 'x'); it takes int32, int64");
}

TEST_CASE("lines of an own domain count by the model's opset of it", "[plugins]") {
  CHECK_THAT(match("Roll", 14, TN_FLOAT, "com.example", 1).reason, Catch::Contains("2 to 3"));
  CHECK(match("Roll", 14, TN_FLOAT, "com.example", 2).lines.size() == 1);
  CHECK(match("Roll", 14, TN_FLOAT, "com.example", 3).lines.size() == 1);
  CHECK(match("Roll", 14, TN_FLOAT, "com.example", 4).lines.empty());
}
