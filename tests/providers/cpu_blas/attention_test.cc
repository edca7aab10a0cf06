// Attention on cpu_blas against cpu_ref: layouts of heads, masks, blocks of queries, rows that see no key.
#include <cmath>
#include <limits>

#include "tests/providers/cpu_blas/on_cpu_blas.h"
#include "tests/support/run_operator.h"

using namespace tenon::host;
using namespace tenon::test;

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

Tensor random(std::vector<int64_t> shape, unsigned seed) {
  size_t count = 1;
  for (const int64_t d : shape) count *= static_cast<size_t>(d);
  return make_tensor<float>(std::move(shape), noise(count, seed));
}

/// The result of cpu_blas, which must be near that of cpu_ref.
std::vector<float> attend(std::vector<Tensor> inputs, std::vector<Attribute> attributes = {}, int64_t opset = 24) {
  const OperatorRun wanted{"Attention", opset, std::move(inputs), std::move(attributes)};
  const auto expected = run_operator(wanted, "cpu_ref"), actual = run_operator(wanted, "cpu_blas");
  INFO(expected.status().message() << actual.status().message());
  REQUIRE((expected.is_ok() && actual.is_ok()));
  CHECK((*expected)[0].shape() == (*actual)[0].shape());
  const auto e = (*expected)[0].span<float>(), a = (*actual)[0].span<float>();
  CHECK(largest_error({a.begin(), a.end()}, {e.begin(), e.end()}, 1) < 8);
  return {a.begin(), a.end()};
}

}  // namespace

TEST_CASE("attention reads heads from a dimension of their own or from the last one", "[cpu_blas]") {
  attend({random({2, 3, 5, 8}, 1), random({2, 3, 7, 8}, 2), random({2, 3, 7, 4}, 3)});
  attend({random({2, 5, 24}, 1), random({2, 7, 24}, 2), random({2, 7, 12}, 3)},
         {int_attr("q_num_heads", 3), int_attr("kv_num_heads", 3), float_attr("scale", 0.3f)});
  attend({random({1, 6, 1, 8}, 1), random({1, 2, 9, 8}, 2), random({1, 2, 9, 8}, 3)});
}

TEST_CASE("attention adds masks of every shape, and puts keys out that a bool mask denies", "[cpu_blas]") {
  const std::vector<std::vector<int64_t>> shapes{{7}, {5, 7}, {3, 5, 7}, {2, 1, 1, 7}, {2, 3, 5, 7}, {5, 4}, {5, 1}};
  for (const auto& shape : shapes) {
    const Tensor q = random({2, 3, 5, 8}, 1), k = random({2, 3, 7, 8}, 2), v = random({2, 3, 7, 8}, 3);
    const Tensor mask = random(shape, 4);
    attend({q, k, v, mask});
    attend({q, k, v, mask}, {int_attr("is_causal", 1)});
    std::vector<bool> allowed;
    for (const float m : mask.span<float>()) allowed.push_back(m > 0);
    allowed[0] = true;
    attend({q, k, v, make_tensor<bool>(shape, allowed)});
    if (shape.back() != 4) attend({q, k, v, mask}, {}, 23);
  }
}

TEST_CASE("more queries than a block takes are attended in several", "[cpu_blas]") {
  const Tensor q = random({1, 2, 300, 4}, 1), k = random({1, 2, 700, 4}, 2), v = random({1, 2, 700, 4}, 3);
  attend({q, k, v, random({300, 700}, 4)}, {int_attr("is_causal", 1)});
}

TEST_CASE("a query that sees no key has a result of 0, one that meets NaN has NaN", "[cpu_blas]") {
  const Tensor q = random({1, 1, 2, 4}, 1), k = random({1, 1, 3, 4}, 2), v = random({1, 1, 3, 4}, 3);
  const auto masked = attend({q, k, v, make_tensor<float>({2, 3}, {-kInfinity, -kInfinity, -kInfinity, 0, 0, 0})});
  CHECK(std::vector<float>(masked.begin(), masked.begin() + 4) == std::vector<float>(4, 0));
  CHECK(masked[4] != 0);
  const auto denied = attend({q, k, v, make_tensor<bool>({2, 3}, {false, false, false, true, true, false})});
  CHECK(std::vector<float>(denied.begin(), denied.begin() + 4) == std::vector<float>(4, 0));
  const auto broken = run_operator({"Attention",
                                    23,
                                    {make_tensor<float>({1, 1, 1, 1}, {NAN}), make_tensor<float>({1, 1, 1, 1}, {1}),
                                     make_tensor<float>({1, 1, 1, 1}, {1})}},
                                   "cpu_blas");
  REQUIRE(broken.is_ok());
  CHECK(std::isnan((*broken)[0].span<float>()[0]));
}

TEST_CASE("attention puts a cache before new keys and values, and hands both out", "[cpu_blas]") {
  const Tensor q = random({2, 4, 6, 8}, 1), k = random({2, 2, 6, 8}, 2), v = random({2, 2, 6, 4}, 3);
  const Tensor past_k = random({2, 2, 5, 8}, 4), past_v = random({2, 2, 5, 4}, 5);
  for (const int64_t causal : {0, 1}) {
    const OperatorRun wanted{"Attention", 23, {q, k, v, Tensor(), past_k, past_v}, {int_attr("is_causal", causal)}, 3};
    const auto expected = run_operator(wanted, "cpu_ref"), actual = run_operator(wanted, "cpu_blas");
    INFO(expected.status().message() << actual.status().message());
    REQUIRE((expected.is_ok() && actual.is_ok()));
    for (size_t i = 0; i < 3; ++i) {
      const auto e = (*expected)[i].span<float>(), a = (*actual)[i].span<float>();
      CHECK(largest_error({a.begin(), a.end()}, {e.begin(), e.end()}, 1) < 8);
    }
    attend({q, k, v, random({6, 11}, 6), past_k, past_v}, {int_attr("is_causal", causal)});
  }
  attend(
      {random({2, 6, 32}, 1), random({2, 6, 16}, 2), random({2, 6, 16}, 3), Tensor(), past_k, random({2, 2, 5, 8}, 5)},
      {int_attr("q_num_heads", 4), int_attr("kv_num_heads", 2)});
}

TEST_CASE("attention caps scores softly, one query at a time and in blocks", "[cpu_blas]") {
  for (const int64_t queries : {1, 3, 5, 70}) {
    const Tensor q = random({1, 2, queries, 8}, 1), k = random({1, 2, 300, 8}, 2), v = random({1, 2, 300, 5}, 3);
    attend({q, k, v}, {float_attr("softcap", 0.5f), float_attr("scale", 2)});
    attend({q, k, v, random({queries, 300}, 4)}, {float_attr("softcap", 0.5f), int_attr("is_causal", 1)});
    attend({q, k, v, random({300}, 4)});
  }
}

TEST_CASE("a score that is by far the largest in a later block of keys counts alone", "[cpu_blas]") {
  std::vector<float> keys(600 * 4, 0.25f);
  std::fill_n(keys.begin() + 599 * 4, 4, 60.0f);
  const Tensor q = random({1, 1, 20, 4}, 1), v = random({1, 1, 600, 4}, 3);
  attend({q, make_tensor<float>({1, 1, 600, 4}, keys), v}, {float_attr("scale", 1)});
}

TEST_CASE("attention with a window or an output of scores is left to other providers", "[cpu_blas]") {
  const Tensor q = random({1, 1, 2, 4}, 1), k = random({1, 1, 3, 4}, 2), v = random({1, 1, 3, 4}, 3);
  const auto scores = run_operator({"Attention", 23, {q, k, v}, {}, 4}, "cpu_blas");
  CHECK(scores.status().code() == TN_NO_KERNEL);
}
