// Packs weights; see weights.h. A blob is the weight in its layout, the bias, and the Gain, each from a multiple of 64.
#include "lower/weights.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "lower/window.h"

namespace onednn {
namespace {

constexpr auto kFloat = dnnl::memory::data_type::f32;
constexpr auto kAny = dnnl::memory::format_tag::any;

int64_t aligned(int64_t bytes) {
  return (bytes + 63) / 64 * 64;
}

const sdk::Shape& shape_of(const Group& group, int value) {
  return group.values[static_cast<size_t>(value)].shape;
}

bool has_bias(const Op& op) {
  return op.kind == Kind::kConv && (!op.scales.empty() || (op.inputs.size() > 2 && op.inputs[2] != kNone));
}

/// The weight as the model has it.
Desc source_layout(const Op& op, const sdk::Shape& weight) {
  if (op.kind == Kind::kConv) return row_major(conv_weight_dims(op, weight));
  if (!op.transposes_b) return row_major({weight[0], weight[1]});
  return Desc({weight[1], weight[0]}, kFloat, Dims{1, weight[1]});
}

Desc choose_conv_layout(const Op& op, const Group& group) {
  const sdk::Shape& weight = shape_of(group, op.inputs[1]);
  sdk::Shape x = shape_of(group, op.inputs[0]);
  constexpr int64_t kLikely[] = {56, 56, 56};
  x[0] = 1, x[1] = weight[1] * op.groups;
  for (size_t i = 2; i < x.size(); ++i) {
    const int64_t dilation = op.window.dilations.empty() ? 1 : op.window.dilations[i - 2];
    if (x[i] < 1) x[i] = std::max(kLikely[i - 2], (weight[i] - 1) * dilation + 1);
  }
  const Dims dims = conv_weight_dims(op, weight);
  auto windows = windows_of(op, x, sdk::ShapeView(weight).subspan(2, weight.size() - 2));
  if (!windows.is_ok()) return row_major(dims);
  std::vector<sdk::WindowAxis> axes = windows.value();
  Dims y{1, weight[0]};
  for (const sdk::WindowAxis& axis : axes) {
    if (axis.out < 1) return row_major(dims);
    y.push_back(axis.out);
  }
  const auto layout_for = [&](const Dims& x_dims, const Dims& w_dims, const Dims& y_dims) {
    return conv_primitive(Desc(x_dims, kFloat, kAny), Desc(w_dims, kFloat, kAny), has_bias(op) ? y_dims[1] : 0,
                          Desc(y_dims, kFloat, kAny), axes, plain_attributes())
        .weights_desc();
  };
  // What oneDNN likes hangs on the sizes: those of a part are asked for.
  const Dims whole(x.begin(), x.end());
  const ConvCut cut = ConvCut::of(op, weight, whole, y);
  if (cut.parts > 1 && cut.by_channels) {
    const int64_t width = ConvCut::width(weight[0], cut.parts, 1);
    if (width >= weight[0]) return layout_for(whole, dims, y);
    Dims part_w = dims, part_y = y;
    part_w[0] = part_y[1] = width;
    const Desc layout = layout_for(whole, part_w, part_y);
    const auto& strides = layout.data.format_desc.blocking.strides;
    const bool is_outermost = strides[0] == *std::max_element(strides, strides + layout.data.ndims);
    return is_outermost ? part_of(layout, 0, weight[0]) : layout_for(whole, dims, y);
  }
  if (cut.parts > 1) {
    const int64_t height = (y[2] + cut.parts - 1) / cut.parts, middle = y[2] / height / 2 * height;
    const RowPart part = RowPart::of(axes[0], middle, std::min(height, y[2] - middle));
    if (part.axis.in >= 1) {
      axes[0] = part.axis;
      Dims part_x = whole, part_y = y;
      part_x[2] = part.axis.in, part_y[2] = part.axis.out;
      return layout_for(part_x, dims, part_y);
    }
  }
  return layout_for(whole, dims, y);
}

Desc choose_product_layout(const Desc& source) {
  constexpr int64_t kRows = 64;
  const Dims dims = source.dims();
  return product_primitive(row_major({kRows, dims[0]}), Desc(dims, kFloat, kAny), Desc(), row_major({kRows, dims[1]}),
                           plain_attributes())
      .weights_desc();
}

/// Scale and shift of each output channel, of all normalizations together, and the bias under them.
struct Channels {
  std::vector<double> scale, shift;
};

Channels channels_of(const Op& op, int64_t count, const std::vector<const float*>& sources) {
  const std::vector<int> values = pack_sources(op);
  const auto find = [&](int value) {
    return sources[static_cast<size_t>(std::find(values.begin(), values.end(), value) - values.begin())];
  };
  Channels channels{std::vector<double>(static_cast<size_t>(count), 1),
                    std::vector<double>(static_cast<size_t>(count), 0)};
  const bool biased = op.inputs.size() > 2 && op.inputs[2] != kNone;
  for (size_t c = 0; c < static_cast<size_t>(count); ++c) {
    double& scale = channels.scale[c];
    double& shift = channels.shift[c];
    if (biased) shift = find(op.inputs[2])[c];
    for (const ChannelScale& s : op.scales) {
      const double factor = find(s.scale)[c] / std::sqrt(double(find(s.variance)[c]) + double(s.epsilon));
      scale *= factor;
      shift = (shift - find(s.mean)[c]) * factor + find(s.bias)[c];
    }
  }
  return channels;
}

/// The largest sum of magnitudes over what makes one output: of rows, or of columns of a matrix of inputs x outputs.
float largest_sum(const float* weight, int64_t outputs, int64_t inputs, int64_t output_stride, int64_t input_stride) {
  std::vector<double> sums(static_cast<size_t>(outputs), 0);
  const auto add = [&](int64_t o, int64_t i) {
    sums[static_cast<size_t>(o)] += std::abs(double(weight[o * output_stride + i * input_stride]));
  };
  if (output_stride < input_stride) {
    for (int64_t i = 0; i < inputs; ++i)
      for (int64_t o = 0; o < outputs; ++o) add(o, i);
  } else {
    for (int64_t o = 0; o < outputs; ++o)
      for (int64_t i = 0; i < inputs; ++i) add(o, i);
  }
  double largest = 0;
  for (const double sum : sums) largest = sum <= largest ? largest : sum;  // a NaN stays
  return static_cast<float>(largest * 1.001);
}

void reorder(const Desc& from, const float* source, const Desc& to, void* target) {
  dnnl::memory a(from, cpu(), const_cast<float*>(source)), b(to, cpu(), target);
  const dnnl::reorder::primitive_desc pd(cpu(), from, cpu(), to);
  dnnl::stream stream(cpu());
  dnnl::reorder(pd).execute(stream, a, b);
}

}  // namespace

Dims conv_weight_dims(const Op& op, const sdk::Shape& weight) {
  Dims dims(weight.begin(), weight.end());
  if (op.groups == 1) return dims;
  dims[0] /= op.groups;
  dims.insert(dims.begin(), op.groups);
  return dims;
}

dnnl::convolution_forward::primitive_desc conv_primitive(const Desc& x, const Desc& weight, int64_t bias, const Desc& y,
                                                         const std::vector<sdk::WindowAxis>& axes,
                                                         const dnnl::primitive_attr& attributes) {
  const WindowNumbers n(axes);
  const auto algorithm = dnnl::algorithm::convolution_direct;
  const auto kind = dnnl::prop_kind::forward_inference;
  using Conv = dnnl::convolution_forward;
  const Conv::desc desc =
      bias > 0 ? Conv::desc(kind, algorithm, x, weight, row_major({bias}), y, n.strides, n.dilations, n.pads_begin,
                            n.pads_end)
               : Conv::desc(kind, algorithm, x, weight, y, n.strides, n.dilations, n.pads_begin, n.pads_end);
  return Conv::primitive_desc(desc, attributes, cpu());
}

dnnl::matmul::primitive_desc product_primitive(const Desc& a, const Desc& b, const Desc& bias, const Desc& y,
                                               const dnnl::primitive_attr& attributes) {
  const dnnl::matmul::desc desc = bias.data.ndims > 0 ? dnnl::matmul::desc(a, b, bias, y) : dnnl::matmul::desc(a, b, y);
  return dnnl::matmul::primitive_desc(desc, attributes, cpu());
}

ConvCut ConvCut::of(const Op& op, const sdk::Shape& weight, const Dims& x, const Dims& y) {
  constexpr double kPartFlops = 8e6;
  constexpr int64_t kMostParts = 16;
  const int64_t weights = sdk::element_count(weight), outputs = sdk::element_count(sdk::ShapeView(y)) / y[0],
                inputs = sdk::element_count(sdk::ShapeView(x)) / x[0];
  const double flops = 2.0 * static_cast<double>(outputs) * static_cast<double>(weights / weight[0]);
  ConvCut cut;
  cut.parts = std::clamp<int64_t>(static_cast<int64_t>(flops / kPartFlops), 1, kMostParts);
  if (x[0] >= kMostParts) cut.parts = 1;
  cut.by_channels = op.groups == 1 && weights > inputs;
  return cut;
}

int64_t ConvCut::width(int64_t channels, int64_t parts, int64_t block) {
  constexpr int64_t kLeast = 64;
  const int64_t unit = (kLeast + block - 1) / block * block;
  const int64_t least = std::max(unit, (channels / parts + unit - 1) / unit * unit);
  // Parts of one width: a narrower last one may want another layout.
  for (int64_t even = least; even < channels; even += unit)
    if (channels % even == 0) return even;
  return least;
}

sdk::Result<PackedLayout> choose_layout(const Op& op, const Group& group) {
  const sdk::Shape& weight = shape_of(group, op.inputs[1]);
  return guarded(op.name, [&]() -> sdk::Result<PackedLayout> {
    PackedLayout layout;
    layout.weight =
        op.kind == Kind::kConv ? choose_conv_layout(op, group) : choose_product_layout(source_layout(op, weight));
    layout.bytes = aligned(static_cast<int64_t>(layout.weight.get_size()));
    if (has_bias(op)) {
      layout.bias_offset = layout.bytes;
      layout.bytes += aligned(weight[0] * static_cast<int64_t>(sizeof(float)));
    }
    layout.gain_offset = layout.bytes;
    layout.bytes += static_cast<int64_t>(sizeof(Gain));
    return layout;
  });
}

std::string pack_key(const Op& op, const PackedLayout& layout) {
  std::string key = sdk::concat("onednn/1 ", library_text(), " ", layout_text(layout.weight), " groups=", op.groups,
                                " transposed=", int(op.transposes_b), " bias=", layout.bias_offset);
  for (const ChannelScale& s : op.scales) {
    uint32_t bits;
    std::memcpy(&bits, &s.epsilon, sizeof bits);
    key += sdk::concat(" epsilon=", bits);
  }
  // Which input is which: equal ones are given once.
  const std::vector<int> sources = pack_sources(op);
  const auto add = [&](int value) {
    key += sdk::concat(",", std::find(sources.begin(), sources.end(), value) - sources.begin());
  };
  key += " inputs=";
  for (size_t i = 1; i < op.inputs.size() && op.kind == Kind::kConv; ++i) add(op.inputs[i]);
  for (const ChannelScale& s : op.scales)
    for (const int value : {s.scale, s.bias, s.mean, s.variance}) add(value);
  return key;
}

std::vector<int> pack_sources(const Op& op) {
  std::vector<int> sources;
  const auto add = [&](int value) {
    if (value != kNone && std::find(sources.begin(), sources.end(), value) == sources.end()) sources.push_back(value);
  };
  add(op.inputs[1]);
  if (op.kind == Kind::kConv && op.inputs.size() > 2) add(op.inputs[2]);
  for (const ChannelScale& s : op.scales)
    for (const int value : {s.scale, s.bias, s.mean, s.variance}) add(value);
  return sources;
}

sdk::Status pack_weight(const Op& op, const Group& group, const PackedLayout& layout,
                        const std::vector<const float*>& sources, void* blob) {
  return guarded(op.name, [&]() -> sdk::Status {
    const sdk::Shape& shape = shape_of(group, op.inputs[1]);
    const int64_t count = sdk::element_count(shape);
    const float* weight = sources[0];
    char* bytes = static_cast<char*>(blob);
    std::memset(bytes, 0, static_cast<size_t>(layout.bytes));
    Gain gain;
    std::vector<float> scaled;
    if (op.kind == Kind::kConv) {
      const int64_t outputs = shape[0], inputs = count / outputs;
      const Channels channels = channels_of(op, outputs, sources);
      if (!op.scales.empty()) {
        scaled.resize(static_cast<size_t>(count));
        for (int64_t i = 0; i < count; ++i)
          scaled[static_cast<size_t>(i)] =
              static_cast<float>(weight[i] * channels.scale[static_cast<size_t>(i / inputs)]);
        weight = scaled.data();
      }
      for (int64_t c = 0; c < outputs && layout.bias_offset >= 0; ++c) {
        const auto bias = static_cast<float>(channels.shift[static_cast<size_t>(c)]);
        std::memcpy(bytes + layout.bias_offset + c * static_cast<int64_t>(sizeof bias), &bias, sizeof bias);
        gain.bias = std::abs(bias) <= gain.bias ? gain.bias : std::abs(bias);
      }
      gain.sum = largest_sum(weight, outputs, inputs, inputs, 1);
    } else {
      const Desc source = source_layout(op, shape);
      const auto& strides = source.data.format_desc.blocking.strides;
      gain.sum = largest_sum(weight, source.data.dims[1], source.data.dims[0], strides[1], strides[0]);
    }
    reorder(source_layout(op, shape), weight, layout.weight, bytes);
    std::memcpy(bytes + layout.gain_offset, &gain, sizeof gain);
    return {};
  });
}

Gain gain_of(const Op& op, const PackedLayout& layout, const void* blob) {
  Gain gain;
  std::memcpy(&gain, static_cast<const char*>(blob) + layout.gain_offset, sizeof gain);
  if (op.kind == Kind::kMatMul) gain.sum *= std::max(1.f, std::abs(op.alpha));
  return gain;
}

}  // namespace onednn
