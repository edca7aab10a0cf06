// Attributes to their tables: GraphWriter's part for nodes.
#include "host/formats/ort/graph_writer.h"
#include "host/formats/ort/value_types.h"

namespace tenon::host::ort {
namespace {

namespace file = ort_file;

}  // namespace

// Writes each kind of payload.
struct GraphWriter::PayloadWriter {
  // What an Attribute table refers to, which has to be written before the table itself.
  struct Written {
    file::AttributeType type = file::AttributeType::UNDEFINED;
    float f = 0;
    int64_t i = 0;
    flatbuffers::Offset<flatbuffers::String> s;
    flatbuffers::Offset<file::Tensor> t;
    flatbuffers::Offset<file::Graph> g;
    flatbuffers::Offset<flatbuffers::Vector<float>> floats;
    flatbuffers::Offset<flatbuffers::Vector<int64_t>> ints;
    flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>> strings;
    flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<file::Tensor>>> tensors;
    flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<file::Graph>>> graphs;
  };

  GraphWriter& writer;
  Written out;

  Status operator()(int64_t number) {
    out.type = file::AttributeType::INT;
    out.i = number;
    return {};
  }
  Status operator()(float number) {
    out.type = file::AttributeType::FLOAT;
    out.f = number;
    return {};
  }
  Status operator()(const std::string& text) {
    out.type = file::AttributeType::STRING;
    TENON_RETURN_IF_ERROR(writer.check_room(text.size()));
    out.s = writer.builder_.CreateString(text);
    return {};
  }
  Status operator()(const Tensor& tensor) {
    out.type = file::AttributeType::TENSOR;
    TENON_ASSIGN_OR_RETURN(out.t, writer.write_tensor("", tensor));
    return {};
  }
  Status operator()(const std::shared_ptr<Graph>& graph) {
    out.type = file::AttributeType::GRAPH;
    TENON_ASSIGN_OR_RETURN(out.g, writer.write(*graph));
    return {};
  }
  Status operator()(const std::vector<int64_t>& list) {
    out.type = file::AttributeType::INTS;
    TENON_RETURN_IF_ERROR(writer.check_room(list.size() * sizeof(int64_t)));
    out.ints = writer.builder_.CreateVector(list);
    return {};
  }
  Status operator()(const std::vector<float>& list) {
    out.type = file::AttributeType::FLOATS;
    TENON_RETURN_IF_ERROR(writer.check_room(list.size() * sizeof(float)));
    out.floats = writer.builder_.CreateVector(list);
    return {};
  }
  Status operator()(const std::vector<std::string>& list) {
    out.type = file::AttributeType::STRINGS;
    for (const std::string& text : list) TENON_RETURN_IF_ERROR(writer.check_room(text.size()));
    out.strings = writer.builder_.CreateVectorOfStrings(list);
    return {};
  }
  Status operator()(const std::vector<Tensor>& list) {
    out.type = file::AttributeType::TENSORS;
    Tables<file::Tensor> tables;
    for (const Tensor& tensor : list) {
      TENON_ASSIGN_OR_RETURN(const auto table, writer.write_tensor("", tensor));
      tables.push_back(table);
    }
    out.tensors = writer.builder_.CreateVector(tables);
    return {};
  }
  Status operator()(const std::vector<std::shared_ptr<Graph>>& list) {
    out.type = file::AttributeType::GRAPHS;
    Tables<file::Graph> tables;
    for (const auto& graph : list) {
      TENON_ASSIGN_OR_RETURN(const auto table, writer.write(*graph));
      tables.push_back(table);
    }
    out.graphs = writer.builder_.CreateVector(tables);
    return {};
  }
  // The type of the only value of a graph.
  Status operator()(const ValueType& type) {
    if (writer.options_.interchange)
      return error(TN_UNSUPPORTED, "it is a type, which an .ort file cannot hold: keep the model as .onnx");
    out.type = file::AttributeType::TYPE;
    const auto value = file::CreateValueInfo(writer.builder_, 0, 0, write_type(writer.builder_, type));
    const auto values = writer.builder_.CreateVector(&value, 1);
    out.g = file::CreateGraph(writer.builder_, 0, values);
    return {};
  }
};

Result<flatbuffers::Offset<file::Attribute>> GraphWriter::write_attribute(const Node& node,
                                                                          const Attribute& attribute) {
  PayloadWriter payload{*this, {}};
  if (Status status = std::visit(payload, attribute.payload); !status.is_ok())
    return status.with_context(concat(describe(node), ": attribute '", attribute.name, "'"));
  const PayloadWriter::Written& p = payload.out;
  return file::CreateAttribute(builder_, shared(attribute.name), 0, p.type, p.f, p.i, p.s, p.t, p.g, p.floats, p.ints,
                               p.strings, p.tensors, p.graphs);
}

}  // namespace tenon::host::ort
