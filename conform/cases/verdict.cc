#include "conform/cases/verdict.h"

#include <chrono>

#include "conform/cases/case_model.h"
#include "conform/cases/elements.h"
#include "host/base/dtype.h"
#include "host/graph/operators/facts.h"
#include "host/session/session.h"

namespace tenon::cases {
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

// A Dropout that trains drops what it likes.
bool is_random(const Case& c) {
  if (host::facts_of(*c.schema).has(host::kRandom)) return true;
  for (size_t i = 0; i < c.inputs.size(); ++i)
    if (host::formal_parameter(c.schema->inputs, i)->name == "training_mode" && c.inputs[i].dtype() == TN_BOOL)
      return true;
  return false;
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

}  // namespace tenon::cases
