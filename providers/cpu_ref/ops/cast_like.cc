// CastLike: the first input converted to the element type of the second, element by element; see cast.h for how. The
// output may be the first input.
#include "cast.h"

namespace tenon::cpu_ref {
namespace {

class CastLike final : public sdk::Kernel {
 public:
  explicit CastLike(Fitting fitting) : fitting_(fitting) {}
  sdk::Status run(sdk::RunContext& run) const override { return cast_elements(run, run.input(1).dtype(), fitting_); }

 private:
  Fitting fitting_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_cast_like(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(const Fitting fitting, fitting_of(info));
  return std::make_unique<CastLike>(fitting);
}

}  // namespace tenon::cpu_ref
