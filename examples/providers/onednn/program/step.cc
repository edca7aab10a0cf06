// Steps; see step.h.
#include "program/step.h"

#include <algorithm>
#include <cstring>

namespace onednn {
namespace {

int64_t aligned(int64_t bytes) {
  return (bytes + 63) / 64 * 64;
}

/// A memory object of the library that borrows its bytes.
class Borrowed {
 public:
  ~Borrowed() {
    if (memory_ != nullptr) dnnl_memory_destroy(memory_);
  }
  dnnl_status_t open(const Desc& desc, void* bytes) {
    return dnnl_memory_create(&memory_, &desc.data, cpu().get(), bytes);
  }
  dnnl_memory_t get() const { return memory_; }

 private:
  dnnl_memory_t memory_ = nullptr;
};

}  // namespace

void Copy::run(const Memory& memory) const {
  const char* source = memory.at<const char>(from);
  char* target = memory.at<char>(to);
  for (int64_t i = 0; i < rows; ++i)
    std::memcpy(target + i * to_stride, source + i * from_stride, static_cast<size_t>(row_bytes));
}

int PrimitiveStep::add_variant(dnnl::primitive primitive, std::vector<Operand> operands, const Desc& scratchpad) {
  const auto bytes = static_cast<int64_t>(scratchpad.get_size());
  if (bytes > 0) operands.push_back({DNNL_ARG_SCRATCHPAD, scratchpad});
  variants_.push_back({std::move(primitive), std::move(operands), bytes});
  worker_bytes = std::max(worker_bytes, static_cast<size_t>(aligned(bytes)));
  return static_cast<int>(variants_.size()) - 1;
}

void PrimitiveStep::add_call(Call call) {
  if (variants_[static_cast<size_t>(call.variant)].scratch_bytes > 0) call.places.push_back({Memory::kWorker, 0});
  calls_.push_back(std::move(call));
  parts = static_cast<int64_t>(calls_.size());
}

Place PrimitiveStep::add_worker_bytes(int64_t bytes) {
  const Place place{Memory::kWorker, static_cast<int64_t>(worker_bytes)};
  worker_bytes += static_cast<size_t>(aligned(bytes));
  return place;
}

sdk::Status PrimitiveStep::run(int64_t part, const Memory& memory) const {
  constexpr size_t kMost = 12;
  const Call& call = calls_[static_cast<size_t>(part)];
  const Variant& variant = variants_[static_cast<size_t>(call.variant)];
  for (const Copy& copy : call.before) copy.run(memory);
  Borrowed memories[kMost];
  dnnl_exec_arg_t arguments[kMost];
  const size_t count = variant.operands.size();
  dnnl_status_t status = count <= kMost ? dnnl_success : dnnl_runtime_error;
  for (size_t i = 0; i < count && status == dnnl_success; ++i) {
    status = memories[i].open(variant.operands[i].desc, memory.at(call.places[i]));
    arguments[i] = {variant.operands[i].name, memories[i].get()};
  }
  if (status == dnnl_success) {
    dnnl::stream stream(cpu());
    status = dnnl_primitive_execute(variant.primitive.get(), stream.get(), static_cast<int>(count), arguments);
  }
  if (status != dnnl_success) return status_of(dnnl::error(status, "could not run a primitive"), name);
  for (const Copy& copy : call.after) copy.run(memory);
  return {};
}

Bound Step::range(const std::vector<Bound>& sources, const Gain* gain) const {
  Bound bound = kUnbounded;
  switch (growth) {
    case Growth::kUnknown: return kUnbounded;
    case Growth::kSame: bound = sources[0]; break;
    case Growth::kSum: bound = sources[0] + sources[1]; break;
    case Growth::kProduct: bound = sources[0] * sources[1]; break;
    case Growth::kGain:
      if (gain == nullptr) return kUnbounded;
      bound = sources[0] * gain->sum + gain->bias;
      for (size_t i = 1; i < sources.size(); ++i) bound += sources[i];
      break;
    case Growth::kOne: bound = sources[0] < kUnbounded ? 1 : kUnbounded; break;
  }
  return bound <= ceiling ? std::min(bound, most) : kUnbounded;
}

}  // namespace onednn
