// RandomUniform and RandomNormal of the shape of an attribute, RandomUniformLike and RandomNormalLike of the input's:
// low + (high - low) * u with u uniform in [0, 1), or mean + scale * n with n of the standard normal distribution, each
// element on its own, rounded to the element type of attribute `dtype`, or else of the input: a float type. With a seed
// every run draws the same, without one no two runs do. The numbers are those of no other implementation, which the
// specification allows. The input's elements are not read.
#include <algorithm>
#include <cmath>

#include "dispatch.h"
#include "random.h"

namespace tenon::cpu_ref {
namespace {

/// offset + factor * (a number of the distribution).
struct Distribution {
  bool is_normal;
  double offset, factor;
};

class RandomFloats final : public sdk::Kernel {
 public:
  /// Without a shape it is the first input's.
  RandomFloats(const sdk::KernelInfo& info, Distribution distribution, tn_dtype dtype, bool is_like)
      : distribution_(distribution), dtype_(dtype), is_like_(is_like), shape_(info.attr_ints("shape")), seed_(info) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::ShapeView shape = is_like_ ? run.input(0).shape() : sdk::ShapeView(shape_);
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, dtype_, shape));
    return visit_floats(dtype_, [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      std::mt19937 generator = seed_.generator();
      T* out = y.data<T>();
      const auto& [is_normal, offset, factor] = distribution_;
      for (int64_t begin = 0; begin < y.count() && !run.cancelled(); begin += kBlock)
        for (int64_t i = begin; i < std::min(begin + kBlock, y.count()); ++i)
          out[i] = T(Compute<T>(offset + factor * (is_normal ? next_normal(generator) : next_uniform(generator))));
      return {};
    });
  }

 private:
  static constexpr int64_t kBlock = 4096;  // numbers between two looks at whether anybody waits

  const Distribution distribution_;
  const tn_dtype dtype_;
  const bool is_like_;
  const std::vector<int64_t> shape_;
  const FloatSeed seed_;
};

sdk::Result<sdk::KernelPtr> make_random_floats(const sdk::KernelInfo& info, bool is_normal) {
  const char *const first = is_normal ? "mean" : "low", *const second = is_normal ? "scale" : "high";
  for (const char* name : {first, second})
    if (!std::isfinite(info.attr_float(name)))
      return sdk::invalid_model("attribute ", name, " is ", info.attr_float(name), ", expected a finite number");
  for (const int64_t d : info.attr_ints("shape"))
    if (d < 0) return sdk::invalid_model("attribute shape holds ", d, ", expected 0 or more");
  TN_RETURN_IF_ERROR(check_type(FloatTypes{}, info.output(0), "of the output"));
  const double a = info.attr_float(first), b = info.attr_float(second);
  return std::make_unique<RandomFloats>(info, Distribution{is_normal, a, is_normal ? b : b - a},
                                        info.output(0).info().dtype(), info.input_count() > 0);
}

}  // namespace

sdk::Result<sdk::KernelPtr> make_random_uniform(const sdk::KernelInfo& info) {
  return make_random_floats(info, false);
}

sdk::Result<sdk::KernelPtr> make_random_normal(const sdk::KernelInfo& info) {
  return make_random_floats(info, true);
}

}  // namespace tenon::cpu_ref
