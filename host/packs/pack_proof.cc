#include "host/packs/pack_proof.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <unordered_map>

#include "host/base/checked.h"
#include "host/packs/step_reader.h"
#include "host/runtime/host_region.h"

namespace tenon::host {
using plan_format::text_of;  // beside that of the ABI

namespace {

namespace fbs = plan_format;
using plan_format::misfit;
using plan_format::size_of;

// Mixes the bits of a counter, so that no two elements that a layout might exchange are equal.
uint64_t mixed(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

void fill_probe(tn_dtype dtype, std::byte* bytes, uint64_t length) {
  if (dtype == TN_FLOAT) {  // numbers: a kernel may do more than move them
    for (uint64_t i = 0; i < length / sizeof(float); ++i) {
      const float value = static_cast<float>(mixed(i + 1) >> 40) / (1 << 23) - 1;
      std::memcpy(bytes + i * sizeof value, &value, sizeof value);
    }
    return;
  }
  for (uint64_t i = 0; i < length; ++i)
    bytes[i] = static_cast<std::byte>(mixed(i + 1) & (dtype == TN_BOOL ? 0x01 : 0xff));
}

Result<HostRegion> packed_again(const Step& step, uint32_t slot, std::span<const Tensor* const> sources,
                                uint64_t packed_bytes) {
  TENON_ASSIGN_OR_RETURN(HostRegion memory, HostRegion::allocate(packed_bytes));
  TENON_ASSIGN_OR_RETURN(const tn_pack_plan plan, step.kernel.pack_plan(slot));
  if (plan.byte_length != TN_LENGTH_UNKNOWN) {
    TENON_RETURN_IF_ERROR(step.kernel.pack(slot, sources, {memory.data(), packed_bytes, nullptr, 1}));
    return memory;
  }
  std::vector<std::byte> appended;
  TENON_RETURN_IF_ERROR(step.kernel.pack(slot, sources, {nullptr, 0, &appended, 1}));
  appended.resize(packed_bytes);  // of another length it is not the same
  std::copy(appended.begin(), appended.end(), memory.data());
  return memory;
}

Result<Digest> probe_digest(const Step& step, uint32_t slot, std::span<const uint32_t> inputs, uint64_t packed_bytes) {
  std::vector<HostRegion> memory;
  std::vector<Tensor> probes;
  for (const uint32_t input : inputs) {
    const Tensor& weight = *step.input_values[input]->constant;
    const auto length = checked_byte_length(weight.dtype(), weight.shape()).get();
    if (!length || weight.dtype() == TN_STRING) return misfit("a packed weight has no size");
    TENON_ASSIGN_OR_RETURN(HostRegion source, HostRegion::allocate(*length));
    fill_probe(weight.dtype(), source.data(), *length);
    probes.emplace_back(weight.dtype(), weight.shape(), source.data(), *length, nullptr, Residence::kBorrowed);
    memory.push_back(std::move(source));
  }
  std::vector<const Tensor*> sources;
  for (const Tensor& probe : probes) sources.push_back(&probe);
  TENON_ASSIGN_OR_RETURN(const HostRegion packed, packed_again(step, slot, sources, packed_bytes));
  return digest_of({packed.data(), static_cast<size_t>(packed_bytes)});
}

std::vector<uint32_t> inputs_of(const fbs::Packed& packed) {
  std::vector<uint32_t> inputs;
  for (uint32_t i = 0; i < size_of(packed.inputs()); ++i) inputs.push_back(packed.inputs()->Get(i));
  return inputs;
}

// One kind of packing; the key is the kernel's.
using Kind = std::pair<std::string, std::string>;

struct Proof {
  const Step* step;
  uint32_t slot;
  std::vector<uint32_t> inputs;
  std::span<const std::byte> blob;
  const fbs::Digest* probe;  // nullptr: the weights themselves are at hand

  Status check() const {
    bool is_same = false;
    if (probe == nullptr) {
      std::vector<const Tensor*> sources;
      for (const uint32_t input : inputs) sources.push_back(&*step->input_values[input]->constant);
      TENON_ASSIGN_OR_RETURN(const HostRegion packed, packed_again(*step, slot, sources, blob.size()));
      is_same = std::memcmp(packed.data(), blob.data(), blob.size()) == 0;
    } else {
      TENON_ASSIGN_OR_RETURN(const Digest digest, probe_digest(*step, slot, inputs, blob.size()));
      is_same = digest == Digest{probe->low(), probe->high()};
    }
    if (is_same) return {};
    return error(TN_UNSUPPORTED, "provider '", step->provider, "' packs ",
                 inputs.empty() ? concat("slot ", slot) : concat("'", step->input_values[inputs[0]]->name, "'"),
                 " otherwise than when the pack was made, under the same key: it is another build of the provider");
  }
};

}  // namespace

bool has_builds(const ProviderList& providers) {
  return std::none_of(providers.begin(), providers.end(), [](const auto& p) { return p->build().empty(); });
}

Result<std::vector<std::optional<Digest>>> probe_digests(const PrepackPlan& plan,
                                                         const std::function<bool(const Value*)>& left_out) {
  std::map<Kind, size_t> smallest;  // uses
  for (size_t u = 0; u < plan.uses.size(); ++u) {
    const PrepackPlan::Use& use = plan.uses[u];
    const auto [it, is_new] = smallest.try_emplace({plan.steps[use.step]->provider, use.key}, u);
    if (!is_new && plan.blobs[use.blob].bytes < plan.blobs[plan.uses[it->second].blob].bytes) it->second = u;
  }
  std::vector<std::optional<Digest>> digests(plan.blobs.size());
  for (const auto& [kind, u] : smallest) {
    const PrepackPlan::Use& use = plan.uses[u];
    const PrepackPlan::Blob& blob = plan.blobs[use.blob];
    const Step& step = *plan.steps[blob.step];
    if (std::none_of(blob.inputs.begin(), blob.inputs.end(),
                     [&](uint32_t input) { return left_out(step.input_values[input]); }))
      continue;
    auto digest = probe_digest(step, blob.slot, blob.inputs, blob.bytes);
    if (!digest.is_ok()) return digest.status().with_context(describe(step));
    digests[use.blob] = *digest;
  }
  return digests;
}

Status prove_packing(const fbs::Plan& plan, const PackFile& pack, const Graph& graph, const std::vector<Step>& steps) {
  std::vector<const Node*> nodes;
  for_each_node(graph, [&](const Node& node, const std::string&) { nodes.push_back(&node); });
  std::unordered_map<const Node*, const Step*> step_of;
  for (const Step* step : step_tree(steps)) step_of.emplace(step->nodes.front(), step);
  std::map<Kind, Proof> proofs;
  for (uint32_t s = 0; s < size_of(plan.steps()); ++s) {
    const fbs::Step& written = *plan.steps()->Get(s);
    const Step* step = step_of.at(nodes.at(written.nodes()->Get(0)));
    if (step->is_host()) continue;
    for (uint32_t p = 0; p < size_of(written.packed()); ++p) {
      const fbs::Packed& packed = *written.packed()->Get(p);
      std::vector<uint32_t> inputs = inputs_of(packed);
      const bool is_here = std::none_of(inputs.begin(), inputs.end(),
                                        [&](uint32_t input) { return is_left_out(step->input_values.at(input)); });
      if (!is_here && packed.probe() == nullptr) continue;
      const Proof proof{step, packed.slot(), std::move(inputs), pack.blob(packed.blob()),
                        is_here ? nullptr : packed.probe()};
      const auto [it, is_new] = proofs.try_emplace({step->provider, text_of(packed.key())}, proof);
      if (!is_new && proof.blob.size() < it->second.blob.size()) it->second = proof;
    }
  }
  for (const auto& [kind, proof] : proofs)
    if (const Status status = proof.check(); !status.is_ok()) return status.with_context(describe(*proof.step));
  return {};
}

}  // namespace tenon::host
