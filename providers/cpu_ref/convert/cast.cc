// Cast: the input converted to the type of the attribute `to`, element by element; opset 1 names the type, later ones
// number it. CastLike: to the element type of the second input. Numbers convert by write_block; numbers to strings as
// numpy prints them, booleans as "True" and "False"; strings to numbers as number_text.h reads them, to bool also from
// "true" and "false" in any case. The output may be the first input.
#include <algorithm>

#include "convert/convert.h"
#include "convert/number_text.h"

namespace tenon::cpu_ref {
namespace {

bool is_integer(tn_dtype dtype) {
  switch (dtype) {
    case TN_INT8:
    case TN_INT16:
    case TN_INT32:
    case TN_INT64:
    case TN_UINT8:
    case TN_UINT16:
    case TN_UINT32:
    case TN_UINT64:
    case TN_UINT4:
    case TN_INT4:
    case TN_UINT2:
    case TN_INT2: return true;
    default: return false;
  }
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return (a >= 'A' && a <= 'Z' ? char(a + 32) : a) == b; });
}

sdk::Status read_strings(const tn_str* in, int64_t count, tn_dtype to, NumberBlock& block) {
  block.count = count;
  block.kind = to == TN_UINT64  ? NumberBlock::Kind::kUnsigned
               : is_integer(to) ? NumberBlock::Kind::kSigned
                                : NumberBlock::Kind::kFloating;
  for (int64_t i = 0; i < count; ++i) {
    const std::string_view text = sdk::view(in[i]);
    if (is_integer(to)) {
      TN_ASSIGN_OR_RETURN(block.whole[i], text_to_int(text, to == TN_UINT64));
    } else if (to == TN_BOOL && (equals_ignoring_case(text, "true") || equals_ignoring_case(text, "false"))) {
      block.floating[i] = equals_ignoring_case(text, "true");
    } else {
      TN_ASSIGN_OR_RETURN(block.floating[i], text_to_float(text));
    }
  }
  return {};
}

std::string text_of(const NumberBlock& block, int64_t i, tn_dtype from) {
  if (from == TN_BOOL) return block.whole[i] != 0 ? "True" : "False";
  switch (block.kind) {
    case NumberBlock::Kind::kFloating: return float_to_text(block.floating[i], from);
    case NumberBlock::Kind::kUnsigned: return std::to_string(static_cast<uint64_t>(block.whole[i]));
    default: return std::to_string(block.whole[i]);
  }
}

/// The attributes saturate and round_mode of the node; TN_INVALID_MODEL for a mode that is none.
sdk::Result<Fitting> fitting_of(const sdk::KernelInfo& info) {
  Fitting fitting;
  fitting.saturate = info.attr_int("saturate", 1) != 0;
  // It is said of that type alone.
  if (info.output(0).info().dtype() != TN_FLOAT8E8M0) return fitting;
  const std::string mode = info.attr_string("round_mode", "up");
  if (mode == "down") {
    fitting.round_mode = RoundMode::kDown;
  } else if (mode == "nearest") {
    fitting.round_mode = RoundMode::kNearest;
  } else if (mode != "up") {
    return sdk::invalid_model("attribute round_mode is '", mode, "', expected 'up', 'down' or 'nearest'");
  }
  return fitting;
}

/// Output 0 = input 0 converted to `to`.
sdk::Status cast_elements(sdk::RunContext& run, tn_dtype to, const Fitting& fitting) {
  const sdk::TensorView x = run.input(0);
  const tn_dtype from = x.dtype();
  for (const tn_dtype t : {from, to})
    if (t != TN_STRING && !is_number(t))
      return sdk::unsupported("no conversion from ", sdk::dtype_name(from), " to ", sdk::dtype_name(to));
  TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, to, x.shape()));
  const int64_t count = x.count();
  NumberBlock block;
  for (int64_t begin = 0; begin < count; begin += NumberBlock::kCapacity) {
    const int64_t n = std::min(count - begin, NumberBlock::kCapacity);
    if (from == TN_STRING && to == TN_STRING) {
      for (int64_t i = begin; i < begin + n; ++i)
        TN_RETURN_IF_ERROR(run.set_string(0, i, sdk::view(x.data<tn_str>()[i])));
      continue;
    }
    if (from == TN_STRING) {
      TN_RETURN_IF_ERROR(read_strings(x.data<tn_str>() + begin, n, to, block));
    } else {
      read_block(x, begin, n, block);
    }
    if (to == TN_STRING) {
      for (int64_t i = 0; i < n; ++i) TN_RETURN_IF_ERROR(run.set_string(0, begin + i, text_of(block, i, from)));
    } else {
      write_block(block, fitting, y, begin);
    }
  }
  return {};
}

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

class CastLike final : public sdk::Kernel {
 public:
  explicit CastLike(Fitting fitting) : fitting_(fitting) {}
  sdk::Status run(sdk::RunContext& run) const override { return cast_elements(run, run.input(1).dtype(), fitting_); }

 private:
  Fitting fitting_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_cast(const sdk::KernelInfo& info) {
  const int64_t to = info.since_version() < 6 ? dtype_named(info.attr_string("to")) : info.attr_int("to");
  if (to <= TN_UNDEFINED || to > TN_FLOAT6E3M2)
    return sdk::unsupported("attribute to is ", to, ", which is no element type known here");
  TN_ASSIGN_OR_RETURN(const Fitting fitting, fitting_of(info));
  return std::make_unique<Cast>(static_cast<tn_dtype>(to), fitting);
}

sdk::Result<sdk::KernelPtr> make_cast_like(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(const Fitting fitting, fitting_of(info));
  return std::make_unique<CastLike>(fitting);
}

}  // namespace tenon::cpu_ref
