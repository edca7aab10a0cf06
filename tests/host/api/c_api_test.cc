// The C and the C++ API on a model in memory, and their misuse.
#include <tenon/tenon.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <tenon/tenon.hpp>

#include "tests/support/onnx_models.h"

using Catch::Contains;

namespace {

// ONNX protobuf written by hand: only what the models of these tests need.
void put_varint(std::string& out, uint64_t value) {
  for (; value >= 128; value >>= 7) out.push_back(static_cast<char>(value | 128));
  out.push_back(static_cast<char>(value));
}
void put_int(std::string& out, int field, uint64_t value) {
  put_varint(out, static_cast<uint64_t>(field) << 3);
  put_varint(out, value);
}
void put_bytes(std::string& out, int field, const std::string& bytes) {
  put_varint(out, static_cast<uint64_t>(field) << 3 | 2);
  put_varint(out, bytes.size());
  out += bytes;
}

// ValueInfoProto of float[batch, 2].
std::string value_info(const std::string& name) {
  std::string batch, two, shape, tensor, type, info;
  put_bytes(batch, 2, "batch");
  put_int(two, 1, 2);
  put_bytes(shape, 1, batch);
  put_bytes(shape, 1, two);
  put_int(tensor, 1, 1);
  put_bytes(tensor, 2, shape);
  put_bytes(type, 1, tensor);
  put_bytes(info, 1, name);
  put_bytes(info, 2, type);
  return info;
}

// x -> y directly: no provider is needed to run it.
std::string identity_model() {
  std::string graph, opset, model;
  put_bytes(graph, 2, "g");
  put_bytes(graph, 11, value_info("x"));
  put_bytes(graph, 12, value_info("x"));
  put_bytes(opset, 1, "");
  put_int(opset, 2, 17);
  put_int(model, 1, 8);
  put_bytes(model, 7, graph);
  put_bytes(model, 8, opset);
  return model;
}

// "x", of floats.
tenon_tensor input_of(uint32_t rank, const int64_t* shape, const void* data, size_t byte_length) {
  return {sizeof(tenon_tensor), "x", 1, rank, shape, data, byte_length, TENON_MEMORY_HOST, 0};
}

const std::string& model_bytes() {
  static const std::string bytes = identity_model();
  return bytes;
}

}  // namespace

TEST_CASE("the C API opens, describes, runs and reports a model", "[api]") {
  tenon_session* session = nullptr;
  const int opened = tenon_session_open_bytes(model_bytes().data(), model_bytes().size(), nullptr, &session);
  INFO(tenon_last_error());
  REQUIRE(opened == TENON_OK);
  CHECK(tenon_session_input_count(session) == 1);
  CHECK(tenon_session_output_count(session) == 1);
  tenon_port port{};
  port.struct_size = sizeof port;
  REQUIRE(tenon_session_input(session, 0, &port) == TENON_OK);
  CHECK(std::string(port.name) == "x");
  CHECK(port.dtype == 1);
  REQUIRE(port.rank == 2);
  CHECK(port.shape[0] == -1);
  CHECK(port.shape[1] == 2);
  CHECK(std::string(port.dim_names[0]) == "batch");
  CHECK(std::string(port.dim_names[1]).empty());

  const float data[2] = {1, 2};
  const int64_t shape[2] = {1, 2};
  const tenon_tensor x = input_of(2, shape, data, sizeof data);
  tenon_results* results = nullptr;
  REQUIRE(tenon_session_run(session, &x, 1, nullptr, 0, nullptr, &results) == TENON_OK);
  REQUIRE(tenon_results_count(results) == 1);
  tenon_tensor y{};
  y.struct_size = sizeof y;
  REQUIRE(tenon_results_get(results, 0, &y) == TENON_OK);
  CHECK(std::string(y.name) == "x");
  CHECK(y.byte_length == sizeof data);
  CHECK(std::memcmp(y.data, data, sizeof data) == 0);
  CHECK(tenon_results_get(results, 1, &y) == TENON_INVALID_ARGUMENT);
  tenon_results_destroy(results);

  char* report = nullptr;
  REQUIRE(tenon_session_report(session, "json", &report) == TENON_OK);
  CHECK(nlohmann::json::parse(report).contains("memory"));
  tenon_string_free(report);
  CHECK(tenon_session_report(session, "xml", &report) == TENON_INVALID_ARGUMENT);
  CHECK(report == nullptr);
  CHECK_THAT(tenon_last_error(), Contains("unknown report format 'xml'"));
  tenon_session_close(session);
}

TEST_CASE("a rank that no tensor has is refused before the shape is read", "[api]") {
  tenon_session* session = nullptr;
  REQUIRE(tenon_session_open_bytes(model_bytes().data(), model_bytes().size(), nullptr, &session) == TENON_OK);
  const float data[2] = {1, 2};
  const int64_t shape[2] = {1, 2};
  const tenon_tensor x = input_of(4'000'000'000u, shape, data, sizeof data);
  tenon_results* results = nullptr;
  CHECK(tenon_session_run(session, &x, 1, nullptr, 0, nullptr, &results) == TENON_INVALID_ARGUMENT);
  CHECK_THAT(tenon_last_error(), Contains("has rank 4000000000, expected at most 256"));
  tenon_session_close(session);
}

TEST_CASE("NULL arguments of the C API are errors, not crashes", "[api]") {
  tenon_session* session = nullptr;
  tenon_results* results = nullptr;
  char* report = nullptr;
  CHECK(tenon_session_open(nullptr, nullptr, &session) == TENON_INVALID_ARGUMENT);
  CHECK_THAT(tenon_last_error(), Contains("'path' is NULL"));
  CHECK(tenon_session_open("m.onnx", nullptr, nullptr) == TENON_INVALID_ARGUMENT);
  CHECK(tenon_session_open_bytes(nullptr, 0, nullptr, &session) == TENON_INVALID_ARGUMENT);
  CHECK(tenon_session_run(nullptr, nullptr, 0, nullptr, 0, nullptr, &results) == TENON_INVALID_ARGUMENT);
  CHECK(tenon_session_report(nullptr, "text", &report) == TENON_INVALID_ARGUMENT);
  CHECK(tenon_results_get(nullptr, 0, nullptr) == TENON_INVALID_ARGUMENT);
  CHECK(tenon_session_input(nullptr, 0, nullptr) == TENON_INVALID_ARGUMENT);
  CHECK(tenon_options_set(nullptr, "threads", "1") == TENON_INVALID_ARGUMENT);
  CHECK(tenon_session_input_count(nullptr) == 0);
  CHECK(tenon_results_count(nullptr) == 0);
  tenon_session_close(nullptr);
  tenon_results_destroy(nullptr);
  tenon_options_destroy(nullptr);
  tenon_cancel_destroy(nullptr);
  tenon_cancel_now(nullptr);
  tenon_string_free(nullptr);
}

TEST_CASE("options with unknown names or bad values are refused", "[api]") {
  tenon_options* options = tenon_options_create();
  CHECK(tenon_options_set(options, "threads", "2") == TENON_OK);
  for (const char* bad : {"two", "-1", "2x", "", "99999999999999999999", "70000"})
    CHECK(tenon_options_set(options, "threads", bad) == TENON_INVALID_ARGUMENT);
  CHECK(tenon_options_set(options, "fold_constants", "yes") == TENON_INVALID_ARGUMENT);
  CHECK(tenon_options_set(options, "thread", "2") == TENON_INVALID_ARGUMENT);
  CHECK_THAT(tenon_last_error(), Contains("unknown option 'thread': known are providers, threads"));
  tenon_options_destroy(options);
}

TEST_CASE("the C++ API runs a model and hands out typed results", "[api]") {
  tenon::Session session = tenon::Session::from_bytes(model_bytes().data(), model_bytes().size());
  REQUIRE(session.inputs().size() == 1);
  CHECK(session.inputs()[0].name == "x");
  CHECK(session.inputs()[0].dim_names == std::vector<std::string>{"batch", ""});
  const std::vector<float> data = {1, 2, 3, 4};
  const tenon::Results results = session.run({{"x", tenon::Tensor::of<float>({2, 2}, data)}});
  REQUIRE(results.size() == 1);
  CHECK(results[0].shape() == std::vector<int64_t>{2, 2});
  CHECK(results[0].to_vector<float>() == data);
  CHECK(results["x"].data<float>()[3] == 4);
  CHECK_THROWS_AS(results[0].data<int64_t>(), tenon::Error);
  CHECK_THAT(session.report(), Contains("memory"));
}

TEST_CASE("the C++ API throws errors with code and message", "[api]") {
  tenon::Session session = tenon::Session::from_bytes(model_bytes().data(), model_bytes().size());
  try {
    session.run({{"y", tenon::Tensor::of<float>({1, 2}, std::vector<float>{1, 2})}});
    FAIL("the unknown input was taken");
  } catch (const tenon::Error& e) {
    CHECK(e.code() == TENON_INVALID_ARGUMENT);
    CHECK_THAT(e.what(), Contains("no input 'y'"));
  }
  CHECK_THROWS_AS(tenon::Session("/nonexistent/model.onnx"), tenon::Error);
}

TEST_CASE("an input that a run may leave out is listed apart", "[api]") {
  onnx::ModelProto proto = tenon::test::empty_model();
  onnx::GraphProto& graph = *proto.mutable_graph();
  for (const char* name : {"w", "x"}) {
    tenon::test::set_float_type(*graph.add_input(), name, {2});
    tenon::test::set_float_type(*graph.add_output(), name, {2});
  }
  const std::vector<float> x = {1, 2}, w = {3, 4}, other = {5, 6};
  tenon::test::add_initializer(graph, "w", onnx::TensorProto::FLOAT, {2}).set_raw_data(tenon::test::raw_bytes(w));
  const std::string bytes = proto.SerializeAsString();
  tenon::Session session = tenon::Session::from_bytes(bytes.data(), bytes.size());
  REQUIRE(session.inputs().size() == 1);
  REQUIRE(session.optional_inputs().size() == 1);
  CHECK(session.optional_inputs()[0].name == "w");
  CHECK(session.optional_inputs()[0].shape == std::vector<int64_t>{2});
  CHECK(session.optional_inputs()[0].text == "float[2]");
  CHECK(session.all_inputs()[0].name == "w");
  CHECK(session.all_inputs()[1].name == "x");
  // An output all the same.
  REQUIRE(session.outputs().size() == 2);
  CHECK(session.outputs()[0].name == "w");
  CHECK_FALSE(session.outputs()[0].is_optional);
  const auto tensor = [](const std::vector<float>& values) { return tenon::Tensor::of<float>({2}, values); };
  CHECK(session.run({{"x", tensor(x)}})["w"].to_vector<float>() == w);
  CHECK(session.run({{"x", tensor(x)}, {"w", tensor(other)}})["w"].to_vector<float>() == other);
  tenon_port port{};
  port.struct_size = sizeof port;
  CHECK(tenon_session_optional_input_count(nullptr) == 0);
  CHECK(tenon_session_optional_input(nullptr, 0, &port) == TENON_INVALID_ARGUMENT);
}
