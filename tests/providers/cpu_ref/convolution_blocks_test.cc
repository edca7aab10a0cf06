// Convolutions with more filters and outputs than the kernels of cpu_ref take at a time, against the sums of their
// definition.
#include <catch2/catch.hpp>
#include <functional>

#include "tests/support/run_operator.h"

using namespace tenon;
using namespace tenon::test;

namespace {

// One-dimensional: X of 1 x groups * depth x in, W of groups * filters x depth x taps, pads of 1 on both sides.
struct Case {
  int64_t groups, filters, depth, in, taps, stride;

  int64_t out() const { return (in + 2 - taps) / stride + 1; }
  int64_t x_count() const { return groups * depth * in; }
  int64_t w_count() const { return groups * filters * depth * taps; }
};

template <typename T>
std::vector<T> numbers(int64_t count, int64_t factor) {
  std::vector<T> values;
  for (int64_t i = 0; i < count; ++i) values.push_back(static_cast<T>(i * factor % 13));
  return values;
}

// Calls add(y, x, w) with the indices of every product.
void for_each_product(const Case& c, const std::function<void(int64_t, int64_t, int64_t)>& add) {
  for (int64_t m = 0; m < c.groups * c.filters; ++m)
    for (int64_t o = 0; o < c.out(); ++o)
      for (int64_t d = 0; d < c.depth; ++d)
        for (int64_t t = 0; t < c.taps; ++t) {
          const int64_t i = o * c.stride + t - 1;
          if (i < 0 || i >= c.in) continue;
          add(m * c.out() + o, (m / c.filters * c.depth + d) * c.in + i, (m * c.depth + d) * c.taps + t);
        }
}

const Case kCases[] = {{1, 9, 3, 70, 3, 1}, {2, 5, 17, 41, 3, 2}, {3, 1, 1, 33, 3, 1}, {1, 4, 40, 12, 2, 7}};

std::vector<host::Attribute> attributes_of(const Case& c) {
  return {ints_attr("pads", {1, 1}), ints_attr("strides", {c.stride}), int_attr("group", c.groups)};
}

}  // namespace

TEST_CASE("Conv of many filters is the sum of products", "[cpu_ref]") {
  for (const Case& c : kCases) {
    const auto x = numbers<float>(c.x_count(), 7), w = numbers<float>(c.w_count(), 5);
    std::vector<float> expected(size_t(c.groups * c.filters * c.out()));
    for_each_product(c, [&](int64_t y, int64_t i, int64_t k) { expected[size_t(y)] += x[size_t(i)] * w[size_t(k)]; });
    CHECK(first_output<float>({"Conv",
                               11,
                               {make_tensor<float>({1, c.groups * c.depth, c.in}, x),
                                make_tensor<float>({c.groups * c.filters, c.depth, c.taps}, w)},
                               attributes_of(c)}) == expected);
  }
}

TEST_CASE("ConvInteger of many filters takes zero points off", "[cpu_ref]") {
  for (const Case& c : kCases) {
    const auto x = numbers<uint8_t>(c.x_count(), 7), w = numbers<uint8_t>(c.w_count(), 5);
    std::vector<int32_t> expected(size_t(c.groups * c.filters * c.out()));
    for_each_product(
        c, [&](int64_t y, int64_t i, int64_t k) { expected[size_t(y)] += (x[size_t(i)] - 9) * (w[size_t(k)] - 250); });
    const host::Tensor zeros[] = {make_tensor<uint8_t>({}, std::vector<uint8_t>{9}),
                                  make_tensor<uint8_t>({}, std::vector<uint8_t>{250})};
    CHECK(first_output<int32_t>({"ConvInteger",
                                 10,
                                 {make_tensor<uint8_t>({1, c.groups * c.depth, c.in}, x),
                                  make_tensor<uint8_t>({c.groups * c.filters, c.depth, c.taps}, w), zeros[0], zeros[1]},
                                 attributes_of(c)}) == expected);
  }
}

TEST_CASE("ConvTranspose of many filters spreads what Conv gathers", "[cpu_ref]") {
  for (const Case& c : kCases) {
    // Of the convolution that it is the gradient of, X is the output and Y the input.
    const auto x = numbers<float>(c.groups * c.filters * c.out(), 7), w = numbers<float>(c.w_count(), 5);
    const int64_t size = (c.out() - 1) * c.stride + c.taps - 2;
    std::vector<float> expected(size_t(c.groups * c.depth * size));
    for_each_product(c, [&](int64_t y, int64_t i, int64_t k) {
      const int64_t channel = i / c.in, at = i % c.in;
      if (at < size) expected[size_t(channel * size + at)] += x[size_t(y)] * w[size_t(k)];
    });
    CHECK(first_output<float>({"ConvTranspose",
                               11,
                               {make_tensor<float>({1, c.groups * c.filters, c.out()}, x),
                                make_tensor<float>({c.groups * c.filters, c.depth, c.taps}, w)},
                               attributes_of(c)}) == expected);
  }
}
