// Runs a model with and without the rules of host/optimize on cpu_ref, and holds one's results against the other's,
// byte for byte.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <functional>
#include <string>
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
                                                     int64_t opset, bool folds = true) {
  GraphBuilder builder(opset);
  build(builder);
  host::SessionOptions options;
  options.providers = {{std::string(TENON_BINARY_DIR) + "/lib/tenon/providers/libcpu_ref.so", {}}};
  options.threads = 1;
  options.rewrite_graph = rewrites;
  options.fold_constants = folds;
  options.pack.mode = host::PackMode::kOff;
  auto session = host::Session::open_model(builder.build(), options);
  INFO(session.status().message());
  REQUIRE(session.is_ok());
  return std::move(*session);
}

inline Rewritten run_both_ways(const std::function<void(GraphBuilder&)>& build,
                               const std::vector<host::NamedTensor>& inputs, int64_t opset = 17, bool folds = true) {
  const auto plain = open_rewritten(build, false, opset, folds), rewritten = open_rewritten(build, true, opset, folds);
  const auto expected = plain->run(inputs), results = rewritten->run(inputs);
  INFO(expected.status().message() << results.status().message());
  REQUIRE((expected.is_ok() && results.is_ok()));
  REQUIRE(results->size() == expected->size());
  for (size_t i = 0; i < results->size(); ++i) {
    const host::Tensor &a = (*expected)[i], &b = (*results)[i];
    CHECK(rewritten->outputs()[i].name == plain->outputs()[i].name);
    // Of dimensions without a number a name may come to be known.
    CHECK(rewritten->outputs()[i].type.dtype == plain->outputs()[i].type.dtype);
    CHECK(numeric_shape(rewritten->outputs()[i].type) == numeric_shape(plain->outputs()[i].type));
    CHECK(describe(a) == describe(b));
    CHECK(std::memcmp(a.data(), b.data(), std::min(a.byte_length(), b.byte_length())) == 0);
    for (size_t k = 0; k < i; ++k) CHECK((*results)[k].data() != b.data());
  }
  Rewritten told;
  for (const auto& node : rewritten->model().graph->nodes()) {
    told.ops.push_back(node->op_type);
    told.reads.push_back(node->inputs[0]->name);
  }
  told.notes = rewritten->report().notes;
  return told;
}

}  // namespace tenon::test
