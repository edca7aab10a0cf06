// Sessions on cpu_blas alone, for its tests.
#pragma once

#include <catch2/catch.hpp>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "host/plugins/provider.h"
#include "host/session/session.h"
#include "tests/support/graph_builder.h"

namespace tenon::test {

inline std::string cpu_blas_path() {
  return TENON_BINARY_DIR "/lib/tenon/providers/libcpu_blas.so";
}

/// The instruction sets that this machine and build have, by the names of the option `isa`.
inline std::vector<std::string> instruction_sets() {
  std::vector<std::string> usable;
  for (const char* name : {"avx512", "avx2", "sse4", "ssse3", "neon"})
    if (host::Provider::create({cpu_blas_path(), {{"isa", name}}}).is_ok()) usable.push_back(name);
  return usable;
}

/// A session of the built model on cpu_blas alone, on an instruction set or the best. `rewrite`: SessionOptions's
/// rewrite_graph; without it channels stay where the model has them.
inline std::unique_ptr<host::Session> open_on_cpu_blas(GraphBuilder& b, unsigned threads = 1,
                                                       const std::string& isa = "", bool rewrite = true) {
  host::SessionOptions options;
  options.providers = {{cpu_blas_path(), {}}};
  if (!isa.empty()) options.providers[0].options["isa"] = isa;
  options.threads = threads;
  options.rewrite_graph = rewrite;
  auto session = host::Session::open_model(b.build(), options);
  INFO((session.is_ok() ? std::string() : session.status().message()));
  REQUIRE(session.is_ok());
  return std::move(*session);
}

/// The only output of a run on float inputs named and shaped as the model declares, in order.
inline std::vector<float> run_floats(host::Session& session, const std::vector<std::vector<float>>& inputs,
                                     const std::vector<std::vector<int64_t>>& shapes) {
  std::vector<host::NamedTensor> named;
  for (size_t i = 0; i < inputs.size(); ++i)
    named.push_back({session.inputs()[i].name, make_tensor<float>(shapes[i], inputs[i])});
  auto results = session.run(named);
  INFO((results.is_ok() ? std::string() : results.status().message()));
  REQUIRE(results.is_ok());
  const auto span = (*results)[0].span<float>();
  return {span.begin(), span.end()};
}

/// Reproducible floats in [-1, 1].
inline std::vector<float> noise(size_t count, unsigned seed) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> values(count);
  for (float& v : values) v = uniform(generator);
  return values;
}

/// What the report calls the kernel that computes the value `output`.
inline std::string kernel_of(const host::Session& session, const std::string& output) {
  for (const host::NodePlacement& p : session.report().placement)
    if (p.node == output + "_node") return p.kernel;
  return "";
}

/// The largest difference, in units of float's epsilon times `scale`.
inline double largest_error(const std::vector<float>& actual, const std::vector<double>& expected, double scale) {
  REQUIRE(actual.size() == expected.size());
  double worst = 0;
  for (size_t i = 0; i < actual.size(); ++i)
    worst = std::max(worst, std::abs(actual[i] - expected[i]) / (1.1920929e-7 * scale));
  return worst;
}

}  // namespace tenon::test
