#include "host/optimize/raises/pattern.h"

#include <catch2/catch.hpp>

#include "tests/support/scribe.h"

using namespace tenon::host;
using namespace tenon::test;

namespace {

/// What the pattern finds at the node that computes the form's value.
struct Found {
  std::unique_ptr<Model> model;
  std::optional<Match> match;
};

Found find(const Pattern& pattern, const Writes& write, tn_dtype dtype = TN_FLOAT, int64_t opset = 17) {
  GraphBuilder b(opset);
  for (const char* name : {"x", "y"}) b.input(name, dtype, {4});
  Scribe s(b, dtype, opset);
  const std::string result = write(s);
  b.output(result);
  Found found{b.build(), std::nullopt};
  for (const auto& value : found.model->graph->values())
    if (value->producer != nullptr) value->type.dtype = dtype;
  found.match = find_match(pattern, *found.model->graph->outputs[0]->producer, [](const Match&) { return true; });
  return found;
}

}  // namespace

TEST_CASE("a pattern gives names to what it meets, and lists its nodes from the root on", "[optimize]") {
  const auto found = find(op("Sub", {any("a"), op("Mul", {any("b"), number("n")})}), [](Scribe& s) {
    return s("Sub", {"x", s("Mul", {"y", s(0.25)})});
  });
  REQUIRE(found.match);
  CHECK(found.match->value("a")->name == "x");
  CHECK(found.match->value("b")->name == "y");
  CHECK(found.match->value("c") == nullptr);
  CHECK(found.match->number("n") == 0.25);
  CHECK_FALSE(found.match->number("m"));
  REQUIRE(found.match->nodes.size() == 2);
  CHECK(found.match->nodes[0]->op_type == "Sub");
  CHECK(found.match->nodes[1]->op_type == "Mul");
}

TEST_CASE("one name stands for one value, whichever operand a first try took for it", "[optimize]") {
  const Pattern twice = op("Add", {any("a"), op("Mul", {any("a"), any("b")})});
  const auto found = find(twice, [](Scribe& s) { return s("Add", {s("Mul", {"y", "x"}), "x"}); });
  REQUIRE(found.match);
  CHECK(found.match->value("a")->name == "x");
  CHECK(found.match->value("b")->name == "y");
  CHECK_FALSE(find(twice, [](Scribe& s) { return s("Add", {"x", s("Mul", {"y", "y"})}); }).match);
}

TEST_CASE("a product may be grouped and ordered at will, with quotients by constants", "[optimize]") {
  const Pattern three = product({any("a"), near(0.5), op("Erf", {any("a")})});
  const std::vector<Writes> forms = {
      [](Scribe& s) {
        return s("Mul", {s("Mul", {"x", s(0.5)}), s("Erf", {"x"})});
      },
      [](Scribe& s) {
        return s("Mul", {s("Erf", {"x"}), s("Mul", {s(0.5), "x"})});
      },
      [](Scribe& s) {
        return s("Mul", {"x", s("Mul", {s("Erf", {"x"}), s(0.5)})});
      },
      [](Scribe& s) {
        return s("Div", {s("Mul", {"x", s("Erf", {"x"})}), s(2)});
      },
      [](Scribe& s) {
        return s("Mul", {s("Div", {"x", s(2)}), s("Erf", {"x"})});
      },
  };
  for (const Writes& form : forms) CHECK(find(three, form).match);
  CHECK_FALSE(find(three, [](Scribe& s) { return s("Mul", {"x", s("Erf", {"x"})}); }).match);
  CHECK_FALSE(find(three, [](Scribe& s) { return s("Div", {s(2), s("Mul", {"x", s("Erf", {"x"})})}); }).match);
  CHECK_FALSE(find(three, [](Scribe& s) { return s("Mul", {s("Mul", {"y", s(0.5)}), s("Erf", {"x"})}); }).match);
}

TEST_CASE("a constant counts within the rounding of its type", "[optimize]") {
  const Pattern pattern = op("Add", {any("a"), near(0.1)});
  const auto is_near = [&](double value, tn_dtype dtype) {
    return find(
               pattern,
               [value](Scribe& s) {
                 return s("Add", {"x", s(value)});
               },
               dtype)
        .match.has_value();
  };
  for (const tn_dtype dtype : {TN_FLOAT, TN_DOUBLE, TN_FLOAT16}) CHECK(is_near(0.1, dtype));
  CHECK(is_near(0.1000005, TN_FLOAT));
  CHECK_FALSE(is_near(0.10001, TN_FLOAT));
  CHECK_FALSE(is_near(0.1000005, TN_DOUBLE));
  CHECK_FALSE(is_near(0.1005, TN_FLOAT16));
}

TEST_CASE("arithmetic that broadcasts by attributes is no part of a pattern", "[optimize]") {
  const Pattern pattern = op("Add", {any("a"), any("b")});
  const Writes sum = [](Scribe& s) { return s("Add", {"x", "y"}); };
  CHECK_FALSE(find(pattern, sum, TN_FLOAT, 6).match);
  CHECK(find(pattern, sum, TN_FLOAT, 7).match);
}

TEST_CASE("a search for what is nowhere ends soon in a graph of nothing but products", "[optimize]") {
  const Pattern many = product({any("a"), any("b"), any("c"), any("d"), any("e"), any("f"), near(0.5)});
  const auto found = find(many, [](Scribe& s) {
    std::string value = "x";
    for (int i = 0; i < 40; ++i) value = s("Mul", {value, value});
    return value;
  });
  CHECK_FALSE(found.match);
}
