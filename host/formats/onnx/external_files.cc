#include "host/formats/onnx/external_files.h"

#include <charconv>
#include <optional>

#include "host/base/checked.h"

namespace tenon::host {
namespace {

struct Entries {
  std::string location;
  uint64_t offset = 0;
  std::optional<uint64_t> length;
};

Result<uint64_t> read_number(const std::string& key, const std::string& text) {
  uint64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc() || end != text.data() + text.size())
    return error(TN_INVALID_MODEL, "external data entry '", key, "' is '", text.substr(0, 40),
                 "', expected a number of bytes of 0 or more that fits in 64 bits");
  return value;
}

// Other keys say nothing that a reader needs: checksum, and what ONNX Runtime adds for itself (prepacked...).
Result<Entries> read_entries(const onnx::TensorProto& tensor) {
  Entries entries;
  for (const auto& entry : tensor.external_data()) {
    if (entry.key() == "location") {
      entries.location = entry.value();
    } else if (entry.key() == "offset") {
      TENON_ASSIGN_OR_RETURN(entries.offset, read_number(entry.key(), entry.value()));
    } else if (entry.key() == "length") {
      TENON_ASSIGN_OR_RETURN(entries.length, read_number(entry.key(), entry.value()));
    }
  }
  return entries;
}

}  // namespace

Result<ExternalBytes> ExternalFiles::find(const onnx::TensorProto& tensor, uint64_t expected) {
  TENON_ASSIGN_OR_RETURN(const Entries entries, read_entries(tensor));
  TENON_ASSIGN_OR_RETURN(auto file, open(entries.location));
  const uint64_t length = entries.length.value_or(expected);
  if (length != expected)
    return error(TN_INVALID_MODEL, "its external data in '", entries.location, "' is ", length,
                 " bytes long, expected ", expected, " for its type and dims");
  const CheckedSize end = CheckedSize(entries.offset) + CheckedSize(length);
  if (!end.fits(file->bytes().size()))
    return error(TN_INVALID_MODEL, "its external data is ", length, " bytes at offset ", entries.offset, " of '",
                 entries.location, "', but that file has only ", file->bytes().size(),
                 " bytes: the file is incomplete or belongs to another model; copy or download it again");
  return ExternalBytes{file->bytes().subspan(entries.offset, length), file, entries.offset};
}

Result<std::shared_ptr<const FileMapping>> ExternalFiles::open(const std::string& location) {
  if (model_.empty() && folder_.empty())
    return error(TN_INVALID_MODEL, "it is stored in the external file '", location,
                 "', but no folder to look in is known, as for a model opened from memory without a folder: give the "
                 "folder, open "
                 "the model by path, or store the bytes inside");
  auto known = files_.find(location);
  if (known != files_.end()) return known->second;
  TENON_ASSIGN_OR_RETURN(auto file, model_.empty() ? FileMapping::open_beneath(folder_, location, root_)
                                                   : FileMapping::open_beside(model_, location, root_));
  files_.emplace(location, file);
  return file;
}

}  // namespace tenon::host
