// Boost.Interprocess does the mapping; a process-wide table of live mappings keeps it to one per file. The table holds
// no mapping alive.
#include "host/storage/file_mapping.h"

#include <atomic>
#include <boost/interprocess/exceptions.hpp>
#include <boost/interprocess/file_mapping.hpp>
#include <boost/interprocess/mapped_region.hpp>
#include <cerrno>
#include <map>
#include <mutex>
#include <vector>

#include "host/base/exceptions.h"
#include "host/storage/fault_guard.h"
#include "host/storage/file_descriptor.h"
#include "host/storage/mapped_pages.h"
#include "host/storage/pack/file_mark.h"

namespace tenon::host {
namespace {

namespace ipc = boost::interprocess;

class MappedFile final : public FileMapping {
 public:
  // Throws what Boost throws.
  MappedFile(const OpenedFile& file, std::filesystem::path path)
      : identity_(file.identity),
        path_(std::move(path)),
        real_path_(file.real_path),
        modified_ns_(file.identity.modified_ns) {
    if (identity_.size == 0) return;  // there is no mapping of no bytes
    const ipc::file_mapping source(file.descriptor.reopen_path().c_str(), ipc::read_only);
    region_ = ipc::mapped_region(source, ipc::read_only, 0, static_cast<size_t>(identity_.size));
    guard_ = GuardedRange(region_.get_address(), static_cast<size_t>(identity_.size));
  }

  std::span<const std::byte> bytes() const override {
    return {static_cast<const std::byte*>(region_.get_address()), static_cast<size_t>(identity_.size)};
  }
  const FileIdentity& identity() const override { return identity_; }
  const std::filesystem::path& path() const override { return path_; }
  void release_pages(std::span<const std::byte> part) const override { release_mapped_pages(bytes(), part); }

  FileDescriptor open_again() const override {
    const Result<OpenedFile> file = open_regular_file(real_path_);
    const bool is_same = file.is_ok() && file->identity == identity_;
    return is_same ? file->descriptor.reopen_to_read() : FileDescriptor();
  }

  void read(std::span<const FilePart> parts,
            const std::function<void(std::span<const std::byte>)>& use) const override {
    const FileDescriptor descriptor = open_again();
    std::vector<std::byte> copy;
    for (const FilePart& part : parts) {
      copy.resize(part.length);
      const bool is_read = descriptor.is_open() && descriptor.read_exactly(part.offset, copy);
      use(is_read ? std::span<const std::byte>(copy) : bytes().subspan(static_cast<size_t>(part.offset), part.length));
    }
  }

  Status check_intact() const override {
    const auto lost = guard_.lost_offset();
    const auto now = identity_of_path(real_path_);
    const bool is_same_file = now && now->device == identity_.device && now->inode == identity_.inode;
    if (is_same_file &&
        (now->size != identity_.size || now->modified_ns != modified_ns_.load(std::memory_order_relaxed)))
      is_changed_.store(true, std::memory_order_relaxed);
    if (!lost && !is_changed_.load(std::memory_order_relaxed)) return {};
    constexpr char kMend[] = ": see that the file is whole, replace files by renaming, and open the model again";
    if (is_same_file && now->size < identity_.size)
      return error(TN_DATA_LOST, path_.string(), " was truncated while open, from ", identity_.size, " to ", now->size,
                   " bytes", kMend);
    if (lost && !is_changed_.load(std::memory_order_relaxed))
      return error(TN_DATA_LOST, path_.string(), " could not be read at offset ", *lost,
                   " while open: it was truncated, or its disk or network share failed", kMend);
    return error(TN_DATA_LOST, path_.string(), " was written to in place while open", kMend);
  }

  bool reaffirm(const std::function<bool(std::span<const std::byte>)>& has_same_bytes) const override {
    const auto before = identity_of_path(real_path_);
    if (!before || before->device != identity_.device || before->inode != identity_.inode ||
        before->size != identity_.size)
      return false;
    // A write in the same tick of the file clock would leave the same times.
    wait_until_settled(*before);
    if (!has_same_bytes(bytes()) || guard_.lost_offset() || identity_of_path(real_path_) != before) return false;
    modified_ns_.store(before->modified_ns, std::memory_order_relaxed);
    is_changed_.store(false, std::memory_order_relaxed);
    return true;
  }

 private:
  const FileIdentity identity_;
  const std::filesystem::path path_;
  const std::string real_path_;  // as it was when opened: still this file if the inode there is the same
  ipc::mapped_region region_;
  GuardedRange guard_;                           // ends before the region does
  mutable std::atomic<int64_t> modified_ns_;     // as last known to go with these bytes
  mutable std::atomic<bool> is_changed_{false};  // seen once; stays until reaffirm(), whatever becomes of the file
};

class Registry {
 public:
  static Registry& instance() {
    static auto* registry = new Registry;  // outlives every user, those of static lifetime too
    return *registry;
  }

  Result<std::shared_ptr<const FileMapping>> map(const OpenedFile& file, std::filesystem::path path) {
    const std::lock_guard lock(mutex_);
    std::erase_if(live_, [](const auto& entry) { return entry.second.expired(); });
    std::weak_ptr<const FileMapping>& slot = live_[file.identity];
    if (auto mapping = slot.lock(); mapping != nullptr && mapping->check_intact().is_ok()) {
      install_fault_guard();
      return mapping;
    }
    const std::string shown = path.string();
    try {
      std::shared_ptr<const FileMapping> mapping = std::make_shared<MappedFile>(file, std::move(path));
      slot = mapping;
      return mapping;
    } catch (const ipc::interprocess_exception& e) {
      const tn_code code = e.get_native_error() == ENOMEM ? TN_OUT_OF_MEMORY : TN_INVALID_ARGUMENT;
      return error(code, shown, ": cannot be mapped: ", e.what());
    } catch (...) {
      return status_of_exception(
          [&](const char* what) { return error(TN_INTERNAL, shown, ": cannot be mapped: ", what); });
    }
  }

  std::shared_ptr<const FileMapping> holding(const void* address) {
    const auto* const byte = static_cast<const std::byte*>(address);
    const std::lock_guard lock(mutex_);
    for (const auto& entry : live_) {
      auto mapping = entry.second.lock();
      if (mapping == nullptr) continue;
      const std::span<const std::byte> bytes = mapping->bytes();
      if (std::less_equal<>()(bytes.data(), byte) && std::less<>()(byte, bytes.data() + bytes.size())) return mapping;
    }
    return nullptr;
  }

 private:
  std::mutex mutex_;
  std::map<FileIdentity, std::weak_ptr<const FileMapping>> live_;
};

}  // namespace

std::shared_ptr<const FileMapping> FileMapping::holding(const void* address) {
  return Registry::instance().holding(address);
}

Result<std::shared_ptr<const FileMapping>> FileMapping::open(const std::filesystem::path& path) {
  TENON_ASSIGN_OR_RETURN(const OpenedFile file, open_regular_file(path));
  return Registry::instance().map(file, path);
}

Result<std::shared_ptr<const FileMapping>> FileMapping::open_beneath(const std::filesystem::path& folder,
                                                                     const std::string& location,
                                                                     const std::filesystem::path& root) {
  TENON_ASSIGN_OR_RETURN(const OpenedFile file, open_regular_file_beneath(folder, location, root));
  return Registry::instance().map(file, folder / location);
}

Result<std::shared_ptr<const FileMapping>> FileMapping::open_beside(const std::filesystem::path& model,
                                                                    const std::string& location,
                                                                    const std::filesystem::path& root) {
  TENON_ASSIGN_OR_RETURN(const OpenedFile file, open_data_file(model, location, root));
  return Registry::instance().map(file, model.parent_path() / location);
}

}  // namespace tenon::host
