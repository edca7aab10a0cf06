// Initializers in files beside the model.
#include <catch2/catch.hpp>

#include "host/formats/importer.h"
#include "host/storage/file_mapping.h"
#include "tests/support/onnx_models.h"
#include "tests/support/temp_folder.h"

namespace fs = std::filesystem;
using namespace tenon::host;
using namespace tenon::test;

namespace {

using Entries = std::vector<std::pair<std::string, std::string>>;

onnx::ModelProto external_model(const Entries& entries, const std::vector<int64_t>& dims = {4}, int type = TN_FLOAT) {
  onnx::ModelProto proto = relu_model();
  set_external(add_initializer(*proto.mutable_graph(), "w", type, dims), entries);
  return proto;
}

// Weights of 64 bytes in "w.bin", float i at byte 4 * i.
std::string weights() {
  std::vector<float> values(16);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  return raw_bytes(values);
}

Status status_of(const Entries& entries) {
  const TempFolder folder;
  folder.write("w.bin", weights());
  return import_proto(external_model(entries), folder.path()).status();
}

void check_refused(const Entries& entries, const std::string& part) {
  const Status status = status_of(entries);
  CHECK(status.code() == TN_INVALID_MODEL);
  CHECK_THAT(status.message(), Catch::Contains("initializer 'w'") && Catch::Contains(part));
}

}  // namespace

TEST_CASE("external data is mapped in place, at its offset", "[onnx]") {
  const TempFolder folder;
  const auto data = folder.write("w.bin", weights());
  const auto path = folder.write(
      "m.onnx", external_model({{"location", "w.bin"}, {"offset", "16"}, {"length", "16"}}).SerializeAsString());
  const auto mapping = FileMapping::open(data);
  auto model = import_model_file(path);
  REQUIRE(model.status().message() == "");
  const Tensor& tensor = *(*model)->graph->find_value("w")->constant;
  CHECK(tensor.residence() == Residence::kMapped);
  CHECK(static_cast<const std::byte*>(tensor.data()) == mapping.value()->bytes().data() + 16);
  CHECK(tensor.span<float>()[0] == 4.f);
}

TEST_CASE("without a length, external data is as long as the dims say", "[onnx]") {
  CHECK(status_of({{"location", "w.bin"}}).is_ok());
  CHECK(status_of({{"location", "w.bin"}, {"offset", "48"}}).is_ok());
}

TEST_CASE("keys that a reader does not need are ignored", "[onnx]") {
  CHECK(status_of({{"location", "w.bin"}, {"checksum", "0"}, {"prepacked_0", "fc1|64|128|key"}, {"something", "new"}})
            .is_ok());
}

TEST_CASE("all tensors of one file share one mapping", "[onnx]") {
  const TempFolder folder;
  folder.write("w.bin", weights());
  onnx::ModelProto proto = external_model({{"location", "w.bin"}});
  set_external(add_initializer(*proto.mutable_graph(), "v", TN_FLOAT, {4}),
               {{"location", "./w.bin"}, {"offset", "32"}});
  auto model = import_proto(proto, folder.path());
  REQUIRE(model.is_ok());
  const Graph& graph = *(*model)->graph;
  CHECK(graph.find_value("w")->constant->owner().get() == graph.find_value("v")->constant->owner().get());
}

TEST_CASE("misaligned external data is copied with a reason", "[onnx]") {
  const TempFolder folder;
  folder.write("w.bin", weights());
  auto model = import_proto(external_model({{"location", "w.bin"}, {"offset", "6"}}), folder.path());
  REQUIRE(model.is_ok());
  const Tensor& tensor = *(*model)->graph->find_value("w")->constant;
  CHECK(tensor.residence() == Residence::kCopied);
  CHECK(tensor.residence_reason() == "external data in 'w.bin' at offset 6 is not aligned to 4 bytes");
}

TEST_CASE("external data that is too short is refused", "[onnx]") {
  check_refused({{"location", "w.bin"}, {"offset", "56"}},
                "16 bytes at offset 56 of 'w.bin', but that file has only 64");
  check_refused({{"location", "w.bin"}, {"offset", "4096"}}, "has only 64 bytes");
}

TEST_CASE("an offset and length that overflow are refused", "[onnx]") {
  check_refused({{"location", "w.bin"}, {"offset", "18446744073709551612"}}, "has only 64 bytes");
  check_refused({{"location", "w.bin"}, {"offset", "18446744073709551616"}}, "'offset' is '18446744073709551616'");
  check_refused({{"location", "w.bin"}, {"offset", "-1"}}, "'offset' is '-1'");
  check_refused({{"location", "w.bin"}, {"offset", "0x10"}}, "'offset' is '0x10'");
}

TEST_CASE("a length that disagrees with the dims is refused", "[onnx]") {
  check_refused({{"location", "w.bin"}, {"length", "12"}}, "is 12 bytes long, expected 16");
  check_refused({{"location", "w.bin"}, {"length", "18446744073709551615"}}, "expected 16");
}

TEST_CASE("locations that lead out of the model's folder are refused", "[onnx]") {
  const TempFolder outside;
  const auto secret = outside.write("secret", weights());
  check_refused({{"location", secret.string()}}, "is absolute");
  check_refused({{"location", "../" + outside.path().filename().string() + "/secret"}}, "leads out of");
  check_refused({}, "is empty");
  check_refused({{"location", ""}}, "is empty");
  const TempFolder folder;
  fs::create_symlink(secret, folder.path() / "w.bin");
  const auto linked = import_proto(external_model({{"location", "w.bin"}}), folder.path());
  CHECK(linked.status().code() == TN_INVALID_MODEL);
  CHECK_THAT(linked.status().message(), Catch::Contains("leads out of"));
}

TEST_CASE("a missing data file is named with the initializer that needs it", "[onnx]") {
  const Status status = status_of({{"location", "none.bin"}});
  CHECK(status.code() == TN_NOT_FOUND);
  CHECK_THAT(status.message(), Catch::Contains("initializer 'w'") && Catch::Contains("none.bin"));
}

namespace {

/// A hub's cache: a model and its data in blobs/, and links to both in snapshots/main.
struct HubCache {
  TempFolder hub;
  fs::path snapshot = hub.path() / "snapshots/main";

  explicit HubCache(const std::string& location = "w.bin") {
    hub.write("blobs/data", weights());
    hub.write("blobs/model", external_model({{"location", location}}).SerializeAsString());
    hub.write("snapshots/main/README.md", "");
    fs::create_symlink("../../blobs/model", snapshot / "m.onnx");
  }
  Status open() const { return import_model_file(snapshot / "m.onnx").status(); }
};

}  // namespace

TEST_CASE("a linked model has its data where its link leads", "[onnx]") {
  const HubCache cache;
  const bool is_absolute = GENERATE(false, true);
  fs::create_symlink(is_absolute ? cache.hub.path() / "blobs/data" : fs::path("../../blobs/data"),
                     cache.snapshot / "w.bin");
  CHECK(cache.open().message() == "");
}

TEST_CASE("a linked model has its data beside the file that its link leads to", "[onnx]") {
  const HubCache cache("data");
  CHECK(cache.open().message() == "");
}

TEST_CASE("a linked model's data below its folder may be a link to where the model's leads", "[onnx]") {
  const HubCache cache("onnx/w.bin");
  fs::create_directory(cache.snapshot / "onnx");
  fs::create_symlink("../../../blobs/data", cache.snapshot / "onnx/w.bin");
  CHECK(cache.open().message() == "");
}

TEST_CASE("data of a linked model that lie neither beside it nor where it leads are refused", "[onnx]") {
  const HubCache cache;
  const TempFolder outside;
  const auto link = cache.snapshot / "w.bin";
  SECTION("elsewhere in the cache") {
    cache.hub.write("other/data", weights());
    fs::create_symlink("../../other/data", link);
  }
  SECTION("outside of it") {
    fs::create_symlink(outside.write("secret", weights()), link);
  }
  SECTION("a link of links that leaves") {
    fs::create_symlink(outside.write("secret", weights()), cache.hub.path() / "blobs/way");
    fs::create_symlink("../../blobs/way", link);
  }
  SECTION("behind a linked folder") {
    fs::create_directory_symlink("../../blobs", cache.snapshot / "sub");
    cache.hub.write("blobs/model", external_model({{"location", "sub/data"}}).SerializeAsString());
  }
  SECTION("a file of several names") {
    fs::create_hard_link(outside.write("secret", weights()), cache.hub.path() / "blobs/hard");
    fs::create_symlink("../../blobs/hard", link);
  }
  SECTION("a folder beside the blobs of a like name") {
    cache.hub.write("blobs2/data", weights());
    fs::create_symlink("../../blobs2/data", link);
  }
  SECTION("by two dots") {
    cache.hub.write("blobs/model", external_model({{"location", "../../blobs/data"}}).SerializeAsString());
  }
  const Status status = cache.open();
  CHECK(status.code() == TN_INVALID_MODEL);
  CHECK_THAT(status.message(), Catch::Contains("external_data_root"));
}

TEST_CASE("a model that is no link reads no linked data of other folders", "[onnx]") {
  const HubCache cache;
  fs::copy_file(cache.hub.path() / "blobs/model", cache.snapshot / "plain.onnx");
  fs::create_symlink("../../blobs/data", cache.snapshot / "w.bin");
  CHECK(import_model_file(cache.snapshot / "plain.onnx").status().code() == TN_INVALID_MODEL);
  CHECK(cache.open().is_ok());
}

TEST_CASE("a model hub's link farm imports when its root is named", "[onnx]") {
  const TempFolder hub;
  hub.write("blobs/data", weights());
  hub.write("blobs/model", external_model({{"location", "w.bin"}}).SerializeAsString());
  hub.write("snapshots/main/README.md", "");
  const auto snapshot = hub.path() / "snapshots/main";
  fs::create_symlink("../../blobs/model", snapshot / "m.onnx");
  fs::create_symlink("../../blobs/data", snapshot / "w.bin");
  CHECK(import_model_file(snapshot / "m.onnx", {hub.path()}).is_ok());
}

TEST_CASE("a model from memory has no external data unless a folder is given", "[onnx]") {
  const auto model = import_proto(external_model({{"location", "w.bin"}}));
  CHECK(model.status().code() == TN_INVALID_MODEL);
  CHECK_THAT(model.status().message(), Catch::Contains("opened from memory without a folder"));
}
