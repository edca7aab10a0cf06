// Outputs that go to memory of the caller, and memory that is an input and an output at once.
#include <catch2/catch.hpp>
#include <cstring>
#include <tenon/sdk/sdk.hpp>

#include "host/session/session.h"
#include "tests/support/graph_builder.h"
#include "tests/support/test_provider.h"

using namespace tenon;
using namespace tenon::host;
using namespace tenon::test;
using Catch::Matchers::Contains;

namespace {

std::atomic<int> grown_in_place{0}, grown_elsewhere{0};

/// y = x with its first element set to v; only that one is written where both are the same memory.
class Grow final : public sdk::Kernel {
 public:
  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0), v = run.input(1);
    TN_ASSIGN_OR_RETURN(sdk::MutableTensorView y, run.output(0, TN_FLOAT, x.shape()));
    ++(y.raw() == x.raw() ? grown_in_place : grown_elsewhere);
    if (y.raw() != x.raw()) std::memcpy(y.raw(), x.raw(), x.byte_length());
    y.data<float>()[0] = v.data<float>()[0];
    return {};
  }
};
sdk::Result<sdk::KernelPtr> make_grow(const sdk::KernelInfo&) {
  return sdk::KernelPtr(new Grow);
}
constexpr tn_alias kGrows[] = {{0, 0, TN_ALIAS_STATE}};
constexpr tn_kernel_def kKernels[] = {sdk::kernel_def<make_grow>("test", "Grow", 1, 0, {}, kGrows)};
constexpr tn_provider kGrowing = sdk::provider_table("growing", "1.0", kKernels);

std::unique_ptr<Session> open_growing(GraphBuilder& b) {
  SessionOptions options;
  options.provider_tables = {&kGrowing, &test_provider()};
  options.threads = 1;
  return must_open(b, options);
}

/// y = Grow(x, v), and with `reads_later` z = x + y.
std::unique_ptr<Session> growing(bool reads_later) {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {3});
  b.input("v", TN_FLOAT, {1});
  b.node("test:Grow", {"x", "v"}, {"y"});
  b.output("y");
  if (reads_later) {
    b.node("Add", {"x", "y"}, {"z"});
    b.output("z");
  }
  return open_growing(b);
}

Tensor in(std::vector<float>& memory, std::vector<int64_t> shape) {
  return Tensor(TN_FLOAT, std::move(shape), memory.data(), memory.size() * sizeof(float), nullptr,
                Residence::kBorrowed);
}

std::vector<NamedTensor> inputs_of(std::vector<float>& x, float v) {
  return {{"x", in(x, {3})}, floats("v", {1}, {v})};
}

}  // namespace

TEST_CASE("an output is computed in the memory that it is bound to", "[session][bound]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {2});
  b.node("Relu", {"x"}, {"r"});
  b.node("Add", {"r", "r"}, {"y"});
  b.output("y");
  b.output("r");
  const auto session = must_open(b);
  std::vector<float> memory(2, -1);
  RunOptions options;
  options.bound = {{"y", in(memory, {2})}};
  for (int i = 0; i < 3; ++i) {
    const auto results = must_run(*session, {floats("x", {2}, {3.0f + static_cast<float>(i), -1})}, {}, options);
    CHECK(results[0].data() == memory.data());
    CHECK(memory == std::vector<float>{2 * (3.0f + static_cast<float>(i)), 0});
    CHECK(results[1].data() != memory.data());
  }
}

TEST_CASE("memory that is an input and an output grows in place", "[session][bound]") {
  const auto session = growing(false);
  std::vector<float> cache = {1, 2, 3};
  RunOptions options;
  options.bound = {{"y", in(cache, {3})}};
  grown_in_place = grown_elsewhere = 0;
  for (int i = 0; i < 3; ++i) {
    must_run(*session, inputs_of(cache, static_cast<float>(10 + i)), {}, options);
    CHECK(cache == std::vector<float>{static_cast<float>(10 + i), 2, 3});
  }
  CHECK(grown_in_place == 3);
  CHECK(grown_elsewhere == 0);
}

TEST_CASE("an input that is read once more stays as it is until then", "[session][bound]") {
  const auto session = growing(true);
  std::vector<float> cache = {1, 2, 3};
  RunOptions options;
  options.bound = {{"y", in(cache, {3})}};
  grown_in_place = grown_elsewhere = 0;
  const auto results = must_run(*session, inputs_of(cache, 10), {}, options);
  CHECK(grown_in_place == 0);
  CHECK(cache == std::vector<float>{10, 2, 3});
  CHECK(values_of(results[1]) == std::vector<float>{11, 4, 6});
}

TEST_CASE("memory that overlaps an input in part is written in the end", "[session][bound]") {
  const auto session = growing(false);
  std::vector<float> memory = {1, 2, 3, 4};
  RunOptions options;
  options.bound = {{"y", Tensor(TN_FLOAT, {3}, memory.data() + 1, 12, nullptr, Residence::kBorrowed)}};
  const std::vector<NamedTensor> inputs = {
      {"x", Tensor(TN_FLOAT, {3}, memory.data(), 12, nullptr, Residence::kBorrowed)}, floats("v", {1}, {9})};
  must_run(*session, inputs, {}, options);
  CHECK(memory == std::vector<float>{1, 9, 2, 3});
}

TEST_CASE("an output that is an input or a constant is copied to its memory", "[session][bound]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {2});
  b.constant<float>("c", {2}, {5, 6});
  b.output("x");
  b.output("c");
  const auto session = must_open(b);
  std::vector<float> first(2), second(2);
  RunOptions options;
  options.bound = {{"x", in(first, {2})}, {"c", in(second, {2})}};
  must_run(*session, {floats("x", {2}, {1, 2})}, {}, options);
  CHECK(first == std::vector<float>{1, 2});
  CHECK(second == std::vector<float>{5, 6});
}

TEST_CASE("memory of another form, or bound wrongly, is refused by name", "[session][bound]") {
  const auto session = growing(true);
  std::vector<float> cache = {1, 2, 3}, memory(8);
  const auto message = [&](std::vector<BoundOutput> bound, const std::vector<std::string>& wanted = {}) {
    RunOptions options;
    options.bound = std::move(bound);
    const auto results = session->run(inputs_of(cache, 10), wanted, options);
    CHECK(results.status().code() == TN_INVALID_ARGUMENT);
    return results.status().message();
  };
  CHECK_THAT(message({{"z", in(memory, {8})}}),
             Contains("output 'z' is float 3, the memory that it is bound to float 8"));
  CHECK_THAT(message({{"z", in(memory, {9})}}), Contains("too few for float 9"));
  CHECK_THAT(message({{"q", in(memory, {8})}}), Contains("'q', which is not asked for"));
  CHECK_THAT(message({{"z", in(memory, {8})}}, {"y"}), Contains("'z', which is not asked for"));
  CHECK_THAT(message({{"z", in(memory, {8})}, {"z", in(memory, {8})}}), Contains("two places"));
  CHECK_THAT(message({{"z", in(memory, {8})}, {"y", in(memory, {8})}}), Contains("another output is bound to"));
}

TEST_CASE("a cache of keys grows in place by TensorScatter", "[session][bound]") {
  GraphBuilder b(24);
  b.input("past", TN_FLOAT, {1, 2, 4, 3});
  b.input("update", TN_FLOAT, {1, 2, 1, 3});
  b.input("at", TN_INT64, {1});
  b.node("TensorScatter", {"past", "update", "at"}, {"present"});
  b.output("present");
  SessionOptions options;
  options.providers = {{std::string(TENON_BINARY_DIR) + "/lib/tenon/providers/libcpu_ref.so", {}}};
  const auto opened = Session::open_model(b.build(), options);
  REQUIRE(opened.is_ok());
  std::vector<float> cache(24, 0), expected = cache;
  RunOptions run;
  run.bound = {{"present", in(cache, {1, 2, 4, 3})}};
  for (int64_t position = 0; position < 4; ++position) {
    std::vector<float> update(6, static_cast<float>(position + 1));
    const std::vector<NamedTensor> inputs = {{"past", in(cache, {1, 2, 4, 3})},
                                             {"update", in(update, {1, 2, 1, 3})},
                                             {"at", make_tensor<int64_t>({1}, {position})}};
    const auto results = (*opened)->run(inputs, {}, run);
    INFO(results.status().message());
    REQUIRE(results.is_ok());
    for (size_t head = 0; head < 2; ++head)
      for (size_t i = 0; i < 3; ++i)
        expected[head * 12 + static_cast<size_t>(position) * 3 + i] = static_cast<float>(position + 1);
    CHECK((*results)[0].data() == cache.data());
    CHECK(cache == expected);
  }
}

TEST_CASE("a sequence keeps what lies in the memory of an output until it was read", "[session][bound]") {
  GraphBuilder b;
  b.input_of("s", {ValueType::Kind::kSequence, TN_FLOAT, std::nullopt});
  b.input("x", TN_FLOAT, {2});
  b.constant<int64_t>("first", {}, {0});
  b.node("Relu", {"x"}, {"y"});
  b.node("SequenceAt", {"s", "first"}, {"z"});
  b.output("y");
  b.output("z");
  const auto session = must_open(b);
  std::vector<float> memory = {1, 2};
  auto sequence = RunValue::sequence({ValueType::Kind::kTensor, TN_FLOAT}, {RunValue(in(memory, {2}))});
  REQUIRE(sequence.is_ok());
  const std::vector<NamedValue> inputs = {{"s", *sequence}, {"x", make_tensor<float>({2}, {8, 9})}};
  RunOptions options;
  options.bound = {{"y", in(memory, {2})}};
  const auto results = session->run_values(inputs, {}, options);
  INFO(results.status().message());
  REQUIRE(results.is_ok());
  CHECK(values_of((*results)[1].tensor()) == std::vector<float>{1, 2});
  CHECK(memory == std::vector<float>{8, 9});
}
