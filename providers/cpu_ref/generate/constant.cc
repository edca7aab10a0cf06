// Constant: the tensor of the attribute that is set: value, value_float(s), value_int(s) or value_string(s). A
// sparse_value comes as a value: the host makes it dense.
#include <tenon/sdk/kernel.hpp>

#include "held_tensor.h"
#include "movement/element_mover.h"

namespace tenon::cpu_ref {
namespace {

class Constant final : public sdk::Kernel {
 public:
  explicit Constant(std::unique_ptr<HeldTensor> value) : value_(std::move(value)) {}

  sdk::Status run(sdk::RunContext& run) const override {
    return copy_reshaped(run, value_->view(), value_->view().shape());
  }

 private:
  std::unique_ptr<HeldTensor> value_;
};

template <typename T>
std::unique_ptr<HeldTensor> hold(const std::vector<T>& values, sdk::Shape shape) {
  return std::make_unique<HeldTensor>(sdk::kDTypeOf<T>, std::move(shape), values.data(), values.size() * sizeof(T));
}

std::unique_ptr<HeldTensor> value_of(const sdk::KernelInfo& info) {
  sdk::TensorView tensor;
  if (info.attr_tensor("value", &tensor)) return HeldTensor::copy_of(tensor);
  if (info.has_float("value_float")) return hold<float>({info.attr_float("value_float")}, {});
  if (info.has_int("value_int")) return hold<int64_t>({info.attr_int("value_int")}, {});
  if (info.has_ints("value_ints")) {
    const std::vector<int64_t> ints = info.attr_ints("value_ints");
    return hold(ints, {int64_t(ints.size())});
  }
  const tn_graph_api* api = info.api();
  const float* floats;
  const tn_str* strings;
  tn_str string;
  size_t count;
  if (api->attr_floats(info.c(), sdk::to_tn_str("value_floats"), &floats, &count))
    return hold(info.attr_floats("value_floats"), {int64_t(count)});
  if (api->attr_string(info.c(), sdk::to_tn_str("value_string"), &string))
    return std::make_unique<HeldTensor>(std::vector<std::string>{std::string(sdk::view(string))}, sdk::Shape{});
  if (api->attr_strings(info.c(), sdk::to_tn_str("value_strings"), &strings, &count))
    return std::make_unique<HeldTensor>(info.attr_strings("value_strings"), sdk::Shape{int64_t(count)});
  return nullptr;
}

}  // namespace

sdk::Result<sdk::KernelPtr> make_constant(const sdk::KernelInfo& info) {
  std::unique_ptr<HeldTensor> value = value_of(info);
  if (value == nullptr)
    return sdk::unsupported(
        "expected one of the attributes value, sparse_value, value_float, value_floats, value_int, value_ints, "
        "value_string, value_strings");
  return std::make_unique<Constant>(std::move(value));
}

}  // namespace tenon::cpu_ref
