#include "tools/bench_profile.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <map>
#include <numeric>
#include <random>
#include <tenon/tenon.hpp>
#include <tuple>

#include "tools/support/print.h"
#include "tools/support/terminal.h"
#include "tools/support/text.h"

namespace tenon::tools {
namespace {

using nlohmann::json;

/// A folder that only this user may enter, with what is in it until the end.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::random_device random;
    do path_ = std::filesystem::temp_directory_path() / concat("tenon_profile_", random());
    while (!std::filesystem::create_directory(path_));
    std::filesystem::permissions(path_, std::filesystem::perms::owner_all);
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

using NodeKey = std::tuple<std::string, std::string, std::string>;  // node, operator, provider

void add(std::optional<uint64_t>& sum, const std::optional<uint64_t>& amount) {
  if (amount) sum = sum.value_or(0) + *amount;
}

/// What the nodes of one run did. Events come in the order of their beginnings, those within others after these.
struct RunTrace {
  double run_ms = 0;
  std::map<NodeKey, NodeWork> nodes;

  explicit RunTrace(const json& events) {
    struct Open {
      double end;
      NodeWork* work;
    };
    std::vector<Open> open;
    for (const json& event : events) {
      const double begin = event.at("ts"), took = event.at("dur");
      if (event.at("cat") == "run") run_ms += took / 1e3;
      if (event.at("cat") != "node") continue;
      while (!open.empty() && open.back().end <= begin) open.pop_back();
      if (!open.empty()) open.back().work->time_ms -= took / 1e3;
      const json& facts = event.at("args");
      NodeWork& work = nodes[{event.at("name"), facts.at("op_type"), facts.at("provider")}];
      ++work.calls;
      work.time_ms += took / 1e3;
      add(work.flops, count_of(facts, "flops"));
      add(work.bytes, count_of(facts, "bytes"));
      open.push_back({begin + took, &work});
    }
  }

 private:
  static std::optional<uint64_t> count_of(const json& facts, const char* name) {
    const auto found = facts.find(name);
    return found == facts.end() ? std::nullopt : std::optional<uint64_t>(*found);
  }
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t count = values.size();
  return count == 0 ? 0 : (values[(count - 1) / 2] + values[count / 2]) / 2;
}

/// What several nodes come to.
template <typename Iterator>
NodeWork sum_of(Iterator begin, Iterator end) {
  NodeWork sum;
  for (; begin != end; ++begin) {
    sum.calls += begin->work.calls;
    sum.time_ms += begin->work.time_ms;
    add(sum.flops, begin->work.flops);
    add(sum.bytes, begin->work.bytes);
  }
  return sum;
}

/// In billions a second.
std::optional<double> rate(const std::optional<uint64_t>& amount, double time_ms) {
  if (!amount || time_ms <= 0) return std::nullopt;
  return static_cast<double>(*amount) / time_ms / 1e6;
}

std::optional<double> intensity(const NodeWork& work) {
  if (!work.flops || work.bytes.value_or(0) == 0) return std::nullopt;
  return static_cast<double>(*work.flops) / static_cast<double>(*work.bytes);
}

double share(double part, double whole) {
  return whole > 0 ? part / whole : 0;
}

template <typename Number>
json or_null(const std::optional<Number>& number) {
  return number ? json(*number) : json(nullptr);
}

json work_json(const NodeWork& work, double whole_ms) {
  return {{"calls", work.calls},
          {"time_ms", work.time_ms},
          {"share", share(work.time_ms, whole_ms)},
          {"flops", or_null(work.flops)},
          {"bytes", or_null(work.bytes)},
          {"gflops_per_s", or_null(rate(work.flops, work.time_ms))},
          {"gbytes_per_s", or_null(rate(work.bytes, work.time_ms))},
          {"flops_per_byte", or_null(intensity(work))}};
}

/// Right-aligned; "-" for what is not known.
std::string cell(int width, const std::optional<double>& number, int decimals, const char* unit = "") {
  char text[64];
  if (number) {
    std::snprintf(text, sizeof text, "%*.*f%s", width, decimals, *number, unit);
  } else {
    std::snprintf(text, sizeof text, "%*s", width, "-");
  }
  return text;
}

/// Long names lose their middle.
std::string shortened(const std::string& text) {
  constexpr size_t kMost = 48, kEnd = 20;
  return text.size() <= kMost ? text : text.substr(0, kMost - kEnd - 3) + "..." + text.substr(text.size() - kEnd);
}

std::vector<std::string> row(const std::string& node, const std::string& op_type, const std::string& provider,
                             const NodeWork& work, double whole_ms) {
  return {shortened(node),
          shortened(op_type),
          provider,
          cell(9, work.time_ms, 3, " ms"),
          cell(5, 100 * share(work.time_ms, whole_ms), 1, " %"),
          cell(8, rate(work.flops, work.time_ms), 2),
          cell(8, rate(work.bytes, work.time_ms), 2),
          cell(9, intensity(work), 2)};
}

}  // namespace

Profile take_profile(int runs, const std::function<void(const std::filesystem::path&)>& run) {
  const TemporaryFolder folder;
  const std::filesystem::path file = folder.path() / "trace.json";
  Profile profile;
  std::vector<double> run_times;
  std::map<NodeKey, std::vector<double>> times;
  std::map<NodeKey, NodeWork> nodes;
  for (; profile.runs < runs; ++profile.runs) {
    run(file);
    const RunTrace trace(json::parse(std::ifstream(file)).at("traceEvents"));
    run_times.push_back(trace.run_ms);
    for (const auto& [key, work] : trace.nodes) {
      nodes[key] = work;
      times[key].resize(static_cast<size_t>(profile.runs));  // with 0 for runs that went without the node
      times[key].push_back(work.time_ms);
    }
  }
  profile.run_ms = median(run_times);
  for (auto& [key, work] : nodes) {
    times[key].resize(static_cast<size_t>(runs));
    work.time_ms = median(times[key]);
    const auto& [node, op_type, provider] = key;
    profile.nodes.push_back({node, op_type, provider, work});
  }
  std::stable_sort(profile.nodes.begin(), profile.nodes.end(),
                   [](const NodeProfile& a, const NodeProfile& b) { return a.work.time_ms > b.work.time_ms; });
  return profile;
}

json to_json(const Profile& profile) {
  const NodeWork total = sum_of(profile.nodes.begin(), profile.nodes.end());
  json nodes = json::array();
  for (const NodeProfile& node : profile.nodes) {
    json entry = {{"node", node.node}, {"operator", node.op_type}, {"provider", node.provider}};
    entry.update(work_json(node.work, total.time_ms));
    nodes.push_back(std::move(entry));
  }
  return {{"runs", profile.runs},
          {"run_ms", profile.run_ms},
          {"nodes", std::move(nodes)},
          {"total", work_json(total, total.time_ms)}};
}

void print(const Profile& profile, size_t most_nodes) {
  const auto begin = profile.nodes.begin(), end = profile.nodes.end();
  const auto cut = begin + static_cast<std::ptrdiff_t>(std::min(most_nodes, profile.nodes.size()));
  const NodeWork total = sum_of(begin, end);
  std::vector<std::vector<std::string>> rows = {
      {"node", "operator", "provider", "        time", "  share", " GFLOP/s", "    GB/s", "FLOP/byte"}};
  for (auto node = begin; node != cut; ++node)
    rows.push_back(row(node->work.calls == 1 ? node->node : concat(node->node, " x", node->work.calls), node->op_type,
                       node->provider, node->work, total.time_ms));
  if (cut != end) rows.push_back(row(concat("the rest (", end - cut, ")"), "", "", sum_of(cut, end), total.time_ms));
  rows.push_back(row(concat("total (", profile.nodes.size(), ")"), "", "", total, total.time_ms));
  std::printf("%s  %d more runs, %.2f ms p50 each; times are medians, bytes what nodes read and write\n%s",
              bold("profile").c_str(), profile.runs, profile.run_ms, table_text(rows).c_str());
}

}  // namespace tenon::tools
