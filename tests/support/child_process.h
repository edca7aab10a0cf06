// Runs a piece of a test in a child process: what may end a process, changes its signal handlers or measures its heap.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <sstream>
#include <string>

#include "tests/support/temp_folder.h"

namespace tenon::test {

/// "exit 0", "signal 7". The body returns the exit code; 99 stands for an exception.
template <typename Body>
std::string ending_of_child(Body&& body) {
  std::fflush(nullptr);  // or the child would write what was left in the buffers once more
  const pid_t child = fork();
  if (child == 0) {
    try {
      _exit(body());
    } catch (const std::exception& failure) {
      std::fprintf(stderr, "in the child: %s\n", failure.what());
      _exit(99);
    }
  }
  REQUIRE(child > 0);
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status))
                             : "exit " + std::to_string(WEXITSTATUS(status));
}

/// Runs the test case that calls this again in a program of its own, checks that it passes there and gives true: the
/// caller is done. In that program it gives false, and the caller goes on. A fork alone keeps what earlier tests left
/// on the heap: blocks that they freed are used again, with pages that are there already.
inline bool is_done_in_own_program() {
  constexpr char kMark[] = "TENON_TEST_IN_OWN_PROGRAM";
  if (std::getenv(kMark) != nullptr) return false;
  const std::string name = '"' + Catch::getResultCapture().getCurrentTestName() + '"';
  const TempFolder folder;
  const auto report = folder.path() / "report";
  const std::string ending = ending_of_child([&] {
    setenv(kMark, "1", 1);
    execl("/proc/self/exe", "tenon_tests", name.c_str(), "--warn", "NoTests", "-o", report.c_str(), nullptr);
    return 98;
  });
  std::stringstream text;
  text << std::ifstream(report).rdbuf();
  INFO(text.str());
  CHECK(ending == "exit 0");
  return true;
}

}  // namespace tenon::test
