// Operators of cpu_blas that move, fold and pick elements, in sizes beyond those of generated cases: whole tiles of
// vectors, pieces for several threads, long sums. cpu_ref is the oracle.
#include <algorithm>
#include <cmath>
#include <limits>

#include "tests/providers/cpu_blas/on_cpu_blas.h"

using namespace tenon::host;
using namespace tenon::test;

namespace {

using Shapes = std::vector<std::vector<int64_t>>;

size_t count_of(const std::vector<int64_t>& shape) {
  size_t n = 1;
  for (const int64_t d : shape) n *= static_cast<size_t>(d);
  return n;
}

/// The floats of the model's output on cpu_ref.
std::vector<float> on_cpu_ref(GraphBuilder& b, const std::vector<std::vector<float>>& inputs, const Shapes& shapes) {
  SessionOptions options;
  options.providers = {{TENON_BINARY_DIR "/lib/tenon/providers/libcpu_ref.so", {}}};
  auto session = Session::open_model(b.build(), options);
  REQUIRE(session.is_ok());
  return run_floats(**session, inputs, shapes);
}

/// Holds a node of one input of floats and some constants against cpu_ref on every instruction set and on two threads.
void check_node(const std::string& op, const std::vector<int64_t>& shape, const std::vector<Attribute>& attributes,
                const std::vector<int64_t>& integers = {}, float tolerance = 0) {
  const auto build = [&](GraphBuilder& b) {
    b.input("x", TN_FLOAT, shape);
    std::vector<std::string> inputs{"x"};
    if (!integers.empty()) {
      b.constant<int64_t>("i", {static_cast<int64_t>(integers.size())}, integers);
      inputs.push_back("i");
    }
    b.node(op, inputs, {"y"}, attributes);
    b.output("y");
  };
  const std::vector<std::vector<float>> inputs{noise(count_of(shape), 7)};
  GraphBuilder reference(18);
  build(reference);
  const std::vector<float> expected = on_cpu_ref(reference, inputs, {shape});
  for (const std::string& isa : instruction_sets()) {
    GraphBuilder b(18);
    build(b);
    const std::vector<float> y = run_floats(*open_on_cpu_blas(b, 2, isa), inputs, {shape});
    INFO(op << " on " << isa);
    REQUIRE(y.size() == expected.size());
    float worst = 0;
    for (size_t i = 0; i < y.size(); ++i)
      worst = std::max(worst, std::fabs(y[i] - expected[i]) / (1 + std::fabs(expected[i])));
    CHECK(worst <= tolerance);
  }
}

}  // namespace

TEST_CASE("Transpose on cpu_blas turns over tiles of every size", "[cpu_blas]") {
  for (const auto& perm : Shapes{{0, 2, 1}, {2, 1, 0}, {1, 0, 2}, {2, 0, 1}, {1, 2, 0}})
    for (const auto& shape : Shapes{{3, 70, 37}, {2, 3, 1100}, {5, 1030, 3}, {2, 130, 2}, {1, 67, 4}, {65, 9, 17}})
      check_node("Transpose", shape, {ints_attr("perm", perm)});
}

TEST_CASE("Transpose on cpu_blas swaps the inner dimensions of attention", "[cpu_blas]") {
  check_node("Transpose", {2, 33, 5, 24}, {ints_attr("perm", {0, 2, 1, 3})});
  check_node("Transpose", {2, 33, 5, 24}, {ints_attr("perm", {0, 2, 3, 1})});
  check_node("Transpose", {3, 17, 9, 2}, {ints_attr("perm", {0, 2, 1, 3})});
}

TEST_CASE("Expand and Tile on cpu_blas repeat any axis", "[cpu_blas]") {
  check_node("Expand", {3, 1, 70}, {}, {3, 5, 70});
  check_node("Expand", {70, 1}, {}, {2, 70, 33});
  check_node("Tile", {3, 7, 5}, {}, {2, 3, 11});
}

TEST_CASE("DepthToSpace and SpaceToDepth on cpu_blas move whole images", "[cpu_blas]") {
  for (const char* mode : {"DCR", "CRD"})
    check_node("DepthToSpace", {2, 12, 33, 21}, {int_attr("blocksize", 2), string_attr("mode", mode)});
  check_node("SpaceToDepth", {2, 3, 66, 34}, {int_attr("blocksize", 2)});
}

TEST_CASE("Pad on cpu_blas pads as cpu_ref does", "[cpu_blas]") {
  for (const char* mode : {"constant", "edge", "reflect"}) {
    check_node("Pad", {2, 3, 20, 31}, {string_attr("mode", mode)}, {0, 0, 1, 2, 0, 0, 3, 4});
    check_node("Pad", {2, 5, 20, 31}, {string_attr("mode", mode)}, {0, 2, 0, 0, 0, 1, 0, 0});
    check_node("Pad", {2, 3, 20, 31}, {string_attr("mode", mode)}, {0, 0, -1, -2, 0, 0, 3, -4});
  }
}

TEST_CASE("Reductions on cpu_blas fold inner, outer and middle axes", "[cpu_blas]") {
  for (const char* op : {"ReduceL1", "ReduceL2", "ReduceLogSumExp", "ReduceMax", "ReduceMean", "ReduceMin",
                         "ReduceProd", "ReduceSumSquare"})
    for (const auto& axes : Shapes{{0}, {1}, {2}, {0, 1}, {0, 2}, {1, 2}, {0, 1, 2}})
      for (const auto& shape : Shapes{{3, 70, 37}, {300, 9, 300}, {2, 1, 5000}}) check_node(op, shape, {}, axes, 2e-5f);
}

TEST_CASE("Long sums on cpu_blas stay precise", "[cpu_blas]") {
  const int64_t n = 4000000;
  for (const auto& shape : Shapes{{1, n}, {n, 1}, {n / 4, 4}}) {
    GraphBuilder b;
    b.input("x", TN_FLOAT, shape);
    b.node("ReduceMean", {"x"}, {"y"}, {ints_attr("axes", {shape[0] == 1 ? 1 : 0})});
    b.output("y");
    const std::vector<float> y =
        run_floats(*open_on_cpu_blas(b, 2), {std::vector<float>(static_cast<size_t>(n), 0.1f)}, {shape});
    for (const float mean : y) CHECK(std::fabs(mean - 0.1f) < 1e-6f);
  }
}

TEST_CASE("A NaN beats every number in ReduceMax and ReduceMin on cpu_blas", "[cpu_blas]") {
  for (const char* op : {"ReduceMax", "ReduceMin"})
    for (const int64_t axis : {0, 1})
      for (size_t place = 0; place < 100; place += 11) {
        GraphBuilder b;
        b.input("x", TN_FLOAT, {100, 100});
        b.node(op, {"x"}, {"y"}, {ints_attr("axes", {axis})});
        b.output("y");
        std::vector<float> x = noise(10000, 3);
        x[place * 100 + place] = std::numeric_limits<float>::quiet_NaN();
        const std::vector<float> y = run_floats(*open_on_cpu_blas(b), {x}, {{100, 100}});
        for (size_t i = 0; i < 100; ++i) CHECK(std::isnan(y[i]) == (i == place));
      }
}

TEST_CASE("Softmax of rows of every length agrees with cpu_ref, whole vectors or not", "[cpu_blas]") {
  for (int64_t length = 1; length <= 70; ++length) check_node("Softmax", {5, length}, {}, {}, 1e-6f);
  check_node("Softmax", {3, 5003}, {}, {}, 1e-6f);
}

TEST_CASE("Softmax and LogSoftmax on cpu_blas run along any axis", "[cpu_blas]") {
  for (const int64_t axis : {0, 1, 2}) {
    check_node("Softmax", {9, 21, 83}, {int_attr("axis", axis)}, {}, 1e-6f);
    check_node("LogSoftmax", {9, 21, 83}, {int_attr("axis", axis)}, {}, 1e-6f);
  }
}

TEST_CASE("CumSum on cpu_blas runs along the axis from either end", "[cpu_blas]") {
  for (const int64_t reverse : {0, 1}) check_node("CumSum", {70, 90}, {int_attr("reverse", reverse)}, {0}, 1e-6f);
  check_node("CumSum", {70, 90}, {int_attr("exclusive", 1)}, {1}, 1e-6f);
}
