// Lowers a group, operator by operator; see builder.h. Operators over tensors without elements end here.
#include <algorithm>
#include <limits>
#include <optional>

#include "lower/builder.h"

namespace onednn {
namespace {

bool is_empty(const Builder& builder, int value) {
  return sdk::element_count(sdk::ShapeView(builder.dims(value))) == 0;
}

/// What a pooling makes of no element.
float pooled_nothing(const Op& op) {
  using Limits = std::numeric_limits<float>;
  if (op.algorithm == dnnl::algorithm::pooling_max) return -Limits::infinity();
  return op.algorithm == dnnl::algorithm::pooling_avg_include_padding ? 0 : Limits::quiet_NaN();
}

/// Fills y by one number, or by the bias of each channel or column, of which every `inner` elements are.
StepPtr fill_step(const Tensor& y, float number, std::optional<Place> bias, int64_t channels, int64_t inner) {
  return std::make_unique<LoopStep>([=](int64_t, const Memory& memory) {
    float* target = memory.at<float>(y.place);
    const auto count = static_cast<int64_t>(y.desc.get_size() / sizeof(float));
    for (int64_t i = 0; i < count; ++i) target[i] = bias ? memory.at<const float>(*bias)[i / inner % channels] : number;
  });
}

/// Whether the op is over a tensor without elements, and by that done.
sdk::Result<bool> lower_empty(Builder& builder, const Op& op) {
  const bool has_empty = std::any_of(op.inputs.begin(), op.inputs.end(),
                                     [&](int input) { return input != kNone && is_empty(builder, input); });
  if (!has_empty && !is_empty(builder, op.output)) return false;
  const Dims dims = builder.dims(op.output);
  const int y = builder.define(op.output, row_major(dims));
  if (is_empty(builder, op.output)) return true;
  const bool is_sum =
      (op.kind == Kind::kMatMul || op.kind == Kind::kConv) && op.residual == kNone && op.functions.empty();
  if (!is_sum && op.kind != Kind::kPool) return sdk::unsupported(op.name, " over a dimension of 0 is not implemented");
  std::optional<Place> bias;
  std::vector<int> used;
  if (op.kind == Kind::kMatMul && op.inputs.size() > 2 && op.inputs[2] != kNone) {
    used.push_back(builder.tensor_in(op.inputs[2], row_major(builder.dims(op.inputs[2]))));
    bias = builder.at(used.back()).place;
  }
  if (op.kind == Kind::kConv && builder.packed(op.slot).bias_offset >= 0)
    bias = builder.packed_place(op.slot, builder.packed(op.slot).bias_offset);
  const int64_t channels = op.kind == Kind::kConv ? dims[1] : dims.back();
  const int64_t inner = op.kind == Kind::kConv ? sdk::element_count(sdk::ShapeView(dims)) / dims[0] / channels : 1;
  StepPtr step = fill_step(builder.at(y), op.kind == Kind::kPool ? pooled_nothing(op) : 0, bias, channels, inner);
  step->name = op.name;
  used.push_back(y);
  builder.add(std::move(step), used);
  return true;
}

sdk::Status lower_op(Builder& builder, const Op& op) {
  switch (op.kind) {
    case Kind::kConv: return lower_conv(builder, op);
    case Kind::kMatMul: return lower_product(builder, op);
    case Kind::kPool: return lower_pool(builder, op);
    case Kind::kNormalize: return lower_normalize(builder, op);
    case Kind::kLayerNorm: return lower_layer_norm(builder, op);
    case Kind::kSoftmax: return lower_softmax(builder, op);
    case Kind::kLrn: return lower_lrn(builder, op);
    case Kind::kEltwise: return lower_eltwise(builder, op);
    case Kind::kBinary: return lower_binary(builder, op);
    case Kind::kFlatten:
      builder.define_view(op.output, builder.tensor_in(op.inputs[0], row_major(builder.dims(op.inputs[0]))));
      return {};
  }
  return sdk::Status(TN_INTERNAL, "an operator of no kind");
}

}  // namespace

sdk::Result<std::shared_ptr<const Program>> compile_program(const Group& group, const std::vector<PackedLayout>& packed,
                                                            bool careful) {
  auto program = std::make_shared<Program>();
  Builder builder(group, packed, careful, program.get());
  for (const Op& op : group.ops) {
    const auto lower = [&]() -> sdk::Status {
      TN_ASSIGN_OR_RETURN(const bool is_empty, lower_empty(builder, op));
      return is_empty ? sdk::Status() : lower_op(builder, op);
    };
    TN_RETURN_IF_ERROR(guarded(op.name, lower));
    builder.count_readers(op);
  }
  TN_RETURN_IF_ERROR(guarded("the outputs", [&]() -> sdk::Status {
    builder.finish();
    return {};
  }));
  return std::shared_ptr<const Program>(std::move(program));
}

}  // namespace onednn
