// What the tests of control flow share: sessions on cpu_ref, and inputs of the types that If, Loop and Scan read.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/support/test_provider.h"

namespace tenon::test {

using Floats = std::vector<float>;
using Ints = std::vector<int64_t>;

inline host::SessionOptions on_cpu_ref() {
  host::SessionOptions options;
  options.providers = {{TENON_BINARY_DIR "/lib/tenon/providers/libcpu_ref.so", {}}};
  options.threads = 1;
  return options;
}

/// A session on cpu_ref, which must open.
inline std::unique_ptr<host::Session> open_on_ref(GraphBuilder& builder,
                                                  const host::SessionOptions& options = on_cpu_ref()) {
  auto session = host::Session::open_model(builder.build(), options);
  if (!session.is_ok()) throw std::runtime_error(session.status().message());
  return std::move(*session);
}

inline host::NamedTensor truth(const std::string& name, bool value, std::vector<int64_t> shape = {}) {
  return {name, make_tensor<bool>(std::move(shape), {value})};
}
inline host::NamedTensor number(const std::string& name, int64_t value) {
  return {name, make_tensor<int64_t>({}, {value})};
}
inline Ints ints_of(const host::Tensor& tensor) {
  const auto span = tensor.span<int64_t>();
  return {span.begin(), span.end()};
}
/// The message of a run that must fail.
inline host::Status failure_of(host::Session& session, const std::vector<host::NamedTensor>& inputs,
                               const host::RunOptions& options = {}) {
  const auto results = session.run(inputs, {}, options);
  if (results.is_ok()) throw std::runtime_error("the run succeeded");
  return results.status();
}

/// A subgraph that `fill` builds.
inline std::shared_ptr<host::Graph> subgraph(GraphBuilder& parent, const std::function<void(GraphBuilder&)>& fill) {
  GraphBuilder inner(parent);
  fill(inner);
  return inner.build_subgraph();
}

/// The inputs that every body of a Loop has: iteration number and condition.
inline void loop_inputs(GraphBuilder& body, const std::string& prefix) {
  body.input(prefix + "i", TN_INT64, {});
  body.input(prefix + "cond", TN_BOOL, {});
}

}  // namespace tenon::test
