#include "host/formats/ort/writer.h"

#include "host/base/exceptions.h"
#include "host/formats/ort/graph_writer.h"
#include "host/storage/file_mapping.h"
#include "host/storage/file_writer.h"

namespace tenon::host {
namespace ort {
namespace {

namespace file = ort_file;
using Builder = flatbuffers::FlatBufferBuilder;

constexpr const char* kFormatVersion = "6";
constexpr uint64_t kStructureBytes = uint64_t{1} << 16;

// A first guess at the length, so that the weights are not moved as the buffer grows.
size_t first_size(const Model& model, const OrtWriteOptions& options) {
  uint64_t bytes = kStructureBytes;
  for (Graph* graph : graph_tree(*model.graph))
    for (const auto& value : graph->values())
      if (value->stored() != nullptr && !(options.outside && options.outside(*value)))
        bytes += value->stored()->byte_length() + 128;
  return bytes < FLATBUFFERS_MAX_BUFFER_SIZE ? bytes : kStructureBytes;
}

flatbuffers::Offset<file::Model> write_model(Builder& builder, const Model& model,
                                             flatbuffers::Offset<file::Graph> graph) {
  std::vector<flatbuffers::Offset<file::OperatorSetId>> opsets;
  for (const auto& [domain, version] : model.opset_imports)
    opsets.push_back(file::CreateOperatorSetId(builder, builder.CreateSharedString(domain), version));
  std::vector<flatbuffers::Offset<file::StringPair>> metadata;
  for (const auto& [key, value] : model.metadata)
    metadata.push_back(file::CreateStringPair(builder, builder.CreateString(key), builder.CreateString(value)));
  const auto opset_vector = builder.CreateVector(opsets);
  const auto producer_name = builder.CreateString(model.producer_name);
  const auto producer_version = builder.CreateString(model.producer_version);
  const auto domain = builder.CreateString(model.domain);
  const auto doc_string = builder.CreateString(model.doc_string);
  const auto graph_doc_string = builder.CreateString(model.graph_doc_string);
  const auto metadata_vector = builder.CreateVector(metadata);
  return file::CreateModel(builder, model.ir_version, opset_vector, producer_name, producer_version, domain,
                           model.model_version, doc_string, graph, graph_doc_string, metadata_vector);
}

// The contract of write_ort().
Result<flatbuffers::DetachedBuffer> write_buffer(const Model& model, const OrtWriteOptions& options) {
  // The builder and the containers throw only when memory runs out.
  try {
    Builder builder(first_size(model, options));
    GraphWriter writer(builder, options);
    TENON_ASSIGN_OR_RETURN(const auto graph, writer.write(*model.graph));
    const auto table = write_model(builder, model, graph);
    const auto kernel_types =
        options.interchange ? writer.kernel_types().write(builder) : flatbuffers::Offset<file::KernelTypeResolver>();
    const auto version = builder.CreateString(kFormatVersion);
    file::FinishInferenceSessionBuffer(builder, file::CreateInferenceSession(builder, version, table, kernel_types));
    return builder.Release();
  } catch (...) {
    return status_of_exception(
        [](const char* what) { return error(TN_OUT_OF_MEMORY, "no memory to write the model: ", what); });
  }
}

std::span<const std::byte> bytes_of(const flatbuffers::DetachedBuffer& buffer) {
  return std::as_bytes(std::span(buffer.data(), buffer.size()));
}

}  // namespace
}  // namespace ort

Result<std::vector<std::byte>> write_ort(const Model& model, const OrtWriteOptions& options) {
  TENON_ASSIGN_OR_RETURN(const flatbuffers::DetachedBuffer buffer, ort::write_buffer(model, options));
  try {
    const auto bytes = ort::bytes_of(buffer);
    return std::vector<std::byte>(bytes.begin(), bytes.end());
  } catch (const std::bad_alloc&) {
    return Status::out_of_memory();
  }
}

Status write_ort_file(const Model& model, const std::filesystem::path& path, const OrtWriteOptions& options) {
  TENON_ASSIGN_OR_RETURN(const flatbuffers::DetachedBuffer buffer, ort::write_buffer(model, options));
  TENON_ASSIGN_OR_RETURN(const auto file, FileWriter::create(path));
  TENON_RETURN_IF_ERROR(file->write(ort::bytes_of(buffer)));
  // Weights of a file that was cut meanwhile read as zeros.
  for (const SourceFile& source : model.files) TENON_RETURN_IF_ERROR(source.mapping->check_intact());
  return file->publish();
}

}  // namespace tenon::host
