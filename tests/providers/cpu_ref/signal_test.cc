// DFT of any length against its definition, and what the signal operators refuse. Other values are the node tests'.
#include <catch2/catch.hpp>
#include <cmath>
#include <complex>

#include "tests/support/run_operator.h"

using Catch::Matchers::Contains;
using namespace tenon;
using namespace tenon::test;

namespace {

std::vector<float> wave(int64_t length) {
  std::vector<float> values;
  for (int64_t i = 0; i < length; ++i) values.push_back(static_cast<float>((i * 7 + 3) % 11) - 5);
  return values;
}

OperatorRun dft(int64_t length, std::vector<host::Attribute> attributes = {}) {
  return {"DFT", 20, {make_tensor<float>({1, length, 1}, wave(length))}, std::move(attributes), 1, false, {}};
}

std::string error_of(const OperatorRun& run) {
  const auto outputs = run_operator(run);
  return outputs.is_ok() ? "no error" : outputs.status().message();
}

}  // namespace

TEST_CASE("DFT is its definition for lengths with and without small factors", "[cpu_ref]") {
  for (const int64_t N : {1, 2, 3, 5, 8, 12, 13, 30, 49, 97}) {
    CAPTURE(N);
    const std::vector<float> x = wave(N), y = first_output<float>(dft(N));
    for (int64_t k = 0; k < N; ++k) {
      std::complex<double> sum = 0;
      for (int64_t n = 0; n < N; ++n)
        sum += double(x[size_t(n)]) * std::polar(1.0, -2 * M_PI * double(k * n % N) / double(N));
      CHECK(double(y[size_t(2 * k)]) == Approx(sum.real()).margin(1e-5));
      CHECK(double(y[size_t(2 * k + 1)]) == Approx(sum.imag()).margin(1e-5));
    }
  }
}

TEST_CASE("the inverse of half a spectrum is the signal, of odd length too", "[cpu_ref]") {
  for (const int64_t N : {8, 9}) {
    const std::vector<float> half = first_output<float>(dft(N, {int_attr("onesided", 1)}));
    const auto bins = static_cast<int64_t>(half.size() / 2);
    CHECK(bins == N / 2 + 1);
    const std::vector<float> back =
        first_output<float>({"DFT",
                             20,
                             {make_tensor<float>({1, bins, 2}, half), make_tensor<int64_t>({}, {N})},
                             {int_attr("onesided", 1), int_attr("inverse", 1)},
                             1,
                             false,
                             {}});
    REQUIRE(static_cast<int64_t>(back.size()) == N);
    for (int64_t i = 0; i < N; ++i) CHECK(back[size_t(i)] == Approx(wave(N)[size_t(i)]).margin(1e-5));
  }
}

TEST_CASE("DFT refuses lengths, axes and numbers that do not fit", "[cpu_ref]") {
  OperatorRun run = dft(4);
  run.inputs.push_back(make_tensor<int64_t>({}, {0}));
  CHECK_THAT(error_of(run), Contains("length of the transform is 0"));
  run = dft(4);
  run.inputs.push_back(make_tensor<int64_t>({}, {4}));
  run.inputs.push_back(make_tensor<int64_t>({}, {2}));
  CHECK_THAT(error_of(run), Contains("the axis is 2"));
  CHECK_THAT(error_of(dft(4, {int_attr("onesided", 1), int_attr("inverse", 1)})), Contains("expected complex ones"));
}

TEST_CASE("MelWeightMatrix is asked for a type that there is", "[cpu_ref]") {
  const auto number = [](int32_t value) { return make_tensor<int32_t>({}, {value}); };
  const auto hertz = [](float value) { return make_tensor<float>({}, {value}); };
  const auto as = [&](int64_t dtype) {
    return run_operator({"MelWeightMatrix",
                         17,
                         {number(2), number(16), number(100), hertz(0), hertz(50)},
                         {int_attr("output_datatype", dtype)}})
        .is_ok();
  };
  CHECK(as(TN_DOUBLE));
  CHECK_FALSE(as(TN_UNDEFINED));
}

TEST_CASE("STFT of a signal shorter than a frame has no frames", "[cpu_ref]") {
  const OperatorRun run{
      "STFT",
      17,
      {make_tensor<float>({1, 3, 1}, {1, 2, 3}), make_tensor<int64_t>({}, {1}), {}, make_tensor<int64_t>({}, {4})},
      {},
      1,
      false,
      {}};
  CHECK(first_output<float>(run).empty());
}
