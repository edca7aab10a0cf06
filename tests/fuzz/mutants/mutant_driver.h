// What the programs of mutants share: their options, the child processes that run the mutants, and the count of what
// became of those. Used by one thread, the only one of its process.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "tests/conformance/isolated.h"
#include "tests/fuzz/mutants/mutant_run.h"

namespace CLI {
class App;
}

namespace tenon::mutants {

struct DriverOptions {
  std::string data, names;
  uint64_t seed = 1, count = 1000, at = 0;
  bool has_at = false, verbose = false;
  Limits limits;
};

/// Adds the options that every program has. `at_help` says what --at does. Both objects must outlive the parsing.
void add_driver_options(CLI::App& app, DriverOptions& options, const std::string& at_help);
/// Parses the arguments and gives what `run` gives, or 1 for an exception: the exit code of a program.
int run_program(CLI::App& app, DriverOptions& options, int argc, char** argv, const std::function<int()>& run);

/// The models that the options name.
Corpus load_corpus(const DriverOptions& options);

/// What run_mutants() counts; `name`, of the mutant's model, begins a failure's reason.
conformance::Outcome outcome_of(const Verdict& verdict, const std::string& name);

struct MutantRuns {
  std::string what;                                   // "mutants of plans (seed 1)", as the last line calls them
  size_t models = 0;                                  // that they were made of
  std::function<conformance::RunCase()> make_runner;  // called in every child; the runner takes a mutant's index
  std::function<void(uint64_t index)> on_broken;      // in the parent, once its reason is printed; may be empty
};

/// Runs the mutants that the options ask for and prints which broke and how many did what; true when none broke.
bool run_mutants(const DriverOptions& options, const MutantRuns& runs);

}  // namespace tenon::mutants
