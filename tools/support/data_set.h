// Test data sets as ONNX lays them out: a folder with input_0.pb, input_1.pb ... and output_0.pb ..., in the order of
// the model's inputs and outputs. Thread-safe.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "host/base/status.h"
#include "host/session/session.h"
#include "tools/support/compare.h"

namespace tenon::tools {

struct DataSet {
  std::filesystem::path folder;
  std::vector<host::NamedValue> inputs;
  std::vector<host::NamedValue> outputs;
};

/// The data set folders of `folder`: itself when it holds input_*.pb or output_*.pb files, else its test_data_set_*
/// folders in order. TN_NOT_FOUND when there is neither.
host::Result<std::vector<std::filesystem::path>> find_data_sets(const std::filesystem::path& folder);

/// Reads one data set and names its values by the session's inputs and outputs.
host::Result<DataSet> read_data_set(const std::filesystem::path& folder, const host::Session& session);

}  // namespace tenon::tools
