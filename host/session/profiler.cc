#include "host/session/profiler.h"

#include <fstream>
#include <nlohmann/json.hpp>

#include "host/session/thread_id.h"

namespace tenon::host {
namespace {

using Json = nlohmann::ordered_json;

std::string dump(const Json& json) {
  // Names come from models: bytes that are no UTF-8 must not throw.
  return json.dump(1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

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
  const auto event_json = [&](const std::string& name, const char* category, double begin, double end) {
    return Json{{"name", name},       {"cat", category}, {"ph", "X"},    {"ts", begin},
                {"dur", end - begin}, {"pid", process},  {"tid", thread}};
  };
  Json events = Json::array();
  events.push_back(event_json("run " + model, "run", 0, now_us()));
  for (const Event& e : events_) {
    Json json = event_json(e.name, e.is_step ? "node" : "phase", e.begin_us, e.end_us);
    if (e.is_step)
      json["args"] = {{"op_type", e.info.op_type},
                      {"provider", e.info.provider},
                      {"input_shapes", e.info.input_shapes},
                      {"output_shapes", e.output_shapes}};
    events.push_back(std::move(json));
  }
  std::ofstream file(path);
  file << dump({{"displayTimeUnit", "ms"}, {"traceEvents", std::move(events)}}) << '\n';
  file.close();
  if (!file) return error(TN_NOT_FOUND, "cannot write the profile '", path.string(), "': is the folder there?");
  return {};
}

}  // namespace tenon::host
