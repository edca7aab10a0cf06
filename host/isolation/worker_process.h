// A worker process: its life from start to end. Thread-safe but for its start.
#pragma once

#include <filesystem>
#include <mutex>
#include <string>

#include "host/base/status.h"
#include "host/isolation/channel.h"

namespace tenon::host {

class WorkerProcess {
 public:
  /// Starts the program `tenon-worker` of this installation. TN_NOT_FOUND names where it was looked for.
  static Result<std::unique_ptr<WorkerProcess>> start();
  /// Lets the worker end by itself, and ends it where that takes too long.
  ~WorkerProcess();

  Channel& channel() { return channel_; }
  /// thread: any. It gets no time to tidy up.
  void kill();
  /// After the channel was closed from the other side: how the process ended, in words that follow "its worker
  /// process". `is_fault`: it did not end because of kill(), nor because a file that it maps was cut short.
  std::string ending(bool* is_fault);

 private:
  WorkerProcess(Channel channel, int id) : channel_(std::move(channel)), id_(id) {}
  bool wait(int patience_ms);

  Channel channel_;
  const int id_;
  std::mutex mutex_;
  bool has_ended_ = false, was_killed_ = false;
  int status_ = 0;  // as waitpid() gives it; -1: somebody else has waited for it
};

}  // namespace tenon::host
