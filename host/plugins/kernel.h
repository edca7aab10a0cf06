// A kernel of a provider, as the host holds it.
#pragma once

#include <tenon/kernel_api/provider.h>

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "host/base/status.h"
#include "host/graph/graph.h"
#include "host/plugins/calls/plugin_call.h"
#include "host/plugins/kernel_run.h"

namespace tenon::host {

struct PluginInstance;

/// What a kernel packs into.
struct PackTarget {
  void* memory = nullptr;  // of the plan's length; nullptr when that is not known
  uint64_t bytes = 0;
  std::vector<std::byte>* appended = nullptr;  // takes bytes of a length that is not known
  unsigned threads = 1;
};

/// A kernel made by a provider. Move-only; destroys the kernel. run() is safe from several threads at once.
class Kernel {
 public:
  Kernel() = default;
  /// `made`: as check_kernel_result() has passed it. `instance`, when there is one, is kept until the kernel is
  /// destroyed. `node`, for messages, must outlive the kernel; `group_size`: of a claimed group that begins there.
  explicit Kernel(const tn_kernel_result& made, std::shared_ptr<const PluginInstance> instance = nullptr,
                  const Node* node = nullptr, size_t group_size = 0)
      : vtable_(made.vtable),
        kernel_(made.kernel),
        aliases_(made.aliases, made.alias_count),
        flags_(made.flags),
        group_size_(static_cast<uint32_t>(group_size)),
        cost_ns_(made.cost_ns),
        node_(node),
        instance_(std::move(instance)) {}
  Kernel(Kernel&& other) noexcept;
  Kernel& operator=(Kernel&& other) noexcept;
  ~Kernel();

  explicit operator bool() const { return kernel_ != nullptr; }
  Status run(KernelRun& run) const;
  /// How many slots it may pack.
  Result<uint32_t> pack_count() const;
  /// byte_length 0 when nothing is packed there; alignment at least 64. Key and inputs are borrowed from the kernel.
  Result<tn_pack_plan> pack_plan(uint32_t slot) const;
  /// `sources`: the constants that the plan names, in its order.
  Status pack(uint32_t slot, std::span<const Tensor* const> sources, const PackTarget& target) const;
  Status bind_pack(uint32_t slot, const void* blob, uint64_t byte_length);
  /// Whether the output may be given the input's memory where nothing else reads that.
  bool may_share(uint32_t output, uint32_t input) const;
  /// Whether the output is the input with a part of it changed: TN_ALIAS_STATE.
  bool is_state(uint32_t output, uint32_t input) const;
  std::span<const tn_alias> aliases() const { return aliases_; }
  uint32_t flags() const { return flags_; }
  bool is_deterministic() const { return (flags_ & TN_KERNEL_NOT_DETERMINISTIC) == 0; }
  /// What the provider takes a run to cost on one thread, in nanoseconds; 0: it does not tell.
  uint64_t cost_ns() const { return cost_ns_; }
  /// That it runs in: kernels of one are run in turn; nullptr: this one.
  const void* process() const;
  bool is_preferred() const { return (flags_ & TN_KERNEL_PREFERRED) != 0; }

 private:
  const tn_kernel_vtable* vtable_ = nullptr;
  tn_kernel* kernel_ = nullptr;
  std::span<const tn_alias> aliases_;
  uint32_t flags_ = 0;
  uint32_t group_size_ = 0;
  uint64_t cost_ns_ = 0;
  const Node* node_ = nullptr;
  std::shared_ptr<const PluginInstance> instance_;

  PluginCall call(PluginPhase phase) const;

  Status in_context(const Status& status) const;
};

}  // namespace tenon::host
