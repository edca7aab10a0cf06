// Verification, the format's version and the model's header; the graph is GraphReader's.
#include "host/formats/ort/reader.h"

#include <charconv>
#include <cstring>

#include "host/base/exceptions.h"
#include "host/formats/ort/graph_reader.h"
#include "host/formats/ort/ort_generated.h"
#include "host/formats/ort/value_types.h"
#include "host/formats/ort/verify.h"
#include "host/graph/schema.h"

namespace tenon::host {
namespace ort {
namespace {

namespace file = ort_file;

constexpr size_t kAlignment = 8;
constexpr size_t kIdentifierOffset = 4;
constexpr int kNewestFormat = 6;

Status check_format(const file::InferenceSession& session) {
  const std::string_view version = text(session.format_version());
  int number = 0;
  const auto [end, failure] = std::from_chars(version.data(), version.data() + version.size(), number);
  if (failure == std::errc() && end == version.data() + version.size() && number >= 1 && number <= kNewestFormat)
    return {};
  return error(TN_UNSUPPORTED, "its format version is '", version, "', this build reads 1 to ", kNewestFormat,
               ": convert the .onnx model again with an onnxruntime that writes version ", kNewestFormat,
               ", use the .onnx model, or a newer Tenon");
}

Status read_opsets(const file::Model& source, Model& model) {
  if (source.opset_import() == nullptr) return error(TN_INVALID_MODEL, "opset_import is missing: the file is damaged");
  for (const file::OperatorSetId* opset : *source.opset_import()) {
    const std::string_view domain = text(opset->domain());
    if (opset->version() < 1)
      return error(TN_INVALID_MODEL, "opset_import of domain '", domain, "' is version ", opset->version(),
                   ", expected 1 or more: the file is damaged");
    const auto [known, added] = model.opset_imports.emplace(domain == "ai.onnx" ? "" : domain, opset->version());
    if (!added && known->second != opset->version())
      return error(TN_INVALID_MODEL, "opset_import gives domain '", domain, "' the versions ", known->second, " and ",
                   opset->version(), ": one of them is wrong");
  }
  return {};
}

Status read_header(const file::Model& source, Model& model) {
  model.ir_version = source.ir_version();
  model.producer_name = text(source.producer_name());
  model.producer_version = text(source.producer_version());
  model.domain = text(source.domain());
  model.doc_string = text(source.doc_string());
  model.graph_doc_string = text(source.graph_doc_string());
  model.model_version = source.model_version();
  if (source.metadata_props() != nullptr)
    for (const file::StringPair* entry : *source.metadata_props())
      model.metadata[std::string(text(entry->key()))] = text(entry->value());
  if (model.ir_version < 1)
    return error(TN_INVALID_MODEL, "ir_version is ", model.ir_version, ", expected 1 or more: the file is damaged");
  return read_opsets(source, model);
}

Result<std::unique_ptr<Model>> read_model(std::span<const std::byte> bytes, std::shared_ptr<const void> owner,
                                          const OrtReadOptions& options) {
  if (!is_ort(bytes))
    return error(TN_NOT_A_MODEL, "not an .ort model: the identifier ORTM is missing at byte ", kIdentifierOffset);
  if (reinterpret_cast<uintptr_t>(bytes.data()) % kAlignment != 0)
    return error(TN_INVALID_ARGUMENT, "the bytes of an .ort model must be aligned to ", kAlignment);
  if (!options.is_verified) TENON_RETURN_IF_ERROR(verify(bytes));
  const file::InferenceSession& session = *file::GetInferenceSession(bytes.data());
  TENON_RETURN_IF_ERROR(check_format(session));
  if (session.model() == nullptr || session.model()->graph() == nullptr)
    return error(TN_INVALID_MODEL, "it has no graph: the file is damaged or is no model");
  auto model = std::make_unique<Model>();
  TENON_RETURN_IF_ERROR(read_header(*session.model(), *model));
  model->graph = std::make_unique<Graph>();
  TENON_RETURN_IF_ERROR(GraphReader(bytes, owner, options, model->ir_version >= kFirstIrVersionWithDefaults)
                            .read(*session.model()->graph(), *model->graph));
  if (owner != nullptr) model->owners.push_back(std::move(owner));
  TENON_RETURN_IF_ERROR(model->graph->finish());
  TENON_RETURN_IF_ERROR(resolve_written_schemas(*model));
  return model;
}

}  // namespace
}  // namespace ort

bool is_ort(std::span<const std::byte> bytes) {
  const char* identifier = ort_file::InferenceSessionIdentifier();
  return bytes.size() >= ort::kIdentifierOffset + flatbuffers::kFileIdentifierLength &&
         std::memcmp(bytes.data() + ort::kIdentifierOffset, identifier, flatbuffers::kFileIdentifierLength) == 0;
}

Result<std::unique_ptr<Model>> read_ort(std::span<const std::byte> bytes, std::shared_ptr<const void> owner,
                                        const OrtReadOptions& options) {
  // Only the standard library's containers throw here.
  try {
    return ort::read_model(bytes, std::move(owner), options);
  } catch (...) {
    return status_of_exception(
        [](const char* what) { return error(TN_OUT_OF_MEMORY, "no memory to read the model: ", what); });
  }
}

}  // namespace tenon::host
