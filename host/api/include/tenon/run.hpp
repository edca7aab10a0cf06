// Runs of the C++17 API: what they are given beside their inputs, and what they made; part of <tenon/tenon.hpp>.
#pragma once

#include <tenon/tenon.h>

#include <chrono>
#include <memory>
#include <new>
#include <string>
#include <string_view>
#include <tenon/tensor.hpp>
#include <tenon/value.hpp>
#include <utility>
#include <vector>

namespace tenon {

/// Stops runs from any thread.
class Cancel {
 public:
  Cancel() : cancel_(tenon_cancel_create()) {
    if (cancel_ == nullptr) throw std::bad_alloc();
  }
  void now() { tenon_cancel_now(cancel_.get()); }
  tenon_cancel* c() const { return cancel_.get(); }

 private:
  detail::Handle<tenon_cancel, tenon_cancel_destroy> cancel_;
};

/// What runs are given beside their inputs. Several runs may take one at once, as long as nobody sets anything.
class RunOptions {
 public:
  RunOptions() : options_(tenon_run_options_create()) {
    if (options_ == nullptr) throw std::bad_alloc();
  }
  /// Of each run, from its start; negative for none.
  RunOptions& timeout(std::chrono::milliseconds time) {
    detail::check(tenon_run_options_set_timeout(options_.get(), time.count()));
    return *this;
  }
  /// `cancel` must outlive the runs.
  RunOptions& cancel(Cancel& cancel) {
    detail::check(tenon_run_options_set_cancel(options_.get(), cancel.c()));
    return *this;
  }
  /// A file for a Chrome trace of each run; empty for none.
  RunOptions& profile(const std::string& path) {
    detail::check(tenon_run_options_set_profile(options_.get(), path.c_str()));
    return *this;
  }
  /// False: what runs need beside their results goes back to the system, see tenon_run_options_set_keep_memory.
  RunOptions& keep_memory(bool keep) {
    detail::check(tenon_run_options_set_keep_memory(options_.get(), keep ? 1 : 0));
    return *this;
  }
  /// Lets output `name` go to memory of the caller, see tenon_run_options_bind_output; T as in Tensor::of.
  template <typename T>
  RunOptions& bind_output(const std::string& name, std::vector<int64_t> shape, T* data, size_t count) {
    const Tensor memory = Tensor::of<T>(std::move(shape), data, count);
    const tenon_tensor raw = memory.c(name.c_str());
    detail::check(tenon_run_options_bind_output(options_.get(), &raw));
    return *this;
  }
  const tenon_run_options* c() const { return options_.get(); }

 private:
  detail::Handle<tenon_run_options, tenon_run_options_destroy> options_;
};

/// What a run made. Move-only.
class Results {
 public:
  explicit Results(tenon_results* results) : results_(results) {}
  size_t size() const { return tenon_results_count(results_.get()); }
  ResultView operator[](size_t index) const {
    auto tensor = detail::sized<tenon_tensor>();
    detail::check(tenon_results_get(results_.get(), index, &tensor));
    return ResultView(tensor);
  }
  ResultView operator[](std::string_view name) const { return (*this)[index_of(name)]; }
  /// A result of any kind, which outlives this object. The operators know tensors alone.
  Value value(size_t index) const {
    tenon_value* made = nullptr;
    detail::check(tenon_results_value(results_.get(), index, &made));
    return Value::adopt(made);
  }
  Value value(std::string_view name) const { return value(index_of(name)); }

 private:
  size_t index_of(std::string_view name) const {
    for (size_t i = 0; i < size(); ++i)
      if (tenon_results_name(results_.get(), i) == name) return i;
    throw Error(TENON_INVALID_ARGUMENT, "there is no result '" + std::string(name) + "'");
  }

  detail::Handle<tenon_results, tenon_results_destroy> results_;
};

}  // namespace tenon
