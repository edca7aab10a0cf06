// DynamicTimeWarping: the path from the first to the last element of a matrix of costs, M x N or 1 x M x N, that goes
// down, right, or both at once, and whose costs add up to the least: its rows, then its columns, as int32 [2, length].
// Among equals it comes from the left, as it does where neither the diagonal nor the element above is the least alone.
// Costs add up in float, as the ties of onnxruntime do.
#include <cmath>
#include <tenon/sdk/kernel.hpp>
#include <vector>

#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

class DynamicTimeWarping final : public sdk::Kernel {
 public:
  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    const int64_t rank = x.rank();
    if (rank != 2 && (rank != 3 || x.dim(0) != 1))
      return sdk::invalid_argument("the input has shape ", sdk::shape_text(x.shape()), ", expected M x N or 1 x M x N");
    const int64_t rows = x.dim(rank - 2), columns = x.dim(rank - 1);
    if (rows > INT32_MAX || columns > INT32_MAX)
      return sdk::invalid_argument("the input has shape ", sdk::shape_text(x.shape()), ", too large for int32");
    std::vector<Step> steps(static_cast<size_t>(x.count()));
    TN_RETURN_IF_ERROR(find_steps(run, x.data<float>(), rows, columns, steps));
    std::vector<int32_t> path;  // from the end: row, column
    for (int64_t r = rows - 1, c = columns - 1; r >= 0 && c >= 0;) {
      path.push_back(int32_t(r));
      path.push_back(int32_t(c));
      const Step step = steps[size_t(r * columns + c)];
      if (step != Step::kRight) --r;
      if (step != Step::kDown) --c;
    }
    const int64_t length = int64_t(path.size()) / 2, shape[] = {2, length};
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_INT32, shape));
    for (int64_t i = 0; i < length; ++i)
      for (int64_t part = 0; part < 2; ++part)
        y.data<int32_t>()[part * length + i] = path[size_t((length - 1 - i) * 2 + part)];
    return {};
  }

 private:
  enum class Step : uint8_t { kBoth, kDown, kRight };

  static sdk::Status find_steps(sdk::RunContext& run, const float* x, int64_t rows, int64_t columns,
                                std::vector<Step>& steps) {
    // Of the row above, and of this one: the least sums; element 0 stands before the first column.
    std::vector<float> above(static_cast<size_t>(columns) + 1, INFINITY), sums = above;
    above[0] = 0;
    for (int64_t r = 0; r < rows && !run.cancelled(); ++r) {
      sums[0] = INFINITY;
      for (int64_t c = 0; c < columns; ++c) {
        const size_t i = size_t(c);
        const float both = above[i], down = above[i + 1], right = sums[i];
        const Step step = both < down && both < right   ? Step::kBoth
                          : down < both && down < right ? Step::kDown
                                                        : Step::kRight;
        steps[size_t(r * columns + c)] = step;
        sums[i + 1] = (step == Step::kBoth ? both : step == Step::kDown ? down : right) + x[r * columns + c];
      }
      std::swap(above, sums);
    }
    return {};
  }
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_dynamic_time_warping(const sdk::KernelInfo&) {
  return std::make_unique<DynamicTimeWarping>();
}

}  // namespace tenon::cpu_ref
