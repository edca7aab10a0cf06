// Split: pieces of the input along `axis`, of the sizes that `split` lists, or of equal size (from opset 18 the last
// may be smaller).
#include <tenon/sdk/geometry/split.hpp>

#include "common.h"

namespace tenon::cpu_blas {
namespace {

class Split final : public sdk::Kernel {
 public:
  explicit Split(const sdk::KernelInfo& info)
      : node_(describe(info)),
        axis_(info.attr_int("axis")),
        has_sizes_(info.has_ints("split")),
        sizes_(info.attr_ints("split")),
        by_input_(info.since_version() >= 13),
        may_be_uneven_(info.since_version() >= 18) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const int64_t axis, normalize_axis(axis_, x.rank()));
    TN_ASSIGN_OR_RETURN(const std::vector<int64_t> sizes, piece_sizes(run, x.dim(axis)));
    const int64_t outer = extent(x.shape(), 0, axis);
    const size_t unit = static_cast<size_t>(extent(x.shape(), axis + 1, x.rank())) * element_size(x.dtype());
    const size_t row = static_cast<size_t>(x.dim(axis)) * unit;
    const char* from = static_cast<const char*>(x.raw());
    sdk::Shape shape(x.shape().begin(), x.shape().end());
    for (uint32_t i = 0; i < run.output_count(); ++i) {
      shape[static_cast<size_t>(axis)] = sizes[i];
      const size_t bytes = static_cast<size_t>(sizes[i]) * unit;
      TN_ASSIGN_OR_RETURN(sdk::MutableTensorView y, run.output(i, x.dtype(), shape));
      char* to = static_cast<char*>(y.raw());
      const double cost = 5 + static_cast<double>(bytes) * 0.1;
      run.parallel_for(bytes != 0 ? outer : 0, cost, [&](int64_t begin, int64_t end) {
        for (int64_t o = begin; o < end; ++o)
          std::memcpy(to + static_cast<size_t>(o) * bytes, from + static_cast<size_t>(o) * row, bytes);
      });
      from += bytes;
    }
    return {};
  }

 private:
  sdk::Result<std::vector<int64_t>> piece_sizes(sdk::RunContext& run, int64_t whole) const {
    const int64_t pieces = run.output_count();
    if (by_input_ && run.has_input(1)) {
      TN_ASSIGN_OR_RETURN(const std::vector<int64_t> sizes, read_integers(node_, run.input(1)));
      return sdk::split_lengths(whole, pieces, &sizes, may_be_uneven_);
    }
    return sdk::split_lengths(whole, pieces, has_sizes_ ? &sizes_ : nullptr, may_be_uneven_);
  }

  std::string node_;
  int64_t axis_;
  bool has_sizes_;
  std::vector<int64_t> sizes_;
  bool by_input_, may_be_uneven_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_split(const sdk::KernelInfo& info) {
  TN_RETURN_IF_ERROR(sdk::check_num_outputs(info.attr_int("num_outputs"), info.output_count(), bool(info.input(1)),
                                            info.since_version()));
  return sdk::KernelPtr(std::make_unique<Split>(info));
}

}  // namespace tenon::cpu_blas
