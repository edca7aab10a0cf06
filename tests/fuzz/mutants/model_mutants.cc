// Runs many random mutants of the exported node tests through the C API, in child processes, and counts what became of
// them. Exits with 1 when one crashed, hung, outlived its deadline, took more memory than it may, or met an internal
// error; each is named with its index, by which --at runs it alone and --save writes its model.
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdio>
#include <fstream>
#include <iostream>

#include "tests/conformance/isolated.h"
#include "tests/fuzz/mutants/mutant_run.h"

namespace {

using namespace tenon::mutants;
using tenon::conformance::Outcome;

struct Arguments {
  std::string data, names, kind = "structure", save;
  uint64_t seed = 1, count = 1000, at = 0;
  bool has_at = false, verbose = false;
  Limits limits;
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
  if (verdict.kind == Verdict::Kind::kBroken)
    return {Outcome::Kind::kFailed, mutant.seed->name + ": " + verdict.reason};
  if (const int64_t grown = peak_mb() - floor_mb; grown > arguments.limits.memory_mb) {
    std::fprintf(stderr, "mutant %llu of %s: the process grew by %lld MiB\n", static_cast<unsigned long long>(index),
                 mutant.seed->name.c_str(), static_cast<long long>(grown));
    std::abort();  // the peak stays: a new process goes on
  }
  return {Outcome::Kind::kPassed, std::string(1, static_cast<char>('0' + static_cast<int>(verdict.kind)))};
}

void save_mutant(const Arguments& arguments, const Corpus& corpus, uint64_t index) {
  Random random(arguments.seed, index);
  const Mutant mutant = make_mutant(arguments, corpus, random);
  const auto path = std::filesystem::path(arguments.save) / (arguments.kind + std::to_string(index) + ".onnx");
  std::filesystem::create_directories(arguments.save);
  std::ofstream(path, std::ios::binary) << mutant.bytes;
  std::cout << "  of " << mutant.seed->name << ", written to " << path.string() << '\n';
}

Arguments parse(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Random mutants of the node tests through the C API");
  app.add_option("--data", arguments.data, "folder of exported node tests")->required();
  app.add_option("--names", arguments.names, "file of the tests to take, a line each");
  app.add_option("--kind", arguments.kind)->check(CLI::IsMember({"structure", "bytes"}));
  app.add_option("--mutants", arguments.count);
  app.add_option("--seed", arguments.seed);
  app.add_option("--at", arguments.at, "run this one alone");
  app.add_option("--save", arguments.save, "folder for the models of those that failed");
  app.add_option("--providers", arguments.limits.providers);
  app.add_option("--deadline-ms", arguments.limits.deadline_ms, "of a run");
  app.add_option("--grace-ms", arguments.limits.grace_ms, "by which a run may outlive it");
  app.add_option("--memory-mb", arguments.limits.memory_mb, "by which a process may grow");
  app.add_flag("--verbose", arguments.verbose);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    std::exit(app.exit(e));
  }
  arguments.has_at = app.count("--at") > 0;
  return arguments;
}

std::vector<std::string> read_names(const std::string& path) {
  std::vector<std::string> names;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) names.push_back(line);
  return names;
}

int run(const Arguments& arguments) {
  const Corpus corpus = load_corpus(arguments.data, read_names(arguments.names));
  const uint64_t first = arguments.has_at ? arguments.at : 0, count = arguments.has_at ? 1 : arguments.count;
  const auto outcomes = tenon::conformance::run_isolated(count, [&] {
    const int64_t floor_mb = peak_mb();
    return [&arguments, &corpus, first, floor_mb](size_t i) { return run_one(arguments, corpus, first + i, floor_mb); };
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
    if (!arguments.save.empty()) save_mutant(arguments, corpus, first + i);
  }
  std::cout << count << " mutants (" << arguments.kind << ", seed " << arguments.seed << ") of " << corpus.seeds.size()
            << " models: " << kinds[0] << " ran, " << kinds[1] << " were refused by a run, " << kinds[2]
            << " by the open, " << broken << " broke\n";
  return broken == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments = parse(argc, argv);
  try {
    return run(arguments);
  } catch (const std::exception& e) {
    std::cerr << "error: " << e.what() << '\n';
    return 1;
  }
}
