// Cast: the input converted to the type of the attribute `to`, element by element; see cast.h for how. Opset 1 names
// the type, later ones number it. The output may be the input.
#include "cast.h"

namespace tenon::cpu_ref {
namespace {

class Cast final : public sdk::Kernel {
 public:
  Cast(tn_dtype to, Fitting fitting) : to_(to), fitting_(fitting) {}
  sdk::Status run(sdk::RunContext& run) const override { return cast_elements(run, to_, fitting_); }

 private:
  tn_dtype to_;
  Fitting fitting_;
};

int64_t dtype_named(std::string name) {
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? char(c + 32) : c;
  for (int64_t dtype = TN_FLOAT; dtype <= TN_FLOAT6E3M2; ++dtype)
    if (sdk::dtype_name(static_cast<uint32_t>(dtype)) == name) return dtype;
  return TN_UNDEFINED;
}

}  // namespace

sdk::Result<sdk::KernelPtr> make_cast(const sdk::KernelInfo& info) {
  const int64_t to =
      info.since_version() < 6 ? dtype_named(info.attr_string("to", "")) : info.attr_int("to", TN_UNDEFINED);
  if (to <= TN_UNDEFINED || to > TN_FLOAT6E3M2)
    return sdk::unsupported("attribute to is ", to, ", which is no element type known here");
  TN_ASSIGN_OR_RETURN(const Fitting fitting, fitting_of(info));
  return std::make_unique<Cast>(static_cast<tn_dtype>(to), fitting);
}

}  // namespace tenon::cpu_ref
