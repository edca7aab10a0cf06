#include "tools/support/inputs.h"

#include <catch2/catch.hpp>

namespace tenon::tools {
namespace {

using host::Dim;
using host::Port;
using host::ValueType;

Port port(std::string name, tn_dtype dtype, std::optional<std::vector<Dim>> dims) {
  return {std::move(name), {ValueType::Kind::kTensor, dtype, std::move(dims)}};
}

std::string failure(const std::vector<Port>& ports, const InputRequest& request) {
  const auto prepared = prepare_inputs(ports, request);
  return prepared.is_ok() ? "" : prepared.status().message();
}

TEST_CASE("random fills are the same every time and within their range", "[tools]") {
  const auto first = filled_tensor(TN_FLOAT, {100}, "random").value();
  const auto second = filled_tensor(TN_FLOAT, {100}, "random").value();
  bool varied = false;
  for (size_t i = 0; i < 100; ++i) {
    const float value = first.span<float>()[i];
    CHECK(value == second.span<float>()[i]);
    CHECK((value >= 0 && value < 1));
    varied = varied || value != first.span<float>()[0];
  }
  CHECK(varied);
  const auto integers = filled_tensor(TN_INT64, {100}, "random").value();
  for (int64_t value : integers.span<int64_t>()) CHECK((value == 0 || value == 1));
}

TEST_CASE("ones and zeros fill every kind of number", "[tools]") {
  CHECK(filled_tensor(TN_INT32, {2}, "ones").value().span<int32_t>()[1] == 1);
  CHECK(filled_tensor(TN_DOUBLE, {2}, "ones").value().span<double>()[1] == 1.0);
  CHECK(filled_tensor(TN_FLOAT, {2}, "zeros").value().span<float>()[1] == 0.0f);
  CHECK(filled_tensor(TN_INT4, {3}, "zeros").is_ok());
  CHECK_FALSE(filled_tensor(TN_INT4, {3}, "ones").is_ok());
}

TEST_CASE("free dimensions become 1 with a note unless a shape is given", "[tools]") {
  const std::vector<Port> ports = {port("x", TN_FLOAT, {{Dim{-1, "batch"}, Dim{3, ""}}})};
  const auto noted = prepare_inputs(ports, {{}, {}, "ones"});
  REQUIRE(noted.is_ok());
  CHECK(noted.value().values[0].value.tensor().shape() == std::vector<int64_t>{1, 3});
  CHECK(noted.value().notes.size() == 1);
  const auto given = prepare_inputs(ports, {{}, {"x=4x3"}, "ones"});
  REQUIRE(given.is_ok());
  CHECK(given.value().values[0].value.tensor().shape() == std::vector<int64_t>{4, 3});
  CHECK(given.value().notes.empty());
}

TEST_CASE("an input whose name holds '=' is named by the longest name that fits", "[tools]") {
  const std::vector<Port> ports = {port("a", TN_FLOAT, {{Dim{1, ""}}}), port("a=b", TN_FLOAT, std::nullopt),
                                   port("=", TN_FLOAT, std::nullopt)};
  const auto prepared = prepare_inputs(ports, {{}, {"a=b=4x3", "==2"}, "ones"});
  REQUIRE(prepared.status().message() == "");
  CHECK(prepared.value().values[1].value.tensor().shape() == std::vector<int64_t>{4, 3});
  CHECK(prepared.value().values[2].value.tensor().shape() == std::vector<int64_t>{2});
  CHECK(failure(ports, {{}, {"c=b=2"}, "ones"}).find("no input 'c'") != std::string::npos);
}

TEST_CASE("an input with a default is made only when it is asked for", "[tools]") {
  std::vector<Port> ports = {port("x", TN_FLOAT, {{Dim{1, ""}}}), port("w", TN_FLOAT, {{Dim{2, ""}}})};
  ports[1].has_default = true;
  CHECK(prepare_inputs(ports, {{}, {}, "ones"}).value().values.size() == 1);
  const auto both = prepare_inputs(ports, {{}, {"w=2"}, "ones"});
  REQUIRE(both.value().values.size() == 2);
  CHECK(both.value().values[1].name == "w");
}

TEST_CASE("an input of unknown rank needs a shape", "[tools]") {
  const std::vector<Port> ports = {port("x", TN_FLOAT, std::nullopt)};
  CHECK(failure(ports, {{}, {}, "ones"}).find("--shape x=") != std::string::npos);
  CHECK(failure(ports, {{}, {"x=2x2"}, "ones"}).empty());
}

TEST_CASE("the shape of a scalar can be given", "[tools]") {
  const std::vector<Port> ports = {port("x", TN_FLOAT, std::nullopt)};
  CHECK(prepare_inputs(ports, {{}, {"x=scalar"}, "ones"}).value().values[0].value.tensor().shape().empty());
}

TEST_CASE("inputs left without a file are named when others have one", "[tools]") {
  const std::vector<Port> ports = {port("a", TN_FLOAT, {{Dim{1, ""}}}), port("b", TN_INT64, {{Dim{2, ""}}})};
  const std::string message = failure(ports, {{"b=none.npy"}, {}, ""});
  CHECK(message.find("input 'a' (float[1]) is not given") != std::string::npos);
}

TEST_CASE("nothing given means random values and a note that says so", "[tools]") {
  const auto prepared = prepare_inputs({port("a", TN_FLOAT, {{Dim{1, ""}}})}, {});
  REQUIRE(prepared.is_ok());
  REQUIRE(prepared.value().notes.size() == 1);
  CHECK(prepared.value().notes[0].find("random") != std::string::npos);
}

}  // namespace
}  // namespace tenon::tools
