#include <tenon/kernel_api/host.h>

#include <catch2/catch.hpp>
#include <tenon/sdk/run.hpp>

using namespace tenon::sdk;

TEST_CASE("scratch memory whose size does not fit is refused, not cut to what is left of it", "[sdk]") {
  static double memory[1];
  tn_run_api api{};
  api.scratch = [](tn_run*, size_t, size_t) -> void* { return memory; };
  tn_host host{};
  host.run = &api;
  RunContext run(&host, nullptr);
  CHECK(run.scratch<double>(1).is_ok());
  CHECK_FALSE(run.scratch<double>((size_t{1} << 61) + 1).is_ok());  // 8 bytes, were it cut
}

TEST_CASE("counting does nothing on a host whose table ends before counters, or has none", "[sdk]") {
  static uint64_t counted;
  counted = 0;
  tn_run_api api{};
  api.count = [](tn_run*, uint32_t, uint64_t amount) { counted += amount; };
  tn_host host{};
  host.run = &api;
  RunContext run(&host, nullptr);
  api.struct_size = offsetof(tn_run_api, count);
  run.count(TN_COUNT_FLOPS, 3);
  run.count_products(2, 2, 2);
  CHECK(counted == 0);
  api.struct_size = sizeof api;
  run.count(TN_COUNT_FLOPS, 3);
  CHECK(counted == 3);
  api.count = nullptr;
  run.count(TN_COUNT_FLOPS, 3);
  CHECK(counted == 3);
}
