#include <sys/wait.h>
#include <unistd.h>

#include <sstream>
#include <vector>

#include "conform/checks/operators/pack_digests.h"
#include "conform/checks/outcome.h"

namespace tenon::conform {

std::string pack_digests_elsewhere(const Subject& subject, const OperatorName& op) {
  std::vector<std::string> words = {
      "tenon-conform", subject.library.string(),         "--pack-digests", op.domain,
      op.op_type,      std::to_string(op.since_version), "--seed",         std::to_string(subject.seed),
      "--cases",       std::to_string(subject.cases),    "--oracle",       subject.oracle};
  for (const auto& [name, value] : subject.options) words.insert(words.end(), {"--option", name + "=" + value});
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  int ends[2];
  if (pipe(ends) != 0) throw Breach("kit-error", "no pipe");
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    close(ends[0]);
    execv("/proc/self/exe", arguments.data());
    _exit(1);
  }
  close(ends[1]);
  std::string text;
  char buffer[4096];
  for (ssize_t n = 0; (n = read(ends[0], buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<size_t>(n));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (status != 0) throw Breach("kit-error", "the process that packs once more has failed");
  return text;
}

std::string first_difference(const std::string& a, const std::string& b) {
  std::istringstream first(a), second(b);
  std::string one, other;
  while (true) {
    const bool has_one = static_cast<bool>(std::getline(first, one));
    const bool has_other = static_cast<bool>(std::getline(second, other));
    if (!has_one && !has_other) return {};
    if (!has_one || !has_other || one != other)
      return "'" + (has_one ? one : "nothing") + "' and '" + (has_other ? other : "nothing") + "'";
  }
}

}  // namespace tenon::conform
