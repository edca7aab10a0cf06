// Kernel: calls through a kernel's vtable.
#include "host/plugins/kernel.h"

#include <algorithm>
#include <utility>

#include "host/base/exceptions.h"
#include "host/base/log.h"
#include "host/plugins/abi/abi_call.h"
#include "host/plugins/abi/abi_parallel.h"
#include "host/plugins/abi/abi_tables.h"
#include "host/plugins/loading/table_check.h"
#include "host/plugins/plugin_instance.h"

namespace tenon::host {

constexpr uint32_t kLeastPackAlignment = 64;

Kernel::Kernel(Kernel&& other) noexcept
    : vtable_(std::exchange(other.vtable_, nullptr)),
      kernel_(std::exchange(other.kernel_, nullptr)),
      aliases_(other.aliases_),
      flags_(other.flags_),
      group_size_(other.group_size_),
      cost_ns_(other.cost_ns_),
      node_(other.node_),
      instance_(std::move(other.instance_)) {}

Kernel& Kernel::operator=(Kernel&& other) noexcept {
  std::swap(vtable_, other.vtable_);
  std::swap(kernel_, other.kernel_);
  std::swap(aliases_, other.aliases_);
  std::swap(flags_, other.flags_);
  std::swap(group_size_, other.group_size_);
  std::swap(cost_ns_, other.cost_ns_);
  std::swap(node_, other.node_);
  std::swap(instance_, other.instance_);
  return *this;
}

const void* Kernel::process() const {
  return instance_ != nullptr ? instance_->process : nullptr;
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

bool Kernel::may_share(uint32_t output, uint32_t input) const {
  return std::any_of(aliases_.begin(), aliases_.end(), [&](const tn_alias& alias) {
    return alias.output == output && (alias.input == input || alias.input == TN_ANY_INPUT) &&
           (alias.kind == TN_ALIAS_MAY_REUSE || alias.kind == TN_ALIAS_VIEW || alias.kind == TN_ALIAS_STATE);
  });
}

bool Kernel::is_state(uint32_t output, uint32_t input) const {
  return std::any_of(aliases_.begin(), aliases_.end(), [&](const tn_alias& alias) {
    return alias.kind == TN_ALIAS_STATE && alias.output == output && alias.input == input;
  });
}

Result<uint32_t> Kernel::pack_count() const {
  constexpr uint32_t kMostSlots = 1u << 16;
  if (vtable_->pack_count == nullptr) return uint32_t{0};
  uint32_t count = 0;
  TENON_RETURN_IF_ERROR(in_context(call_plugin(call(PluginPhase::kPackCount), [&]() -> tn_status* {
    count = vtable_->pack_count(kernel_);
    return nullptr;
  })));
  if (count > kMostSlots) return in_context(error(TN_INTERNAL, "pack_count is ", count, ", more than ", kMostSlots));
  return count;
}

Result<tn_pack_plan> Kernel::pack_plan(uint32_t slot) const {
  tn_pack_plan plan{};
  plan.struct_size = sizeof plan;
  TENON_RETURN_IF_ERROR(
      in_context(call_plugin(call(PluginPhase::kPackPlan), [&] { return vtable_->pack_plan(kernel_, slot, &plan); })));
  const Status status = check_pack_plan(plan);
  if (!status.is_ok()) return in_context(status.with_context(concat("slot ", slot)));
  plan.alignment = std::max(kLeastPackAlignment, plan.alignment);
  return plan;
}

namespace {

// What stands behind the tn_pack_args of one call.
struct PackCall {
  tn_pack_args args;  // first: a pointer to it is one to the call
  const PackTarget* target;

  static tn_status* append(const tn_pack_args* args, const void* bytes, uint64_t byte_length) {
    const PackTarget& target = *reinterpret_cast<const PackCall*>(args)->target;
    return to_abi(guarded([&]() -> Status {
      if (target.appended == nullptr)
        return error(TN_INTERNAL, "append is for slots whose plan says TN_LENGTH_UNKNOWN");
      const auto* first = static_cast<const std::byte*>(bytes);
      target.appended->insert(target.appended->end(), first, first + byte_length);
      return {};
    }));
  }
  static tn_status* parallel_for(const tn_pack_args* args, const tn_parallel* work) {
    return run_parallel(work, reinterpret_cast<const PackCall*>(args)->target->threads);
  }
};

}  // namespace

Status Kernel::pack(uint32_t slot, std::span<const Tensor* const> sources, const PackTarget& target) const {
  std::vector<tn_tensor> views;
  for (const Tensor* source : sources) views.push_back(source->abi_view(TN_TENSOR_READ_ONLY | TN_TENSOR_CONSTANT));
  std::vector<const tn_tensor*> inputs;
  for (const tn_tensor& view : views) inputs.push_back(&view);
  const RunScope scope;
  const PackCall pack{{sizeof(tn_pack_args), static_cast<uint32_t>(inputs.size()), inputs.data(), target.memory,
                       target.bytes, PackCall::append, PackCall::parallel_for, target.threads},
                      &target};
  const Status status = call_plugin(call(PluginPhase::kPack), [&] { return vtable_->pack(kernel_, slot, &pack.args); });
  return in_context(scope.failure().is_ok() ? status : scope.failure());
}

Status Kernel::bind_pack(uint32_t slot, const void* blob, uint64_t byte_length) {
  return in_context(
      call_plugin(call(PluginPhase::kBindPack), [&] { return vtable_->bind_pack(kernel_, slot, blob, byte_length); }));
}

}  // namespace tenon::host
