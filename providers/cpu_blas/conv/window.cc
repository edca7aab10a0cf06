// The sliding window of convolutions and pools; see window.h.
#include "conv/window.h"

#include <algorithm>

namespace tenon::cpu_blas {
namespace {

constexpr int64_t kLargest = int64_t{1} << 30;  // of any attribute or dimension: sums of a few stay in 64 bits

sdk::Status check_range(const std::string& node, const char* name, const std::vector<int64_t>& values, int64_t least) {
  for (int64_t v : values)
    if (v < least || v > kLargest)
      return sdk::invalid_model(node, ": ", name, " has the value ", v, ", expected ", least, " to ", kLargest);
  return {};
}

/// Pads so that out = ceil(in / stride).
void pad_same(WindowAxis& axis, bool more_at_end) {
  axis.out = (axis.in + axis.stride - 1) / axis.stride;
  const int64_t reach = (axis.kernel - 1) * axis.dilation + 1;
  const int64_t needed = (axis.out - 1) * axis.stride + reach - axis.in;
  const int64_t total = needed > 0 ? needed : 0;
  axis.pad_begin = more_at_end ? total / 2 : total - total / 2;
  axis.pad_end = total - axis.pad_begin;
}

sdk::Status size_output(const std::string& node, WindowAxis& axis, bool ceil_mode) {
  const int64_t reach = (axis.kernel - 1) * axis.dilation + 1;
  const int64_t room = axis.in + axis.pad_begin + axis.pad_end - reach;
  if (room < 0)
    return sdk::invalid_model(node, ": a window of ", reach, " elements does not fit into ", axis.in, " with padding ",
                              axis.pad_begin, " and ", axis.pad_end, ": the kernel or the input is of the wrong size");
  axis.out = room / axis.stride + 1;
  if (ceil_mode && room % axis.stride != 0) {
    // A window that would start in the padding at the end does not count.
    if (axis.out * axis.stride < axis.in + axis.pad_begin) ++axis.out;
  }
  return {};
}

}  // namespace

sdk::Result<WindowAttributes> WindowAttributes::parse(const sdk::NodeView& node) {
  WindowAttributes a;
  a.kernel = node.attr_ints("kernel_shape");
  a.strides = node.attr_ints("strides");
  a.pads = node.attr_ints("pads");
  a.dilations = node.attr_ints("dilations");
  a.auto_pad = node.attr_string("auto_pad", "NOTSET");
  a.ceil_mode = node.attr_int("ceil_mode", 0) != 0;
  const std::string name = describe(node);
  TN_RETURN_IF_ERROR(check_range(name, "kernel_shape", a.kernel, 1));
  TN_RETURN_IF_ERROR(check_range(name, "strides", a.strides, 1));
  TN_RETURN_IF_ERROR(check_range(name, "pads", a.pads, 0));
  TN_RETURN_IF_ERROR(check_range(name, "dilations", a.dilations, 1));
  return a;
}

sdk::Result<Window2d> WindowAttributes::resolve(const std::string& node, sdk::ShapeView spatial,
                                                sdk::ShapeView kernel_shape) const {
  const size_t rank = spatial.size();
  const auto fits = [&](const std::vector<int64_t>& v, size_t expected) { return v.empty() || v.size() == expected; };
  if ((rank != 1 && rank != 2) || kernel_shape.size() != rank || !fits(strides, rank) || !fits(pads, 2 * rank) ||
      !fits(dilations, rank))
    return sdk::invalid_model(node, ": kernel_shape, strides, pads or dilations do not have the ", rank,
                              " spatial dimensions of the input");
  if (!kernel.empty() && !std::equal(kernel.begin(), kernel.end(), kernel_shape.begin(), kernel_shape.end()))
    return sdk::invalid_model(node, ": kernel_shape differs from the kernel dimensions of input W: they must agree");
  Window2d window;
  for (size_t i = 0; i < rank; ++i) {
    WindowAxis& axis = rank == 2 && i == 0 ? window.h : window.w;
    axis.in = spatial[i];
    axis.kernel = kernel_shape[i];
    axis.stride = strides.empty() ? 1 : strides[i];
    axis.dilation = dilations.empty() ? 1 : dilations[i];
    if (axis.in > kLargest || axis.kernel < 1 || axis.kernel > kLargest)
      return sdk::invalid_model(node, ": an input of ", axis.in, " elements and a kernel of ", axis.kernel,
                                " along one axis are out of range");
    if (auto_pad == "SAME_UPPER" || auto_pad == "SAME_LOWER") {
      pad_same(axis, auto_pad == "SAME_UPPER");
      continue;
    }
    if (auto_pad == "NOTSET" && !pads.empty()) {
      axis.pad_begin = pads[i];
      axis.pad_end = pads[i + rank];
    }
    TN_RETURN_IF_ERROR(size_output(node, axis, ceil_mode));
  }
  return window;
}

}  // namespace tenon::cpu_blas
