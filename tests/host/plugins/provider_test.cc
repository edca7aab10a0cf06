// Kernels of a real provider library, from finding it to running it.
#include "host/plugins/provider.h"

#include <catch2/catch.hpp>

#include "tests/host/plugins/fake_run.h"
#include "tests/host/plugins/plugin_files.h"
#include "tests/host/plugins/test_graph.h"

using namespace tenon::host;

namespace {

std::unique_ptr<Provider> cpu_ref() {
  auto provider = Provider::create(ProviderSpec{"cpu_ref", {}});
  INFO(provider.status().message());
  REQUIRE(provider.is_ok());
  return std::move(provider.value());
}

}  // namespace

TEST_CASE("a kernel of cpu_ref is found by name, made and run", "[plugins]") {
  const auto provider = cpu_ref();
  CHECK(provider->path().filename() == "libcpu_ref.so");
  TestGraph g;
  const Node* relu = g.node("Relu", {"x"}, {"y"});
  g.finish({"x"}, {"y"});
  auto kernel = provider->create_kernel(*relu);
  INFO(kernel.status().message());
  REQUIRE(kernel.is_ok());

  Tensor x = Tensor::allocate(TN_FLOAT, {3}, Residence::kRuntime).value();
  const float values[] = {-1, 0, 2};
  std::copy(values, values + 3, static_cast<float*>(x.mutable_data()));
  FakeRun run({x});
  REQUIRE(kernel->run(run).is_ok());
  CHECK(run.result().span<float>()[0] == 0);
  CHECK(run.result().span<float>()[2] == 2);
}

TEST_CASE("an unknown option is refused with the provider's own words", "[plugins]") {
  const auto provider = Provider::create(ProviderSpec{"cpu_ref", {{"colour", "red"}}});
  REQUIRE(!provider.is_ok());
  CHECK(provider.status().code() == TN_INVALID_ARGUMENT);
  CHECK(provider.status().message() == "provider 'cpu_ref': unknown option 'colour': this provider has no options");
}

TEST_CASE("a deferred provider tells what its library is before it is loaded, and then makes its kernels",
          "[plugins]") {
  auto deferred = Provider::defer(ProviderSpec{plugin_path("scale_cpp"), {}});
  INFO(deferred.status().message());
  REQUIRE(deferred.is_ok());
  Provider& provider = **deferred;
  CHECK(provider.table() == nullptr);
  CHECK(provider.name() == "scale_cpp");
  CHECK_FALSE(provider.version().empty());
  CHECK(provider.path().filename() == "libscale_cpp.so");
  TestGraph g;
  const Node* relu = g.node("Relu", {"x"}, {"y"});
  g.finish({"x"}, {"y"});
  const auto kernel = provider.create_kernel(*relu);
  CHECK(kernel.status().code() == TN_UNSUPPORTED);
  CHECK_THAT(kernel.status().message(), Catch::Contains("provider 'scale_cpp': no kernel for Relu"));
  CHECK(provider.table() != nullptr);
}

TEST_CASE("what a library cannot be is told when its provider is deferred", "[plugins]") {
  CHECK(Provider::defer(ProviderSpec{"no_such_provider", {}}).status().code() == TN_NOT_FOUND);
  CHECK(Provider::defer(ProviderSpec{"/no/such.so", {}}).status().code() == TN_NOT_FOUND);
  ScratchFile text("defer.so");
  text.write("no library");
  CHECK_THAT(Provider::defer(ProviderSpec{text.path().string(), {}}).status().message(),
             Catch::Contains("not an ELF file"));
}

TEST_CASE("options are judged when a provider is deferred", "[plugins]") {
  const auto provider = Provider::defer(ProviderSpec{"cpu_ref", {{"colour", "red"}}});
  CHECK(provider.status().code() == TN_INVALID_ARGUMENT);
}

TEST_CASE("a deferred provider whose library changes before it is loaded is an error", "[plugins]") {
  ScratchFile library("deferred.so");
  library.write(read_bytes(plugin_path("scale_cpp")));
  auto deferred = Provider::defer(ProviderSpec{library.path().string(), {}});
  REQUIRE(deferred.is_ok());
  library.write("no library any more");
  TestGraph g;
  const Node* relu = g.node("Relu", {"x"}, {"y"});
  g.finish({"x"}, {"y"});
  const auto kernel = (*deferred)->create_kernel(*relu);
  CHECK(kernel.status().code() == TN_INVALID_ARGUMENT);
  CHECK_THAT(kernel.status().message(), Catch::Contains("not an ELF file"));
}

TEST_CASE("a kernel outlives its Provider object", "[plugins]") {
  TestGraph g;
  const Node* relu = g.node("Relu", {"x"}, {"y"});
  g.finish({"x"}, {"y"});
  Kernel kernel = std::move(cpu_ref()->create_kernel(*relu).value());
  FakeRun run({Tensor::allocate(TN_FLOAT, {0}, Residence::kRuntime).value()});
  CHECK(kernel.run(run).is_ok());
}
