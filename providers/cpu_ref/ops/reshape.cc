// Reshape: the same elements under another shape. A 0 in the shape keeps the input's dimension (unless allowzero is
// set), one -1 takes what the others leave. The shape is an attribute in opset 1 and an input from opset 5. The output
// may be the input.
#include <tenon/sdk/kernel.hpp>

#include "element_mover.h"

namespace tenon::cpu_ref {
namespace {

class Reshape final : public sdk::Kernel {
 public:
  explicit Reshape(const sdk::KernelInfo& info)
      : from_attribute_(info.since_version() < 5),
        shape_(info.attr_ints("shape")),
        allow_zero_(info.attr_int("allowzero", 0) != 0) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView data = run.input(0);
    sdk::Shape shape = shape_;
    if (!from_attribute_) {
      TN_ASSIGN_OR_RETURN(shape, read_ints(run.input(1), "shape"));
    }
    TN_RETURN_IF_ERROR(resolve(data, shape));
    return copy_reshaped(run, data, shape);
  }

 private:
  sdk::Status resolve(const sdk::TensorView& data, sdk::Shape& shape) const {
    const std::string asked =
        "shape " + sdk::shape_text(shape) + " asked for data of shape " + sdk::shape_text(data.shape()) + ": ";
    int64_t unknown = -1;
    for (size_t i = 0; i < shape.size(); ++i) {
      if (shape[i] < -1)
        return sdk::invalid_argument(asked, "dimension ", i, " is ", shape[i], ", expected -1 or more");
      if (shape[i] == 0 && !allow_zero_) {
        if (int64_t(i) >= data.rank())
          return sdk::invalid_argument(asked, "dimension ", i, " is 0, but the data has no dimension ", i, " to keep");
        shape[i] = data.dim(int64_t(i));
      } else if (shape[i] == -1) {
        if (unknown >= 0) return sdk::invalid_argument(asked, "more than one dimension is -1");
        unknown = int64_t(i);
      }
    }
    if (unknown >= 0) shape[size_t(unknown)] = 1;
    TN_ASSIGN_OR_RETURN(const int64_t known, product(shape, 0, shape.size()));
    if (unknown >= 0) {
      if (known == 0 || data.count() % known != 0)
        return sdk::invalid_argument(asked, "the other dimensions hold ", known, " elements, which does not divide ",
                                     data.count());
      shape[size_t(unknown)] = data.count() / known;
    } else if (known != data.count()) {
      return sdk::invalid_argument(asked, "it holds ", known, " elements, expected ", data.count());
    }
    return {};
  }

  bool from_attribute_;
  sdk::Shape shape_;
  bool allow_zero_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_reshape(const sdk::KernelInfo& info) {
  return std::make_unique<Reshape>(info);
}

}  // namespace tenon::cpu_ref
