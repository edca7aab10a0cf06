// A small model on the provider inside this program, its packs, and what opening it answers, for tests of what may
// befall packs. Nothing here asserts, so threads and child processes may use all of it.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "host/session/session.h"
#include "tests/support/onnx_models.h"
#include "tests/support/sanitized.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_provider.h"

namespace tenon::test {

/// y = x W + v: x of 1 x 4, W is packed, v is read where it lies.
struct SmallModel {
  static constexpr int64_t kRows = 4;

  /// Of W and v. Just so many that the plan does not hold them; few: it does.
  int64_t columns = 260;
  /// Other values, in a file of the same size.
  float seed = 1;
  /// The file beside the model that holds W and then v; empty: the model holds them itself.
  std::string data_file;

  static std::vector<float> values(int64_t count, float seed) {
    std::vector<float> values(static_cast<size_t>(count));
    for (size_t i = 0; i < values.size(); ++i) values[i] = seed + static_cast<float>(i % 13) / 4;
    return values;
  }

  std::string data() const { return raw_bytes(values(kRows * columns, seed)) + raw_bytes(values(columns, seed + 100)); }

  std::filesystem::path write(const TempFolder& folder, const std::string& name = "m.onnx") const {
    onnx::ModelProto model = empty_model();
    onnx::GraphProto& graph = *model.mutable_graph();
    set_float_type(*graph.add_input(), "x", {1, kRows});
    set_float_type(*graph.add_output(), "y", {1, columns});
    auto& w = add_initializer(graph, "w", onnx::TensorProto::FLOAT, {kRows, columns});
    auto& v = add_initializer(graph, "v", onnx::TensorProto::FLOAT, {columns});
    const size_t split = static_cast<size_t>(kRows * columns) * sizeof(float);
    if (data_file.empty()) {
      w.set_raw_data(data().substr(0, split));
      v.set_raw_data(data().substr(split));
    } else {
      set_external(w, {{"location", data_file}, {"offset", "0"}, {"length", std::to_string(split)}});
      set_external(v, {{"location", data_file}, {"offset", std::to_string(split)}});
      folder.write((std::filesystem::path(name).parent_path() / data_file).string(), data());
    }
    add_node(graph, "MatMul", {"x", "w"}, {"m"});
    add_node(graph, "Add", {"m", "v"}, {"y"});
    return folder.write(name, model.SerializeAsString());
  }

  /// The answer to an input of ones, in the order in which the kernels add.
  std::vector<float> answer() const {
    const auto w = values(kRows * columns, seed), v = values(columns, seed + 100);
    std::vector<float> y(static_cast<size_t>(columns), 0);
    for (size_t n = 0; n < y.size(); ++n) {
      for (size_t k = 0; k < kRows; ++k) y[n] += w[k * y.size() + n];
      y[n] += v[n];
    }
    return y;
  }
};

inline host::SessionOptions small_options(const std::filesystem::path& cache,
                                          host::PackMode mode = host::PackMode::kAuto) {
  host::SessionOptions options;
  options.provider_tables = {&test_provider()};
  options.threads = 1;
  options.pack.mode = mode;
  options.pack.folder = cache;
  options.pack.min_source_bytes = 0;
  return options;
}

inline host::Result<std::vector<float>> answer_of(host::Session& session) {
  const std::vector<host::NamedTensor> inputs = {
      floats("x", {1, SmallModel::kRows}, std::vector<float>(SmallModel::kRows, 1))};
  TENON_ASSIGN_OR_RETURN(const auto results, session.run(inputs));
  return values_of(results[0]);
}

/// What a session that was opened, run and closed had to say.
struct Opened {
  host::Status status;        // of open and run
  std::vector<float> answer;  // when both succeeded
  std::string state, reason;  // of the pack
};

inline Opened open_and_run(const std::filesystem::path& model, const host::SessionOptions& options) {
  Opened opened;
  const auto session = host::Session::open(model, options);
  opened.status = session.status();
  if (!session.is_ok()) return opened;
  const host::PackEntry pack = (*session)->report().pack;
  opened.state = pack.state;
  opened.reason = pack.reason;
  auto answer = answer_of(**session);
  opened.status = answer.status();
  if (answer.is_ok()) opened.answer = std::move(*answer);
  return opened;
}

inline std::vector<std::filesystem::path> files_with(const std::filesystem::path& folder, const std::string& suffix) {
  std::vector<std::filesystem::path> files;
  std::error_code failed;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, failed))
    if (entry.path().extension() == suffix) files.push_back(entry.path());
  return files;
}

inline std::string content_of(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace tenon::test
