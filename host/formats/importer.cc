#include "host/formats/importer.h"

#include "host/formats/ort/importer.h"
#include "host/formats/ort/reader.h"
#include "host/storage/file_mapping.h"

namespace tenon::host {

Result<std::unique_ptr<Model>> import_model_file(const std::filesystem::path& path,
                                                 std::shared_ptr<const FileMapping> file,
                                                 const ImportOptions& options) {
  return is_ort(file->bytes()) ? import_ort_file(path, std::move(file))
                               : import_onnx_file(path, std::move(file), options);
}

Result<std::unique_ptr<Model>> import_model_file(const std::filesystem::path& path, const ImportOptions& options) {
  TENON_ASSIGN_OR_RETURN(auto file, FileMapping::open(path));
  return import_model_file(path, std::move(file), options);
}

Result<std::unique_ptr<Model>> import_model_bytes(std::span<const std::byte> bytes, std::shared_ptr<const void> owner,
                                                  const std::filesystem::path& folder, const ImportOptions& options) {
  return is_ort(bytes) ? import_ort_bytes(bytes, std::move(owner))
                       : import_onnx_bytes(bytes, std::move(owner), folder, options);
}

}  // namespace tenon::host
