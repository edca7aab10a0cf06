// The options that every subcommand which opens a model shares. Used by one thread.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <map>
#include <string>
#include <tenon/tenon.hpp>
#include <vector>

namespace tenon::tools {

/// Accepts the decimal numbers from least to most, and says so of anything else.
CLI::Validator whole_number(int64_t least, int64_t most);

class SessionFlags {
 public:
  std::filesystem::path model;
  int64_t timeout_ms = -1;  // none; for a TimeLimit, which the command makes before it opens the model

  /// The model, the options of a session and the time limit. Both: this object must stay where it is.
  void add_to(CLI::App& command);
  /// Every option of a session that the table has a flag of.
  void add_session_options(CLI::App& command);
  Options options() const;
  /// The command line that gives another command the same options().
  std::vector<std::string> arguments() const;
  /// Opens the model, with progress on a terminal.
  Session open(const Options& options) const;
  /// To look at a model, also one with nodes that no provider takes.
  Session inspect(const Options& options) const;

 private:
  struct Given {
    std::string text;  // "": it was not given
    bool is_set = false;
  };
  std::map<std::string, Given> given_;  // by the option's name
};

}  // namespace tenon::tools
