// `tenon convert`: writes a model in another format, or with its weights beside it. Nothing is optimized.
#include <algorithm>
#include <cstdio>

#include "host/formats/importer.h"
#include "host/formats/onnx/exporter.h"
#include "host/formats/ort/exporter.h"
#include "tools/commands.h"
#include "tools/support/terminal.h"

namespace tenon::tools {
namespace {

using host::concat;
using host::error;
using host::Model;
using host::Result;
using host::Status;

constexpr char kExamples[] =
    "Examples:\n"
    "  tenon convert model.onnx model.ort\n"
    "  tenon convert model.ort model.onnx\n"
    "  tenon convert large.onnx aligned.onnx --external-data\n"
    "The ending of B tells its format: .onnx, or .ort for Tenon and ONNX Runtime. Nodes stay as they are, but for the\n"
    "model's own functions, which are inlined, and Constant nodes, which an .ort file has as initializers. "
    "Documentation\n"
    "of nodes and values is left out. With --external-data the weights go to B.data, aligned, so that every runtime "
    "can\n"
    "map them.";

struct ConvertFlags {
  std::filesystem::path from, to, external_data_root;
  bool external_data = false;
};

std::string ending_of(const std::filesystem::path& path) {
  std::string ending = path.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c); });
  return ending;
}

Status check_target(const ConvertFlags& flags) {
  const std::string ending = ending_of(flags.to);
  if (ending != ".onnx" && ending != ".ort")
    return error(TN_INVALID_ARGUMENT, "'", flags.to.string(),
                 "' ends in neither .onnx nor .ort: its ending tells the "
                 "format to write");
  if (flags.external_data && ending == ".ort")
    return error(TN_INVALID_ARGUMENT, "--external-data is for .onnx files: an .ort file holds its weights itself");
  std::error_code none;
  if (std::filesystem::equivalent(flags.from, flags.to, none))
    return error(TN_INVALID_ARGUMENT, "'", flags.to.string(), "' is the model itself: give another name to write to");
  if (std::filesystem::is_directory(flags.to, none))
    return error(TN_INVALID_ARGUMENT, "'", flags.to.string(), "' is a folder: give a file name to write to");
  return {};
}

Status write(Model& model, const ConvertFlags& flags) {
  if (ending_of(flags.to) == ".onnx") return export_onnx_file(model, flags.to, {.external_data = flags.external_data});
  return export_ort_file(model, flags.to);
}

void print_file(const std::filesystem::path& path) {
  std::error_code failure;
  const auto bytes = std::filesystem::file_size(path, failure);
  if (!failure) std::fprintf(stderr, "wrote %s (%llu bytes)\n", path.c_str(), static_cast<unsigned long long>(bytes));
}

Result<bool> convert(const ConvertFlags& flags) {
  TENON_RETURN_IF_ERROR(check_target(flags));
  {
    const Progress progress("converting " + flags.from.filename().string());
    TENON_ASSIGN_OR_RETURN(const auto model, host::import_model_file(flags.from, {flags.external_data_root}));
    TENON_RETURN_IF_ERROR(write(*model, flags).with_context(flags.from.string()));
  }
  print_file(flags.to);
  std::filesystem::path data = flags.to;
  data += ".data";
  if (flags.external_data) print_file(data);
  return true;
}

}  // namespace

void add_convert_command(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("convert", "Write a model as .onnx or .ort, or with its weights beside it");
  const auto flags = std::make_shared<ConvertFlags>();
  command->add_option("A", flags->from, "The model: .onnx or .ort, by its content")->required();
  command->add_option("B", flags->to, "The file to write, .onnx or .ort")->required();
  command->add_flag("--external-data", flags->external_data, "Write the weights to B.data, aligned");
  command->add_option("--external-data-root", flags->external_data_root,
                      "Folder that external data of A may lie beneath, when it is not the model's own");
  command->footer(kExamples);
  command->callback([flags, &action] { action = [flags] { return convert(*flags); }; });
}

}  // namespace tenon::tools
