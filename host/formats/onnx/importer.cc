#include "host/formats/onnx/importer.h"

#include <google/protobuf/arena.h>
#include <google/protobuf/io/coded_stream.h>

#include <algorithm>

#include "host/base/exceptions.h"
#include "host/base/log.h"
#include "host/formats/onnx/external_files.h"
#include "host/formats/onnx/foreign_formats.h"
#include "host/formats/onnx/function_library.h"
#include "host/formats/onnx/graph_reader.h"
#include "host/formats/onnx/onnx_proto.h"
#include "host/formats/onnx/tensor_reader.h"
#include "host/formats/onnx/wire_walker.h"
#include "host/graph/schema.h"
#include "host/storage/file_mapping.h"
#include "host/storage/private_peak.h"

namespace tenon::host {
namespace {

constexpr int64_t kNewestIrVersion = 14;

struct Input {
  std::span<const std::byte> bytes;
  std::shared_ptr<const void> owner;
  std::shared_ptr<const FileMapping> mapping;  // whose bytes they are; nullptr for memory of the application
};

Status parse(const onnx_wire::Skeleton& skeleton, google::protobuf::Message& message) {
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const uint8_t*>(skeleton.message.data()),
                                                static_cast<int>(skeleton.message.size()));
  stream.SetRecursionLimit(onnx_wire::kMaxMessageDepth + 1);
  if (message.ParsePartialFromCodedStream(&stream)) return {};
  return error(TN_INVALID_MODEL, "a packed field of numbers is damaged: copy or download the file again");
}

bool is_tensor_proto(std::span<const std::byte> bytes) {
  const auto skeleton = onnx_wire::walk(bytes, onnx_wire::Message::kTensor);
  onnx::TensorProto proto;
  return skeleton.is_ok() && parse(skeleton.value(), proto).is_ok() && proto.data_type() > 0;
}

// Whether the first byte is the tag of a field that exporters begin a model with: ir_version, producer_name, graph,
// opset_import.
bool begins_like_a_model(std::span<const std::byte> bytes) {
  const auto first = static_cast<uint8_t>(bytes[0]);
  return first == 0x08 || first == 0x12 || first == 0x3a || first == 0x42;
}

// `why`: what kept the bytes from being read as a model.
Status not_a_model(std::span<const std::byte> bytes, const Status& why) {
  constexpr char kPrefix[] = "not an ONNX model: ";
  if (const auto foreign = describe_foreign_format(bytes); !foreign.empty())
    return error(TN_NOT_A_MODEL, kPrefix, foreign);
  if (is_tensor_proto(bytes))
    return error(TN_NOT_A_MODEL, kPrefix,
                 "it looks like a single tensor (TensorProto), as test data sets hold them; give it as an input");
  return Status(TN_NOT_A_MODEL, begins_like_a_model(bytes) ? why.message() : kPrefix + why.message());
}

Result<onnx_wire::Skeleton> walk_model(std::span<const std::byte> bytes) {
  if (bytes.empty())
    return error(TN_NOT_A_MODEL, "the file is empty, expected an ONNX model: copy or download it again");
  auto skeleton = onnx_wire::walk(bytes, onnx_wire::Message::kModel);
  if (skeleton.is_ok() || skeleton.status().code() != TN_INVALID_MODEL) return skeleton;
  return not_a_model(bytes, skeleton.status());
}

Status read_opsets(const onnx::ModelProto& proto, Model& model) {
  for (const auto& opset : proto.opset_import()) {
    const std::string domain = fold_domain(opset.domain());
    if (opset.version() < 1)
      return error(TN_INVALID_MODEL, "opset_import of domain '", opset.domain(), "' is version ", opset.version(),
                   ", expected 1 or more: the exporter is broken");
    const auto [known, added] = model.opset_imports.emplace(domain, opset.version());
    if (!added && known->second != opset.version())
      return error(TN_INVALID_MODEL, "opset_import gives domain '", domain, "' the versions ", known->second, " and ",
                   opset.version(), ": one of them is wrong");
  }
  // IR versions before 3 knew no opset_import and meant the first opset.
  if (model.opset_imports.empty() && model.ir_version < 3) model.opset_imports[""] = 1;
  if (model.opset_imports.empty())
    return error(TN_INVALID_MODEL, "opset_import is missing, which IR version ", model.ir_version,
                 " needs: the file is cut short or its exporter is broken");
  return {};
}

Status read_header(const onnx::ModelProto& proto, Model& model) {
  model.ir_version = proto.ir_version();
  model.producer_name = proto.producer_name();
  model.producer_version = proto.producer_version();
  model.domain = proto.domain();
  model.doc_string = proto.doc_string();
  model.graph_doc_string = proto.graph().doc_string();
  model.model_version = proto.model_version();
  for (const auto& entry : proto.metadata_props()) model.metadata[entry.key()] = entry.value();
  if (model.ir_version < 1)
    return error(TN_INVALID_MODEL, "ir_version is ", model.ir_version, ", expected 1 or more: the exporter is broken");
  // Fields that a later IR version added are skipped: it may mean more than is read.
  if (model.ir_version > kNewestIrVersion)
    log(TN_LOG_WARN, "the model has IR version ", model.ir_version, ", this build knows up to ", kNewestIrVersion,
        ": export it with an older onnx if its results look wrong");
  return read_opsets(proto, model);
}

Result<std::unique_ptr<Model>> import_model(const Input& input, ExternalFiles files, const ImportOptions& options) {
  TENON_ASSIGN_OR_RETURN(const onnx_wire::Skeleton skeleton, walk_model(input.bytes));
  google::protobuf::Arena arena;
  auto* proto = google::protobuf::Arena::CreateMessage<onnx::ModelProto>(&arena);
  if (const Status parsed = parse(skeleton, *proto); !parsed.is_ok()) return Status(TN_NOT_A_MODEL, parsed.message());
  if (!proto->has_graph())
    return not_a_model(input.bytes, error(TN_INVALID_MODEL, "it has no graph: the file is cut short or is no model"));
  auto model = std::make_unique<Model>();
  TENON_RETURN_IF_ERROR(read_header(*proto, *model));
  TENON_ASSIGN_OR_RETURN(const FunctionLibrary functions, FunctionLibrary::read(*proto));
  TensorReader tensors(input.bytes, input.owner, input.mapping.get(), skeleton, std::move(files));
  model->graph = std::make_unique<Graph>();
  TENON_RETURN_IF_ERROR(GraphReader(tensors, functions, model->opset_imports, skeleton.message.size(),
                                    model->ir_version >= kFirstIrVersionWithDefaults, options.initializers)
                            .read(proto->graph(), *model->graph));
  if (input.mapping != nullptr) {
    model->files.push_back({"", input.mapping});
  } else if (input.owner != nullptr) {
    model->owners.push_back(input.owner);
  }
  for (const auto& entry : tensors.files().files())
    if (std::none_of(model->files.begin(), model->files.end(),
                     [&](const SourceFile& known) { return known.mapping == entry.second; }))
      model->files.push_back({entry.first, entry.second});
  tensors.finish_copies(options.run_tasks);
  TENON_RETURN_IF_ERROR(model->graph->finish());
  rename_shadowing_values(*model->graph);  // of errors until here the names are the file's
  TENON_RETURN_IF_ERROR(resolve_schemas(*model));
  note_private_peak();  // the messages are still there
  return model;
}

// Protobuf and the containers throw only when memory runs out.
template <typename F>
auto catching(F&& f) -> decltype(f()) {
  try {
    return f();
  } catch (...) {
    return status_of_exception(
        [](const char* what) { return error(TN_OUT_OF_MEMORY, "no memory to import the model: ", what); });
  }
}

}  // namespace

Result<std::unique_ptr<Model>> import_onnx_file(const std::filesystem::path& path,
                                                std::shared_ptr<const FileMapping> file, const ImportOptions& options) {
  auto model = catching([&] {
    return import_model({file->bytes(), file, file}, ExternalFiles::beside(path, options.external_data_root), options);
  });
  if (!model.is_ok()) {
    // A file cut short meanwhile reads as damaged in some other way.
    TENON_RETURN_IF_ERROR(file->check_intact());
    return model.status().with_context(path.string());
  }
  model.value()->path = path.string();
  return model;
}

Result<std::unique_ptr<Model>> import_onnx_bytes(std::span<const std::byte> bytes, std::shared_ptr<const void> owner,
                                                 const std::filesystem::path& folder, const ImportOptions& options) {
  return catching([&] {
    return import_model({bytes, std::move(owner), nullptr}, ExternalFiles::in(folder, options.external_data_root),
                        options);
  });
}

Result<Tensor> read_tensor_bytes(std::span<const std::byte> serialized) {
  return catching([&]() -> Result<Tensor> {
    TENON_ASSIGN_OR_RETURN(const onnx_wire::Skeleton skeleton,
                           onnx_wire::walk(serialized, onnx_wire::Message::kTensor));
    onnx::TensorProto proto;
    TENON_RETURN_IF_ERROR(parse(skeleton, proto));
    if (proto.data_type() == TN_UNDEFINED)
      return error(TN_INVALID_MODEL,
                   "it holds no tensor: expected a serialized TensorProto with an element type, as in ",
                   "the data sets of ONNX (a model is none)");
    TensorReader reader(serialized, nullptr, nullptr, skeleton, ExternalFiles());
    TENON_ASSIGN_OR_RETURN(const Tensor view, reader.read(proto));
    reader.finish_copies({});
    if (view.residence() == Residence::kCopied) return view;
    TENON_ASSIGN_OR_RETURN(Tensor copy, Tensor::allocate(view.dtype(), view.shape(), Residence::kCopied, "read"));
    std::copy_n(static_cast<const std::byte*>(view.data()), view.byte_length(),
                static_cast<std::byte*>(copy.mutable_data()));
    return copy;
  });
}

Result<Tensor> read_tensor_proto(const std::filesystem::path& path) {
  TENON_ASSIGN_OR_RETURN(const auto mapping, FileMapping::open(path));
  auto tensor = read_tensor_bytes(mapping->bytes());
  TENON_RETURN_IF_ERROR(mapping->check_intact());
  if (!tensor.is_ok()) return tensor.status().with_context(path.string());
  return tensor;
}

}  // namespace tenon::host
