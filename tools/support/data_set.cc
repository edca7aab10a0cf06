#include "tools/support/data_set.h"

#include <algorithm>

#include "tools/support/text.h"

namespace tenon::tools {
namespace {

namespace fs = std::filesystem;

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
std::vector<Port> inputs_of_set(const fs::path& folder, const std::vector<Port>& all) {
  std::vector<Port> asked;
  std::copy_if(all.begin(), all.end(), std::back_inserter(asked), [](const Port& p) { return !p.is_optional; });
  return count_of(folder, "input") > asked.size() ? all : asked;
}

// Reads stem_0.pb, stem_1.pb ... as long as they exist, as values named by `ports`.
std::vector<NamedValue> read_series(const fs::path& folder, const std::string& stem, const std::vector<Port>& ports) {
  std::vector<NamedValue> values;
  for (size_t i = 0;; ++i) {
    const fs::path file = folder / concat(stem, "_", i, ".pb");
    std::error_code ignored;
    if (!fs::exists(file, ignored)) break;
    if (i >= ports.size())
      fail(TENON_INVALID_ARGUMENT, file.string(), " has no counterpart: the model has ", ports.size(), " ", stem,
           "s; is it the data set of another model?");
    const auto read = [&] { return Value::read(file.string(), ports[i].value_type()); };
    values.push_back({ports[i].name, in_context(file.string(), read)});
  }
  return values;
}

}  // namespace

std::vector<fs::path> find_data_sets(const fs::path& folder) {
  if (holds_tensors(folder)) return {folder};
  std::vector<fs::path> found;
  std::error_code failure;
  for (const auto& entry : fs::directory_iterator(folder, failure))
    if (entry.path().filename().string().starts_with("test_data_set") && holds_tensors(entry.path()))
      found.push_back(entry.path());
  if (found.empty())
    fail(TENON_NOT_FOUND, "'", folder.string(),
         "' is no ONNX test data set: expected input_0.pb and output_0.pb in it, or folders named "
         "test_data_set_0 ... that hold them",
         failure ? " (" + failure.message() + ")" : "");
  std::sort(found.begin(), found.end());
  return found;
}

DataSet read_data_set(const fs::path& folder, const Session& session) {
  DataSet set;
  set.folder = folder;
  set.inputs = read_series(folder, "input", inputs_of_set(folder, session.all_inputs()));
  set.outputs = read_series(folder, "output", session.outputs());
  if (set.outputs.empty())
    fail(TENON_NOT_FOUND, "'", folder.string(), "' has no output_0.pb, so there is nothing to compare with");
  return set;
}

}  // namespace tenon::tools
