// Packed memory that a kernel makes of several constants, of none, or twice of one; with packs and without.
#include <atomic>
#include <catch2/catch.hpp>
#include <cstring>
#include <tenon/sdk/sdk.hpp>

#include "host/session/session.h"
#include "tests/host/packs/small_model.h"
#include "tests/support/onnx_models.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_provider.h"

using namespace tenon;
using namespace tenon::host;
using namespace tenon::test;

namespace {

constexpr int64_t kCount = 2000;  // past what a pack keeps of a packed weight

std::atomic<int> packed_slots{0};

/// y = x + what lies in the slots, added up; how they are filled is the subclass's.
class Slots : public sdk::Kernel {
 public:
  sdk::Status bind_pack(uint32_t slot, const void* blob, uint64_t bytes) override {
    blobs_[slot] = {static_cast<const float*>(blob), bytes / sizeof(float)};
    return {};
  }
  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(sdk::MutableTensorView y, run.output(0, TN_FLOAT, x.shape()));
    for (int64_t i = 0; i < x.count(); ++i) {
      y.data<float>()[i] = x.data<float>()[i];
      for (const auto& [slot, blob] : blobs_) y.data<float>()[i] += blob.first[static_cast<size_t>(i) % blob.second];
    }
    return {};
  }

 private:
  std::map<uint32_t, std::pair<const float*, size_t>> blobs_;
};

/// One blob of codes times scale.
class Joint final : public Slots {
 public:
  uint32_t pack_count() const override { return 1; }
  sdk::Result<sdk::PackPlan> pack_plan(uint32_t) override {
    return sdk::PackPlan{kCount * sizeof(float), 64, "joint/1", false, {2, 1}};
  }
  sdk::Status pack(uint32_t, sdk::PackContext& pack) const override {
    ++packed_slots;
    const float scale = pack.source(0).data<float>()[0];
    const uint8_t* codes = pack.source(1).data<uint8_t>();
    auto* blob = static_cast<float*>(pack.blob());
    return pack.parallel_for(kCount, 1, [&](int64_t begin, int64_t end) -> sdk::Status {
      for (int64_t i = begin; i < end; ++i) blob[i] = scale * codes[i];
      return {};
    });
  }
};

/// Of no constant, and of a length that is known afterwards.
class Compiled final : public Slots {
 public:
  uint32_t pack_count() const override { return 2; }
  sdk::Result<sdk::PackPlan> pack_plan(uint32_t slot) override {
    if (slot == 0) return sdk::PackPlan{};  // nothing
    return sdk::PackPlan{TN_LENGTH_UNKNOWN, 128, "compiled/1"};
  }
  sdk::Status pack(uint32_t, sdk::PackContext& pack) const override {
    ++packed_slots;
    for (const float part : {1.0f, 2.0f}) TN_RETURN_IF_ERROR(pack.append(&part, sizeof part));
    return {};
  }
};

/// One weight in two layouts, as it is and from its end.
class Twice final : public Slots {
 public:
  uint32_t pack_count() const override { return 2; }
  sdk::Result<sdk::PackPlan> pack_plan(uint32_t slot) override {
    return sdk::PackPlan{kCount * sizeof(float), 64, slot == 0 ? "forth/1" : "back/1", false, {1}};
  }
  sdk::Status pack(uint32_t slot, sdk::PackContext& pack) const override {
    ++packed_slots;
    const float* w = pack.source(0).data<float>();
    for (int64_t i = 0; i < kCount; ++i) static_cast<float*>(pack.blob())[i] = slot == 0 ? w[i] : w[kCount - 1 - i];
    return {};
  }
};

/// Plans a slot of what the name of the operator says, wrongly.
class Wrong final : public Slots {
 public:
  explicit Wrong(std::vector<uint32_t> inputs) : inputs_(std::move(inputs)) {}
  uint32_t pack_count() const override { return 1; }
  sdk::Result<sdk::PackPlan> pack_plan(uint32_t) override { return sdk::PackPlan{4, 64, "wrong/1", false, inputs_}; }

 private:
  std::vector<uint32_t> inputs_;
};

template <typename K>
sdk::Result<sdk::KernelPtr> make(const sdk::KernelInfo&) {
  return sdk::KernelPtr(new K);
}
sdk::Result<sdk::KernelPtr> make_of_activation(const sdk::KernelInfo&) {
  return sdk::KernelPtr(new Wrong({0}));
}
sdk::Result<sdk::KernelPtr> make_of_twin(const sdk::KernelInfo&) {
  return sdk::KernelPtr(new Wrong({1, 1}));
}

constexpr tn_kernel_def kKernels[] = {
    sdk::kernel_def<make<Joint>>("test", "Joint", 1, 0),
    sdk::kernel_def<make<Compiled>>("test", "Compiled", 1, 0),
    sdk::kernel_def<make<Twice>>("test", "Twice", 1, 0),
    sdk::kernel_def<make_of_activation>("test", "OfActivation", 1, 0),
    sdk::kernel_def<make_of_twin>("test", "OfTwin", 1, 0),
};
constexpr tn_provider kSlots = sdk::provider_table("slots", "1.0", kKernels);

/// y = op(x, codes, scale) or op(x, w).
std::string model_of(const std::string& op) {
  onnx::ModelProto model = empty_model();
  auto* own = model.add_opset_import();
  own->set_domain("test");
  own->set_version(1);
  auto& graph = *model.mutable_graph();
  set_float_type(*graph.add_input(), "x", {1, kCount});
  set_float_type(*graph.add_output(), "y", {1, kCount});
  std::vector<std::string> inputs = {"x"};
  if (op == "Joint") {
    std::string codes(kCount, '\0');
    for (size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<char>(i % 7);
    add_initializer(graph, "codes", onnx::TensorProto::UINT8, {kCount}).set_raw_data(codes);
    add_initializer(graph, "scale", onnx::TensorProto::FLOAT, {}).set_raw_data(raw_bytes<float>({0.5f}));
    inputs = {"x", "codes", "scale"};
  } else if (op != "Compiled") {
    std::vector<float> w(kCount);
    for (size_t i = 0; i < w.size(); ++i) w[i] = static_cast<float>(i);
    add_initializer(graph, "w", onnx::TensorProto::FLOAT, {kCount}).set_raw_data(raw_bytes(w));
    inputs = {"x", "w"};
  }
  add_node(graph, op, inputs, {"y"}).set_domain("test");
  return model.SerializeAsString();
}

std::vector<float> answer_of(const std::string& op) {
  std::vector<float> y(kCount, 1);
  for (size_t i = 0; i < y.size(); ++i) {
    if (op == "Joint") y[i] += 0.5f * static_cast<float>(i % 7);
    if (op == "Compiled") y[i] += i % 2 == 0 ? 1.0f : 2.0f;
    if (op == "Twice") y[i] += static_cast<float>(kCount - 1);
  }
  return y;
}

Result<std::unique_ptr<Session>> open(const std::filesystem::path& model, const std::filesystem::path& cache,
                                      PackMode mode) {
  SessionOptions options = small_options(cache, mode);
  options.provider_tables = {&kSlots};
  return Session::open(model, options);
}

void check_answer(Session& session, const std::string& op) {
  const auto results = session.run(std::vector<NamedTensor>{floats("x", {1, kCount}, std::vector<float>(kCount, 1))});
  INFO(results.status().message());
  REQUIRE(results.is_ok());
  CHECK(values_of((*results)[0]) == answer_of(op));
}

}  // namespace

TEST_CASE("slots are packed once, kept in a pack and bound from it", "[session][packs]") {
  const std::string op = GENERATE(as<std::string>(), "Joint", "Compiled", "Twice");
  const int slots = op == "Twice" ? 2 : 1;
  CAPTURE(op);
  const TempFolder folder;
  const auto model = folder.write("m.onnx", model_of(op));
  for (const std::string state : {"made", "used"}) {
    packed_slots = 0;
    const auto session = open(model, folder.path() / "cache", PackMode::kAuto);
    INFO(session.status().message());
    REQUIRE(session.is_ok());
    const SessionReport report = (*session)->report();
    INFO(report.pack.reason);
    CHECK(report.pack.state == state);
    // Of a provider without a library one blob of each key is proved by packing it again.
    if (state == "used") CHECK(packed_slots == slots);
    check_answer(**session, op);
  }
}

TEST_CASE("slots are packed into private memory where packs are off", "[session][packs]") {
  const std::string op = GENERATE(as<std::string>(), "Joint", "Compiled", "Twice");
  CAPTURE(op);
  const TempFolder folder;
  const auto session = open(folder.write("m.onnx", model_of(op)), folder.path() / "cache", PackMode::kOff);
  INFO(session.status().message());
  REQUIRE(session.is_ok());
  CHECK((*session)->report().memory.packed_bytes == (op == "Compiled" ? 8 : (op == "Twice" ? 2 : 1) * kCount * 4));
  check_answer(**session, op);
}

TEST_CASE("a slot of an input that is not constant, or of one twice, is a bug of the provider by name",
          "[session][packs]") {
  const TempFolder folder;
  const auto message = [&](const std::string& op) {
    return open(folder.write(op + ".onnx", model_of(op)), folder.path() / "cache", PackMode::kOff).status().message();
  };
  CHECK_THAT(message("OfActivation"),
             Catch::Contains("provider 'slots' packs slot 0 of input 0, which is not constant"));
  CHECK_THAT(message("OfTwin"), Catch::Contains("provider 'slots' names input 1 twice"));
}
