#include "tests/fuzz/mutants/mutant_driver.h"

#include <CLI/CLI.hpp>
#include <array>
#include <fstream>
#include <iostream>

namespace tenon::mutants {
namespace {

using conformance::Outcome;

std::vector<std::string> read_names(const std::string& path) {
  std::vector<std::string> names;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) names.push_back(line);
  return names;
}

}  // namespace

void add_driver_options(CLI::App& app, DriverOptions& options, const std::string& at_help) {
  app.add_option("--data", options.data, "folder of exported node tests")->required();
  app.add_option("--names", options.names, "file of the tests to take, a line each");
  app.add_option("--mutants", options.count);
  app.add_option("--seed", options.seed);
  app.add_option("--at", options.at, at_help);
  app.add_option("--providers", options.limits.providers);
  app.add_flag("--verbose", options.verbose);
}

int run_program(CLI::App& app, DriverOptions& options, int argc, char** argv, const std::function<int()>& run) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e);
  }
  options.has_at = app.count("--at") > 0;
  try {
    return run();
  } catch (const std::exception& e) {
    std::cerr << "error: " << e.what() << '\n';
    return 1;
  }
}

Corpus load_corpus(const DriverOptions& options) {
  return load_corpus(options.data, read_names(options.names));
}

Outcome outcome_of(const Verdict& verdict, const std::string& name) {
  if (verdict.kind == Verdict::Kind::kBroken) return {Outcome::Kind::kFailed, name + ": " + verdict.reason};
  return {Outcome::Kind::kPassed, std::string(1, static_cast<char>('0' + static_cast<int>(verdict.kind)))};
}

bool run_mutants(const DriverOptions& options, const MutantRuns& runs) {
  const uint64_t first = options.has_at ? options.at : 0, count = options.has_at ? 1 : options.count;
  const auto outcomes = conformance::run_isolated(count, [&]() -> conformance::RunCase {
    return [run = runs.make_runner(), first](size_t i) { return run(first + i); };
  });
  std::array<size_t, 3> kinds{};
  size_t broken = 0;
  for (size_t i = 0; i < outcomes.size(); ++i) {
    if (outcomes[i].kind == Outcome::Kind::kPassed) {
      ++kinds[static_cast<size_t>(outcomes[i].reason[0] - '0')];
      continue;
    }
    ++broken;
    std::cout << "mutant " << first + i << ": " << outcomes[i].reason << '\n';
    if (runs.on_broken) runs.on_broken(first + i);
  }
  std::cout << count << ' ' << runs.what << " of " << runs.models << " models: " << kinds[0] << " ran, " << kinds[1]
            << " were refused by a run, " << kinds[2] << " by the open, " << broken << " broke\n";
  return broken == 0;
}

}  // namespace tenon::mutants
