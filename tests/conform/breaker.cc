// A provider that is sound but for one breach of the contract, which TENON_TEST_BREAK names; unset: none. Relu may run
// in place and uses threads and scratch memory; Gemm packs its constant B; Relu and Neg become one kernel.
// conform_test.py knows what the kit has to find.
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <tenon/sdk/sdk.hpp>
#include <thread>
#include <vector>

using namespace tenon::sdk;

namespace {

const char* const the_breach = std::getenv("TENON_TEST_BREAK");

bool breaks(std::string_view name) {
  return the_breach != nullptr && name == the_breach;
}

std::atomic<int> runs{0};
volatile float read_number;
void* volatile leaked;
// What a careless kernel shares between its runs.
float shared_memory[1 << 16];

void handle(int) {}

void trouble_process() {
  if (breaks("handler")) signal(SIGSEGV, handle);
  if (breaks("locale")) setlocale(LC_ALL, "C.UTF-8");
  if (breaks("folder") && chdir("/") != 0) abort();
  if (breaks("umask")) umask(0177);
  if (breaks("environment")) setenv("BREAKER_WAS_HERE", "1", 1);
#if defined(__x86_64__)
  if (breaks("flush_to_zero")) _MM_SET_FLUSH_ZERO_MODE(_MM_FLUSH_ZERO_ON);
#endif
  if (breaks("crash")) *reinterpret_cast<volatile int*>(uintptr_t{8}) = 1;
  if (breaks("exit")) exit(0);
  if (breaks("abort")) abort();
  if (breaks("hang")) std::this_thread::sleep_for(std::chrono::hours(1));
  if (breaks("slow")) std::this_thread::sleep_for(std::chrono::milliseconds(150));
  if (breaks("sluggish")) std::this_thread::sleep_for(std::chrono::milliseconds(3));
  if (breaks("thread")) std::thread([] { std::this_thread::sleep_for(std::chrono::hours(1)); }).detach();
}

float relu(float x) {
  if (breaks("loses_nan")) return x > 0 ? x : 0;
  if (breaks("wrong_values")) return x > 2 ? x + 0.25f : std::isnan(x) ? x : std::max(x, 0.0f);
  if (breaks("flushes") && std::fpclassify(x) == FP_SUBNORMAL) return 0;
  return x < 0 ? 0 : x;
}

class Relu final : public Kernel {
 public:
  Status run(RunContext& run) const override {
    trouble_process();
    if (breaks("leaks_per_run")) leaked = new char[1 << 10];
    const TensorView x = run.input(0);
    const auto count = static_cast<size_t>(x.count());
    auto* const from = const_cast<float*>(x.data<float>());
    if (breaks("writes_input") && count > 0) from[count - 1] = 0;
    if (breaks("reads_beyond") && count > 0) read_number = from[count];
    if (breaks("reads_before") && count > 0) read_number = from[-1];
    TN_ASSIGN_OR_RETURN(float* const scratch, run.scratch<float>(count + 1));
    if (breaks("overruns_scratch")) scratch[count + 1 + 16] = 1;
    Result<MutableTensorView> y = ask_output(run, x);
    if (!y.is_ok()) return breaks("ignores_error") ? Status() : y.take_status();
    float* const to = y.value().data<float>();
    if (breaks("wrong_in_place") && to == from)
      for (size_t i = 0; i < count; ++i) to[i] = 1;
    compute(run, from, to, scratch, count);
    if (breaks("overruns_output")) to[count] = 1;
    if (breaks("unwritten") && count > 1) std::memcpy(&to[count - 1], scratch + count, sizeof(float));
    if (breaks("counts_runs") && count > 0) to[0] = static_cast<float>(++runs);
    if (breaks("remembers") && count > 0) to[0] = first(relu(from[0]));
    return {};
  }

 private:
  /// The first number that this kernel was ever given.
  float first(float value) const {
    if (!has_first_) first_ = value, has_first_ = true;
    return first_;
  }

  static Result<MutableTensorView> ask_output(RunContext& run, const TensorView& x) {
    return run.output(0, breaks("other_type") ? TN_INT32 : TN_FLOAT, x.shape());
  }

  void compute(RunContext& run, const float* from, float* to, float* scratch, size_t count) const {
    if (breaks("shared_scratch")) {
      count = std::min(count, std::size(shared_memory));
      for (size_t i = 0; i < count; ++i) shared_memory[i] = relu(from[i]);
      std::this_thread::yield();
      std::memcpy(to, shared_memory, count * sizeof(float));
      return;
    }
    run.parallel_for(static_cast<int64_t>(count), 1e6, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) scratch[i] = relu(from[i]);
      if (breaks("depends_on_workers") && begin > 0) scratch[begin] = 7;
    });
    std::memcpy(to, scratch, count * sizeof(float));
  }

  mutable float first_ = 0;
  mutable bool has_first_ = false;
};

Result<KernelPtr> make_relu(const KernelInfo& node) {
  if (node.input(0).info().dtype() != TN_FLOAT) return unsupported("only float is implemented");
  if (breaks("throws")) throw std::runtime_error("thrown by create");
  if (breaks("leaks_per_kernel")) leaked = new char[1 << 10];
  if (breaks("refuses_all")) return unsupported("not today");
  return KernelPtr(new Relu);
}

class Gemm final : public Kernel {
 public:
  Gemm(int64_t k, int64_t n, bool is_turned, float scale) : k_(k), n_(n), is_turned_(is_turned), scale_(scale) {
    key_ = std::string("breaker/columns/1 ") + (is_turned ? "turned" : "as it is");
    if (breaks("key_ignores_attribute")) key_ = "breaker/columns/1";
    if (breaks("key_by_address")) key_ += std::to_string(reinterpret_cast<uintptr_t>(&shared_memory));
    if (breaks("key_empty")) key_.clear();
  }

  uint32_t pack_count() const override { return 1; }
  Result<PackPlan> pack_plan(uint32_t) override { return PackPlan{size() + padding(), 64, key_, false, {1}}; }
  Status pack(uint32_t, PackContext& pack) const override {
    const float* b = pack.source(0).data<float>();
    auto* columns = static_cast<float*>(pack.blob());
    for (int64_t n = 0; n < n_; ++n)
      for (int64_t k = 0; k < k_; ++k) columns[n * k_ + k] = (is_turned_ ? b[n * k_ + k] : b[k * n_ + n]) * scale_;
    if (!breaks("pack_unwritten")) std::memset(columns + n_ * k_, 0, padding());
    if (breaks("pack_random")) columns[n_ * k_] = static_cast<float>(++runs);
    if (breaks("pack_keeps_state")) packed_here_ = true;
    if (breaks("pack_overrun")) columns[n_ * k_ + 16] = 1;
    return {};
  }
  Status bind_pack(uint32_t, const void* blob, uint64_t) override {
    columns_ = static_cast<const float*>(blob);
    return {};
  }

  Status run(RunContext& run) const override {
    const TensorView a = run.input(0);
    const int64_t shape[] = {a.dim(0), n_};
    TN_ASSIGN_OR_RETURN(const MutableTensorView y, run.output(0, TN_FLOAT, shape));
    if (breaks("reads_source") && k_ * n_ > 0) read_number = run.input(1).data<float>()[0];
    if (breaks("trusts_blob")) {
      uint32_t place = 0;  // as it was packed
      std::memcpy(&place, columns_ + n_ * k_, sizeof place);
      read_number = columns_[int64_t{place} * 4096];
    }
    const float* c = run.has_input(2) ? run.input(2).data<float>() : nullptr;
    for (int64_t m = 0; m < a.dim(0); ++m)
      for (int64_t n = 0; n < n_; ++n) {
        double sum = c != nullptr ? double(c[n]) : 0;
        for (int64_t k = 0; k < k_; ++k)
          sum += double(a.data<float>()[m * k_ + k]) * double(columns_[n * k_ + k] / scale_);
        y.data<float>()[m * n_ + n] = static_cast<float>(breaks("pack_keeps_state") && !packed_here_ ? 0 : sum);
      }
    return {};
  }

 private:
  uint64_t size() const { return static_cast<uint64_t>(k_ * n_) * sizeof(float); }
  static uint64_t padding() { return 64; }

  const int64_t k_, n_;
  const bool is_turned_;
  const float scale_;  // a power of two
  std::string key_;
  const float* columns_ = nullptr;
  mutable bool packed_here_ = false;
};

Result<KernelPtr> make_gemm(const KernelInfo& node) {
  const TensorView b = node.input(1).info();
  if (!b.is_constant() || b.rank() != 2) return unsupported("B must be a constant matrix");
  if (node.attr_float("alpha") != 1 || node.attr_float("beta") != 1 || node.attr_int("transA") != 0)
    return unsupported("alpha and beta other than 1 and transA are not implemented");
  const bool is_turned = node.attr_int("transB") != 0;
  const int64_t k = b.dim(is_turned ? 1 : 0), n = b.dim(is_turned ? 0 : 1);
  const TensorView a = node.input(0).info();
  if (a.rank() != 2 || a.dim(1) != k) return unsupported("A must be a matrix of K columns");
  if (node.input(2)) {
    const TensorView c = node.input(2).info();
    if (c.rank() != 1 || c.dim(0) != n) return unsupported("C must be a vector of N elements");
  }
  float scale = 1;
  if (breaks("key_ignores_sibling") && node.input(2))
    if (const auto c = node.input(2).data(); c && n > 0 && c->data<float>()[0] > 0) scale = 2;
  return KernelPtr(new Gemm(k, n, is_turned, scale));
}

/// Relu, and Neg behind it, in one pass.
class ReluNeg final : public Kernel {
 public:
  Status run(RunContext& run) const override {
    const TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const MutableTensorView y, run.output(0, TN_FLOAT, x.shape()));
    const float sign = breaks("wrong_group") ? 1.0f : -1.0f;
    for (int64_t i = 0; i < x.count(); ++i) y.data<float>()[i] = sign * relu(x.data<float>()[i]);
    return {};
  }
};

Status claim(const Instance&, const GraphView& graph, Claims& claims) {
  for (size_t i = 0; i < graph.node_count(); ++i) {
    const NodeView node = graph.node(i);
    if (!node.is("Relu") || node.output(0).use_count() != 1 || node.output(0).info().dtype() != TN_FLOAT) continue;
    const std::vector<NodeView> next = node.output(0).consumers();
    if (next.empty() || !next[0].is("Neg") || claims.is_claimed(node) || claims.is_claimed(next[0])) continue;
    TN_RETURN_IF_ERROR(claims.claim_group({node, next[0]}, "Relu+Neg"));
  }
  return {};
}

Result<KernelPtr> compile(const Instance&, const GroupInfo&) {
  return KernelPtr(new ReluNeg);
}

Status take_options(const Options& options) {
  return breaks("takes_options") ? Status() : no_options(options);
}

struct AtLoad {
  AtLoad() {
    if (breaks("constructor_thread")) std::thread([] { std::this_thread::sleep_for(std::chrono::hours(1)); }).detach();
    if (breaks("constructor_handler")) signal(SIGFPE, handle);
    if (breaks("slow_to_load")) std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
} at_load;

struct WithDestructor {
  ~WithDestructor() { runs = 0; }
  int touched = 0;
};
thread_local WithDestructor with_destructor;

tn_status* create(const tn_instance_request* request, tn_provider_instance** instance) {
  if (breaks("leaves_thread")) std::thread([] { std::this_thread::sleep_for(std::chrono::hours(1)); }).detach();
  if (breaks("leaves_file") && open("/proc/self/status", O_RDONLY | O_CLOEXEC) < 0) abort();
  if (breaks("thread_local")) with_destructor.touched = 1;
  if (breaks("reads_host_beyond")) read_number = *reinterpret_cast<const float*>(request->host + 1);
  if (breaks("leaks_per_load")) leaked = std::memset(new char[1 << 14], 1, 1 << 14);
  return detail::provider_create<take_options>(request, instance);
}

const void* extension(tn_provider_instance*, tn_str) {
  return &runs;
}

constexpr uint32_t kFloat[] = {TN_FLOAT}, kMore[] = {TN_FLOAT, TN_INT32}, kNone[] = {TN_STRING};
constexpr tn_type_rule kFloats[] = {type_rule("T", kFloat)};
constexpr tn_type_rule kOverClaimed[] = {type_rule("T", kMore)};
constexpr tn_type_rule kMisspelt[] = {type_rule("TT", kFloat)};
constexpr tn_type_rule kUnusable[] = {type_rule("T", kNone)};

TypeRules relu_rules() {
  if (breaks("over_claims")) return kOverClaimed;
  if (breaks("rule_misspelt")) return kMisspelt;
  return breaks("rule_unusable") ? TypeRules(kUnusable) : TypeRules(kFloats);
}

// Made when the library is loaded, and constant from then on.
const bool has_no_form = breaks("line_of_no_form");
const tn_kernel_def kernels[] = {
    kernel_def<make_relu>("", "Relu", has_no_form ? 30 : 13, has_no_form ? 40 : 0, relu_rules(), reuses<1>()),
    kernel_def<make_gemm>("", "Gemm", 13, 0, kFloats)};

tn_provider make_table() {
  tn_provider made = claiming_provider_table<claim, compile, take_options>("breaker", "1.0", kernels);
  made.create = create;
  if (breaks("unknown_extension")) made.extension = extension;
  if (breaks("newer_table")) made.abi_version = 7;
  if (breaks("other_name")) made.name = "somebody_else";
  return made;
}
const tn_provider table = make_table();

}  // namespace

TN_DESCRIPTOR("breaker", "1.0", 0);

#if defined(BREAKER_EXPORTS)
template <typename T>
struct __attribute__((visibility("default"))) Shared {
  static inline T count = 0;
};
extern "C" TN_EXPORT int* breaker_more() {
  return &Shared<int>::count;
}
#endif

#if defined(BREAKER_FEATURES)
// Never called, which nobody can see without running it.
__attribute__((noinline, target("avx2"))) void use_avx2() {
  asm volatile("vpabsd %%ymm0, %%ymm0" ::: "xmm0");
}
#endif

extern "C" TN_EXPORT const tn_provider* tenon_provider_entry(const tn_host* host, uint32_t max_version) {
#if defined(BREAKER_FEATURES)
  if (max_version > 1000) use_avx2();
#endif
  if (breaks("entry_thread")) std::thread([] { std::this_thread::sleep_for(std::chrono::hours(1)); }).detach();
  return host != nullptr && max_version >= 1 ? &table : nullptr;
}
