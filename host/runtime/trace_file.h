// A Chrome trace (chrome://tracing, ui.perfetto.dev) that is written to its file as its events come. Thread-safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "host/base/status.h"

namespace tenon::host {

/// Something that took time. Microseconds since the trace's start.
struct TraceEvent {
  std::string name;
  const char* category;
  double begin_us, end_us;
  std::vector<std::pair<const char*, std::string>> facts = {};
  std::vector<std::pair<const char*, uint64_t>> counts = {};
};

class TraceFile {
 public:
  using Clock = std::chrono::steady_clock;

  /// Replaces what the file held. TN_NOT_FOUND when it cannot be made.
  static Result<std::unique_ptr<TraceFile>> create(std::filesystem::path path, Clock::time_point start);
  /// Ends the file, whatever becomes of it.
  ~TraceFile();

  const std::filesystem::path& path() const { return path_; }
  Clock::time_point start() const { return start_; }
  /// Writes events of the calling thread, those within others after these. Nothing once the file has ended.
  void add(std::span<const TraceEvent> events);
  /// Makes the file whole; more often than once, too. TN_NOT_FOUND when something could not be written.
  Status end();

 private:
  TraceFile(std::filesystem::path path, Clock::time_point start);
  Status failure() const;

  const std::filesystem::path path_;
  const Clock::time_point start_;
  std::mutex mutex_;
  // Guarded by mutex_.
  std::ofstream file_;
  bool has_events_ = false, has_ended_ = false;
};

}  // namespace tenon::host
