#include "conform/kernel/operator_bench.h"

#include <algorithm>

#include "conform/cases/case_parts.h"
#include "conform/cases/draw_case.h"
#include "conform/cases/verdict.h"
#include "conform/kernel/breaches.h"
#include "host/graph/schema.h"
#include "host/graph/shape_inference.h"
#include "host/placement/described_schemas.h"

namespace tenon::conform {
namespace {

// Of the draws for one case; some operators have many attributes that must fit.
constexpr int64_t kTries = 60;

bool has_edge(const host::Tensor& tensor) {
  // What is drawn apart from edges is small and finite.
  const auto* bytes = static_cast<const std::byte*>(tensor.data());
  if (tensor.dtype() != TN_FLOAT && tensor.dtype() != TN_DOUBLE) return false;
  for (int64_t i = 0; i < tensor.element_count(); ++i) {
    double value = 0;
    if (tensor.dtype() == TN_FLOAT) {
      value = static_cast<double>(reinterpret_cast<const float*>(bytes)[i]);
    } else {
      value = reinterpret_cast<const double*>(bytes)[i];
    }
    if (!(value >= -1e6 && value <= 1e6)) return true;
  }
  return false;
}

}  // namespace

std::string KernelCase::text() const {
  return host::concat("case ", index, ": ", describe(drawn));
}

OperatorBench::OperatorBench(const Subject& subject, const OperatorName& op) : subject_(subject) {
  auto provider = host::Provider::create({subject.library.string(), subject.options}, {7, UINT64_MAX, ""});
  must("create", provider.status());
  providers_.push_back(std::move(*provider));
  find_schema(op);
}

void OperatorBench::find_schema(const OperatorName& op) {
  op_.schema = host::find_schema(op.domain, op.op_type, op.since_version);
  if (op_.schema == nullptr) {
    host::Node node;
    node.domain = op.domain;
    node.op_type = op.op_type;
    auto described = providers_.front()->described(node, op.since_version);
    must("describing operators", described.status());
    op_.schema = *described;
    has_oracle_ = false;
  }
  if (op_.schema == nullptr)
    throw Breach("operator-unknown", "neither the host nor the provider describes the operator " + op.text());
  op_.providers = {subject_.library.string()};
  op_.types = cases::types_of(*op_.schema, *providers_.front()->table());
}

std::optional<cases::Case> OperatorBench::draw(const DrawSettings& settings, int64_t index) const {
  cases::Draw draw(cases::seed_of(*op_.schema, subject_.seed, index));
  cases::TypeChoice types = cases::draw_types(op_, draw);
  if (settings.type) types[settings.type->first] = settings.type->second;
  cases::Case drawn = cases::draw_case(*op_.schema, types, draw);
  // What nobody wants the outputs of is not run.
  if (std::find(drawn.outputs.begin(), drawn.outputs.end(), true) == drawn.outputs.end()) return std::nullopt;
  if (!settings.has_edges && std::any_of(drawn.inputs.begin(), drawn.inputs.end(), has_edge)) return std::nullopt;
  if (settings.needs_constants) {
    bool has_constant = false;
    for (size_t i = 0; i < drawn.inputs.size(); ++i) {
      if (i > 0) drawn.constant[i] = true;
      has_constant = has_constant || (drawn.constant[i] && drawn.inputs[i].dtype() != TN_UNDEFINED);
    }
    if (!has_constant) return std::nullopt;
  }
  return drawn;
}

std::unique_ptr<KernelCase> OperatorBench::next(const DrawSettings& settings) {
  for (int64_t tries = 0; tries < kTries; ++tries) {
    const int64_t index = next_++;
    auto drawn = draw(settings, index);
    if (!drawn) continue;
    cases::Verdict right;
    if (has_oracle_) {
      right = cases::judge(*drawn, subject_.oracle, cases::Sight::kHidden);
      if (right.kind != cases::Verdict::Kind::kComputed) continue;
    }
    ++offered_;
    auto made = open(*drawn, index % 2 == 0 ? cases::Sight::kShown : cases::Sight::kSymbolic);
    if (made == nullptr) continue;
    made->index = index;
    size_t at = 0;
    for (size_t i = 0; has_oracle_ && i < drawn->outputs.size(); ++i)
      if (drawn->outputs[i]) made->expected.at(i) = right.outputs.at(at++);
    return made;
  }
  return nullptr;
}

std::unique_ptr<KernelCase> OperatorBench::open(const cases::Case& drawn, cases::Sight sight) {
  auto made = make_case(drawn, sight);
  if (made != nullptr) made->packs = pack_and_bind(made->kernel, made->inputs, made->constant);
  return made;
}

std::unique_ptr<KernelCase> OperatorBench::open_warm(const KernelCase& packed, const DamageBlob& damage) {
  auto made = make_case(packed.drawn, packed.sight);
  if (made != nullptr) made->packs = bind_copies(made->kernel, packed.packs, damage);
  return made;
}

std::unique_ptr<KernelCase> OperatorBench::make_case(const cases::Case& drawn, cases::Sight sight) {
  auto made = std::make_unique<KernelCase>();
  made->drawn = drawn;
  made->sight = sight;
  made->is_random = cases::is_random(drawn);
  std::vector<host::NamedTensor> given;
  try {
    made->model = cases::model_of(drawn, sight, &given);
  } catch (const std::exception& failure) {
    refusal_ = failure.what();
    return nullptr;
  }
  for (const host::Status& status :
       {host::bind_described_schemas(*made->model, providers_), infer_shapes(*made->model)})
    if (!status.is_ok()) {
      refusal_ = status.message();
      return nullptr;
    }
  if (!make_kernel(*made)) return nullptr;
  return made;
}

// As an open does it: groups first.
bool OperatorBench::make_kernel(KernelCase& made) {
  const host::Graph& graph = *made.model->graph;
  const host::Node& node = *graph.nodes().front();
  auto claimed = provider().claim(graph, {});
  must("claim", claimed.status());
  std::vector<const host::Value*> inputs(node.inputs.begin(), node.inputs.end());
  std::vector<const host::Value*> outputs(node.outputs.begin(), node.outputs.end());
  if (!claimed->groups.empty()) {
    const host::ClaimedGroup& group = made.group = claimed->groups.front();
    inputs.assign(group.inputs.begin(), group.inputs.end());
    outputs.assign(group.outputs.begin(), group.outputs.end());
  }
  if (const auto refused = claimed->refusals.find(&node); refused != claimed->refusals.end()) {
    refusal_ = refused->second;
    return false;
  }
  auto kernel = made.group.nodes.empty() ? provider().create_kernel(node) : provider().compile(made.group);
  if (!kernel.is_ok()) {
    refusal_ = kernel.status().message();
    if (kernel.status().code() == TN_UNSUPPORTED) return false;
    throw breach_of("kernel create", kernel.status());
  }
  made.kernel = std::move(*kernel);
  for (const host::Value* value : inputs) {
    made.constant.push_back(value != nullptr && value->is_constant());
    made.inputs.push_back(value == nullptr ? host::Tensor() : made.drawn.inputs.at(std::stoul(value->name.substr(2))));
  }
  made.expected.resize(outputs.size());
  return true;
}

}  // namespace tenon::conform
