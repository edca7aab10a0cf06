#include "host/formats/importer.h"

#include "host/formats/ort/importer.h"
#include "host/formats/ort/reader.h"
#include "host/storage/file_mapping.h"

namespace tenon::host {

Result<std::unique_ptr<Model>> import_model_file(const std::filesystem::path& path, const ImportOptions& options) {
  // The importer gets the same mapping, so that what is judged is what is read.
  TENON_ASSIGN_OR_RETURN(const auto mapping, FileMapping::open(path));
  return is_ort(mapping->bytes()) ? import_ort_file(path) : import_onnx_file(path, options);
}

Result<std::unique_ptr<Model>> import_model_bytes(std::span<const std::byte> bytes, std::shared_ptr<const void> owner,
                                                  const std::filesystem::path& folder, const ImportOptions& options) {
  return is_ort(bytes) ? import_ort_bytes(bytes, std::move(owner))
                       : import_onnx_bytes(bytes, std::move(owner), folder, options);
}

}  // namespace tenon::host
