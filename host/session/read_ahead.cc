#include "host/session/read_ahead.h"

#include <algorithm>
#include <memory>
#include <vector>

#include "host/graph/operators/facts.h"
#include "host/runtime/memory_limit.h"
#include "host/storage/file_mapping.h"
#include "host/storage/mapped_pages.h"
#include "host/threads/task_queue.h"

namespace tenon::host {
namespace {

using Bytes = std::span<const std::byte>;

constexpr size_t kLeastBytes = size_t{64} << 10;  // what is smaller comes with the first fault
constexpr size_t kLeastTotal = size_t{4} << 20;   // less is read before a thread has started
constexpr size_t kLooks = 16;

class ReadAhead final : public TaskQueue::Task {
 public:
  // Bytes that lie in no mapped file are left out.
  void add(Bytes bytes) {
    if (bytes.size() < kLeastBytes || total_ + bytes.size() > most_) return;
    if (!lies_in_kept(bytes) && !keep_mapping_of(bytes)) return;
    total_ += bytes.size();
    ranges_.push_back(bytes);
  }

  bool is_worth_it() const {
    if (total_ < kLeastTotal) return false;
    for (size_t i = 0; i < kLooks; ++i)
      if (!is_in_memory(byte_at(total_ / kLooks * i + total_ / kLooks / 2))) return true;
    return false;
  }

  void run() noexcept override {
    for (const Bytes range : ranges_) read_ahead(range);
  }

 private:
  bool lies_in_kept(Bytes bytes) const {
    return std::any_of(files_.begin(), files_.end(), [&](const auto& file) {
      const Bytes whole = file->bytes();
      return bytes.data() >= whole.data() && bytes.data() < whole.data() + whole.size();
    });
  }

  bool keep_mapping_of(Bytes bytes) {
    auto file = FileMapping::holding(bytes.data());
    if (file == nullptr) return false;
    files_.push_back(std::move(file));
    return true;
  }

  const std::byte* byte_at(size_t offset) const {
    size_t i = 0;
    for (; offset >= ranges_[i].size(); ++i) offset -= ranges_[i].size();
    return ranges_[i].data() + offset;
  }

  const size_t most_ = process_memory_limit() / 2;
  size_t total_ = 0;
  std::vector<Bytes> ranges_;
  std::vector<std::shared_ptr<const FileMapping>> files_;
};

void add_step(const Step& step, ReadAhead& ahead) {
  for (const Bytes blob : step.packed) ahead.add(blob);
  if (!step.is_group && facts_of(*step.nodes.front()).has(kLooksUp)) return;
  for (uint32_t i = 0; i < step.input_values.size(); ++i) {
    const Value* value = step.input_values[i];
    if (value == nullptr || !value->is_constant() || !step.reads(i)) continue;
    ahead.add({static_cast<const std::byte*>(value->constant->data()), value->constant->byte_length()});
  }
}

}  // namespace

void read_ahead_of_run(const Program& program) {
  auto ahead = std::make_unique<ReadAhead>();
  for (const Step* step : step_tree(program.steps)) add_step(*step, *ahead);
  // Without a thread the run reads for itself.
  if (ahead->is_worth_it()) (void)TaskQueue::process().add(std::move(ahead));
}

}  // namespace tenon::host
