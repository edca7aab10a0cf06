// guard() of the SDK: whatever a plugin's C++ code does, a tn_status leaves it.
#include <catch2/catch.hpp>
#include <new>
#include <stdexcept>
#include <tenon/sdk/status.hpp>

#include "host/plugins/abi/abi_tables.h"

namespace sdk = tenon::sdk;
namespace host = tenon::host;

namespace {

template <typename Body>
host::Status guarded(Body&& body) {
  return host::adopt_status(sdk::guard(&host::host_table(), body));
}

}  // namespace

TEST_CASE("success crosses the boundary as NULL", "[sdk]") {
  CHECK(sdk::guard(&host::host_table(), [] { return sdk::Status(); }) == nullptr);
}

TEST_CASE("a Status crosses with code and message", "[sdk]") {
  const host::Status status = guarded([] { return sdk::unsupported("axis ", 3); });
  CHECK(status.code() == TN_UNSUPPORTED);
  CHECK(status.message() == "axis 3");
}

TEST_CASE("exceptions become statuses", "[sdk]") {
  const host::Status thrown = guarded([]() -> sdk::Status { throw std::runtime_error("why"); });
  CHECK(thrown.code() == TN_INTERNAL);
  CHECK(thrown.message() == "why");
  CHECK(guarded([]() -> sdk::Status { throw std::bad_alloc(); }).code() == TN_OUT_OF_MEMORY);
  CHECK(guarded([]() -> sdk::Status { throw 42; }).code() == TN_INTERNAL);
}

TEST_CASE("a tn_status comes back as the Status it was", "[sdk]") {
  tn_status* raw = host::host_table().status_create(TN_CANCELLED, sdk::to_tn_str("stopped"));
  const sdk::Status status = sdk::adopt(&host::host_table(), raw);
  CHECK(status.code() == TN_CANCELLED);
  CHECK(status.message() == "stopped");
}
