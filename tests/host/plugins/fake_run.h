// A KernelRun on given tensors, for tests that call kernels without a session. Runs on the calling thread alone.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "host/graph/tensor.h"
#include "host/plugins/kernel_run.h"

namespace tenon::host {

class FakeRun final : public KernelRun {
 public:
  explicit FakeRun(const std::vector<Tensor>& inputs, uint32_t outputs = 1) : inputs_(inputs), outputs_(outputs) {
    for (const Tensor& t : inputs_) views_.push_back(t.abi_view(TN_TENSOR_READ_ONLY));
  }
  uint32_t input_count() const override { return static_cast<uint32_t>(views_.size()); }
  uint32_t output_count() const override { return static_cast<uint32_t>(outputs_.size()); }
  const tn_tensor* input(uint32_t i) const override { return &views_[i]; }
  bool output_wanted(uint32_t) const override { return true; }
  Status output(uint32_t i, uint32_t dtype, const int64_t* shape, uint32_t rank, tn_tensor* out) override {
    TENON_ASSIGN_OR_RETURN(outputs_[i],
                           Tensor::allocate(static_cast<tn_dtype>(dtype), {shape, shape + rank}, Residence::kRuntime));
    *out = outputs_[i].abi_view(0);
    return {};
  }
  Status set_string(uint32_t i, int64_t element, std::string_view value) override {
    outputs_[i].set_string(element, value);
    return {};
  }
  void* scratch(size_t bytes, size_t) override {
    scratch_.push_back(std::make_unique<std::max_align_t[]>(bytes / sizeof(std::max_align_t) + 1));
    return scratch_.back().get();
  }
  void parallel_for(int64_t count, double, int64_t, tenon::host::RangeFunction body, void* arg) override {
    body(arg, 0, 0, count);
  }
  uint32_t max_workers() const override { return 1; }
  bool cancelled() const override { return false; }
  void phase(std::string_view) override {}
  void count(tn_counter counter, uint64_t amount) override { counted_[counter] += amount; }

  const Tensor& result(uint32_t i = 0) const { return outputs_[i]; }
  /// 0: nothing was counted.
  uint64_t counted(tn_counter counter) const { return counted_.contains(counter) ? counted_.at(counter) : 0; }

 private:
  std::vector<Tensor> inputs_;
  std::vector<tn_tensor> views_;
  std::vector<Tensor> outputs_;
  std::vector<std::unique_ptr<std::max_align_t[]>> scratch_;
  std::map<tn_counter, uint64_t> counted_;
};

}  // namespace tenon::host
