// Every form of every decomposed operator, at each opset that writes it, ends in one node and keeps its answers.
#include "tests/host/optimize/raises/forms.h"

#include "tests/support/both_ways.h"

using namespace tenon::host;
using namespace tenon::test;

namespace {

struct Case {
  tn_dtype dtype;
  double limit;         // of x
  double epsilons = 8;  // that the plain graph itself may be off, as it rounds after each node
};

const std::vector<int64_t> kShape{2, 3, 8};

void check_forms(const std::vector<NamedForm>& forms, const std::string& op, const std::vector<Case>& cases) {
  for (const NamedForm& form : forms)
    for (int64_t opset = form.first_opset; opset <= form.last_opset; ++opset)
      for (const Case& each : cases) {
        INFO(form.name << ", opset " << opset << ", type " << each.dtype);
        const Rewritten told = run_both_ways_within(
            each.epsilons,
            [&](GraphBuilder& b) {
              b.input("x", each.dtype, kShape);
              Scribe s(b, each.dtype, opset);
              b.output(form.write(s));
            },
            {{"x", Scribe::floats_of(each.dtype, kShape, spread(48, each.limit))}}, opset);
        CHECK(told.ops == std::vector<std::string>{op});
      }
}

}  // namespace

TEST_CASE("each form of Gelu ends in one node", "[optimize]") {
  check_forms(gelu_forms(), "Gelu", {{TN_FLOAT, 4}, {TN_DOUBLE, 4}, {TN_FLOAT16, 4}});
}

TEST_CASE("each form of Gelu by tanh ends in one node", "[optimize]") {
  check_forms(tanh_gelu_forms(), "Gelu", {{TN_FLOAT, 4}, {TN_DOUBLE, 4}, {TN_FLOAT16, 4}});
}

TEST_CASE("each form of HardSwish ends in one node", "[optimize]") {
  check_forms(hard_swish_forms(), "HardSwish", {{TN_FLOAT, 8}, {TN_FLOAT16, 8}});
}

TEST_CASE("each form of LayerNormalization ends in one node", "[optimize]") {
  // Epsilon is an attribute, a float, so in double it is not quite what the constant was.
  check_forms(layer_normalization_forms(), "LayerNormalization",
              {{TN_FLOAT, 3}, {TN_DOUBLE, 3, 2000}, {TN_FLOAT16, 3}});
}
