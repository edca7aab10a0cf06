// Any bytes as the plan of a pack, without a pack file: blobs and files that it may refer to hold zeros. Shared by the
// fuzzer of plans and the test that replays its corpus.
#pragma once

#include <array>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "host/packs/plan_reader.h"

namespace tenon::test {

class ZeroMapping final : public host::FileMapping {
 public:
  std::span<const std::byte> bytes() const override { return std::as_bytes(std::span(zeros_)); }
  const host::FileIdentity& identity() const override { return identity_; }
  const std::filesystem::path& path() const override { return path_; }
  void read(std::span<const host::FilePart> parts,
            const std::function<void(std::span<const std::byte>)>& use) const override {
    for (const host::FilePart& part : parts) use(bytes().subspan(part.offset, part.length));
  }
  void release_pages(std::span<const std::byte>) const override {}
  host::FileDescriptor open_again() const override { return {}; }
  host::Status check_intact() const override { return {}; }
  bool reaffirm(const std::function<bool(std::span<const std::byte>)>&) const override { return true; }

 private:
  alignas(4096) std::array<char, 8192> zeros_{};
  host::FileIdentity identity_;
  std::filesystem::path path_ = "file";
};

class LoosePlan final : public host::PackFile {
 public:
  explicit LoosePlan(std::span<const std::byte> plan) : units_((plan.size() + sizeof(Unit) - 1) / sizeof(Unit)) {
    if (!plan.empty()) std::memcpy(units_.data(), plan.data(), plan.size());
    plan_ = std::as_bytes(std::span(units_)).first(plan.size());
  }

  const std::string& key() const override { return text_; }
  std::span<const std::byte> section(std::string_view name) const override {
    return name == host::kPlanSection ? plan_ : std::span<const std::byte>();
  }
  size_t blob_count() const override { return 2; }
  std::span<const std::byte> blob(size_t) const override { return file_.bytes().first(kBlobBytes); }
  const std::string& blob_label(size_t) const override { return text_; }
  host::Status verify_blobs() const override { return {}; }
  const host::FileMapping& mapping() const override { return file_; }

 private:
  static constexpr size_t kBlobBytes = 4160;  // the packed weight of the seeds

  struct alignas(64) Unit {
    std::byte bytes[64];
  };
  std::vector<Unit> units_;
  std::span<const std::byte> plan_;
  std::string text_;
  ZeroMapping file_;
};

/// Reads all of a plan and restores what it says.
inline host::Result<host::PackPlan::Restored> read_plan(std::span<const std::byte> bytes,
                                                        const host::ProviderList& providers) {
  TENON_ASSIGN_OR_RETURN(const auto plan, host::PackPlan::read(std::make_shared<LoosePlan>(bytes)));
  (void)plan->model_path();
  (void)plan->inputs();
  (void)plan->outputs();
  (void)plan->notes();
  std::vector<host::SourceFile> files;
  const auto file = std::make_shared<ZeroMapping>();
  for (const host::PlanSource& source : plan->sources()) files.push_back({source.location, file});
  TENON_ASSIGN_OR_RETURN(auto restored, plan->restore(std::move(files), providers));
  (void)plan->decisions(*restored.model->graph);
  return restored;
}

inline host::Status restore_plan(std::span<const std::byte> bytes, const host::ProviderList& providers) {
  return read_plan(bytes, providers).status();
}

}  // namespace tenon::test
