// The base class of kernels written in C++, and the C functions that carry it across the ABI.
#pragma once

#include <tenon/kernel_api/kernel.h>

#include <array>
#include <map>
#include <memory>
#include <tenon/sdk/operator.hpp>
#include <tenon/sdk/run.hpp>
#include <vector>

namespace tenon::sdk {
inline namespace TENON_SDK_VERSION {

/// What a kernel wants packed in one of its slots; see tn_pack_plan.
struct PackPlan {
  uint64_t byte_length = 0;  // 0: nothing is packed; TN_LENGTH_UNKNOWN: pack() appends
  uint32_t alignment = 64;
  std::string key;
  bool sources_needed = false;
  std::vector<uint32_t> inputs = {};
};

/// What a kernel packs from and into; see tn_pack_args for the thread rules. Lives until pack() returns.
class PackContext {
 public:
  PackContext(const tn_host* host, const tn_pack_args* args) : host_(host), args_(args) {}
  /// Of the plan's inputs the i-th.
  TensorView source(uint32_t i) const { return TensorView(*args_->inputs[i]); }
  uint32_t source_count() const { return args_->input_count; }
  /// The plan's byte_length bytes, uninitialized.
  void* blob() const { return args_->blob; }
  uint64_t byte_length() const { return args_->byte_length; }
  Status append(const void* bytes, uint64_t byte_length) const {
    return adopt(host_, args_->append(args_, bytes, byte_length));
  }
  uint32_t max_workers() const { return args_->max_workers; }
  /// As RunContext::parallel_for().
  template <typename Body>
  auto parallel_for(int64_t count, double item_cost_ns, Body&& body, int64_t grain = 0) const {
    return detail::parallel_for(host_, {sizeof(tn_parallel), 0, count, item_cost_ns, grain, nullptr, nullptr}, body,
                                [&](const tn_parallel* work) { return args_->parallel_for(args_, work); });
  }

 private:
  const tn_host* host_;
  const tn_pack_args* args_;
};

/// One kernel: made once per node while a session opens, run many times, concurrently. run is const: a kernel keeps no
/// state.
class Kernel {
 public:
  virtual ~Kernel() = default;
  virtual Status run(RunContext& run) const = 0;

  /// thread: open. How many slots the kernel may pack.
  virtual uint32_t pack_count() const { return 0; }
  /// thread: open. Must not touch the bytes of a weight.
  virtual Result<PackPlan> pack_plan(uint32_t slot) {
    (void)slot;
    return PackPlan{};
  }
  /// thread: any. Writes exactly byte_length bytes, or appends.
  virtual Status pack(uint32_t slot, PackContext& pack) const {
    (void)pack;
    return Status(TN_INTERNAL, concat("slot ", slot, " was planned, but the kernel has no pack()"));
  }
  /// thread: open. `blob` is read-only and outlives the kernel.
  virtual Status bind_pack(uint32_t slot, const void* blob, uint64_t byte_length) {
    (void)slot, (void)blob, (void)byte_length;
    return {};
  }
};

using KernelPtr = std::unique_ptr<Kernel>;
/// What a factory may say of the kernel that it makes, beside its line of the table. See tn_kernel_result.
struct KernelTerms {
  uint32_t flags = 0;             // as the line has them until they are set
  std::vector<tn_alias> aliases;  // empty: those of the line
  uint64_t cost_ns = 0;           // roughly, of a run on one thread with the shapes that are known; 0: not told
};

/// What a factory is told: the node, and the provider instance that the kernel is for. Lives until the factory returns;
/// the instance outlives the kernel.
class KernelInfo : public NodeView {
 public:
  KernelInfo(const Instance& instance, const tn_kernel_request& request, KernelTerms* terms)
      : NodeView(instance.host->graph, request.node), instance_(&instance), request_(&request), terms_(terms) {}
  const Instance& instance() const { return *instance_; }
  const Options& options() const { return instance_->options; }
  const tn_host* host() const { return instance_->host; }
  /// What the kernel is wanted for: a tn_purpose.
  uint32_t purpose() const { return request_->purpose; }
  KernelTerms& terms() const { return *terms_; }

 private:
  const Instance* instance_;
  const tn_kernel_request* request_;
  KernelTerms* terms_;
};

/// A claimed group, as compile functions see it.
class GroupInfo : public GraphView {
 public:
  GroupInfo(const Instance& instance, const tn_kernel_request& request, KernelTerms* terms)
      : GraphView(instance.host, request.group), request_(&request), terms_(terms) {}
  std::string_view label() const { return view(request_->label); }
  /// The claim's.
  uint64_t tag() const { return request_->tag; }
  uint32_t purpose() const { return request_->purpose; }
  KernelTerms& terms() const { return *terms_; }

 private:
  const tn_kernel_request* request_;
  KernelTerms* terms_;
};

/// Makes the kernel of a node. TN_UNSUPPORTED with a reason lets the host ask the next provider.
using KernelFactory = Result<KernelPtr> (*)(const KernelInfo& info);

namespace detail {

struct KernelBox {
  const tn_host* host;
  KernelPtr kernel;
  std::map<uint32_t, PackPlan> plans;  // keep the keys and inputs handed out alive
  std::vector<tn_alias> aliases;
};

inline KernelBox* box_of(tn_kernel* k) {
  return reinterpret_cast<KernelBox*>(k);
}

inline uint32_t kernel_pack_count(tn_kernel* k) {
  return box_of(k)->kernel->pack_count();
}
inline tn_status* kernel_pack_plan(tn_kernel* k, uint32_t slot, tn_pack_plan* plan) {
  KernelBox* box = box_of(k);
  return guard(box->host, [&]() -> Status {
    TN_ASSIGN_OR_RETURN(box->plans[slot], box->kernel->pack_plan(slot));
    const PackPlan& p = box->plans[slot];
    plan->alignment = p.alignment;
    plan->byte_length = p.byte_length;
    plan->key = to_tn_str(p.key);
    plan->inputs = p.inputs.data();
    plan->input_count = static_cast<uint32_t>(p.inputs.size());
    plan->sources_needed = p.sources_needed;
    return {};
  });
}
inline tn_status* kernel_pack(tn_kernel* k, uint32_t slot, const tn_pack_args* args) {
  return guard(box_of(k)->host, [&] {
    PackContext context(box_of(k)->host, args);
    return box_of(k)->kernel->pack(slot, context);
  });
}
inline tn_status* kernel_bind_pack(tn_kernel* k, uint32_t slot, const void* blob, uint64_t byte_length) {
  return guard(box_of(k)->host, [&] { return box_of(k)->kernel->bind_pack(slot, blob, byte_length); });
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

inline constexpr tn_kernel_vtable kKernelVtable = {
    sizeof(tn_kernel_vtable), 0,          kernel_pack_count, kernel_pack_plan, kernel_pack,
    kernel_bind_pack,         kernel_run, kernel_destroy};

/// Has `make` make a kernel, given the terms to be filled, and hands it over.
template <typename Make>
tn_status* make_kernel(const Instance& instance, tn_kernel_result* result, const Make& make) {
  return guard(instance.host, [&]() -> Status {
    auto box = std::make_unique<KernelBox>(KernelBox{instance.host, nullptr, {}, {}});
    KernelTerms terms{result->flags, {}, 0};
    TN_ASSIGN_OR_RETURN(box->kernel, make(&terms));
    box->aliases = std::move(terms.aliases);
    if (!box->aliases.empty()) {
      result->aliases = box->aliases.data();
      result->alias_count = static_cast<uint32_t>(box->aliases.size());
    }
    result->flags = terms.flags;
    result->cost_ns = terms.cost_ns;
    result->vtable = &kKernelVtable;
    result->kernel = reinterpret_cast<tn_kernel*>(box.release());
    return {};
  });
}

/// The `create` member of a tn_kernel_def whose kernel `factory` makes.
template <KernelFactory factory>
tn_status* kernel_create(tn_provider_instance* raw, const tn_kernel_request* request, tn_kernel_result* result) {
  const Instance& instance = *reinterpret_cast<Instance*>(raw);
  return make_kernel(instance, result,
                     [&](KernelTerms* terms) { return factory(KernelInfo(instance, *request, terms)); });
}

/// Which inputs output 0 may take the memory of, as aliases with static storage.
template <uint32_t may_reuse_input>
struct Reuses {
  static constexpr uint32_t kCount = [] {
    uint32_t count = 0;
    for (uint32_t i = 0; i < 32; ++i) count += may_reuse_input >> i & 1;
    return may_reuse_input == ~0u ? 1 : count;
  }();
  static constexpr std::array<tn_alias, kCount == 0 ? 1 : kCount> kAliases = [] {
    std::array<tn_alias, kCount == 0 ? 1 : kCount> aliases{};
    uint32_t next = 0;
    for (uint32_t i = 0; i < 32 && next < kCount; ++i)
      if (may_reuse_input >> i & 1) aliases[next++] = {0, i, TN_ALIAS_MAY_REUSE};
    if (may_reuse_input == ~0u) aliases[0].input = TN_ANY_INPUT;
    return aliases;
  }();
};

}  // namespace detail

/// A list of aliases with its length, for the kernel table. The array has static storage.
struct Aliases {
  const tn_alias* aliases = nullptr;
  uint32_t count = 0;
  constexpr Aliases() = default;
  template <size_t N>
  constexpr Aliases(const tn_alias (&a)[N]) : aliases(a), count(static_cast<uint32_t>(N)) {}
  constexpr Aliases(const tn_alias* a, uint32_t n) : aliases(a), count(n) {}
};
/// `reuses<3>()`: output 0 may take the memory of inputs 0 and 1, bit by bit; of any one where all bits are set.
template <uint32_t may_reuse_input>
constexpr Aliases reuses() {
  using R = detail::Reuses<may_reuse_input>;
  return R::kCount == 0 ? Aliases() : Aliases(R::kAliases.data(), R::kCount);
}

/// One entry of a provider's kernel table; see tn_kernel_def.
template <KernelFactory factory>
constexpr tn_kernel_def kernel_def(const char* domain, const char* op_type, int since_version, int last_version,
                                   TypeRules types = {}, Aliases aliases = {}, uint32_t flags = 0) {
  return tn_kernel_def{sizeof(tn_kernel_def),
                       flags,
                       domain,
                       op_type,
                       since_version,
                       last_version,
                       types.rules,
                       types.count,
                       sizeof(tn_type_rule),
                       aliases.aliases,
                       aliases.count,
                       0,
                       &detail::kKernelVtable,
                       &detail::kernel_create<factory>};
}

}  // namespace TENON_SDK_VERSION
}  // namespace tenon::sdk
