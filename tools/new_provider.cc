// `tenon new-provider`: a provider to begin with, of the files in plugins_sdk/template.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <tenon/tenon.hpp>

#include "provider_template.h"
#include "tools/commands.h"
#include "tools/support/text.h"

namespace tenon::tools {
namespace {

constexpr char kExamples[] =
    "Examples:\n"
    "  tenon new-provider mine                       makes ./mine\n"
    "  cmake -S mine -B mine/build && cmake --build mine/build\n"
    "  tenon run model.onnx --providers mine/build/libmine.so,cpu_ref\n"
    "docs/provider_guide.md leads on from there.";

// A name of a library, a CMake target and a provider in --providers.
void check_name(const std::string& name) {
  const auto is_known = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name[0])) != 0 || !std::all_of(name.begin(), name.end(), is_known))
    fail(TENON_INVALID_ARGUMENT, "'", name, "' cannot be a provider's name: use letters, digits and '_', a letter first");
}

void write(const std::filesystem::path& path, std::string text, const std::string& name) {
  constexpr std::string_view kName = "@PROVIDER@";
  for (size_t at = 0; (at = text.find(kName, at)) != std::string::npos; at += name.size())
    text.replace(at, kName.size(), name);
  std::ofstream file(path);
  file << text;
  if (!file.flush()) fail(TENON_NOT_FOUND, path.string(), " cannot be written");
  std::printf("%s\n", path.c_str());
}

bool make_provider(const std::string& name, const std::string& parent) {
  check_name(name);
  const std::filesystem::path folder = std::filesystem::path(parent) / name;
  std::error_code failure;
  if (std::filesystem::exists(folder, failure))
    fail(TENON_INVALID_ARGUMENT, folder.string(), " is there already: nothing was written; name another provider or folder");
  if (!std::filesystem::create_directories(folder, failure))
    fail(TENON_NOT_FOUND, folder.string(), " cannot be made: ", failure.message());
  write(folder / "CMakeLists.txt", kProviderCMake, name);
  write(folder / (name + ".cc"), kProviderSource, name);
  return true;
}

}  // namespace

void add_new_provider_command(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("new-provider", "Make the folder of a provider of your own");
  struct Flags {
    std::string name, folder = ".";
  };
  const auto flags = std::make_shared<Flags>();
  command->add_option("NAME", flags->name, "Of the provider, its folder and its library")->required();
  command->add_option("--in", flags->folder, "Folder to make it in")->capture_default_str();
  command->footer(kExamples);
  command->callback([flags, &action] { action = [flags] { return make_provider(flags->name, flags->folder); }; });
}

}  // namespace tenon::tools
