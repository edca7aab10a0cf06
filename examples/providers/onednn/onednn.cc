// The thin layer over oneDNN; see onednn.h.
#include "onednn.h"

#include <omp.h>

#include <algorithm>

namespace onednn {
namespace {

struct NamedIsa {
  const char* name;
  dnnl::cpu_isa isa;
};
constexpr NamedIsa kIsas[] = {{"sse41", dnnl::cpu_isa::sse41},
                              {"avx", dnnl::cpu_isa::avx},
                              {"avx2", dnnl::cpu_isa::avx2},
                              {"avx2_vnni", dnnl::cpu_isa::avx2_vnni},
                              {"avx512_core", dnnl::cpu_isa::avx512_core},
                              {"avx512_core_vnni", dnnl::cpu_isa::avx512_core_vnni},
                              {"avx512_core_bf16", dnnl::cpu_isa::avx512_core_bf16},
                              {"avx512_core_amx", dnnl::cpu_isa::avx512_core_amx}};

const dnnl_blocking_desc_t& blocking(const Desc& desc) {
  return desc.data.format_desc.blocking;
}

}  // namespace

const dnnl::engine& cpu() {
  static const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}

OneThread::OneThread() : threads_before_(omp_get_max_threads()) {
  if (threads_before_ != 1) omp_set_num_threads(1);
}
OneThread::~OneThread() {
  if (threads_before_ != 1) omp_set_num_threads(threads_before_);
}

sdk::Status status_of(const dnnl::error& error, std::string_view what) {
  const auto text = [&](const char* why) { return sdk::concat("oneDNN ", why, " for ", what); };
  switch (error.status) {
    case dnnl_out_of_memory: return sdk::Status(TN_OUT_OF_MEMORY, text("is out of memory"));
    case dnnl_unimplemented: return sdk::Status(TN_UNSUPPORTED, text("has no implementation"));
    case dnnl_invalid_arguments: return sdk::Status(TN_UNSUPPORTED, text("does not take the shapes and attributes"));
    default: return sdk::Status(TN_INTERNAL, sdk::concat(text("failed"), ": ", error.what()));
  }
}

Desc row_major(const Dims& dims) {
  Dims strides(dims.size(), 1);
  for (size_t i = dims.size() - 1; i-- > 0;) strides[i] = strides[i + 1] * std::max<int64_t>(dims[i + 1], 1);
  return Desc(dims, dnnl::memory::data_type::f32, strides);
}

Desc channels_last(const Dims& dims) {
  Dims strides(dims.size(), 1);
  int64_t next = dims[1];
  for (size_t i = dims.size(); i-- > 2;) strides[i] = next, next *= dims[i];
  strides[0] = next;
  return Desc(dims, dnnl::memory::data_type::f32, strides);
}

Desc part_of(const Desc& whole, int dim, int64_t count) {
  Desc part = whole;
  const int64_t block = block_of(whole, dim);
  part.data.dims[dim] = count;
  part.data.padded_dims[dim] = (count + block - 1) / block * block;
  return part;
}

int64_t stride_bytes(const Desc& desc, int dim) {
  return blocking(desc).strides[dim] * static_cast<int64_t>(sizeof(float));
}

int64_t block_of(const Desc& desc, int dim) {
  int64_t block = 1;
  for (int i = 0; i < blocking(desc).inner_nblks; ++i)
    if (blocking(desc).inner_idxs[i] == dim) block *= blocking(desc).inner_blks[i];
  return block;
}

bool has_padding(const Desc& desc) {
  for (int i = 0; i < desc.data.ndims; ++i)
    if (desc.data.dims[i] != desc.data.padded_dims[i]) return true;
  return false;
}

std::string layout_text(const Desc& desc) {
  std::string text = "f32";
  const auto list = [&](const char* name, const dnnl_dim_t* numbers, int count) {
    text += name;
    for (int i = 0; i < count; ++i) text += (i == 0 ? "" : "x") + std::to_string(numbers[i]);
  };
  list(" dims=", desc.data.dims, desc.data.ndims);
  list(" padded=", desc.data.padded_dims, desc.data.ndims);
  list(" strides=", blocking(desc).strides, desc.data.ndims);
  list(" blocks=", blocking(desc).inner_blks, blocking(desc).inner_nblks);
  list(" of=", blocking(desc).inner_idxs, blocking(desc).inner_nblks);
  return text;
}

std::string library_text() {
  const dnnl_version_t* version = dnnl_version();
  return sdk::concat("oneDNN ", version->major, ".", version->minor, ".", version->patch, " ", version->hash, " ",
                     isa_name(dnnl::get_effective_cpu_isa()));
}

const char* isa_name(dnnl::cpu_isa isa) {
  for (const NamedIsa& known : kIsas)
    if (known.isa == isa) return known.name;
  return "unknown";
}

sdk::Status limit_isa(const std::string& name) {
  std::string known;
  for (const NamedIsa& isa : kIsas) {
    known += (known.empty() ? "" : ", ") + std::string(isa.name);
    if (name != isa.name) continue;
    if (dnnl::set_max_cpu_isa(isa.isa) == dnnl::status::success) return {};
    // Each set has the bits of those that it contains.
    const auto in_effect = static_cast<unsigned>(dnnl::get_effective_cpu_isa());
    if ((in_effect & ~static_cast<unsigned>(isa.isa)) == 0) return {};
    return sdk::invalid_argument("max_isa is ", name, ", but oneDNN already runs with ",
                                 isa_name(dnnl::get_effective_cpu_isa()),
                                 " in this process: set it before the first session, the same for all");
  }
  return sdk::invalid_argument("max_isa is '", name, "', expected one of ", known);
}

}  // namespace onednn
