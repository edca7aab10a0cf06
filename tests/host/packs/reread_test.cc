// Files of a model that have other bytes for a part of a run, and are right again when it is held against them.
#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <tenon/sdk/sdk.hpp>

#include "tests/support/onnx_models.h"
#include "tests/support/product_model.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_provider.h"

using namespace tenon;
using namespace tenon::test;
namespace fs = std::filesystem;

namespace {

constexpr int64_t kChannels = 512;
constexpr size_t kVectorBytes = kChannels * sizeof(float);

fs::path data_file;
std::string right_bytes;
bool is_wrong = false;

void overwrite(const std::string& bytes) {
  const int file = open(data_file.c_str(), O_WRONLY);
  REQUIRE(pwrite(file, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  close(file);
}

/// y = x, once the file is what it was.
sdk::Status run_mend(sdk::RunContext& run) {
  if (is_wrong) overwrite(right_bytes);
  is_wrong = false;
  const sdk::TensorView x = run.input(0);
  TN_ASSIGN_OR_RETURN(auto y, run.output(0, TN_FLOAT, x.shape()));
  std::copy_n(x.data<float>(), x.count(), y.data<float>());
  return {};
}

class Mend final : public sdk::Kernel {
 public:
  sdk::Status run(sdk::RunContext& run) const override { return run_mend(run); }
};
sdk::Result<sdk::KernelPtr> make_mend(const sdk::KernelInfo&) {
  return sdk::KernelPtr(new Mend());
}
constexpr tn_kernel_def kKernels[] = {sdk::kernel_def<make_mend>("test", "Mend", 1, 0)};
constexpr tn_provider kMender = sdk::provider_table("mender", "1.0", kKernels);

/// y = Mend(BatchNormalization(Conv(x, W))) per channel; the four vectors of the normalization lie in a file.
fs::path write_model(const TempFolder& folder) {
  onnx::ModelProto model = empty_model();
  auto& domain = *model.add_opset_import();
  domain.set_domain("test");
  domain.set_version(1);
  auto& graph = *model.mutable_graph();
  set_float_type(*graph.add_input(), "x", {1, 1, 1, 1});
  set_float_type(*graph.add_output(), "y", {1, kChannels, 1, 1});
  add_initializer(graph, "w", onnx::TensorProto::FLOAT, {kChannels, 1, 1, 1})
      .set_raw_data(raw_bytes(std::vector<float>(kChannels, 1)));
  const float values[] = {2, 3, 0, 1};  // scale, B, mean, variance
  for (size_t i = 0; i < 4; ++i) {
    const std::string name = "v" + std::to_string(i);
    right_bytes += raw_bytes(std::vector<float>(kChannels, values[i]));
    set_external(add_initializer(graph, name, onnx::TensorProto::FLOAT, {kChannels}),
                 {{"location", "m.data"},
                  {"offset", std::to_string(i * kVectorBytes)},
                  {"length", std::to_string(kVectorBytes)}});
  }
  data_file = folder.write("m.data", right_bytes);
  add_node(graph, "Conv", {"x", "w"}, {"c"});
  add_node(graph, "BatchNormalization", {"c", "v0", "v1", "v2", "v3"}, {"n"});
  auto& mend = add_node(graph, "Mend", {"n"}, {"y"});
  mend.set_domain("test");
  return folder.write("m.onnx", model.SerializeAsString());
}

}  // namespace

TEST_CASE("a run that is done again because a file was written to meanwhile keeps nothing of the first",
          "[session][packs]") {
  const TempFolder folder;
  right_bytes.clear();
  const fs::path model = write_model(folder);
  auto options = packing_options(folder.path() / "cache");
  options.provider_tables = {&kMender};
  auto session = host::Session::open(model, options);
  REQUIRE(session.status().message() == "");
  REQUIRE((*session)->report().pack.state == "made");
  overwrite(std::string(4 * kVectorBytes, '\x40'));
  is_wrong = true;
  const std::vector<host::NamedTensor> inputs = {floats("x", {1, 1, 1, 1}, {5})};
  for (int i = 0; i < 2; ++i) {
    const auto results = (*session)->run(inputs);
    REQUIRE(results.status().message() == "");
    for (const float y : values_of((*results)[0])) REQUIRE(y == Approx(13));
  }
}
