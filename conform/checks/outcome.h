// What came of a check.
#pragma once

#include <stdexcept>
#include <string>

namespace tenon::conform {

struct Outcome {
  enum class Kind {
    kPass,
    kFail,         // the provider breaks a rule: `finding` is its name
    kUnsupported,  // the provider says that it does not do this, and nothing can be checked
    kExcluded      // not run, or not counted: `message` says why
  };
  Kind kind = Kind::kPass;
  std::string finding;  // of kFail: "writes-input"; the same breach has the same name in every operator
  std::string message;  // what was done, found and expected; how it is replayed is the runner's to add

  static Outcome pass(std::string message = {}) { return {Kind::kPass, {}, std::move(message)}; }
  static Outcome fail(std::string finding, std::string message) {
    return {Kind::kFail, std::move(finding), std::move(message)};
  }
  static Outcome unsupported(std::string message) { return {Kind::kUnsupported, {}, std::move(message)}; }
  static Outcome excluded(std::string message) { return {Kind::kExcluded, {}, std::move(message)}; }
};

/// A breach that was met where nothing can go on.
class Breach : public std::runtime_error {
 public:
  Breach(std::string finding, const std::string& message) : std::runtime_error(message), finding_(std::move(finding)) {}
  const std::string& finding() const { return finding_; }

 private:
  std::string finding_;
};

/// "PASS", "FAIL", "UNSUPPORTED", "EXCLUDED".
const char* kind_name(Outcome::Kind kind);

}  // namespace tenon::conform
