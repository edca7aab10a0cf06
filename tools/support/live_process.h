// A process of this same command that holds what it has opened while its memory is read. Used by one thread.
#pragma once

#include <string>
#include <tenon/tenon.hpp>
#include <vector>

namespace tenon::tools {

/// The line by which a process tells that it holds.
inline constexpr char kSessionReady[] = "SESSION_READY";

/// The arguments that this process was started with, without its name.
std::vector<std::string> own_arguments();

class LiveProcess {
 public:
  /// Starts this executable with the arguments. It ends with its parent at the latest.
  static LiveProcess start(const std::vector<std::string>& arguments);
  LiveProcess(LiveProcess&& other) noexcept;
  LiveProcess& operator=(LiveProcess&&) = delete;
  ~LiveProcess();  // ends it

  /// What it printed before kSessionReady. TENON_INTERNAL when it ended without.
  std::string wait_until_ready();
  MemoryUse memory() const;

 private:
  LiveProcess(int pid, int output) : pid_(pid), output_(output) {}
  int pid_;
  int output_;  // reads its standard output
};

}  // namespace tenon::tools
