#include "tools/support/terminal.h"

#include <cstdio>

namespace tenon::tools {

std::string bold(const std::string& text) {
  static const bool colours = colours_on_output();
  return colours ? "\033[1m" + text + "\033[0m" : text;
}

Progress::Progress(std::string label) : label_(std::move(label)) {
  if (errors_on_terminal()) thread_ = std::thread([this] { show(); });
}

Progress::~Progress() {
  if (!thread_.joinable()) return;
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  stop_.notify_one();
  thread_.join();
}

void Progress::set_label(std::string label) {
  std::lock_guard lock(mutex_);
  label_ = std::move(label);
}

void Progress::show() {
  constexpr std::chrono::milliseconds kPatience{1000}, kInterval{200};
  std::unique_lock lock(mutex_);
  if (stop_.wait_for(lock, kPatience, [this] { return stopped_; })) return;
  do {
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - start_;
    std::fprintf(stderr, "\r\033[K%s ... %.1f s", label_.c_str(), passed.count());
    std::fflush(stderr);
  } while (!stop_.wait_for(lock, kInterval, [this] { return stopped_; }));
  std::fputs("\r\033[K", stderr);
}

}  // namespace tenon::tools
