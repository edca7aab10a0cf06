// Gelu, exact and by tanh, as PyTorch's exporter and transformers write it.
#include "host/optimize/raises/raises.h"

namespace tenon::host {
namespace {

constexpr double kHalfSqrt2 = 0.70710678118654752;
constexpr double kSqrt2OverPi = 0.79788456080286536;
constexpr double kCubic = 0.044715;

}  // namespace

// x/2 (1 + erf(x / sqrt 2))
Raise raise_gelu() {
  const Pattern x = any("x");
  const Pattern erf = op("Erf", {product({x, near(kHalfSqrt2)})});
  return {"as together they are a Gelu", {product({x, near(0.5), op("Add", {erf, near(1)})})}, [](const Match& match) {
            Value* input = match.value("x");
            return std::vector<Proposal>{{"Gelu", {input}}, {"com.microsoft:Gelu", {input}}};
          }};
}

// x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))
Raise raise_tanh_gelu() {
  const Pattern x = any("x");
  const Pattern square = either({op("Mul", {x, x}), op("Pow", {x, near(2)})});
  const Pattern cube = either({op("Pow", {x, near(3)}), product({x, x, x})});
  const Pattern cubic = either({product({near(kCubic), cube}), product({near(kCubic), x, x, x})});
  const Pattern quadratic = either({product({near(kCubic), square}), product({near(kCubic), x, x})});
  const Pattern angle = either({product({near(kSqrt2OverPi), op("Add", {x, cubic})}),
                                product({near(kSqrt2OverPi), x, op("Add", {near(1), quadratic})})});
  return {"as together they are a Gelu by tanh",
          {product({x, near(0.5), op("Add", {op("Tanh", {angle}), near(1)})})},
          [](const Match& match) {
            Value* input = match.value("x");
            return std::vector<Proposal>{{"Gelu", {input}, {{"approximate", std::string("tanh")}}},
                                         {"com.microsoft:FastGelu", {input}}};
          }};
}

}  // namespace tenon::host
