// Packs the exported node tests, changes the plans of the packs at random under right checksums, and opens and runs
// what comes out, in child processes: self-contained packs by themselves, shipped ones beside their model. Exits with 1
// when a mutant crashed, hung or met an internal error; each is named with its index, by which --at runs it alone.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cstdlib>
#include <fstream>
#include <iostream>

#include "host/session/session.h"
#include "tests/conformance/isolated.h"
#include "tests/fuzz/mutants/mutant_run.h"
#include "tests/fuzz/mutants/plan_mutation.h"

namespace {

namespace fs = std::filesystem;
using namespace tenon::mutants;
using tenon::conformance::Outcome;

struct Arguments {
  std::string data, names, folder = "/dev/shm";
  std::vector<std::string> models;
  uint64_t seed = 1, count = 1000, at = 0;
  bool has_at = false, verbose = false;
  Limits limits;
};

Arguments parse(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Random mutants of the plans of packs");
  app.add_option("--data", arguments.data, "folder of exported node tests")->required();
  app.add_option("--names", arguments.names, "file of the tests to take, a line each");
  app.add_option("--model", arguments.models, "a model to take beside them, for a quarter of the mutants");
  app.add_option("--mutants", arguments.count);
  app.add_option("--seed", arguments.seed);
  app.add_option("--at", arguments.at, "run this one alone, and keep its pack");
  app.add_option("--folder", arguments.folder, "where the packs are written for the while");
  app.add_option("--providers", arguments.limits.providers);
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
    if (verdict.kind == Verdict::Kind::kBroken) return {Outcome::Kind::kFailed, seed.name + ": " + verdict.reason};
    return {Outcome::Kind::kPassed, std::string(1, static_cast<char>('0' + static_cast<int>(verdict.kind)))};
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
  Corpus corpus = load_corpus(arguments.data, read_names(arguments.names));
  for (const std::string& model : arguments.models) add_model(corpus, model);
  WorkFolder folder(arguments.folder);
  folder.is_kept = arguments.has_at;
  const fs::path cache = folder.path() / "cache";
  fs::create_directory(cache);
  fs::permissions(cache, fs::perms::owner_all);
  setenv("TENON_CACHE_DIR", cache.c_str(), 1);
  const Packs packs(arguments, corpus, folder.path());
  const uint64_t first = arguments.has_at ? arguments.at : 0, count = arguments.has_at ? 1 : arguments.count;
  const auto outcomes = tenon::conformance::run_isolated(
      count, [&] { return [&packs, first](size_t i) { return packs.run_mutant(first + i); }; });
  std::array<size_t, 3> kinds{};
  size_t broken = 0;
  for (size_t i = 0; i < outcomes.size(); ++i) {
    if (outcomes[i].kind == Outcome::Kind::kPassed) {
      ++kinds[static_cast<size_t>(outcomes[i].reason[0] - '0')];
      continue;
    }
    ++broken;
    std::cout << "mutant " << first + i << ": " << outcomes[i].reason << '\n';
  }
  std::cout << count << " mutants of plans (seed " << arguments.seed << ") of " << packs.count()
            << " models: " << kinds[0] << " ran, " << kinds[1] << " were refused by a run, " << kinds[2]
            << " by the open, " << broken << " broke\n";
  if (folder.is_kept) std::cout << "its pack is in " << folder.path().string() << '\n';
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
