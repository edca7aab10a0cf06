// Shape rules of convolution and pooling: tensors of N x C x D1 x ... x Dn.
#include <algorithm>

#include "host/graph/shape_rules/rules.h"

namespace tenon::host::shape_rules {
namespace {

enum class AutoPad { kNotSet, kValid, kSame };

// The window over the spatial dimensions, one entry per dimension; pads has the begins, then the ends.
struct Window {
  std::vector<Dim> kernel;
  std::vector<int64_t> strides, dilations, pads;
  AutoPad auto_pad = AutoPad::kNotSet;
  bool ceil_mode = false;
};

Result<std::vector<int64_t>> per_axis(const ShapeContext& c, std::string_view name, size_t count, int64_t fallback,
                                      int64_t least) {
  auto values = c.ints_attr(name).value_or(std::vector<int64_t>(count, fallback));
  if (values.size() != count) return c.fail("attribute '", name, "' has ", values.size(), " numbers, expected ", count);
  for (int64_t v : values)
    if (v < least) return c.fail("attribute '", name, "' has ", v, ", expected ", least, " or more");
  return values;
}

Result<AutoPad> auto_pad_of(const ShapeContext& c) {
  const std::string mode = c.node().string_attribute("auto_pad").value_or("NOTSET");
  if (mode == "NOTSET" || mode.empty()) return AutoPad::kNotSet;
  if (mode == "VALID") return AutoPad::kValid;
  if (mode == "SAME_UPPER" || mode == "SAME_LOWER") return AutoPad::kSame;
  return c.fail("attribute 'auto_pad' is '", mode, "', expected NOTSET, VALID, SAME_UPPER or SAME_LOWER");
}

Result<Window> window_of(const ShapeContext& c, std::vector<Dim> kernel) {
  const size_t n = kernel.size();
  Window w;
  w.kernel = std::move(kernel);
  TENON_ASSIGN_OR_RETURN(w.strides, per_axis(c, "strides", n, 1, 1));
  TENON_ASSIGN_OR_RETURN(w.dilations, per_axis(c, "dilations", n, 1, 1));
  TENON_ASSIGN_OR_RETURN(w.pads, per_axis(c, "pads", 2 * n, 0, INT64_MIN));
  TENON_ASSIGN_OR_RETURN(w.auto_pad, auto_pad_of(c));
  if (w.auto_pad == AutoPad::kValid) std::fill(w.pads.begin(), w.pads.end(), 0);
  w.ceil_mode = c.attr("ceil_mode", 0) != 0;
  return w;
}

// kernel_shape of the node, checked; nothing when it is not given.
Result<std::optional<std::vector<Dim>>> kernel_attribute(const ShapeContext& c, size_t count) {
  if (c.node().find_attribute("kernel_shape") == nullptr) return std::optional<std::vector<Dim>>();
  TENON_ASSIGN_OR_RETURN(const auto sizes, per_axis(c, "kernel_shape", count, 1, 1));
  std::vector<Dim> kernel;
  for (int64_t size : sizes) kernel.push_back(known_dim(size));
  return std::optional(std::move(kernel));
}

// How far the window reaches along axis i; its kernel size is known.
WideInt extent(const Window& w, size_t i) {
  return WideInt{w.kernel[i].value - 1} * w.dilations[i] + 1;
}

// How often the window fits along axis i.
Result<Dim> window_positions(const ShapeContext& c, const Window& w, size_t i, const Dim& in) {
  const size_t n = w.kernel.size();
  if (!is_known(in)) return unknown_dim();
  const WideInt stride = w.strides[i];
  if (w.auto_pad == AutoPad::kSame) return c.computed((WideInt{in.value} + stride - 1) / stride, "the output size");
  if (!is_known(w.kernel[i])) return unknown_dim();
  const WideInt room = WideInt{in.value} + w.pads[i] + w.pads[n + i] - extent(w, i);
  if (room < 0)
    return c.fail("the kernel is ", static_cast<int64_t>(std::min<WideInt>(extent(w, i), INT64_MAX)),
                  " wide along axis ", i + 2, ", dilation included, but the input has only ", in.value, " with pads ",
                  w.pads[i], " and ", w.pads[n + i], ": use a smaller kernel or more padding");
  WideInt steps = room / stride;
  if (w.ceil_mode && steps * stride < room) {
    // The text of the standard and its implementations differ here.
    if (w.auto_pad == AutoPad::kValid) return unknown_dim();
    // A last, partial window counts unless it would start in the padding at the end.
    if ((steps + 1) * stride < WideInt{in.value} + w.pads[i]) ++steps;
  }
  return c.computed(steps + 1, "the output size");
}

Status expect_spatial(const ShapeContext& c, const Dims& x, size_t least) {
  if (x.size() >= least) return {};
  return c.fail("input ", c.input_name(0), " has rank ", x.size(), ", expected ", least,
                " or more: it is N x C x D1 x ... x Dn");
}

std::string weight_text(size_t spatial, bool transposed) {
  static constexpr const char* kNames[] = {"", " x kW", " x kH x kW", " x kD x kH x kW"};
  return concat("the weight of a ", spatial, "-D convolution is ", transposed ? "C x M/group" : "M x C/group",
                spatial < std::size(kNames) ? kNames[spatial] : " x k1 x ... x kn");
}

// Checks W against X, and the kernel attribute against W. The weight's first dimension counts `split` groups of it.
Result<Window> convolution_window(const ShapeContext& c, const Dims& x, const Dims& w, bool transposed) {
  const size_t n = x.size() - 2;
  TENON_RETURN_IF_ERROR(c.expect_rank(1, x.size(), weight_text(n, transposed)));
  std::vector<Dim> kernel(w.begin() + 2, w.end());
  TENON_ASSIGN_OR_RETURN(const auto stated, kernel_attribute(c, n));
  for (size_t i = 0; stated && i < n; ++i) {
    const auto merged = merge(kernel[i], (*stated)[i]);
    if (!merged)
      return c.fail("attribute 'kernel_shape' has ", (*stated)[i].value, " for axis ", i + 2, ", but the weight has ",
                    kernel[i].value, ": they must agree");
    kernel[i] = *merged;
  }
  return window_of(c, std::move(kernel));
}

Status check_channels(const ShapeContext& c, const Dims& x, const Dims& w, int64_t group) {
  if (group < 1) return c.fail("attribute 'group' is ", group, ", expected 1 or more");
  if (is_known(x[1]) && is_known(w[1]) && WideInt{w[1].value} * group != x[1].value)
    return c.fail("the input has ", x[1].value, " channels, but the weight takes ", w[1].value, " in each of ", group,
                  " groups: C must be W's second dimension times group");
  if (is_known(w[0]) && w[0].value % group != 0)
    return c.fail("the weight has ", w[0].value, " outputs, which ", group, " groups do not divide");
  return {};
}

Status check_bias(const ShapeContext& c, const Dim& outputs) {
  TENON_RETURN_IF_ERROR(c.expect_rank(2, 1, "the bias is M"));
  const Dims* bias = c.shape(2);
  if (bias != nullptr && !merge((*bias)[0], outputs))
    return c.fail("input ", c.input_name(2), " has ", (*bias)[0].value, " elements, expected M = ", outputs.value);
  return {};
}

}  // namespace

Status conv(ShapeContext& c) {
  const Dims* x = c.shape(0);
  const Dims* w = c.shape(1);
  if (x == nullptr || w == nullptr) return {};
  TENON_RETURN_IF_ERROR(expect_spatial(c, *x, 3));
  TENON_ASSIGN_OR_RETURN(const Window window, convolution_window(c, *x, *w, false));
  TENON_RETURN_IF_ERROR(check_channels(c, *x, *w, c.attr("group", 1)));
  // ConvInteger has a zero point where Conv has the bias.
  if (c.node().op_type != "ConvInteger") TENON_RETURN_IF_ERROR(check_bias(c, (*w)[0]));
  Dims y{(*x)[0], (*w)[0]};
  for (size_t i = 0; i + 2 < x->size(); ++i) {
    TENON_ASSIGN_OR_RETURN(Dim size, window_positions(c, window, i, (*x)[i + 2]));
    y.push_back(std::move(size));
  }
  c.set(0, std::move(y));
  return {};
}

Status conv_transpose(ShapeContext& c) {
  const Dims* x = c.shape(0);
  const Dims* w = c.shape(1);
  if (x == nullptr || w == nullptr) return {};
  TENON_RETURN_IF_ERROR(expect_spatial(c, *x, 3));
  const size_t n = x->size() - 2;
  TENON_ASSIGN_OR_RETURN(const Window window, convolution_window(c, *x, *w, true));
  TENON_ASSIGN_OR_RETURN(const auto padding, per_axis(c, "output_padding", n, 0, 0));
  const int64_t group = c.attr("group", 1);
  if (group < 1) return c.fail("attribute 'group' is ", group, ", expected 1 or more");
  if (!merge((*x)[1], (*w)[0]))
    return c.fail("the input has ", (*x)[1].value, " channels, but the weight takes ", (*w)[0].value);
  Dims y{(*x)[0], unknown_dim()};
  if (is_known((*w)[1])) {
    TENON_ASSIGN_OR_RETURN(y[1], c.computed(WideInt{(*w)[1].value} * group, "the number of output channels"));
  }
  const auto stated = c.ints_attr("output_shape");
  for (size_t i = 0; i < n; ++i) {
    const Dim& in = (*x)[i + 2];
    // output_shape may hold the spatial sizes or, in old models, N and C before them.
    if (stated && stated->size() >= n) {
      TENON_ASSIGN_OR_RETURN(Dim size, c.computed((*stated)[stated->size() - n + i], "attribute 'output_shape'"));
      y.push_back(std::move(size));
    } else if (!is_known(in) || !is_known(window.kernel[i])) {
      y.push_back(unknown_dim());
    } else {
      WideInt size = WideInt{window.strides[i]} * in.value;
      if (window.auto_pad != AutoPad::kSame)
        size += padding[i] + extent(window, i) - window.strides[i] - window.pads[i] - WideInt{window.pads[n + i]};
      TENON_ASSIGN_OR_RETURN(Dim dim, c.computed(size, "the output size"));
      y.push_back(std::move(dim));
    }
  }
  c.set(0, std::move(y));
  return {};
}

Status pool(ShapeContext& c) {
  const Dims* x = c.shape(0);
  if (x == nullptr) return {};
  TENON_RETURN_IF_ERROR(expect_spatial(c, *x, 3));
  TENON_ASSIGN_OR_RETURN(auto kernel, kernel_attribute(c, x->size() - 2));
  if (!kernel) return {};
  TENON_ASSIGN_OR_RETURN(const Window window, window_of(c, std::move(*kernel)));
  Dims y{(*x)[0], (*x)[1]};
  for (size_t i = 0; i + 2 < x->size(); ++i) {
    TENON_ASSIGN_OR_RETURN(Dim size, window_positions(c, window, i, (*x)[i + 2]));
    y.push_back(std::move(size));
  }
  c.set(1, y);
  c.set(0, std::move(y));
  return {};
}

Status global_pool(ShapeContext& c) {
  const Dims* x = c.shape(0);
  if (x == nullptr) return {};
  TENON_RETURN_IF_ERROR(expect_spatial(c, *x, 2));
  Dims y(x->size(), known_dim(1));
  std::copy_n(x->begin(), 2, y.begin());
  c.set(0, std::move(y));
  return {};
}

}  // namespace tenon::host::shape_rules
