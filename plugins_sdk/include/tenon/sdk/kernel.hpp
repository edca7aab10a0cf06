// The base class of kernels written in C++, and the C functions that carry it across the ABI.
#pragma once

#include <tenon/kernel_api/kernel.h>

#include <map>
#include <memory>
#include <tenon/sdk/graph.hpp>
#include <tenon/sdk/run.hpp>

namespace tenon::sdk {
inline namespace TENON_SDK_VERSION {

/// What a kernel wants to do with a constant input; see tn_pack_plan.
struct PackPlan {
  uint64_t byte_length = 0;  // 0: the weight is read as it is
  uint32_t alignment = 64;
  std::string key;
  bool source_needed = false;
};

/// One kernel: made once per node while a session opens, run many times, concurrently. run is const: a kernel keeps no
/// state.
class Kernel {
 public:
  virtual ~Kernel() = default;
  virtual Status run(RunContext& run) const = 0;

  /// thread: open. Must not touch the weight's bytes.
  virtual Result<PackPlan> pack_plan(uint32_t input) {
    (void)input;
    return PackPlan{};
  }
  /// thread: any. Writes exactly byte_length bytes.
  virtual Status pack(uint32_t input, const TensorView& weight, void* blob) const {
    (void)weight, (void)blob;
    return Status(TN_INTERNAL, concat("input ", input, " was planned for packing, but the kernel has no pack()"));
  }
  /// thread: open. `blob` is read-only and outlives the kernel.
  virtual Status bind_pack(uint32_t input, const void* blob, uint64_t byte_length) {
    (void)input, (void)blob, (void)byte_length;
    return {};
  }
};

using KernelPtr = std::unique_ptr<Kernel>;
using Options = std::map<std::string, std::string>;

/// The plugin's side of tn_provider_instance.
struct Instance {
  const tn_host* host;
  Options options;
  std::shared_ptr<const void> state;  // what the provider keeps while the instance lives
};

/// What a factory is told: the node, and the provider instance that the kernel is for. Lives until the factory returns;
/// the instance outlives the kernel.
class KernelInfo : public NodeView {
 public:
  KernelInfo(const Instance& instance, const tn_node* node)
      : NodeView(instance.host->graph, node), instance_(&instance) {}
  const Instance& instance() const { return *instance_; }
  const Options& options() const { return instance_->options; }
  const tn_host* host() const { return instance_->host; }

 private:
  const Instance* instance_;
};

/// Makes the kernel of a node. TN_UNSUPPORTED with a reason lets the host ask the next provider.
using KernelFactory = Result<KernelPtr> (*)(const KernelInfo& info);

namespace detail {

struct KernelBox {
  const tn_host* host;
  KernelPtr kernel;
  std::map<uint32_t, std::string> pack_keys;  // keeps the keys handed out alive
};

inline KernelBox* box_of(tn_kernel* k) {
  return reinterpret_cast<KernelBox*>(k);
}

inline tn_status* kernel_pack_plan(tn_kernel* k, uint32_t input, tn_pack_plan* plan) {
  KernelBox* box = box_of(k);
  return guard(box->host, [&]() -> Status {
    TN_ASSIGN_OR_RETURN(PackPlan p, box->kernel->pack_plan(input));
    std::string& key = box->pack_keys[input] = std::move(p.key);
    plan->alignment = p.alignment;
    plan->byte_length = p.byte_length;
    plan->key = to_tn_str(key);
    plan->source_needed = p.source_needed;
    return {};
  });
}
inline tn_status* kernel_pack(tn_kernel* k, uint32_t input, const tn_tensor* weight, void* blob) {
  return guard(box_of(k)->host, [&] { return box_of(k)->kernel->pack(input, TensorView(*weight), blob); });
}
inline tn_status* kernel_bind_pack(tn_kernel* k, uint32_t input, const void* blob, uint64_t byte_length) {
  return guard(box_of(k)->host, [&] { return box_of(k)->kernel->bind_pack(input, blob, byte_length); });
}
inline tn_status* kernel_run(tn_kernel* k, tn_run* run) {
  return guard(box_of(k)->host, [&] {
    RunContext context(box_of(k)->host, run);
    return box_of(k)->kernel->run(context);
  });
}
inline void kernel_destroy(tn_kernel* k) {
  delete box_of(k);
}

inline constexpr tn_kernel_vtable kKernelVtable = {sizeof(tn_kernel_vtable), 0,          kernel_pack_plan, kernel_pack,
                                                   kernel_bind_pack,         kernel_run, kernel_destroy};

/// The `create` member of a tn_kernel_def whose kernel `factory` makes.
template <KernelFactory factory>
tn_status* kernel_create(tn_provider_instance* raw, const tn_node* node, tn_kernel** out) {
  Instance* instance = reinterpret_cast<Instance*>(raw);
  return guard(instance->host, [&]() -> Status {
    TN_ASSIGN_OR_RETURN(KernelPtr kernel, factory(KernelInfo(*instance, node)));
    *out = reinterpret_cast<tn_kernel*>(new KernelBox{instance->host, std::move(kernel), {}});
    return {};
  });
}

}  // namespace detail

/// A list of type rules with its length, for the kernel table.
struct TypeRules {
  const tn_type_rule* rules = nullptr;
  uint32_t count = 0;
  constexpr TypeRules() = default;
  template <size_t N>
  constexpr TypeRules(const tn_type_rule (&r)[N]) : rules(r), count(static_cast<uint32_t>(N)) {}
};

/// `type_rule("T", kFloats)`: the parameter T may be any of the array's types, which must be a constant with static
/// storage.
template <size_t N>
constexpr tn_type_rule type_rule(const char* parameter, const uint32_t (&dtypes)[N]) {
  return tn_type_rule{parameter, dtypes, static_cast<uint32_t>(N)};
}

/// One entry of a provider's kernel table; see tn_kernel_def. `may_reuse_input`: bit i lets output 0 take input i's
/// memory.
template <KernelFactory factory>
constexpr tn_kernel_def kernel_def(const char* domain, const char* op_type, int since_version, int last_version,
                                   TypeRules types = {}, uint32_t may_reuse_input = 0, uint32_t flags = 0) {
  return tn_kernel_def{sizeof(tn_kernel_def),
                       flags,
                       domain,
                       op_type,
                       since_version,
                       last_version,
                       types.rules,
                       types.count,
                       may_reuse_input,
                       &detail::kKernelVtable,
                       &detail::kernel_create<factory>};
}

}  // namespace TENON_SDK_VERSION
}  // namespace tenon::sdk
