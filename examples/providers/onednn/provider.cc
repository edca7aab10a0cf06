// A provider on Intel's oneDNN: convolutions, products, poolings, normalizations and functions of float tensors, alone
// or as claimed groups. oneDNN works on one thread at a time; the host's threads share the parts of each step.
#include "claims.h"
#include "kernel.h"

namespace onednn {
namespace {

sdk::Result<sdk::KernelPtr> make_node(const sdk::KernelInfo& node) {
  TN_ASSIGN_OR_RETURN(Group group, group_of(node));
  return make_kernel(std::move(group));
}

sdk::Status claim(const sdk::Instance& instance, const sdk::GraphView& graph, sdk::Claims& claims) {
  const auto groups = instance.options.find("groups");
  if (groups != instance.options.end() && groups->second == "none") return {};
  return claim_groups(graph, claims);
}

sdk::Result<sdk::KernelPtr> compile(const sdk::Instance&, const sdk::GroupInfo& graph) {
  TN_ASSIGN_OR_RETURN(Group group, group_of(graph));
  return make_kernel(std::move(group));
}

sdk::Status take_options(const sdk::Options& options) {
  for (const auto& [name, value] : options) {
    if (name == "max_isa") {
      TN_RETURN_IF_ERROR(limit_isa(value));
    } else if (name != "groups") {
      return sdk::invalid_argument("unknown option '", name, "': onednn has groups and max_isa");
    } else if (value != "all" && value != "none") {
      return sdk::invalid_argument("groups is '", value, "', expected all or none");
    }
  }
  return {};
}

constexpr uint32_t kFloat[] = {TN_FLOAT};
constexpr tn_type_rule kFloats[] = {sdk::type_rule("T", kFloat)};
constexpr tn_type_rule kNormFloats[] = {sdk::type_rule("T", kFloat), sdk::type_rule("T1", kFloat),
                                        sdk::type_rule("T2", kFloat), sdk::type_rule("U", kFloat)};

/// `in_place`: the output may take the memory of the first input.
constexpr tn_kernel_def row(const char* op_type, int since, bool in_place = false, const char* domain = "") {
  return sdk::kernel_def<make_node>(domain, op_type, since, 0, kFloats, in_place ? sdk::reuses<1>() : sdk::Aliases());
}

constexpr tn_kernel_def kKernels[] = {
    row("Conv", 1),
    row("MatMul", 1),
    row("Gemm", 7),
    row("MaxPool", 1),
    row("AveragePool", 7),
    row("GlobalMaxPool", 1),
    row("GlobalAveragePool", 1),
    sdk::kernel_def<make_node>("", "BatchNormalization", 7, 0, kNormFloats),
    row("LayerNormalization", 17),
    row("LRN", 1),
    row("Softmax", 1),
    row("LogSoftmax", 1),
    row("Relu", 6, true),
    row("LeakyRelu", 6, true),
    row("Elu", 6, true),
    row("Sigmoid", 6, true),
    row("Tanh", 6, true),
    row("Abs", 6, true),
    row("Sqrt", 6, true),
    row("Mish", 18, true),
    row("Round", 11, true),
    row("HardSwish", 14, true),
    row("Gelu", 20, true),
    row("Gelu", 1, true, "com.microsoft"),
    row("Clip", 6, true),
    row("Add", 7, true),
    row("Sub", 7, true),
    row("Mul", 7, true),
    row("Div", 7, true),
    row("Sum", 8, true),
};

constexpr tn_option kOptions[] = {
    sdk::option("groups", "all, none", "all", "Whether connected nodes become one kernel with layouts of its own."),
    sdk::option("max_isa",
                "sse41, avx, avx2, avx2_vnni, avx512_core, avx512_core_vnni, avx512_core_bf16, avx512_core_amx",
                nullptr, "The widest instruction set that oneDNN may use, in the whole process.")};

constexpr tn_provider kProvider =
    sdk::with_options(sdk::claiming_provider_table<claim, compile, take_options>("onednn", "1.0", kKernels), kOptions);

}  // namespace
}  // namespace onednn

TENON_EXPORT_PROVIDER("onednn", "1.0", 0, onednn::kProvider)
