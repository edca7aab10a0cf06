// Sessions whose provider runs in a worker process, for tests. Their crashes are remembered in a folder of the test's.
#pragma once

#include <cstdlib>
#include <memory>
#include <string>

#include "host/session/session.h"
#include "tests/host/plugins/plugin_files.h"
#include "tests/support/graph_builder.h"
#include "tests/support/temp_folder.h"

namespace tenon::test {

/// A variable of the environment, which workers are started with, as long as it lives.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) { setenv(name, value.c_str(), 1); }
  ~Variable() { unsetenv(name_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  const char* name_;
};

/// A cache folder of the test's own, with what it says of crashes.
class CrashFolder {
 public:
  CrashFolder() : before_(text_of(std::getenv("TENON_CACHE_DIR"))) {
    setenv("TENON_CACHE_DIR", folder_.path().c_str(), 1);
  }
  ~CrashFolder() {
    if (before_.empty()) {
      unsetenv("TENON_CACHE_DIR");
    } else {
      setenv("TENON_CACHE_DIR", before_.c_str(), 1);
    }
  }
  CrashFolder(const CrashFolder&) = delete;
  CrashFolder& operator=(const CrashFolder&) = delete;

 private:
  static std::string text_of(const char* text) { return text != nullptr ? text : ""; }

  TempFolder folder_;
  const std::string before_;
};

inline host::SessionOptions on_worker(const std::string& library) {
  host::SessionOptions options;
  options.providers = {{library, {}}};
  options.isolate = library;
  options.threads = 2;
  return options;
}

/// y = Relu(x) of so many floats.
inline std::unique_ptr<host::Model> relu_model(int64_t elements = 4) {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {elements});
  b.node("Relu", {"x"}, {"y"});
  b.output("y");
  return b.build();
}

}  // namespace tenon::test
