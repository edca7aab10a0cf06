#include "host/packs/pack_build.h"

#include <algorithm>
#include <functional>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "host/packs/pack_proof.h"
#include "host/packs/plan_reader.h"
#include "host/packs/plan_writer.h"
#include "host/packs/source_state.h"
#include "host/threads/tasks.h"

namespace tenon::host {
namespace {

// Smaller constants are written into the plan: a table line for each would cost more than its bytes.
constexpr size_t kInlineBytes = 1024;

// Memory for one blob at a time and thread. Its pages serve one blob after the other.
class PackingMemory {
 public:
  explicit PackingMemory(const PrepackPlan& plan) {
    for (const PrepackPlan::Blob& blob : plan.blobs) most_ = std::max(most_, blob.bytes);
  }
  Result<HostRegion> take() {
    const std::lock_guard lock(mutex_);
    if (free_.empty()) return HostRegion::allocate(most_);
    HostRegion region = std::move(free_.back());
    free_.pop_back();
    return region;
  }
  void give_back(HostRegion region) {
    const std::lock_guard lock(mutex_);
    free_.push_back(std::move(region));
  }

 private:
  uint64_t most_ = 0;
  std::mutex mutex_;
  std::vector<HostRegion> free_;
};

class PackBuild {
 public:
  PackBuild(PackWriter& writer, PackUse use, const ModelToPack& contents, const ProviderList& providers)
      : writer_(writer), use_(use), c_(contents), providers_(providers) {}

  Status run() {
    for (Graph* graph : graph_tree(*c_.model->graph))
      for (const auto& value : graph->values())
        if (value->stored() != nullptr) place(*value);
    TENON_RETURN_IF_ERROR(share_blobs());
    TENON_RETURN_IF_ERROR(write_bytes());
    return write_plan_section();
  }

 private:
  struct Task {
    uint64_t bytes;
    std::function<Status()> run;
  };

  static std::span<const std::byte> bytes_of(const Tensor& tensor) {
    return {static_cast<const std::byte*>(tensor.data()), tensor.byte_length()};
  }

  // The file that the tensor lies in; the number of files when it lies in none.
  size_t file_of(const Tensor& tensor) const {
    const auto* data = static_cast<const std::byte*>(tensor.data());
    size_t i = 0;
    for (; i < c_.model->files.size(); ++i) {
      const auto bytes = c_.model->files[i].mapping->bytes();
      if (data >= bytes.data() && data + tensor.byte_length() <= bytes.data() + bytes.size()) break;
    }
    return i;
  }

  void place(const Value& value) {
    const Tensor& tensor = *value.stored();
    ConstantPlace place;
    place.length = tensor.byte_length();
    if (tensor.dtype() == TN_STRING || tensor.byte_length() <= kInlineBytes) return;
    const size_t file = file_of(tensor);
    if (file < c_.model->files.size() && use_ != PackUse::kSelfContained) {
      place.index = static_cast<uint32_t>(file);
      place.offset = static_cast<uint64_t>(static_cast<const std::byte*>(tensor.data()) -
                                           c_.model->files[file].mapping->bytes().data());
    } else if (tensor.byte_length() > kMostKeptBytes && c_.prepack->unread_sources.contains(&value)) {
      place.holder = ConstantPlace::Holder::kNowhere;
    } else {
      place.holder = ConstantPlace::Holder::kBlob;
      place.reason = tensor.residence_reason();
      to_copy_.push_back(&value);
    }
    plan_.constants.emplace(&value, std::move(place));
  }

  // Constants may look at the same bytes: each run of bytes that overlap goes into one blob, in the order of constants.
  Status share_blobs() {
    std::vector<const Value*> by_address = to_copy_;
    std::stable_sort(by_address.begin(), by_address.end(), [](const Value* a, const Value* b) {
      return std::less<>()(a->stored()->data(), b->stored()->data());
    });
    std::vector<std::span<const std::byte>> runs;
    std::unordered_map<const Value*, size_t> run_of;
    for (const Value* value : by_address) {
      const auto bytes = bytes_of(*value->stored());
      const size_t offset = runs.empty() ? 0 : static_cast<size_t>(bytes.data() - runs.back().data());
      // In a blob, too, an element lies where its type may lie.
      if (runs.empty() || offset >= runs.back().size() || offset % dtype_alignment(value->stored()->dtype()) != 0) {
        runs.push_back(bytes);
      } else {
        runs.back() = {runs.back().data(), std::max(runs.back().size(), offset + bytes.size())};
      }
      run_of.emplace(value, runs.size() - 1);
    }
    std::vector<std::optional<uint32_t>> blobs(runs.size());
    for (const Value* value : to_copy_) {
      const size_t run = run_of.at(value);
      if (!blobs[run]) {
        TENON_ASSIGN_OR_RETURN(blobs[run], writer_.add_blob(runs[run].size(), 64, label_of(*value)));
        copies_.emplace_back(runs[run], *blobs[run]);
      }
      ConstantPlace& place = plan_.constants.at(value);
      place.index = *blobs[run];
      place.offset = static_cast<uint64_t>(bytes_of(*value->stored()).data() - runs[run].data());
    }
    return {};
  }

  static std::string label_of(const Value& value) { return concat("'", value.name.substr(0, 900), "'"); }

  // All that reads or writes bytes by the megabyte: packed weights, copies, digests of the sources. Large ones first,
  // so that threads end together.
  Status write_bytes() {
    for (const PrepackPlan::Blob& blob : c_.prepack->blobs) {
      TENON_ASSIGN_OR_RETURN(const uint32_t index,
                             writer_.add_blob(blob.bytes, blob.alignment, blob.label.substr(0, 1000)));
      packed_blobs_.push_back(index);
    }
    PackingMemory memory(*c_.prepack);
    std::vector<Task> tasks;
    for (size_t i = 0; i < packed_blobs_.size(); ++i)
      tasks.push_back({c_.prepack->blobs[i].bytes, [&, i] { return write_packed(i, memory); }});
    for (const auto& [bytes, blob] : copies_)
      tasks.push_back(
          {bytes.size(), [this, source = bytes, index = blob] { return writer_.write_blob(index, source); }});
    if (use_ != PackUse::kSelfContained) digests_.resize(c_.model->files.size());
    for (size_t i = 0; i < digests_.size(); ++i) {
      const uint64_t bytes = c_.model->files[i].mapping->bytes().size();
      if (use_ != PackUse::kHere || bytes <= kMostDigestedBytes)
        tasks.push_back({bytes, [this, i] { return take_digest(i); }});
    }
    std::stable_sort(tasks.begin(), tasks.end(), [](const Task& x, const Task& y) { return x.bytes > y.bytes; });
    return run_tasks(tasks.size(), c_.threads, [&](size_t i) { return tasks[i].run(); });
  }

  Status write_packed(size_t i, PackingMemory& memory) const {
    const PrepackPlan::Blob& blob = c_.prepack->blobs[i];
    TENON_ASSIGN_OR_RETURN(HostRegion region, memory.take());
    TENON_RETURN_IF_ERROR(pack_blob(*c_.prepack, blob, region.data()));
    for (const Tensor* source : sources_of(*c_.prepack, blob)) release_source(*source);
    const Status status = writer_.write_blob(packed_blobs_[i], {region.data(), static_cast<size_t>(blob.bytes)});
    memory.give_back(std::move(region));
    return status;
  }

  Status take_digest(size_t file) {
    TENON_ASSIGN_OR_RETURN(digests_[file], full_digest(*c_.model->files[file].mapping));
    return {};
  }

  void release_source(const Tensor& weight) const {
    if (const size_t file = file_of(weight); file < c_.model->files.size())
      c_.model->files[file].mapping->release_pages(bytes_of(weight));
  }

  Status write_plan_section() {
    plan_.model = c_.model;
    plan_.placement = c_.placement;
    plan_.providers = &providers_;
    plan_.prepack = c_.prepack;
    plan_.packed_blobs = packed_blobs_;
    const bool is_proven = use_ != PackUse::kHere || !has_builds(providers_);
    TENON_ASSIGN_OR_RETURN(const auto probes, probe_digests(*c_.prepack, [&](const Value* value) {
                             if (!is_proven) return false;
                             const auto it = plan_.constants.find(value);
                             return it != plan_.constants.end() && it->second.holder == ConstantPlace::Holder::kNowhere;
                           }));
    plan_.probes = probes;
    plan_.inputs = c_.inputs;
    plan_.outputs = c_.outputs;
    plan_.notes = c_.notes;
    plan_.fixed_dimensions = c_.fixed_dimensions;
    plan_.source_digests = digests_;
    TENON_ASSIGN_OR_RETURN(const std::vector<std::byte> section, write_plan(plan_));
    return writer_.add_section(kPlanSection, section);
  }

  PackWriter& writer_;
  const PackUse use_;
  const ModelToPack& c_;
  const ProviderList& providers_;
  PlanContents plan_;
  std::vector<uint32_t> packed_blobs_;
  std::vector<std::optional<Digest>> digests_;                           // of the files
  std::vector<const Value*> to_copy_;                                    // constants that lie in a blob
  std::vector<std::pair<std::span<const std::byte>, uint32_t>> copies_;  // what to write of them, and the blobs
};

}  // namespace

Status fill_pack(PackWriter& writer, PackUse use, const ModelToPack& contents, const ProviderList& providers) {
  return PackBuild(writer, use, contents, providers).run();
}

}  // namespace tenon::host
