#include "host/runtime/memory_plan.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

using namespace tenon::host;

namespace {

std::vector<BlockRequest> random_requests(std::mt19937& random, size_t count, uint32_t steps) {
  std::vector<BlockRequest> requests;
  for (size_t i = 0; i < count; ++i) {
    const uint32_t a = random() % steps, b = std::min<uint32_t>(steps - 1, a + random() % 6);
    const uint64_t bytes = random() % 8 == 0 ? 0 : uint64_t{1} << random() % 20;
    requests.push_back({bytes + random() % 100 * (bytes > 0), a, b});
  }
  return requests;
}

bool share_time(const BlockRequest& a, const BlockRequest& b) {
  return a.first <= b.last && b.first <= a.last;
}

// The most bytes that are alive at one step: no plan can need less.
uint64_t lower_bound(const std::vector<BlockRequest>& requests, uint32_t steps) {
  uint64_t most = 0;
  for (uint32_t s = 0; s < steps; ++s) {
    uint64_t alive = 0;
    for (const BlockRequest& r : requests)
      if (r.first <= s && s <= r.last) alive += (r.bytes + 63) / 64 * 64;
    most = std::max(most, alive);
  }
  return most;
}

}  // namespace

TEST_CASE("blocks that live at the same time never overlap", "[memory_plan]") {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    const uint32_t steps = 1 + random() % 40;
    const auto requests = random_requests(random, random() % 60, steps);
    const BlockLayout layout = lay_out(requests);
    REQUIRE(layout.offsets.size() == requests.size());
    for (size_t i = 0; i < requests.size(); ++i) {
      if (requests[i].bytes == 0) {
        CHECK(layout.offsets[i] == kNoOffset);
        continue;
      }
      REQUIRE(layout.offsets[i] % kArenaAlignment == 0);
      REQUIRE(layout.offsets[i] + requests[i].bytes <= layout.total_bytes);
      for (size_t j = 0; j < i; ++j) {
        if (requests[j].bytes == 0 || !share_time(requests[i], requests[j])) continue;
        const bool apart = layout.offsets[i] + requests[i].bytes <= layout.offsets[j] ||
                           layout.offsets[j] + requests[j].bytes <= layout.offsets[i];
        REQUIRE(apart);
      }
    }
  }
}

TEST_CASE("a plan stays near the most that is alive at once", "[memory_plan]") {
  std::mt19937 random(11);
  for (int round = 0; round < 50; ++round) {
    const auto requests = random_requests(random, 200, 100);
    const uint64_t bound = lower_bound(requests, 100);
    const uint64_t total = lay_out(requests).total_bytes;
    CHECK(total >= bound);
    CHECK(total <= bound + bound / 2);
  }
}

TEST_CASE("a chain of equal values needs two blocks", "[memory_plan]") {
  std::vector<BlockRequest> requests;
  for (uint32_t i = 0; i < 50; ++i) requests.push_back({1000, i, i + 1});
  CHECK(lay_out(requests).total_bytes == 2 * 1024);
}

TEST_CASE("sizes whose sum does not fit are left unplaced", "[memory_plan]") {
  const std::vector<BlockRequest> requests = {{UINT64_MAX, 0, 1}, {INT64_MAX, 0, 1}, {64, 0, 1}};
  const BlockLayout layout = lay_out(requests);
  CHECK(layout.offsets[0] == kNoOffset);
  CHECK(layout.offsets[2] != kNoOffset);
  CHECK(layout.total_bytes <= uint64_t{INT64_MAX});
}

TEST_CASE("more blocks than can be placed quickly keep the largest", "[memory_plan]") {
  std::vector<BlockRequest> requests(10'000, BlockRequest{64, 0, 1});
  requests[9'999].bytes = 1 << 20;
  const BlockLayout layout = lay_out(requests);
  CHECK(layout.offsets[9'999] != kNoOffset);
  CHECK(std::count(layout.offsets.begin(), layout.offsets.end(), kNoOffset) > 0);
}
