// `tenon conform`: the conformance kit, a program of the SDK beside this one, in its place.
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <tenon/tenon.hpp>
#include <vector>

#include "tools/commands.h"
#include "tools/support/text.h"

namespace tenon::tools {
namespace {

constexpr char kProgram[] = "tenon-conform";

// Beside this program, else where the shell finds it.
std::string find_kit() {
  std::error_code failure;
  const auto beside = std::filesystem::read_symlink("/proc/self/exe", failure).parent_path() / kProgram;
  return !failure && std::filesystem::exists(beside, failure) ? beside.string() : kProgram;
}

[[noreturn]] void become_kit(std::vector<std::string> words) {
  words.insert(words.begin(), kProgram);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const std::string kit = find_kit();
  execvp(kit.c_str(), arguments.data());
  fail(TENON_NOT_FOUND, kit, " cannot be started (", std::strerror(errno),
       "): it is a part of the SDK; install that beside this program, or put its folder into PATH");
}

}  // namespace

void add_conform_command(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("conform", "Examine a provider library: does it keep the rules of the ABI?");
  // All that follows is the kit's to read, --help too.
  command->set_help_flag();
  command->prefix_command();
  command->callback([command, &action] { action = [command]() -> bool { become_kit(command->remaining()); }; });
}

}  // namespace tenon::tools
