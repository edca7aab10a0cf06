// Packed weights: asks each kernel what it wants in its slots, and has it packed once per key and constants, into
// memory or into a pack file. Used by one thread while a session opens; the packed bytes are read-only afterwards and
// must outlive the kernels.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <unordered_set>
#include <vector>

#include "host/runtime/host_region.h"
#include "host/runtime/program.h"

namespace tenon::host {

/// What the kernels ask for, before a byte of a weight is touched. A weight that subgraphs read, too, is one weight.
struct PrepackPlan {
  /// step_tree() of the list that was asked, which must stay where it is; other fields count in it.
  std::vector<const Step*> steps;
  struct Blob {
    size_t step;  // whose kernel packs it
    uint32_t slot;
    std::vector<uint32_t> inputs;  // of the step: what it is made of
    uint32_t alignment;            // 64 to 4096
    uint64_t bytes;
    std::string label;               // "packed 'fc_weight'"
    std::vector<std::byte> content;  // of a blob whose length nobody knew before
  };
  struct Use {
    size_t step;
    uint32_t slot;
    size_t blob;
    std::string key;               // of the kernel
    std::vector<uint32_t> inputs;  // of the step
    bool sources_needed;           // the kernel reads the inputs themselves, too
  };
  std::vector<Blob> blobs;
  std::vector<Use> uses;
  uint64_t bytes = 0;      // of the blobs
  bool validates = false;  // pack_blob() watches the kernel
  /// Constants that no kernel reads other than through packed bytes.
  std::unordered_set<const Value*> unread_sources;
};

/// Blobs whose length only packing tells are packed here. TN_OUT_OF_MEMORY names the step whose blob passed
/// `limit_bytes`; errors of kernels come with their step.
Result<PrepackPlan> plan_prepack(const std::vector<Step>& steps, const Graph& graph, uint64_t limit_bytes);

/// Whether the inputs that a plan of the step's kernel names are constant, each once; TN_INTERNAL where not.
Status check_pack_inputs(const Step& step, uint32_t slot, const tn_pack_plan& plan);
/// Binds a slot of the step's kernel to its packed bytes, which must outlive it, and tells the step of it. `inputs` and
/// `sources_needed` are those of the slot's plan.
Status bind_pack(Step& step, uint32_t slot, std::span<const std::byte> blob, std::span<const uint32_t> inputs,
                 bool sources_needed);
/// The constants that a blob of the plan is made from.
std::vector<const Tensor*> sources_of(const PrepackPlan& plan, const PrepackPlan::Blob& blob);
/// Packs one blob into `memory`, which has its size and alignment. Of a plan that validates it is packed twice before,
/// into guarded memory: TN_INTERNAL where bytes around it were written, or some of its own not or otherwise. thread:
/// any
Status pack_blob(const PrepackPlan& plan, const PrepackPlan::Blob& blob, void* memory);

struct PackedWeights {
  std::unique_ptr<HostRegion> region;  // all packed blobs
  uint64_t bytes = 0;                  // of the blobs
};

/// Whether private copies of constants are freed that only exist packed from then on.
enum class Sources { kKept, kDropped };

/// Packs into private memory, or that of `memory`, and hands it to the kernels of `steps`, the list that the plan was
/// made for.
Result<PackedWeights> prepack(std::vector<Step>& steps, const PrepackPlan& plan, unsigned threads, Sources sources,
                              const std::shared_ptr<RegionSource>& memory = nullptr);

}  // namespace tenon::host
