// A message of protobuf may be written in pieces: a nested message is a tag, a length and its bytes, and fields may
// stand in any order. So the initializers of the main graph follow the rest of it, each as the bytes of a small header
// message and then its data, straight from the tensor.
#include "host/formats/onnx/exporter.h"

#include <algorithm>

#include "host/formats/onnx/message_writer.h"
#include "host/formats/onnx/onnx_proto.h"
#include "host/storage/file_mapping.h"
#include "host/base/exceptions.h"
#include "host/storage/file_writer.h"

namespace tenon::host {
namespace {

constexpr uint64_t kLeastExternalBytes = 1024;
constexpr uint64_t kAlignedBytes = 64;
constexpr uint64_t kPageBytes = 4096;
constexpr uint64_t kLeastPagedBytes = uint64_t{1} << 20;
constexpr uint64_t kProtobufLimit = INT32_MAX;
// Field numbers of the ONNX format.
constexpr uint32_t kModelGraph = 7;
constexpr uint32_t kGraphInitializer = 5;
constexpr uint32_t kTensorRawData = 9;

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

std::string varint(uint64_t value) {
  std::string text;
  for (; value >= 0x80; value >>= 7) text += static_cast<char>(value | 0x80);
  return text + static_cast<char>(value);
}

// What stands before the bytes of a nested message or a run of bytes.
std::string field_head(uint32_t number, uint64_t length) {
  return varint(number << 3 | 2) + varint(length);
}

// The bytes of one initializer before its data, which are `tensor`'s or none.
struct Piece {
  std::string head;
  const Tensor* tensor = nullptr;

  uint64_t size() const { return head.size() + (tensor != nullptr ? tensor->byte_length() : 0); }
};

class OnnxExport {
 public:
  OnnxExport(const Model& model, std::filesystem::path path, const OnnxExportOptions& options)
      : model_(model), path_(std::move(path)), options_(options) {}

  Status write() {
    if (options_.external_data) TENON_RETURN_IF_ERROR(open_data());
    onnx::GraphProto graph;
    TENON_RETURN_IF_ERROR(write_graph(
        *model_.graph, [&](onnx::GraphProto& proto, const Value& constant) { return take(graph, proto, constant); },
        graph));
    if (!model_.graph_doc_string.empty()) graph.set_doc_string(model_.graph_doc_string);
    TENON_ASSIGN_OR_RETURN(const auto file, FileWriter::create(path_));
    TENON_RETURN_IF_ERROR(write_model(graph, *file));
    // Weights of a file that was cut meanwhile read as zeros.
    for (const SourceFile& source : model_.files) TENON_RETURN_IF_ERROR(source.mapping->check_intact());
    if (data_ != nullptr) TENON_RETURN_IF_ERROR(data_->publish());
    return file->publish();
  }

 private:
  Status open_data() {
    data_path_ = path_;
    data_path_ += ".data";
    // The mapping keeps its old content, but the model's own file would lose its data.
    const auto there = FileMapping::open(data_path_);
    const auto is_there = [&](const SourceFile& file) { return file.mapping == *there; };
    if (there.is_ok() && std::any_of(model_.files.begin(), model_.files.end(), is_there))
      return error(TN_INVALID_ARGUMENT, data_path_.string(),
                   ": the model that is converted has its own weights there: write to another file name");
    TENON_ASSIGN_OR_RETURN(data_, FileWriter::create(data_path_));
    return {};
  }

  // `main`: the message of the main graph, whose initializers are written in pieces.
  Status take(const onnx::GraphProto& main, onnx::GraphProto& graph, const Value& constant) {
    const Tensor& tensor = *constant.stored();
    if (data_ != nullptr && tensor.dtype() != TN_STRING && tensor.byte_length() >= kLeastExternalBytes)
      return write_external(constant.name, tensor, *graph.add_initializer());
    if (&graph != &main || tensor.dtype() == TN_STRING)
      return write_tensor(constant.name, tensor, *graph.add_initializer());
    TENON_RETURN_IF_ERROR(check_data(constant.name, tensor));
    onnx::TensorProto header;
    write_tensor_header(constant.name, tensor, header);
    const std::string message = header.SerializeAsString();
    const std::string raw_head = field_head(kTensorRawData, tensor.byte_length());
    const uint64_t length = message.size() + raw_head.size() + tensor.byte_length();
    pieces_.push_back({field_head(kGraphInitializer, length) + message + raw_head, &tensor});
    return {};
  }

  Status write_external(const std::string& name, const Tensor& tensor, onnx::TensorProto& proto) {
    TENON_RETURN_IF_ERROR(check_data(name, tensor));
    write_tensor_header(name, tensor, proto);
    TENON_RETURN_IF_ERROR(data_->pad(tensor.byte_length() >= kLeastPagedBytes ? kPageBytes : kAlignedBytes));
    proto.set_data_location(onnx::TensorProto::EXTERNAL);
    const auto add = [&](const char* key, const std::string& value) {
      auto& entry = *proto.add_external_data();
      entry.set_key(key);
      entry.set_value(value);
    };
    add("location", data_path_.filename().string());
    add("offset", std::to_string(data_->size()));
    add("length", std::to_string(tensor.byte_length()));
    return write_data(tensor, *data_);
  }

  // Pages of a mapping that were read for it are given back.
  Status write_data(const Tensor& tensor, FileWriter& file) const {
    const std::span bytes(static_cast<const std::byte*>(tensor.data()), tensor.byte_length());
    TENON_RETURN_IF_ERROR(file.write(bytes));
    for (const SourceFile& source : model_.files)
      if (source.mapping == tensor.owner()) source.mapping->release_pages(bytes);
    return {};
  }

  Status write_model(const onnx::GraphProto& graph, FileWriter& file) const {
    onnx::ModelProto header;
    write_header(model_, header);
    uint64_t graph_bytes = graph.ByteSizeLong();
    for (const Piece& piece : pieces_) graph_bytes += piece.size();
    if (graph_bytes + header.ByteSizeLong() >= kProtobufLimit)
      return error(TN_UNSUPPORTED, path_.string(), ": the model takes ", graph_bytes,
                   " bytes, more than the 2 GiB of one .onnx file: give --external-data");
    TENON_RETURN_IF_ERROR(file.write(bytes_of(header.SerializeAsString())));
    TENON_RETURN_IF_ERROR(file.write(bytes_of(field_head(kModelGraph, graph_bytes))));
    TENON_RETURN_IF_ERROR(file.write(bytes_of(graph.SerializeAsString())));
    for (const Piece& piece : pieces_) {
      TENON_RETURN_IF_ERROR(file.write(bytes_of(piece.head)));
      TENON_RETURN_IF_ERROR(write_data(*piece.tensor, file));
    }
    return {};
  }

  const Model& model_;
  const std::filesystem::path path_;
  const OnnxExportOptions options_;
  std::filesystem::path data_path_;
  std::unique_ptr<FileWriter> data_;  // nullptr: no external data
  std::vector<Piece> pieces_;         // initializers of the main graph
};

}  // namespace

Status export_onnx_file(const Model& model, const std::filesystem::path& path, const OnnxExportOptions& options) {
  // Protobuf and the containers throw only when memory runs out.
  try {
    return OnnxExport(model, path, options).write();
  } catch (...) {
    return status_of_exception(
        [](const char* what) { return error(TN_OUT_OF_MEMORY, "no memory to export the model: ", what); });
  }
}

}  // namespace tenon::host
