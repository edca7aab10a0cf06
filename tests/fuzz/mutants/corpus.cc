#include "tests/fuzz/mutants/corpus.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>

namespace tenon::mutants {
namespace {

constexpr uintmax_t kMostModelBytes = 64 << 10;
constexpr uintmax_t kMostInputBytes = 256 << 10;

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<onnx::TensorProto> read_inputs(const std::filesystem::path& folder) {
  std::vector<onnx::TensorProto> inputs;
  for (int i = 0;; ++i) {
    const auto path = folder / ("input_" + std::to_string(i) + ".pb");
    if (!std::filesystem::exists(path) || std::filesystem::file_size(path) > kMostInputBytes) return inputs;
    onnx::TensorProto tensor;
    if (!tensor.ParseFromString(read_file(path))) return inputs;
    inputs.push_back(std::move(tensor));
  }
}

class Collector {
 public:
  explicit Collector(Corpus& corpus) : corpus_(corpus) {}

  void collect(const onnx::GraphProto& graph) {
    for (const auto& node : graph.node()) {
      corpus_.nodes.push_back(node);
      if (operators_.insert(node.op_type()).second) corpus_.operators.push_back(node.op_type());
      for (const auto& attribute : node.attribute()) collect(node, attribute);
    }
  }

 private:
  void collect(const onnx::NodeProto& node, const onnx::AttributeProto& attribute) {
    if (attribute.has_g()) collect(attribute.g());
    if (!attribute.s().empty() && texts_.insert(attribute.s()).second) corpus_.texts.push_back(attribute.s());
    auto& known = corpus_.attributes[node.op_type()];
    const auto same = [&](const auto& a) { return a.SerializeAsString() == attribute.SerializeAsString(); };
    if (std::none_of(known.begin(), known.end(), same)) known.push_back(attribute);
  }

  Corpus& corpus_;
  std::set<std::string> operators_, texts_;
};

}  // namespace

Corpus load_corpus(const std::filesystem::path& folder, const std::vector<std::string>& only) {
  std::vector<std::filesystem::path> folders;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.is_directory()) folders.push_back(entry.path());
  std::sort(folders.begin(), folders.end());
  Corpus corpus;
  Collector collector(corpus);
  for (const auto& path : folders) {
    if (!only.empty() && std::find(only.begin(), only.end(), path.filename()) == only.end()) continue;
    const auto file = path / "model.onnx";
    if (!std::filesystem::exists(file) || std::filesystem::file_size(file) > kMostModelBytes) continue;
    Seed seed;
    seed.name = path.filename();
    seed.bytes = read_file(file);
    if (!seed.model.ParseFromString(seed.bytes)) continue;
    seed.inputs = read_inputs(path / "test_data_set_0");
    collector.collect(seed.model.graph());
    corpus.seeds.push_back(std::move(seed));
  }
  if (corpus.seeds.empty()) throw std::runtime_error("no folder of " + folder.string() + " holds a model.onnx");
  return corpus;
}

void add_model(Corpus& corpus, const std::filesystem::path& file) {
  Seed seed;
  seed.name = file.filename();
  seed.bytes = read_file(file);
  if (!seed.model.ParseFromString(seed.bytes)) throw std::runtime_error(file.string() + " is no ONNX model");
  corpus.seeds.push_back(std::move(seed));
}

}  // namespace tenon::mutants
