#include "host/runtime/profiler.h"

namespace tenon::host {

void Profiler::begin_step(StepInfo info) {
  Event event;
  event.name = info.name;
  event.is_step = true;
  event.info = std::move(info);
  open_steps_.push_back(events_.size());
  events_.push_back(std::move(event));
  events_.back().begin_us = now_us();
}

void Profiler::end_phase() {
  if (phase_open_) events_.back().end_us = now_us();
  phase_open_ = false;
}

void Profiler::begin_phase(std::string_view name) {
  end_phase();
  Event event;
  event.name = name;
  event.begin_us = now_us();
  events_.push_back(std::move(event));
  phase_open_ = true;
}

void Profiler::end_step() {
  end_phase();
  ended_step_ = open_steps_.back();
  open_steps_.pop_back();
  events_[ended_step_].end_us = now_us();
}

void Profiler::describe_step(std::string output_shapes, const Counters& counters) {
  events_[ended_step_].output_shapes = std::move(output_shapes);
  events_[ended_step_].counters = counters;
}

std::vector<TraceEvent> Profiler::events(Clock::time_point since, const std::string& model) const {
  const double shift = std::chrono::duration<double, std::micro>(start_ - since).count();
  std::vector<TraceEvent> made;
  made.reserve(1 + events_.size());
  made.push_back({"run " + model, "run", shift, shift + end_us_});
  for (const Event& e : events_) {
    made.push_back({e.name, e.is_step ? "node" : "phase", shift + e.begin_us, shift + e.end_us});
    if (!e.is_step) continue;
    made.back().facts = {{"op_type", e.info.op_type},
                         {"provider", e.info.provider},
                         {"input_shapes", e.info.input_shapes},
                         {"output_shapes", e.output_shapes}};
    if (e.counters.flops) made.back().counts.emplace_back("flops", *e.counters.flops);
    if (e.counters.bytes) made.back().counts.emplace_back("bytes", *e.counters.bytes);
  }
  return made;
}

Status Profiler::write(const std::filesystem::path& path, const std::string& model) const {
  TENON_ASSIGN_OR_RETURN(const auto file, TraceFile::create(path, start_));
  file->add(events(start_, model));
  return file->end();
}

}  // namespace tenon::host
