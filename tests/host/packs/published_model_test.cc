// Models published under a name in shared memory.
#include "host/packs/published_model.h"

#include <catch2/catch.hpp>

#include "tests/support/child_process.h"
#include "tests/support/product_model.h"
#include "tests/support/sanitized.h"
#include "tests/support/shared_place.h"
#include "tests/support/temp_folder.h"

using namespace tenon::host;
using namespace tenon::test;
namespace fs = std::filesystem;

namespace {

SessionOptions without_cache() {
  return packing_options("/dev/null/none", PackMode::kOff);
}

Status publish_text(const std::string& image, const std::string& name,
                    const SessionOptions& options = without_cache()) {
  return publish_bytes(std::as_bytes(std::span(image)), name, options);
}

std::unique_ptr<Session> open_at(const fs::path& path) {
  auto session = Session::open(path, without_cache());
  INFO(session.status().message());
  REQUIRE(session.is_ok());
  return std::move(*session);
}

std::string answer_of_source(const std::string& image) {
  const auto session = Session::open_bytes(std::as_bytes(std::span(image)), nullptr, without_cache());
  REQUIRE(session.is_ok());
  return product_answer(**session);
}

}  // namespace

TEST_CASE("a published model is opened by another process without a copy", "[session][packs]") {
  const SharedPlace place;
  const std::string image = product_model(1, 65'536);
  const std::string expected = answer_of_source(image);
  REQUIRE(publish_text(image, "product").message() == "");
  // Pages of a file that one process alone has mapped count as private.
  const auto other = open_at("shm:product");
  CHECK(product_answer(*other) == expected);
  const auto open_and_check = [&] {
    const auto session = Session::open("shm:product", without_cache());
    if (!session.is_ok() || product_answer(**session) != expected) return 1;
    const SessionReport report = (*session)->report();
    if (report.pack.state != "used" || report.pack.bytes < 16 << 20) return 2;
    if (report.pack.reason != "published in shared memory" || report.model != "shm:product") return 3;
    if (report.memory.packed_bytes + report.memory.copied_weight_bytes != 0) return 4;
    for (const StageTime& stage : report.stages)
      if (!kIsSanitized && stage.peak_private_bytes > 2 << 20) return 5;
    for (const ResidencyEntry& entry : report.residency)
      if (entry.kind == "pack file" && (entry.private_bytes > 1 << 20 || entry.shared_bytes < 16 << 20)) return 6;
    return 0;
  };
  CHECK(ending_of_child(open_and_check) == "exit 0");
}

TEST_CASE("a model file is published with its external data", "[session][packs]") {
  const SharedPlace place;
  const TempFolder folder;
  const auto model = folder.write("m.onnx", product_model(1));
  const std::string expected = product_answer(*open_at(model));
  REQUIRE(publish_model(model, "a-b_c.1", without_cache()).message() == "");
  fs::remove(model);
  CHECK(product_answer(*open_at("shm:a-b_c.1")) == expected);
}

TEST_CASE("a second model of a name replaces the first, which stays with who has it open", "[session][packs]") {
  const SharedPlace place;
  const std::string first = product_model(1), second = product_model(2);
  REQUIRE(publish_text(first, "m").is_ok());
  const auto old = open_at("shm:m");
  REQUIRE(publish_text(second, "m").is_ok());
  CHECK(product_answer(*open_at("shm:m")) == answer_of_source(second));
  CHECK(product_answer(*old) == answer_of_source(first));
  REQUIRE(unpublish_model("m").is_ok());
  CHECK(product_answer(*old) == answer_of_source(first));
  CHECK(Session::open("shm:m", without_cache()).status().code() == TN_NOT_FOUND);
}

TEST_CASE("sessions of one process share what one of them loaded of a published model", "[session][packs]") {
  const SharedPlace place;
  REQUIRE(publish_text(product_model(1), "m").is_ok());
  auto first = open_at("shm:m");
  const auto second = open_at("shm:m");
  CHECK(&first->model() == &second->model());
  first.reset();
  CHECK(product_answer(*second) == answer_of_source(product_model(1)));
  REQUIRE(publish_text(product_model(2), "m").is_ok());
  const auto third = open_at("shm:m");
  CHECK(&second->model() != &third->model());
  CHECK(product_answer(*third) == answer_of_source(product_model(2)));
}

TEST_CASE("a name that is none, or that nothing has, is an error with its mend", "[session][packs]") {
  const SharedPlace place;
  const std::string image = product_model(1);
  for (const std::string& name :
       {std::string(), std::string("../m"), std::string("a/b"), std::string(".."), std::string(".hidden"),
        std::string("a b"), std::string("a\0b", 3), std::string("\xc3\xa4"), std::string(129, 'a')}) {
    const Status refused = publish_text(image, name);
    CHECK(refused.code() == TN_INVALID_ARGUMENT);
    CHECK_THAT(refused.message(), Catch::Contains("letters, digits"));
    CHECK(Session::open("shm:" + name, without_cache()).status().code() == TN_INVALID_ARGUMENT);
    CHECK(unpublish_model(name).code() == TN_INVALID_ARGUMENT);
  }
  CHECK(publish_text(image, std::string(128, 'a')).message() == "");
  for (const Status& missing : {Session::open("shm:none", without_cache()).status(), unpublish_model("none")}) {
    CHECK(missing.code() == TN_NOT_FOUND);
    CHECK_THAT(missing.message(), Catch::Contains("tenon publish"));
  }
}

TEST_CASE("nothing is published when packs are only read or there is no room", "[session][packs]") {
  const SharedPlace place;
  const std::string image = product_model(1);
  auto options = without_cache();
  options.pack.mode = PackMode::kReadOnly;
  CHECK_THAT(publish_text(image, "m", options).message(), Catch::Contains("only read"));
  CHECK_FALSE(fs::exists(place.path()));
  options.pack.mode = PackMode::kAuto;
  options.pack.max_bytes = 10'000;
  CHECK_THAT(publish_text(image, "m", options).message(), Catch::Contains("has room for 10000"));
  CHECK(Session::open("shm:m", without_cache()).status().code() == TN_NOT_FOUND);
}

TEST_CASE("a damaged published model is refused", "[session][packs]") {
  const SharedPlace place;
  REQUIRE(publish_text(product_model(1), "m").is_ok());
  fs::resize_file(place.path() / "published" / "m.tpack", 4096);
  CHECK(Session::open("shm:m", without_cache()).status().code() == TN_INVALID_MODEL);
}
