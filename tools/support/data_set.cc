#include "tools/support/data_set.h"

#include <algorithm>

#include "host/formats/onnx/value_reader.h"

namespace tenon::tools {
namespace {

namespace fs = std::filesystem;
using host::concat;
using host::Result;
using host::Status;

bool holds_tensors(const fs::path& folder) {
  std::error_code ignored;
  return fs::exists(folder / "input_0.pb", ignored) || fs::exists(folder / "output_0.pb", ignored);
}

// How many of stem_0.pb, stem_1.pb ... there are.
size_t count_of(const fs::path& folder, const std::string& stem) {
  std::error_code ignored;
  size_t count = 0;
  while (fs::exists(folder / concat(stem, "_", count, ".pb"), ignored)) ++count;
  return count;
}

// The inputs that the set's files are of, in order: all, or those without a default when there are no files for more.
std::vector<host::Port> inputs_of_set(const fs::path& folder, const std::vector<host::Port>& all) {
  std::vector<host::Port> asked;
  std::copy_if(all.begin(), all.end(), std::back_inserter(asked), [](const host::Port& p) { return !p.has_default; });
  return count_of(folder, "input") > asked.size() ? all : asked;
}

// Reads stem_0.pb, stem_1.pb ... as long as they exist, into values named by `ports`.
Status read_series(const fs::path& folder, const std::string& stem, const std::vector<host::Port>& ports,
                   std::vector<host::NamedValue>& values) {
  for (size_t i = 0;; ++i) {
    const fs::path file = folder / concat(stem, "_", i, ".pb");
    std::error_code ignored;
    if (!fs::exists(file, ignored)) break;
    if (i >= ports.size())
      return host::error(TN_INVALID_ARGUMENT, file.string(), " has no counterpart: the model has ", ports.size(), " ",
                         stem, "s; is it the data set of another model?");
    auto value = host::read_value_proto(file, ports[i].type);
    if (!value.is_ok()) return value.status().with_context(file.string());
    values.push_back({ports[i].name, std::move(*value)});
  }
  return {};
}

}  // namespace

Result<std::vector<fs::path>> find_data_sets(const fs::path& folder) {
  if (holds_tensors(folder)) return std::vector<fs::path>{folder};
  std::vector<fs::path> found;
  std::error_code failure;
  for (const auto& entry : fs::directory_iterator(folder, failure))
    if (entry.path().filename().string().starts_with("test_data_set") && holds_tensors(entry.path()))
      found.push_back(entry.path());
  if (found.empty())
    return host::error(TN_NOT_FOUND, "'", folder.string(),
                       "' is no ONNX test data set: expected input_0.pb and output_0.pb in it, or folders named "
                       "test_data_set_0 ... that hold them",
                       failure ? " (" + failure.message() + ")" : "");
  std::sort(found.begin(), found.end());
  return found;
}

Result<DataSet> read_data_set(const fs::path& folder, const host::Session& session) {
  DataSet set;
  set.folder = folder;
  TENON_RETURN_IF_ERROR(read_series(folder, "input", inputs_of_set(folder, session.inputs()), set.inputs));
  TENON_RETURN_IF_ERROR(read_series(folder, "output", session.outputs(), set.outputs));
  if (set.outputs.empty())
    return host::error(TN_NOT_FOUND, "'", folder.string(), "' has no output_0.pb, so there is nothing to compare with");
  return set;
}

}  // namespace tenon::tools
