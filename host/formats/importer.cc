#include "host/formats/importer.h"

#include "host/formats/given_initializers.h"
#include "host/formats/ort/importer.h"
#include "host/formats/ort/reader.h"
#include "host/storage/file_mapping.h"

namespace tenon::host {

namespace {

// Also tells of those that the model has no initializer for.
Result<std::unique_ptr<Model>> with_given(Result<std::unique_ptr<Model>> model, const ImportOptions& options) {
  if (model.is_ok()) TENON_RETURN_IF_ERROR(put_given_initializers(options.initializers, *(*model)->graph));
  return model;
}

}  // namespace

Result<std::unique_ptr<Model>> import_model_file(const std::filesystem::path& path,
                                                 std::shared_ptr<const FileMapping> file,
                                                 const ImportOptions& options) {
  return with_given(
      is_ort(file->bytes()) ? import_ort_file(path, std::move(file)) : import_onnx_file(path, std::move(file), options),
      options);
}

Result<std::unique_ptr<Model>> import_model_file(const std::filesystem::path& path, const ImportOptions& options) {
  TENON_ASSIGN_OR_RETURN(auto file, FileMapping::open(path));
  return import_model_file(path, std::move(file), options);
}

Result<std::unique_ptr<Model>> import_model_bytes(std::span<const std::byte> bytes, std::shared_ptr<const void> owner,
                                                  const std::filesystem::path& folder, const ImportOptions& options) {
  return with_given(is_ort(bytes) ? import_ort_bytes(bytes, std::move(owner))
                                  : import_onnx_bytes(bytes, std::move(owner), folder, options),
                    options);
}

}  // namespace tenon::host
