// The options that every subcommand which opens a model shares. Used by one thread.
#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>

#include "host/base/status.h"
#include "host/session/session.h"

namespace tenon::tools {

/// Accepts the decimal numbers from least to most, and says so of anything else.
CLI::Validator whole_number(int64_t least, int64_t most);

struct SessionFlags {
  std::filesystem::path model;
  std::string providers;
  unsigned threads = 0;
  std::filesystem::path external_data_root;
  std::string pack_mode;  // empty: as the environment says
  std::filesystem::path cache_folder;
  host::MemoryPolicy memory;
  int64_t timeout_ms = -1;  // none; for a TimeLimit, which the command makes before it opens the model

  void add_to(CLI::App& command);
  /// Only those that do not regard a model.
  void add_provider_options(CLI::App& command);
  host::Result<host::SessionOptions> options() const;
  /// Opens the model, with progress on a terminal.
  host::Result<std::unique_ptr<host::Session>> open(host::SessionOptions options) const;
};

}  // namespace tenon::tools
