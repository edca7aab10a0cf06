// `tenon convert`: writes a model in another format, or with its weights beside it. Nothing is optimized.
#include <cstdio>
#include <filesystem>
#include <tenon/tenon.hpp>

#include "tools/commands.h"
#include "tools/support/terminal.h"

namespace tenon::tools {
namespace {

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

void print_file(const std::filesystem::path& path) {
  std::error_code failure;
  const auto bytes = std::filesystem::file_size(path, failure);
  if (!failure) std::fprintf(stderr, "wrote %s (%llu bytes)\n", path.c_str(), static_cast<unsigned long long>(bytes));
}

bool convert(const ConvertFlags& flags) {
  {
    const Progress progress("converting " + flags.from.filename().string());
    tenon::convert(flags.from.string(), flags.to.string(), {flags.external_data, flags.external_data_root.string()});
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
