// Where: output = condition ? X : Y with broadcasting among the three, for every element type by its size. The output
// may be X or Y.
#include "broadcast.h"

namespace tenon::cpu_ref {
namespace {

struct Bytes16 {
  uint64_t half[2];
};

class Where final : public sdk::Kernel {
 public:
  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView condition = run.input(0), x = run.input(1), y = run.input(2);
    const sdk::ShapeView shapes[] = {condition.shape(), x.shape(), y.shape()};
    TN_ASSIGN_OR_RETURN(const Broadcast rows, Broadcast::create(shapes));
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView out, run.output(0, x.dtype(), rows.shape()));
    if (x.dtype() == TN_STRING) return select_strings(run, rows, condition, x, y);
    switch (sdk::bits_per_element(x.dtype())) {
      case 8: select<uint8_t>(rows, condition, x, y, out); return {};
      case 16: select<uint16_t>(rows, condition, x, y, out); return {};
      case 32: select<uint32_t>(rows, condition, x, y, out); return {};
      case 64: select<uint64_t>(rows, condition, x, y, out); return {};
      case 128: select<Bytes16>(rows, condition, x, y, out); return {};
      default: return sdk::unsupported("no implementation for element type ", sdk::dtype_name(x.dtype()));
    }
  }

 private:
  template <typename T>
  static void select(const Broadcast& rows, const sdk::TensorView& condition, const sdk::TensorView& x,
                     const sdk::TensorView& y, const sdk::MutableTensorView& out) {
    const uint8_t* which = condition.data<uint8_t>();
    rows.for_each_row([&](int64_t begin, int64_t n, const int64_t* at, const int64_t* step) {
      for (int64_t i = 0; i < n; ++i)
        out.data<T>()[begin + i] =
            which[at[0] + i * step[0]] ? x.data<T>()[at[1] + i * step[1]] : y.data<T>()[at[2] + i * step[2]];
    });
  }

  static sdk::Status select_strings(sdk::RunContext& run, const Broadcast& rows, const sdk::TensorView& condition,
                                    const sdk::TensorView& x, const sdk::TensorView& y) {
    sdk::Status status;
    rows.for_each_row([&](int64_t begin, int64_t n, const int64_t* at, const int64_t* step) {
      for (int64_t i = 0; i < n && status.is_ok(); ++i) {
        const tn_str& s = condition.data<uint8_t>()[at[0] + i * step[0]] ? x.data<tn_str>()[at[1] + i * step[1]]
                                                                         : y.data<tn_str>()[at[2] + i * step[2]];
        status = run.set_string(0, begin + i, sdk::view(s));
      }
    });
    return status;
  }
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_where(const sdk::KernelInfo&) {
  return std::make_unique<Where>();
}

}  // namespace tenon::cpu_ref
