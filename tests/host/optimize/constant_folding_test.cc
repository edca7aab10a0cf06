#include "host/optimize/constant_folding.h"

#include <catch2/catch.hpp>

#include "host/graph/shape_inference.h"
#include "host/optimize/constant_views.h"
#include "tests/support/graph_builder.h"

using Catch::Matchers::Contains;
using namespace tenon::host;
using namespace tenon::test;

namespace {

// Stands in for a provider: knows Add of float and Neg of float, and Concat and Gather of int64 vectors.
Result<std::vector<Tensor>> run(const Node& node) {
  if (node.op_type == "Neg" || node.op_type == "Add") {
    const auto a = node.inputs[0]->constant->span<float>();
    std::vector<float> y;
    for (size_t i = 0; i < a.size(); ++i)
      y.push_back(node.op_type == "Neg" ? -a[i] : a[i] + node.inputs[1]->constant->span<float>()[i]);
    return std::vector<Tensor>{make_tensor<float>(node.inputs[0]->constant->shape(), y)};
  }
  if (node.op_type == "Concat") {
    std::vector<int64_t> y;
    for (const Value* v : node.inputs)
      for (int64_t i : v->constant->span<int64_t>()) y.push_back(i);
    return std::vector<Tensor>{make_tensor<int64_t>({static_cast<int64_t>(y.size())}, y)};
  }
  if (node.op_type == "Gather") {
    const auto index = static_cast<size_t>(node.inputs[1]->constant->span<int64_t>()[0]);
    return std::vector<Tensor>{make_tensor<int64_t>({1}, {node.inputs[0]->constant->span<int64_t>()[index]})};
  }
  return error(TN_UNSUPPORTED, "no kernel for ", node.op_type);
}

}  // namespace

TEST_CASE("a chain of constant nodes becomes one constant", "[fold]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {2});
  b.constant<float>("w", {2}, {1, 2});
  b.node("Neg", {"w"}, {"n"});
  b.node("Add", {"n", "w"}, {"s"});
  b.node("Add", {"x", "s"}, {"y"});
  b.output("y");
  auto model = b.build();
  const auto report = fold_constants(*model, run);
  REQUIRE(report.is_ok());
  CHECK(report->folded_nodes == 2);
  CHECK(report->bytes == 8);
  CHECK(model->graph->nodes().size() == 1);
  const Value* s = model->graph->find_value("s");
  REQUIRE(s->is_constant());
  CHECK(s->constant->span<float>()[1] == 0.0f);
  CHECK(s->use_count() == 1);
  // Nothing reads these any more.
  CHECK(model->graph->find_value("w") == nullptr);
  CHECK(model->graph->find_value("n") == nullptr);
}

TEST_CASE("Constant nodes become constants that share the attribute's bytes", "[fold]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {2});
  const Tensor tensor = make_tensor<float>({2}, {1, 2});
  b.node("Constant", {}, {"c"}, {tensor_attr("value", tensor)});
  b.node("Add", {"x", "c"}, {"y"});
  b.node("Constant", {}, {"i"}, {ints_attr("value_ints", {4, 5})});
  b.output("y");
  b.output("i");
  auto model = b.build();
  REQUIRE(fold_constants(*model, run).is_ok());
  CHECK(model->graph->find_value("c")->constant->data() == tensor.data());
  CHECK(model->graph->find_value("i")->constant->span<int64_t>()[1] == 5);
  CHECK(model->graph->find_value("i")->producer == nullptr);
}

TEST_CASE("shape computations of a static shape fold and size a Reshape", "[fold]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {2, 3, 4});
  b.constant<int64_t>("zero", {1}, {0});
  b.constant<int64_t>("minus_one", {1}, {-1});
  b.node("Shape", {"x"}, {"shape"});
  b.node("Gather", {"shape", "zero"}, {"batch"});
  b.node("Concat", {"batch", "minus_one"}, {"target"}, {int_attr("axis", 0)});
  b.node("Reshape", {"x", "target"}, {"y"});
  b.output("y");
  auto model = b.build();
  const auto report = fold_constants(*model, run);
  REQUIRE(report.is_ok());
  CHECK(report->folded_nodes == 3);
  CHECK(describe(model->graph->find_value("y")->type) == "float[2,12]");
}

TEST_CASE("Shape of an unknown dimension stays, unless only known ones are asked for", "[fold]") {
  GraphBuilder b;
  b.input("x", TN_FLOAT, {-1, 3});
  b.node("Shape", {"x"}, {"all"});
  b.node("Shape", {"x"}, {"last"}, {int_attr("start", -1)});
  b.output("all");
  b.output("last");
  auto model = b.build();
  REQUIRE(fold_constants(*model, run).is_ok());
  CHECK_FALSE(model->graph->find_value("all")->is_constant());
  REQUIRE(model->graph->find_value("last")->is_constant());
  CHECK(model->graph->find_value("last")->constant->span<int64_t>()[0] == 3);
}

TEST_CASE("what the runner cannot do stays for run time, with the reason", "[fold]") {
  GraphBuilder b;
  b.constant<float>("w", {2}, {1, 2});
  b.node("Exp", {"w"}, {"y"});
  b.output("y");
  auto model = b.build();
  const auto report = fold_constants(*model, run);
  REQUIRE(report.is_ok());
  REQUIRE(report->skipped.size() == 1);
  CHECK_THAT(report->skipped[0], Contains("'y_node' (Exp") && Contains("no kernel for Exp"));
  CHECK(model->graph->nodes().size() == 1);
  CHECK(model->graph->find_value("w") != nullptr);
}

TEST_CASE("results above the limit are not even computed", "[fold]") {
  GraphBuilder b;
  b.constant<int64_t>("shape", {2}, {1 << 20, 1 << 20});
  b.node("ConstantOfShape", {"shape"}, {"huge"});
  b.output("huge");
  auto model = b.build();
  bool was_run = false;
  const auto report = fold_constants(*model, [&](const Node&) -> Result<std::vector<Tensor>> {
    was_run = true;
    return error(TN_INTERNAL, "should not run");
  });
  REQUIRE(report.is_ok());
  CHECK_FALSE(was_run);
  CHECK_THAT(report->skipped.at(0), Contains("limit"));
}

TEST_CASE("a node whose result could have any size is not folded", "[fold]") {
  GraphBuilder b;
  b.constant<int64_t>("size", {}, {1'000'000'000});
  b.node("HannWindow", {"size"}, {"y"});
  b.output("y");
  auto model = b.build();
  const auto report = fold_constants(*model, [](const Node& node) -> Result<std::vector<Tensor>> {
    FAIL("runs " << describe(node));
    return error(TN_INTERNAL, "");
  });
  REQUIRE(report.is_ok());
  CHECK_THAT(report->skipped.at(0), Contains("not known before"));
}

TEST_CASE("results may not outgrow the model's own constants by more than the option says", "[fold]") {
  for (const uint64_t growth : {uint64_t{0}, uint64_t{32}}) {
    GraphBuilder b;
    b.constant<int64_t>("part", {2}, {1, 2});
    b.node("Concat", {"part", "part", "part"}, {"y"}, {int_attr("axis", 0)});
    b.output("y");
    auto model = b.build();
    FoldOptions options;
    options.max_growth_bytes = growth;
    const auto report = fold_constants(*model, run, options);
    REQUIRE(report.is_ok());
    // 16 bytes of constants would become 48.
    CHECK(report->folded_nodes == (growth == 0 ? 0 : 1));
  }
}

TEST_CASE("random nodes are never folded", "[fold]") {
  GraphBuilder b;
  b.constant<float>("w", {2}, {1, 2});
  b.node("RandomNormalLike", {"w"}, {"y"});
  b.node("Bernoulli", {"w"}, {"z"});
  b.output("y");
  b.output("z");
  auto model = b.build();
  const auto report = fold_constants(*model, run);
  REQUIRE(report.is_ok());
  CHECK(report->folded_nodes == 0);
  CHECK(report->skipped.empty());
}

TEST_CASE("a graph output that folds stays an output", "[fold]") {
  GraphBuilder b;
  b.constant<float>("w", {2}, {1, 2});
  b.node("Neg", {"w"}, {"y"});
  b.node("Neg", {"y"}, {"z"});
  b.output("y");
  b.output("z");
  auto model = b.build();
  REQUIRE(fold_constants(*model, run).is_ok());
  CHECK(model->graph->nodes().empty());
  CHECK(model->graph->outputs[0]->is_constant());
  CHECK(model->graph->outputs[0]->constant->span<float>()[0] == -1.0f);
}

TEST_CASE("nodes of subgraphs fold too, and what they read of outside is freed when nothing else reads it", "[fold]") {
  GraphBuilder b;
  b.input("cond", TN_BOOL, {});
  b.constant<float>("w", {2}, {1, 2});
  GraphBuilder then(b);
  then.node("Neg", {"w"}, {"t"});
  then.output("t");
  GraphBuilder other(b);
  other.constant<float>("k", {2}, {3, 4});
  other.node("Neg", {"k"}, {"e"});
  other.output("e");
  b.node("If", {"cond"}, {"y"},
         {graph_attr("then_branch", then.build_subgraph()), graph_attr("else_branch", other.build_subgraph())});
  b.output("y");
  auto model = b.build();
  const auto report = fold_constants(*model, run);
  REQUIRE(report.is_ok());
  CHECK(report->folded_nodes == 2);
  CHECK(model->graph->find_value("w") == nullptr);
  CHECK(describe(model->graph->find_value("y")->type) == "float[2]");
}

TEST_CASE("a runner that returns another type or shape than inferred is an error", "[fold]") {
  GraphBuilder b;
  b.constant<float>("w", {2}, {1, 2});
  b.node("Neg", {"w"}, {"y"});
  b.output("y");
  auto model = b.build();
  const auto wrong_shape = [](const Node&) -> Result<std::vector<Tensor>> {
    return std::vector<Tensor>{make_tensor<float>({1}, {1})};
  };
  const auto report = fold_constants(*model, wrong_shape);
  CHECK(report.status().code() == TN_INTERNAL);
  CHECK_THAT(report.status().message(), Contains("'y_node'") && Contains("float[2]"));
}

TEST_CASE("a result that contradicts only what the model declares is kept, and noted", "[fold]") {
  GraphBuilder b;
  b.constant<float>("w", {2}, {1, 2});
  b.node("NonZero", {"w"}, {"y"});
  b.value("y")->type.dims = std::vector<Dim>{{1, ""}, {5, ""}};
  b.output("y");
  auto model = b.build();
  const auto two_found = [](const Node&) -> Result<std::vector<Tensor>> {
    return std::vector<Tensor>{make_tensor<int64_t>({1, 2}, {0, 1})};
  };
  REQUIRE(fold_constants(*model, two_found).is_ok());
  CHECK(describe(model->graph->find_value("y")->type) == "int64[1,2]");
  CHECK(model->graph->notes ==
        std::vector<std::string>{"value 'y' is declared int64[1,5], inferred int64[1,2]: the inferred shape is used"});
}

namespace {

// As an importer gives a weight: in place in a file.
Tensor mapped_tensor(tn_dtype dtype, std::vector<int64_t> shape) {
  auto bytes = std::make_shared<std::vector<uint8_t>>(*checked_byte_length(dtype, shape).get());
  return Tensor(dtype, std::move(shape), bytes->data(), bytes->size(), bytes, Residence::kMapped);
}

}  // namespace

TEST_CASE("a mapped constant that is only looked at differently stays where it is", "[fold][views]") {
  GraphBuilder b;
  const Tensor w = mapped_tensor(TN_FLOAT, {4, 6});
  b.constant_of("w", w);
  b.constant<int64_t>("shape", {2}, {8, 3});
  b.node("Reshape", {"w", "shape"}, {"r"});
  b.node("Split", {"r"}, {"a", "b"}, {int_attr("axis", 0)});
  b.output("a");
  b.output("b");
  auto model = b.build();
  const auto report = fold_constants(*model, run);
  REQUIRE(report.is_ok());
  CHECK(report->views == 2);
  CHECK(report->bytes == 0);
  REQUIRE(model->graph->outputs[1]->is_constant());
  const Tensor& part = *model->graph->outputs[1]->constant;
  CHECK(part.data() == static_cast<const std::byte*>(w.data()) + 12 * sizeof(float));
  CHECK(part.shape() == std::vector<int64_t>{4, 3});
  CHECK(part.byte_length() == 12 * sizeof(float));
  CHECK(part.residence() == Residence::kMapped);
}

TEST_CASE("elements of less than a byte are views only where bytes begin and end with them", "[fold][views]") {
  for (const int64_t rows : {1, 2}) {
    GraphBuilder b(21);
    b.constant_of("w", mapped_tensor(TN_INT4, {4, 3}));
    b.constant<int64_t>("lengths", {2}, {rows, 4 - rows});
    const Node* split = b.node("Split", {"w", "lengths"}, {"a", "b"}, {int_attr("axis", 0)});
    b.output("a");
    b.output("b");
    const auto model = b.build();
    const auto views = constant_views(*split);
    REQUIRE(views.has_value() == (rows == 2));
    if (views) CHECK(views->at(1).data() == static_cast<const std::byte*>(views->at(0).data()) + 3);
  }
}

TEST_CASE("a part of private memory is copied, the whole of it is not", "[fold][views]") {
  GraphBuilder b;
  b.constant<float>("w", {2, 2}, {1, 2, 3, 4});
  b.constant<int64_t>("one", {1}, {1});
  b.constant<int64_t>("two", {1}, {2});
  b.node("Neg", {"w"}, {"n"});
  b.node("Flatten", {"n"}, {"f"});
  b.node("Slice", {"f", "one", "two"}, {"s"});
  b.output("f");
  b.output("s");
  auto model = b.build();
  const auto report = fold_constants(*model, run);
  REQUIRE(report.is_ok());
  CHECK(report->views == 1);
  CHECK(report->bytes == 16);  // once, though 'n' and 'f' had it
  REQUIRE(report->skipped.size() == 1);
  CHECK_THAT(report->skipped[0], Contains("no kernel for Slice"));
}

TEST_CASE("a narrow weight of the model is widened past the growth limit, as often as its own bytes allow",
          "[fold][views]") {
  const auto widen = [](const Node& node) -> Result<std::vector<Tensor>> {
    TENON_ASSIGN_OR_RETURN(Tensor y,
                           Tensor::allocate(TN_FLOAT, node.inputs[0]->constant->shape(), Residence::kComputed));
    return std::vector<Tensor>{y};
  };
  for (const bool is_of_the_model : {true, false}) {
    GraphBuilder b;
    if (is_of_the_model) {
      b.constant_of("w", mapped_tensor(TN_INT8, {64}));
    } else {
      b.constant<int64_t>("n", {1}, {64});
      b.node("ConstantOfShape", {"n"}, {"w"}, {tensor_attr("value", make_tensor<int8_t>({1}, {1}))});
    }
    b.constant<float>("scale", {}, {0.5f});
    b.node("DequantizeLinear", {"w", "scale"}, {"a"});
    b.node("DequantizeLinear", {"w", "scale"}, {"b"});
    b.output("a");
    b.output("b");
    auto model = b.build();
    FoldOptions options;
    options.max_growth_bytes = 0;
    const auto report = fold_constants(
        *model,
        [&](const Node& node) -> Result<std::vector<Tensor>> {
          if (node.op_type == "DequantizeLinear") return widen(node);
          return std::vector<Tensor>{make_tensor<int8_t>({64}, std::vector<int8_t>(64))};
        },
        options);
    REQUIRE(report.is_ok());
    // 68 bytes of constants may become 68 + 192; 'a' takes 256, and 'b' would take as much again.
    CHECK(model->graph->find_value("a")->is_constant() == is_of_the_model);
    CHECK_FALSE(model->graph->find_value("b")->is_constant());
  }
}

TEST_CASE("a result that takes the place of the one before it counts alone", "[fold]") {
  GraphBuilder b;
  b.constant<float>("w", {2}, {1, 2});
  b.node("Neg", {"w"}, {"n"});
  b.node("Neg", {"n"}, {"m"});
  b.output("m");
  auto model = b.build();
  FoldOptions options;
  options.max_bytes = 8;
  const auto report = fold_constants(*model, run, options);
  REQUIRE(report.is_ok());
  CHECK(report->folded_nodes == 2);
  CHECK(report->bytes == 8);
}
