// Every form of attention, at each opset that writes it, ends in one node and keeps its answers; others stay.
#include <algorithm>

#include "tests/host/optimize/raises/attention_forms.h"
#include "tests/support/both_ways.h"

using namespace tenon::host;
using namespace tenon::test;
using Ops = std::vector<std::string>;

namespace {

constexpr double kEpsilons = 16;  // each node of the plain graph rounds, the operator once

NamedTensor noise_of(const std::string& name, tn_dtype dtype, const std::vector<int64_t>& shape, unsigned seed) {
  size_t count = 1;
  for (const int64_t d : shape) count *= static_cast<size_t>(d);
  return {name, Scribe::floats_of(dtype, shape, spread(count, 2, seed))};
}

Rewritten attend_both_ways(const AttentionForm& form, int64_t opset, tn_dtype dtype,
                           const std::vector<std::string>& providers = {"cpu_ref"}) {
  std::vector<NamedTensor> inputs = {noise_of("q", dtype, form.q, 1), noise_of("k", dtype, form.k, 2),
                                     noise_of("v", dtype, form.k, 3)};
  if (!form.mask.empty()) inputs.push_back(noise_of("mask", dtype, form.mask, 4));
  return run_both_ways_within(
      kEpsilons,
      [&](GraphBuilder& b) {
        for (const NamedTensor& input : inputs) b.input(input.name, dtype, input.tensor.shape());
        Scribe s(b, dtype, opset);
        b.output(form.write(s));
      },
      inputs, opset, providers);
}

Ops sorted(Ops ops) {
  std::sort(ops.begin(), ops.end());
  return ops;
}

/// What is left of the form with another product for its scores, of q 2x3x5x4 and k 2x3x7x4.
Ops left_of(const Writes& write, std::vector<int64_t> q = {2, 3, 5, 4}, std::vector<int64_t> mask = {},
            int64_t opset = 17) {
  return attend_both_ways({"", std::move(q), {2, 3, 7, 4}, std::move(mask), {}, write}, opset, TN_FLOAT).ops;
}

bool has(const Ops& ops, const std::string& op) {
  return std::find(ops.begin(), ops.end(), op) != ops.end();
}

}  // namespace

TEST_CASE("each form of attention ends in one node", "[optimize]") {
  for (const AttentionForm& form : attention_forms())
    for (int64_t opset = 11; opset <= 17; ++opset)
      for (const tn_dtype dtype : {TN_FLOAT, TN_DOUBLE, TN_FLOAT16}) {
        // A scale is an attribute, a float: to a double the root of a half is not exactly one.
        INFO(form.name << ", opset " << opset << ", type " << dtype);
        if (dtype == TN_DOUBLE && form.name.find("torch") != std::string::npos) continue;
        if (dtype == TN_DOUBLE && form.name.find("the same") == 0) continue;
        CHECK(sorted(attend_both_ways(form, opset, dtype).ops) == sorted(form.ops));
      }
}

TEST_CASE("attention over dimensions with names ends in one node", "[optimize]") {
  std::vector<AttentionForm> forms = computed_attention_forms();
  for (const size_t form : {0, 2, 3, 4, 5}) forms.push_back(attention_forms()[form]);
  const auto named = [](const std::vector<int64_t>& shape) {
    std::vector<Dim> dims;
    for (const int64_t d : shape)
      dims.push_back(d == 2 ? Dim{-1, "batch"} : d == 5 ? Dim{-1, "queries"} : d == 7 ? Dim{-1, "keys"} : Dim{d, ""});
    return dims;
  };
  for (const AttentionForm& form : forms)
    for (const int64_t opset : {11, 13, 17}) {
      INFO(form.name << ", opset " << opset);
      std::vector<NamedTensor> inputs = {noise_of("q", TN_FLOAT, form.q, 1), noise_of("k", TN_FLOAT, form.k, 2),
                                         noise_of("v", TN_FLOAT, form.k, 3)};
      if (!form.mask.empty()) inputs.push_back(noise_of("mask", TN_FLOAT, form.mask, 4));
      const Rewritten told = run_both_ways_within(
          kEpsilons,
          [&](GraphBuilder& b) {
            for (const NamedTensor& input : inputs) b.symbolic_input(input.name, TN_FLOAT, named(input.tensor.shape()));
            Scribe s(b, TN_FLOAT, opset);
            b.output(form.write(s));
          },
          inputs, opset);
      CHECK(told.ops == Ops{"Attention"});
    }
}

TEST_CASE("attention of one value to itself needs no names for its dimensions", "[optimize]") {
  const auto shape_by = [](Scribe& s, const std::string& of, int way, const std::vector<int64_t>& last) {
    if (way == 2) return s("Concat", {dim_of(s, of, 0), dim_of(s, of, 1), s.ints(last)}, {int_attr("axis", 0)});
    std::vector<int64_t> numbers{0, way == 0 ? 0 : -1};
    numbers.insert(numbers.end(), last.begin(), last.end());
    return s.ints(numbers);
  };
  for (const int way : {0, 1, 2}) {
    INFO("way " << way);
    const Rewritten told = run_both_ways_within(
        kEpsilons,
        [&](GraphBuilder& b) {
          b.symbolic_input("in", TN_FLOAT, {{-1, ""}, {-1, ""}, {12, ""}});
          b.symbolic_input("places", TN_FLOAT, {{-1, ""}, {12, ""}});
          Scribe s(b, TN_FLOAT, 17);
          const std::string x = s("Add", {"in", "places"});
          const auto heads = [&](unsigned seed) {
            const std::string y = s("Add", {s("MatMul", {x, s.tensor({12, 12}, spread(144, 0.5, seed))}),
                                            s.tensor({12}, spread(12, 1, seed + 1))});
            return turned(s, s("Reshape", {y, shape_by(s, y, way, {3, 4})}), {0, 2, 1, 3});
          };
          const std::string q = heads(1), k = heads(3), v = heads(5);
          const std::string scores = s("Mul", {s("MatMul", {q, turned(s, k, {0, 1, 3, 2})}), s(0.5)});
          const std::string context = turned(s, s("MatMul", {softmax(s, scores), v}), {0, 2, 1, 3});
          b.output(s("Reshape", {context, shape_by(s, context, way, {12})}));
        },
        {noise_of("in", TN_FLOAT, {2, 5, 12}, 7), noise_of("places", TN_FLOAT, {5, 12}, 8)});
    CHECK(std::count(told.ops.begin(), told.ops.end(), "Attention") == 1);
    CHECK_FALSE(has(told.ops, "Reshape"));
  }
}

TEST_CASE("operands whose dimensions nothing holds together are no attention", "[optimize]") {
  const auto session = open_rewritten(
      [](GraphBuilder& b) {
        for (const char* name : {"q", "k", "v"})
          b.symbolic_input(name, TN_FLOAT, {{-1, ""}, {3, ""}, {-1, ""}, {4, ""}});
        Scribe s(b, TN_FLOAT, 17);
        b.output(s("MatMul", {softmax(s, s("MatMul", {"q", turned(s, "k", {0, 1, 3, 2})})), "v"}));
      },
      true, 17);
  CHECK(has(rewritten_graph(*session).ops, "Softmax"));
}

TEST_CASE("a softmax in float between halves is part of the attention", "[optimize]") {
  const AttentionForm form{"", {2, 3, 5, 4}, {2, 3, 7, 4}, {}, {}, [](Scribe& s) {
                             const std::string scores = s("MatMul", {"q", turned(s, "k", {0, 1, 3, 2})});
                             const std::string weights = softmax(s, s.cast(scores, TN_FLOAT));
                             return s("MatMul", {s.cast(weights, TN_FLOAT16), "v"});
                           }};
  CHECK(attend_both_ways(form, 14, TN_FLOAT16).ops == Ops{"Attention"});
}

TEST_CASE("a softmax over another dimension is no attention", "[optimize]") {
  const auto over = [](int64_t axis) {
    return [axis](Scribe& s) {
      const std::string scores = s("MatMul", {"q", turned(s, "k", {0, 1, 3, 2})});
      return s("MatMul", {s("Softmax", {scores}, {int_attr("axis", axis)}), "v"});
    };
  };
  CHECK(left_of(over(-1)) == Ops{"Attention"});
  CHECK(left_of(over(3)) == Ops{"Attention"});
  CHECK(has(left_of(over(2)), "Softmax"));
  CHECK(has(left_of(over(1)), "Softmax"));
}

TEST_CASE("weights that are read elsewhere keep the products apart", "[optimize]") {
  const Ops ops = left_of([](Scribe& s) {
    const std::string weights = softmax(s, s("MatMul", {"q", turned(s, "k", {0, 1, 3, 2})}));
    s.b.output(weights);
    return s("MatMul", {weights, "v"});
  });
  CHECK(has(ops, "Softmax"));
}

TEST_CASE("products that broadcast their operands are no attention", "[optimize]") {
  const Writes plain = [](Scribe& s) {
    return s("MatMul", {softmax(s, s("MatMul", {"q", turned(s, "k", {0, 1, 3, 2})})), "v"});
  };
  CHECK(left_of(plain) == Ops{"Attention"});
  CHECK(has(left_of(plain, {1, 3, 5, 4}), "Softmax"));
  CHECK(has(left_of(plain, {2, 1, 5, 4}), "Softmax"));
}

TEST_CASE("a mask that makes the scores larger, or that the operator would fill up, is added apart", "[optimize]") {
  const Writes masked = [](Scribe& s) {
    const std::string scores = s("Add", {s("MatMul", {"q", turned(s, "k", {0, 1, 3, 2})}), "mask"});
    return s("MatMul", {softmax(s, scores), "v"});
  };
  CHECK(left_of(masked, {2, 3, 5, 4}, {2, 1, 5, 7}) == Ops{"Attention"});
  CHECK(left_of(masked, {2, 3, 5, 4}, {7}) == Ops{"Attention"});
  CHECK(left_of(masked, {2, 3, 5, 4}, {5, 1}) == Ops{"Attention"});
  CHECK(left_of(masked, {2, 3, 5, 4}, {5, 7}, 24) == Ops{"Attention"});
  CHECK(has(left_of(masked, {2, 3, 5, 4}, {5, 1}, 24), "Softmax"));
  CHECK(has(left_of(masked, {2, 3, 1, 4}, {5, 7}), "Softmax"));
}

TEST_CASE("a mask of truth values that puts minus infinity in is one of the attention", "[optimize]") {
  const auto masked = [](bool denies, double floor) {
    return [=](Scribe& s) {
      std::vector<bool> truth;
      for (int i = 0; i < 35; ++i) truth.push_back(i % 3 == 0);
      s.b.constant<bool>("truth", {5, 7}, truth);
      const std::string scores = s("MatMul", {"q", turned(s, "k", {0, 1, 3, 2})});
      const std::vector<std::string> given{"truth", denies ? s(floor) : scores, denies ? scores : s(floor)};
      return s("MatMul", {softmax(s, s("Where", given)), "v"});
    };
  };
  CHECK(left_of(masked(false, -INFINITY)) == Ops{"Attention"});
  CHECK(has(left_of(masked(true, -INFINITY)), "Attention"));
  CHECK(has(left_of(masked(true, -1e9)), "Softmax"));
}

TEST_CASE("a causal mask that is cut to as many tokens as there are is one of the attention", "[optimize]") {
  // Of eight tokens at most; `hides_first`: from the third one, so that a finite number would count.
  const auto attend = [](double floor, bool hides_first) {
    return run_both_ways_within(
               kEpsilons,
               [&](GraphBuilder& b) {
                 b.symbolic_input("x", TN_FLOAT, {{-1, "batch"}, {-1, "tokens"}, {12, ""}});
                 std::vector<bool> lower;
                 for (int i = 0; i < 64; ++i) lower.push_back(i % 8 <= i / 8 && !(hides_first && i / 8 == 2));
                 b.constant<bool>("lower", {1, 1, 8, 8}, lower);
                 Scribe s(b, TN_FLOAT, 17);
                 const std::string count = s("Slice", {s("Shape", {"x"}), s.ints({1}), s.ints({2}), s.ints({0})});
                 const std::string rows = s("Slice", {"lower", s.ints({0}), count, s.ints({2})});
                 const std::string mask = s("Slice", {rows, s.ints({0}), count, s.ints({3})});
                 const std::string heads = cut_into_heads(s, "x"), values = cut_into_heads(s, s("Neg", {"x"}));
                 const std::string scores =
                     s("MatMul", {cut_into_heads(s, s("Abs", {"x"})), turned(s, heads, {0, 1, 3, 2})});
                 b.output(joined_heads(s, s("MatMul", {softmax(s, s("Where", {mask, scores, s(floor)})), values})));
               },
               {noise_of("x", TN_FLOAT, {2, 5, 12}, 7)})
        .ops;
  };
  CHECK(has(attend(-3.4028235e38, false), "Attention"));
  CHECK(has(attend(-3.4028235e38, true), "Softmax"));
  CHECK(has(attend(-10, false), "Softmax"));
}

TEST_CASE("what scales q for others, too, stays a node before the attention", "[optimize]") {
  const Ops ops = left_of([](Scribe& s) {
    const std::string q = s("Mul", {"q", s(0.5)});
    s.b.output(s("Neg", {q}));
    return s("MatMul", {softmax(s, s("MatMul", {q, turned(s, "k", {0, 1, 3, 2})})), "v"});
  });
  CHECK(sorted(ops) == Ops{"Attention", "Mul", "Neg"});
}
