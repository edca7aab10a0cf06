// Runs a model with and without the rules of host/optimize, and holds one's results against the other's: byte for byte,
// or within a bound where nodes are raised.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <functional>
#include <string>
#include <tenon/sdk/dtype.hpp>
#include <vector>

#include "host/session/session.h"
#include "tests/support/graph_builder.h"

namespace tenon::test {

/// What is left of the graph with the rules on.
struct Rewritten {
  std::vector<std::string> ops;    // of the main graph, in order
  std::vector<std::string> reads;  // likewise, the first input of each
  std::vector<std::string> notes;

  bool has_note(const std::string& part) const {
    return std::any_of(notes.begin(), notes.end(),
                       [&](const std::string& note) { return note.find(part) != std::string::npos; });
  }
};

inline std::unique_ptr<host::Session> open_rewritten(const std::function<void(GraphBuilder&)>& build, bool rewrites,
                                                     int64_t opset, bool folds = true,
                                                     const std::vector<std::string>& providers = {"cpu_ref"}) {
  GraphBuilder builder(opset);
  build(builder);
  host::SessionOptions options;
  for (const std::string& provider : providers)
    options.providers.push_back({std::string(TENON_BINARY_DIR) + "/lib/tenon/providers/lib" + provider + ".so", {}});
  options.threads = 1;
  options.rewrite_graph = rewrites;
  options.fold_constants = folds;
  options.pack.mode = host::PackMode::kOff;
  auto session = host::Session::open_model(builder.build(), options);
  INFO(session.status().message());
  REQUIRE(session.is_ok());
  return std::move(*session);
}

inline Rewritten rewritten_graph(const host::Session& session) {
  Rewritten told;
  for (const auto& node : session.model().graph->nodes()) {
    told.ops.push_back(node->op_type);
    told.reads.push_back(node->inputs[0]->name);
  }
  told.notes = session.report().notes;
  return told;
}

/// Runs both sessions and calls `compare` with each result of the plain one and its counterpart.
inline Rewritten compare_both_ways(host::Session& plain, host::Session& rewritten,
                                   const std::vector<host::NamedTensor>& inputs,
                                   const std::function<void(const host::Tensor&, const host::Tensor&)>& compare) {
  const auto expected = plain.run(inputs), results = rewritten.run(inputs);
  INFO(expected.status().message() << results.status().message());
  REQUIRE((expected.is_ok() && results.is_ok()));
  REQUIRE(results->size() == expected->size());
  for (size_t i = 0; i < results->size(); ++i) {
    const host::Tensor &a = (*expected)[i], &b = (*results)[i];
    CHECK(rewritten.outputs()[i].name == plain.outputs()[i].name);
    // Of dimensions without a number a name may come to be known.
    CHECK(rewritten.outputs()[i].type.dtype == plain.outputs()[i].type.dtype);
    CHECK(numeric_shape(rewritten.outputs()[i].type) == numeric_shape(plain.outputs()[i].type));
    CHECK(describe(a) == describe(b));
    for (size_t k = 0; k < i; ++k) CHECK((*results)[k].data() != b.data());
    compare(a, b);
  }
  return rewritten_graph(rewritten);
}

inline Rewritten run_both_ways(const std::function<void(GraphBuilder&)>& build,
                               const std::vector<host::NamedTensor>& inputs, int64_t opset = 17, bool folds = true) {
  const auto plain = open_rewritten(build, false, opset, folds), rewritten = open_rewritten(build, true, opset, folds);
  return compare_both_ways(*plain, *rewritten, inputs, [](const host::Tensor& a, const host::Tensor& b) {
    CHECK(std::memcmp(a.data(), b.data(), std::min(a.byte_length(), b.byte_length())) == 0);
  });
}

/// The elements of a floating-point tensor.
inline std::vector<double> doubles_of(const host::Tensor& tensor) {
  std::vector<double> values;
  const auto take = [&](auto tag) {
    for (const auto& v : tensor.span<decltype(tag)>()) values.push_back(static_cast<double>(v));
  };
  if (tensor.dtype() == TN_FLOAT) take(float{});
  if (tensor.dtype() == TN_DOUBLE) take(double{});
  if (tensor.dtype() == TN_FLOAT16) take(sdk::Float16());
  return values;
}

/// The bound: so many epsilons of the results' type, of the largest expected element or of 1, by which an element may
/// be off. NaN stays NaN, and an infinity itself.
inline Rewritten run_both_ways_within(double epsilons, const std::function<void(GraphBuilder&)>& build,
                                      const std::vector<host::NamedTensor>& inputs, int64_t opset = 17,
                                      const std::vector<std::string>& providers = {"cpu_ref"}) {
  const auto plain = open_rewritten(build, false, opset, true, providers);
  const auto rewritten = open_rewritten(build, true, opset, true, providers);
  return compare_both_ways(*plain, *rewritten, inputs, [&](const host::Tensor& a, const host::Tensor& b) {
    const double epsilon = a.dtype() == TN_DOUBLE ? 0x1p-52 : a.dtype() == TN_FLOAT ? 0x1p-23 : 0x1p-10;
    const std::vector<double> expected = doubles_of(a), actual = doubles_of(b);
    REQUIRE(expected.size() == static_cast<size_t>(a.element_count()));
    REQUIRE(actual.size() == expected.size());
    double largest = 1, worst = 0;
    for (const double v : expected) largest = std::isfinite(v) ? std::max(largest, std::fabs(v)) : largest;
    for (size_t i = 0; i < expected.size(); ++i) {
      const bool is_same = expected[i] == actual[i] || (std::isnan(expected[i]) && std::isnan(actual[i]));
      const double off = std::fabs(expected[i] - actual[i]);
      if (!is_same) worst = std::isnan(off) ? INFINITY : std::max(worst, off);
    }
    CHECK(worst <= epsilons * epsilon * largest);
  });
}

}  // namespace tenon::test
