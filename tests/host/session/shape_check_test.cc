// The shapes that kernels ask for, held against inference.
#include <catch2/catch.hpp>

#include "host/session/session.h"
#include "tests/support/graph_builder.h"

using namespace tenon;
using namespace tenon::test;
using Catch::Contains;

namespace {

host::Result<std::vector<host::Tensor>> run(GraphBuilder& b, const std::string& provider,
                                            std::vector<host::NamedTensor> given) {
  host::SessionOptions options;
  options.providers = {{provider, {}}};
  auto session = host::Session::open_model(b.build(), options);
  if (!session.is_ok()) return session.status();
  return (*session)->run(given);
}

// Its Relu has one dimension whatever the input's.
const std::string kOtherShape = TENON_BINARY_DIR "/tests/plugins/libhostile_other_shape.so";
const std::string kCpuRef = TENON_BINARY_DIR "/lib/tenon/providers/libcpu_ref.so";

}  // namespace

TEST_CASE("a kernel that makes another shape than inference says is an error that names both", "[session]") {
  GraphBuilder b;
  b.symbolic_input("x", TN_FLOAT, {{-1, "n"}, {3, ""}});
  b.node("Relu", {"x"}, {"y"});
  b.output("y");
  const auto results = run(b, kOtherShape, {{"x", make_tensor<float>({2, 3}, {1, 2, 3, 4, 5, 6})}});
  REQUIRE_FALSE(results.is_ok());
  CHECK(results.status().code() == TN_INTERNAL);
  CHECK_THAT(results.status().message(), Contains("y_node") && Contains("of shape 2, but") && Contains("float[n,3]"));
}

TEST_CASE("a shape that only the model declares holds no kernel to it, nor what follows from it", "[session]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {4});
  b.input("keep", TN_BOOL, {4});
  b.node("Compress", {"x", "keep"}, {"some"});
  b.value("some")->type = {host::ValueType::Kind::kTensor, TN_FLOAT, std::vector<host::Dim>{{7, ""}}};
  b.node("Relu", {"some"}, {"y"});
  b.output("some");
  b.output("y");
  auto keep = host::Tensor::allocate(TN_BOOL, {4}, host::Residence::kComputed);
  REQUIRE(keep.is_ok());
  std::memcpy(keep->mutable_data(), "\1\0\1\0", 4);
  const auto results = run(b, kCpuRef, {{"x", make_tensor<float>({4}, {1, 2, 3, 4})}, {"keep", *keep}});
  INFO(results.status().message());
  REQUIRE(results.is_ok());
  CHECK((*results)[1].shape() == std::vector<int64_t>{2});
}
