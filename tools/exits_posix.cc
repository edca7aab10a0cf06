// How a provider may end the command without a signal. exit() and quick_exit() call handlers; _exit() and _Exit() call
// none, so the command has its own, which libraries that it loads are bound to. The command fails then, whatever they
// say.
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <tenon/tenon.hpp>

#include "tools/exits.h"

namespace {

[[noreturn]] void end_process(int code) {
  for (;;) syscall(SYS_exit_group, code);
}

[[noreturn]] void end_from(const char* function, int code) {
  const bool is_in_call = tenon_crash_report_ended_by(function) != 0;
  end_process(is_in_call && code == 0 ? 1 : code);
}

}  // namespace

extern "C" {

TENON_API void _exit(int code) {
  end_from("_exit()", code);
}

TENON_API void _Exit(int code) noexcept {
  end_from("_Exit()", code);
}

}  // extern "C"

namespace tenon::tools {

void watch_exits() {
  // Called last, as the first to be registered.
  std::atexit([] {
    if (tenon_crash_report_ended_by("exit()") != 0) end_process(1);
  });
  std::at_quick_exit([] {
    if (tenon_crash_report_ended_by("quick_exit()") != 0) end_process(1);
  });
}

}  // namespace tenon::tools
