#include "conform/checks/process_watch.h"

#include <string_view>

namespace tenon::conform {

std::optional<Breach> ProcessWatch::breach() const {
  const std::string changed = before_.changed();
  if (changed.empty()) return std::nullopt;
  struct Line {
    std::string_view words;
    const char* finding;
  };
  for (const Line& line :
       {Line{"handler", "changes-signal-handler"}, Line{"floating-point", "changes-floating-point-mode"},
        Line{"blocked", "changes-blocked-signals"}, Line{"locale", "changes-locale"},
        Line{"working directory", "changes-working-directory"}, Line{"umask", "changes-umask"},
        Line{"environment", "changes-environment"}})
    if (changed.find(line.words) != std::string::npos) return Breach(line.finding, "left changed: " + changed);
  return Breach("changes-process", "left changed: " + changed);
}

}  // namespace tenon::conform
