// Makes .ort files table by table, for those that no writer would make.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "host/formats/ort/ort_generated.h"
#include "host/formats/ort/reader.h"

namespace tenon::test {

namespace ort_file = host::ort_file;

/// The parts of a file with one graph: float[2] x -> Relu -> y, to be changed before finish().
struct OrtFile {
  template <typename T>
  using Offset = flatbuffers::Offset<T>;
  using Names = std::vector<std::string>;

  flatbuffers::FlatBufferBuilder builder;
  std::string version = "6";
  int64_t opset = 17;
  std::vector<Offset<ort_file::Tensor>> initializers;
  std::vector<Offset<ort_file::SparseTensor>> sparse;
  std::vector<Offset<ort_file::Node>> nodes;
  std::vector<Offset<ort_file::ValueInfo>> values;
  Names inputs = {"x"}, outputs = {"y"};
  bool has_runtime_optimizations = false;

  Offset<ort_file::Node> node(const std::string& op, const Names& in, const Names& out,
                              const std::vector<Offset<ort_file::Attribute>>& attributes = {},
                              const std::string& domain = "", int since_version = 6,
                              ort_file::NodeType type = ort_file::NodeType::PRIMITIVE) {
    return ort_file::CreateNode(builder, builder.CreateString(op + "_" + (out.empty() ? "" : out[0])), 0,
                                builder.CreateString(domain), since_version, 0, builder.CreateString(op), type,
                                builder.CreateString("TheProvider"), builder.CreateVectorOfStrings(in),
                                builder.CreateVectorOfStrings(out), builder.CreateVector(attributes));
  }
  Offset<ort_file::Tensor> tensor(const std::string& name, int data_type, const std::vector<int64_t>& dims,
                                  const std::vector<uint8_t>& raw, int64_t external = -1) {
    return ort_file::CreateTensor(builder, builder.CreateString(name), 0, builder.CreateVector(dims), data_type,
                                  builder.CreateVector(raw), 0, external);
  }
  Offset<ort_file::ValueInfo> value(const std::string& name) {
    return ort_file::CreateValueInfo(builder, builder.CreateString(name));
  }
  Offset<ort_file::Graph> graph() {
    const auto optimizations = has_runtime_optimizations ? ort_file::CreateRuntimeOptimizations(builder)
                                                         : Offset<ort_file::RuntimeOptimizations>();
    return ort_file::CreateGraph(builder, builder.CreateVector(initializers), builder.CreateVector(values),
                                 builder.CreateVector(nodes), static_cast<uint32_t>(nodes.size()), 0,
                                 builder.CreateVectorOfStrings(inputs), builder.CreateVectorOfStrings(outputs),
                                 builder.CreateVector(sparse), optimizations);
  }
  /// The whole file, aligned as memory of its own.
  std::vector<std::byte> finish() {
    if (nodes.empty()) nodes.push_back(node("Relu", {"x"}, {"y"}));
    const auto opsets =
        builder.CreateVector(std::vector{ort_file::CreateOperatorSetId(builder, builder.CreateString(""), opset)});
    const auto main = graph();
    ort_file::ModelBuilder model(builder);
    model.add_ir_version(8);
    model.add_opset_import(opsets);
    model.add_graph(main);
    const auto table = model.Finish();
    const auto format = builder.CreateString(version);
    ort_file::FinishInferenceSessionBuffer(builder, ort_file::CreateInferenceSession(builder, format, table));
    const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
    return {bytes.begin(), bytes.end()};
  }
};

/// What reading the file fails with.
inline host::Status read_failure(OrtFile& file) {
  const auto bytes = file.finish();
  return host::read_ort(bytes, nullptr).status();
}

}  // namespace tenon::test
