#include "host/formats/converter.h"

#include <algorithm>

#include "host/base/exceptions.h"
#include "host/formats/importer.h"
#include "host/formats/onnx/exporter.h"
#include "host/formats/ort/exporter.h"
#include "host/storage/file_mapping.h"

namespace tenon::host {
namespace {

namespace fs = std::filesystem;

std::string ending_of(const fs::path& path) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c); });
  return ending;
}

// `sources`: that the model lies in.
Status check_target(const std::vector<fs::path>& sources, const fs::path& to, const Conversion& conversion) {
  const std::string ending = ending_of(to);
  if (ending != ".onnx" && ending != ".ort")
    return error(TN_INVALID_ARGUMENT, "'", to.string(),
                 "' ends in neither .onnx nor .ort: its ending tells the "
                 "format to write");
  if (conversion.external_data && ending == ".ort")
    return error(TN_INVALID_ARGUMENT, "external data is for .onnx files: an .ort file holds its weights itself");
  std::error_code none;
  for (const fs::path& source : sources)
    if (fs::equivalent(source, to, none))
      return error(TN_INVALID_ARGUMENT, "'", to.string(), "' is the model itself: give another name to write to");
  if (fs::is_directory(to, none))
    return error(TN_INVALID_ARGUMENT, "'", to.string(), "' is a folder: give a file name to write to");
  return {};
}

Status write(Model& model, const fs::path& to, const Conversion& conversion) {
  if (ending_of(to) == ".onnx") return export_onnx_file(model, to, {.external_data = conversion.external_data});
  return export_ort_file(model, to);
}

// What protobuf holds, but for room for all that is no weight.
constexpr uint64_t kMostInside = uint64_t{2'000'000'000};

uint64_t stored_bytes(const Model& model) {
  uint64_t bytes = 0;
  for (const Graph* graph : graph_tree(*model.graph))
    for (const auto& value : graph->values())
      if (value->stored() != nullptr) bytes += value->stored()->byte_length();
  return bytes;
}

}  // namespace

Status write_model(Model& model, const fs::path& to) {
  return guarded([&]() -> Status {
    Conversion conversion;
    conversion.external_data = ending_of(to) == ".onnx" && stored_bytes(model) > kMostInside;
    std::vector<fs::path> sources;
    for (const SourceFile& file : model.files) sources.push_back(file.mapping->path());
    TENON_RETURN_IF_ERROR(check_target(sources, to, conversion));
    return write(model, to, conversion);
  });
}

Status convert_model(const fs::path& from, const fs::path& to, const Conversion& conversion) {
  return guarded([&]() -> Status {
    TENON_RETURN_IF_ERROR(check_target({from}, to, conversion));
    TENON_ASSIGN_OR_RETURN(const auto model, import_model_file(from, {conversion.external_data_root, {}}));
    return write(*model, to, conversion).with_context(from.string());
  });
}

}  // namespace tenon::host
