// ConstantOfShape: a tensor of the shape that the input lists, each element the attribute `value` (float 0 by default).
#include "common.h"

namespace tenon::cpu_blas {
namespace {

class ConstantOfShape final : public sdk::Kernel {
 public:
  ConstantOfShape(std::string node, tn_dtype dtype, std::vector<char> element)
      : node_(std::move(node)), dtype_(dtype), element_(std::move(element)) {}

  sdk::Status run(sdk::RunContext& run) const override {
    TN_ASSIGN_OR_RETURN(const std::vector<int64_t> shape, read_integers(node_, run.input(0)));
    for (int64_t d : shape)
      if (d < 0) return sdk::invalid_model(node_, ": dimension ", d, " in the shape, expected 0 or more");
    TN_ASSIGN_OR_RETURN(sdk::MutableTensorView y, run.output(0, dtype_, shape));
    char* to = static_cast<char*>(y.raw());
    const size_t bytes = static_cast<size_t>(y.count()) * element_.size();
    for (size_t i = 0; i < bytes; i += element_.size()) std::memcpy(to + i, element_.data(), element_.size());
    return {};
  }

 private:
  std::string node_;
  tn_dtype dtype_;
  std::vector<char> element_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_constant_of_shape(const sdk::KernelInfo& info) {
  sdk::TensorView value;
  tn_dtype dtype = TN_FLOAT;
  std::vector<char> element(sizeof(float), 0);
  if (info.attr_tensor("value", &value)) {
    dtype = value.dtype();
    if (value.count() != 1 || element_size(dtype) == 0)
      return sdk::invalid_model(describe(info), ": value has ", value.count(), " elements, expected 1");
    const char* bytes = static_cast<const char*>(value.raw());
    element.assign(bytes, bytes + element_size(dtype));
  }
  return sdk::KernelPtr(std::make_unique<ConstantOfShape>(describe(info), dtype, std::move(element)));
}

}  // namespace tenon::cpu_blas
