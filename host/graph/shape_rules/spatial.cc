// Shape rules of convolution and pooling: tensors of N x C x D1 x ... x Dn.
#include <algorithm>
#include <tenon/sdk/geometry/window.hpp>

#include "host/graph/shape_rules/rules.h"
#include "host/graph/shape_rules/sdk_geometry.h"

namespace tenon::host::shape_rules {
namespace {

// How often the window fits along axis i of n.
Result<Dim> window_positions(const ShapeContext& c, const sdk::WindowAttributes& w, size_t i, size_t n, const Dim& in,
                             const Dim& kernel) {
  // With SAME_UPPER and SAME_LOWER the kernel is no matter.
  if (!is_known(in) || (!is_known(kernel) && !w.is_same())) return unknown_dim();
  TENON_ASSIGN_OR_RETURN(const sdk::WindowAxis axis,
                         from_sdk(c, w.fit(i, n, in.value, is_known(kernel) ? kernel.value : 1)));
  // The text of the standard and its implementations differ here.
  const bool is_disputed = w.ceil_mode && w.auto_pad == sdk::AutoPad::kValid;
  if (is_disputed && (in.value - axis.extent()) % axis.stride != 0) return unknown_dim();
  return known_dim(axis.out);
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

// The kernel's dimensions: of W, checked against X and against the node's attribute.
Result<std::vector<Dim>> convolution_kernel(const ShapeContext& c, const sdk::WindowAttributes& window, const Dims& x,
                                            const Dims& w, bool transposed) {
  const size_t n = x.size() - 2;
  TENON_RETURN_IF_ERROR(c.expect_rank(1, x.size(), weight_text(n, transposed)));
  std::vector<Dim> kernel(w.begin() + 2, w.end());
  for (size_t i = 0; !window.kernel.empty() && i < n; ++i) {
    const auto merged = merge(kernel[i], known_dim(window.kernel[i]));
    if (!merged)
      return c.fail("attribute 'kernel_shape' has ", window.kernel[i], " for axis ", i + 2, ", but the weight has ",
                    kernel[i].value, ": they must agree");
    kernel[i] = *merged;
  }
  return kernel;
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

Status convolution(ShapeContext& c, bool has_bias) {
  TENON_ASSIGN_OR_RETURN(const auto window,
                         from_sdk(c, sdk::WindowAttributes::parse_convolution(NodeAttributes{c.node()})));
  const Dims* x = c.shape(0);
  const Dims* w = c.shape(1);
  if (x == nullptr || w == nullptr) return {};
  TENON_RETURN_IF_ERROR(expect_spatial(c, *x, 3));
  const size_t n = x->size() - 2;
  TENON_RETURN_IF_ERROR(from_sdk(c, window.check_rank(n)));
  TENON_ASSIGN_OR_RETURN(const std::vector<Dim> kernel, convolution_kernel(c, window, *x, *w, false));
  TENON_RETURN_IF_ERROR(check_channels(c, *x, *w, c.attr("group")));
  if (has_bias) TENON_RETURN_IF_ERROR(check_bias(c, (*w)[0]));
  Dims y{(*x)[0], (*w)[0]};
  for (size_t i = 0; i < n; ++i) {
    TENON_ASSIGN_OR_RETURN(Dim size, window_positions(c, window, i, n, (*x)[i + 2], kernel[i]));
    y.push_back(std::move(size));
  }
  c.set(0, std::move(y));
  return {};
}

}  // namespace

Status conv(ShapeContext& c) {
  return convolution(c, true);
}

// It has a zero point where Conv has the bias.
Status conv_integer(ShapeContext& c) {
  return convolution(c, false);
}

// It has the offsets there.
Status deform_conv(ShapeContext& c) {
  return convolution(c, false);
}

Status conv_transpose(ShapeContext& c) {
  TENON_ASSIGN_OR_RETURN(const auto transposed,
                         from_sdk(c, sdk::TransposedAttributes::parse(NodeAttributes{c.node()})));
  const Dims* x = c.shape(0);
  const Dims* w = c.shape(1);
  if (x == nullptr || w == nullptr) return {};
  TENON_RETURN_IF_ERROR(expect_spatial(c, *x, 3));
  const size_t n = x->size() - 2;
  TENON_RETURN_IF_ERROR(from_sdk(c, transposed.check_rank(n)));
  TENON_ASSIGN_OR_RETURN(const std::vector<Dim> kernel, convolution_kernel(c, transposed.window, *x, *w, true));
  const int64_t group = c.attr("group");
  if (group < 1) return c.fail("attribute 'group' is ", group, ", expected 1 or more");
  if (!merge((*x)[1], (*w)[0]))
    return c.fail("the input has ", (*x)[1].value, " channels, but the weight takes ", (*w)[0].value);
  Dims y{(*x)[0], unknown_dim()};
  if (is_known((*w)[1])) {
    TENON_ASSIGN_OR_RETURN(y[1], c.computed(WideInt{(*w)[1].value} * group, "the number of output channels"));
  }
  for (size_t i = 0; i < n; ++i) {
    const Dim& in = (*x)[i + 2];
    // What output_shape says needs neither input nor kernel, what auto_pad says no kernel.
    const bool needs_input = transposed.output_shape.empty(), needs_kernel = !transposed.has_fixed_size();
    if ((needs_input && !is_known(in)) || (needs_kernel && !is_known(kernel[i]))) {
      y.push_back(unknown_dim());
      continue;
    }
    const int64_t size = is_known(in) ? in.value : 1, taps = is_known(kernel[i]) ? kernel[i].value : 1;
    TENON_ASSIGN_OR_RETURN(const sdk::WindowAxis axis, from_sdk(c, transposed.fit(i, n, size, taps)));
    y.push_back(known_dim(axis.in));
  }
  c.set(0, std::move(y));
  return {};
}

Status pool(ShapeContext& c) {
  TENON_ASSIGN_OR_RETURN(const auto window, from_sdk(c, sdk::WindowAttributes::parse(NodeAttributes{c.node()})));
  const Dims* x = c.shape(0);
  if (x == nullptr) return {};
  TENON_RETURN_IF_ERROR(expect_spatial(c, *x, 3));
  const size_t n = x->size() - 2;
  TENON_RETURN_IF_ERROR(from_sdk(c, window.check_rank(n)));
  if (window.kernel.empty()) return {};
  Dims y{(*x)[0], (*x)[1]};
  for (size_t i = 0; i < n; ++i) {
    TENON_ASSIGN_OR_RETURN(Dim size, window_positions(c, window, i, n, (*x)[i + 2], known_dim(window.kernel[i])));
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

// Rows of batch, class and box.
Status non_max_suppression(ShapeContext& c) {
  c.set(0, {unknown_dim(), known_dim(3)});
  return {};
}

// A row of bins for each region and channel.
Status roi_align(ShapeContext& c) {
  TENON_RETURN_IF_ERROR(c.expect_rank(0, 4, "X is N x C x H x W"));
  TENON_RETURN_IF_ERROR(c.expect_rank(1, 2, "rois has four coordinates per region"));
  const Dims *x = c.shape(0), *rois = c.shape(1);
  const int64_t height = c.attr("output_height"), width = c.attr("output_width");
  if (height < 1 || width < 1)
    return c.fail("output_height is ", height, " and output_width ", width, ", expected at least 1");
  c.set(0, {rois == nullptr ? unknown_dim() : (*rois)[0], x == nullptr ? unknown_dim() : (*x)[1], known_dim(height),
            known_dim(width)});
  return {};
}

// A row of bins for each region and channel.
Status max_roi_pool(ShapeContext& c) {
  TENON_RETURN_IF_ERROR(c.expect_rank(0, 4, "X is N x C x H x W"));
  TENON_RETURN_IF_ERROR(c.expect_rank(1, 2, "rois has a batch entry and four coordinates per region"));
  const Dims *x = c.shape(0), *rois = c.shape(1);
  const auto pooled = c.ints_attr("pooled_shape");
  if (!pooled || pooled->size() != 2 || (*pooled)[0] < 1 || (*pooled)[1] < 1)
    return c.fail("attribute pooled_shape is ", pooled ? shape_text(*pooled) : "left out",
                  ", expected a height and a width of at least 1");
  c.set(0, {rois == nullptr ? unknown_dim() : (*rois)[0], x == nullptr ? unknown_dim() : (*x)[1],
            known_dim((*pooled)[0]), known_dim((*pooled)[1])});
  return {};
}

// The state holds one element less than there are taps.
Status causal_conv(ShapeContext& c) {
  TENON_RETURN_IF_ERROR(c.expect_rank(0, 3, "the input is N x C x length"));
  TENON_RETURN_IF_ERROR(c.expect_rank(1, 3, "weight is C x 1 x taps"));
  const Dims *x = c.shape(0), *w = c.shape(1);
  if (x == nullptr) return {};
  c.set(0, *x);
  Dim held = unknown_dim();
  if (w != nullptr && is_known((*w)[2])) {
    TENON_ASSIGN_OR_RETURN(held, c.computed(WideInt{(*w)[2].value} - 1, "the length of the state"));
  }
  c.set(1, {(*x)[0], (*x)[1], held});
  return {};
}

}  // namespace tenon::host::shape_rules
