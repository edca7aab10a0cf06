// Times of one run, for a Chrome trace. For one thread, the one of the run.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/base/status.h"
#include "host/runtime/trace_file.h"

namespace tenon::host {

class Profiler {
 public:
  using Clock = TraceFile::Clock;

  Profiler() : start_(Clock::now()) {}

  /// What is known of a step before it runs.
  struct StepInfo {
    std::string name;
    std::string op_type;
    std::string provider;
    std::string input_shapes;
  };
  /// What a step did, as far as that is known.
  struct Counters {
    std::optional<uint64_t> flops, bytes;
  };
  /// Steps that begin before it ends lie within it.
  void begin_step(StepInfo info);
  /// Ends the phase before it, if any, and begins one of that name within the step.
  void begin_phase(std::string_view name);
  /// Ends the step and its last phase.
  void end_step();
  /// Of the step that ended last; apart from its end, as finding this out is none of its time. `output_shapes`: for
  /// people, like StepInfo::input_shapes.
  void describe_step(std::string output_shapes, const Counters& counters);

  /// The run has ended; to be called before it is told of.
  void end_run() { end_us_ = now_us(); }

  /// The whole run, named by `model`, then all that was recorded within it.
  std::vector<TraceEvent> events(Clock::time_point since, const std::string& model) const;
  /// The same as a file of its own. TN_NOT_FOUND when it cannot be made.
  Status write(const std::filesystem::path& path, const std::string& model) const;

 private:
  struct Event {
    std::string name;
    double begin_us = 0, end_us = 0;
    bool is_step = false;
    StepInfo info;
    std::string output_shapes;
    Counters counters;
  };
  double now_us() const { return std::chrono::duration<double, std::micro>(Clock::now() - start_).count(); }
  void end_phase();

  Clock::time_point start_;
  double end_us_ = 0;
  std::vector<Event> events_;
  std::vector<size_t> open_steps_;  // places in events_
  size_t ended_step_ = 0;           // likewise
  bool phase_open_ = false;
};

}  // namespace tenon::host
