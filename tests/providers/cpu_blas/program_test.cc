// Elementwise programs of cpu_blas: which nodes become one kernel, what it computes beside cpu_ref, and the accuracy of
// functions that only programs have.
#include <cmath>

#include "tests/providers/cpu_blas/on_cpu_blas.h"

using namespace tenon::host;
using namespace tenon::test;

namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// A session on cpu_ref alone.
std::unique_ptr<Session> open_on_cpu_ref(GraphBuilder& b) {
  SessionOptions options;
  options.providers = {{TENON_BINARY_DIR "/lib/tenon/providers/libcpu_ref.so", {}}};
  auto session = Session::open_model(b.build(), options);
  INFO((session.is_ok() ? std::string() : session.status().message()));
  REQUIRE(session.is_ok());
  return std::move(*session);
}

Result<std::vector<Tensor>> run_named(Session& session, const std::vector<NamedTensor>& inputs) {
  return session.run(inputs);
}

/// x + 2 clipped to [0, 5], times x, by 5: from `from` to y.
void spell_gate(GraphBuilder& b, const std::string& from) {
  b.constant<float>("two", {}, {2});
  b.constant<float>("zero", {}, {0});
  b.constant<float>("five", {}, {5});
  b.node("Add", {from, "two"}, {"a"});
  b.node("Clip", {"a", "zero", "five"}, {"c"});
  b.node("Mul", {from, "c"}, {"m"});
  b.node("Div", {"m", "five"}, {"y"});
}

double gate(double x) {
  return x * std::min(5.0, std::max(0.0, x + 2)) / 5;
}

std::vector<float> run_one(const std::string& op, std::vector<Attribute> attributes, const std::vector<float>& x) {
  const std::vector<int64_t> shape{static_cast<int64_t>(x.size())};
  GraphBuilder b(24);
  b.input("x", TN_FLOAT, shape);
  b.node(op, {"x"}, {"y"}, std::move(attributes));
  b.output("y");
  return run_floats(*open_on_cpu_blas(b), {x}, {shape});
}

double ulps(float actual, double exact) {
  if (float(exact) == actual) return 0;
  const float near = std::max(std::abs(float(exact)), std::numeric_limits<float>::min());
  return std::abs(actual - exact) / (double(std::nextafter(near, kInfinity)) - near);
}

/// The worst error over 20 001 points of [low, high] and as many near 0.
template <typename Exact>
double worst_ulps(const std::string& op, Exact exact, float low, float high, std::vector<Attribute> attributes = {}) {
  std::vector<float> x;
  for (int i = 0; i <= 20000; ++i) x.push_back(low + (high - low) * float(i) / 20000);
  for (int i = 0; i <= 20000; ++i) x.push_back(std::exp2(-float(i) / 500) * ((low < 0 && i % 2 == 0) ? -1.0f : 1.0f));
  const std::vector<float> y = run_one(op, std::move(attributes), x);
  double worst = 0;
  for (size_t i = 0; i < x.size(); ++i) worst = std::max(worst, ulps(y[i], exact(double(x[i]))));
  return worst;
}

}  // namespace

TEST_CASE("a function that is spelled in five nodes is one kernel", "[cpu_blas]") {
  for (const std::string& isa : instruction_sets()) {
    GraphBuilder b(13);
    b.input("x", TN_FLOAT, {3, 1001});
    b.node("Abs", {"x"}, {"p"});
    spell_gate(b, "p");
    b.output("y");
    const auto session = open_on_cpu_blas(b, 2, isa);
    CHECK(kernel_of(*session, "p") == "Abs+Add+Clip+Mul+Div");
    const auto x = noise(3003, 1);
    std::vector<double> expected;
    for (const float v : x) expected.push_back(gate(std::abs(v)));
    CHECK(largest_error(run_floats(*session, {x}, {{3, 1001}}), expected, 1) < 4);
  }
}

TEST_CASE("a value times its Sigmoid is right whoever else reads either", "[cpu_blas]") {
  const auto x = noise(1001, 1);
  for (const std::string_view goes_out : {"", "h", "g"})
    for (const bool is_first : {true, false}) {
      GraphBuilder b(13);
      b.input("x", TN_FLOAT, {1001});
      b.node("Abs", {"x"}, {"h"});
      b.node("Sigmoid", {"h"}, {"g"});
      b.node("Mul", {is_first ? "h" : "g", is_first ? "g" : "h"}, {"silu"});
      b.node("Neg", {"silu"}, {"y"});
      b.output("y");
      if (!goes_out.empty()) b.output(std::string(goes_out));
      const auto session = open_on_cpu_blas(b);
      CHECK(kernel_of(*session, "silu") == "Abs+Sigmoid+Mul+Neg");
      const auto results = run_named(*session, {{"x", make_tensor<float>({1001}, x)}});
      REQUIRE(results.is_ok());
      for (size_t i = 0; i < x.size(); ++i) {
        const double h = std::abs(x[i]), g = 1 / (1 + std::exp(-h));
        CHECK(ulps((*results)[0].span<float>()[i], -h * g) <= 6);
        if (!goes_out.empty()) CHECK(ulps((*results)[1].span<float>()[i], goes_out == "h" ? h : g) <= 4);
      }
    }
}

TEST_CASE("a group computes what is smaller than the rest in its own shape, and hands out both", "[cpu_blas]") {
  GraphBuilder b;
  b.symbolic_input("x", TN_FLOAT, {{-1, "n"}, {3, ""}, {-1, "pixels"}});
  b.input("s", TN_FLOAT, {3, 1});
  b.node("Sigmoid", {"s"}, {"scale"});
  b.node("Mul", {"x", "scale"}, {"m"});
  b.node("Neg", {"m"}, {"y"});
  b.output("scale");
  b.output("y");
  const auto session = open_on_cpu_blas(b, 2);
  CHECK(kernel_of(*session, "m") == "Sigmoid+Mul+Neg");
  const std::vector<float> s{-1, 0, 2};
  for (const int64_t pixels : {1, 2, 7, 300, 5000}) {
    const auto x = noise(static_cast<size_t>(6 * pixels), 2);
    auto results =
        run_named(*session, {{"x", make_tensor<float>({2, 3, pixels}, x)}, {"s", make_tensor<float>({3, 1}, s)}});
    REQUIRE(results.is_ok());
    CHECK((*results)[0].shape() == std::vector<int64_t>{3, 1});
    std::vector<double> expected;
    for (size_t i = 0; i < x.size(); ++i)
      expected.push_back(-x[i] / (1 + std::exp(-double(s[i / static_cast<size_t>(pixels) % 3]))));
    const auto y = (*results)[1].span<float>();
    CHECK(largest_error({y.begin(), y.end()}, expected, 1) < 4);
  }
}

TEST_CASE("a group is not claimed around a node that reads it and that it reads", "[cpu_blas]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {4});
  b.node("Neg", {"x"}, {"n"});
  b.node("Softmax", {"n"}, {"s"});
  b.node("Add", {"n", "s"}, {"y"});
  b.output("y");
  const auto session = open_on_cpu_blas(b);
  CHECK(kernel_of(*session, "n") == "Neg");
  CHECK(run_floats(*session, {{1, 1, 1, 1}}, {{4}}) == std::vector<float>{-0.75f, -0.75f, -0.75f, -0.75f});
}

TEST_CASE("masks of integers and bools are part of a group", "[cpu_blas]") {
  GraphBuilder b;
  b.symbolic_input("mask", TN_INT64, {{-1, "n"}, {-1, "length"}});
  b.constant<int64_t>("one", {}, {1});
  b.constant<float>("least", {}, {-1000});
  b.node("Sub", {"one", "mask"}, {"inverted"});
  b.node("Cast", {"inverted"}, {"hides"}, {int_attr("to", TN_BOOL)});
  b.node("Cast", {"inverted"}, {"number"}, {int_attr("to", TN_FLOAT)});
  b.node("Where", {"hides", "least", "number"}, {"y"});
  b.output("y");
  const auto session = open_on_cpu_blas(b);
  CHECK(kernel_of(*session, "y") == "Sub+Cast+Cast+Where");
  auto results = run_named(*session, {{"mask", make_tensor<int64_t>({2, 3}, {1, 0, 1, 2, 1, 1})}});
  REQUIRE(results.is_ok());
  const auto y = (*results)[0].span<float>();
  CHECK(std::vector<float>(y.begin(), y.end()) == std::vector<float>{0, -1000, 0, -1000, 0, 0});
}

TEST_CASE("casts to 16-bit floats and back are part of a group", "[cpu_blas]") {
  for (const auto& [type, third] : {std::pair(TN_FLOAT16, 0.333251953125f), std::pair(TN_BFLOAT16, 0.333984375f)}) {
    GraphBuilder b;
    b.input("x", TN_FLOAT, {1});
    b.constant<float>("one", {}, {1});
    b.node("Cast", {"x"}, {"h"}, {int_attr("to", type)});
    b.node("Cast", {"h"}, {"f"}, {int_attr("to", TN_FLOAT)});
    b.node("Add", {"f", "one"}, {"y"});
    b.output("y");
    const auto session = open_on_cpu_blas(b);
    CHECK(kernel_of(*session, "y") == "Cast+Cast+Add");
    CHECK(run_floats(*session, {{1.0f / 3}}, {{1}}) == std::vector<float>{1 + third});
  }
}

TEST_CASE("a node that divides integers by 0 fails the run by name", "[cpu_blas]") {
  GraphBuilder b;
  b.input("a", TN_INT32, {3});
  b.input("b", TN_INT32, {3});
  b.node("Div", {"a", "b"}, {"y"});
  b.output("y");
  const auto session = open_on_cpu_blas(b);
  const auto run = [&](std::vector<int32_t> divisors) {
    return run_named(*session,
                     {{"a", make_tensor<int32_t>({3}, {7, -7, 5})}, {"b", make_tensor<int32_t>({3}, divisors)}});
  };
  auto good = run({2, 2, -1});
  REQUIRE(good.is_ok());
  const auto y = (*good)[0].span<int32_t>();
  CHECK(std::vector<int32_t>(y.begin(), y.end()) == std::vector<int32_t>{3, -3, -5});
  auto bad = run({1, 0, 1});
  REQUIRE_FALSE(bad.is_ok());
  CHECK(bad.status().message().find("y_node") != std::string::npos);
}

TEST_CASE("random groups compute what cpu_ref does", "[cpu_blas]") {
  std::mt19937 generator(5);
  const auto pick = [&](size_t n) { return std::uniform_int_distribution<size_t>(0, n - 1)(generator); };
  const std::vector<std::vector<int64_t>> shapes = {{2, 3, 37}, {3, 1}, {37},       {1, 1, 37}, {2, 1, 1}, {},
                                                    {2, 3, 1},  {1},    {2, 3, 37}, {3, 37},    {2, 1, 37}};
  const char* const unary[] = {"Abs", "Neg", "Relu", "Sigmoid", "Tanh", "Floor", "Softsign", "Exp", "Sign"};
  const char* const binary[] = {"Add", "Sub", "Mul", "Max", "Min", "PRelu"};
  for (int round = 0; round < 150; ++round) {
    std::vector<std::vector<float>> inputs;
    std::vector<std::vector<int64_t>> input_shapes;
    std::vector<std::unique_ptr<Session>> sessions;
    const auto seed = generator();
    for (const bool is_ref : {false, true}) {
      generator.seed(seed);
      inputs.clear(), input_shapes.clear();
      GraphBuilder b(18);
      std::vector<std::string> values;
      const size_t input_count = 1 + pick(4);
      const bool is_dynamic = pick(2) == 0;
      for (size_t i = 0; i < input_count; ++i) {
        input_shapes.push_back(shapes[pick(shapes.size())]);
        size_t count = 1;
        std::vector<Dim> dims;
        for (const int64_t d : input_shapes.back()) {
          count *= static_cast<size_t>(d);
          dims.push_back(is_dynamic ? Dim{-1, "d" + std::to_string(dims.size()) + std::to_string(i)} : Dim{d, ""});
        }
        inputs.push_back(noise(count, static_cast<unsigned>(seed + i)));
        values.push_back("x" + std::to_string(i));
        b.symbolic_input(values.back(), TN_FLOAT, dims);
      }
      b.constant<float>("k", {}, {0.5f});
      values.push_back("k");
      const size_t nodes = 2 + pick(14);
      for (size_t i = 0; i < nodes; ++i) {
        const std::string y = "v" + std::to_string(i), a = values[pick(values.size())];
        const size_t kind = pick(4);
        if (kind == 0) {
          b.node(unary[pick(std::size(unary))], {a}, {y});
        } else if (kind == 1) {
          b.node("Less", {a, values[pick(values.size())]}, {y + "_less"});
          b.node("Where", {y + "_less", a, values[pick(values.size())]}, {y});
        } else {
          b.node(binary[pick(std::size(binary) - 1)], {a, values[pick(values.size())]}, {y});
        }
        values.push_back(y);
      }
      b.output(values.back());
      for (size_t i = 0; i < 2; ++i)
        if (const std::string& also = values[values.size() - 2 - pick(nodes)];
            also[0] == 'v' && also != values.back() && (i == 0 || also != "v0"))
          b.output(also);
      sessions.push_back(is_ref ? open_on_cpu_ref(b) : open_on_cpu_blas(b, 2));
    }
    std::vector<NamedTensor> named;
    for (size_t i = 0; i < inputs.size(); ++i)
      named.push_back({"x" + std::to_string(i), make_tensor<float>(input_shapes[i], inputs[i])});
    auto fast = sessions[0]->run(named), plain = sessions[1]->run(named);
    REQUIRE(fast.is_ok() == plain.is_ok());
    if (!fast.is_ok()) continue;
    for (size_t i = 0; i < fast->size(); ++i) {
      REQUIRE((*fast)[i].shape() == (*plain)[i].shape());
      const auto y = (*fast)[i].span<float>(), z = (*plain)[i].span<float>();
      for (size_t k = 0; k < y.size(); ++k) {
        INFO("round " << round << ", output " << i << ", element " << k);
        REQUIRE(((std::isnan(y[k]) && std::isnan(z[k])) || y[k] == z[k] ||
                 std::abs(y[k] - z[k]) <= 2e-5 * std::max(1.0f, std::abs(z[k]))));
      }
    }
  }
}

TEST_CASE("functions of programs are within their stated errors", "[cpu_blas]") {
  const auto softplus = [](double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); };
  CHECK(worst_ulps(
            "Log", [](double x) { return std::log(x); }, 1e-3f, 1000) <= 4);
  CHECK(worst_ulps("Softplus", softplus, -60, 60) <= 4);
  CHECK(worst_ulps(
            "Mish", [&](double x) { return x * std::tanh(softplus(x)); }, -60, 60) <= 8);
  CHECK(worst_ulps(
            "Elu", [](double x) { return x < 0 ? std::expm1(x) : x; }, -60, 60) <= 4);
  CHECK(worst_ulps(
            "Swish", [](double x) { return x / (1 + std::exp(-x)); }, -60, 60) <= 6);
  CHECK(worst_ulps(
            "Sin", [](double x) { return std::sin(x); }, -3, 3) <= 4);
  CHECK(worst_ulps(
            "Cos", [](double x) { return std::cos(x); }, -1.5f, 1.5f) <= 4);
}

TEST_CASE("Pow is rounded once for any base and exponent", "[cpu_blas]") {
  std::vector<float> base, exponent;
  for (int i = -200; i <= 200; ++i)
    for (int k = -20; k <= 20; ++k) base.push_back(float(i) / 13), exponent.push_back(float(k) / 4);
  for (const float x : {kInfinity, -kInfinity, NAN, 0.0f, -0.0f, 1.0f, 1e-40f})
    for (const float y : {kInfinity, -kInfinity, NAN, 0.0f, -0.0f, 0.5f, 3.0f, -1.0f})
      base.push_back(x), exponent.push_back(y);
  const std::vector<int64_t> shape{static_cast<int64_t>(base.size())};
  GraphBuilder b;
  b.input("x", TN_FLOAT, shape);
  b.input("e", TN_FLOAT, shape);
  b.node("Pow", {"x", "e"}, {"y"});
  b.output("y");
  const auto y = run_floats(*open_on_cpu_blas(b), {base, exponent}, {shape, shape});
  for (size_t i = 0; i < y.size(); ++i) {
    const float exact = float(std::pow(double(base[i]), double(exponent[i])));
    INFO(base[i] << " ^ " << exponent[i]);
    CHECK(((std::isnan(y[i]) && std::isnan(exact)) || ulps(y[i], exact) <= 1));
  }
}

TEST_CASE("elementwise nodes behind a MatMul are applied to its tiles", "[cpu_blas]") {
  constexpr int64_t k = 33, n = 83;
  const auto w = noise(k * n, 1), bias = noise(n, 2);
  for (const bool packs : {true, false})
    for (const int64_t rows : {1, 5, 130}) {
      GraphBuilder b;
      b.symbolic_input("x", TN_FLOAT, {{-1, "rows"}, {k, ""}});
      b.symbolic_input("r", TN_FLOAT, {{-1, "r0"}, {-1, "r1"}});
      if (packs) {
        b.constant<float>("w", {k, n}, w);
      } else {
        b.input("w", TN_FLOAT, {k, n});
      }
      b.constant<float>("bias", {n}, bias);
      b.node("MatMul", {"x", "w"}, {"m"});
      b.node("Add", {"m", "bias"}, {"h"});
      b.node("Sigmoid", {"h"}, {"g"});
      b.node("Mul", {"h", "g"}, {"silu"});
      b.node("Mul", {"silu", "r"}, {"y"});
      b.output("y");
      const auto session = open_on_cpu_blas(b, 2);
      CHECK(kernel_of(*session, "m") == "MatMul+Add+Sigmoid+Mul+Mul");
      // A tensor of the result's shape, one element a row, one a column, one in all.
      for (const auto& [r0, r1] : std::vector<std::pair<int64_t, int64_t>>{{rows, n}, {rows, 1}, {1, n}, {1, 1}}) {
        const auto x = noise(static_cast<size_t>(rows * k), 3), r = noise(static_cast<size_t>(r0 * r1), 4);
        std::vector<double> expected(static_cast<size_t>(rows * n));
        for (int64_t i = 0; i < rows; ++i)
          for (int64_t j = 0; j < n; ++j) {
            double sum = bias[static_cast<size_t>(j)];
            for (int64_t p = 0; p < k; ++p)
              sum += double(x[static_cast<size_t>(i * k + p)]) * w[static_cast<size_t>(p * n + j)];
            expected[static_cast<size_t>(i * n + j)] =
                sum / (1 + std::exp(-sum)) * r[static_cast<size_t>((r0 == 1 ? 0 : i) * r1 + (r1 == 1 ? 0 : j))];
          }
        std::vector<NamedTensor> named{{"x", make_tensor<float>({rows, k}, x)}, {"r", make_tensor<float>({r0, r1}, r)}};
        if (!packs) named.push_back({"w", make_tensor<float>({k, n}, w)});
        auto results = session->run(named);
        INFO((results.is_ok() ? std::string() : results.status().message()));
        REQUIRE(results.is_ok());
        const auto y = (*results)[0].span<float>();
        CHECK(largest_error({y.begin(), y.end()}, expected, std::sqrt(double(k)) + 1) < 8);
      }
    }
}

TEST_CASE("an operand that makes a product's result larger is applied behind it", "[cpu_blas]") {
  GraphBuilder b;
  b.symbolic_input("x", TN_FLOAT, {{-1, "rows"}, {2, ""}});
  b.symbolic_input("r", TN_FLOAT, {{-1, "r0"}, {2, ""}});
  b.constant<float>("w", {2, 2}, {1, 0, 0, 1});
  b.node("MatMul", {"x", "w"}, {"m"});
  b.node("Neg", {"m"}, {"h"});
  b.node("Mul", {"h", "r"}, {"y"});
  b.output("y");
  const auto session = open_on_cpu_blas(b);
  CHECK(kernel_of(*session, "m") == "MatMul+Neg+Mul");
  CHECK(run_floats(*session, {{1, 2}, {1, 10, 100, 1000}}, {{1, 2}, {2, 2}}) ==
        std::vector<float>{-1, -20, -100, -2000});
}

TEST_CASE("elementwise nodes behind a Conv of three dimensions are applied to its tiles", "[cpu_blas]") {
  const auto x = noise(2 * 2 * 4 * 5 * 6, 1), weights = noise(3 * 2 * 27, 2), gates = noise(6, 3);
  std::vector<float> results[2];
  for (const bool is_ref : {false, true}) {
    GraphBuilder b(13);
    b.input("x", TN_FLOAT, {2, 2, 4, 5, 6});
    b.input("gate", TN_FLOAT, {2, 3, 1, 1, 1});
    b.constant<float>("w", {3, 2, 3, 3, 3}, weights);
    b.node("Conv", {"x", "w"}, {"conv"}, {ints_attr("pads", {1, 1, 1, 1, 1, 1})});
    b.node("Mul", {"conv", "gate"}, {"gated"});
    spell_gate(b, "gated");
    b.output("y");
    const auto session = is_ref ? open_on_cpu_ref(b) : open_on_cpu_blas(b, 2, "", false);
    if (!is_ref) CHECK(kernel_of(*session, "conv") == "Conv+Mul+Add+Clip+Mul+Div");
    results[is_ref ? 1 : 0] = run_floats(*session, {x, gates}, {{2, 2, 4, 5, 6}, {2, 3, 1, 1, 1}});
  }
  CHECK(largest_error(results[0], {results[1].begin(), results[1].end()}, 8) < 8);
}

TEST_CASE("elementwise nodes behind a Conv are applied to its tiles", "[cpu_blas]") {
  // In place, depthwise, packed: three ways to convolve.
  struct Way {
    int64_t channels, outputs, group, size, kernel;
  };
  for (const Way& way : {Way{3, 10, 1, 20, 3}, Way{6, 6, 6, 9, 3}, Way{16, 24, 1, 7, 3}, Way{8, 8, 1, 16, 1}}) {
    const int64_t each = way.channels / way.group, plane = way.size * way.size, pad = way.kernel / 2;
    const auto weights = noise(static_cast<size_t>(way.outputs * each * way.kernel * way.kernel), 1);
    const auto bias = noise(static_cast<size_t>(way.outputs), 2),
               gates = noise(static_cast<size_t>(2 * way.outputs), 3);
    const auto x = noise(static_cast<size_t>(2 * way.channels * plane), 4);
    std::vector<float> results[2];
    for (const bool is_ref : {false, true}) {
      GraphBuilder b(13);
      b.input("x", TN_FLOAT, {2, way.channels, way.size, way.size});
      b.input("gate", TN_FLOAT, {2, way.outputs, 1, 1});
      b.constant<float>("w", {way.outputs, each, way.kernel, way.kernel}, weights);
      b.constant<float>("bias", {way.outputs}, bias);
      b.node("Conv", {"x", "w", "bias"}, {"conv"},
             {int_attr("group", way.group), ints_attr("pads", {pad, pad, pad, pad})});
      b.node("Mul", {"conv", "gate"}, {"gated"});
      spell_gate(b, "gated");
      b.output("y");
      const auto session = is_ref ? open_on_cpu_ref(b) : open_on_cpu_blas(b, 2, "", false);
      if (!is_ref) CHECK(kernel_of(*session, "conv") == "Conv+Mul+Add+Clip+Mul+Div");
      results[is_ref ? 1 : 0] =
          run_floats(*session, {x, gates}, {{2, way.channels, way.size, way.size}, {2, way.outputs, 1, 1}});
    }
    CHECK(largest_error(results[0], {results[1].begin(), results[1].end()}, 8) < 8);
  }
}

TEST_CASE("elementwise nodes behind a Conv with channels last are applied to its tiles", "[cpu_blas]") {
  // By rows, of several panels and of such groups, Winograd of both kinds, depthwise, few outputs, narrow groups.
  struct Way {
    int64_t channels, outputs, group, size, kernel;
  };
  for (const Way& way : {Way{8, 24, 1, 7, 1}, Way{16, 200, 1, 7, 1}, Way{32, 160, 2, 11, 1}, Way{16, 24, 1, 20, 3},
                         Way{16, 24, 1, 7, 3}, Way{10, 10, 10, 9, 3}, Way{16, 3, 1, 9, 3}, Way{32, 32, 8, 9, 3}}) {
    const int64_t each = way.channels / way.group, plane = way.size * way.size, pad = way.kernel / 2;
    const auto weights = noise(static_cast<size_t>(way.outputs * each * way.kernel * way.kernel), 1);
    const auto bias = noise(static_cast<size_t>(way.outputs), 2),
               gates = noise(static_cast<size_t>(2 * way.outputs), 3),
               x = noise(static_cast<size_t>(2 * way.channels * plane), 4);
    std::vector<float> results[2];
    for (const bool is_ref : {false, true}) {
      GraphBuilder b(13);
      b.input("x", TN_FLOAT, {2, way.channels, way.size, way.size});
      b.input("gate", TN_FLOAT, {2, way.outputs, 1, 1});
      b.constant<float>("w", {way.outputs, each, way.kernel, way.kernel}, weights);
      b.constant<float>("bias", {way.outputs}, bias);
      b.constant<float>("w_after", {way.outputs, 1, 1, 1}, std::vector<float>(static_cast<size_t>(way.outputs), 1));
      b.node("Conv", {"x", "w", "bias"}, {"conv"},
             {int_attr("group", way.group), ints_attr("pads", {pad, pad, pad, pad})});
      b.node("Mul", {"conv", "gate"}, {"gated"});
      spell_gate(b, "gated");
      b.node("Conv", {"y", "w_after"}, {"z"}, {int_attr("group", way.outputs)});
      b.output("z");
      const auto session = is_ref ? open_on_cpu_ref(b) : open_on_cpu_blas(b, 2);
      if (!is_ref) CHECK(kernel_of(*session, "conv") == "Conv+Mul+Add+Clip+Mul+Div");
      results[is_ref ? 1 : 0] =
          run_floats(*session, {x, gates}, {{2, way.channels, way.size, way.size}, {2, way.outputs, 1, 1}});
    }
    CHECK(largest_error(results[0], {results[1].begin(), results[1].end()}, 8) < 16);
  }
}
