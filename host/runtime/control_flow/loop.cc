// Loop: runs its body until the number of trips is reached or the condition is false. As in ONNX Runtime, the condition
// that the body computes counts even where the node is given none.
#include <algorithm>
#include <span>

#include "host/runtime/control_flow/body_run.h"
#include "host/runtime/control_flow/slice_stack.h"
#include "host/runtime/host_ops/host_operator.h"
#include "host/runtime/host_ops/node_check.h"
#include "host/runtime/host_ops/operators.h"

namespace tenon::host {
namespace {

constexpr size_t kLead = 2;  // inputs of the node before the carried values: number of trips, condition

// Of rank 0, or 1 where the body declares so.
template <typename T>
Result<Tensor> scalar(const Value& port, tn_dtype dtype, T value) {
  std::vector<int64_t> shape;
  if (port.type.dims && port.type.dims->size() == 1) shape = {1};
  TENON_ASSIGN_OR_RETURN(Tensor tensor, Tensor::allocate(dtype, std::move(shape), Residence::kRuntime));
  *static_cast<T*>(tensor.mutable_data()) = value;
  return tensor;
}

class LoopRun {
 public:
  explicit LoopRun(HostStep& control) : control_(control), body_(control, 0) {}

  Status run() {
    TENON_RETURN_IF_ERROR(begin());
    for (int64_t i = 0; condition_ && (trips_ < 0 || i < trips_); ++i)
      if (const Status status = iterate(i); !status.is_ok()) return status.with_context(concat("iteration ", i));
    return finish();
  }

 private:
  Status begin() {
    if (control_.has_input(0)) {
      TENON_ASSIGN_OR_RETURN(trips_, HostStep::number_of(control_.input(0), "the number of trips"));
      trips_ = std::max<int64_t>(trips_, 0);
    }
    if (control_.has_input(1)) {
      TENON_ASSIGN_OR_RETURN(condition_, HostStep::truth_of(control_.input(1), "the condition"));
    }
    const size_t carried = body_.graph().inputs.size() - kLead;
    for (size_t i = 0; i < carried; ++i) carried_.push_back(control_.borrowed_input(kLead + i));
    for (size_t i = 1 + carried; i < body_.graph().outputs.size(); ++i)
      stacks_.emplace_back(SliceStack::Options{0, false, -1, trips_});
    return {};
  }

  Status iterate(int64_t i) {
    const std::vector<Value*>& ports = body_.graph().inputs;
    std::vector<RunValue> inputs;
    TENON_ASSIGN_OR_RETURN(Tensor number, scalar<int64_t>(*ports[0], TN_INT64, i));
    TENON_ASSIGN_OR_RETURN(Tensor condition, scalar<bool>(*ports[1], TN_BOOL, condition_));
    inputs.push_back(std::move(number));
    inputs.push_back(std::move(condition));
    // They move, so that a body can put a tensor into a sequence without copying its list.
    for (RunValue& carried : carried_) inputs.push_back(std::move(carried));
    TENON_ASSIGN_OR_RETURN(std::vector<RunValue> results, body_.run(std::move(inputs)));
    TENON_ASSIGN_OR_RETURN(condition_,
                           HostStep::truth_of(results[0].tensor().abi_view(0), "the condition of the body"));
    for (size_t s = 0; s < stacks_.size(); ++s)
      if (control_.is_wanted(carried_.size() + s))
        TENON_RETURN_IF_ERROR(stacks_[s].add(results[1 + carried_.size() + s].tensor(), control_));
    for (size_t c = 0; c < carried_.size(); ++c) carried_[c] = std::move(results[1 + c]);
    count_held();
    return {};
  }

  void count_held() {
    control_.held_bytes = 0;
    for (const RunValue& value : carried_) control_.held_bytes += HostStep::uncounted_bytes(value);
    for (const SliceStack& stack : stacks_) control_.held_bytes += stack.bytes();
  }

  Status finish() {
    control_.held_bytes = 0;
    for (size_t c = 0; c < carried_.size(); ++c) TENON_RETURN_IF_ERROR(control_.give(c, std::move(carried_[c])));
    for (size_t s = 0; s < stacks_.size(); ++s) {
      const size_t output = carried_.size() + s;
      if (!control_.is_wanted(output)) continue;
      TENON_ASSIGN_OR_RETURN(Tensor stacked, stacks_[s].finish(body_.graph().outputs[1 + output]->type, control_));
      TENON_RETURN_IF_ERROR(control_.give(output, std::move(stacked)));
    }
    return {};
  }

  HostStep& control_;
  BodyRun body_;
  int64_t trips_ = -1;  // -1: no limit
  bool condition_ = true;
  std::vector<RunValue> carried_;
  std::vector<SliceStack> stacks_;
};

}  // namespace

Status check_loop(const Node& node) {
  const std::vector<Graph*> bodies = host_bodies(node);
  TENON_RETURN_IF_ERROR(check_count("the node", bodies.size(), 1, "it runs its body"));
  const Graph& body = *bodies[0];
  const size_t carried = std::max<size_t>(node.inputs.size(), 2) - 2;
  TENON_RETURN_IF_ERROR(check_given(node, 2));
  TENON_RETURN_IF_ERROR(check_count("the list of inputs of the body", body.inputs.size(), carried + 2,
                                    "it takes the iteration number, the condition and each carried value"));
  if (body.outputs.size() < carried + 1 || node.outputs.size() > body.outputs.size() - 1)
    return error(TN_INVALID_MODEL, "the body has ", body.outputs.size(), " outputs, expected at least ",
                 std::max(carried, node.outputs.size()) + 1,
                 ": the condition, each carried value, and each value that is collected");
  const std::span<Value*const> inputs(node.inputs), results(body.outputs);
  TENON_RETURN_IF_ERROR(check_tensors("input", inputs.first(std::min(inputs.size(), kLead))));
  TENON_RETURN_IF_ERROR(check_tensors("the body's output", results.first(1)));
  return check_tensors("the body's output", results.subspan(1 + carried), 1 + carried);
}

Status run_loop(HostStep& control) {
  return LoopRun(control).run();
}

}  // namespace tenon::host
