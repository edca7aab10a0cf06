#include "host/storage/pack/pack_writer.h"

#include <algorithm>
#include <bit>
#include <mutex>
#include <vector>

#include "host/base/checked.h"
#include "host/storage/pack/pack_format.h"
#include "host/storage/pack/temporary_file.h"

namespace tenon::host {
namespace {

constexpr uint64_t kMaxPackBytes = uint64_t{1} << 62;  // what file offsets can say, with room to spare

class FilePackWriter final : public PackWriter {
 public:
  FilePackWriter(std::unique_ptr<TemporaryFile> file, std::filesystem::path folder, std::string key, FileOps& files,
                 PackRoom room)
      : file_(std::move(file)), folder_(std::move(folder)), files_(files), room_(std::move(room)) {
    contents_.key = std::move(key);
  }

  Result<uint32_t> add_blob(uint64_t byte_length, uint32_t alignment, std::string label) override {
    if (!std::has_single_bit(alignment) || alignment < kPackMinAlignment || alignment > kPackMaxAlignment)
      return error(TN_INVALID_ARGUMENT, "blob '", label, "': alignment ", alignment, ", expected a power of two from ",
                   kPackMinAlignment, " to ", kPackMaxAlignment);
    if (label.size() > kPackMaxLabelBytes)
      return error(TN_INVALID_ARGUMENT, "the label of a blob has ", label.size(), " bytes, at most ",
                   kPackMaxLabelBytes, " are kept");
    const std::lock_guard lock(mutex_);
    TENON_RETURN_IF_ERROR(status_);
    TENON_ASSIGN_OR_RETURN(const uint64_t offset, reserve(byte_length, alignment));
    contents_.blobs.push_back({{offset, byte_length, {}}, alignment, std::move(label)});
    written_.push_back(Progress::kReserved);
    return static_cast<uint32_t>(contents_.blobs.size() - 1);
  }

  Status write_blob(uint32_t index, std::span<const std::byte> bytes) override {
    TENON_ASSIGN_OR_RETURN(const uint64_t offset, begin_blob(index, bytes.size()));
    const Digest checksum = digest_of(bytes);
    const Status wrote = file_->write(bytes, offset);
    const std::lock_guard lock(mutex_);
    contents_.blobs[index].range.checksum = checksum;
    written_[index] = Progress::kWritten;
    return keep(wrote);
  }

  Status add_section(std::string name, std::span<const std::byte> bytes) override {
    if (name.empty() || name.size() > kPackMaxLabelBytes)
      return error(TN_INVALID_ARGUMENT, "the name of a section has ", name.size(), " bytes, expected 1 to ",
                   kPackMaxLabelBytes);
    const std::lock_guard lock(mutex_);
    TENON_RETURN_IF_ERROR(status_);
    for (const auto& section : contents_.sections)
      if (section.name == name) return error(TN_INVALID_ARGUMENT, "section '", name, "' is added twice");
    TENON_ASSIGN_OR_RETURN(const uint64_t offset, reserve(bytes.size(), kPackMinAlignment));
    TENON_RETURN_IF_ERROR(keep(file_->write(bytes, offset)));
    contents_.sections.push_back({std::move(name), {offset, bytes.size(), digest_of(bytes)}});
    return {};
  }

  Status publish(const std::filesystem::path& target) override {
    const std::lock_guard lock(mutex_);
    TENON_RETURN_IF_ERROR(status_);
    if (target.parent_path() != folder_)
      return error(TN_INVALID_ARGUMENT, "the pack is to be published as '", target.string(), "', expected a name in '",
                   folder_.string(), "', where it was written");
    for (size_t i = 0; i < written_.size(); ++i)
      if (written_[i] != Progress::kWritten)
        return error(TN_INVALID_ARGUMENT, "blob '", contents_.blobs[i].label, "' of the pack was not written");
    TENON_RETURN_IF_ERROR(keep(complete()));
    TENON_RETURN_IF_ERROR(keep(file_->rename_to(target)));
    status_ = error(TN_INVALID_ARGUMENT, "the pack is published already");
    // The pack is whole and in place by now: when its name is lost with the power, it is a miss.
    (void)files_.sync_folder(folder_.string());
    TENON_ASSIGN_OR_RETURN(published_, file_->identity());
    return {};
  }

  Status failed_to_write() const override {
    const std::lock_guard lock(mutex_);
    return failed_to_write_;
  }

  const FileIdentity& published() const override { return published_; }

 private:
  enum class Progress : uint8_t { kReserved, kBeingWritten, kWritten };

  // The first failure stays: what follows it would publish a pack with a hole.
  Status keep(const Status& status) {
    if (status_.is_ok()) status_ = failed_to_write_ = status;
    return status;
  }

  Result<uint64_t> reserve(uint64_t length, uint32_t alignment) {
    const uint64_t offset = (end_ + alignment - 1) / alignment * alignment;
    const CheckedSize end = CheckedSize(offset) + length;
    if (!end.fits(kMaxPackBytes)) return error(TN_INVALID_ARGUMENT, length, " bytes are more than a pack can hold");
    if (room_ && *end.get() > granted_) {
      auto granted = room_(*end.get());
      if (!granted.is_ok()) return keep(granted.status());
      granted_ = *granted;
    }
    end_ = *end.get();
    return offset;
  }

  Result<uint64_t> begin_blob(uint32_t index, uint64_t length) {
    const std::lock_guard lock(mutex_);
    TENON_RETURN_IF_ERROR(status_);
    if (index >= contents_.blobs.size())
      return error(TN_INVALID_ARGUMENT, "blob ", index, " of a pack that has ", contents_.blobs.size());
    const auto& blob = contents_.blobs[index];
    if (length != blob.range.length)
      return error(TN_INVALID_ARGUMENT, "blob '", blob.label, "' is given ", length, " bytes, reserved were ",
                   blob.range.length);
    if (written_[index] != Progress::kReserved)
      return error(TN_INVALID_ARGUMENT, "blob '", blob.label, "' is written twice");
    written_[index] = Progress::kBeingWritten;
    return blob.range.offset;
  }

  // Everything but the name. The header, without which nothing is a pack, comes last.
  Status complete() {
    const auto table = encode_pack_contents(contents_);
    if (table.size() > kPackMaxContentsBytes)
      return error(TN_UNSUPPORTED, "the pack has ", contents_.blobs.size(), " blobs, whose table takes ", table.size(),
                   " bytes: at most ", kPackMaxContentsBytes, " are read");
    PackHeader header;
    TENON_ASSIGN_OR_RETURN(const uint64_t offset, reserve(table.size(), kPackMinAlignment));
    header.contents = {offset, table.size(), digest_of(std::span<const std::byte>(table))};
    header.file_length = end_;
    TENON_RETURN_IF_ERROR(file_->write(table, offset));
    TENON_RETURN_IF_ERROR(file_->write(encode_pack_header(header), 0));
    return file_->sync();
  }

  mutable std::mutex mutex_;
  std::unique_ptr<TemporaryFile> file_;
  std::filesystem::path folder_;
  FileOps& files_;
  const PackRoom room_;
  uint64_t granted_ = 0;
  PackContents contents_;
  std::vector<Progress> written_;  // by blob
  uint64_t end_ = kPackHeaderBytes;
  Status status_, failed_to_write_;
  FileIdentity published_;
};

}  // namespace

Result<std::unique_ptr<PackWriter>> PackWriter::create(const std::filesystem::path& folder, std::string key,
                                                       FileOps& files, PackRoom room) {
  if (key.size() > kPackMaxKeyBytes)
    return error(TN_INVALID_ARGUMENT, "the key of a pack has ", key.size(), " bytes, at most ", kPackMaxKeyBytes,
                 " are kept");
  TENON_ASSIGN_OR_RETURN(auto file, TemporaryFile::create(folder, files));
  return std::unique_ptr<PackWriter>(
      std::make_unique<FilePackWriter>(std::move(file), folder, std::move(key), files, std::move(room)));
}

}  // namespace tenon::host
