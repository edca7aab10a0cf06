// Runs many random mutants of the exported node tests through the C API, in child processes, and counts what became of
// them. Exits with 1 when one crashed, hung, outlived its deadline, took more memory than it may, or met an internal
// error; each is named with its index, by which --at runs it alone and --save writes its model.
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <iostream>

#include "tests/fuzz/mutants/mutant_driver.h"

namespace {

using namespace tenon::mutants;
using tenon::conformance::Outcome;

struct Arguments : DriverOptions {
  std::string kind = "structure", save;
};

Mutant make_mutant(const Arguments& arguments, const Corpus& corpus, Random& random) {
  return arguments.kind == "bytes" ? mutate_bytes(corpus, random) : mutate_structure(corpus, random);
}

int64_t peak_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

// In a child process, whose memory before the first mutant is `floor_mb`.
Outcome run_one(const Arguments& arguments, const Corpus& corpus, uint64_t index, int64_t floor_mb) {
  Random random(arguments.seed, index);
  const Mutant mutant = make_mutant(arguments, corpus, random);
  const Verdict verdict = run_mutant(mutant, arguments.limits, random);
  if (arguments.verbose) std::cerr << mutant.seed->name << ": " << verdict.reason << '\n';
  if (verdict.kind == Verdict::Kind::kBroken) return outcome_of(verdict, mutant.seed->name);
  if (const int64_t grown = peak_mb() - floor_mb; grown > arguments.limits.memory_mb) {
    std::fprintf(stderr, "mutant %llu of %s: the process grew by %lld MiB\n", static_cast<unsigned long long>(index),
                 mutant.seed->name.c_str(), static_cast<long long>(grown));
    std::abort();  // the peak stays: a new process goes on
  }
  return outcome_of(verdict, mutant.seed->name);
}

void save_mutant(const Arguments& arguments, const Corpus& corpus, uint64_t index) {
  Random random(arguments.seed, index);
  const Mutant mutant = make_mutant(arguments, corpus, random);
  const auto path = std::filesystem::path(arguments.save) / (arguments.kind + std::to_string(index) + ".onnx");
  std::filesystem::create_directories(arguments.save);
  std::ofstream(path, std::ios::binary) << mutant.bytes;
  std::cout << "  of " << mutant.seed->name << ", written to " << path.string() << '\n';
}

int run(const Arguments& arguments) {
  const Corpus corpus = load_corpus(arguments);
  MutantRuns runs;
  runs.what = "mutants (" + arguments.kind + ", seed " + std::to_string(arguments.seed) + ")";
  runs.models = corpus.seeds.size();
  runs.make_runner = [&] {
    const int64_t floor_mb = peak_mb();
    return [&arguments, &corpus, floor_mb](size_t index) { return run_one(arguments, corpus, index, floor_mb); };
  };
  if (!arguments.save.empty()) runs.on_broken = [&](uint64_t index) { save_mutant(arguments, corpus, index); };
  return run_mutants(arguments, runs) ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Random mutants of the node tests through the C API");
  add_driver_options(app, arguments, "run this one alone");
  app.add_option("--kind", arguments.kind)->check(CLI::IsMember({"structure", "bytes"}));
  app.add_option("--save", arguments.save, "folder for the models of those that failed");
  app.add_option("--deadline-ms", arguments.limits.deadline_ms, "of a run");
  app.add_option("--grace-ms", arguments.limits.grace_ms, "by which a run may outlive it");
  app.add_option("--memory-mb", arguments.limits.memory_mb, "by which a process may grow");
  return run_program(app, arguments, argc, argv, [&] { return run(arguments); });
}
