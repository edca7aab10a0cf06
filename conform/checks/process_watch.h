// What a provider has to leave as it was, looked at around calls into it.
#pragma once

#include <optional>

#include "conform/checks/outcome.h"
#include "host/runtime/validation/thread_state.h"

namespace tenon::conform {

class ProcessWatch {
 public:
  ProcessWatch() : before_(host::ThreadState::now()) {}
  /// What is otherwise now: "changes-locale" ...; nothing: all is as it was.
  std::optional<Breach> breach() const;

 private:
  const host::ThreadState before_;
};

}  // namespace tenon::conform
