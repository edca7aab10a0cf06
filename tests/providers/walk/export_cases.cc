// Writes generated applications of every operator of cpu_ref, each as a model of one node, for other runtimes to
// compute: a file of ModelProtos, each behind its length in 4 bytes, lowest first. Inputs are initializers, too; what
// cpu_ref computes are initializers "expected:<output>", or it stands in the metadata why it refuses. Metadata: case,
// verdict
// ("computed" or "refused"), message.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>

#include "conform/cases/draw_case.h"
#include "conform/cases/verdict.h"
#include "host/formats/onnx/message_writer.h"

using namespace tenon;
using namespace tenon::cases;

namespace {

constexpr const char* kOracle = "cpu_ref";

void set_metadata(onnx::ModelProto* proto, const char* key, const std::string& value) {
  onnx::StringStringEntryProto* entry = proto->add_metadata_props();
  entry->set_key(key);
  entry->set_value(value);
}

host::Status add_initializer(const std::string& name, const host::Tensor& tensor, onnx::GraphProto* graph) {
  return host::write_tensor(name, tensor, *graph->add_initializer());
}

/// Nothing where cpu_ref leaves the case to other providers or gave up, or the host refuses its graph.
std::optional<onnx::ModelProto> message_of(const Case& c) {
  const Verdict verdict = judge(c, kOracle, Sight::kHidden);
  const bool is_computed = verdict.kind == Verdict::Kind::kComputed;
  if (is_random(c) || (!is_computed && verdict.kind != Verdict::Kind::kRefused)) return std::nullopt;
  onnx::ModelProto proto;
  try {
    std::vector<host::NamedTensor> given;
    const auto model = model_of(c, Sight::kSymbolic, &given);
    host::write_header(*model, proto);
    onnx::GraphProto& graph = *proto.mutable_graph();
    const auto sink = [](onnx::GraphProto& to, const host::Value& constant) {
      return add_initializer(constant.name, *constant.constant, &to);
    };
    if (!host::write_graph(*model->graph, sink, graph).is_ok()) return std::nullopt;
    for (const host::NamedTensor& input : given)
      if (!add_initializer(input.name, input.tensor, &graph).is_ok()) return std::nullopt;
    for (size_t i = 0; i < verdict.outputs.size(); ++i)
      if (!add_initializer("expected:" + model->graph->outputs[i]->name, verdict.outputs[i], &graph).is_ok())
        return std::nullopt;
  } catch (const std::exception&) {
    return std::nullopt;
  }
  set_metadata(&proto, "case", describe(c));
  set_metadata(&proto, "verdict", is_computed ? "computed" : "refused");
  set_metadata(&proto, "message", verdict.message);
  return proto;
}

void write_record(const onnx::ModelProto& proto, std::ofstream& file) {
  const std::string bytes = proto.SerializeAsString();
  for (int shift = 0; shift < 32; shift += 8) file.put(static_cast<char>(bytes.size() >> shift & 0xff));
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace

int main(int argc, char** argv) {
  std::string out, only;
  int64_t cases = 100;
  uint64_t seed = 1;
  CLI::App app("Writes generated applications of the operators of cpu_ref, with its answers.");
  app.add_option("--out", out, "file")->required();
  app.add_option("--cases", cases, "of each operator in each of its versions");
  app.add_option("--seed", seed, "of the choices");
  app.add_option("--only", only, "an operator");
  CLI11_PARSE(app, argc, argv);

  const auto operators = shared_operators({kOracle});
  std::ofstream file(out, std::ios::binary);
  if (!operators.is_ok() || !file) {
    std::fprintf(stderr, "error: %s\n",
                 operators.is_ok() ? "the file cannot be written" : operators.status().message().c_str());
    return 1;
  }
  int64_t written = 0;
  for (const SharedOperator& op : *operators) {
    if (!only.empty() && only != op.schema->op_type) continue;
    for (int64_t i = 0; i < cases; ++i) {
      Draw draw(seed_of(*op.schema, seed, i));
      const auto proto = message_of(draw_case(op, draw));
      if (!proto) continue;
      write_record(*proto, file);
      ++written;
    }
  }
  std::printf("%lld cases\n", static_cast<long long>(written));
  return file.flush() ? 0 : 1;
}
