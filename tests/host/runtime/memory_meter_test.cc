#include "host/runtime/memory_meter.h"

#include <catch2/catch.hpp>

#include "tests/support/graph_builder.h"

using namespace tenon::host;
using namespace tenon::test;

TEST_CASE("what is charged counts once, as long as something holds it", "[memory_meter]") {
  const auto meter = std::make_shared<MemoryMeter>();
  Tensor first = charged(make_tensor<float>({4}, {1, 2, 3, 4}), meter);
  CHECK(meter->bytes() == 16);
  Tensor again = charged(first, meter);
  const Tensor part = first.part({2}, 8, 8);
  CHECK(meter->bytes() == 16);
  CHECK(is_charged(part));
  first = Tensor();
  again = Tensor();
  CHECK(meter->bytes() == 16);
  CHECK(part.span<float>()[1] == 4);
}

TEST_CASE("a charge ends with its holder", "[memory_meter]") {
  const auto meter = std::make_shared<MemoryMeter>();
  { const auto list = charge(meter, 100); }
  { const Tensor tensor = charged(make_tensor<float>({1}, {1}), meter); }
  CHECK(meter->bytes() == 0);
}

TEST_CASE("a charged tensor of strings can still be written", "[memory_meter]") {
  auto strings = Tensor::allocate(TN_STRING, {1}, Residence::kRuntime);
  REQUIRE(strings.is_ok());
  Tensor tensor = charged(*strings, std::make_shared<MemoryMeter>());
  tensor.set_string(0, "text");
  CHECK(tensor.string_at(0) == "text");
}
