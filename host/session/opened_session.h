// A session's parts and their order of life. See session.h.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "host/report/residency.h"
#include "host/runtime/runner.h"
#include "host/session/loader.h"
#include "host/session/session.h"

namespace tenon::host {

class OpenedSession final : public Session {
 public:
  /// `trace`: as SessionOptions::profile asks for it; may be nullptr.
  OpenedSession(const MemoryPolicy& policy, RunBudget budget, std::unique_ptr<TraceFile> trace, Loading loading);

  const LoadedModel& loaded() const { return *loaded_; }
  const PackEntry& pack() const { return report_.pack; }

  const std::vector<Port>& inputs() const override { return loaded_->inputs; }
  const std::vector<Port>& outputs() const override { return loaded_->outputs; }
  const Model& model() const override { return *loaded_->model; }
  Result<std::vector<RunValue>> run_values(std::span<const NamedValue> inputs, std::span<const std::string> wanted,
                                           const RunOptions& options) override;
  std::vector<NodePlacement> placement() const override;
  SessionReport report() const override;
  Result<std::filesystem::path> end_profile() override;

 private:
  void note_clashes(std::span<const NamedValue> inputs, std::span<const size_t> given);
  HeldMemory held_memory() const;

  const RunBudget budget_;
  const std::unique_ptr<TraceFile> trace_;
  const std::shared_ptr<const LoadedModel> loaded_;
  std::unique_ptr<Runner> runner_;  // nullptr: it was opened to be inspected
  SessionReport report_;            // what was known when the session opened
  mutable std::mutex clashes_mutex_;
  std::map<std::string, std::string> clashes_;  // by the name of the dimension; what the first such run had to say
};

}  // namespace tenon::host
