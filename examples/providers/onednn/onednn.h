// oneDNN as the rest of the provider uses it: one engine, primitives made and run for one thread, failures as Status.
// All functions may be called from any thread.
#pragma once

#include <dnnl.hpp>
#include <stdexcept>
#include <string>
#include <tenon/sdk/sdk.hpp>

namespace onednn {

namespace sdk = tenon::sdk;

using Dims = dnnl::memory::dims;
using Desc = dnnl::memory::desc;

const dnnl::engine& cpu();

/// While it lives, oneDNN sees one thread on the calling one: OpenMP starts none, and primitives are cut for one. The
/// host's threads share the work instead. The thread's number for OpenMP is put back at the end.
class OneThread {
 public:
  OneThread();
  ~OneThread();
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  const int threads_before_;
};

/// A library error as a Status: TN_UNSUPPORTED for what oneDNN does not implement.
sdk::Status status_of(const dnnl::error& error, std::string_view what);

/// Runs `body`, which returns a Status or a Result, as one thread and with oneDNN's exceptions caught.
template <typename Body>
auto guarded(std::string_view what, const Body& body) -> decltype(body()) {
  const OneThread one_thread;
  try {
    return body();
  } catch (const dnnl::error& error) {
    return status_of(error, what);
  } catch (const std::length_error&) {
    return sdk::unsupported("oneDNN does not take the sizes of ", what);
  }
}

/// float, row-major, without gaps.
Desc row_major(const Dims& dims);
/// The same with the channels, dimension 1, last.
Desc channels_last(const Dims& dims);
/// The index-th to (index + count)-th of dimension `dim` of a layout; for a blocked one both are whole blocks.
Desc part_of(const Desc& whole, int dim, int64_t count);
/// How many bytes lie between two neighbours of dimension `dim`, which are blocks where it is blocked.
int64_t stride_bytes(const Desc& desc, int dim);
/// Elements of one block along `dim`; 1 where it is not blocked.
int64_t block_of(const Desc& desc, int dim);
bool has_padding(const Desc& desc);
/// Whether oneDNN only has its reference for this, a hundred times slower than its other implementations.
inline bool is_reference(const dnnl::primitive_desc_base& primitive) {
  return std::string_view(primitive.impl_info_str()).substr(0, 3) == "ref";
}

/// The layout in words, the same for equal ones alone.
std::string layout_text(const Desc& desc);
/// What packed bytes depend on beside their layout: version and commit of oneDNN, instruction set in effect.
std::string library_text();
/// The name of an instruction set as `max_isa` has it.
const char* isa_name(dnnl::cpu_isa isa);
/// Sets the most that oneDNN may use in this process. TN_INVALID_ARGUMENT where it already uses more.
sdk::Status limit_isa(const std::string& name);

}  // namespace onednn
