#include "host/plugins/loading/table_check.h"

#include <bit>

#include "host/plugins/abi/abi_sizes.h"
#include "host/plugins/loading/check_parts.h"
#include "host/plugins/loading/operator_check.h"

namespace tenon::host {
namespace {

constexpr uint32_t kMaxKernels = 1u << 16;
constexpr uint32_t kMaxAliases = 1u << 10;
constexpr uint32_t kMaxOptions = 1u << 10;
constexpr uint32_t kMaxPackInputs = 1u << 16;
constexpr uint32_t kKnownKernelFlags = TN_KERNEL_NOT_DETERMINISTIC | TN_KERNEL_PREFERRED;
constexpr uint32_t kMaxPackAlignment = 4096;

Status check_aliases(const tn_alias* aliases, uint32_t count) {
  return check_list("alias_count", count, kMaxAliases, "aliases", aliases);
}

Status check_options(const tn_provider& table) {
  TENON_RETURN_IF_ERROR(check_list("option_count", table.option_count, kMaxOptions, "options", table.options));
  TENON_RETURN_IF_ERROR(check_stride("option_stride", table.option_count, table.option_stride, kOptionSizeV1));
  for (uint32_t i = 0; i < table.option_count; ++i) {
    const tn_option& option = option_at(table, i);
    TENON_RETURN_IF_ERROR(check_size("an option", option.struct_size, kOptionSizeV1));
    TENON_RETURN_IF_ERROR(check_present("the name, values or help of an option",
                                        option.name != nullptr && option.values != nullptr && option.help != nullptr));
  }
  return {};
}

Status check_kernel_def(const tn_kernel_def& def, uint32_t stride) {
  TENON_RETURN_IF_ERROR(check_size("it", def.struct_size, kKernelDefSizeV1));
  if (def.struct_size > stride)
    return error(TN_INTERNAL, "its struct_size ", def.struct_size, " is above kernel_stride ", stride);
  TENON_RETURN_IF_ERROR(check_present("domain", def.domain != nullptr));
  TENON_RETURN_IF_ERROR(check_present("op_type", def.op_type != nullptr));
  if (def.since_version < 1 || (def.last_version != 0 && def.last_version < def.since_version))
    return error(TN_INTERNAL, "its opset versions ", def.since_version, " to ", def.last_version, " are no range");
  TENON_RETURN_IF_ERROR(check_type_rules(def.types, def.type_count, def.type_stride));
  TENON_RETURN_IF_ERROR(check_aliases(def.aliases, def.alias_count));
  TENON_RETURN_IF_ERROR(check_present("create", def.create != nullptr));
  return check_vtable(def.vtable);
}

}  // namespace

Status check_provider_table(const tn_provider& table) {
  TENON_RETURN_IF_ERROR(check_size("the provider table", table.struct_size, kProviderSizeV1));
  TENON_RETURN_IF_ERROR(check_present("the provider's name", table.name != nullptr && table.name[0] != '\0'));
  TENON_RETURN_IF_ERROR(check_present("the provider's version", table.version != nullptr));
  if (table.abi_version < kMinAbiVersion || table.abi_version > kMaxAbiVersion)
    return error(TN_INTERNAL, "the provider table is of ABI version ", table.abi_version,
                 ", the host asked for at most ", kMaxAbiVersion);
  TENON_RETURN_IF_ERROR(check_present("the provider's create", table.create != nullptr));
  TENON_RETURN_IF_ERROR(check_present("the provider's destroy", table.destroy != nullptr));
  TENON_RETURN_IF_ERROR(check_options(table));
  TENON_RETURN_IF_ERROR(check_operators(table));
  TENON_RETURN_IF_ERROR(check_list("kernel_count", table.kernel_count, kMaxKernels, "the kernel table", table.kernels));
  if (table.kernel_count == 0) return {};
  if (table.kernel_stride < kKernelDefSizeV1 || table.kernel_stride % alignof(tn_kernel_def) != 0)
    return error(TN_INTERNAL, "kernel_stride is ", table.kernel_stride, ", a line of the kernel table has at least ",
                 kKernelDefSizeV1, " bytes and is aligned to ", alignof(tn_kernel_def));
  for (uint32_t i = 0; i < table.kernel_count; ++i) {
    const Status line = check_kernel_def(kernel_def_at(table, i), table.kernel_stride);
    if (!line.is_ok()) return line.with_context(concat("line ", i, " of the kernel table"));
  }
  return {};
}

Status check_vtable(const tn_kernel_vtable* vtable) {
  TENON_RETURN_IF_ERROR(check_present("the kernel's vtable", vtable != nullptr));
  TENON_RETURN_IF_ERROR(check_size("the kernel's vtable", vtable->struct_size, kVtableSizeV1));
  TENON_RETURN_IF_ERROR(check_present("the vtable's run", vtable->run != nullptr));
  TENON_RETURN_IF_ERROR(check_present("the vtable's destroy", vtable->destroy != nullptr));
  if (vtable->pack_count == nullptr) return {};
  TENON_RETURN_IF_ERROR(check_present("the vtable's pack_plan, beside a pack_count,", vtable->pack_plan != nullptr));
  TENON_RETURN_IF_ERROR(check_present("the vtable's pack, beside a pack_count,", vtable->pack != nullptr));
  return check_present("the vtable's bind_pack, beside a pack_count,", vtable->bind_pack != nullptr);
}

Status check_kernel_result(const tn_kernel_result& result) {
  TENON_RETURN_IF_ERROR(check_vtable(result.vtable));
  TENON_RETURN_IF_ERROR(check_aliases(result.aliases, result.alias_count));
  if (result.memory_kind != TN_MEMORY_HOST)
    return error(TN_UNSUPPORTED, "the kernel works on memory kind ", result.memory_kind,
                 "; this host takes host memory (0) only");
  if ((result.flags & ~kKnownKernelFlags) != 0)
    return error(TN_UNSUPPORTED, "the kernel has the flags ", result.flags, ", of which this host knows ",
                 kKnownKernelFlags, " only: use a newer host");
  return {};
}

Status check_pack_plan(const tn_pack_plan& plan) {
  if (plan.byte_length == 0) return {};
  if (plan.alignment != 0 && (!std::has_single_bit(plan.alignment) || plan.alignment > kMaxPackAlignment))
    return error(TN_INTERNAL, "the pack plan asks for alignment ", plan.alignment, ", expected a power of two up to ",
                 kMaxPackAlignment);
  if (plan.byte_length > uint64_t{INT64_MAX} && plan.byte_length != TN_LENGTH_UNKNOWN)
    return error(TN_INTERNAL, "the pack plan asks for ", plan.byte_length, " bytes");
  if (plan.key.data == nullptr || plan.key.size == 0)
    return error(TN_INTERNAL, "the pack plan has no key, so its packed bytes could not be told from those of another");
  if (plan.input_count > kMaxPackInputs || (plan.input_count > 0 && plan.inputs == nullptr))
    return error(TN_INTERNAL, "the pack plan counts ", plan.input_count, " inputs",
                 plan.inputs == nullptr ? ", and inputs is NULL" : "");
  return {};
}

const tn_type_rule& type_rule_at(const tn_kernel_def& def, uint32_t i) {
  return stepped(def.types, def.type_stride, i);
}

const tn_option& option_at(const tn_provider& table, uint32_t i) {
  return stepped(table.options, table.option_stride, i);
}

const tn_kernel_def& kernel_def_at(const tn_provider& table, uint32_t i) {
  return stepped(table.kernels, table.kernel_stride, i);
}

}  // namespace tenon::host
