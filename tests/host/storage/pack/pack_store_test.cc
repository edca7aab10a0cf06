#include "host/storage/pack/pack_store.h"

#include <catch2/catch.hpp>

#include "tests/host/storage/pack/pack_samples.h"

namespace fs = std::filesystem;
using namespace tenon::host;
using namespace tenon::test;

TEST_CASE("a published pack is found by its key, by any store of the folder", "[pack]") {
  const TempFolder folder;
  const PackSample sample;
  const auto store = open_store(folder.path() / "cache");
  const auto miss = store->find(sample.key);
  CHECK(miss.status().code() == TN_NOT_FOUND);
  CHECK_THAT(miss.status().message(), Catch::Contains("no pack of this model"));
  const auto built = build(*store, sample);
  REQUIRE(built.status().message() == "");
  CHECK(holds(**built, sample));
  const auto found = open_store(folder.path() / "cache")->find(sample.key);
  REQUIRE(found.status().message() == "");
  CHECK(holds(**found, sample));
  CHECK(store->find(sample.key + "other=1\n").status().code() == TN_NOT_FOUND);
}

TEST_CASE("the folder of a store is made for its user alone", "[pack]") {
  const TempFolder folder;
  const auto store = open_store(folder.path() / "deep" / "cache");
  CHECK(fs::status(folder.path() / "deep" / "cache").permissions() == fs::perms::owner_all);
}

TEST_CASE("a build lock excludes a second builder until it is given up", "[pack]") {
  const TempFolder folder;
  const auto store = open_store(folder.path() / "cache");
  auto first = store->lock_build("key", std::chrono::milliseconds(0));
  REQUIRE(first.status().message() == "");
  CHECK((first->has_lock && !first->waited));
  const auto second = store->lock_build("key", std::chrono::milliseconds(20));
  REQUIRE(second.is_ok());
  CHECK((!second->has_lock && second->waited));
  const auto other = store->lock_build("other key", std::chrono::milliseconds(0));
  REQUIRE(other.is_ok());
  CHECK(other->has_lock);
  first->lock.reset();
  const auto third = store->lock_build("key", std::chrono::milliseconds(0));
  REQUIRE(third.is_ok());
  CHECK((third->has_lock && !third->waited));
}
