#include "conform/checks/nodes/node_check.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <tenon/tenon.hpp>

#include "host/base/status.h"
#include "tools/support/compare.h"
#include "tools/support/data_set.h"

namespace tenon::conform {
namespace {

namespace fs = std::filesystem;
using host::concat;

/// The files of a test in a folder that goes with this.
class UnpackedTest {
 public:
  explicit UnpackedTest(const NodeTest& test) {
    std::string pattern = (fs::temp_directory_path() / "tenon-conform-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw Breach("kit-error", "no folder can be made for the test's files");
    folder_ = pattern;
    for (const NodeTest::File& file : test.files) {
      fs::create_directories((folder_ / file.path).parent_path());
      std::ofstream out(folder_ / file.path, std::ios::binary);
      out.write(file.bytes.data(), static_cast<std::streamsize>(file.bytes.size()));
    }
  }
  UnpackedTest(const UnpackedTest&) = delete;
  UnpackedTest& operator=(const UnpackedTest&) = delete;
  ~UnpackedTest() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  const fs::path& folder() const { return folder_; }

 private:
  fs::path folder_;
};

std::string provider_of(const Subject& subject) {
  std::string provider = subject.library.string();
  char separator = ':';
  for (const auto& [name, value] : subject.options) {
    provider += concat(std::string(1, separator), name, "=", value);
    separator = ';';
  }
  return provider;
}

Outcome run_test(const Subject& subject, const NodeTest& test, const fs::path& folder) {
  std::optional<Session> session;
  try {
    session.emplace((folder / "model.onnx").string(), Options().providers(provider_of(subject)).threads(2));
  } catch (const Error& failure) {
    if (failure.code() == TENON_NO_KERNEL || failure.code() == TENON_UNSUPPORTED)
      return Outcome::unsupported(failure.what());
    return Outcome::fail("node-test", concat("opening fails: ", failure.what()));
  }
  const tools::Tolerance tolerance{test.relative_tolerance, test.absolute_tolerance};
  for (const fs::path& set_folder : tools::find_data_sets(folder)) {
    const tools::DataSet set = tools::read_data_set(set_folder, *session);
    try {
      const Results outputs = session->run_values(set.inputs);
      if (outputs.size() != set.outputs.size())
        return Outcome::fail("node-test", concat("got ", outputs.size(), " outputs, expected ", set.outputs.size()));
      for (size_t i = 0; i < outputs.size(); ++i)
        if (const auto result = tools::compare(outputs.value(i), set.outputs[i].value, tolerance); !result.equal)
          return Outcome::fail("node-test", concat("output '", set.outputs[i].name, "' ", result.reason));
    } catch (const Error& failure) {
      return Outcome::fail("node-test", concat("the run fails: ", failure.what()));
    }
  }
  return Outcome::pass();
}

}  // namespace

Outcome check_node_test(const Subject& subject, const NodeTest& test) {
  const UnpackedTest unpacked(test);
  try {
    return run_test(subject, test, unpacked.folder());
  } catch (const std::exception& failure) {
    return Outcome::fail("node-test", failure.what());
  }
}

}  // namespace tenon::conform
