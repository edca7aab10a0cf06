#include "host/runtime/trace_file.h"

#include "host/base/exceptions.h"
#include "host/report/json_text.h"
#include "host/threads/thread_id.h"

namespace tenon::host {
namespace {

std::string text_of(const TraceEvent& event, int64_t process, int64_t thread) {
  JsonText json;
  json.object([&] {
    json.member("name", event.name).member("cat", event.category).member("ph", "X").member("ts", event.begin_us);
    json.member("dur", event.end_us - event.begin_us).member("pid", process).member("tid", thread);
    if (event.facts.empty() && event.counts.empty()) return;
    json.key("args").object([&] {
      for (const auto& [name, text] : event.facts) json.member(name, text);
      for (const auto& [name, count] : event.counts) json.member(name, count);
    });
  });
  return json.text();
}

}  // namespace

TraceFile::TraceFile(std::filesystem::path path, Clock::time_point start)
    : path_(std::move(path)), start_(start), file_(path_) {
  file_ << R"({"displayTimeUnit": "ms", "traceEvents": [)";
}

Result<std::unique_ptr<TraceFile>> TraceFile::create(std::filesystem::path path, Clock::time_point start) {
  std::unique_ptr<TraceFile> made(new TraceFile(std::move(path), start));
  if (!made->file_) return made->failure();
  return made;
}

TraceFile::~TraceFile() {
  (void)guarded([&] { return end(); });
}

void TraceFile::add(std::span<const TraceEvent> events) {
  const int64_t process = current_process_id(), thread = current_thread_id();
  std::string text;
  for (const TraceEvent& event : events) text += (text.empty() ? "\n" : ",\n") + text_of(event, process, thread);
  if (text.empty()) return;
  const std::lock_guard lock(mutex_);
  if (has_ended_) return;
  file_ << (std::exchange(has_events_, true) ? "," : "") << text;
}

Status TraceFile::end() {
  const std::lock_guard lock(mutex_);
  if (!std::exchange(has_ended_, true)) {
    file_ << "\n]}\n";
    file_.close();
  }
  return file_ ? Status() : failure();
}

Status TraceFile::failure() const {
  return error(TN_NOT_FOUND, "cannot write the profile '", path_.string(), "': is the folder there?");
}

}  // namespace tenon::host
