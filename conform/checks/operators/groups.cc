// What a provider compiles into one kernel: the operator with a few others behind it, in a session that watches its
// kernels (host/runtime/validation), beside the oracle alone.
#include <array>

#include "conform/cases/elements.h"
#include "conform/checks/operators/operator_checks.h"
#include "conform/checks/operators/trial.h"
#include "host/graph/node_builder.h"
#include "host/graph/schema.h"
#include "host/session/session.h"

namespace tenon::conform {
namespace {

using host::concat;

constexpr double kEpsilons = 1024, kHalfEpsilons = 16;  // of several operators in a row
constexpr std::array<const char*, 7> kUnary = {"Relu", "Sigmoid", "Tanh", "HardSwish", "LeakyRelu", "Neg", "Abs"};
constexpr std::array<const char*, 3> kBinary = {"Add", "Mul", "Sub"};

struct Chain {
  std::unique_ptr<host::Model> model;
  std::vector<host::NamedTensor> given;
  std::string text;
};

host::Value* must_make(host::Result<host::Value*> value) {
  if (!value.is_ok()) throw Breach("kit-error", value.status().message());
  return *value;
}

/// The case with up to three operators behind its first output; the same for the same seed.
Chain make_chain(const cases::Case& c, const host::Tensor& output, uint64_t seed) {
  cases::Draw draw(seed);
  Chain chain;
  chain.model = cases::model_of(c, cases::Sight::kShown, &chain.given);
  host::Graph& graph = *chain.model->graph;
  host::NodeBuilder builder(graph);
  host::Value* last = graph.outputs.front();
  const int64_t opset = c.schema->since_version;
  const int64_t length = draw.between(1, 3);
  for (int64_t i = 0; i < length; ++i) {
    const bool is_binary = draw.chance(i == 0 ? 25 : 50);
    // What follows directly goes round, so that each pair is met.
    const char* op = is_binary ? draw.pick(kBinary) : i == 0 ? kUnary[seed % kUnary.size()] : draw.pick(kUnary);
    if (host::find_schema("", op, opset) == nullptr) op = "Relu";
    std::vector<host::Value*> inputs{last};
    if (is_binary && std::string_view(op) != "Relu") {
      // A number, a row, or a tensor of the same shape, constant or not.
      cases::Shape shape = output.shape();
      if (draw.chance(30)) shape.clear();
      while (shape.size() > 1 && draw.chance(50)) shape.erase(shape.begin());
      const host::Tensor other = cases::draw_tensor(output.dtype(), shape, cases::Edges::kNone, draw);
      const std::string name = concat("other", i);
      if (draw.chance(60)) {
        inputs.push_back(must_make(builder.constant(name, other)));
      } else {
        host::ValueType type{host::ValueType::Kind::kTensor, other.dtype(), std::vector<host::Dim>()};
        for (const int64_t d : shape) type.dims->push_back({d, ""});
        inputs.push_back(must_make(builder.input(name, std::move(type))));
        chain.given.push_back({name, other});
      }
    }
    host::Value* next = must_make(builder.value(concat("chain", i)));
    builder.node(op, inputs, {next});
    chain.text += concat(" -> ", op);
    last = next;
  }
  graph.outputs.front() = last;
  for (const host::Status& status : {graph.finish(), host::resolve_schemas(*chain.model)})
    if (!status.is_ok()) throw Breach("kit-error", status.message());
  return chain;
}

struct Answer {
  host::Status status;
  std::vector<host::Tensor> outputs;
  bool has_group = false;
};

Answer answer_of(Chain chain, const std::vector<host::ProviderSpec>& providers, bool validates) {
  host::SessionOptions options;
  options.providers = providers;
  options.threads = 2;
  options.validate = validates;
  options.pack.mode = host::PackMode::kOff;
  auto session = host::Session::open_model(std::move(chain.model), options);
  if (!session.is_ok()) return {session.status(), {}, false};
  Answer answer;
  const host::SessionReport report = (*session)->report();
  for (const host::NodePlacement& a : report.placement)
    for (const host::NodePlacement& b : report.placement)
      answer.has_group = answer.has_group || (&a != &b && a.kernel == b.kernel && a.kernel != a.op_type);
  auto outputs = (*session)->run(chain.given, {}, {});
  answer.status = outputs.status();
  if (outputs.is_ok()) answer.outputs = *std::move(outputs);
  return answer;
}

std::optional<Outcome> compare(const Answer& own, const Answer& right, const std::string& text) {
  if (!right.status.is_ok()) return std::nullopt;
  if (!own.status.is_ok()) return Outcome::fail("group-fails", concat(own.status.message(), "; ", text));
  for (size_t i = 0; i < right.outputs.size(); ++i)
    if (const auto why = cases::difference(right.outputs[i], own.outputs[i], kEpsilons, kHalfEpsilons))
      return Outcome::fail("wrong-group", concat("output ", i, ": ", *why, "; ", text));
  return std::nullopt;
}

}  // namespace

Outcome check_groups(const Subject& subject, const OperatorName& op) {
  OperatorBench bench(subject, op);
  if (bench.provider().table()->claim == nullptr) return Outcome::pass("claims no groups");
  if (!op.domain.empty() || !bench.has_oracle()) return Outcome::pass("no operator that others follow");
  const host::ProviderSpec oracle{subject.oracle, {}}, own{subject.library.string(), subject.options};
  DrawSettings draws;
  draws.has_edges = false;
  int64_t groups = 0;
  for (int64_t count = 0; count < 4 * subject.cases; ++count) {
    const auto c = bench.next(draws);
    if (c == nullptr) break;
    if (c->is_random || !c->expected.front() || c->expected.front()->dtype() != TN_FLOAT) continue;
    const uint64_t seed = subject.seed * 7919 + static_cast<uint64_t>(c->index);
    Chain chain = make_chain(c->drawn, *c->expected.front(), seed);
    const std::string text = c->text() + chain.text;
    const Answer found = answer_of(std::move(chain), {own, oracle}, true);
    groups += found.has_group;
    const Answer right = answer_of(make_chain(c->drawn, *c->expected.front(), seed), {oracle}, false);
    if (auto outcome = compare(found, right, text)) return *std::move(outcome);
  }
  return Outcome::pass(concat(groups, " groups"));
}

}  // namespace tenon::conform
