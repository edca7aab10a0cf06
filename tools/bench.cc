// `tenon bench`: times opening and running a model on filled inputs, reads what memory that takes, and profiles nodes
// where that is asked for. Memory figures are those of the process beyond what it held before the model was opened.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>
#include <tenon/tenon.hpp>

#include "tools/bench_processes.h"
#include "tools/bench_profile.h"
#include "tools/commands.h"
#include "tools/support/inputs.h"
#include "tools/support/memory_watch.h"
#include "tools/support/print.h"
#include "tools/support/session_flags.h"
#include "tools/support/terminal.h"
#include "tools/support/text.h"
#include "tools/support/time_limit.h"

namespace tenon::tools {
namespace {

using Clock = std::chrono::steady_clock;
using nlohmann::json;

constexpr char kExamples[] =
    "Examples:\n"
    "  tenon bench resnet50.onnx --threads 1\n"
    "  tenon bench minilm.onnx --shape input_ids=1x128 --shape attention_mask=1x128 \\\n"
    "      --shape token_type_ids=1x128 --runs 50 --json\n"
    "  tenon bench resnet50.onnx --profile\n"
    "  tenon bench resnet50.onnx --processes 4 --hold-after-run\n"
    "Memory figures are what the process holds beyond its start; with --processes, beyond processes without a model.";

struct BenchFlags {
  SessionFlags session;
  InputRequest inputs;
  int runs = 20;
  int warmup = 3;
  int64_t hold_ms = -1;  // none
  bool hold_after_run = false;
  unsigned processes = 0;  // 0: this one
  bool profiles = false;
  size_t profile_rows = 30;
  bool as_json = false;
};

struct Figures {
  double open_ms = 0, first_run_ms = 0;
  std::vector<double> latencies_ms;  // sorted
  MemoryGrowth memory;
  std::optional<Profile> profile;
};

double since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

// The smallest latency that at least this share of the runs does not pass.
double percentile(const std::vector<double>& sorted, double share) {
  const auto rank = static_cast<size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  return sorted[std::clamp<size_t>(rank, 1, sorted.size()) - 1];
}

/// Runs of one session on the same inputs.
class Runs {
 public:
  Runs(Session& session, const std::vector<NamedValue>& inputs, TimeLimit& limit)
      : session_(session), inputs_(inputs), limit_(limit) {
    options_.timeout(limit.timeout());
  }
  /// Of one run, in milliseconds.
  double time() {
    const TimeLimit::Run timed(limit_);
    const auto start = Clock::now();
    const Results results = session_.run_values(inputs_, {}, options_);
    return since(start);
  }
  /// The same with a trace to the file.
  void trace(const std::filesystem::path& file) {
    options_.profile(file.string());
    (void)time();
  }

 private:
  Session& session_;
  const std::vector<NamedValue>& inputs_;
  TimeLimit& limit_;
  RunOptions options_;
};

Figures measure(Runs& runs, const BenchFlags& flags, MemoryWatch& watch, double open_ms) {
  Progress progress("first run");
  Figures figures;
  figures.open_ms = open_ms;
  figures.first_run_ms = runs.time();
  for (int i = 0; i < flags.warmup; ++i) (void)runs.time();
  // Watching ends here: reading the figures would disturb what is timed.
  figures.memory = watch.finish();
  for (int i = 0; i < flags.runs; ++i) {
    progress.set_label(concat("run ", i + 1, " of ", flags.runs));
    figures.latencies_ms.push_back(runs.time());
  }
  std::sort(figures.latencies_ms.begin(), figures.latencies_ms.end());
  if (flags.profiles) {
    progress.set_label("profile");
    figures.profile = take_profile(flags.runs, [&](const auto& file) { runs.trace(file); });
  }
  return figures;
}

json to_json(const Figures& figures, const json& report) {
  const auto& sorted = figures.latencies_ms;
  json providers = json::array();
  for (const json& provider : report.at("providers"))
    providers.push_back(
        {{"name", provider.at("name")}, {"version", provider.at("version")}, {"nodes", provider.at("nodes")}});
  json all = {{"model", report.at("model")},
              {"open_ms", figures.open_ms},
              {"first_run_ms", figures.first_run_ms},
              {"latency_ms",
               {{"p50", percentile(sorted, 0.5)},
                {"p90", percentile(sorted, 0.9)},
                {"p99", percentile(sorted, 0.99)},
                {"min", sorted.front()}}},
              {"runs", sorted.size()},
              {"memory",
               {{"mapped_bytes", report.at("memory").at("mapped_file_bytes")},
                {"private_bytes", figures.memory.private_bytes},
                {"peak_private_bytes", figures.memory.peak_private_bytes}}},
              {"providers", providers},
              {"threads", report.at("threads")}};
  if (figures.profile) all["profile"] = to_json(*figures.profile);
  return all;
}

void print(const Figures& figures, const json& report, const BenchFlags& flags) {
  const auto& sorted = figures.latencies_ms;
  const unsigned threads = report.at("threads");
  std::printf("%s\n", bold(report.at("model")).c_str());
  std::printf("open       %9.2f ms\nfirst run  %9.2f ms\n", figures.open_ms, figures.first_run_ms);
  std::printf("latency    %9.2f ms p50   %.2f p90   %.2f p99   %.2f min   (%zu runs, %u thread%s)\n",
              percentile(sorted, 0.5), percentile(sorted, 0.9), percentile(sorted, 0.99), sorted.front(), sorted.size(),
              threads, threads == 1 ? "" : "s");
  std::printf("memory     mapped %s, private %s, peak private %s\n",
              byte_text(report.at("memory").at("mapped_file_bytes")).c_str(),
              byte_text(figures.memory.private_bytes).c_str(), byte_text(figures.memory.peak_private_bytes).c_str());
  std::string providers;
  for (const json& provider : report.at("providers"))
    providers += concat(providers.empty() ? "" : ", ", provider.at("name").get<std::string>(), " (",
                        provider.at("nodes").get<size_t>(), " nodes)");
  std::printf("providers  %s\n", providers.c_str());
  if (figures.profile) print(*figures.profile, flags.profile_rows);
}

// Opens, runs once if asked to, and waits with nothing else in memory than the session.
bool open_and_hold(const BenchFlags& flags) {
  const Options options = flags.session.options();
  TimeLimit limit(flags.session.timeout_ms);
  const auto start = Clock::now();
  Session session = flags.session.open(options);
  const double open_ms = since(start);
  double first_run_ms = 0;
  if (flags.hold_after_run) {
    const PreparedInputs inputs = prepare_inputs(session.all_inputs(), flags.inputs);
    first_run_ms = Runs(session, inputs.values, limit).time();
  }
  if (flags.as_json) {
    std::printf("{\"open_ms\": %.3f, \"first_run_ms\": %.3f}\n", open_ms, first_run_ms);
  } else {
    std::printf("open       %9.2f ms\nfirst run  %9.2f ms\n", open_ms, first_run_ms);
  }
  hold(flags.hold_ms);
  return true;
}

bool bench(const BenchFlags& flags) {
  if (flags.processes > 0)
    return bench_processes(flags.session, {flags.processes, flags.hold_after_run, flags.as_json});
  if (flags.hold_ms >= 0) return open_and_hold(flags);
  const Options options = flags.session.options();
  TimeLimit limit(flags.session.timeout_ms);
  MemoryWatch watch;
  const auto start = Clock::now();
  Session session = flags.session.open(options);
  const double open_ms = since(start);
  const PreparedInputs inputs = prepare_inputs(session.all_inputs(), flags.inputs);
  for (const std::string& note : inputs.notes) std::fprintf(stderr, "note: %s\n", note.c_str());
  Runs runs(session, inputs.values, limit);
  const Figures figures = measure(runs, flags, watch, open_ms);
  const json report = json::parse(session.report("json"));
  if (flags.as_json) {
    std::printf("%s\n", to_json(figures, report).dump(2, ' ', false, json::error_handler_t::replace).c_str());
  } else {
    print(figures, report, flags);
  }
  return true;
}

}  // namespace

void add_bench_command(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("bench", "Time opening and running a model");
  const auto flags = std::make_shared<BenchFlags>();
  flags->session.add_to(*command);
  command->add_option("--runs", flags->runs, "Timed runs (default 20)")->check(whole_number(1, 1000000000));
  command->add_option("--warmup", flags->warmup, "Runs before them, after the first (default 3)")
      ->check(whole_number(0, 1000000000));
  command->add_option("--shape", flags->inputs.shapes, "NAME=1x3x224x224: the shape of an input")
      ->allow_extra_args(false);
  command->add_option("--input", flags->inputs.files, "NAME=FILE.npy or NAME=FILE.pb; inputs without one are filled")
      ->allow_extra_args(false);
  command->add_option("--fill", flags->inputs.fill, "random, ones or zeros")
      ->check(CLI::IsMember({"random", "ones", "zeros"}));
  command
      ->add_option("--hold-ms", flags->hold_ms, "Open, print SESSION_READY and wait this long instead of timing runs")
      ->check(whole_number(0, 1000000000));
  command->add_flag("--hold-after-run", flags->hold_after_run,
                    "Run once before SESSION_READY (--hold-ms) or before memory is read (--processes)");
  command->add_option("--processes", flags->processes, "Read the memory of this many processes that hold the model")
      ->check(whole_number(1, 1000));
  CLI::Option* profile = command->add_flag("--profile", flags->profiles,
                                           "Time and work of each node, from as many more runs that are profiled");
  profile->excludes("--hold-ms")->excludes("--processes");
  command->add_option("--profile-rows", flags->profile_rows, "Nodes that --profile prints at most (default 30)")
      ->check(whole_number(1, 1000000000))
      ->needs(profile);
  command->add_flag("--json", flags->as_json, "Print JSON");
  command->footer(kExamples);
  command->callback([flags, &action] { action = [flags] { return bench(*flags); }; });
}

}  // namespace tenon::tools
