#include "host/runtime/validation/validated_run.h"

#include <catch2/catch.hpp>
#include <cfenv>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <tenon/sdk/sdk.hpp>

#include "host/session/session.h"
#include "tests/support/graph_builder.h"

using namespace tenon;
using namespace tenon::test;
using Catch::Contains;

namespace {

/// What is done with x (input 0), y (output 0, as large) and scratch memory of 100 bytes.
using Deed = void (*)(const sdk::TensorView& x, const sdk::MutableTensorView& y, std::byte* scratch,
                      sdk::RunContext& run);

Deed deed;  // of the test that runs

void negate(const sdk::TensorView& x, const sdk::MutableTensorView& y, std::byte*, sdk::RunContext&) {
  for (int64_t i = 0; i < x.count(); ++i) y.data<float>()[i] = -x.data<float>()[i];
}

class Doing final : public sdk::Kernel {
 public:
  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_FLOAT, x.shape()));
    TN_ASSIGN_OR_RETURN(std::byte* const scratch, run.scratch<std::byte>(100));
    deed(x, y, scratch, run);
    return {};
  }
};

sdk::Result<sdk::KernelPtr> make_doing(const sdk::KernelInfo&) {
  return std::make_unique<Doing>();
}

/// What is packed of the constant w, 4 floats.
using PackDeed = void (*)(float* blob, const float* w);

PackDeed pack_deed;

class Packing final : public sdk::Kernel {
 public:
  uint32_t pack_count() const override { return 1; }
  sdk::Result<sdk::PackPlan> pack_plan(uint32_t) override { return sdk::PackPlan{16, 64, "doing/1", false, {1}}; }
  sdk::Status pack(uint32_t, sdk::PackContext& pack) const override {
    pack_deed(static_cast<float*>(pack.blob()), pack.source(0).data<float>());
    return {};
  }
  sdk::Status bind_pack(uint32_t, const void* blob, uint64_t) override {
    packed_ = static_cast<const float*>(blob);
    return {};
  }
  sdk::Status run(sdk::RunContext& run) const override {
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_FLOAT, run.input(0).shape()));
    for (int64_t i = 0; i < y.count(); ++i) y.data<float>()[i] = run.input(0).data<float>()[i] + packed_[i];
    return {};
  }

 private:
  const float* packed_ = nullptr;
};

sdk::Result<sdk::KernelPtr> make_packing(const sdk::KernelInfo&) {
  return std::make_unique<Packing>();
}

constexpr tn_kernel_def kKernels[] = {
    sdk::kernel_def<make_packing>("", "Add", 7, 0),
    sdk::kernel_def<make_doing>("", "Neg", 6, 0, {}, sdk::reuses<1>()),
    sdk::kernel_def<make_doing>("", "Abs", 6, 0, {}, {}, TN_KERNEL_NOT_DETERMINISTIC),
};
constexpr tn_provider kProvider = sdk::provider_table("doing", "1.0", kKernels);

host::Result<std::vector<host::Tensor>> run_doing(Deed what, const std::string& op = "Neg") {
  deed = what;
  GraphBuilder b;
  b.input("x", TN_FLOAT, {6});
  b.node(op, {"x"}, {"y"});
  b.output("y");
  host::SessionOptions options;
  options.provider_tables = {&kProvider};
  options.threads = 2;
  options.validate = true;
  auto session = host::Session::open_model(b.build(), options);
  if (!session.is_ok()) return session.status();
  const std::vector<host::NamedTensor> given{{"x", make_tensor<float>({6}, {1, 2, 3, 4, 5, 6})}};
  return (*session)->run(given);
}

int64_t place_read = 0;  // of an input, by the test that reads around it

std::string complaint(Deed what, int64_t place = 0) {
  place_read = place;
  const auto outputs = run_doing(what);
  return outputs.is_ok() ? "" : std::string(outputs.status().message());
}

std::string packing_complaint(PackDeed what) {
  pack_deed = what;
  GraphBuilder b;
  b.input("x", TN_FLOAT, {4});
  b.constant<float>("w", {4}, {1, 2, 3, 4});
  b.node("Add", {"x", "w"}, {"y"});
  b.output("y");
  host::SessionOptions options;
  options.provider_tables = {&kProvider};
  options.validate = true;
  return host::Session::open_model(b.build(), options).status().message();
}

}  // namespace

TEST_CASE("a sound kernel passes validation with its results", "[validation]") {
  const auto outputs = run_doing(negate);
  REQUIRE(outputs.status().message() == "");
  CHECK((*outputs)[0].span<float>()[5] == -6);
}

TEST_CASE("a kernel that writes to its input is named", "[validation]") {
  const std::string text = complaint([](auto& x, auto& y, auto*, auto& run) {
    negate(x, y, nullptr, run);
    const_cast<float*>(x.template data<float>())[2] = 0;
  });
  CHECK_THAT(text,
             Contains("the kernel wrote to its input 0 ('x')") && Contains("(Neg, opset 13)") && Contains("provider"));
}

TEST_CASE("a kernel that writes around its output or scratch memory is named with how far", "[validation]") {
  CHECK_THAT(complaint([](auto& x, auto& y, auto*, auto& run) {
               negate(x, y, nullptr, run);
               y.template data<float>()[7] = 0;
             }),
             Contains("wrote around output 0 ('y'), 8 bytes behind its end"));
  CHECK_THAT(complaint([](auto& x, auto& y, auto*, auto& run) {
               negate(x, y, nullptr, run);
               reinterpret_cast<std::byte*>(y.template data<float>())[-3] = std::byte{0};
             }),
             Contains("wrote around output 0 ('y'), 3 bytes before its begin"));
  CHECK_THAT(complaint([](auto& x, auto& y, auto* scratch, auto& run) {
               negate(x, y, nullptr, run);
               scratch[100] = std::byte{0};
             }),
             Contains("scratch memory number 0 of 100 bytes, 1 bytes behind its end"));
}

TEST_CASE("a kernel that leaves a part of its output unwritten is named with the part", "[validation]") {
  CHECK_THAT(complaint([](auto& x, auto& y, auto*, auto&) {
               for (int64_t i = 0; i < x.count(); ++i)
                 if (i != 4) y.template data<float>()[i] = 1;
             }),
             Contains("left 4 of 24 bytes of output 0 ('y') unwritten, from element 4 of shape 6 on"));
}

TEST_CASE("a kernel that remembers or reads what it did not write is named, unless it says so", "[validation]") {
  const Deed remembers = [](auto& x, auto& y, auto*, auto& run) {
    static float runs = 0;
    negate(x, y, nullptr, run);
    y.template data<float>()[1] = ++runs;
  };
  CHECK_THAT(complaint(remembers),
             Contains("computes output 0 ('y') otherwise in a second run") && Contains("element 1"));
  CHECK(run_doing(remembers, "Abs").is_ok());
  CHECK_THAT(complaint([](auto& x, auto& y, auto* scratch, auto& run) {
               negate(x, y, nullptr, run);
               y.template data<float>()[0] = float(scratch[7]);
             }),
             Contains("reads what it did not write"));
}

TEST_CASE("a kernel that reads around its input is named where that changes what it computes", "[validation]") {
  for (const int64_t place : {-1, 6})
    CHECK_THAT(complaint(
                   [](auto& x, auto& y, auto*, auto& run) {
                     negate(x, y, nullptr, run);
                     y.template data<float>()[3] = x.template data<float>()[place_read];
                   },
                   place),
               Contains("computes output 0 ('y') otherwise") && Contains("what lies around its inputs"));
}

TEST_CASE("a kernel that writes around its input is named, and no value is harmed", "[validation]") {
  CHECK_THAT(complaint([](auto& x, auto& y, auto*, auto& run) {
               negate(x, y, nullptr, run);
               const_cast<float*>(x.template data<float>())[6] = 0;
             }),
             Contains("the kernel wrote around its input 0 ('x'), 4 bytes behind its end"));
}

TEST_CASE(
    "a kernel that packs beyond its plan, leaves packed bytes unwritten or packs something else each time is "
    "named with its weight",
    "[validation]") {
  CHECK_THAT(packing_complaint([](float* blob, const float* w) {
               for (int i = 0; i < 5; ++i) blob[i] = w[i % 4];
             }),
             Contains("packed 'w'") && Contains("wrote around the 16 bytes that it planned, 4 bytes behind its end"));
  CHECK_THAT(packing_complaint([](float* blob, const float* w) {
               for (int i = 0; i < 3; ++i) blob[i] = w[i];
             }),
             Contains("leaves byte 12 of 16 unwritten"));
  CHECK_THAT(packing_complaint([](float* blob, const float* w) {
               static float times = 0;
               for (int i = 0; i < 4; ++i) blob[i] = w[i];
               blob[1] = ++times;
             }),
             Contains("byte 4 of 16") || Contains("byte 6 of 16") || Contains("byte 7 of 16"));
  CHECK(packing_complaint([](float* blob, const float* w) {
          for (int i = 0; i < 4; ++i) blob[i] = w[i];
        }) == "");
}

TEST_CASE("a kernel that is wrong in an input's memory is named by the input", "[validation]") {
  CHECK_THAT(complaint([](auto& x, auto& y, auto*, auto&) {
               for (int64_t i = 0; i < x.count(); ++i)
                 y.template data<float>()[i] = x.template data<float>()[x.count() - 1 - i];
             }),
             Contains("computes output 0 ('y') otherwise in the memory of input 0 ('x')"));
}

TEST_CASE("a kernel that leaves thread or process changed is named, and they are put back", "[validation]") {
  const auto handler = std::signal(SIGUSR1, SIG_DFL);
  CHECK_THAT(complaint([](auto& x, auto& y, auto*, auto& run) {
               negate(x, y, nullptr, run);
               std::fesetround(FE_UPWARD);
               std::signal(SIGUSR1, [](int) {});
             }),
             Contains("left the floating-point mode of the thread, the handler of SIGUSR1 changed"));
  CHECK(std::fegetround() == FE_TONEAREST);
  CHECK(std::signal(SIGUSR1, handler) == SIG_DFL);
  const auto folder = std::filesystem::current_path();
  CHECK_THAT(complaint([](auto& x, auto& y, auto*, auto& run) {
               negate(x, y, nullptr, run);
               std::filesystem::current_path("/");
             }),
             Contains("left the working directory changed"));
  std::filesystem::current_path(folder);
}

TEST_CASE("a body of parallel_for that leaves its thread's floating-point mode changed is named", "[validation]") {
  CHECK_THAT(complaint([](auto& x, auto& y, auto*, auto& run) {
               negate(x, y, nullptr, run);
               run.parallel_for(64, 1e5, [](int64_t, int64_t) { std::fesetround(FE_UPWARD); });
             }),
             Contains("another floating-point mode in a body of parallel_for"));
  CHECK(std::fegetround() == FE_TONEAREST);
}
