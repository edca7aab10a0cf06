#include "host/session/packs/plan_reader.h"

#include <algorithm>
#include <map>
#include <unordered_set>

#include "host/base/checked.h"
#include "host/formats/ort/reader.h"
#include "host/plugins/claims.h"
#include "host/session/packs/plan_generated.h"
#include "host/session/step_order.h"

namespace tenon::host {
namespace {

namespace fbs = plan_format;

constexpr size_t kMaxTables = 64'000'000;

std::string text_of(const flatbuffers::String* text) {
  return text == nullptr ? std::string() : text->str();
}

template <typename T>
size_t size_of(const flatbuffers::Vector<T>* vector) {
  return vector == nullptr ? 0 : vector->size();
}

Status misfit(const std::string& what) {
  return error(TN_INVALID_MODEL, "the plan of the pack does not fit itself: ", what);
}

std::vector<Port> ports_of(const flatbuffers::Vector<flatbuffers::Offset<fbs::Port>>* written) {
  std::vector<Port> ports;
  for (size_t i = 0; i < size_of(written); ++i) {
    const fbs::Port& p = *written->Get(static_cast<uint32_t>(i));
    Port port;
    port.name = text_of(p.name());
    port.type.kind = static_cast<ValueType::Kind>(p.kind());
    port.type.dtype = static_cast<tn_dtype>(p.dtype());
    if (p.has_rank()) {
      port.type.dims.emplace();
      for (size_t d = 0; d < size_of(p.dims()); ++d) {
        const fbs::Dim& dim = *p.dims()->Get(static_cast<uint32_t>(d));
        port.type.dims->push_back({dim.value(), text_of(dim.symbol())});
      }
    }
    ports.push_back(std::move(port));
  }
  return ports;
}

class Plan final : public PackPlan {
 public:
  Plan(std::shared_ptr<const PackFile> pack, const fbs::Plan* plan) : pack_(std::move(pack)), plan_(plan) {}

  std::vector<PlanSource> sources() const override;
  std::string model_path() const override { return text_of(plan_->model_path()); }
  std::vector<Port> inputs() const override { return ports_of(plan_->inputs()); }
  std::vector<Port> outputs() const override { return ports_of(plan_->outputs()); }
  std::vector<std::string> notes() const override {
    std::vector<std::string> notes;
    for (size_t i = 0; i < size_of(plan_->notes()); ++i)
      notes.push_back(plan_->notes()->Get(static_cast<uint32_t>(i))->str());
    return notes;
  }
  Result<Restored> restore(std::vector<SourceFile> files, const ProviderList& providers) const override;
  std::vector<NodePlacement> decisions(const Graph& graph) const override;

 private:
  Status check_providers(const ProviderList& providers) const;
  Result<Tensor> constant(const std::vector<SourceFile>& files, tn_dtype dtype, std::vector<int64_t> shape,
                          int64_t index) const;
  Result<std::vector<Step>> make_steps(const Graph& graph, const ProviderList& providers) const;
  Result<std::vector<ClaimedGroup>> groups_of(const Graph& graph) const;
  Result<std::vector<const Node*>> nodes_of(const fbs::Step& written, const Graph& graph) const;
  Result<Step> make_step(const fbs::Step& written, const Graph& graph, const ProviderList& providers,
                         ClaimedGroup* group) const;
  Status make_kernel(ClaimedGroup* group, Provider& provider, Step* step) const;
  Status bind_packs(const fbs::Step& written, Step* step) const;

  const std::shared_ptr<const PackFile> pack_;
  const fbs::Plan* const plan_;
};

std::vector<PlanSource> Plan::sources() const {
  std::vector<PlanSource> sources;
  for (size_t i = 0; i < size_of(plan_->sources()); ++i) {
    const fbs::Source& s = *plan_->sources()->Get(static_cast<uint32_t>(i));
    PlanSource source;
    source.location = text_of(s.location());
    if (const auto* id = s.identity())
      source.identity = {id->device(), id->inode(), id->size(), id->modified(), id->changed()};
    if (const auto* digest = s.digest()) source.digest = Digest{digest->low(), digest->high()};
    sources.push_back(std::move(source));
  }
  return sources;
}

Status Plan::check_providers(const ProviderList& providers) const {
  std::string made_for, given;
  for (size_t i = 0; i < size_of(plan_->providers()); ++i) {
    const fbs::Provider& p = *plan_->providers()->Get(static_cast<uint32_t>(i));
    made_for += concat(made_for.empty() ? "" : ", ", text_of(p.name()), " ", text_of(p.version()));
  }
  for (const auto& provider : providers)
    given += concat(given.empty() ? "" : ", ", provider->name(), " ", provider->version());
  if (made_for == given) return {};
  return error(TN_UNSUPPORTED, "it was made for the providers ", made_for, ", and the session asks for ", given);
}

Result<Tensor> Plan::constant(const std::vector<SourceFile>& files, tn_dtype dtype, std::vector<int64_t> shape,
                              int64_t index) const {
  if (index < 0 || static_cast<uint64_t>(index) >= size_of(plan_->constants())) return misfit("a constant is missing");
  const fbs::Constant& c = *plan_->constants()->Get(static_cast<uint32_t>(index));
  if (c.holder() == fbs::Holder::Nowhere) {
    const auto length = checked_byte_length(dtype, shape).get();
    if (!length || *length <= kMostKeptBytes || dtype == TN_STRING) return misfit("a small constant is left out");
    return Tensor(dtype, std::move(shape), nullptr, 0, nullptr, Residence::kDropped,
                  "every kernel reads it packed, so no copy of it is kept");
  }
  const bool in_source = c.holder() == fbs::Holder::Source;
  if (c.index() >= (in_source ? files.size() : pack_->blob_count())) return misfit("a constant lies in no file of it");
  const auto held = in_source ? files[c.index()].mapping->bytes() : pack_->blob(c.index());
  if (!(CheckedSize(c.offset()) + c.length()).fits(held.size()) ||
      checked_byte_length(dtype, shape).get() != c.length() || dtype == TN_STRING)
    return misfit("a constant passes the end of its file or has another length than its shape");
  const std::byte* data = held.data() + c.offset();
  if (reinterpret_cast<uintptr_t>(data) % dtype_alignment(dtype) != 0) return misfit("a constant is misaligned");
  std::shared_ptr<const void> owner = pack_;
  if (in_source) owner = files[c.index()].mapping;
  return Tensor(dtype, std::move(shape), data, static_cast<size_t>(c.length()), std::move(owner),
                in_source ? Residence::kMapped : Residence::kPackFile, text_of(c.reason()));
}

bool is_left_out(const Value* value) {
  return value != nullptr && value->is_constant() && value->constant->residence() == Residence::kDropped;
}

const fbs::Packed* packed_of(const fbs::Step& step, uint32_t input) {
  const fbs::Packed* found = nullptr;
  for (uint32_t p = 0; p < size_of(step.packed()); ++p)
    if (step.packed()->Get(p)->input() == input) found = step.packed()->Get(p);
  return found;
}

// Before a kernel is made: it may look at constants that it does not pack.
Status check_left_out(const fbs::Step& step, const std::vector<Value*>& inputs) {
  for (uint32_t i = 0; i < inputs.size(); ++i)
    if (is_left_out(inputs[i]) && packed_of(step, i) == nullptr)
      return misfit("a step reads a constant that is left out");
  return {};
}

Status Plan::make_kernel(ClaimedGroup* group, Provider& provider, Step* step) const {
  if (group != nullptr) {
    TENON_ASSIGN_OR_RETURN(step->kernel, provider.compile(*group));
    step->input_values = std::move(group->inputs);
    step->output_values = std::move(group->outputs);
    return {};
  }
  const Node& node = *step->nodes.front();
  if (step->nodes.size() != 1 || has_subgraph(node)) return misfit("a step cannot be one kernel");
  TENON_ASSIGN_OR_RETURN(step->kernel, provider.create_kernel(node));
  step->input_values = node.inputs;
  step->output_values = node.outputs;
  return {};
}

Status Plan::bind_packs(const fbs::Step& written, Step* step) const {
  size_t bound = 0;
  for (uint32_t i = 0; i < step->input_values.size(); ++i) {
    const Value* value = step->input_values[i];
    if (value == nullptr || !value->is_constant()) continue;
    TENON_ASSIGN_OR_RETURN(const tn_pack_plan asked, step->kernel.pack_plan(i));
    const bool has_data = value->constant->residence() != Residence::kDropped;
    if (asked.byte_length == 0) {
      if (!has_data) return error(TN_UNSUPPORTED, "a kernel asks for a weight that was only kept packed");
      continue;
    }
    const fbs::Packed* found = packed_of(written, i);
    const std::string key = asked.key.data == nullptr ? "" : std::string(asked.key.data, asked.key.size);
    if (found == nullptr || text_of(found->key()) != key || (asked.source_needed && !has_data))
      return error(TN_UNSUPPORTED, "its packed weights are '", found == nullptr ? "missing" : text_of(found->key()),
                   "', and the kernel asks for '", key, "'");
    if (found->blob() >= pack_->blob_count()) return misfit("a packed weight lies in no blob");
    const auto blob = pack_->blob(found->blob());
    if (blob.size() != asked.byte_length ||
        reinterpret_cast<uintptr_t>(blob.data()) % std::max<uint32_t>(asked.alignment, 1) != 0)
      return misfit("a packed weight has another size or alignment than its kernel asks for");
    TENON_RETURN_IF_ERROR(step->kernel.bind_pack(i, blob.data(), blob.size()));
    ++bound;
  }
  return bound == size_of(written.packed()) ? Status()
                                            : error(TN_UNSUPPORTED, "its kernels do not pack what was packed");
}

Result<Step> Plan::make_step(const fbs::Step& written, const Graph& graph, const ProviderList& providers,
                             ClaimedGroup* group) const {
  if (written.provider() >= providers.size()) return misfit("a step has no provider");
  Provider& provider = *providers[written.provider()];
  Step step;
  step.provider = provider.name();
  step.label = text_of(written.label());
  step.is_group = written.is_group();
  TENON_ASSIGN_OR_RETURN(step.nodes, nodes_of(written, graph));
  Status status = check_left_out(written, group != nullptr ? group->inputs : step.nodes.front()->inputs);
  if (status.is_ok()) status = make_kernel(group, provider, &step);
  if (status.is_ok()) status = bind_packs(written, &step);
  if (!status.is_ok()) return status.with_context(describe(step));
  return step;
}

Result<std::vector<const Node*>> Plan::nodes_of(const fbs::Step& written, const Graph& graph) const {
  std::vector<const Node*> nodes;
  for (size_t n = 0; n < size_of(written.nodes()); ++n) {
    const uint32_t node = written.nodes()->Get(static_cast<uint32_t>(n));
    if (node >= graph.nodes().size()) return misfit("a step has a node that the model lacks");
    nodes.push_back(graph.nodes()[node].get());
  }
  if (nodes.empty()) return misfit("a step has no nodes");
  return nodes;
}

// The interface of each group, and that it can be one kernel, by the rules that held when it was claimed.
Result<std::vector<ClaimedGroup>> Plan::groups_of(const Graph& graph) const {
  const std::map<const Node*, std::string> none_taken;
  tn_claims claims(graph, none_taken, true);
  for (size_t s = 0; s < size_of(plan_->steps()); ++s) {
    const fbs::Step& written = *plan_->steps()->Get(static_cast<uint32_t>(s));
    if (!written.is_group()) continue;
    TENON_ASSIGN_OR_RETURN(const auto nodes, nodes_of(written, graph));
    TENON_RETURN_IF_ERROR(claims.claim_group(nodes, text_of(written.label())));
  }
  return claims.take().groups;
}

Result<std::vector<Step>> Plan::make_steps(const Graph& graph, const ProviderList& providers) const {
  TENON_ASSIGN_OR_RETURN(std::vector<ClaimedGroup> groups, groups_of(graph));
  std::vector<Step> steps;
  std::unordered_set<const Node*> covered;
  size_t next_group = 0, nodes = 0;
  for (size_t s = 0; s < size_of(plan_->steps()); ++s) {
    const fbs::Step& written = *plan_->steps()->Get(static_cast<uint32_t>(s));
    ClaimedGroup* group = written.is_group() ? &groups[next_group++] : nullptr;
    TENON_ASSIGN_OR_RETURN(Step step, make_step(written, graph, providers, group));
    covered.insert(step.nodes.begin(), step.nodes.end());
    nodes += step.nodes.size();
    steps.push_back(std::move(step));
  }
  if (nodes != graph.nodes().size() || covered.size() != nodes) return misfit("its steps are not its nodes");
  TENON_RETURN_IF_ERROR(sort_steps(graph, &steps));
  return steps;
}

Result<PackPlan::Restored> Plan::restore(std::vector<SourceFile> files, const ProviderList& providers) const {
  TENON_RETURN_IF_ERROR(check_providers(providers));
  if (files.size() != size_of(plan_->sources())) return misfit("it has another number of files");
  if (plan_->model() == nullptr) return misfit("it holds no model");
  OrtReadOptions options;
  options.mapping = &pack_->mapping();
  options.outside = [&](const std::string&, tn_dtype dtype, std::vector<int64_t> shape, int64_t offset) {
    return constant(files, dtype, std::move(shape), offset);
  };
  const auto* bytes = reinterpret_cast<const std::byte*>(plan_->model()->data());
  Restored restored;
  TENON_ASSIGN_OR_RETURN(restored.model, read_ort({bytes, plan_->model()->size()}, pack_, options));
  TENON_ASSIGN_OR_RETURN(restored.steps, make_steps(*restored.model->graph, providers));
  for (const Graph* graph : graph_tree(*restored.model->graph))
    if (std::any_of(graph->outputs.begin(), graph->outputs.end(), is_left_out)) return misfit("an output is left out");
  restored.model->files = std::move(files);
  return restored;
}

std::vector<NodePlacement> Plan::decisions(const Graph& graph) const {
  std::vector<NodePlacement> decisions;
  const auto at = [](const auto* texts, size_t i) {
    return i < size_of(texts) ? texts->Get(static_cast<uint32_t>(i))->str() : std::string();
  };
  for (size_t i = 0; i < graph.nodes().size(); ++i) {
    NodePlacement d = placement_of(*graph.nodes()[i]);
    d.kernel = at(plan_->kernels(), i);
    d.reason = at(plan_->reasons(), i);
    const size_t provider =
        i < size_of(plan_->node_providers()) ? plan_->node_providers()->Get(static_cast<uint32_t>(i)) : SIZE_MAX;
    if (provider < size_of(plan_->providers()))
      d.provider = text_of(plan_->providers()->Get(static_cast<uint32_t>(provider))->name());
    decisions.push_back(std::move(d));
  }
  return decisions;
}

}  // namespace

Result<std::unique_ptr<PackPlan>> PackPlan::read(std::shared_ptr<const PackFile> pack) {
  const auto section = pack->section(kPlanSection);
  flatbuffers::Verifier verifier(reinterpret_cast<const uint8_t*>(section.data()), section.size(), 64, kMaxTables);
  if (section.empty() || !verifier.VerifyBuffer<fbs::Plan>(nullptr))
    return error(TN_INVALID_MODEL, "it holds no plan of this format");
  const fbs::Plan* plan = flatbuffers::GetRoot<fbs::Plan>(section.data());
  return std::unique_ptr<PackPlan>(std::make_unique<Plan>(std::move(pack), plan));
}

}  // namespace tenon::host
