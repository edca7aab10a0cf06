// A provider of one operator of its own domain, which it describes: y = x * factor.
#include "tests/support/gain_operator.h"

namespace sdk = tenon::sdk;
using tenon::test::Gain;
using tenon::test::infer_gain;

namespace {

sdk::Result<sdk::KernelPtr> make_gain(const sdk::KernelInfo& node) {
  return sdk::KernelPtr(new Gain(node.attr_float("factor")));
}

constexpr uint32_t kFloats[] = {TN_FLOAT};
constexpr tn_type_rule kTypes[] = {sdk::type_rule("T", kFloats)};
constexpr tn_formal kIn[] = {sdk::formal("x", "T")}, kOut[] = {sdk::formal("y", "T")};
constexpr tn_attribute kAttributes[] = {sdk::attribute("factor", 2.0f)};
constexpr tn_operator kOperators[] = {
    sdk::operator_def<infer_gain>("test.own", "Gain", 1, kIn, kOut, kTypes, kAttributes)};
constexpr tn_kernel_def kKernels[] = {sdk::kernel_def<make_gain>("test.own", "Gain", 1, 0, kTypes)};
constexpr tn_provider kProvider = sdk::with_operators(sdk::provider_table("describing", "1.0", kKernels), kOperators);

}  // namespace

TENON_EXPORT_PROVIDER("describing", "1.0", 0, kProvider)
