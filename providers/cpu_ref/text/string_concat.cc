// StringConcat: each string of X with the one of Y behind it, with broadcasting.
#include "broadcast.h"

namespace tenon::cpu_ref {
namespace {

class StringConcat final : public sdk::Kernel {
 public:
  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0), y = run.input(1);
    const sdk::ShapeView shapes[] = {x.shape(), y.shape()};
    TN_ASSIGN_OR_RETURN(const Broadcast rows, Broadcast::create(shapes));
    TN_RETURN_IF_ERROR(run.output(0, TN_STRING, rows.shape()).take_status());
    sdk::Status status;
    std::string joined;
    rows.for_each_row([&](int64_t begin, int64_t n, const int64_t* at, const int64_t* step) {
      for (int64_t i = 0; i < n && status.is_ok(); ++i) {
        joined = sdk::view(x.data<tn_str>()[at[0] + i * step[0]]);
        joined += sdk::view(y.data<tn_str>()[at[1] + i * step[1]]);
        status = run.set_string(0, begin + i, joined);
      }
    });
    return status;
  }
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_string_concat(const sdk::KernelInfo&) {
  return std::make_unique<StringConcat>();
}

}  // namespace tenon::cpu_ref
