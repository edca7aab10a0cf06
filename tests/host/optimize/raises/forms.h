// The forms of decomposed operators that exporters write, by opset: what PyTorch's exporter and transformers make of
// their modules. docs/optimizer.md has the same as a table.
#pragma once

#include <string>
#include <vector>

#include "tests/support/scribe.h"

namespace tenon::test {

struct NamedForm {
  std::string name;
  int64_t first_opset, last_opset;
  Writes write;  // over "x"
};

inline std::vector<NamedForm> gelu_forms() {
  const auto erf = [](Scribe& s, bool divides) {
    const std::string inner = divides ? s("Div", {"x", s(1.4142135623730951)}) : s("Mul", {"x", s(0.7071067811865475)});
    return s("Add", {s("Erf", {inner}), s(1)});
  };
  return {
      {"x (1 + erf(x / sqrt 2)) 0.5", 11, 17,
       [erf](Scribe& s) {
         return s("Mul", {s("Mul", {"x", erf(s, true)}), s(0.5)});
       }},
      {"0.5 x (1 + erf(x 0.7071))", 11, 17,
       [erf](Scribe& s) {
         return s("Mul", {s("Mul", {s(0.5), "x"}), erf(s, false)});
       }},
      {"x (0.5 (1 + erf(x / sqrt 2)))", 11, 17,
       [erf](Scribe& s) {
         return s("Mul", {"x", s("Mul", {s(0.5), erf(s, true)})});
       }},
      {"(1 + erf(x / sqrt 2)) (x / 2)", 11, 17,
       [erf](Scribe& s) {
         return s("Mul", {erf(s, true), s("Div", {"x", s(2)})});
       }},
      {"(x (1 + erf(x / sqrt 2))) / 2, the sqrt a node", 11, 17,
       [](Scribe& s) {
         const std::string inner = s("Erf", {s("Div", {"x", s("Sqrt", {s(2)})})});
         return s("Div", {s("Mul", {"x", s("Add", {s(1), inner})}), s(2)});
       }},
  };
}

inline std::vector<NamedForm> tanh_gelu_forms() {
  const auto half = [](Scribe& s, const std::string& angle) {
    return s("Mul", {s(0.5), s("Mul", {"x", s("Add", {s(1), s("Tanh", {angle})})})});
  };
  return {
      {"torch approximate='tanh': x x x by two Mul", 11, 17,
       [half](Scribe& s) {
         const std::string cube = s("Mul", {"x", s("Mul", {"x", "x"})});
         return half(s, s("Mul", {s(0.7978845608028654), s("Add", {"x", s("Mul", {s(0.044715), cube})})}));
       }},
      {"transformers gelu_new: Pow", 11, 17,
       [](Scribe& s) {
         const std::string inner = s("Add", {"x", s("Mul", {s("Pow", {"x", s(3)}), s(0.044715)})});
         const std::string tanh = s("Tanh", {s("Mul", {inner, s(0.7978845608028654)})});
         return s("Mul", {s("Mul", {"x", s(0.5)}), s("Add", {tanh, s(1)})});
       }},
      {"transformers gelu_fast: x (1 + 0.044715 x x)", 11, 17,
       [](Scribe& s) {
         const std::string slope = s("Add", {s("Mul", {s("Mul", {"x", s(0.044715)}), "x"}), s(1)});
         const std::string tanh = s("Tanh", {s("Mul", {s("Mul", {"x", s(0.7978845608028654)}), slope})});
         return s("Mul", {s("Mul", {"x", s(0.5)}), s("Add", {tanh, s(1)})});
       }},
  };
}

inline std::vector<NamedForm> hard_swish_forms() {
  const auto clip = [](Scribe& s) { return s("Clip", {s("Add", {"x", s(3)}), s(0), s(6)}); };
  return {
      {"x HardSigmoid(x)", 11, 17,
       [](Scribe& s) {
         return s("Mul", {"x", s("HardSigmoid", {"x"}, {float_attr("alpha", 1.0F / 6), float_attr("beta", 0.5F)})});
       }},
      {"x relu6(x + 3) / 6", 11, 17,
       [clip](Scribe& s) {
         return s("Div", {s("Mul", {"x", clip(s)}), s(6)});
       }},
      {"x (relu6(x + 3) / 6)", 11, 17,
       [clip](Scribe& s) {
         return s("Mul", {"x", s("Div", {clip(s), s(6)})});
       }},
      {"x relu6(x + 3) 0.1667", 11, 17,
       [clip](Scribe& s) {
         return s("Mul", {s("Mul", {clip(s), "x"}), s(1.0 / 6)});
       }},
      {"(x / 6) relu6(x + 3)", 11, 17,
       [clip](Scribe& s) {
         return s("Mul", {s("Div", {"x", s(6)}), clip(s)});
       }},
      {"x min(relu(x + 3), 6) / 6", 11, 17,
       [](Scribe& s) {
         return s("Div", {s("Mul", {"x", s("Min", {s("Relu", {s("Add", {"x", s(3)})}), s(6)})}), s(6)});
       }},
      {"x min(max(x + 3, 0), 6) / 6", 12, 17,
       [](Scribe& s) {
         const std::string most = s("Min", {s("Max", {s(0), s("Add", {"x", s(3)})}), s(6)});
         return s("Mul", {s("Div", {most, s(6)}), "x"});
       }},
      {"Clip of Relu", 11, 17,
       [](Scribe& s) {
         const std::string most = s("Clip", {s("Relu", {s("Add", {"x", s(3)})}), "", s(6)});
         return s("Div", {s("Mul", {"x", most}), s(6)});
       }},
      {"Clip by attributes", 9, 10,
       [](Scribe& s) {
         const std::string six = s("Clip", {s("Add", {"x", s(3)})}, {float_attr("min", 0), float_attr("max", 6)});
         return s("Div", {s("Mul", {"x", six}), s(6)});
       }},
  };
}

/// The means' axes: an attribute, from opset 18 on an input.
inline std::string mean_of(Scribe& s, const std::string& value, const std::vector<int64_t>& axes) {
  if (s.opset() >= 18) return s("ReduceMean", {value, s.ints(axes)});
  return s("ReduceMean", {value}, {ints_attr("axes", axes)});
}

/// (x - mean) / sqrt(mean of squares + 1e-5)
inline std::string normalized(Scribe& s, const std::vector<int64_t>& axes, bool squares_by_pow = true,
                              bool subtracts_twice = false) {
  const std::string mean = mean_of(s, "x", axes);
  const std::string centered = s("Sub", {"x", mean});
  const std::string again = subtracts_twice ? s("Sub", {"x", mean}) : centered;
  const std::string square = squares_by_pow ? s("Pow", {again, s(2)}) : s("Mul", {again, again});
  return s("Div", {centered, s("Sqrt", {s("Add", {mean_of(s, square, axes), s(1e-5)})})});
}

inline std::string affine(Scribe& s, const std::string& value, const std::vector<int64_t>& shape) {
  const size_t count = static_cast<size_t>(shape.size() == 1 ? shape[0] : shape[0] * shape[1]);
  const std::string scaled = s("Mul", {value, s.tensor(shape, spread(count, 2, 7))});
  return s("Add", {scaled, s.tensor(shape, spread(count, 1, 8))});
}

/// Of x with dimensions 2 x 3 x 8.
inline std::vector<NamedForm> layer_normalization_forms() {
  return {
      {"over the last dimension", 11, 18, [](Scribe& s) { return affine(s, normalized(s, {-1}), {8}); }},
      {"the axis counted from the front", 11, 18, [](Scribe& s) { return affine(s, normalized(s, {2}), {8}); }},
      {"over the last two dimensions", 11, 18,
       [](Scribe& s) {
         return affine(s, normalized(s, {-2, -1}), {3, 8});
       }},
      {"x - mean twice, as torch before 1.8", 11, 18,
       [](Scribe& s) { return affine(s, normalized(s, {-1}, true, true), {8}); }},
      {"the square as a product", 11, 18, [](Scribe& s) { return affine(s, normalized(s, {-1}, false), {8}); }},
      {"without a bias", 11, 18,
       [](Scribe& s) {
         return s("Mul", {s.tensor({8}, spread(8, 2, 7)), normalized(s, {-1})});
       }},
      {"without scale and bias", 11, 18, [](Scribe& s) { return normalized(s, {-1}); }},
      {"by the inverse deviation", 11, 18,
       [](Scribe& s) {
         const std::string centered = s("Sub", {"x", mean_of(s, "x", {-1})});
         const std::string variance = mean_of(s, s("Mul", {centered, centered}), {-1});
         const std::string inverse = s("Reciprocal", {s("Sqrt", {s("Add", {variance, s(1e-5)})})});
         return affine(s, s("Mul", {centered, inverse}), {8});
       }},
  };
}

}  // namespace tenon::test
