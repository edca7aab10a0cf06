// Runs several models at once, each on several threads, and checks every output against its data set. For the thread
// sanitizer, and for whoever doubts that sessions may share providers, pool and mappings.
#include <CLI/CLI.hpp>
#include <atomic>
#include <cstdio>
#include <mutex>
#include <optional>
#include <tenon/tenon.hpp>
#include <thread>

#include "tools/support/compare.h"
#include "tools/support/data_set.h"
#include "tools/support/text.h"

namespace {

using namespace tenon;

struct Flags {
  std::vector<std::filesystem::path> folders;
  std::string providers = "cpu_blas,cpu_ref";
  unsigned threads = 4;
  int rounds = 2;
  tools::Tolerance tolerance{2e-3, 1e-7};
};

struct Model {
  Session session;
  tools::DataSet data;
};

Model open(const std::filesystem::path& folder, const Flags& flags) {
  Session session((folder / "model.onnx").string(), Options().providers(flags.providers).threads(2));
  tools::DataSet data = tools::read_data_set(tools::find_data_sets(folder).front(), session);
  return {std::move(session), std::move(data)};
}

void run_and_compare(Model& model, const tools::Tolerance& tolerance) {
  const Results outputs = model.session.run_values(model.data.inputs);
  for (size_t i = 0; i < model.data.outputs.size(); ++i) {
    const auto result = tools::compare(outputs.value(i), model.data.outputs[i].value, tolerance);
    if (!result.equal) tools::fail(TENON_INTERNAL, model.data.outputs[i].name, " ", result.reason);
  }
}

int run(const Flags& flags) {
  std::mutex mutex;  // guards the output
  std::vector<std::optional<Model>> models(flags.folders.size());
  std::atomic<int> failures{0};
  // Says what `body` throws.
  const auto attempt = [&](const std::filesystem::path& folder, auto&& body) {
    try {
      body();
    } catch (const std::exception& failure) {
      std::lock_guard lock(mutex);
      std::printf("FAIL  %s: %s\n", folder.c_str(), failure.what());
      ++failures;
    }
  };
  // Models open at once too; each then runs on its threads while others may still open.
  const auto serve = [&](size_t index) {
    const std::filesystem::path& folder = flags.folders[index];
    attempt(folder, [&] { models[index] = open(folder, flags); });
    if (!models[index]) return;
    std::vector<std::thread> runners;
    for (unsigned t = 0; t < flags.threads; ++t)
      runners.emplace_back([&, index] {
        for (int round = 0; round < flags.rounds; ++round)
          attempt(folder, [&] { run_and_compare(*models[index], flags.tolerance); });
      });
    for (std::thread& runner : runners) runner.join();
  };
  std::vector<std::thread> servers;
  for (size_t i = 0; i < models.size(); ++i) servers.emplace_back(serve, i);
  for (std::thread& server : servers) server.join();
  std::printf("%zu models, %u threads each, %d runs a thread: %d failures\n", models.size(), flags.threads,
              flags.rounds, failures.load());
  return failures == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Runs several models at once, each on several threads.", "concurrent_models");
  Flags flags;
  app.add_option("FOLDER", flags.folders, "Folders with model.onnx and a test data set")->required();
  app.add_option("--providers", flags.providers, "Provider list, as for tenon run");
  app.add_option("--threads", flags.threads, "Threads that run each model");
  app.add_option("--rounds", flags.rounds, "Runs of each thread");
  CLI11_PARSE(app, argc, argv);
  return run(flags);
}
