// AffineGrid: grid[n, h, w] = theta[n] * (x(w), y(h), 1), or with a depth grid[n, d, h, w] = theta[n] * (x(w), y(h),
// z(d), 1), where coordinate i of S along an axis is (2i + 1) / S - 1, or with align_corners 2i / (S - 1) - 1, which is
// 0 for S = 1. theta: N x 2 x 3 or N x 3 x 4; size: the numbers N, C, (D,) H, W, of which C says nothing. Computed in
// double.
#include <array>
#include <tenon/sdk/kernel.hpp>

#include "arithmetic.h"
#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

class AffineGrid final : public sdk::Kernel {
 public:
  explicit AffineGrid(const sdk::KernelInfo& info) : align_corners_(info.attr_int("align_corners") != 0) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView theta = run.input(0);
    TN_ASSIGN_OR_RETURN(const sdk::Shape size, read_ints(run.input(1), "size"));
    const int64_t axes = int64_t(size.size()) - 2;
    if (axes != 2 && axes != 3)
      return sdk::invalid_argument("input size holds ", size.size(), " numbers, expected N, C, H, W or N, C, D, H, W");
    if (theta.rank() != 3 || theta.dim(1) != axes || theta.dim(2) != axes + 1)
      return sdk::invalid_argument("input theta has shape ", sdk::shape_text(theta.shape()), ", expected N x ", axes,
                                   " x ", axes + 1, " as input size has ", axes, " spatial axes");
    for (const int64_t s : size)
      if (s < 0) return sdk::invalid_argument("input size holds ", s, ", expected 0 or more");
    if (size[0] != theta.dim(0))
      return sdk::invalid_argument("input size asks for ", size[0], " grids, but input theta has ", theta.dim(0),
                                   " matrices: they must be as many");
    sdk::Shape shape{size[0]};
    shape.insert(shape.end(), size.begin() + 2, size.end());
    shape.push_back(axes);
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView grid, run.output(0, theta.dtype(), shape));
    if (grid.count() == 0) return {};
    const int64_t points = grid.count() / size[0] / axes;
    return visit_floats(theta.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      run.parallel_for(size[0] * points, double(axes * axes), [&](int64_t begin, int64_t end) {
        for (int64_t p = begin; p < end; ++p) {
          const std::array<double, 4> at = coordinates(p % points, size);
          const T* matrix = theta.data<T>() + p / points * axes * (axes + 1);
          for (int64_t row = 0; row < axes; ++row) {
            double sum = double(matrix[row * (axes + 1) + axes]);
            for (int64_t a = 0; a < axes; ++a) sum += double(matrix[row * (axes + 1) + a]) * at[size_t(a)];
            grid.data<T>()[p * axes + row] = from_double<T>(sum);
          }
        }
      });
      return {};
    });
  }

 private:
  /// x first, as the matrix has them; the last axis of size is x.
  std::array<double, 4> coordinates(int64_t point, const sdk::Shape& size) const {
    std::array<double, 4> at{};
    for (size_t a = 0; a + 2 < size.size(); ++a) {
      const int64_t length = size[size.size() - 1 - a], i = point % length;
      point /= length;
      if (!align_corners_) {
        at[a] = double(2 * i + 1) / double(length) - 1;
      } else if (length > 1) {
        at[a] = double(2 * i) / double(length - 1) - 1;
      }
    }
    return at;
  }

  bool align_corners_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_affine_grid(const sdk::KernelInfo& info) {
  return std::make_unique<AffineGrid>(info);
}

}  // namespace tenon::cpu_ref
