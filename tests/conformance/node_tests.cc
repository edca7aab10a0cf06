// Runs exported node tests, of the onnx package or of contrib operators, against a list of providers, and compares with
// the list of those that passed before. Cases run in child processes, so that a crash or a hang is a failure of one
// case.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/conformance/isolated.h"
#include "tests/conformance/node_case.h"

namespace {

using namespace tenon::conformance;

struct Flags {
  std::filesystem::path data, expect;
  std::string providers = "cpu_ref", filter;
  bool update = false, verbose = false, require_all = false;
};

std::vector<NodeCase> read_cases(const Flags& flags) {
  std::ifstream file(flags.data / "cases.json");
  if (!file) throw std::runtime_error("no cases.json in '" + flags.data.string() + "': run run.sh, which exports it");
  std::vector<NodeCase> cases;
  const auto index = nlohmann::json::parse(file);
  for (const auto& entry : index.at("cases")) {
    NodeCase node_case;
    node_case.name = entry.at("name");
    node_case.folder = flags.data / node_case.name;
    node_case.tolerance = {entry.at("rtol"), entry.at("atol")};
    node_case.has_data = entry.at("kind") != "other";
    if (node_case.name.find(flags.filter) != std::string::npos) cases.push_back(std::move(node_case));
  }
  return cases;
}

std::set<std::string> read_list(const std::filesystem::path& path) {
  std::set<std::string> names;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);)
    if (!line.empty() && line[0] != '#') names.insert(line);
  return names;
}

void write_list(const Flags& flags, const std::set<std::string>& passed) {
  std::ofstream file(flags.expect);
  file << "# Node tests of the onnx package that pass on " << flags.providers << "; kept by node_tests --update.\n";
  for (const std::string& name : passed) file << name << '\n';
  if (!file.flush()) throw std::runtime_error("'" + flags.expect.string() + "' cannot be written");
}

// False when a case that passed before does not pass now.
bool compare_with_list(const Flags& flags, const std::map<std::string, Outcome>& outcomes,
                       const std::set<std::string>& passed) {
  const std::set<std::string> before = read_list(flags.expect);
  size_t lost = 0, gone = 0, gained = 0;
  for (const std::string& name : before) {
    const auto outcome = outcomes.find(name);
    if (outcome == outcomes.end()) {
      gone += flags.filter.empty() ? 1 : 0;
    } else if (outcome->second.kind != Outcome::Kind::kPassed) {
      ++lost;
      std::printf("LOST  %s passed before: %s\n", name.c_str(), outcome->second.reason.c_str());
    }
  }
  for (const std::string& name : passed) gained += before.count(name) == 0 ? 1 : 0;
  if (gone > 0) std::printf("%zu of the listed cases are not among those of this onnx package\n", gone);
  if (gained > 0) std::printf("%zu more pass than %s lists: --update adds them\n", gained, flags.expect.c_str());
  if (lost > 0) std::printf("%zu cases that passed before fail\n", lost);
  return lost == 0;
}

int run(const Flags& flags) {
  const std::vector<NodeCase> cases = read_cases(flags);
  const auto outcomes_in_order = run_isolated(cases.size(), [&] {
    return [&, runner = std::make_shared<NodeRunner>(flags.providers)](size_t i) { return runner->run(cases[i]); };
  });
  std::map<std::string, Outcome> outcomes;
  std::set<std::string> passed;
  std::map<Outcome::Kind, size_t> counts;
  for (size_t i = 0; i < cases.size(); ++i) {
    const Outcome& outcome = outcomes_in_order[i];
    outcomes[cases[i].name] = outcome;
    ++counts[outcome.kind];
    if (outcome.kind == Outcome::Kind::kPassed) passed.insert(cases[i].name);
    if (outcome.kind == Outcome::Kind::kFailed)
      std::printf("FAIL  %s: %s\n", cases[i].name.c_str(), outcome.reason.c_str());
    if (outcome.kind == Outcome::Kind::kNotCovered && flags.verbose)
      std::printf("      %s: %s\n", cases[i].name.c_str(), outcome.reason.c_str());
  }
  const size_t covered = counts[Outcome::Kind::kPassed] + counts[Outcome::Kind::kFailed];
  std::printf("%zu of %zu node tests pass on %s (of %zu; %zu need operators that it lacks)\n", passed.size(), covered,
              flags.providers.c_str(), cases.size(), counts[Outcome::Kind::kNotCovered]);
  if (covered == 0) throw std::runtime_error("no case could be run");
  if (flags.require_all && covered < cases.size()) throw std::runtime_error("some cases cannot be run: see --verbose");
  if (flags.expect.empty()) return counts[Outcome::Kind::kFailed] == 0 ? 0 : 1;
  if (flags.update) {
    write_list(flags, passed);
    return 0;
  }
  return compare_with_list(flags, outcomes, passed) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Runs exported node tests.", "node_tests");
  Flags flags;
  app.add_option("--data", flags.data, "Folder of one of the export_*.py")->required();
  app.add_option("--providers", flags.providers, "Provider list, as for tenon run");
  CLI::Option* expect = app.add_option("--expect", flags.expect, "List of the cases that must pass");
  CLI::Option* filter = app.add_option("--filter", flags.filter, "Only cases whose name holds this");
  app.add_flag("--update", flags.update, "Rewrite the list of --expect")->needs(expect)->excludes(filter);
  app.add_flag("--require-all", flags.require_all, "Fail when a case needs operators that the providers lack");
  app.add_flag("--verbose", flags.verbose, "Name also the cases that cannot be run");
  CLI11_PARSE(app, argc, argv);
  try {
    return run(flags);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "error: %s\n", failure.what());
    return 1;
  }
}
