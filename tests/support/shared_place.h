// A folder of packs in the system's shared memory that lives as long as one test, named by TENON_SHM_DIR.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <stdexcept>
#include <string>

namespace tenon::test {

class SharedPlace {
 public:
  SharedPlace() {
    std::string pattern = "/dev/shm/tenon_test_XXXXXX";
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no folder in /dev/shm");
    root_ = pattern;
    if (const char* value = getenv("TENON_SHM_DIR")) before_ = value;
    setenv("TENON_SHM_DIR", path().c_str(), 1);
  }
  ~SharedPlace() {
    setenv("TENON_SHM_DIR", before_.c_str(), 1);
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }
  SharedPlace(const SharedPlace&) = delete;
  SharedPlace& operator=(const SharedPlace&) = delete;

  /// Not made yet.
  std::filesystem::path path() const { return root_ / "packs"; }

 private:
  std::filesystem::path root_;
  std::string before_;
};

}  // namespace tenon::test
