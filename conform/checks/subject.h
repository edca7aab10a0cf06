// The provider library that is examined, and how thoroughly. Immutable while checks run.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

namespace tenon::conform {

struct Subject {
  std::filesystem::path library;
  std::map<std::string, std::string> options;  // of the provider
  std::string oracle = "cpu_ref";              // the provider whose values are right
  uint64_t seed = 1;
  int64_t cases = 16;     // of each operator, in each check
  int64_t rounds = 1000;  // of loading and unloading
};

/// An operator in one form, as its schema or the provider's own description has it.
struct OperatorName {
  std::string domain, op_type;
  int32_t since_version = 0;

  /// "Relu-14", "com.microsoft.Gelu-1".
  std::string text() const {
    return (domain.empty() ? "" : domain + ".") + op_type + "-" + std::to_string(since_version);
  }
};

}  // namespace tenon::conform
