#include "host/packs/plan_writer.h"

#include <algorithm>

#include "host/formats/ort/writer.h"
#include "host/packs/plan_generated.h"
#include "host/storage/file_mapping.h"

namespace tenon::host {
namespace {

namespace fbs = plan_format;
using flatbuffers::Offset;

class PlanWriter {
 public:
  explicit PlanWriter(const PlanContents& contents) : c_(contents) {
    for (uint32_t i = 0; i < c_.providers->size(); ++i) provider_index_[(*c_.providers)[i]->name()] = i;
    provider_index_[kHostName] = static_cast<uint32_t>(c_.providers->size());
    for_each_node(*c_.model->graph, [this](const Node& node, const std::string&) {
      node_index_.emplace(&node, static_cast<uint32_t>(node_index_.size()));
    });
  }

  Result<std::vector<std::byte>> write() {
    TENON_ASSIGN_OR_RETURN(const std::vector<std::byte> model, write_model());
    // The nested buffer is aligned to its vector's start only if that is asked for.
    builder_.ForceVectorAlignment(model.size(), 1, 16);
    const auto model_bytes = builder_.CreateVector(reinterpret_cast<const uint8_t*>(model.data()), model.size());
    const auto constants = builder_.CreateVector(constants_);
    const auto sources = write_sources();
    const auto providers = write_providers();
    const auto steps = write_steps();
    std::vector<Offset<flatbuffers::String>> reasons, kernels;
    std::vector<uint8_t> node_providers;
    for (const NodePlacement& decision : c_.placement->decisions) {
      reasons.push_back(builder_.CreateSharedString(decision.reason));
      kernels.push_back(builder_.CreateSharedString(decision.kernel));
      node_providers.push_back(static_cast<uint8_t>(provider_index_.at(decision.provider)));
    }
    const auto inputs = write_ports(c_.inputs), outputs = write_ports(c_.outputs);
    std::vector<Offset<flatbuffers::String>> notes;
    for (const std::string& note : c_.notes) notes.push_back(builder_.CreateString(note));
    const auto fixed =
        c_.fixed_dimensions.empty() ? Offset<flatbuffers::String>() : builder_.CreateString(c_.fixed_dimensions);
    builder_.Finish(fbs::CreatePlan(builder_, model_bytes, builder_.CreateString(c_.model->path), constants, sources,
                                    providers, steps, builder_.CreateVector(reasons), builder_.CreateVector(kernels),
                                    builder_.CreateVector(node_providers), inputs, outputs,
                                    builder_.CreateVector(notes), builder_.CreateString(c_.model->graph->name), fixed));
    const auto* bytes = reinterpret_cast<const std::byte*>(builder_.GetBufferPointer());
    return std::vector<std::byte>(bytes, bytes + builder_.GetSize());
  }

 private:
  Result<std::vector<std::byte>> write_model() {
    OrtWriteOptions options;
    options.outside = [this](const Value& constant) -> std::optional<int64_t> {
      const auto it = c_.constants.find(&constant);
      if (it == c_.constants.end()) return std::nullopt;
      const ConstantPlace& place = it->second;
      const auto [index, is_new] = constant_index_.emplace(&constant, static_cast<int64_t>(constants_.size()));
      if (!is_new) return index->second;  // the writer asks more than once
      const auto reason =
          place.reason.empty() ? Offset<flatbuffers::String>() : builder_.CreateSharedString(place.reason);
      constants_.push_back(fbs::CreateConstant(builder_, static_cast<fbs::Holder>(place.holder), place.index,
                                               place.offset, place.length, reason));
      return index->second;
    };
    return write_ort(*c_.model, options);
  }

  Offset<flatbuffers::Vector<Offset<fbs::Source>>> write_sources() {
    std::vector<Offset<fbs::Source>> sources;
    for (size_t i = 0; i < c_.source_digests.size(); ++i) {
      const SourceFile& file = c_.model->files[i];
      const FileIdentity& id = file.mapping->identity();
      const fbs::Identity identity(id.device, id.inode, id.size, id.modified_ns, id.changed_ns);
      const Digest known = c_.source_digests[i].value_or(Digest());
      const fbs::Digest digest(known.low, known.high);
      sources.push_back(fbs::CreateSource(builder_, builder_.CreateString(file.location), &identity,
                                          c_.source_digests[i] ? &digest : nullptr));
    }
    return builder_.CreateVector(sources);
  }

  Offset<flatbuffers::Vector<Offset<fbs::Provider>>> write_providers() {
    std::vector<Offset<fbs::Provider>> providers;
    for (const auto& provider : *c_.providers)
      providers.push_back(fbs::CreateProviderDirect(builder_, provider->name().c_str(), provider->version().c_str(),
                                                    provider->build().c_str()));
    return builder_.CreateVector(providers);
  }

  Offset<flatbuffers::Vector<Offset<fbs::Step>>> write_steps() {
    const std::vector<const Step*> tree = step_tree(c_.placement->steps);
    std::vector<std::vector<Offset<fbs::Packed>>> packed(tree.size());
    for (const PrepackPlan::Use& use : c_.prepack->uses) {
      const Digest known = c_.probes[use.blob].value_or(Digest());
      const fbs::Digest probe(known.low, known.high);
      packed[use.step].push_back(
          fbs::CreatePacked(builder_, use.slot, c_.packed_blobs[use.blob], builder_.CreateSharedString(use.key),
                            c_.probes[use.blob] ? &probe : nullptr, builder_.CreateVector(use.inputs)));
    }
    std::vector<Offset<fbs::Step>> steps;
    for (size_t s = 0; s < tree.size(); ++s) {
      const Step& step = *tree[s];
      std::vector<uint32_t> nodes;
      for (const Node* node : step.nodes) nodes.push_back(node_index_.at(node));
      const auto label = builder_.CreateSharedString(step.label);
      steps.push_back(fbs::CreateStep(builder_, provider_index_.at(step.provider), step.is_group, label,
                                      builder_.CreateVector(nodes),
                                      packed[s].empty() ? 0 : builder_.CreateVector(packed[s]), step.tag));
    }
    return builder_.CreateVector(steps);
  }

  Offset<flatbuffers::Vector<Offset<fbs::Port>>> write_ports(std::span<const Port> ports) {
    std::vector<Offset<fbs::Port>> written;
    for (const Port& port : ports) {
      std::vector<Offset<fbs::Dim>> dims;
      for (const Dim& dim : port.type.dims.value_or(std::vector<Dim>()))
        dims.push_back(fbs::CreateDimDirect(builder_, dim.value, dim.symbol.empty() ? nullptr : dim.symbol.c_str()));
      written.push_back(fbs::CreatePortDirect(builder_, port.name.c_str(), static_cast<uint8_t>(port.type.kind),
                                              port.type.dtype, port.type.dims.has_value(), &dims,
                                              static_cast<uint8_t>(port.type.held), port.type.key));
    }
    return builder_.CreateVector(written);
  }

  const PlanContents& c_;
  flatbuffers::FlatBufferBuilder builder_;
  std::unordered_map<std::string, uint32_t> provider_index_;
  std::unordered_map<const Node*, uint32_t> node_index_;
  std::unordered_map<const Value*, int64_t> constant_index_;  // in constants_
  std::vector<Offset<fbs::Constant>> constants_;
};

}  // namespace

Result<std::vector<std::byte>> write_plan(const PlanContents& contents) {
  if (contents.providers->size() > 255) return error(TN_UNSUPPORTED, "more than 255 providers cannot be written down");
  return PlanWriter(contents).write();
}

}  // namespace tenon::host
