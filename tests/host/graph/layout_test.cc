#include "host/graph/layout.h"

#include <catch2/catch.hpp>

#include "host/graph/schema.h"
#include "host/graph/shape_inference.h"
#include "tests/support/graph_builder.h"

using namespace tenon::host;
using namespace tenon::test;

namespace {

std::string shape_of(const std::string& op, std::vector<int64_t> x, std::vector<Attribute> attributes,
                     std::vector<int64_t> weight = {}) {
  GraphBuilder b(17);
  b.model().opset_imports[std::string(kChannelsLastDomain)] = 17;
  b.input("x", TN_FLOAT, std::move(x));
  std::vector<std::string> inputs{"x"};
  if (!weight.empty()) {
    b.input("w", TN_FLOAT, std::move(weight));
    inputs.push_back("w");
  }
  b.node(std::string(kChannelsLastDomain) + ":" + op, inputs, {"y"}, std::move(attributes));
  b.output("y");
  const auto model = b.build();
  const Status status = infer_shapes(*model);
  return status.is_ok() ? describe(model->graph->outputs[0]->type) : status.message();
}

}  // namespace

TEST_CASE("an operator with its channels last has the shape of the ONNX operator, moved", "[layout]") {
  CHECK(shape_of("Conv", {1, 8, 9, 3}, {}, {4, 3, 3, 2}) == "float[1,6,8,4]");
  CHECK(shape_of("Conv", {1, 8, 3}, {}, {4, 3, 3}) == "float[1,6,4]");
  CHECK(shape_of("MaxPool", {2, 8, 8, 3}, {ints_attr("kernel_shape", {2, 2})}) == "float[2,7,7,3]");
  CHECK(shape_of("GlobalAveragePool", {2, 8, 9, 3}, {}) == "float[2,1,1,3]");
}

TEST_CASE("a weight that does not fit channels at the end is an error", "[layout]") {
  CHECK(shape_of("Conv", {1, 3, 8, 8}, {}, {4, 3, 3, 3}).find("the input has 8 channels") != std::string::npos);
}

TEST_CASE("only operators that have channels are in the domain of those with their channels last", "[layout]") {
  CHECK(find_schema(kChannelsLastDomain, "Conv", 11) == find_schema("", "Conv", 11));
  CHECK(first_schema(kChannelsLastDomain, "MaxPool") == first_schema("", "MaxPool"));
  CHECK(find_schema(kChannelsLastDomain, "Relu", 17) == nullptr);
  CHECK(newest_opset(kChannelsLastDomain) == newest_opset(""));
}
