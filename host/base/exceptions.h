// Exceptions of libraries as Statuses, for the handlers of the files that wrap them. Thread-safe; needs no memory when
// that is what ran out.
#pragma once

#include <exception>
#include <new>
#include <system_error>

#include "host/base/status.h"

namespace tenon::host {

/// To be called in a handler. Memory that ran out, for a thread too, is TN_OUT_OF_MEMORY; of all else `describe`, which
/// is given the exception's own words, makes the Status.
template <typename Describe>
Status status_of_exception(Describe&& describe) noexcept {
  try {
    try {
      throw;
    } catch (const std::bad_alloc&) {
      return Status::out_of_memory();
    } catch (const std::system_error& e) {
      const bool is_memory =
          e.code() == std::errc::not_enough_memory || e.code() == std::errc::resource_unavailable_try_again;
      return is_memory ? Status::out_of_memory() : describe(e.what());
    } catch (const std::exception& e) {
      return describe(e.what());
    } catch (...) {
      return describe("something that is no std::exception");
    }
  } catch (...) {
    return Status::out_of_memory();  // there was none for the words
  }
}

/// Where the error code of a library stands for an exception that it would have thrown: calls that go on without what
/// failed must not take memory that ran out for an answer.
inline void throw_if_no_memory(const std::error_code& failed) {
  if (failed == std::errc::not_enough_memory) throw std::bad_alloc();
}
/// The same of a Status that is asked only whether it is a success.
inline void throw_if_no_memory(const Status& failed) {
  if (failed.code() == TN_OUT_OF_MEMORY) throw std::bad_alloc();
}

/// The last catch: runs `body`, which returns a Status or Result, and lets nothing out.
template <typename Body>
auto guarded(Body&& body) -> decltype(body()) {
  try {
    return body();
  } catch (...) {
    return status_of_exception([](const char* what) { return error(TN_INTERNAL, "unexpected exception: ", what); });
  }
}

}  // namespace tenon::host
