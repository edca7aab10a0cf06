// One PackFile per file and process: a thousand sessions of one model cost one mapping, one descriptor and one contents
// table.
#include "host/storage/pack/pack_file.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <vector>

#include "host/storage/pack/pack_format.h"

namespace tenon::host {
namespace {

class OpenPack final : public PackFile {
 public:
  OpenPack(MarkedFile file, std::shared_ptr<const FileMapping> mapping, PackContents contents)
      : file_(std::move(file)), mapping_(std::move(mapping)), contents_(std::move(contents)) {}

  const std::string& key() const override { return contents_.key; }
  std::span<const std::byte> section(std::string_view name) const override {
    const auto found = std::find_if(contents_.sections.begin(), contents_.sections.end(),
                                    [&](const auto& section) { return section.name == name; });
    return found == contents_.sections.end() ? std::span<const std::byte>() : bytes_of(found->range, bytes());
  }
  size_t blob_count() const override { return contents_.blobs.size(); }
  std::span<const std::byte> blob(size_t index) const override {
    return bytes_of(contents_.blobs[index].range, bytes());
  }
  const std::string& blob_label(size_t index) const override { return contents_.blobs[index].label; }
  const FileMapping& mapping() const override { return *mapping_; }

  Status verify_blobs() const override {
    std::vector<std::byte> buffer(kReadBytes);
    for (const auto& blob : contents_.blobs) TENON_RETURN_IF_ERROR(verify(blob, buffer));
    const Status intact = mapping_->check_intact();
    return intact.is_ok() ? intact : error(TN_INVALID_MODEL, intact.message());
  }

 private:
  static constexpr size_t kReadBytes = size_t{1} << 20;

  std::span<const std::byte> bytes() const { return mapping_->bytes(); }
  std::string shown() const { return mapping_->path().string(); }

  Status verify(const PackContents::Blob& blob, std::vector<std::byte>& buffer) const {
    DigestStream stream;
    for (uint64_t done = 0; done < blob.range.length;) {
      const auto part =
          std::span(buffer).first(static_cast<size_t>(std::min<uint64_t>(buffer.size(), blob.range.length - done)));
      if (const Status read = read_at(file_.descriptor, part, blob.range.offset + done); !read.is_ok())
        return error(TN_INVALID_MODEL, shown(), ": blob '", blob.label, "' ", read.message());
      stream.add(part);
      done += part.size();
    }
    if (stream.digest() == blob.range.checksum) return {};
    return error(TN_INVALID_MODEL, shown(), ": the pack is damaged: blob '", blob.label, "' has checksum ",
                 to_hex(stream.digest()), ", expected ", to_hex(blob.range.checksum));
  }

  MarkedFile file_;
  std::shared_ptr<const FileMapping> mapping_;
  PackContents contents_;
};

class LivePacks {
 public:
  static LivePacks& instance() {
    static auto* packs = new LivePacks;  // outlives every user, those of static lifetime too
    return *packs;
  }

  // The open pack that is this mapping: a mapping that lost pages has been replaced by another.
  std::shared_ptr<const PackFile> find(const FileMapping& mapping) {
    const std::lock_guard lock(mutex_);
    return find_locked(mapping);
  }

  // The first of those that were opened at once stays.
  std::shared_ptr<const PackFile> keep(std::shared_ptr<const PackFile> pack) {
    const std::lock_guard lock(mutex_);
    std::erase_if(live_, [](const auto& entry) { return entry.second.expired(); });
    if (auto other = find_locked(pack->mapping())) return other;
    live_[&pack->mapping()] = pack;
    return pack;
  }

 private:
  std::shared_ptr<const PackFile> find_locked(const FileMapping& mapping) {
    const auto found = live_.find(&mapping);
    return found == live_.end() ? nullptr : found->second.lock();
  }

  std::mutex mutex_;
  std::map<const FileMapping*, std::weak_ptr<const PackFile>> live_;  // a live pack holds its mapping
};

// Nothing when another file took the path between the two steps.
Result<std::shared_ptr<const PackFile>> open_once(const std::filesystem::path& path, OwnerRule rule) {
  TENON_ASSIGN_OR_RETURN(MarkedFile file, open_marked(path, rule));
  TENON_ASSIGN_OR_RETURN(auto mapping, FileMapping::open(path));
  if (mapping->identity() != file.identity) return std::shared_ptr<const PackFile>();
  auto contents = parse_pack(mapping->bytes());
  if (!contents.is_ok()) return contents.status().with_context(path.string());
  if (auto live = LivePacks::instance().find(*mapping)) return live;
  return LivePacks::instance().keep(
      std::make_shared<OpenPack>(std::move(file), std::move(mapping), std::move(*contents)));
}

}  // namespace

Result<std::shared_ptr<const PackFile>> open_pack(const std::filesystem::path& path, OwnerRule rule) {
  constexpr int kAttempts = 8;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    auto pack = open_once(path, rule);
    if (!pack.is_ok() || *pack != nullptr) return pack;
  }
  return error(TN_INVALID_MODEL, path.string(), ": the pack changes while it is opened");
}

Result<std::shared_ptr<const PackFile>> PackFile::open(const std::filesystem::path& path, bool verify_blobs) {
  TENON_ASSIGN_OR_RETURN(auto pack, open_pack(path, OwnerRule::kAnybody));
  if (verify_blobs) TENON_RETURN_IF_ERROR(pack->verify_blobs());
  return pack;
}

}  // namespace tenon::host
