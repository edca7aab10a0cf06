// DequantizeLinear and Cast of cpu_blas give cpu_ref's bits, over generated types, shapes, axes, block sizes and
// lengths, on every instruction set.
#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>
#include <tenon/sdk/dtype.hpp>

#include "host/base/dtype.h"
#include "tests/providers/cpu_blas/on_cpu_blas.h"
#include "tests/support/run_operator.h"

using namespace tenon;
using namespace tenon::host;
using namespace tenon::test;

namespace {

using Bytes = std::vector<uint8_t>;

int64_t count_of(const std::vector<int64_t>& shape) {
  int64_t count = 1;
  for (const int64_t d : shape) count *= d;
  return count;
}

size_t bytes_for(tn_dtype dtype, int64_t count) {
  return static_cast<size_t>((count * static_cast<int64_t>(dtype_bits(dtype)) + 7) / 8);
}

Bytes random_bytes(size_t count, unsigned seed) {
  std::mt19937 generator(seed);
  Bytes bytes(count);
  for (uint8_t& b : bytes) b = static_cast<uint8_t>(generator());
  return bytes;
}

Tensor random_tensor(tn_dtype dtype, const std::vector<int64_t>& shape, unsigned seed) {
  return tensor_of_bytes(dtype, shape, random_bytes(bytes_for(dtype, count_of(shape)), seed));
}

/// Scales of all sizes, of which some are special, in the type.
Tensor scales(tn_dtype dtype, const std::vector<int64_t>& shape, unsigned seed) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const float special[] = {0, -0.0f, kInfinity, -kInfinity, NAN, 1e-44f, 3e38f, 1e-7f, 60000};
  std::mt19937 generator(seed);
  std::vector<float> values(static_cast<size_t>(count_of(shape)));
  for (float& v : values)
    v = generator() % 8 == 0 ? special[generator() % std::size(special)]
                             : std::uniform_real_distribution<float>(-0.2f, 0.2f)(generator);
  if (dtype == TN_FLOAT) return make_tensor<float>(shape, values);
  Bytes halves(values.size() * 2);
  for (size_t i = 0; i < values.size(); ++i) {
    const uint16_t bits = dtype == TN_FLOAT16 ? sdk::Float16(values[i]).bits : sdk::BFloat16(values[i]).bits;
    std::memcpy(&halves[2 * i], &bits, 2);
  }
  return tensor_of_bytes(dtype, shape, halves);
}

/// The bytes of the output on a provider alone; nothing when it refuses the node.
std::optional<Bytes> output_on(const ProviderSpec& provider, const OperatorRun& wanted) {
  GraphBuilder b(wanted.opset);
  std::vector<std::string> names;
  std::vector<NamedTensor> given;
  for (const Tensor& input : wanted.inputs) {
    names.push_back("in" + std::to_string(names.size()));
    b.input(names.back(), input.dtype(), input.shape());
    given.push_back({names.back(), input});
  }
  b.node(wanted.op, names, {"y"}, wanted.attributes);
  b.output("y");
  SessionOptions options;
  options.providers = {provider};
  options.threads = 2;
  auto session = Session::open_model(b.build(), options);
  if (!session.is_ok() && session.status().code() == TN_NO_KERNEL) return std::nullopt;
  INFO(session.status().message());
  REQUIRE(session.is_ok());
  const auto outputs = (*session)->run(given);
  INFO(outputs.status().message());
  REQUIRE(outputs.is_ok());
  const auto* bytes = static_cast<const uint8_t*>(outputs->front().data());
  return Bytes(bytes, bytes + outputs->front().byte_length());
}

ProviderSpec cpu_ref() {
  return {TENON_BINARY_DIR "/lib/tenon/providers/libcpu_ref.so", {}};
}

/// Whether cpu_blas gives cpu_ref's bytes on all instruction sets; a refusal counts as `if_refused`.
bool agrees(const OperatorRun& wanted, bool if_refused = false) {
  static const std::vector<std::string> isas = instruction_sets();
  const auto expected = output_on(cpu_ref(), wanted);
  REQUIRE(expected);
  for (const std::string& isa : isas) {
    INFO(isa);
    const auto actual = output_on({cpu_blas_path(), {{"isa", isa}}}, wanted);
    if (!actual) return if_refused;
    CHECK(actual->size() == expected->size());
    const auto differing = std::mismatch(actual->begin(), actual->end(), expected->begin(), expected->end());
    INFO("first difference at byte " << differing.first - actual->begin() << " of " << actual->size());
    if (differing.first != actual->end()) return false;
  }
  return true;
}

struct Granularity {
  std::vector<int64_t> scale;
  int64_t axis = 0, block = 0;
};

std::vector<Granularity> granularities(const std::vector<int64_t>& shape) {
  std::vector<Granularity> all = {{{}, 0, 0}, {{1}, 0, 0}};
  for (size_t a = 0; a < shape.size(); ++a) {
    all.push_back({{shape[a]}, static_cast<int64_t>(a), 0});
    for (const int64_t block : {2, 5, 32}) {
      std::vector<int64_t> scale = shape;
      scale[a] = (shape[a] + block - 1) / block;
      all.push_back({scale, static_cast<int64_t>(a) - static_cast<int64_t>(shape.size()), block});
    }
  }
  return all;
}

void check_dequantize(tn_dtype x, tn_dtype scale, const std::vector<int64_t>& shape, const Granularity& g) {
  OperatorRun wanted{"DequantizeLinear", 21, {random_tensor(x, shape, 1), scales(scale, g.scale, 2)}};
  wanted.attributes = {int_attr("axis", g.axis)};
  if (g.block != 0) wanted.attributes.push_back(int_attr("block_size", g.block));
  INFO("from " << dtype_name(x) << " " << shape_text(shape) << " by " << dtype_name(scale) << " " << shape_text(g.scale)
               << ", axis " << g.axis << ", block " << g.block);
  CHECK(agrees(wanted));
  wanted.inputs.push_back(random_tensor(x, g.scale, 3));
  INFO("with a zero point");
  CHECK(agrees(wanted));
}

/// The tensor that holds all codes of a 16-bit type, or random bits with the borders of the other types between.
Tensor values_to_cast(tn_dtype dtype, int64_t count) {
  Bytes bytes = random_bytes(bytes_for(dtype, count), 7);
  if (dtype_bits(dtype) == 16)
    for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i / 2 >> (i % 2 * 8));
  const double borders[] = {0.5,     -0.5,    127.9,    -128.9, 255.5, 256,     65504, 65519.99, 65520,   -65520, 1e-8,
                            2.98e-8, 5.96e-8, 6.1e-5,   2049,   2051,  -1e10,   3e9,   -3e9,     9.3e18,  1.9e19, -1e19,
                            1e300,   -1e300,  INFINITY, NAN,    -NAN,  4.6e-41, 1e-45, 3.4e38,   3.39e38, 257,    -257};
  for (size_t i = 0; i < std::size(borders) && i < static_cast<size_t>(count) / 2; ++i) {
    if (dtype == TN_DOUBLE) std::memcpy(&bytes[16 * i], &borders[i], 8);
    const auto narrow = static_cast<float>(borders[i]);
    if (dtype == TN_FLOAT) std::memcpy(&bytes[8 * i], &narrow, 4);
  }
  return tensor_of_bytes(dtype, {count}, bytes);
}

}  // namespace

TEST_CASE("DequantizeLinear of every integer and granularity gives cpu_ref's bits", "[cpu_blas][expand]") {
  const auto x = GENERATE(TN_INT8, TN_UINT8, TN_INT4, TN_UINT4, TN_INT16, TN_UINT16, TN_INT32);
  for (const std::vector<int64_t>& shape : {std::vector<int64_t>{37}, {5, 1}, {3, 67}, {2, 5, 7}, {3, 2, 1, 9}, {0, 4}})
    for (const Granularity& g : granularities(shape)) check_dequantize(x, TN_FLOAT, shape, g);
}

TEST_CASE("DequantizeLinear to 16-bit floats gives cpu_ref's bits", "[cpu_blas][expand]") {
  const auto x = GENERATE(TN_INT8, TN_UINT8, TN_INT4, TN_UINT4);
  const auto scale = GENERATE(TN_FLOAT16, TN_BFLOAT16);
  for (const Granularity& g : granularities({3, 67})) check_dequantize(x, scale, {3, 67}, g);
}

TEST_CASE("DequantizeLinear of more than a thread's share gives cpu_ref's bits", "[cpu_blas][expand]") {
  const auto x = GENERATE(TN_INT8, TN_UINT4, TN_INT32);
  for (const Granularity& g : granularities({3, 16411})) check_dequantize(x, TN_FLOAT, {3, 16411}, g);
}

TEST_CASE("DequantizeLinear leaves what needs a second rounding to another provider", "[cpu_blas][expand]") {
  const Tensor x = random_tensor(TN_INT16, {8}, 1);
  CHECK_FALSE(output_on({cpu_blas_path(), {}}, {"DequantizeLinear", 21, {x, scales(TN_FLOAT16, {}, 2)}}));
  const Tensor narrow = random_tensor(TN_INT8, {8}, 1);
  CHECK_FALSE(
      output_on({cpu_blas_path(), {}},
                {"DequantizeLinear", 23, {narrow, scales(TN_FLOAT, {}, 2)}, {int_attr("output_dtype", TN_FLOAT16)}}));
}

TEST_CASE("Cast among all types that cpu_blas takes gives cpu_ref's bits", "[cpu_blas][expand]") {
  const auto from = GENERATE(TN_FLOAT, TN_DOUBLE, TN_FLOAT16, TN_BFLOAT16, TN_INT8, TN_UINT8, TN_INT16, TN_UINT16,
                             TN_INT32, TN_INT64, TN_BOOL);
  for (const tn_dtype to :
       {TN_FLOAT, TN_DOUBLE, TN_FLOAT16, TN_BFLOAT16, TN_INT8, TN_UINT8, TN_INT32, TN_INT64, TN_BOOL}) {
    if (from == to) continue;
    const bool is_refused = (from == TN_DOUBLE && (to == TN_FLOAT16 || to == TN_BFLOAT16)) ||
                            ((from == TN_INT32 || from == TN_INT64) && to == TN_BFLOAT16);
    for (const int64_t count : {0, 1, 31, 65536}) {
      INFO("from " << dtype_name(from) << " to " << dtype_name(to) << ", " << count);
      CHECK(agrees({"Cast", 13, {values_to_cast(from, count)}, {int_attr("to", to)}}, is_refused));
    }
  }
}
