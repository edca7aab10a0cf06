// BranchwiseRMSNorm: y = x / sqrt(mean of squares + epsilon) * scale for each branch of streams (linear/streams.h).
// scale has the numbers of one branch, of all of them (C x H or C*H), or is left out. Computed in double; Y may be X.
#include <cmath>

#include "arithmetic.h"
#include "linear/streams.h"

namespace tenon::cpu_ref {
namespace {

class BranchwiseRmsNorm final : public sdk::Kernel {
 public:
  BranchwiseRmsNorm(int64_t branches, double epsilon) : branches_(branches), epsilon_(epsilon) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const Streams s, resolve_streams(x, branches_));
    const int64_t H = s.hidden;
    int64_t scales = 1;
    if (run.has_input(1)) {
      TN_RETURN_IF_ERROR(check_scale(run.input(1), s));
      scales = run.input(1).count() / H;
    }
    const Reals scale = run.has_input(1) ? Reals(run.input(1)) : Reals();
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), x.shape()));
    return visit_floats(x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      run.parallel_for(s.tokens * s.branches, double(H) * 4, [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end && !run.cancelled(); ++row) {
          const T* const in = x.data<T>() + row * H;
          double squares = 0;
          for (int64_t i = 0; i < H; ++i) squares += double(in[i]) * double(in[i]);
          const double inverse = 1 / std::sqrt(squares / double(H) + epsilon_);
          const int64_t first = row % scales * H;
          for (int64_t i = 0; i < H; ++i)
            y.data<T>()[row * H + i] =
                from_double<T>(double(in[i]) * inverse * (run.has_input(1) ? scale[first + i] : 1.0));
        }
      });
      return {};
    });
  }

 private:
  static sdk::Status check_scale(const sdk::TensorView& t, const Streams& s) {
    const sdk::Shape shape = to_shape(t.shape());
    if (shape == sdk::Shape{s.hidden} || shape == sdk::Shape{s.branches * s.hidden} ||
        shape == sdk::Shape{s.branches, s.hidden})
      return {};
    return sdk::invalid_argument("input scale has shape ", sdk::shape_text(t.shape()), ", expected ", s.hidden, ", ",
                                 s.branches * s.hidden, " or ", s.branches, "x", s.hidden);
  }

  const int64_t branches_;
  const double epsilon_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_branchwise_rms_norm(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(const int64_t branches, read_branches(info));
  return std::make_unique<BranchwiseRmsNorm>(branches, info.attr_float("epsilon"));
}

}  // namespace tenon::cpu_ref
