// A model with one weight worth packing, for tests of packs through sessions.
#pragma once

#include "host/session/session.h"
#include "tests/support/onnx_models.h"

namespace tenon::test {

constexpr int64_t kProductInputs = 64, kProductOutputs = 48;

/// y (1 x outputs) = x (1 x 64) W + 0.5. Another seed gives another W and no other size. Serialized.
inline std::string product_model(float seed, int64_t outputs = kProductOutputs) {
  std::vector<float> w(static_cast<size_t>(kProductInputs * outputs));
  for (size_t i = 0; i < w.size(); ++i) w[i] = seed + static_cast<float>(i % 7) - 3;
  onnx::ModelProto model = empty_model();
  auto& graph = *model.mutable_graph();
  set_float_type(*graph.add_input(), "x", {1, kProductInputs});
  set_float_type(*graph.add_output(), "y", {1, outputs});
  add_initializer(graph, "w", onnx::TensorProto::FLOAT, {kProductInputs, outputs}).set_raw_data(raw_bytes(w));
  add_initializer(graph, "b", onnx::TensorProto::FLOAT, {outputs})
      .set_raw_data(raw_bytes(std::vector<float>(static_cast<size_t>(outputs), 0.5f)));
  add_node(graph, "MatMul", {"x", "w"}, {"m"});
  add_node(graph, "Add", {"m", "b"}, {"y"});
  return model.SerializeAsString();
}

/// On the real providers, one thread; packs of any size are made, in `cache`.
inline host::SessionOptions packing_options(const std::filesystem::path& cache,
                                            host::PackMode mode = host::PackMode::kAuto) {
  host::SessionOptions options;
  const std::string libraries = TENON_BINARY_DIR "/lib/tenon/providers/lib";
  options.providers = {{libraries + "cpu_blas.so", {}}, {libraries + "cpu_ref.so", {}}};
  options.threads = 1;
  options.pack.mode = mode;
  options.pack.folder = cache;
  options.pack.min_source_bytes = 0;
  return options;
}

/// The bytes of y for an x of 0.1, 0.2 and so on; empty when the run fails.
inline std::string product_answer(host::Session& session) {
  std::vector<float> x(kProductInputs);
  for (size_t i = 0; i < x.size(); ++i) x[i] = 0.1f * static_cast<float>(i + 1);
  const std::vector<host::NamedTensor> inputs = {
      {"x", host::Tensor(TN_FLOAT, {1, kProductInputs}, x.data(), x.size() * sizeof(float), nullptr,
                         host::Residence::kBorrowed)}};
  const auto results = session.run(inputs);
  if (!results.is_ok()) return "";
  const auto& y = results->at(0);
  return {static_cast<const char*>(y.data()), y.byte_length()};
}

}  // namespace tenon::test
