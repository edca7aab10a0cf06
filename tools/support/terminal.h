// What the terminal can show: colours, and progress of anything that takes over a second. Both only on a terminal;
// NO_COLOR is honoured. The platform's part is in terminal_posix.cc.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace tenon::tools {

/// True when standard output is a terminal that wants colours.
bool colours_on_output();
/// True when standard error is a terminal.
bool errors_on_terminal();

/// The text in bold, when colours_on_output().
std::string bold(const std::string& text);

/// Shows `label` and the seconds passed on standard error from the first second on, until it is destroyed. Does nothing
/// when standard error is no terminal. set_label may be called from any thread.
class Progress {
 public:
  explicit Progress(std::string label);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void set_label(std::string label);

 private:
  void show();

  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::mutex mutex_;
  std::condition_variable stop_;
  std::string label_;
  bool stopped_ = false;
  std::thread thread_;
};

}  // namespace tenon::tools
