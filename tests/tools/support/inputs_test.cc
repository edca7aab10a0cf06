#include "tools/support/inputs.h"

#include <catch2/catch.hpp>
#include <optional>
#include <set>

namespace tenon::tools {
namespace {

/// Of floats; no shape: of unknown rank.
Port port(std::string name, std::optional<std::vector<int64_t>> shape) {
  Port port;
  port.name = std::move(name);
  port.dtype = TENON_DTYPE_FLOAT;
  port.has_rank = shape.has_value();
  if (shape) port.shape = std::move(*shape);
  port.dim_names.resize(port.shape.size());
  port.text = "the text of " + port.name;
  return port;
}

std::vector<int64_t> shape_of(const PreparedInputs& prepared, size_t index) {
  return prepared.values.at(index).value.tensor().shape();
}

std::string failure(const std::vector<Port>& ports, const InputRequest& request) {
  try {
    prepare_inputs(ports, request);
    return {};
  } catch (const Error& error) {
    return error.what();
  }
}

TEST_CASE("random fills are the same every time and within their range", "[tools]") {
  const Tensor first = filled_tensor(TENON_DTYPE_FLOAT, {100}, "random");
  const Tensor second = filled_tensor(TENON_DTYPE_FLOAT, {100}, "random");
  const std::vector<float> values = first.view().to_vector<float>();
  CHECK(values == second.view().to_vector<float>());
  for (const float value : values) CHECK((value >= 0 && value < 1));
  CHECK(std::set<float>(values.begin(), values.end()).size() > 1);
  const Tensor integers = filled_tensor(TENON_DTYPE_INT64, {100}, "random");
  for (const int64_t value : integers.view().to_vector<int64_t>()) CHECK((value == 0 || value == 1));
}

TEST_CASE("ones and zeros fill every kind of number", "[tools]") {
  CHECK(filled_tensor(TENON_DTYPE_INT32, {2}, "ones").view().data<int32_t>()[1] == 1);
  CHECK(filled_tensor(TENON_DTYPE_DOUBLE, {2}, "ones").view().data<double>()[1] == 1.0);
  CHECK(filled_tensor(TENON_DTYPE_FLOAT, {2}, "zeros").view().data<float>()[1] == 0.0f);
  CHECK(filled_tensor(TENON_DTYPE_INT4, {3}, "zeros").view().byte_length() == 2);
  CHECK_THROWS_WITH(filled_tensor(TENON_DTYPE_INT4, {3}, "ones"), Catch::Contains("int4"));
}

TEST_CASE("free dimensions become 1 with a note unless a shape is given", "[tools]") {
  std::vector<Port> ports = {port("x", {{-1, 3}})};
  ports[0].dim_names[0] = "batch";
  const PreparedInputs noted = prepare_inputs(ports, {{}, {}, "ones"});
  CHECK(shape_of(noted, 0) == std::vector<int64_t>{1, 3});
  REQUIRE(noted.notes.size() == 1);
  CHECK_THAT(noted.notes[0], Catch::Contains("batch"));
  const PreparedInputs given = prepare_inputs(ports, {{}, {"x=4x3"}, "ones"});
  CHECK(shape_of(given, 0) == std::vector<int64_t>{4, 3});
  CHECK(given.notes.empty());
}

TEST_CASE("an input whose name holds '=' is named by the longest name that fits", "[tools]") {
  const std::vector<Port> ports = {port("a", {{1}}), port("a=b", std::nullopt), port("=", std::nullopt)};
  const PreparedInputs prepared = prepare_inputs(ports, {{}, {"a=b=4x3", "==2"}, "ones"});
  CHECK(shape_of(prepared, 1) == std::vector<int64_t>{4, 3});
  CHECK(shape_of(prepared, 2) == std::vector<int64_t>{2});
  CHECK_THAT(failure(ports, {{}, {"c=b=2"}, "ones"}), Catch::Contains("no input 'c'"));
}

TEST_CASE("an input with a default is made only when it is asked for", "[tools]") {
  std::vector<Port> ports = {port("x", {{1}}), port("w", {{2}})};
  ports[1].is_optional = true;
  CHECK(prepare_inputs(ports, {{}, {}, "ones"}).values.size() == 1);
  const PreparedInputs both = prepare_inputs(ports, {{}, {"w=2"}, "ones"});
  REQUIRE(both.values.size() == 2);
  CHECK(both.values[1].name == "w");
}

TEST_CASE("an input of unknown rank needs a shape", "[tools]") {
  const std::vector<Port> ports = {port("x", std::nullopt)};
  CHECK_THAT(failure(ports, {{}, {}, "ones"}), Catch::Contains("--shape x="));
  CHECK(failure(ports, {{}, {"x=2x2"}, "ones"}).empty());
}

TEST_CASE("the shape of a scalar can be given", "[tools]") {
  CHECK(shape_of(prepare_inputs({port("x", std::nullopt)}, {{}, {"x=scalar"}, "ones"}), 0).empty());
}

TEST_CASE("inputs left without a file are named when others have one", "[tools]") {
  CHECK_THAT(failure({port("a", {{1}}), port("b", {{2}})}, {{"b=none.npy"}, {}, ""}),
             Catch::Contains("input 'a' (the text of a) is not given"));
}

TEST_CASE("nothing given means random values and a note that says so", "[tools]") {
  const PreparedInputs prepared = prepare_inputs({port("a", {{1}})}, {});
  REQUIRE(prepared.notes.size() == 1);
  CHECK_THAT(prepared.notes[0], Catch::Contains("random"));
}

}  // namespace
}  // namespace tenon::tools
