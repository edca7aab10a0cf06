// Test data sets as ONNX lays them out: a folder with input_0.pb, input_1.pb ... and output_0.pb ..., in the order of
// the model's inputs and outputs. Thread-safe.
#pragma once

#include <filesystem>
#include <string>
#include <tenon/tenon.hpp>
#include <vector>

#include "tools/support/compare.h"

namespace tenon::tools {

struct DataSet {
  std::filesystem::path folder;
  std::vector<NamedValue> inputs;
  std::vector<NamedValue> outputs;
};

/// The data set folders of `folder`: itself when it holds input_*.pb or output_*.pb files, else its test_data_set_*
/// folders in order. TENON_NOT_FOUND when there is neither.
std::vector<std::filesystem::path> find_data_sets(const std::filesystem::path& folder);

/// Reads one data set and names its values by the session's inputs and outputs.
DataSet read_data_set(const std::filesystem::path& folder, const Session& session);

}  // namespace tenon::tools
