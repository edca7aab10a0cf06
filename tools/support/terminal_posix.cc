#include <unistd.h>

#include <cstdlib>

#include "tools/support/terminal.h"

namespace tenon::tools {

bool colours_on_output() {
  const char* no_colour = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  return isatty(STDOUT_FILENO) != 0 && (no_colour == nullptr || *no_colour == '\0') &&
         (term == nullptr || std::string(term) != "dumb");
}

bool errors_on_terminal() {
  return isatty(STDERR_FILENO) != 0;
}

}  // namespace tenon::tools
