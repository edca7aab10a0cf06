// Trilu: of each matrix, the last two axes, the elements on and above (upper) or on and below diagonal k; zeros
// elsewhere.
#include <algorithm>

#include "common.h"

namespace tenon::cpu_blas {
namespace {

class Trilu final : public sdk::Kernel {
 public:
  explicit Trilu(const sdk::KernelInfo& info) : node_(describe(info)), upper_(info.attr_int("upper") != 0) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    if (x.rank() < 2)
      return sdk::invalid_argument(node_, ": the input has shape ", sdk::shape_text(x.shape()),
                                   ", expected rank 2 or more");
    int64_t k = 0;
    if (run.has_input(1)) {
      TN_ASSIGN_OR_RETURN(const std::vector<int64_t> given, read_integers(node_, run.input(1)));
      if (given.size() != 1 || run.input(1).rank() > 1)
        return sdk::invalid_argument(node_, ": input k has ", given.size(), " values, expected 1");
      k = given[0];
    }
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), x.shape()));
    if (y.count() == 0) return {};
    const int64_t rows = x.dim(x.rank() - 2), columns = x.dim(x.rank() - 1);
    k = std::clamp(k, -rows, columns);
    const auto unit = static_cast<int64_t>(element_size(x.dtype()));
    const char* from = static_cast<const char*>(x.raw());
    char* to = static_cast<char*>(y.raw());
    run.parallel_for(y.count() / columns, static_cast<double>(columns * unit) * 0.1 + 5,
                     [&](int64_t begin, int64_t end) {
                       for (int64_t line = begin; line < end; ++line) {
                         // Columns [first, last) stay.
                         const int64_t diagonal = line % rows + k;
                         const int64_t first = upper_ ? std::clamp<int64_t>(diagonal, 0, columns) : 0;
                         const int64_t last = upper_ ? columns : std::clamp<int64_t>(diagonal + 1, 0, columns);
                         const auto bytes = [&](int64_t count) { return static_cast<size_t>(count * unit); };
                         const int64_t at = line * columns * unit;
                         std::memset(to + at, 0, bytes(first));
                         if (to != from)
                           std::memcpy(to + at + first * unit, from + at + first * unit, bytes(last - first));
                         std::memset(to + at + last * unit, 0, bytes(columns - last));
                       }
                     });
    return {};
  }

 private:
  std::string node_;
  bool upper_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_trilu(const sdk::KernelInfo& info) {
  return sdk::KernelPtr(std::make_unique<Trilu>(info));
}

}  // namespace tenon::cpu_blas
