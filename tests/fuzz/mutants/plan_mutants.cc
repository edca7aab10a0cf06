// Packs the exported node tests, changes the plans of the packs at random under right checksums, and opens and runs
// what comes out, in child processes: self-contained packs by themselves, shipped ones beside their model. Exits with 1
// when a mutant crashed, hung or met an internal error; each is named with its index, by which --at runs it alone.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <fstream>
#include <iostream>

#include "host/session/session.h"
#include "tests/fuzz/mutants/mutant_driver.h"
#include "tests/fuzz/mutants/plan_mutation.h"

namespace {

namespace fs = std::filesystem;
using namespace tenon::mutants;
using tenon::conformance::Outcome;

struct Arguments : DriverOptions {
  std::string folder = "/dev/shm";
  std::vector<std::string> models;
};

// A folder that is gone with this object, unless it is kept.
class WorkFolder {
 public:
  explicit WorkFolder(const fs::path& parent) : path_(parent / ("plan_mutants-" + std::to_string(getpid()))) {
    fs::create_directories(path_);
    fs::permissions(path_, fs::perms::owner_all);
  }
  ~WorkFolder() {
    std::error_code failure;
    if (!is_kept) fs::remove_all(path_, failure);
  }
  const fs::path& path() const { return path_; }
  bool is_kept = false;

 private:
  const fs::path path_;
};

/// Seeds with a pack of each use, made in child processes: the parent must stay without threads.
class Packs {
 public:
  Packs(const Arguments& arguments, const Corpus& corpus, const fs::path& folder)
      : arguments_(arguments), corpus_(corpus), folder_(folder) {
    const auto outcomes =
        tenon::conformance::run_isolated(corpus.seeds.size(), [this] { return [this](size_t i) { return pack(i); }; });
    for (size_t i = 0; i < outcomes.size(); ++i)
      if (outcomes[i].kind == Outcome::Kind::kPassed)
        (i + arguments.models.size() < outcomes.size() ? packed_ : packed_models_).push_back(i);
    if (packed_.empty()) throw std::runtime_error("no model could be packed: " + outcomes.front().reason);
  }

  size_t count() const { return packed_.size() + packed_models_.size(); }

  /// In a child process.
  Outcome run_mutant(uint64_t index) const {
    Random random(arguments_.seed, index);
    const size_t i = random.of(!packed_models_.empty() && random.one_in(4) ? packed_models_ : packed_);
    const Seed& seed = corpus_.seeds[i];
    const bool is_shipped = random.one_in(4);
    const fs::path target = folder_ / "mutant.onnx";
    const fs::path pack = is_shipped ? folder_ / "mutant.onnx.tpack" : folder_ / "mutant.tpack";
    if (is_shipped) fs::copy_file(model(i), target, fs::copy_options::overwrite_existing);
    const auto status = write_plan_mutant(is_shipped ? shipped(i) : whole(i), pack, random);
    if (!status.is_ok()) return {Outcome::Kind::kFailed, seed.name + ": " + status.message()};
    const Verdict verdict =
        run_mutant_file(is_shipped ? target : pack, is_shipped ? "readonly" : "off", seed, arguments_.limits, random);
    if (arguments_.verbose) std::cerr << seed.name << (is_shipped ? " (shipped): " : ": ") << verdict.reason << '\n';
    return outcome_of(verdict, seed.name);
  }

 private:
  fs::path named(size_t i, const char* ending) const { return folder_ / (std::to_string(i) + ending); }
  fs::path model(size_t i) const { return named(i, ".onnx"); }
  fs::path whole(size_t i) const { return named(i, ".whole"); }
  fs::path shipped(size_t i) const { return named(i, ".shipped"); }

  Outcome pack(size_t i) const {
    const Seed& seed = corpus_.seeds[i];
    std::ofstream(model(i), std::ios::binary) << seed.bytes;
    tenon::host::SessionOptions options;
    options.threads = 1;
    auto providers = tenon::host::parse_provider_list(arguments_.limits.providers);
    if (!providers.is_ok()) return {Outcome::Kind::kFailed, providers.status().message()};
    options.providers = std::move(*providers);
    for (const bool self_contained : {true, false}) {
      const auto status =
          tenon::host::pack_model(model(i), self_contained ? whole(i) : shipped(i), self_contained, options);
      if (!status.is_ok()) return {Outcome::Kind::kFailed, seed.name + ": " + status.message()};
    }
    return {Outcome::Kind::kPassed, ""};
  }

  const Arguments& arguments_;
  const Corpus& corpus_;
  const fs::path folder_;
  std::vector<size_t> packed_, packed_models_;  // seeds; those of --model come last
};

int run(const Arguments& arguments) {
  Corpus corpus = load_corpus(arguments);
  for (const std::string& model : arguments.models) add_model(corpus, model);
  WorkFolder folder(arguments.folder);
  folder.is_kept = arguments.has_at;
  const fs::path cache = folder.path() / "cache";
  fs::create_directory(cache);
  fs::permissions(cache, fs::perms::owner_all);
  setenv("TENON_CACHE_DIR", cache.c_str(), 1);
  const Packs packs(arguments, corpus, folder.path());
  MutantRuns runs;
  runs.what = "mutants of plans (seed " + std::to_string(arguments.seed) + ")";
  runs.models = packs.count();
  runs.make_runner = [&packs] { return [&packs](size_t index) { return packs.run_mutant(index); }; };
  const bool none_broke = run_mutants(arguments, runs);
  if (folder.is_kept) std::cout << "its pack is in " << folder.path().string() << '\n';
  return none_broke ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Random mutants of the plans of packs");
  add_driver_options(app, arguments, "run this one alone, and keep its pack");
  app.add_option("--model", arguments.models, "a model to take beside them, for a quarter of the mutants");
  app.add_option("--folder", arguments.folder, "where the packs are written for the while");
  return run_program(app, arguments, argc, argv, [&] { return run(arguments); });
}
