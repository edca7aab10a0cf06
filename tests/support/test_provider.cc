#include "tests/support/test_provider.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <cstring>
#include <tenon/sdk/sdk.hpp>
#include <thread>

namespace tenon::test {

std::atomic<int> packs_made{0};

namespace {

using sdk::KernelInfo;
using sdk::KernelPtr;
using sdk::RunContext;
using sdk::Shape;
using sdk::Status;
using sdk::TensorView;

/// A kernel that is one function.
using RunFunction = Status (*)(RunContext&);
class FunctionKernel final : public sdk::Kernel {
 public:
  explicit FunctionKernel(RunFunction function) : function_(function) {}
  Status run(RunContext& run) const override { return function_(run); }

 private:
  RunFunction function_;
};
template <RunFunction function>
sdk::Result<KernelPtr> make(const KernelInfo&) {
  return KernelPtr(new FunctionKernel(function));
}

Status run_add(RunContext& run) {
  const TensorView a = run.input(0), b = run.input(1);
  const TensorView& big = a.count() >= b.count() ? a : b;
  TN_ASSIGN_OR_RETURN(auto y, run.output(0, TN_FLOAT, big.shape()));
  const int64_t a_count = a.count(), b_count = b.count();
  const float *pa = a.data<float>(), *pb = b.data<float>();
  float* py = y.data<float>();
  run.parallel_for(y.count(), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) py[i] = pa[i % a_count] + pb[i % b_count];
  });
  return {};
}

Status run_relu(RunContext& run) {
  const TensorView x = run.input(0);
  run.phase("clamp");
  TN_ASSIGN_OR_RETURN(auto y, run.output(0, TN_FLOAT, x.shape()));
  for (int64_t i = 0; i < x.count(); ++i) y.data<float>()[i] = std::max(0.0f, x.data<float>()[i]);
  return {};
}

/// Row-major B (K x N) is packed transposed.
class MatMul final : public sdk::Kernel {
 public:
  explicit MatMul(const KernelInfo& info) {
    const TensorView b = info.input(1).info();
    // By the shape: of a weight that was only kept packed there are no bytes.
    if (b.is_constant()) bytes_ = static_cast<uint64_t>(b.dim(0) * b.dim(1)) * sizeof(float);
  }
  uint32_t pack_count() const override { return 1; }
  sdk::Result<sdk::PackPlan> pack_plan(uint32_t) override {
    return sdk::PackPlan{bytes_, 64, "transposed-1", false, {1}};
  }
  Status pack(uint32_t, sdk::PackContext& pack) const override {
    ++packs_made;
    const TensorView b = pack.source(0);
    float* packed = static_cast<float*>(pack.blob());
    for (int64_t k = 0; k < b.dim(0); ++k)
      for (int64_t n = 0; n < b.dim(1); ++n) packed[n * b.dim(0) + k] = b.data<float>()[k * b.dim(1) + n];
    return {};
  }
  Status bind_pack(uint32_t, const void* blob, uint64_t) override {
    packed_ = static_cast<const float*>(blob);
    return {};
  }
  Status run(RunContext& run) const override {
    const TensorView a = run.input(0), b = run.input(1);
    const int64_t M = a.dim(0), K = a.dim(1), N = b.dim(1);
    TN_ASSIGN_OR_RETURN(auto y, run.output(0, TN_FLOAT, Shape{M, N}));
    for (int64_t m = 0; m < M; ++m)
      for (int64_t n = 0; n < N; ++n) {
        float sum = 0;
        for (int64_t k = 0; k < K; ++k)
          sum += a.data<float>()[m * K + k] * (packed_ ? packed_[n * K + k] : b.data<float>()[k * N + n]);
        y.data<float>()[m * N + n] = sum;
      }
    return {};
  }

 private:
  uint64_t bytes_ = 0;
  const float* packed_ = nullptr;
};
sdk::Result<KernelPtr> make_matmul(const KernelInfo& info) {
  return KernelPtr(new MatMul(info));
}

Status run_sleep(RunContext& run) {
  for (int i = 0; i < 10'000 && !run.cancelled(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return Status(TN_INTERNAL, "woken");
}
Status run_fail(RunContext&) {
  return sdk::invalid_argument("on purpose");
}
Status run_wrong_type(RunContext& run) {
  TN_ASSIGN_OR_RETURN(auto y, run.output(0, TN_INT64, run.input(0).shape()));
  (void)y;
  return {};
}
Status run_ask_twice(RunContext& run) {
  for (int i = 0; i < 2; ++i) {
    TN_ASSIGN_OR_RETURN([[maybe_unused]] auto y, run.output(0, TN_FLOAT, Shape{1}));
  }
  return {};
}
Status run_negative(RunContext& run) {
  TN_ASSIGN_OR_RETURN([[maybe_unused]] auto y, run.output(0, TN_FLOAT, Shape{2, -1}));
  return {};
}
Status run_no_output(RunContext&) {
  return {};
}
Status run_huge(RunContext& run) {
  TN_ASSIGN_OR_RETURN([[maybe_unused]] auto y, run.output(0, TN_FLOAT, Shape{int64_t{1} << 40}));
  return {};
}
// Fills scratch blocks of many sizes and checks that they do not overlap.
Status run_scratch(RunContext& run) {
  std::vector<std::pair<uint8_t*, size_t>> blocks;
  for (size_t bytes : {size_t{0}, size_t{1}, size_t{100}, size_t{70'000}, size_t{5}, size_t{300'000}}) {
    TN_ASSIGN_OR_RETURN(uint8_t * block, run.scratch<uint8_t>(bytes));
    if (reinterpret_cast<uintptr_t>(block) % 64 != 0) return Status(TN_INTERNAL, "misaligned scratch");
    std::memset(block, static_cast<int>(blocks.size() + 1), bytes);
    blocks.emplace_back(block, bytes);
  }
  for (size_t i = 0; i < blocks.size(); ++i)
    for (size_t j = 0; j < blocks[i].second; ++j)
      if (blocks[i].first[j] != i + 1) return Status(TN_INTERNAL, "scratch blocks overlap");
  return run_relu(run);
}
Status run_strings(RunContext& run) {
  const TensorView x = run.input(0);
  TN_ASSIGN_OR_RETURN([[maybe_unused]] auto y, run.output(0, TN_STRING, x.shape()));
  for (int64_t i = 0; i < x.count(); ++i) {
    const std::string text = "number " + std::to_string(static_cast<int>(x.data<float>()[i]));
    TN_RETURN_IF_ERROR(run.set_string(0, i, text));
  }
  return {};
}
Status run_positives(RunContext& run) {
  const TensorView x = run.input(0);
  int64_t count = 0;
  for (float v : x.span<float>()) count += v > 0;
  TN_ASSIGN_OR_RETURN(auto y, run.output(0, TN_FLOAT, Shape{count}));
  float* next = y.data<float>();
  for (float v : x.span<float>())
    if (v > 0) *next++ = v;
  return {};
}
Status run_random(RunContext& run) {
  static std::atomic<int> calls{0};
  TN_ASSIGN_OR_RETURN(auto y, run.output(0, TN_FLOAT, run.input(0).shape()));
  const float value = static_cast<float>(++calls);
  for (float& v : y.span<float>()) v = value;
  return {};
}

constexpr tn_kernel_def kKernels[] = {
    sdk::kernel_def<make<run_add>>("", "Add", 7, 0, {}, sdk::reuses<3>()),
    sdk::kernel_def<make<run_relu>>("", "Relu", 6, 0, {}, sdk::reuses<1>()),
    sdk::kernel_def<make_matmul>("", "MatMul", 1, 0),
    sdk::kernel_def<make<run_sleep>>("test", "Sleep", 1, 0),
    sdk::kernel_def<make<run_fail>>("test", "Fail", 1, 0),
    sdk::kernel_def<make<run_wrong_type>>("test", "WrongType", 1, 0),
    sdk::kernel_def<make<run_ask_twice>>("test", "AskTwice", 1, 0),
    sdk::kernel_def<make<run_negative>>("test", "Negative", 1, 0),
    sdk::kernel_def<make<run_no_output>>("test", "NoOutput", 1, 0),
    sdk::kernel_def<make<run_huge>>("test", "Huge", 1, 0),
    sdk::kernel_def<make<run_scratch>>("test", "Scratch", 1, 0),
    sdk::kernel_def<make<run_strings>>("test", "Strings", 1, 0),
    sdk::kernel_def<make<run_positives>>("test", "Positives", 1, 0),
    sdk::kernel_def<make<run_random>>("test", "Random", 1, 0, {}, {}, TN_KERNEL_NOT_DETERMINISTIC),
};
constexpr tn_provider kProvider = sdk::provider_table("testing", "1.0", kKernels);

sdk::Result<KernelPtr> make_picky(const KernelInfo& info) {
  if (info.name().substr(0, 3) == "no_") return sdk::unsupported("its name begins with no_");
  return make<run_relu>(info);
}
constexpr tn_kernel_def kPickyKernels[] = {sdk::kernel_def<make_picky>("", "Relu", 6, 0, {}, sdk::reuses<1>())};

constexpr uint32_t kOnlyFloat[] = {TN_FLOAT};
constexpr tn_type_rule kFloatRule[] = {sdk::type_rule("T", kOnlyFloat)};
constexpr tn_kernel_def kTypedKernels[] = {sdk::kernel_def<make<run_add>>("", "Add", 7, 0, kFloatRule),
                                           sdk::kernel_def<make<run_relu>>("", "Relu", 6, 0, kFloatRule)};
constexpr tn_provider kTypedProvider = sdk::provider_table("typed", "1.0", kTypedKernels);
constexpr tn_provider kPickyProvider = sdk::provider_table("picky", "1.0", kPickyKernels);

Status run_neg(RunContext& run) {
  const TensorView x = run.input(0);
  TN_ASSIGN_OR_RETURN(auto y, run.output(0, TN_FLOAT, x.shape()));
  for (int64_t i = 0; i < x.count(); ++i) y.data<float>()[i] = -x.data<float>()[i];
  return {};
}
Status claim_pairs(const sdk::Instance&, const sdk::GraphView& graph, sdk::Claims& claims) {
  for (size_t i = 0; i < graph.node_count(); ++i) {
    const sdk::NodeView add = graph.node(i);
    if (!add.is("Add") || claims.is_claimed(add) || add.output(0).use_count() != 1) continue;
    const auto readers = add.output(0).consumers();
    if (readers.size() != 1 || !readers[0].is("Relu") || claims.is_claimed(readers[0])) continue;
    TN_RETURN_IF_ERROR(claims.claim_group({add, readers[0]}, "Add+Relu"));
  }
  return {};
}
/// max(0, a + b) of inputs of equal shape.
class AddRelu final : public sdk::Kernel {
 public:
  Status run(RunContext& run) const override {
    const TensorView a = run.input(0), b = run.input(1);
    TN_ASSIGN_OR_RETURN(auto y, run.output(0, TN_FLOAT, a.shape()));
    for (int64_t i = 0; i < a.count(); ++i)
      y.data<float>()[i] = std::max(0.0f, a.data<float>()[i] + b.data<float>()[i]);
    return {};
  }
};
sdk::Result<KernelPtr> compile_pair(const sdk::Instance&, const sdk::GroupInfo& group) {
  if (group.input_count() != 2) return sdk::unsupported("it adds a value to itself");
  return KernelPtr(new AddRelu);
}
constexpr tn_kernel_def kFusingKernels[] = {sdk::kernel_def<make<run_neg>>("", "Neg", 6, 0)};
constexpr tn_provider kFusingProvider =
    sdk::claiming_provider_table<claim_pairs, compile_pair>("fusing", "1.0", kFusingKernels);

}  // namespace

const tn_provider& test_provider() {
  return kProvider;
}
const tn_provider& picky_provider() {
  return kPickyProvider;
}
const tn_provider& typed_provider() {
  return kTypedProvider;
}
const tn_provider& fusing_provider() {
  return kFusingProvider;
}

host::Result<std::unique_ptr<host::Session>> open(GraphBuilder& builder, host::SessionOptions options) {
  builder.model().opset_imports["test"] = 1;
  if (options.provider_tables.empty()) options.provider_tables = {&test_provider()};
  return host::Session::open_model(builder.build(), options);
}

std::unique_ptr<host::Session> must_open(GraphBuilder& builder, host::SessionOptions options) {
  auto session = open(builder, std::move(options));
  INFO(session.status().message());
  REQUIRE(session.is_ok());
  return std::move(*session);
}

host::NamedTensor floats(const std::string& name, std::vector<int64_t> shape, const std::vector<float>& values) {
  return {name, make_tensor<float>(std::move(shape), values)};
}

std::vector<float> values_of(const host::Tensor& tensor) {
  const auto span = tensor.span<float>();
  return {span.begin(), span.end()};
}

std::vector<host::Tensor> must_run(host::Session& session, const std::vector<host::NamedTensor>& inputs,
                                   const std::vector<std::string>& wanted, const host::RunOptions& options) {
  auto results = session.run(inputs, wanted, options);
  INFO(results.status().message());
  REQUIRE(results.is_ok());
  return std::move(*results);
}

}  // namespace tenon::test
