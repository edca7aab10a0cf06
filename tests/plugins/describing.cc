// A provider of one operator of its own domain, which it describes: y = x * factor.
#include <tenon/sdk/sdk.hpp>

namespace sdk = tenon::sdk;

namespace {

class Gain final : public sdk::Kernel {
 public:
  explicit Gain(float factor) : factor_(factor) {}
  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(sdk::MutableTensorView y, run.output(0, TN_FLOAT, x.shape()));
    for (int64_t i = 0; i < x.count(); ++i) y.data<float>()[i] = x.data<float>()[i] * factor_;
    return {};
  }

 private:
  const float factor_;
};

sdk::Result<sdk::KernelPtr> make_gain(const sdk::KernelInfo& node) {
  return sdk::KernelPtr(new Gain(node.attr_float("factor")));
}

sdk::Status infer_gain(const sdk::InferContext& c) {
  const auto x = c.input(0);
  if (c.node().attr_float("factor") == 13) return sdk::invalid_model("a factor of 13 brings no luck");
  if (!x || !x->has_rank()) return {};
  return c.set_output(0, x->shape());
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
