#include "conform/kernel/breaches.h"

namespace tenon::conform {
namespace {

struct Line {
  std::string_view words;
  const char* finding;
};
// What the host says of breaches that it sees by itself.
constexpr Line kLines[] = {{"threw across the ABI", "throws"},
                           {"a second time", "asks-output-twice"},
                           {"hands over no kernel", "no-kernel"},
                           {"the pack plan has no key", "key-empty"},
                           {"struct_size", "struct-size"}};

}  // namespace

Breach breach_of(const char* where, const host::Status& status) {
  const std::string message = host::concat("in ", where, ": ", status.message());
  for (const Line& line : kLines)
    if (status.message().find(line.words) != std::string::npos) return Breach(line.finding, message);
  return Breach(status.code() == TN_INTERNAL ? "internal-error" : "fails-unasked", message);
}

void must(const char* where, const host::Status& status) {
  if (!status.is_ok()) throw breach_of(where, status);
}

}  // namespace tenon::conform
