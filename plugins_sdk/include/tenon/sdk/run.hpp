// What a kernel may ask of the host while it runs; see run.h for the thread rules.
#pragma once

#include <tenon/sdk/tensor.hpp>

namespace tenon::sdk {
inline namespace TENON_SDK_VERSION {

class RunContext {
 public:
  RunContext(const tn_host* host, tn_run* run) : host_(host), api_(host->run), run_(run) {}

  uint32_t input_count() const { return api_->input_count(run_); }
  uint32_t output_count() const { return api_->output_count(run_); }
  /// False: the optional input is left out.
  bool has_input(uint32_t i) const { return api_->input(run_, i) != nullptr; }
  /// The input must be there; the host has checked the ones that the operator requires.
  TensorView input(uint32_t i) const { return TensorView(*api_->input(run_, i)); }
  bool output_wanted(uint32_t i) const { return api_->output_wanted(run_, i); }

  /// Memory for an output, uninitialized, aligned to 64 bytes; strings start empty. Once per output.
  Result<MutableTensorView> output(uint32_t i, tn_dtype dtype, ShapeView shape) {
    tn_tensor t{};
    t.struct_size = sizeof t;
    if (tn_status* s = api_->output(run_, i, dtype, shape.data(), static_cast<uint32_t>(shape.size()), &t))
      return adopt(host_, s);
    return MutableTensorView(t);
  }
  Status set_string(uint32_t i, int64_t element, std::string_view value) {
    return adopt(host_, api_->set_string(run_, i, element, to_tn_str(value)));
  }
  /// Memory freed by the host when run returns, uninitialized, aligned to 64 bytes.
  template <typename T>
  Result<T*> scratch(size_t count) {
    void* p = api_->scratch(run_, count * sizeof(T), 64);
    if (p == nullptr) return Status(TN_OUT_OF_MEMORY, concat("no scratch memory of ", count * sizeof(T), " bytes"));
    return static_cast<T*>(p);
  }

  uint32_t max_workers() const { return api_->max_workers(run_); }
  /// Calls body(begin, end) or body(worker, begin, end) over [0, count) on the host's pool; returns when all is done.
  /// The body must not throw and must not call output() or scratch().
  template <typename Body>
  void parallel_for(int64_t count, double cost_per_item_ns, Body&& body) {
    using B = std::remove_reference_t<Body>;
    api_->parallel_for(
        run_, count, cost_per_item_ns,
        [](void* arg, uint32_t worker, int64_t begin, int64_t end) {
          B& b = *static_cast<B*>(arg);
          if constexpr (std::is_invocable_v<B&, uint32_t, int64_t, int64_t>) {
            b(worker, begin, end);
          } else {
            (void)worker;
            b(begin, end);
          }
        },
        const_cast<void*>(static_cast<const void*>(&body)));
  }

  bool cancelled() const { return api_->cancelled(run_); }
  void phase(std::string_view name) { api_->phase(run_, to_tn_str(name)); }
  const tn_host* host() const { return host_; }
  tn_run* c() const { return run_; }

 private:
  const tn_host* host_;
  const tn_run_api* api_;
  tn_run* run_;
};

}  // namespace TENON_SDK_VERSION
}  // namespace tenon::sdk
