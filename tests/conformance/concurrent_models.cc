// Runs several models at once, each on several threads, and checks every output against its data set. For the thread
// sanitizer, and for whoever doubts that sessions may share providers, pool and mappings.
#include <CLI/CLI.hpp>
#include <atomic>
#include <cstdio>
#include <mutex>
#include <thread>

#include "tools/support/compare.h"
#include "tools/support/data_set.h"

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
  std::filesystem::path folder;
  std::unique_ptr<host::Session> session;
  tools::DataSet data;
};

host::Result<Model> open(const std::filesystem::path& folder, const Flags& flags) {
  host::SessionOptions options;
  TENON_ASSIGN_OR_RETURN(options.providers, host::parse_provider_list(flags.providers));
  options.threads = 2;
  Model model;
  model.folder = folder;
  TENON_ASSIGN_OR_RETURN(model.session, host::Session::open(folder / "model.onnx", options));
  TENON_ASSIGN_OR_RETURN(const auto sets, tools::find_data_sets(folder));
  TENON_ASSIGN_OR_RETURN(model.data, tools::read_data_set(sets.front(), *model.session));
  return model;
}

host::Status run_and_compare(const Model& model, const tools::Tolerance& tolerance) {
  TENON_ASSIGN_OR_RETURN(const auto outputs, model.session->run_values(model.data.inputs));
  for (size_t i = 0; i < model.data.outputs.size(); ++i) {
    const auto result = tools::compare(outputs[i], model.data.outputs[i].value, tolerance);
    if (!result.equal) return host::error(TN_INTERNAL, model.data.outputs[i].name, " ", result.reason);
  }
  return {};
}

int run(const Flags& flags) {
  std::mutex mutex;  // guards the output
  std::vector<Model> models(flags.folders.size());
  std::atomic<int> failures{0};
  const auto fail = [&](const std::filesystem::path& folder, const host::Status& status) {
    std::lock_guard lock(mutex);
    std::printf("FAIL  %s: %s\n", folder.c_str(), status.message().c_str());
    ++failures;
  };
  // Models open at once too; each then runs on its threads while others may still open.
  const auto serve = [&](size_t index) {
    auto opened = open(flags.folders[index], flags);
    if (!opened.is_ok()) return fail(flags.folders[index], opened.status());
    models[index] = std::move(*opened);
    std::vector<std::thread> runners;
    for (unsigned t = 0; t < flags.threads; ++t)
      runners.emplace_back([&, index] {
        for (int round = 0; round < flags.rounds; ++round)
          if (const auto status = run_and_compare(models[index], flags.tolerance); !status.is_ok())
            fail(flags.folders[index], status);
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
