// tn_run_api: checks what a kernel passes and forwards it to the KernelRun. No exception leaves this file in either
// direction.
#include <bit>
#include <cstring>

#include "host/base/dtype.h"
#include "host/base/exceptions.h"
#include "host/plugins/abi/abi_parallel.h"
#include "host/plugins/abi/abi_sizes.h"
#include "host/plugins/abi/abi_tables.h"
#include "host/plugins/kernel_run.h"

namespace tenon::host {
namespace {

constexpr uint32_t kMaxRank = 256;
constexpr size_t kMaxAlignment = 4096;

thread_local RunScope* current_scope = nullptr;

template <typename Body>
tn_status* guard(Body&& body) {
  try {
    return to_abi(body());
  } catch (...) {
    return to_abi(status_of_exception([](const char* what) { return error(TN_INTERNAL, what); }));
  }
}

uint32_t input_count(tn_run* r) {
  return KernelRun::from_abi(r)->input_count();
}
uint32_t output_count(tn_run* r) {
  return KernelRun::from_abi(r)->output_count();
}

const tn_tensor* input(tn_run* r, uint32_t index) {
  KernelRun& run = *KernelRun::from_abi(r);
  return index < run.input_count() ? run.input(index) : nullptr;
}

bool output_wanted(tn_run* r, uint32_t index) {
  KernelRun& run = *KernelRun::from_abi(r);
  return index < run.output_count() && run.output_wanted(index);
}

Status check_output(const KernelRun& run, uint32_t index, uint32_t dtype, const int64_t* shape, uint32_t rank,
                    const tn_tensor* out) {
  if (index >= run.output_count())
    return error(TN_INTERNAL, "the kernel asks for output ", index, " of ", run.output_count());
  if (dtype_bits(dtype) == 0)
    return error(TN_INTERNAL, "the kernel asks for output ", index, " with element type ", dtype_name(dtype));
  if (rank > kMaxRank || (rank > 0 && shape == nullptr))
    return error(TN_INTERNAL, "the kernel asks for output ", index, " with rank ", rank,
                 shape == nullptr ? " and no shape" : "");
  if (!checked_byte_length(dtype, {shape, rank}).get())
    return error(TN_INVALID_ARGUMENT, "output ", index, " would have shape ", shape_text({shape, rank}),
                 ": a dimension is negative or the size does not fit in 64 bits");
  if (out == nullptr || out->struct_size < kTensorSizeV1)
    return error(TN_INTERNAL, "the kernel passes no tn_tensor with struct_size set to receive output ", index);
  return {};
}

tn_status* output(tn_run* r, uint32_t index, uint32_t dtype, const int64_t* shape, uint32_t rank, tn_tensor* out) {
  return guard([&]() -> Status {
    KernelRun& run = *KernelRun::from_abi(r);
    TENON_RETURN_IF_ERROR(check_output(run, index, dtype, shape, rank, out));
    tn_tensor made{};
    made.struct_size = sizeof made;
    TENON_RETURN_IF_ERROR(run.output(index, dtype, shape, rank, &made));
    const uint32_t size = out->struct_size;
    std::memcpy(out, &made, std::min<size_t>(size, sizeof made));
    out->struct_size = size;
    return {};
  });
}

tn_status* set_string(tn_run* r, uint32_t index, int64_t element, tn_str value) {
  return guard([&]() -> Status {
    KernelRun& run = *KernelRun::from_abi(r);
    if (index >= run.output_count() || element < 0 || (value.data == nullptr && value.size > 0))
      return error(TN_INTERNAL, "the kernel sets string ", element, " of output ", index, " of ", run.output_count());
    return run.set_string(index, element, std::string_view(value.data == nullptr ? "" : value.data, value.size));
  });
}

void* scratch(tn_run* r, size_t bytes, size_t alignment) {
  if (!std::has_single_bit(alignment) || alignment > kMaxAlignment) return nullptr;
  try {
    return KernelRun::from_abi(r)->scratch(bytes, alignment);
  } catch (const std::exception&) {
    return nullptr;
  }
}

tn_status* parallel_for(tn_run* r, const tn_parallel* work) {
  KernelRun& run = *KernelRun::from_abi(r);
  return run_parallel(work, run.max_workers(), &run);
}
uint32_t max_workers(tn_run* r) {
  return KernelRun::from_abi(r)->max_workers();
}
bool cancelled(tn_run* r) {
  return KernelRun::from_abi(r)->cancelled();
}
void phase(tn_run* r, tn_str name) {
  if (name.data == nullptr) return;
  try {
    KernelRun::from_abi(r)->phase(std::string_view(name.data, name.size));
  } catch (const std::exception&) {
    // A profile without memory for a phase goes without it.
  }
}
tn_stream* stream(tn_run*) {
  return nullptr;
}
void count(tn_run* r, uint32_t counter, uint64_t amount) {
  if (counter <= TN_COUNT_BYTES) KernelRun::from_abi(r)->count(static_cast<tn_counter>(counter), amount);
}

constexpr tn_run_api kRunApi = {sizeof(tn_run_api), 0,         input_count, output_count, input,
                                output_wanted,      output,    set_string,  scratch,      parallel_for,
                                max_workers,        cancelled, phase,       stream,       count};

}  // namespace

const tn_run_api& run_api() {
  return kRunApi;
}

RunScope::RunScope() : outer_(current_scope) {
  current_scope = this;
}
RunScope::~RunScope() {
  current_scope = outer_;
}
RunScope* RunScope::current() {
  return current_scope;
}

}  // namespace tenon::host
