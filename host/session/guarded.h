// The last catch: nothing that the standard library throws leaves a public function of the session.
#pragma once

#include <exception>
#include <new>

#include "host/base/status.h"

namespace tenon::host {

/// Runs `body`, which returns a Status or Result, and turns exceptions of the standard library into one.
template <typename Body>
auto guarded(Body&& body) -> decltype(body()) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return error(TN_OUT_OF_MEMORY, "out of memory");
  } catch (const std::exception& e) {
    return error(TN_INTERNAL, "unexpected exception: ", e.what());
  }
}

}  // namespace tenon::host
