#include "tests/providers/walk/verdict.h"

#include <chrono>

#include "host/base/dtype.h"
#include "host/graph/operators/facts.h"
#include "host/session/session.h"
#include "tests/providers/walk/elements.h"
#include "tests/support/graph_builder.h"

namespace tenon::walk {
namespace {

using host::Tensor;

// Some draws ask for more than is worth waiting for.
constexpr uint64_t kMostMemory = 4 << 20;
constexpr std::chrono::milliseconds kMostTime{500};
// Of a float: sums of some hundred terms in another order, and functions of a few units in the last place.
constexpr double kEpsilons = 256;

Verdict failure(const host::Status& status, bool in_run) {
  Verdict v;
  v.message = status.message();
  switch (status.code()) {
    case TN_INVALID_MODEL:
    case TN_INVALID_ARGUMENT: v.kind = Verdict::Kind::kRefused; break;
    case TN_NO_KERNEL: v.kind = Verdict::Kind::kLeft; break;
    case TN_UNSUPPORTED: v.kind = in_run ? Verdict::Kind::kLeftInRun : Verdict::Kind::kLeft; break;
    case TN_DEADLINE_EXCEEDED:
    case TN_OUT_OF_MEMORY: v.kind = Verdict::Kind::kGaveUp; break;
    default: v.kind = Verdict::Kind::kBroken;
  }
  return v;
}

std::optional<std::string> misinferred(const host::ValueType& inferred, const Tensor& found) {
  bool fits = inferred.dtype == found.dtype() && (!inferred.dims || inferred.dims->size() == found.shape().size());
  for (size_t d = 0; fits && inferred.dims && d < inferred.dims->size(); ++d) {
    const host::Dim& dim = (*inferred.dims)[d];
    // The walk names a dimension by its size.
    const std::string expected = dim.value >= 0 ? "d" + std::to_string(dim.value) : dim.symbol;
    fits = expected.empty() || expected == "d" + std::to_string(found.shape()[d]);
  }
  if (fits) return std::nullopt;
  return host::concat("inferred ", describe(inferred), ", but it is ", host::dtype_name(found.dtype()), " ",
                      host::shape_text(found.shape()));
}

const char* kind_name(Verdict::Kind kind) {
  switch (kind) {
    case Verdict::Kind::kComputed: return "computed";
    case Verdict::Kind::kRefused: return "refused";
    case Verdict::Kind::kLeft: return "left to another";
    case Verdict::Kind::kLeftInRun: return "left to another in a run";
    case Verdict::Kind::kGaveUp: return "gave up";
    default: return "broken";
  }
}

}  // namespace

std::unique_ptr<host::Model> model_of(const Case& c, Sight sight, std::vector<host::NamedTensor>* given) {
  test::GraphBuilder builder(c.schema->domain.empty() ? c.schema->since_version : 17);
  std::vector<std::string> inputs, outputs;
  for (size_t i = 0; i < c.inputs.size(); ++i) {
    const Tensor& tensor = c.inputs[i];
    inputs.push_back(tensor.dtype() == TN_UNDEFINED ? "" : "in" + std::to_string(i));
    if (inputs.back().empty()) continue;
    if (sight != Sight::kHidden && c.constant[i]) {
      builder.constant_of(inputs.back(), tensor);
      continue;
    }
    host::ValueType type{host::ValueType::Kind::kTensor, tensor.dtype(), std::nullopt};
    if (sight != Sight::kHidden) {
      type.dims.emplace();
      for (const int64_t d : tensor.shape())
        type.dims->push_back(sight == Sight::kShown ? host::Dim{d, ""} : host::Dim{-1, "d" + std::to_string(d)});
    }
    builder.input_of(inputs.back(), std::move(type));
    given->push_back({inputs.back(), tensor});
  }
  for (size_t i = 0; i < c.outputs.size(); ++i) outputs.push_back(c.outputs[i] ? "out" + std::to_string(i) : "");
  const std::string domain(c.schema->domain);
  if (!domain.empty()) builder.model().opset_imports[domain] = c.schema->since_version;
  builder.node((domain.empty() ? "" : domain + ":") + std::string(c.schema->op_type), inputs, outputs, c.attributes);
  for (const std::string& output : outputs)
    if (!output.empty()) builder.output(output);
  return builder.build();
}

// A Dropout that trains drops what it likes.
bool is_random(const Case& c) {
  if (host::facts_of(*c.schema).has(host::kRandom)) return true;
  for (size_t i = 0; i < c.inputs.size(); ++i)
    if (host::formal_parameter(c.schema->inputs, i)->name == "training_mode" && c.inputs[i].dtype() == TN_BOOL)
      return true;
  return false;
}

const char* sight_name(Sight sight) {
  return sight == Sight::kHidden ? "hidden" : sight == Sight::kSymbolic ? "symbolic" : "shown";
}

Verdict judge(const Case& c, const std::string& provider, Sight sight) {
  std::vector<host::NamedTensor> given;
  std::unique_ptr<host::Model> model;
  try {
    model = model_of(c, sight, &given);
  } catch (const std::exception& e) {
    return {Verdict::Kind::kRefused, e.what(), {}, {}};
  }
  host::SessionOptions options;
  options.providers = {{provider, {}}};
  options.threads = 1;
  options.run_memory_limit_bytes = kMostMemory;
  options.pack.mode = host::PackMode::kOff;
  auto session = host::Session::open_model(std::move(model), options);
  if (!session.is_ok()) return failure(session.status(), false);
  host::RunOptions run;
  run.deadline = std::chrono::steady_clock::now() + kMostTime;
  auto outputs = (*session)->run(given, {}, run);
  if (!outputs.is_ok()) return failure(outputs.status(), true);
  Verdict v{Verdict::Kind::kComputed, "", *std::move(outputs), {}};
  const auto& declared = (*session)->model().graph->outputs;
  for (size_t i = 0; i < v.outputs.size() && !v.misinferred; ++i)
    v.misinferred = misinferred(declared[i]->type, v.outputs[i]);
  return v;
}

std::optional<std::string> disagreement(const Case& c, const Verdict& expected, const Verdict& found) {
  using Kind = Verdict::Kind;
  if (found.misinferred) return found.misinferred;
  if (expected.kind == Kind::kLeft || found.kind == Kind::kLeft) return std::nullopt;
  if (expected.kind == Kind::kGaveUp || found.kind == Kind::kGaveUp) return std::nullopt;
  if (expected.kind != found.kind || found.kind == Kind::kBroken)
    return host::concat(kind_name(found.kind), " ", found.message, ", expected: ", kind_name(expected.kind), " ",
                        expected.message);
  for (size_t i = 0; i < found.outputs.size(); ++i) {
    const Tensor &a = expected.outputs[i], &b = found.outputs[i];
    if (is_random(c) && a.dtype() == b.dtype() && a.shape() == b.shape()) continue;
    if (auto why = difference(a, b, kEpsilons)) return host::concat("output ", i, ": ", *why);
  }
  return std::nullopt;
}

}  // namespace tenon::walk
