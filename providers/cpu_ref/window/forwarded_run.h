// A run that stands before another: the kernel below it sees other tensors, and all else is the host's.
#pragma once

#include <tenon/sdk/kernel.hpp>
#include <tenon/sdk/run.hpp>

namespace tenon::cpu_ref {

/// Hands every call on to the run that it borrows, but for those of input() and output(), which a class of its own
/// answers. Lives on the stack of the run that it stands before; threads as that run.
class ForwardedRun {
 public:
  ForwardedRun(const ForwardedRun&) = delete;
  ForwardedRun& operator=(const ForwardedRun&) = delete;

 protected:
  explicit ForwardedRun(sdk::RunContext& run) : run_(run), host_(*run.host()), api_{} {
    api_.struct_size = sizeof api_;
    api_.input_count = [](tn_run* r) { return real(r)->input_count(of(r).run_.c()); };
    api_.output_count = [](tn_run* r) { return real(r)->output_count(of(r).run_.c()); };
    api_.input = [](tn_run* r, uint32_t i) { return of(r).input(i); };
    api_.output_wanted = [](tn_run* r, uint32_t i) { return real(r)->output_wanted(of(r).run_.c(), i); };
    api_.output = [](tn_run* r, uint32_t i, uint32_t dtype, const int64_t* shape, uint32_t rank, tn_tensor* out) {
      return of(r).output(i, dtype, shape, rank, out);
    };
    api_.set_string = [](tn_run* r, uint32_t i, int64_t element, tn_str value) {
      return real(r)->set_string(of(r).run_.c(), i, element, value);
    };
    api_.scratch = [](tn_run* r, size_t bytes, size_t alignment) {
      return real(r)->scratch(of(r).run_.c(), bytes, alignment);
    };
    api_.parallel_for = [](tn_run* r, const tn_parallel* work) { return real(r)->parallel_for(of(r).run_.c(), work); };
    api_.max_workers = [](tn_run* r) { return real(r)->max_workers(of(r).run_.c()); };
    api_.cancelled = [](tn_run* r) { return real(r)->cancelled(of(r).run_.c()); };
    api_.phase = [](tn_run* r, tn_str name) { real(r)->phase(of(r).run_.c(), name); };
    api_.stream = [](tn_run* r) { return real(r)->stream(of(r).run_.c()); };
    api_.count = [](tn_run* r, uint32_t counter, uint64_t amount) {
      of(r).run_.count(static_cast<tn_counter>(counter), amount);
    };
    host_.run = &api_;
  }
  virtual ~ForwardedRun() = default;

  /// As the members of tn_run_api that they are named after.
  virtual const tn_tensor* input(uint32_t i) const = 0;
  virtual tn_status* output(uint32_t i, uint32_t dtype, const int64_t* shape, uint32_t rank, tn_tensor* out) = 0;

  sdk::Status run_inner(const sdk::Kernel& kernel) {
    sdk::RunContext inner(&host_, reinterpret_cast<tn_run*>(this));
    return kernel.run(inner);
  }

  sdk::RunContext& run_;
  tn_host host_;

 private:
  static ForwardedRun& of(tn_run* run) { return *reinterpret_cast<ForwardedRun*>(run); }
  static const tn_run_api* real(tn_run* run) { return of(run).run_.host()->run; }

  tn_run_api api_;
};

}  // namespace tenon::cpu_ref
