// What a kernel may ask of the host while it runs; see run.h for the thread rules.
#pragma once

#include <tenon/sdk/tensor.hpp>
#include <type_traits>

namespace tenon::sdk {
inline namespace TENON_SDK_VERSION {

namespace detail {

/// Has `call` spread the body over threads; see RunContext::parallel_for().
template <typename Body, typename Call>
auto parallel_for(const tn_host* host, tn_parallel work, Body& body, const Call& call) {
  using B = std::remove_reference_t<Body>;
  struct Work {
    const tn_host* host;
    B* body;
    auto operator()(uint32_t worker, int64_t begin, int64_t end) {
      if constexpr (std::is_invocable_v<B&, uint32_t, int64_t, int64_t>) {
        return (*body)(worker, begin, end);
      } else {
        return (*body)(begin, end);
      }
    }
  } all{host, &body};
  constexpr bool can_fail = !std::is_void_v<decltype(all(0, 0, 0))>;
  work.arg = const_cast<void*>(static_cast<const void*>(&all));
  work.body = [](void* arg, uint32_t worker, int64_t begin, int64_t end) -> tn_status* {
    Work& w = *static_cast<Work*>(arg);
    if constexpr (can_fail) {
      return guard(w.host, [&] { return w(worker, begin, end); });
    } else {
      w(worker, begin, end);
      return nullptr;
    }
  };
  if constexpr (can_fail) {
    return adopt(host, call(&work));
  } else {
    // What a body lets out the host reports, whatever the kernel returns.
    if (tn_status* status = call(&work)) host->status_destroy(status);
  }
}

}  // namespace detail

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
    void* p = count <= SIZE_MAX / sizeof(T) ? api_->scratch(run_, count * sizeof(T), 64) : nullptr;
    if (p == nullptr)
      return Status(TN_OUT_OF_MEMORY, concat("no scratch memory of ", count, " times ", sizeof(T), " bytes"));
    return static_cast<T*>(p);
  }

  uint32_t max_workers() const { return api_->max_workers(run_); }
  /// Calls body(begin, end) or body(worker, begin, end) over [0, count) on the host's pool; returns when all is done.
  /// The body must not throw and must not call output() or scratch(). It returns nothing, or a Status whose first error
  /// ends the work and is returned.
  template <typename Body>
  auto parallel_for(int64_t count, double item_cost_ns, Body&& body, int64_t grain = 0) {
    return detail::parallel_for(host_, {sizeof(tn_parallel), 0, count, item_cost_ns, grain, nullptr, nullptr}, body,
                                [&](const tn_parallel* work) { return api_->parallel_for(run_, work); });
  }
  /// Calls body(worker, begin, end) for each of `count` items, at most max_workers(), on a thread of its own, all at
  /// once: bodies may wait for each other. They return a Status.
  template <typename Body>
  Status all_at_once(int64_t count, Body&& body) {
    return detail::parallel_for(host_, {sizeof(tn_parallel), TN_PARALLEL_ALL_AT_ONCE, count, 0, 0, nullptr, nullptr},
                                body, [&](const tn_parallel* work) { return api_->parallel_for(run_, work); });
  }

  bool cancelled() const { return api_->cancelled(run_); }
  /// `name` must live until run returns, also where the kernel keeps it elsewhere: a literal is best.
  void phase(std::string_view name) { api_->phase(run_, to_tn_str(name)); }
  /// Adds to a counter of the profile; thread: any. Nothing where the host is of headers that had no counters.
  void count(tn_counter counter, uint64_t amount) {
    if (TN_HAS(api_, count) && api_->count != nullptr) api_->count(run_, counter, amount);
  }
  /// Counts the operations of so many products of an m x k and a k x n matrix; thread: any. No size is negative.
  void count_products(int64_t m, int64_t n, int64_t k, int64_t times = 1) {
    const auto size = [](int64_t s) { return static_cast<uint64_t>(s); };
    count(TN_COUNT_FLOPS, 2 * size(m) * size(n) * size(k) * size(times));
  }
  const tn_host* host() const { return host_; }
  tn_run* c() const { return run_; }

 private:
  const tn_host* host_;
  const tn_run_api* api_;
  tn_run* run_;
};

}  // namespace TENON_SDK_VERSION
}  // namespace tenon::sdk
