// HyperConnectionPreMix: y[h] = reduction_scale * the sum over branches c of x[c, h] gate[c, h].
// HyperConnectionPostMix: y[k, h] = the sum over branches c of mix[c, k] x[c, h], + gate[k, h] z[h], where mix is ... x
// C x C, or left out the identity, and z the block's output, ... x H.
// x and gates for each token as streams.h has them. Computed in double.
#include "arithmetic.h"
#include "linear/streams.h"

namespace tenon::cpu_ref {
namespace {

class PreMix final : public sdk::Kernel {
 public:
  PreMix(int64_t branches, double scale) : branches_(branches), scale_(scale) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const Streams s, resolve_streams(x, branches_));
    TN_ASSIGN_OR_RETURN(const StreamGates gates, resolve_gates(run.input(1), "pre_mix", s, true));
    sdk::Shape shape = s.leading;
    shape.push_back(s.hidden);
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), shape));
    return visit_floats(x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      run.parallel_for(s.tokens, double(s.branches) * double(s.hidden) * 4, [&](int64_t begin, int64_t end) {
        for (int64_t t = begin; t < end && !run.cancelled(); ++t)
          for (int64_t i = 0; i < s.hidden; ++i) {
            double sum = 0;
            for (int64_t c = 0; c < s.branches; ++c)
              sum += double(x.data<T>()[(t * s.branches + c) * s.hidden + i]) * gates.at(t, c, i);
            y.data<T>()[t * s.hidden + i] = from_double<T>(scale_ * sum);
          }
      });
      return {};
    });
  }

 private:
  const int64_t branches_;
  const double scale_;
};

class PostMix final : public sdk::Kernel {
 public:
  explicit PostMix(int64_t branches) : branches_(branches) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0), z = run.input(1);
    TN_ASSIGN_OR_RETURN(const Streams s, resolve_streams(x, branches_));
    sdk::Shape block = s.leading, square = s.leading;
    block.push_back(s.hidden);
    square.insert(square.end(), {s.branches, s.branches});
    TN_RETURN_IF_ERROR(check_shape(z, "block_output", block));
    TN_ASSIGN_OR_RETURN(const StreamGates gates, resolve_gates(run.input(2), "post_mix", s, false));
    const bool mixes = run.has_input(3);
    TN_RETURN_IF_ERROR(check_shape(run, 3, "stream_mix", square));
    const Reals mix = mixes ? Reals(run.input(3)) : Reals();
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, x.dtype(), x.shape()));
    const int64_t C = s.branches, H = s.hidden;
    return visit_floats(x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      run.parallel_for(s.tokens * C, double(C) * double(H) * 4, [&](int64_t begin, int64_t end) {
        for (int64_t row = begin; row < end && !run.cancelled(); ++row) {
          const int64_t t = row / C, k = row % C;
          for (int64_t i = 0; i < H; ++i) {
            double sum = mixes ? 0 : double(x.data<T>()[row * H + i]);
            for (int64_t c = 0; mixes && c < C; ++c)
              sum += mix[(t * C + c) * C + k] * double(x.data<T>()[(t * C + c) * H + i]);
            y.data<T>()[row * H + i] = from_double<T>(sum + gates.at(t, k, i) * double(z.data<T>()[t * H + i]));
          }
        }
      });
      return {};
    });
  }

 private:
  const int64_t branches_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_pre_mix(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(const int64_t branches, read_branches(info));
  return std::make_unique<PreMix>(branches, info.attr_float("reduction_scale"));
}

sdk::Result<sdk::KernelPtr> make_post_mix(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(const int64_t branches, read_branches(info));
  return std::make_unique<PostMix>(branches);
}

}  // namespace tenon::cpu_ref
