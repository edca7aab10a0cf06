// Runs a function in a child process, for what may crash, exit or hang. Used by one thread, while it is the only one.
#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace tenon::tools {

struct Isolated {
  std::string written;  // what the function returned; empty unless it came back
  std::string
      ending;  // how the child ended otherwise: "was ended by signal 11 (Segmentation fault)"; empty: it did not
};

/// The text that `function` returns in the child. A child that takes longer than `limit` is killed.
Isolated run_isolated(const std::function<std::string()>& function, std::chrono::milliseconds limit);

}  // namespace tenon::tools
