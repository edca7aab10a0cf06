#include "host/runtime/profiler.h"

#include <fstream>

#include "host/report/json_text.h"
#include "host/threads/thread_id.h"

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

void Profiler::end_step(std::string output_shapes) {
  end_phase();
  Event& step = events_[open_steps_.back()];
  open_steps_.pop_back();
  step.end_us = now_us();
  step.output_shapes = std::move(output_shapes);
}

Status Profiler::write(const std::filesystem::path& path, const std::string& model) const {
  const int64_t process = current_process_id(), thread = current_thread_id();
  JsonText json;
  const auto begin_event = [&](const std::string& name, const char* category, double begin, double end) {
    json.member("name", name).member("cat", category).member("ph", "X").member("ts", begin).member("dur", end - begin);
    json.member("pid", process).member("tid", thread);
  };
  const auto write_event = [&](const Event& e) {
    begin_event(e.name, e.is_step ? "node" : "phase", e.begin_us, e.end_us);
    if (!e.is_step) return;
    json.key("args").object([&] {
      json.member("op_type", e.info.op_type).member("provider", e.info.provider);
      json.member("input_shapes", e.info.input_shapes).member("output_shapes", e.output_shapes);
    });
  };
  json.object([&] {
    json.member("displayTimeUnit", "ms").key("traceEvents").list([&] {
      json.item().object([&] { begin_event("run " + model, "run", 0, now_us()); });
      for (const Event& e : events_) json.item().object([&] { write_event(e); });
    });
  });
  std::ofstream file(path);
  file << json.text() << '\n';
  file.close();
  if (!file) return error(TN_NOT_FOUND, "cannot write the profile '", path.string(), "': is the folder there?");
  return {};
}

}  // namespace tenon::host
