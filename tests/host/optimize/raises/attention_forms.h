// The forms of attention that exporters write, over inputs "q", "k", "v" and "mask". Two sequences, three heads of four
// numbers, five queries, seven keys. docs/optimizer.md has the same as a table.
#pragma once

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "tests/support/scribe.h"

namespace tenon::test {

struct AttentionForm {
  std::string name;
  std::vector<int64_t> q, k, mask;  // shapes; that of v is k's; no mask: empty
  std::vector<std::string> ops;     // what it ends in
  Writes write;
};

inline std::string turned(Scribe& s, const std::string& value, std::vector<int64_t> order) {
  return s("Transpose", {value}, {ints_attr("perm", std::move(order))});
}

/// Batch x rows x 12 as batch x heads x rows x 4.
inline std::string cut_into_heads(Scribe& s, const std::string& value,
                                  const std::vector<int64_t>& shape = {0, 0, 3, 4}) {
  return turned(s, s("Reshape", {value, s.ints(shape)}), {0, 2, 1, 3});
}
inline std::string joined_heads(Scribe& s, const std::string& value, const std::vector<int64_t>& shape = {0, 0, 12}) {
  return s("Reshape", {turned(s, value, {0, 2, 1, 3}), s.ints(shape)});
}

/// A dimension of a value as exporters compute it where it has no number.
inline std::string dim_of(Scribe& s, const std::string& value, int64_t axis) {
  const std::string index = "axis" + value + std::to_string(axis);
  s.b.constant<int64_t>(index, {}, {axis});
  const std::string dim = s("Gather", {s("Shape", {value}), index});
  return s.opset() < 13 ? s("Unsqueeze", {dim}, {ints_attr("axes", {0})}) : s("Unsqueeze", {dim, s.ints({0})});
}

/// Before opset 13 the default axis is another.
inline std::string softmax(Scribe& s, const std::string& value, int64_t rank = 4) {
  return s("Softmax", {value}, {int_attr("axis", s.opset() < 13 ? rank - 1 : -1)});
}

/// PyTorch's scaled_dot_product_attention; `mask`: empty, or what is added.
inline std::string torch_attention(Scribe& s, const std::string& q, const std::string& k, const std::string& v,
                                   const std::string& mask, bool guards = false) {
  const std::string root = s(std::sqrt(0.5));
  std::string scores = s("MatMul", {s("Mul", {q, root}), s("Mul", {turned(s, k, {0, 1, 3, 2}), s(std::sqrt(0.5))})});
  if (!mask.empty()) scores = s("Add", {scores, mask});
  std::string weights = softmax(s, scores);
  if (guards) weights = s("Where", {s("IsNaN", {weights}), s(0), weights});
  return s("MatMul", {weights, v});
}

/// Forms whose shapes and scales are computed, for inputs with names for dimensions.
inline std::vector<AttentionForm> computed_attention_forms() {
  const auto heads = [](Scribe& s, const std::string& value) {
    const std::string shape =
        s("Concat", {dim_of(s, value, 0), dim_of(s, value, 1), s.ints({3}), s.ints({4})}, {int_attr("axis", 0)});
    return turned(s, s("Reshape", {value, shape}), {0, 2, 1, 3});
  };
  const auto joined = [](Scribe& s, const std::string& value) {
    const std::string context = turned(s, value, {0, 2, 1, 3});
    const std::string shape =
        s("Concat", {dim_of(s, context, 0), dim_of(s, context, 1), s.ints({12})}, {int_attr("axis", 0)});
    return s("Reshape", {context, shape});
  };
  return {
      {"transformers' BERT",
       {2, 5, 12},
       {2, 7, 12},
       {2, 1, 1, 7},
       {"Attention"},
       [=](Scribe& s) {
         const std::string q = heads(s, "q"), k = heads(s, "k"), v = heads(s, "v");
         const std::string scores = s("Div", {s("MatMul", {q, turned(s, k, {0, 1, 3, 2})}), s(2)});
         return joined(s, s("MatMul", {softmax(s, s("Add", {scores, "mask"})), v}));
       }},
      {"torch scaled_dot_product_attention, its scale from q's last dimension",
       {2, 5, 12},
       {2, 7, 12},
       {2, 1, 5, 7},
       {"Attention"},
       [=](Scribe& s) {
         const std::string q = heads(s, "q"), k = heads(s, "k"), v = heads(s, "v");
         const std::string size = s("Slice", {s("Shape", {q}), s.ints({-1}), s.ints({INT64_MAX})});
         const std::string scale = s("Div", {s(1), s("Sqrt", {s.cast(size, s.dtype())})});
         const std::string turned_k = s("Mul", {turned(s, k, {0, 1, 3, 2}), s("Sqrt", {scale})});
         const std::string scores = s("MatMul", {s("Mul", {q, s("Sqrt", {scale})}), turned_k});
         return joined(s, s("MatMul", {softmax(s, s("Add", {scores, "mask"})), v}));
       }},
  };
}

inline std::vector<AttentionForm> attention_forms() {
  const std::vector<int64_t> q3{2, 5, 12}, k3{2, 7, 12}, q4{2, 3, 5, 4}, k4{2, 3, 7, 4};
  const std::vector<std::string> one{"Attention"};
  return {
      {"transformers' BERT",
       q3,
       k3,
       {2, 1, 1, 7},
       one,
       [](Scribe& s) {
         const std::string q = cut_into_heads(s, "q"), k = cut_into_heads(s, "k"), v = cut_into_heads(s, "v");
         const std::string scores = s("Div", {s("MatMul", {q, turned(s, k, {0, 1, 3, 2})}), s(2)});
         return joined_heads(s, s("MatMul", {softmax(s, s("Add", {scores, "mask"})), v}));
       }},
      {"the same, traced with numbers for all dimensions",
       q3,
       k3,
       {2, 1, 1, 7},
       one,
       [](Scribe& s) {
         const std::string q = cut_into_heads(s, "q", {2, 5, 3, 4}), v = cut_into_heads(s, "v", {2, -1, 3, 4});
         const std::string k = turned(s, s("Reshape", {"k", s.ints({2, 7, 3, 4})}), {0, 2, 3, 1});
         const std::string scores = s("Mul", {s("MatMul", {q, k}), s(0.5)});
         return joined_heads(s, s("MatMul", {softmax(s, s("Add", {"mask", scores})), v}), {2, 5, 12});
       }},
      {"transformers' DistilBERT: q is scaled",
       q3,
       k3,
       {2, 1, 1, 7},
       one,
       [](Scribe& s) {
         const std::string q = s("Div", {cut_into_heads(s, "q"), s(2)}), k = cut_into_heads(s, "k");
         const std::string scores = s("Add", {s("MatMul", {q, turned(s, k, {0, 1, 3, 2})}), "mask"});
         return joined_heads(s, s("MatMul", {softmax(s, scores), cut_into_heads(s, "v")}));
       }},
      {"transformers' OPT and Whisper: q is scaled before it is cut",
       q3,
       k3,
       {},
       one,
       [](Scribe& s) {
         const std::string q = cut_into_heads(s, s("Mul", {"q", s(0.5)})), k = cut_into_heads(s, "k");
         const std::string weights = softmax(s, s("MatMul", {q, turned(s, k, {0, 1, 3, 2})}));
         return joined_heads(s, s("MatMul", {weights, cut_into_heads(s, "v")}));
       }},
      {"torch scaled_dot_product_attention",
       q3,
       k3,
       {},
       one,
       [](Scribe& s) {
         return joined_heads(
             s, torch_attention(s, cut_into_heads(s, "q"), cut_into_heads(s, "k"), cut_into_heads(s, "v"), ""));
       }},
      {"the same with a mask of floats",
       q3,
       k3,
       {2, 1, 5, 7},
       one,
       [](Scribe& s) {
         return joined_heads(
             s, torch_attention(s, cut_into_heads(s, "q"), cut_into_heads(s, "k"), cut_into_heads(s, "v"), "mask"));
       }},
      {"the same with rows that are masked in full put to 0",
       q3,
       k3,
       {5, 7},
       one,
       [](Scribe& s) {
         return joined_heads(s, torch_attention(s, cut_into_heads(s, "q"), cut_into_heads(s, "k"),
                                                cut_into_heads(s, "v"), "mask", true));
       }},
      {"the same over heads that were cut elsewhere, as in vision transformers",
       q4,
       k4,
       {1, 3, 5, 7},
       {"Attention"},
       [](Scribe& s) { return torch_attention(s, "q", "k", "v", "mask"); }},
      {"torch MultiheadAttention: heads within the batch",
       {5, 2, 12},
       {7, 2, 12},
       {6, 1, 7},
       {"Reshape", "Reshape", "Reshape", "Transpose", "Transpose", "Transpose", "Unsqueeze", "Attention", "Transpose",
        "Reshape"},
       [](Scribe& s) {
         const auto heads = [&](const std::string& value, int64_t rows) {
           return turned(s, s("Reshape", {value, s.ints({rows, 6, 4})}), {1, 0, 2});
         };
         const std::string q = s("Mul", {heads("q", 5), s(0.5)}), k = heads("k", 7), v = heads("v", 7);
         // baddbmm, with its factors of 1
         const std::string product = s("Mul", {s("MatMul", {q, turned(s, k, {0, 2, 1})}), s(1)});
         const std::string weights = softmax(s, s("Add", {product, "mask"}), 3);
         return s("Reshape", {turned(s, s("MatMul", {weights, v}), {1, 0, 2}), s.ints({10, 12})});
       }},
  };
}

}  // namespace tenon::test
