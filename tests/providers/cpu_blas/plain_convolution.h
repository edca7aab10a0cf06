// A convolution as a plain sum, and cases of it, for tests of cpu_blas.
#pragma once

#include "tests/providers/cpu_blas/on_cpu_blas.h"

namespace tenon::test {

struct ConvCase {
  int64_t images, channels, height, width, outputs, kernel_h, kernel_w, stride, pad, dilation, group;
  int64_t out_h() const { return (height + 2 * pad - dilation * (kernel_h - 1) - 1) / stride + 1; }
  int64_t out_w() const { return (width + 2 * pad - dilation * (kernel_w - 1) - 1) / stride + 1; }
  std::vector<int64_t> x_shape() const { return {images, channels, height, width}; }
  std::vector<int64_t> w_shape() const { return {outputs, channels / group, kernel_h, kernel_w}; }
  std::vector<int64_t> y_shape() const { return {images, outputs, out_h(), out_w()}; }
  std::vector<host::Attribute> attributes() const {
    return {ints_attr("strides", {stride, stride}), ints_attr("pads", {pad, pad, pad, pad}),
            ints_attr("dilations", {dilation, dilation}), int_attr("group", group)};
  }
};

inline size_t count(const std::vector<int64_t>& shape) {
  size_t n = 1;
  for (int64_t d : shape) n *= static_cast<size_t>(d);
  return n;
}

/// The result, its channels second.
inline std::vector<double> convolve(const ConvCase& c, const std::vector<float>& x, const std::vector<float>& w) {
  std::vector<double> y;
  const int64_t in_group = c.channels / c.group, out_group = c.outputs / c.group;
  for (int64_t n = 0; n < c.images; ++n)
    for (int64_t m = 0; m < c.outputs; ++m)
      for (int64_t oh = 0; oh < c.out_h(); ++oh)
        for (int64_t ow = 0; ow < c.out_w(); ++ow) {
          double sum = 0;
          for (int64_t i = 0; i < in_group; ++i)
            for (int64_t kh = 0; kh < c.kernel_h; ++kh)
              for (int64_t kw = 0; kw < c.kernel_w; ++kw) {
                const int64_t ih = oh * c.stride + kh * c.dilation - c.pad,
                              iw = ow * c.stride + kw * c.dilation - c.pad;
                if (ih < 0 || ih >= c.height || iw < 0 || iw >= c.width) continue;
                const int64_t channel = m / out_group * in_group + i;
                sum += double(x[static_cast<size_t>(((n * c.channels + channel) * c.height + ih) * c.width + iw)]) *
                       w[static_cast<size_t>(((m * in_group + i) * c.kernel_h + kh) * c.kernel_w + kw)];
              }
          y.push_back(sum);
        }
  return y;
}

inline const ConvCase kConvCases[] = {
    {1, 3, 17, 19, 8, 3, 3, 1, 1, 1, 1},  {2, 5, 9, 11, 7, 3, 2, 2, 1, 1, 1},    {1, 64, 14, 14, 33, 1, 1, 1, 0, 1, 1},
    {1, 600, 7, 7, 50, 1, 1, 1, 0, 1, 1}, {1, 70, 7, 7, 20, 3, 3, 1, 1, 1, 1},   {1, 16, 15, 15, 24, 1, 1, 2, 0, 1, 1},
    {2, 8, 10, 10, 8, 3, 3, 1, 1, 1, 8},  {1, 6, 11, 9, 12, 3, 3, 2, 1, 1, 6},   {2, 12, 8, 8, 20, 1, 1, 1, 0, 1, 4},
    {1, 4, 23, 21, 5, 5, 3, 1, 3, 2, 1},  {1, 2, 4, 4, 3, 3, 3, 1, 5, 1, 1},     {1, 4, 60, 60, 6, 3, 3, 1, 1, 1, 1},
    {1, 4, 28, 28, 40, 1, 1, 1, 0, 1, 1}, {1, 48, 20, 20, 17, 1, 1, 1, 0, 1, 1},
};

}  // namespace tenon::test
