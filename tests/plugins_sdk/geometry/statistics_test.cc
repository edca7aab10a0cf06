#include <catch2/catch.hpp>
#include <tenon/sdk/geometry/statistics.hpp>

using namespace tenon::sdk;

TEST_CASE("a BatchNormalization has one output or all that its opset knows", "[sdk]") {
  for (const int version : {1, 9, 14, 15})
    for (uint32_t outputs = 0; outputs <= 6; ++outputs)
      CHECK(check_statistics_outputs(outputs, version).is_ok() == (outputs == 1 || outputs == (version < 14 ? 5 : 3)));
}
