// Poolings, channels last or in the blocks that a convolution left, cut by images and rows. oneDNN's largest element
// passes over NaN: MaxPool needs a proof that there is none, or is a loop.
#include <algorithm>
#include <cfloat>

#include "lower/builder.h"
#include "lower/window.h"

namespace onednn {
namespace {

constexpr int64_t kPartElements = 32768;
constexpr auto kElement = static_cast<int64_t>(sizeof(float));

class PoolLowering {
 public:
  PoolLowering(Builder& builder, const Op& op, std::vector<sdk::WindowAxis> axes)
      : builder_(builder), op_(op), axes_(std::move(axes)) {}

  void lower() {
    x_dims_ = builder_.dims(op_.inputs[0]);
    y_dims_ = builder_.dims(op_.output);
    const int lies = builder_.tensor(op_.inputs[0]);
    const bool is_blocked = block_of(builder_.at(lies).desc, 1) > 1;
    x_ = is_blocked ? lies : builder_.tensor_in(op_.inputs[0], channels_last(x_dims_));
    y_ = builder_.define(op_.output, is_blocked ? blocked_like(builder_.at(x_).desc) : channels_last(y_dims_));
    step_->name = op_.name;
    const int64_t elements = sdk::element_count(sdk::ShapeView(y_dims_)) / y_dims_[0];
    const int64_t wanted = is_blocked || op_.is_global ? 1 : std::clamp<int64_t>(elements / kPartElements, 1, 16);
    if (wanted == 1 || !cut_rows(wanted)) {
      add_whole();
    }
    double taps = 1;
    for (const sdk::WindowAxis& axis : axes_) taps *= static_cast<double>(axis.kernel);
    step_->part_ns = taps * static_cast<double>(elements) / static_cast<double>(wanted) / 8;
    step_->needs_range = op_.algorithm == dnnl::algorithm::pooling_max;
    step_->growth = Growth::kSame;
    step_->ceiling = FLT_MAX;
    step_->sources = {x_};
    step_->target = y_;
    builder_.add(std::move(step_), {x_, y_});
  }

 private:
  /// The blocked layout of x for the dimensions of y.
  Desc blocked_like(const Desc& x) const {
    Desc y = x;
    auto& strides = y.data.format_desc.blocking.strides;
    int64_t next = block_of(x, 1);
    for (size_t i = y_dims_.size(); i-- > 2;) {
      y.data.dims[i] = y.data.padded_dims[i] = y_dims_[i];
      strides[i] = next, next *= y_dims_[i];
    }
    strides[1] = next;
    strides[0] = next * (y.data.padded_dims[1] / block_of(x, 1));
    return y;
  }

  static int64_t image_bytes(const Desc& desc) { return stride_bytes(desc, 0); }
  Desc image(const Desc& desc) const { return part_of(desc, 0, 1); }

  int add_variant(const Desc& x, const Desc& y, const std::vector<sdk::WindowAxis>& axes) {
    const WindowNumbers n(axes);
    using Pool = dnnl::pooling_v2_forward;
    const Pool::primitive_desc pd(Pool::desc(dnnl::prop_kind::forward_inference, op_.algorithm, x, y, n.strides,
                                             n.kernel, n.dilations, n.pads_begin, n.pads_end),
                                  plain_attributes(), cpu());
    return step_->add_variant(Pool(pd), {{DNNL_ARG_SRC, x}, {DNNL_ARG_DST, y}}, pd.scratchpad_desc());
  }

  void add_call(int variant, int64_t x_offset, int64_t y_offset) {
    const Place x = builder_.at(x_).place, y = builder_.at(y_).place;
    PrimitiveStep::Call call;
    call.variant = variant;
    call.places = {{x.buffer, x.offset + x_offset}, {y.buffer, y.offset + y_offset}};
    step_->add_call(std::move(call));
  }

  void add_whole() {
    const Desc x = builder_.at(x_).desc, y = builder_.at(y_).desc;
    const int variant = add_variant(image(x), image(y), axes_);
    for (int64_t n = 0; n < x_dims_[0]; ++n) add_call(variant, n * image_bytes(x), n * image_bytes(y));
  }

  bool cut_rows(int64_t wanted) {
    const int64_t height = (axes_[0].out + wanted - 1) / wanted;
    if (height >= axes_[0].out) return false;
    std::vector<std::pair<RowPart, int>> variants;
    const Desc x = builder_.at(x_).desc, y = builder_.at(y_).desc;
    for (int64_t n = 0; n < x_dims_[0]; ++n)
      for (int64_t begin = 0; begin < axes_[0].out; begin += height) {
        const RowPart part = RowPart::of(axes_[0], begin, std::min(height, axes_[0].out - begin));
        auto known = std::find_if(variants.begin(), variants.end(),
                                  [&](const auto& variant) { return variant.first.is_same_work(part); });
        if (known == variants.end()) {
          std::vector<sdk::WindowAxis> axes = axes_;
          axes[0] = part.axis;
          Dims part_x = x_dims_, part_y = y_dims_;
          part_x[0] = part_y[0] = 1, part_x[2] = part.axis.in, part_y[2] = part.axis.out;
          const int variant = add_variant(channels_last(part_x), channels_last(part_y), axes);
          known = variants.insert(variants.end(), {part, variant});
        }
        add_call(known->second, n * image_bytes(x) + part.first_input * stride_bytes(x, 2),
                 n * image_bytes(y) + begin * stride_bytes(y, 2));
      }
    return true;
  }

  Builder& builder_;
  const Op& op_;
  const std::vector<sdk::WindowAxis> axes_;
  Dims x_dims_, y_dims_;
  int x_ = -1, y_ = -1;
  std::unique_ptr<PrimitiveStep> step_ = std::make_unique<PrimitiveStep>();
};

}  // namespace

sdk::Status lower_pool(Builder& builder, const Op& op) {
  const sdk::Shape& x_shape = builder.group().values[static_cast<size_t>(op.inputs[0])].shape;
  TN_ASSIGN_OR_RETURN(std::vector<sdk::WindowAxis> axes, windows_of(op, x_shape, op.window.kernel));
  if (!builder.careful() || op.algorithm != dnnl::algorithm::pooling_max) {
    PoolLowering(builder, op, std::move(axes)).lower();
    return {};
  }
  const int x = builder.tensor_in(op.inputs[0], row_major(builder.dims(op.inputs[0])));
  const int y = builder.define(op.output, row_major(builder.dims(op.output)));
  StepPtr step = max_pool_loop(builder.at(x), builder.at(y), std::move(axes));
  step->name = op.name;
  builder.add(std::move(step), {x, y});
  return {};
}

}  // namespace onednn
