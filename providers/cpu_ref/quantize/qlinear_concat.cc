// QLinearConcat: joins tensors along `axis`, each with a scale and a zero point of its own, into one of Y_scale and
// Y_zero_point. Inputs: Y_scale, Y_zero_point, then a tensor, its scale and its zero point, again and again.
#include <tenon/sdk/geometry/join.hpp>

#include "quantize/quantization.h"
#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

constexpr uint32_t kFirst = 2, kEach = 3;

class QLinearConcat final : public sdk::Kernel {
 public:
  explicit QLinearConcat(int64_t axis) : axis_(axis) {}

  sdk::Status run(sdk::RunContext& run) const override {
    TN_ASSIGN_OR_RETURN(const Quantization of_y, quantization_of(run, 0, 1, "Y"));
    const sdk::TensorView first = run.input(kFirst);
    TN_ASSIGN_OR_RETURN(const int64_t axis, normalize_axis(axis_, first.rank()));
    sdk::Shape shape(first.shape().begin(), first.shape().end());
    for (uint32_t i = kFirst + kEach; i < run.input_count(); i += kEach)
      TN_RETURN_IF_ERROR(sdk::join_shape(&shape, run.input(i).shape(), size_t(axis), i));
    const tn_dtype dtype = run.input(1).dtype();
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, dtype, shape));
    if (y.count() == 0) return {};
    const int64_t row = y.count() / leading(shape, axis);
    return visit_list(ByteTypes{}, dtype, [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      T* to = y.template data<T>();
      for (uint32_t i = kFirst; i < run.input_count(); i += kEach) {
        const sdk::TensorView x = run.input(i);
        TN_ASSIGN_OR_RETURN(const Quantization of_x, quantization_of(run, i + 1, i + 2, sdk::concat("input ", i)));
        const int64_t part = x.count() / leading(shape, axis);
        TN_RETURN_IF_ERROR(copy(x, of_x, of_y, part, row, leading(shape, axis), to));
        to += part;
      }
      return {};
    });
  }

 private:
  static int64_t leading(const sdk::Shape& shape, int64_t axis) {
    int64_t rows = 1;
    for (int64_t d = 0; d < axis; ++d) rows *= shape[size_t(d)];
    return rows;
  }

  /// Rows of `part` bytes of x to rows that are `row` bytes apart.
  template <typename T>
  static sdk::Status copy(const sdk::TensorView& x, const Quantization& of_x, const Quantization& of_y, int64_t part,
                          int64_t row, int64_t rows, T* to) {
    return visit_list(ByteTypes{}, x.dtype(), [&](auto tag) -> sdk::Status {
      const auto reals = real_numbers<decltype(tag)>(of_x);
      std::array<T, 256> table;
      for (size_t i = 0; i < table.size(); ++i) table[i] = quantized<T>(reals[i], of_y);
      const auto* from = static_cast<const uint8_t*>(x.raw());
      for (int64_t r = 0; r < rows; ++r)
        for (int64_t i = 0; i < part; ++i) to[r * row + i] = table[from[r * part + i]];
      return {};
    });
  }

  int64_t axis_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_qlinear_concat(const sdk::KernelInfo& info) {
  if (info.input_count() < kFirst + kEach || (info.input_count() - kFirst) % kEach != 0)
    return sdk::invalid_model("it has ", info.input_count(), " inputs, expected two, and three for each tensor");
  for (uint32_t i = kFirst; i < info.input_count(); i += kEach) {
    TN_RETURN_IF_ERROR(check_type(ByteTypes{}, info.input(i), "of a quantized tensor"));
    TN_RETURN_IF_ERROR(check_type(TypeList<float>{}, info.input(i + 1), "of a scale"));
    TN_RETURN_IF_ERROR(check_type(ByteTypes{}, info.input(i + 2), "of a zero point"));
  }
  return std::make_unique<QLinearConcat>(info.attr_int("axis"));
}

}  // namespace tenon::cpu_ref
