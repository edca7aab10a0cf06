// A kernel of a provider, as the host holds it.
#pragma once

#include <tenon/kernel_api/provider.h>

#include <cstdint>
#include <memory>

#include "host/base/status.h"
#include "host/graph/graph.h"
#include "host/plugins/kernel_run.h"
#include "host/plugins/plugin_call.h"

namespace tenon::host {

struct PluginInstance;

/// A kernel made by a provider. Move-only; destroys the kernel. run() is safe from several threads at once.
class Kernel {
 public:
  Kernel() = default;
  /// `flags`: TN_KERNEL_..., of its definition. `instance`, when there is one, is kept until the kernel is destroyed.
  /// `node`, for messages, must outlive the kernel; `group_size`: of a claimed group that begins there.
  Kernel(const tn_kernel_vtable* vtable, tn_kernel* kernel, uint32_t may_reuse_input, uint32_t flags,
         std::shared_ptr<const PluginInstance> instance = nullptr, const Node* node = nullptr, size_t group_size = 0)
      : vtable_(vtable),
        kernel_(kernel),
        may_reuse_input_(may_reuse_input),
        flags_(flags),
        group_size_(static_cast<uint32_t>(group_size)),
        node_(node),
        instance_(std::move(instance)) {}
  Kernel(Kernel&& other) noexcept;
  Kernel& operator=(Kernel&& other) noexcept;
  ~Kernel();

  explicit operator bool() const { return kernel_ != nullptr; }
  Status run(KernelRun& run) const;
  /// byte_length 0 when the kernel does not pack this input. plan.key is borrowed from the kernel.
  Result<tn_pack_plan> pack_plan(uint32_t input) const;
  Status pack(uint32_t input, const Tensor& weight, void* blob) const;
  Status bind_pack(uint32_t input, const void* blob, uint64_t byte_length);
  /// Bit i: output 0 may take the memory of input i.
  uint32_t may_reuse_input() const { return may_reuse_input_; }
  bool is_deterministic() const { return (flags_ & TN_KERNEL_NOT_DETERMINISTIC) == 0; }
  bool is_preferred() const { return (flags_ & TN_KERNEL_PREFERRED) != 0; }

 private:
  const tn_kernel_vtable* vtable_ = nullptr;
  tn_kernel* kernel_ = nullptr;
  uint32_t may_reuse_input_ = 0;
  uint32_t flags_ = 0;
  uint32_t group_size_ = 0;
  const Node* node_ = nullptr;
  std::shared_ptr<const PluginInstance> instance_;

  PluginCall call(PluginPhase phase) const;

  Status in_context(const Status& status) const;
};

}  // namespace tenon::host
