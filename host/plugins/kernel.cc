// Kernel: calls through a kernel's vtable.
#include "host/plugins/kernel.h"

#include <utility>

#include "host/base/log.h"
#include "host/plugins/abi_call.h"
#include "host/plugins/abi_tables.h"
#include "host/plugins/plugin_instance.h"
#include "host/plugins/table_check.h"

namespace tenon::host {

Kernel::Kernel(Kernel&& other) noexcept
    : vtable_(std::exchange(other.vtable_, nullptr)),
      kernel_(std::exchange(other.kernel_, nullptr)),
      may_reuse_input_(other.may_reuse_input_),
      flags_(other.flags_),
      group_size_(other.group_size_),
      node_(other.node_),
      instance_(std::move(other.instance_)) {}

Kernel& Kernel::operator=(Kernel&& other) noexcept {
  std::swap(vtable_, other.vtable_);
  std::swap(kernel_, other.kernel_);
  std::swap(may_reuse_input_, other.may_reuse_input_);
  std::swap(flags_, other.flags_);
  std::swap(group_size_, other.group_size_);
  std::swap(node_, other.node_);
  std::swap(instance_, other.instance_);
  return *this;
}

PluginCall Kernel::call(PluginPhase phase) const {
  if (instance_ == nullptr) return PluginCall(phase, {}, {}, node_, group_size_);
  return PluginCall(phase, instance_->name, instance_->library_path(), node_, group_size_);
}

Kernel::~Kernel() {
  if (kernel_ == nullptr) return;
  static const std::string no_name;
  call_plugin_and_log(call(PluginPhase::kKernelDestroy), instance_ != nullptr ? instance_->name : no_name,
                      [&] { vtable_->destroy(kernel_); });
}

Status Kernel::in_context(const Status& status) const {
  return instance_ == nullptr || status.is_ok() ? status : status.with_context("provider '" + instance_->name + "'");
}

Status Kernel::run(KernelRun& run) const {
  const RunScope scope;
  const Status status = call_plugin(call(PluginPhase::kRun), [&] { return vtable_->run(kernel_, run.abi()); });
  return in_context(scope.failure().is_ok() ? status : scope.failure());
}

Result<tn_pack_plan> Kernel::pack_plan(uint32_t input) const {
  tn_pack_plan plan{};
  plan.struct_size = sizeof plan;
  if (vtable_->pack_plan == nullptr) return plan;
  TENON_RETURN_IF_ERROR(
      in_context(call_plugin(call(PluginPhase::kPackPlan), [&] { return vtable_->pack_plan(kernel_, input, &plan); })));
  const Status status = check_pack_plan(plan);
  if (!status.is_ok()) return in_context(status.with_context(concat("input ", input)));
  return plan;
}

Status Kernel::pack(uint32_t input, const Tensor& weight, void* blob) const {
  if (vtable_->pack == nullptr)
    return in_context(error(TN_INTERNAL, "asked to pack input ", input, ", but its kernel packs nothing"));
  const tn_tensor view = weight.abi_view(TN_TENSOR_READ_ONLY | TN_TENSOR_CONSTANT);
  return in_context(call_plugin(call(PluginPhase::kPack), [&] { return vtable_->pack(kernel_, input, &view, blob); }));
}

Status Kernel::bind_pack(uint32_t input, const void* blob, uint64_t byte_length) {
  if (vtable_->bind_pack == nullptr)
    return in_context(error(TN_INTERNAL, "given packed input ", input, ", but its kernel packs nothing"));
  return in_context(
      call_plugin(call(PluginPhase::kBindPack), [&] { return vtable_->bind_pack(kernel_, input, blob, byte_length); }));
}

}  // namespace tenon::host
