// Conv, with the addition and the function behind it, cut into parts:
//  - by images;
//  - by rows, where oneDNN wants channels last: the rows that a part needs lie together;
//  - by output channels, where the weight is larger than the image, so that it is read once: a part's channels lie
//  apart
//    with channels last and go through memory of the worker; in blocked layouts they lie together.
#include <algorithm>

#include "lower/weights.h"
#include "lower/window.h"

namespace onednn {
namespace {

constexpr auto kFloat = dnnl::memory::data_type::f32;
constexpr auto kAny = dnnl::memory::format_tag::any;
constexpr int kSlow = -1;
constexpr auto kElement = static_cast<int64_t>(sizeof(float));

class ConvLowering {
 public:
  ConvLowering(Builder& builder, const Op& op) : builder_(builder), op_(op), tail_(tail_of(builder, op, true)) {
    attributes_ = plain_attributes();
    attributes_.set_post_ops(tail_.post_ops);
  }

  sdk::Status lower() {
    x_dims_ = builder_.dims(op_.inputs[0]);
    y_dims_ = builder_.dims(op_.output);
    const sdk::Shape& weight = builder_.group().values[static_cast<size_t>(op_.inputs[1])].shape;
    TN_ASSIGN_OR_RETURN(axes_, windows_of(op_, builder_.group().values[static_cast<size_t>(op_.inputs[0])].shape,
                                          sdk::ShapeView(weight).subspan(2, weight.size() - 2)));
    choose_layouts();
    x_ = builder_.tensor_in(op_.inputs[0], with_images(x_layout_, x_dims_[0]));
    const Desc y_whole = with_images(y_layout_, y_dims_[0]);
    if (op_.residual != kNone) residual_ = builder_.tensor_in(op_.residual, y_whole);
    const bool adds_in_place =
        residual_ >= 0 && residual_ == builder_.tensor(op_.residual) && builder_.may_overwrite(op_.residual, residual_);
    y_ = adds_in_place ? builder_.define_in_place(op_.output, residual_) : builder_.define(op_.output, y_whole);
    copies_residual_ = residual_ >= 0 && !adds_in_place;

    cut();
    finish_step();
    return {};
  }

 private:
  /// The layouts of one image, as oneDNN likes them best.
  void choose_layouts() {
    Dims x = x_dims_, y = y_dims_;
    x[0] = y[0] = 1;
    weight_ = builder_.packed(op_.slot).weight;
    const auto pd = conv_primitive(Desc(x, kFloat, kAny), Desc(weight_.dims(), kFloat, kAny), bias(y[1]),
                                   Desc(y, kFloat, kAny), axes_, attributes_);
    x_layout_ = pd.src_desc();
    y_layout_ = pd.dst_desc();
    likes_weight_ = pd.weights_desc();
    is_slow_ = is_reference(pd);
  }

  static Desc with_images(const Desc& image, int64_t images) {
    Desc whole = image;
    whole.data.dims[0] = whole.data.padded_dims[0] = images;
    whole.data.format_desc.blocking.strides[0] = static_cast<int64_t>(image.get_size()) / kElement;
    return whole;
  }

  int64_t bias(int64_t channels) const { return builder_.packed(op_.slot).bias_offset >= 0 ? channels : 0; }
  int64_t image_bytes(const Desc& image) const { return static_cast<int64_t>(image.get_size()); }

  void cut() {
    const sdk::Shape& weight = builder_.group().values[static_cast<size_t>(op_.inputs[1])].shape;
    const ConvCut wish = ConvCut::of(op_, weight, x_dims_, y_dims_);
    const double flops = 2.0 * static_cast<double>(y_layout_.get_size() / sizeof(float)) *
                         static_cast<double>(sdk::element_count(weight) / weight[0]);
    const bool is_last = y_layout_ == channels_last_of(y_dims_) && x_layout_ == channels_last_of(x_dims_);
    // The packed layout is oneDNN's choice for one part, and may not be what it takes for others.
    for (const bool by_channels : {wish.by_channels, !wish.by_channels})
      for (int64_t wanted = wish.parts; wanted > 1; wanted /= 2) {
        step_ = std::make_unique<PrimitiveStep>();
        step_->part_ns = flops / static_cast<double>(wanted) / 100;
        if (by_channels ? op_.groups == 1 && cut_channels(wanted, is_last) : is_last && cut_rows(wanted)) return;
      }
    step_ = std::make_unique<PrimitiveStep>();
    step_->part_ns = flops / 100;
    add_whole();
  }

  static Desc channels_last_of(Dims dims) {
    dims[0] = 1;
    return channels_last(dims);
  }

  /// kSlow: oneDNN only has its reference for a part, where it has better for the whole.
  int add_variant(const Desc& x, const Desc& weight, int64_t channels, const Desc& y,
                  const std::vector<sdk::WindowAxis>& axes) {
    const auto pd = conv_primitive(x, weight, bias(channels), y, axes, attributes_);
    if (!is_slow_ && is_reference(pd)) return kSlow;
    std::vector<PrimitiveStep::Operand> operands{{DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, weight}, {DNNL_ARG_DST, y}};
    if (bias(channels) > 0) operands.push_back({DNNL_ARG_BIAS, row_major({channels})});
    return step_->add_variant(dnnl::convolution_forward(pd), std::move(operands), pd.scratchpad_desc());
  }

  static Place beside(const Tensor& tensor, int64_t bytes) {
    return {tensor.place.buffer, tensor.place.offset + bytes};
  }

  /// A call whose output lies in one piece: `y_offset` and `y_bytes` are of it.
  void add_call(int variant, int64_t x_offset, int64_t first_channel, int64_t y_offset, int64_t y_bytes) {
    PrimitiveStep::Call call = call_of(variant, x_offset, first_channel, beside(builder_.at(y_), y_offset));
    if (copies_residual_)
      call.before.push_back(
          {beside(builder_.at(residual_), y_offset), beside(builder_.at(y_), y_offset), 1, y_bytes, 0, 0});
    step_->add_call(std::move(call));
  }

  PrimitiveStep::Call call_of(int variant, int64_t x_offset, int64_t first_channel, Place y) {
    const int dim = 0;
    const int64_t block = block_of(weight_, dim);
    PrimitiveStep::Call call;
    call.variant = variant;
    const int64_t weight_offset = first_channel / block * stride_bytes(weight_, dim);
    const Place weight = weight_tensor_ < 0 ? builder_.packed_place(op_.slot, weight_offset)
                                            : beside(builder_.at(weight_tensor_), weight_offset);
    call.places = {beside(builder_.at(x_), x_offset), weight, y};
    const int64_t bias_at = builder_.packed(op_.slot).bias_offset;
    if (bias_at >= 0) call.places.push_back(builder_.packed_place(op_.slot, bias_at + first_channel * kElement));
    return call;
  }

  /// A weight that was packed for another size is brought into the layout for this one in each run.
  void add_whole() {
    int variant = add_variant(x_layout_, weight_, y_dims_[1], y_layout_, axes_);
    if (variant == kSlow) {
      weight_tensor_ = builder_.relay_packed(op_.slot, weight_, likes_weight_);
      weight_ = likes_weight_;
      is_slow_ = true;  // if it is, there is nothing else
      variant = add_variant(x_layout_, weight_, y_dims_[1], y_layout_, axes_);
    }
    for (int64_t n = 0; n < x_dims_[0]; ++n)
      add_call(variant, n * image_bytes(x_layout_), 0, n * image_bytes(y_layout_), image_bytes(y_layout_));
  }

  bool cut_rows(int64_t wanted) {
    const sdk::WindowAxis& rows = axes_[0];
    const int64_t height = (rows.out + wanted - 1) / wanted;
    if (height >= rows.out) return false;
    std::vector<RowPart> parts;
    for (int64_t begin = 0; begin < rows.out; begin += height) {
      parts.push_back(RowPart::of(rows, begin, std::min(height, rows.out - begin)));
      if (parts.back().axis.in < 1) return false;  // nothing but padding
    }
    std::vector<std::pair<RowPart, int>> variants;
    for (int64_t n = 0; n < x_dims_[0]; ++n) {
      int64_t begin = 0;
      for (const RowPart& part : parts) {
        auto known = std::find_if(variants.begin(), variants.end(),
                                  [&](const auto& variant) { return variant.first.is_same_work(part); });
        if (known == variants.end()) known = variants.insert(variants.end(), {part, add_row_variant(part)});
        if (known->second == kSlow) return false;
        const int64_t y_row = stride_bytes(y_layout_, 2);
        add_call(known->second, n * image_bytes(x_layout_) + part.first_input * stride_bytes(x_layout_, 2), 0,
                 n * image_bytes(y_layout_) + begin * y_row, part.axis.out * y_row);
        begin += part.axis.out;
      }
    }
    return true;
  }

  int add_row_variant(const RowPart& part) {
    Dims x = x_dims_, y = y_dims_;
    x[0] = y[0] = 1, x[2] = part.axis.in, y[2] = part.axis.out;
    std::vector<sdk::WindowAxis> axes = axes_;
    axes[0] = part.axis;
    return add_variant(channels_last(x), weight_, y_dims_[1], channels_last(y), axes);
  }

  bool cut_channels(int64_t wanted, bool is_last) {
    const int64_t channels = y_dims_[1];
    const int64_t width = ConvCut::width(channels, wanted, block_of(weight_, 0));
    const int64_t y_block = block_of(y_layout_, 1);
    if (width >= channels || (!is_last && (y_block == 1 || width % y_block != 0))) return false;
    const int64_t pixels = image_bytes(y_layout_) / kElement / channels;
    struct Chunk {
      int64_t first, count;
      int variant;
      Desc y;
    };
    std::vector<Chunk> chunks;
    for (int64_t first = 0; first < channels; first += width) {
      Chunk chunk{first, std::min(width, channels - first), -1, {}};
      if (!chunks.empty() && chunks.back().count == chunk.count) {
        chunk = {first, chunk.count, chunks.back().variant, chunks.back().y};
      } else {
        Dims y = y_dims_;
        y[0] = 1, y[1] = chunk.count;
        chunk.y = is_last ? channels_last(y) : part_of(y_layout_, 1, chunk.count);
        chunk.variant = add_variant(x_layout_, part_of(weight_, 0, chunk.count), chunk.count, chunk.y, axes_);
      }
      if (chunk.variant == kSlow) return false;
      chunks.push_back(chunk);
    }
    Place own;
    if (is_last) own = step_->add_worker_bytes(pixels * width * kElement);
    for (int64_t n = 0; n < x_dims_[0]; ++n)
      for (const Chunk& chunk : chunks) {
        const int64_t x = n * image_bytes(x_layout_), y = n * image_bytes(y_layout_);
        if (is_last) {
          add_gathered(chunk.variant, x, chunk.first, chunk.count, y, pixels, own);
        } else {
          add_call(chunk.variant, x, chunk.first, y + chunk.first / y_block * stride_bytes(y_layout_, 1),
                   image_bytes(chunk.y));
        }
      }
    return true;
  }

  /// A call whose channels lie apart in the output.
  void add_gathered(int variant, int64_t x, int64_t first, int64_t count, int64_t y, int64_t pixels, Place own) {
    PrimitiveStep::Call call = call_of(variant, x, first, own);
    const int64_t pixel = y_dims_[1] * kElement, bytes = count * kElement, offset = y + first * kElement;
    if (residual_ >= 0)
      call.before.push_back({beside(builder_.at(residual_), offset), own, pixels, bytes, pixel, bytes});
    call.after.push_back({own, beside(builder_.at(y_), offset), pixels, bytes, bytes, pixel});
    step_->add_call(std::move(call));
  }

  void finish_step() {
    step_->name = op_.name;
    step_->slot = op_.slot;
    const sdk::Shape& weight = builder_.group().values[static_cast<size_t>(op_.inputs[1])].shape;
    step_->multiply_adds = sdk::element_count(y_dims_) * (sdk::element_count(weight) / weight[0]);
    step_->growth = tail_.keeps_bound ? Growth::kGain : Growth::kUnknown;
    std::vector<int> sources = {x_};
    if (residual_ >= 0) sources.push_back(residual_);
    add_with_tail(builder_, tail_, std::move(step_), std::move(sources), weight_tensor_, y_);
  }

  Builder& builder_;
  const Op& op_;
  const Tail tail_;
  dnnl::primitive_attr attributes_;
  Dims x_dims_, y_dims_;
  std::vector<sdk::WindowAxis> axes_;
  Desc x_layout_, y_layout_, weight_, likes_weight_;
  int x_ = -1, y_ = -1, residual_ = -1, weight_tensor_ = -1;
  bool is_slow_ = false;
  bool copies_residual_ = false;
  std::unique_ptr<PrimitiveStep> step_;
};

}  // namespace

sdk::Status lower_conv(Builder& builder, const Op& op) {
  return ConvLowering(builder, op).lower();
}

}  // namespace onednn
