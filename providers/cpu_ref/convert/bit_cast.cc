// BitCast: the same bits as elements of another type that is as wide. The output may be the input.
#include <cstring>
#include <tenon/sdk/kernel.hpp>

#include "quantize/dtype_attribute.h"

namespace tenon::cpu_ref {
namespace {

class BitCast final : public sdk::Kernel {
 public:
  explicit BitCast(tn_dtype to) : to_(to) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, to_, x.shape()));
    // The lengths tell types of other widths apart, but where a few elements of a small type fill whole bytes of both.
    if (y.byte_length() != x.byte_length())
      return sdk::invalid_argument("attribute to is ", sdk::dtype_name(to_), ", which is not as wide as ",
                                   sdk::dtype_name(x.dtype()));
    if (y.raw() != x.raw() && y.byte_length() != 0) std::memcpy(y.raw(), x.raw(), y.byte_length());
    return {};
  }

 private:
  const tn_dtype to_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_bit_cast(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(const tn_dtype to, dtype_attribute(info, "to"));
  const tn_dtype from = info.input(0).info().dtype();
  if (to == TN_UNDEFINED || to == TN_STRING || from == TN_STRING)
    return sdk::invalid_model("bits of ", sdk::dtype_name(from), " cannot be taken for ", sdk::dtype_name(to));
  if (from != TN_UNDEFINED && sdk::bits_per_element(from) != sdk::bits_per_element(to))
    return sdk::invalid_model("attribute to is ", sdk::dtype_name(to), " of ", sdk::bits_per_element(to),
                              " bits, expected a type of ", sdk::bits_per_element(from), " bits as ",
                              sdk::dtype_name(from));
  return std::make_unique<BitCast>(to);
}

}  // namespace tenon::cpu_ref
