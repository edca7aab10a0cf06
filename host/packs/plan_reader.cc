#include "host/packs/plan_reader.h"

#include <algorithm>

#include "host/base/checked.h"
#include "host/base/dtype.h"
#include "host/formats/ort/reader.h"
#include "host/graph/shape_inference.h"
#include "host/packs/pack_proof.h"
#include "host/packs/step_reader.h"
#include "host/placement/described_schemas.h"

namespace tenon::host {
using plan_format::text_of;  // beside that of the ABI

namespace {

namespace fbs = plan_format;

constexpr size_t kMaxTables = 64'000'000;

using plan_format::misfit;
using plan_format::size_of;

std::vector<Port> ports_of(const flatbuffers::Vector<flatbuffers::Offset<fbs::Port>>* written) {
  std::vector<Port> ports;
  for (size_t i = 0; i < size_of(written); ++i) {
    const fbs::Port& p = *written->Get(static_cast<uint32_t>(i));
    Port port;
    port.name = text_of(p.name());
    port.type.kind = static_cast<ValueType::Kind>(p.kind());
    port.type.dtype = dtype_from_number(p.dtype());
    port.type.held = static_cast<ValueType::Kind>(p.held());
    port.type.key = dtype_from_number(p.key());
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

bool has_name_and_type(const Port& port, const Value& value) {
  return port.name == value.name && element_type(port.type) == element_type(value.type);
}

// What a run is held against must not promise less than the value, for whose type kernels are made.
bool fits_input(const Port& port, const Value& value) {
  const ValueType& type = value.type;
  if (!has_name_and_type(port, value)) return false;
  if (!type.dims) return true;
  return port.type.dims && std::equal(port.type.dims->begin(), port.type.dims->end(), type.dims->begin(),
                                      type.dims->end(), [](const Dim& declared, const Dim& known) {
                                        return known.value < 0 || declared.value == known.value;
                                      });
}

Status check_ports(const std::vector<Port>& inputs, const std::vector<Port>& outputs, const Graph& graph) {
  const auto all_fit = [](const std::vector<Port>& ports, const std::vector<Value*>& values, auto fits) {
    return std::equal(ports.begin(), ports.end(), values.begin(), values.end(),
                      [&](const Port& port, const Value* value) { return fits(port, *value); });
  };
  if (!all_fit(inputs, graph.inputs, fits_input)) return misfit("its inputs are not those of the model");
  if (!all_fit(outputs, graph.outputs, has_name_and_type)) return misfit("its outputs are not those of the model");
  return {};
}

// The rules that an imported model is held to. What a plan declares was inferred once, so nothing contradicts it.
Status check_types(Model& model) {
  const auto count_notes = [&] {
    size_t count = 0;
    for (const Graph* graph : graph_tree(*model.graph)) count += graph->notes.size();
    return count;
  };
  const size_t before = count_notes();
  TENON_RETURN_IF_ERROR(infer_shapes(model));
  return count_notes() == before ? Status() : misfit("a value has another shape than its operator gives");
}

class Plan final : public PackPlan {
 public:
  Plan(std::shared_ptr<const PackFile> pack, const fbs::Plan* plan) : pack_(std::move(pack)), plan_(plan) {}

  std::vector<PlanSource> sources() const override;
  std::string model_path() const override { return text_of(plan_->model_path()); }
  std::vector<Port> inputs() const override { return ports_of(plan_->inputs()); }
  std::vector<Port> outputs() const override { return ports_of(plan_->outputs()); }
  std::string fixed_dimensions() const override { return text_of(plan_->fixed_dimensions()); }
  std::vector<std::string> notes() const override {
    std::vector<std::string> notes;
    for (size_t i = 0; i < size_of(plan_->notes()); ++i)
      notes.push_back(plan_->notes()->Get(static_cast<uint32_t>(i))->str());
    return notes;
  }
  Result<Restored> restore(std::vector<SourceFile> files, const ProviderList& providers,
                           bool is_unproven) const override;
  Status prove(const Restored& restored) const override {
    return prove_packing(*plan_, *pack_, *restored.model->graph, restored.steps);
  }
  std::vector<NodePlacement> decisions(const Graph& graph) const override;

 private:
  Status check_providers(const ProviderList& providers) const;
  Result<Tensor> constant(const std::vector<SourceFile>& files, tn_dtype dtype, std::vector<int64_t> shape,
                          int64_t index) const;

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
  if (made_for != given || providers.size() != size_of(plan_->providers()))
    return error(TN_UNSUPPORTED, "it was made for the providers ", made_for, ", and the session asks for ", given);
  for (uint32_t i = 0; i < providers.size(); ++i) {
    const std::string build = text_of(plan_->providers()->Get(i)->build());
    if (build != providers[i]->build())
      return error(TN_UNSUPPORTED, "it was made with another build of the provider ", providers[i]->name(), " (",
                   build.empty() ? "an unknown one" : build, "; here is ",
                   providers[i]->build().empty() ? "one without a library" : providers[i]->build(), ")");
  }
  return {};
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

Result<PackPlan::Restored> Plan::restore(std::vector<SourceFile> files, const ProviderList& providers,
                                         bool is_unproven) const {
  TENON_RETURN_IF_ERROR(check_providers(providers));
  if (files.size() != size_of(plan_->sources())) return misfit("it has another number of files");
  if (plan_->model() == nullptr) return misfit("it holds no model");
  OrtReadOptions options;
  options.mapping = &pack_->mapping();
  options.is_verified = !is_unproven;
  options.outside = [&](const std::string&, tn_dtype dtype, std::vector<int64_t> shape, int64_t offset) {
    return constant(files, dtype, std::move(shape), offset);
  };
  const auto* bytes = reinterpret_cast<const std::byte*>(plan_->model()->data());
  Restored restored;
  TENON_ASSIGN_OR_RETURN(restored.model, read_ort({bytes, plan_->model()->size()}, pack_, options));
  TENON_RETURN_IF_ERROR(bind_described_schemas(*restored.model, providers));
  if (is_unproven) TENON_RETURN_IF_ERROR(check_types(*restored.model));
  TENON_RETURN_IF_ERROR(check_ports(inputs(), outputs(), *restored.model->graph));
  TENON_ASSIGN_OR_RETURN(restored.steps, read_steps(*plan_, *pack_, *restored.model->graph, providers));
  for (const Graph* graph : graph_tree(*restored.model->graph))
    if (std::any_of(graph->outputs.begin(), graph->outputs.end(), is_left_out)) return misfit("an output is left out");
  const Graph& graph = *restored.model->graph;
  if (graph.inputs.size() != size_of(plan_->inputs()) || graph.outputs.size() != size_of(plan_->outputs()))
    return misfit("its graph has other inputs or outputs than it declares");
  restored.model->graph->name = text_of(plan_->graph_name());
  restored.model->files = std::move(files);
  return restored;
}

std::vector<NodePlacement> Plan::decisions(const Graph& graph) const {
  std::vector<NodePlacement> decisions;
  const auto at = [](const auto* texts, size_t i) {
    return i < size_of(texts) ? texts->Get(static_cast<uint32_t>(i))->str() : std::string();
  };
  for_each_node(graph, [&](const Node& node, const std::string& within) {
    const size_t i = decisions.size();
    NodePlacement d = placement_of(node, within);
    d.kernel = at(plan_->kernels(), i);
    d.reason = at(plan_->reasons(), i);
    const size_t provider =
        i < size_of(plan_->node_providers()) ? plan_->node_providers()->Get(static_cast<uint32_t>(i)) : SIZE_MAX;
    if (provider < size_of(plan_->providers()))
      d.provider = text_of(plan_->providers()->Get(static_cast<uint32_t>(provider))->name());
    if (provider == size_of(plan_->providers())) d.provider = kHostName;
    decisions.push_back(std::move(d));
  });
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
