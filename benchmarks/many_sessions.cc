// Opens many sessions in one process over a few models, in turn, and prints what that took as JSON: a time for each and
// the private memory that all hold together. usage: many_sessions COUNT MODEL...
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <string>
#include <tenon/tenon.hpp>
#include <vector>

namespace {

/// Of this process, in bytes.
long long private_bytes() {
  std::ifstream in("/proc/self/smaps_rollup");
  long long sum = 0;
  for (std::string line; std::getline(in, line);)
    if (line.rfind("Private_Clean:", 0) == 0 || line.rfind("Private_Dirty:", 0) == 0)
      sum += std::atoll(line.c_str() + line.find(':') + 1) * 1024;
  return sum;
}

void run(size_t count, const std::vector<std::string>& models) {
  using Clock = std::chrono::steady_clock;
  std::vector<tenon::Session> sessions;
  sessions.reserve(count);
  std::vector<double> times;
  times.reserve(count);
  const tenon::Options options = std::move(tenon::Options().threads(1));
  const long long before = private_bytes();
  for (size_t i = 0; i < count; ++i) {
    const auto begin = Clock::now();
    sessions.emplace_back(models[i % models.size()], options);
    times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - begin).count());
  }
  std::printf("{\"sessions\": %zu, \"private_bytes\": %lld, \"open_ms\": [", count, private_bytes() - before);
  for (size_t i = 0; i < times.size(); ++i) std::printf("%s%.4f", i == 0 ? "" : ", ", times[i]);
  std::printf("]}\n");
}

}  // namespace

int main(int argc, char** argv) {
  const long count = argc > 2 ? std::atol(argv[1]) : 0;
  if (count < 1) {
    std::fprintf(stderr, "usage: many_sessions COUNT MODEL...\n");
    return 1;
  }
  try {
    run(static_cast<size_t>(count), {argv + 2, argv + argc});
    return 0;
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "error: %s\n", failure.what());
    return 1;
  }
}
