#include "host/isolation/shared_heap.h"

#include <catch2/catch.hpp>
#include <cstring>

using namespace tenon::host;

namespace {

constexpr uint64_t kPage = 4096;

}  // namespace

TEST_CASE("memory of the shared heap lies in it, and other memory does not", "[isolation]") {
  const auto heap = SharedHeap::create();
  REQUIRE(heap.is_ok());
  std::byte* const first = (*heap)->take(kPage);
  std::byte* const second = (*heap)->take(2 * kPage);
  REQUIRE(first != nullptr);
  REQUIRE(second != nullptr);
  CHECK((*heap)->offset_of(first, kPage).has_value());
  CHECK((*heap)->at(*(*heap)->offset_of(second, 2 * kPage)) == second);
  const int elsewhere = 0;
  CHECK_FALSE((*heap)->offset_of(&elsewhere, sizeof elsewhere).has_value());
  CHECK_FALSE((*heap)->offset_of(first, (*heap)->capacity() + 1).has_value());
}

TEST_CASE("memory of the shared heap is zero again when it was given back", "[isolation]") {
  const auto heap = SharedHeap::create();
  REQUIRE(heap.is_ok());
  std::byte* const memory = (*heap)->take(kPage);
  std::memset(memory, 1, kPage);
  (*heap)->give_back(memory, kPage);
  std::byte* const again = (*heap)->take(kPage);
  CHECK(again == memory);
  CHECK(again[0] == std::byte{0});
  CHECK(again[kPage - 1] == std::byte{0});
}

TEST_CASE("neighbours that are given back to the shared heap become one", "[isolation]") {
  const auto heap = SharedHeap::create();
  REQUIRE(heap.is_ok());
  std::byte* const first = (*heap)->take(kPage);
  std::byte* const second = (*heap)->take(kPage);
  std::byte* const third = (*heap)->take(kPage);
  (*heap)->give_back(first, kPage);
  (*heap)->give_back(third, kPage);
  (*heap)->give_back(second, kPage);
  CHECK((*heap)->take(3 * kPage) == first);
}

TEST_CASE("the shared heap has no memory beyond its size", "[isolation]") {
  const auto heap = SharedHeap::create();
  REQUIRE(heap.is_ok());
  CHECK((*heap)->take((*heap)->capacity() + kPage) == nullptr);
  const auto region = HostRegion::allocate((*heap)->capacity() + kPage, *heap);
  CHECK(region.status().code() == TN_OUT_OF_MEMORY);
}

TEST_CASE("memory of the shared heap that was sealed can be written when it is taken again", "[isolation]") {
  const auto heap = SharedHeap::create();
  REQUIRE(heap.is_ok());
  std::byte* place = nullptr;
  {
    auto region = HostRegion::allocate(100, *heap);
    REQUIRE(region.is_ok());
    place = region->data();
    REQUIRE(region->seal().is_ok());
  }
  REQUIRE((*heap)->take(kPage) == place);
  place[0] = std::byte{1};
  CHECK(place[0] == std::byte{1});
}

TEST_CASE("a region of the shared heap gives its memory back", "[isolation]") {
  const auto heap = SharedHeap::create();
  REQUIRE(heap.is_ok());
  std::byte* place = nullptr;
  {
    const auto region = HostRegion::allocate(100, *heap);
    REQUIRE(region.is_ok());
    place = region->data();
    CHECK(region->bytes() == kPage);
  }
  CHECK((*heap)->take(kPage) == place);
}
