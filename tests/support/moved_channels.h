// Opens a graph with and without the layout pass, on a provider that wants channels last, and tells what became of it.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "host/graph/layout.h"
#include "host/session/session.h"
#include "tests/support/both_ways.h"
#include "tests/support/channels_last_provider.h"
#include "tests/support/graph_builder.h"

namespace tenon::test {

using namespace tenon::host;

using Build = std::function<void(GraphBuilder&)>;

inline Tensor ramp(std::vector<int64_t> shape, float step = 0.37f) {
  int64_t count = 1;
  for (const int64_t d : shape) count *= d;
  std::vector<float> values;
  for (int64_t i = 0; i < count; ++i) values.push_back(step * static_cast<float>((i * 7) % 23 - 11));
  return make_tensor(std::move(shape), values);
}

/// With kernels that want their channels last: all that there are, or those of one operator.
inline std::unique_ptr<Session> open_wanting(const Build& build, bool rewrites, int64_t opset,
                                             const std::string& wanting) {
  GraphBuilder builder(opset);
  build(builder);
  SessionOptions options;
  options.provider_tables = {&channels_last_provider(wanting)};
  options.threads = 1;
  options.rewrite_graph = rewrites;
  auto session = Session::open_model(builder.build(), options);
  INFO(session.status().message());
  REQUIRE(session.is_ok());
  return std::move(*session);
}

/// The operators in order, those with their channels last in brackets, after the answers were seen to stay.
inline std::string moved(const Build& build, const std::vector<NamedTensor>& inputs, int64_t opset = 17,
                         const std::string& wanting = "") {
  const auto plain = open_wanting(build, false, opset, wanting), session = open_wanting(build, true, opset, wanting);
  compare_both_ways(*plain, *session, inputs, [](const Tensor& a, const Tensor& b) {
    CHECK(std::memcmp(a.data(), b.data(), std::min(a.byte_length(), b.byte_length())) == 0);
  });
  std::string ops;
  for (const auto& node : session->model().graph->nodes())
    ops += (ops.empty() ? "" : " ") + (is_channels_last(*node) ? "[" + node->op_type + "]" : node->op_type);
  return ops;
}

/// A convolution 3 wide that keeps the size.
inline void conv(GraphBuilder& b, const std::string& x, const std::string& y, int64_t channels, int64_t filters) {
  b.constant_of(y + ".w", ramp({filters, channels, 3, 3}));
  b.node("Conv", {x, y + ".w"}, {y}, {ints_attr("pads", {1, 1, 1, 1}), ints_attr("kernel_shape", {3, 3})});
}

}  // namespace tenon::test
