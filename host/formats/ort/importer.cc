#include "host/formats/ort/importer.h"

#include <cstring>

#include "host/formats/ort/reader.h"

namespace tenon::host {
namespace {

constexpr size_t kOrtAlignment = 8;

Result<std::unique_ptr<Model>> import_copy(std::span<const std::byte> bytes) {
  const std::vector<int64_t> shape = {static_cast<int64_t>(bytes.size())};
  TENON_ASSIGN_OR_RETURN(Tensor copy, Tensor::allocate(TN_UINT8, shape, Residence::kCopied));
  std::memcpy(copy.mutable_data(), bytes.data(), bytes.size());
  TENON_ASSIGN_OR_RETURN(auto model, read_ort(std::as_bytes(copy.span<uint8_t>()), copy.owner()));
  model->graph->notes.push_back(concat("the model's ", bytes.size(), " bytes were copied: they were not aligned to ",
                                       kOrtAlignment, " bytes in memory"));
  return model;
}

}  // namespace

Result<std::unique_ptr<Model>> import_ort_file(const std::filesystem::path& path,
                                               std::shared_ptr<const FileMapping> file) {
  auto model = read_ort(file->bytes(), file, {{}, file.get()});
  if (!model.is_ok()) {
    // A file cut short meanwhile reads as damaged in some other way.
    TENON_RETURN_IF_ERROR(file->check_intact());
    return model.status().with_context(path.string());
  }
  (*model)->path = path.string();
  (*model)->files.push_back({"", std::move(file)});
  return model;
}

Result<std::unique_ptr<Model>> import_ort_bytes(std::span<const std::byte> bytes, std::shared_ptr<const void> owner) {
  if (is_ort(bytes) && reinterpret_cast<uintptr_t>(bytes.data()) % kOrtAlignment != 0) return import_copy(bytes);
  return read_ort(bytes, std::move(owner));
}

}  // namespace tenon::host
