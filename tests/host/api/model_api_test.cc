// What a model tells of itself, and where its nodes run, through the C and the C++ API.
#include <tenon/model.h>

#include <catch2/catch.hpp>
#include <tenon/tenon.hpp>

#include "tests/support/onnx_models.h"
#include "tests/support/product_model.h"
#include "tests/support/temp_folder.h"

using Catch::Contains;
using namespace tenon::test;

namespace {

// Of product_model() with all that a model can say of itself.
std::string told_model() {
  onnx::ModelProto proto;
  REQUIRE(proto.ParseFromString(product_model(1, 4096)));
  proto.set_producer_name("exporter");
  proto.set_producer_version("1.2");
  proto.set_domain("org.example");
  proto.set_doc_string("what it does");
  proto.set_model_version(7);
  proto.mutable_graph()->set_name("main");
  proto.mutable_graph()->set_doc_string("how it does it");
  auto& opset = *proto.add_opset_import();
  opset.set_domain("ai.onnx.ml");
  opset.set_version(3);
  for (const auto& [key, value] : {std::pair("labels", "cat,dog"), std::pair("author", "me")}) {
    auto& entry = *proto.add_metadata_props();
    entry.set_key(key);
    entry.set_value(value);
  }
  return proto.SerializeAsString();
}

tenon::Options options_with(const std::filesystem::path& cache) {
  const std::string libraries = TENON_BINARY_DIR "/lib/tenon/providers/lib";
  tenon::Options options;
  options.threads(1).providers(libraries + "cpu_blas.so," + libraries + "cpu_ref.so");
  options.pack("auto").cache_dir(cache.string());
  return options;
}

void check_facts(const tenon::ModelFacts& facts) {
  CHECK(facts.producer_name == "exporter");
  CHECK(facts.producer_version == "1.2");
  CHECK(facts.domain == "org.example");
  CHECK(facts.description == "what it does");
  CHECK(facts.graph_name == "main");
  CHECK(facts.graph_description == "how it does it");
  CHECK(facts.model_version == 7);
  CHECK(facts.ir_version > 0);
  CHECK(facts.opsets.size() == 2);
  CHECK(facts.opsets.at("ai.onnx.ml") == 3);
  CHECK(facts.opsets.at("") > 0);
  CHECK(facts.metadata == std::map<std::string, std::string>{{"author", "me"}, {"labels", "cat,dog"}});
}

}  // namespace

TEST_CASE("a session tells what its model says of itself", "[api]") {
  const std::string bytes = told_model();
  check_facts(tenon::Session::from_bytes(bytes.data(), bytes.size()).model_facts());
}

TEST_CASE("a session from a pack tells the same of its model and placement", "[api][packs]") {
  const TempFolder folder;
  const auto model = folder.write("m.onnx", told_model());
  const auto options = options_with(folder.path() / "cache");
  const tenon::Session first(model.string(), options);
  const auto placed = first.placement();
  check_facts(first.model_facts());

  const auto packed = folder.path() / "alone.tpack";
  tenon::pack(model.string(), packed.string(), true, options);
  for (const auto& path : {model, packed}) {
    const tenon::Session session(path.string(), options);
    CHECK_THAT(session.report("json"), Contains("\"used\""));
    check_facts(session.model_facts());
    const auto again = session.placement();
    REQUIRE(again.size() == placed.size());
    for (size_t i = 0; i < placed.size(); ++i) {
      CHECK(again[i].node == placed[i].node);
      CHECK(again[i].op_type == placed[i].op_type);
      CHECK(again[i].opset == placed[i].opset);
      CHECK(again[i].provider == placed[i].provider);
      CHECK(again[i].kernel == placed[i].kernel);
      CHECK(again[i].reason == placed[i].reason);
    }
  }
}

TEST_CASE("a conversion to .ort keeps what a model says of itself, but for its graph's name", "[api]") {
  const TempFolder folder;
  const auto model = folder.write("m.onnx", told_model());
  const auto ort = folder.path() / "m.ort", back = folder.path() / "back.onnx";
  tenon::convert(model.string(), ort.string());
  tenon::convert(ort.string(), back.string());
  for (const auto& path : {ort, back}) {
    const auto facts = tenon::Session(path.string(), options_with(folder.path() / "cache")).model_facts();
    CHECK(facts.description == "what it does");
    CHECK(facts.graph_description == "how it does it");
    CHECK(facts.metadata.at("labels") == "cat,dog");
    CHECK(facts.model_version == 7);
  }
}

TEST_CASE("a metadata property is found by its key", "[api]") {
  const std::string bytes = told_model();
  tenon_session* session = nullptr;
  REQUIRE(tenon_session_open_bytes(bytes.data(), bytes.size(), nullptr, &session) == TENON_OK);
  const char* value = nullptr;
  REQUIRE(tenon_session_metadata_value(session, "labels", &value) == TENON_OK);
  CHECK(std::string(value) == "cat,dog");
  CHECK(tenon_session_metadata_value(session, "label", &value) == TENON_NOT_FOUND);
  CHECK(value == nullptr);
  CHECK_THAT(tenon_last_error(), Contains("'label'"));
  auto property = tenon::detail::sized<tenon_property>();
  CHECK(tenon_session_metadata(session, 2, &property) == TENON_INVALID_ARGUMENT);
  auto opset = tenon::detail::sized<tenon_opset>();
  CHECK(tenon_session_opset(session, 2, &opset) == TENON_INVALID_ARGUMENT);
  tenon_session_close(session);
}

TEST_CASE("a model with a node that nobody takes can be looked at, but not opened or run", "[api]") {
  const TempFolder folder;
  onnx::ModelProto proto = empty_model();
  set_float_type(*proto.mutable_graph()->add_input(), "x", {1});
  set_float_type(*proto.mutable_graph()->add_output(), "y", {1});
  add_node(*proto.mutable_graph(), "Mystery", {"x"}, {"y"}).set_domain("org.example");
  auto& opset = *proto.add_opset_import();
  opset.set_domain("org.example");
  opset.set_version(1);
  const auto model = folder.write("m.onnx", proto.SerializeAsString());
  const auto options = options_with(folder.path() / "cache");
  try {
    tenon::Session session(model.string(), options);
    FAIL("it was opened");
  } catch (const tenon::Error& e) {
    CHECK(e.code() == TENON_NO_KERNEL);
  }
  tenon::Session session = tenon::Session::inspect(model.string(), options);
  const auto nodes = session.placement();
  REQUIRE(nodes.size() == 1);
  CHECK(nodes[0].op_type == "Mystery");
  CHECK(nodes[0].domain == "org.example");
  CHECK(nodes[0].provider.empty());
  CHECK_THAT(nodes[0].reason, Contains("no provider takes it"));
  CHECK_THROWS_WITH(session.run({{"x", tenon::Tensor::of<float>({1}, std::vector<float>{1})}}),
                    Contains("opened to be inspected"));
  CHECK(tenon_session_placement_count(nullptr) == 0);
}

TEST_CASE("bytes that are no model are told from a model that is wrong", "[api]") {
  const auto code_of_open = [](const std::string& bytes) {
    tenon_session* session = nullptr;
    const int code = tenon_session_open_bytes(bytes.data(), bytes.size(), nullptr, &session);
    tenon_session_close(session);
    return code;
  };
  CHECK(code_of_open("GGUF and so on") == TENON_NOT_A_MODEL);
  CHECK(code_of_open(told_model().substr(0, 100)) == TENON_NOT_A_MODEL);
  onnx::ModelProto proto = relu_model();
  proto.mutable_graph()->mutable_node(0)->set_input(0, "nowhere");
  CHECK(code_of_open(proto.SerializeAsString()) == TENON_INVALID_MODEL);
}
