#include "host/base/log.h"

#include <spdlog/cfg/helpers.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <cstdlib>
#include <shared_mutex>
#include <string>

namespace tenon::host {
namespace {

spdlog::level::level_enum spdlog_level(tn_log_level level) {
  switch (level) {
    case TN_LOG_TRACE: return spdlog::level::trace;
    case TN_LOG_DEBUG: return spdlog::level::debug;
    case TN_LOG_INFO: return spdlog::level::info;
    case TN_LOG_WARN: return spdlog::level::warn;
    case TN_LOG_ERROR: return spdlog::level::err;
  }
  return spdlog::level::err;
}

// Apart from the logger, which takes longer to make than most messages are kept back.
spdlog::level::level_enum wanted_level() {
  static const spdlog::level::level_enum level = [] {
    const char* wanted = std::getenv("TENON_LOG");
    return wanted != nullptr ? spdlog::level::from_str(wanted) : spdlog::level::warn;
  }();
  return level;
}

// Not registered with spdlog: an application that uses spdlog itself must not find ours, nor we its.
spdlog::logger& logger() {
  static spdlog::logger instance = [] {
    spdlog::logger made("tenon", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made.set_pattern("[tenon %l] %v");
    made.set_level(spdlog::level::trace);  // log_enabled() chooses
    return made;
  }();
  return instance;
}

// Readers call the sink, so that who replaces it waits for them.
std::shared_mutex log_sink_mutex;
LogSink log_sink;
// Of the sink, where a message that is not wanted finds it without a lock.
std::atomic<int> sink_level{kLogLevelOfEnvironment};
std::atomic<bool> has_sink{false};

bool wrote_to_sink(tn_log_level level, std::string_view message) {
  if (!has_sink.load(std::memory_order_acquire)) return false;
  const std::shared_lock lock(log_sink_mutex);
  if (log_sink.write == nullptr) return false;
  log_sink.write(log_sink.argument, level, std::string(message).c_str());
  return true;
}

}  // namespace

bool log_enabled(tn_log_level level) {
  const int least = sink_level.load(std::memory_order_relaxed);
  return least != kLogLevelOfEnvironment ? level >= least : spdlog_level(level) >= wanted_level();
}

void set_log_sink(const LogSink& wanted) {
  const std::unique_lock lock(log_sink_mutex);
  log_sink = wanted;
  sink_level.store(wanted.least, std::memory_order_relaxed);
  has_sink.store(wanted.write != nullptr, std::memory_order_release);
}

void log_message(tn_log_level level, std::string_view message) {
  try {
    if (!log_enabled(level) || wrote_to_sink(level, message)) return;
    logger().log(spdlog_level(level), spdlog::string_view_t(message.data(), message.size()));
  } catch (const std::exception&) {
    // A log that cannot be written must not fail the work that it tells of.
  }
}

}  // namespace tenon::host
