// MatMulNBits of cpu_blas beside cpu_ref's, on every instruction set of the machine, and its joint pack.
#include <cmath>
#include <cstring>

#include "tests/host/packs/small_model.h"
#include "tests/providers/cpu_blas/on_cpu_blas.h"
#include "tests/support/onnx_models.h"

using namespace tenon::host;
using namespace tenon::test;

namespace {

enum class Zeros { kNone, kPacked, kFloat };

size_t size(int64_t count) {
  return static_cast<size_t>(count);
}

/// A node of a random weight of n x k.
struct NBits {
  int64_t n = 70, k = 100, bits = 4, block = 32;
  Zeros zeros = Zeros::kPacked;
  bool has_bias = true;

  int64_t blocks() const { return (k + block - 1) / block; }
  int64_t zero_bytes() const { return (blocks() * bits + 7) / 8; }
  std::vector<uint8_t> bytes(int64_t count, unsigned seed) const {
    std::mt19937 generator(seed);
    std::vector<uint8_t> values(size(count));
    for (uint8_t& v : values) v = static_cast<uint8_t>(generator());
    return values;
  }
  std::vector<uint8_t> codes() const { return bytes(n * blocks() * block / 8 * bits, 1); }
  std::vector<float> scales() const {
    std::vector<float> values = noise(size(n * blocks()), 2);
    for (float& v : values) v /= static_cast<float>(1 << (bits - 1));
    return values;
  }
  std::vector<float> float_zeros() const {
    std::vector<float> values = noise(size(n * blocks()), 4);
    for (float& v : values) v = (v + 1) * static_cast<float>(1 << (bits - 1));
    return values;
  }
  std::vector<Attribute> attributes() const {
    return {int_attr("N", n), int_attr("K", k), int_attr("bits", bits), int_attr("block_size", block)};
  }
  /// y from x, which is there already.
  Node* add_to(GraphBuilder& b) const {
    b.constant<uint8_t>("codes", {n, blocks(), block / 8 * bits}, codes());
    b.constant<float>("scales", {n * blocks()}, scales());
    if (zeros == Zeros::kPacked) b.constant<uint8_t>("zeros", {n, zero_bytes()}, bytes(n * zero_bytes(), 3));
    if (zeros == Zeros::kFloat) b.constant<float>("zeros", {n, blocks()}, float_zeros());
    if (has_bias) b.constant<float>("bias", {n}, noise(size(n), 5));
    Node* node = b.node("com.microsoft:MatMulNBits",
                        {"x", "codes", "scales", zeros == Zeros::kNone ? "" : "zeros", "", has_bias ? "bias" : ""},
                        {"y"}, attributes());
    b.output("y");
    return node;
  }
};

std::unique_ptr<Session> open_on(const NBits& weight, const std::vector<ProviderSpec>& providers,
                                 unsigned threads = 1) {
  GraphBuilder b;
  b.symbolic_input("x", TN_FLOAT, {{-1, "rows"}, {weight.k, ""}});
  weight.add_to(b);
  SessionOptions options;
  options.providers = providers;
  options.threads = threads;
  auto session = Session::open_model(b.build(), options);
  INFO((session.is_ok() ? std::string() : session.status().message()));
  REQUIRE(session.is_ok());
  return std::move(*session);
}

const std::vector<ProviderSpec> kReference = {{TENON_BINARY_DIR "/lib/tenon/providers/libcpu_ref.so", {}}};

std::vector<ProviderSpec> on_isa(const std::string& isa) {
  return {{cpu_blas_path(), {{"isa", isa}}}};
}

/// In units of epsilon times the magnitude of what is summed.
void check_against_reference(Session& session, Session& reference, const NBits& weight, int64_t rows) {
  const auto x = noise(size(rows * weight.k), 6);
  const auto expected = run_floats(reference, {x}, {{rows, weight.k}});
  CHECK(largest_error(run_floats(session, {x}, {{rows, weight.k}}), {expected.begin(), expected.end()},
                      2 * double(weight.k) + 1) < 2);
}

}  // namespace

TEST_CASE("quantized products of every width of code, block and zero point are cpu_ref's on every instruction set",
          "[cpu_blas]") {
  struct Size {
    int64_t n, k, block;
  };
  for (const int64_t bits : {2, 4, 8})
    for (const Zeros zeros : {Zeros::kNone, Zeros::kPacked, Zeros::kFloat})
      for (const Size& s : {Size{1, 16, 16}, Size{5, 1, 16}, Size{33, 100, 16}, Size{70, 67, 128}, Size{129, 1100, 32},
                            Size{64, 1025, 1024}, Size{100, 77, int64_t(1) << 40}}) {
        if (s.block > 1024 && bits != 4) continue;
        const NBits weight{s.n, s.k, bits, std::min<int64_t>(s.block, 4096), zeros, s.n % 2 == 1};
        const auto reference = open_on(weight, kReference);
        for (const std::string& isa : instruction_sets()) {
          CAPTURE(isa, bits, int(zeros), s.n, s.k, weight.block);
          const auto session = open_on(weight, on_isa(isa));
          for (const int64_t rows : {1, 2, 3, 4, 5, 9}) check_against_reference(*session, *reference, weight, rows);
        }
      }
}

TEST_CASE("a row of a quantized product does not depend on the other rows or on the threads", "[cpu_blas]") {
  constexpr int64_t rows = 101;
  const NBits weight{130, 1500, 4, 64, Zeros::kPacked, true};
  const auto x = noise(size(rows * weight.k), 6);
  for (const std::string& isa : instruction_sets()) {
    CAPTURE(isa);
    std::vector<float> whole;
    for (const unsigned threads : {1u, 2u, 4u}) {
      const auto session = open_on(weight, on_isa(isa), threads);
      const auto y = run_floats(*session, {x}, {{rows, weight.k}});
      if (whole.empty()) whole = y;
      CHECK(y == whole);
      for (const int64_t count : {1, 2, 3, 4, 5, 7}) {
        const std::vector<float> few(x.begin(), x.begin() + count * weight.k);
        const auto part = run_floats(*session, {few}, {{count, weight.k}});
        CHECK(std::equal(part.begin(), part.end(), whole.begin()));
      }
    }
  }
}

TEST_CASE("a quantized product of constants is folded without a pack", "[cpu_blas]") {
  const NBits weight{70, 100};
  for (const int64_t rows : {2, 9}) {
    std::vector<std::vector<float>> results;
    for (const auto& providers : {kReference, on_isa(instruction_sets()[0])}) {
      GraphBuilder b;
      b.input("z", TN_FLOAT, {1});
      b.constant<float>("x", {rows, weight.k}, noise(size(rows * weight.k), 6));
      weight.add_to(b);
      b.node("Add", {"y", "z"}, {"sum"});
      b.graph().outputs.clear();
      b.output("sum");
      SessionOptions options;
      options.providers = providers;
      auto session = Session::open_model(b.build(), options);
      REQUIRE(session.is_ok());
      CHECK(kernel_of(**session, "y") == "");
      results.push_back(run_floats(**session, {{0}}, {{1}}));
    }
    CHECK(largest_error(results[1], {results[0].begin(), results[0].end()}, 200) < 1);
  }
}

TEST_CASE("infinity and NaN among the activations reach every product that they are in", "[cpu_blas]") {
  const NBits weight{70, 100, 4, 32, Zeros::kNone, false};
  const auto session = open_on(weight, {{cpu_blas_path(), {}}}), reference = open_on(weight, kReference);
  for (const int64_t rows : {2, 7}) {
    std::vector<float> x = noise(size(rows * weight.k), 6);
    x[3] = INFINITY;
    x[size(weight.k) + 50] = NAN;
    const auto y = run_floats(*session, {x}, {{rows, weight.k}});
    const auto expected = run_floats(*reference, {x}, {{rows, weight.k}});
    for (size_t i = 0; i < size(2 * weight.n); ++i)
      CHECK((std::isnan(expected[i]) ? std::isnan(y[i]) : y[i] == expected[i]));
  }
}

TEST_CASE("codes, scales and zero points are one packed blob, the same every time, and no byte past its end",
          "[cpu_blas]") {
  const NBits weight{70, 100, 4, 32, Zeros::kPacked, true};
  for (const std::string& isa : instruction_sets()) {
    GraphBuilder b;
    b.symbolic_input("x", TN_FLOAT, {{-1, "rows"}, {weight.k, ""}});
    weight.add_to(b);
    b.value("y")->type = {ValueType::Kind::kTensor, TN_FLOAT, std::nullopt};  // no session infers it here
    const auto model = b.build();
    const Node& node = *model->graph->nodes().front();
    const auto provider = Provider::create(on_isa(isa)[0]);
    REQUIRE(provider.is_ok());
    const auto kernel = (*provider)->create_kernel(node);
    REQUIRE(kernel.is_ok());
    const auto plan = kernel->pack_plan(0);
    REQUIRE(plan.is_ok());
    CHECK_FALSE(plan->sources_needed);
    CHECK(std::vector<uint32_t>(plan->inputs, plan->inputs + plan->input_count) == std::vector<uint32_t>{1, 2, 3});
    CHECK_THAT(std::string(plan->key.data, plan->key.size),
               Catch::Contains("nbits/1 bits=4 block=32 k=100 zeros=uint8") && Catch::Contains("isa=" + isa));
    const std::vector<const Tensor*> sources = {&*node.inputs[1]->constant, &*node.inputs[2]->constant,
                                                &*node.inputs[3]->constant};
    const size_t length = plan->byte_length;
    std::vector<unsigned char> first(length + 64, 0xaa), second(length + 64, 0x55);
    REQUIRE(kernel->pack(0, sources, {first.data(), length}).is_ok());
    REQUIRE(kernel->pack(0, sources, {second.data(), length}).is_ok());
    CHECK(std::memcmp(first.data(), second.data(), length) == 0);
    CHECK(
        std::all_of(first.begin() + static_cast<long>(length), first.end(), [](unsigned char c) { return c == 0xaa; }));
  }
}

TEST_CASE("a later session multiplies by the joint blob of a pack", "[cpu_blas]") {
  const NBits weight{100, 256, 4, 32, Zeros::kFloat, false};
  const TempFolder folder;
  onnx::ModelProto model = empty_model();
  auto& import = *model.add_opset_import();
  import.set_domain("com.microsoft");
  import.set_version(1);
  auto& graph = *model.mutable_graph();
  set_float_type(*graph.add_input(), "x", {2, weight.k});
  set_float_type(*graph.add_output(), "y", {2, weight.n});
  add_initializer(graph, "codes", onnx::TensorProto::UINT8, {weight.n, weight.blocks(), 16})
      .set_raw_data(raw_bytes(weight.codes()));
  add_initializer(graph, "scales", onnx::TensorProto::FLOAT, {weight.n, weight.blocks()})
      .set_raw_data(raw_bytes(weight.scales()));
  add_initializer(graph, "zeros", onnx::TensorProto::FLOAT, {weight.n, weight.blocks()})
      .set_raw_data(raw_bytes(weight.float_zeros()));
  auto& node = add_node(graph, "MatMulNBits", {"x", "codes", "scales", "zeros"}, {"y"});
  node.set_domain("com.microsoft");
  for (const auto& [name, value] :
       {std::pair("N", weight.n), std::pair("K", weight.k), std::pair("block_size", weight.block)}) {
    auto& attribute = *node.add_attribute();
    attribute.set_name(name);
    attribute.set_type(onnx::AttributeProto::INT);
    attribute.set_i(value);
  }
  const auto path = folder.write("m.onnx", model.SerializeAsString());
  SessionOptions options = small_options(folder.path() / "cache");
  options.provider_tables.clear();
  options.providers = {{cpu_blas_path(), {}}};
  std::vector<std::vector<float>> results;
  for (const char* state : {"made", "used"}) {
    const auto session = Session::open(path, options);
    INFO((session.is_ok() ? std::string() : session.status().message()));
    REQUIRE(session.is_ok());
    CHECK((*session)->report().pack.state == state);
    results.push_back(run_floats(**session, {noise(size(2 * weight.k), 6)}, {{2, weight.k}}));
    for (const auto& value : (*session)->model().graph->values())
      if (value->is_constant()) CHECK(value->constant->residence() != Residence::kCopied);
  }
  CHECK(results[0] == results[1]);
  const auto reference = open_on(weight, kReference);
  const auto expected = run_floats(*reference, {noise(size(2 * weight.k), 6)}, {{2, weight.k}});
  CHECK(largest_error(results[1], {expected.begin(), expected.end()}, 512) < 1);
}

TEST_CASE("what cpu_blas does not multiply of MatMulNBits is left to cpu_ref", "[cpu_blas]") {
  const std::vector<ProviderSpec> both = {{cpu_blas_path(), {}}, kReference[0]};
  const auto provider_of = [&](GraphBuilder& b) {
    SessionOptions options;
    options.providers = both;
    const auto session = Session::open_model(b.build(), options);
    INFO((session.is_ok() ? std::string() : session.status().message()));
    REQUIRE(session.is_ok());
    return (*session)->report().placement.front().provider;
  };
  const NBits weight{7, 64, 4, 32, Zeros::kNone, false};
  GraphBuilder taken;
  taken.symbolic_input("x", TN_FLOAT, {{-1, "rows"}, {weight.k, ""}});
  weight.add_to(taken);
  CHECK(provider_of(taken) == "cpu_blas");

  GraphBuilder not_constant;
  not_constant.symbolic_input("x", TN_FLOAT, {{-1, "rows"}, {weight.k, ""}});
  not_constant.input("w", TN_UINT8, {7, 2, 16});
  not_constant.constant<float>("s", {14}, noise(14, 1));
  not_constant.node("com.microsoft:MatMulNBits", {"x", "w", "s"}, {"y"}, weight.attributes());
  not_constant.output("y");
  CHECK(provider_of(not_constant) == "cpu_ref");

  GraphBuilder omitted;  // stands for weights of 0
  omitted.symbolic_input("x", TN_FLOAT, {{-1, "rows"}, {weight.k, ""}});
  omitted.constant<uint8_t>("w", {7, 0, 16}, {});
  omitted.constant<float>("s", {14}, noise(14, 1));
  omitted.node("com.microsoft:MatMulNBits", {"x", "w", "s"}, {"y"}, weight.attributes());
  omitted.output("y");
  CHECK(provider_of(omitted) == "cpu_ref");
}
