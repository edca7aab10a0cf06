// Scan: runs its body once for each index of the scanned dimensions. Version 8 does so for each element of a batch, up
// to a length of its own; later versions scan any dimension in either direction.
#include <algorithm>

#include "host/runtime/control_flow/body_run.h"
#include "host/runtime/control_flow/slice_stack.h"
#include "host/runtime/host_ops/host_operator.h"
#include "host/runtime/host_ops/node_check.h"
#include "host/runtime/host_ops/operators.h"
#include "host/runtime/tensor_copy.h"

namespace tenon::host {
namespace {

struct Scanned {
  Tensor tensor;  // may be a view
  size_t axis = 0;
  bool is_reversed = false;
};

class ScanRun {
 public:
  explicit ScanRun(HostStep& control)
      : control_(control),
        body_(control, 0),
        lead_(control.node().since_version == 8 ? 1 : 0),
        scanned_(static_cast<size_t>(control.node().int_attribute("num_scan_inputs").value_or(1))),
        states_(body_.graph().inputs.size() - scanned_) {}

  Status run() { return lead_ == 1 ? run_batch() : run_once(); }

 private:
  int64_t listed(const char* attribute, size_t i) const {
    const auto list = control_.node().ints_attribute(attribute);
    return list && i < list->size() ? (*list)[i] : 0;
  }
  size_t collected() const { return body_.graph().outputs.size() - states_; }

  Status run_once() {
    std::vector<Tensor> states;
    for (size_t i = 0; i < states_; ++i) states.push_back(control_.view_of_input(i));
    std::vector<Scanned> scanned;
    for (size_t i = 0; i < scanned_; ++i) {
      Scanned s{control_.view_of_input(states_ + i), 0, listed("scan_input_directions", i) != 0};
      auto axis = resolve_axis(listed("scan_input_axes", i), s.tensor.shape().size());
      if (!axis.is_ok()) return axis.status().with_context(concat("input ", states_ + i));
      s.axis = *axis;
      scanned.push_back(std::move(s));
    }
    TENON_ASSIGN_OR_RETURN(const int64_t length, common_length(scanned));
    std::vector<SliceStack> stacks;
    for (size_t i = 0; i < collected(); ++i)
      stacks.emplace_back(
          SliceStack::Options{listed("scan_output_axes", i), listed("scan_output_directions", i) != 0, length, length});
    TENON_RETURN_IF_ERROR(iterate(length, scanned, states, stacks));
    for (size_t i = 0; i < states_; ++i) TENON_RETURN_IF_ERROR(control_.give(i, std::move(states[i])));
    for (size_t i = 0; i < stacks.size(); ++i) {
      if (!control_.is_wanted(states_ + i)) continue;
      TENON_ASSIGN_OR_RETURN(Tensor stacked, finish(stacks[i], i));
      TENON_RETURN_IF_ERROR(control_.give(states_ + i, std::move(stacked)));
    }
    return {};
  }

  Result<Tensor> finish(SliceStack& stack, size_t i) {
    return stack.finish(body_.graph().outputs[states_ + i]->type, control_);
  }

  // The scanned dimension, which all scanned inputs share.
  Result<int64_t> common_length(const std::vector<Scanned>& scanned) const {
    const int64_t length = scanned[0].tensor.shape()[scanned[0].axis];
    for (size_t i = 1; i < scanned.size(); ++i)
      if (const int64_t other = scanned[i].tensor.shape()[scanned[i].axis]; other != length)
        return error(TN_INVALID_ARGUMENT, "scanned input ", i, " is ", describe(scanned[i].tensor), " and has length ",
                     other, " in the scanned dimension, expected ", length, " as the first one has");
    return length;
  }

  // Runs `length` iterations; `states` go in and come out.
  Status iterate(int64_t length, const std::vector<Scanned>& scanned, std::vector<Tensor>& states,
                 std::vector<SliceStack>& stacks) {
    const uint64_t held_before = control_.held_bytes;
    for (int64_t t = 0; t < length; ++t) {
      const Status status = step(t, length, scanned, states, stacks);
      if (!status.is_ok()) return status.with_context(concat("iteration ", t));
      control_.held_bytes = held_before;
      for (const Tensor& state : states) control_.held_bytes += HostStep::uncounted_bytes(state);
      for (const SliceStack& stack : stacks) control_.held_bytes += stack.bytes();
    }
    control_.held_bytes = held_before;
    return {};
  }

  Status step(int64_t t, int64_t length, const std::vector<Scanned>& scanned, std::vector<Tensor>& states,
              std::vector<SliceStack>& stacks) {
    std::vector<RunValue> inputs(states.begin(), states.end());
    for (const Scanned& s : scanned) {
      const int64_t index = s.is_reversed ? length - 1 - t : t;
      TENON_ASSIGN_OR_RETURN(Tensor slice, slice_of(s.tensor.abi_view(0), s.axis, index));
      inputs.push_back(std::move(slice));
    }
    TENON_ASSIGN_OR_RETURN(std::vector<RunValue> results, body_.run(std::move(inputs)));
    for (size_t i = 0; i < stacks.size(); ++i)
      if (control_.is_wanted(states_ + i))
        TENON_RETURN_IF_ERROR(stacks[i].add(results[states_ + i].tensor(), control_));
    for (size_t i = 0; i < states_; ++i) states[i] = std::move(results[i].tensor());
    return {};
  }

  // Version 8: dimension 0 of all inputs is the batch, dimension 1 of scanned ones the sequence.
  Status run_batch() {
    TENON_RETURN_IF_ERROR(read_batch());
    std::vector<SliceStack> final_states(states_, SliceStack({0, false, batch_, batch_}));
    std::vector<SliceStack> results(collected(), SliceStack({0, false, batch_, batch_}));
    for (int64_t b = 0; b < batch_; ++b) {
      const Status status = run_element(b, final_states, results);
      if (!status.is_ok()) return status.with_context(concat("batch element ", b));
    }
    for (size_t i = 0; i < states_ + collected(); ++i) {
      if (!control_.is_wanted(i)) continue;
      SliceStack& stack = i < states_ ? final_states[i] : results[i - states_];
      TENON_ASSIGN_OR_RETURN(Tensor whole, stack.finish(result_type(i), control_));
      TENON_RETURN_IF_ERROR(control_.give(i, std::move(whole)));
    }
    return {};
  }

  // Of one batch element of an output.
  ValueType result_type(size_t i) const {
    ValueType type = body_.graph().outputs[i]->type;
    if (i >= states_ && type.dims) type.dims->insert(type.dims->begin(), Dim{sequence_, ""});
    return type;
  }

  Status read_batch() {
    for (size_t i = 0; i < states_ + scanned_; ++i) {
      const tn_tensor& view = control_.input(lead_ + i);
      const size_t least = i < states_ ? 1 : 2;
      if (view.rank < least)
        return error(TN_INVALID_ARGUMENT, "input ", lead_ + i, " has rank ", view.rank, ", expected at least ", least,
                     ": Scan of opset 8 has a batch dimension first");
      if (i == 0) batch_ = view.shape[0];
      if (i == states_) sequence_ = view.shape[1];
      if (view.shape[0] != batch_ || (i >= states_ && view.shape[1] != sequence_))
        return error(TN_INVALID_ARGUMENT, "input ", lead_ + i, " has shape ", shape_text({view.shape, view.rank}),
                     ", expected batch ", batch_, i >= states_ ? concat(" and sequence ", sequence_) : std::string());
    }
    if (!control_.has_input(0)) return {};
    const tn_tensor& lengths = control_.input(0);
    if (lengths.dtype != TN_INT64 || lengths.rank != 1 || lengths.shape[0] != batch_)
      return error(TN_INVALID_ARGUMENT, "input sequence_lens is ", dtype_name(lengths.dtype), " ",
                   shape_text({lengths.shape, lengths.rank}), ", expected int64 ", batch_);
    for (int64_t b = 0; b < batch_; ++b)
      if (const int64_t length = static_cast<const int64_t*>(lengths.data)[b]; length < 0 || length > sequence_)
        return error(TN_INVALID_ARGUMENT, "sequence_lens[", b, "] is ", length, ", expected 0 to ", sequence_);
    return {};
  }

  Status run_element(int64_t b, std::vector<SliceStack>& final_states, std::vector<SliceStack>& results) {
    std::vector<Tensor> states;
    std::vector<Scanned> scanned;
    const int64_t length = control_.has_input(0) ? static_cast<const int64_t*>(control_.input(0).data)[b] : sequence_;
    for (size_t i = 0; i < states_ + scanned_; ++i) {
      TENON_ASSIGN_OR_RETURN(Tensor element, slice_of(control_.input(lead_ + i), 0, b));
      if (i < states_) {
        states.push_back(std::move(element));
      } else {
        scanned.push_back({std::move(element), 0, listed("directions", i - states_) != 0});
      }
    }
    count_held(final_states, results);
    std::vector<SliceStack> stacks(collected(), SliceStack({0, false, sequence_, sequence_}));
    TENON_RETURN_IF_ERROR(iterate(length, scanned, states, stacks));
    for (size_t i = 0; i < states_; ++i)
      if (control_.is_wanted(i)) TENON_RETURN_IF_ERROR(final_states[i].add(states[i], control_));
    for (size_t i = 0; i < stacks.size(); ++i) {
      if (!control_.is_wanted(states_ + i)) continue;
      TENON_ASSIGN_OR_RETURN(const Tensor element, finish(stacks[i], i));
      TENON_RETURN_IF_ERROR(results[i].add(element, control_));
    }
    control_.held_bytes = 0;
    return {};
  }

  void count_held(const std::vector<SliceStack>& final_states, const std::vector<SliceStack>& results) {
    control_.held_bytes = 0;
    for (const SliceStack& stack : final_states) control_.held_bytes += stack.bytes();
    for (const SliceStack& stack : results) control_.held_bytes += stack.bytes();
  }

  HostStep& control_;
  BodyRun body_;
  const size_t lead_;  // inputs before the states
  const size_t scanned_, states_;
  int64_t batch_ = 0, sequence_ = 0;
};

Status check_list(const Node& node, const char* attribute, size_t expected) {
  const auto list = node.ints_attribute(attribute);
  if (!list || list->size() == expected) return {};
  return error(TN_INVALID_MODEL, "attribute ", attribute, " has ", list->size(), " elements, expected ", expected,
               ": one for each scanned value");
}

}  // namespace

Status check_scan(const Node& node) {
  const std::vector<Graph*> bodies = host_bodies(node);
  TENON_RETURN_IF_ERROR(check_count("the node", bodies.size(), 1, "it runs its body"));
  const Graph& body = *bodies[0];
  TENON_RETURN_IF_ERROR(check_tensors("input", node.inputs));
  TENON_RETURN_IF_ERROR(check_tensors("output", node.outputs));
  TENON_RETURN_IF_ERROR(check_tensors("the body's input", body.inputs));
  TENON_RETURN_IF_ERROR(check_tensors("the body's output", body.outputs));
  const size_t lead = node.since_version == 8 ? 1 : 0;
  const int64_t scanned = node.int_attribute("num_scan_inputs").value_or(0);
  if (scanned < 1 || node.inputs.size() < lead || static_cast<uint64_t>(scanned) > node.inputs.size() - lead)
    return error(TN_INVALID_MODEL, "attribute num_scan_inputs is ", scanned, ", expected 1 to ",
                 std::max(node.inputs.size(), lead) - lead, ": it counts the last inputs of the node");
  TENON_RETURN_IF_ERROR(check_given(node, lead));
  TENON_RETURN_IF_ERROR(check_count("the list of inputs of the body", body.inputs.size(), node.inputs.size() - lead,
                                    "it takes each state and a slice of each scanned value"));
  const size_t states = body.inputs.size() - static_cast<size_t>(scanned);
  if (body.outputs.size() < std::max(states, node.outputs.size()))
    return error(TN_INVALID_MODEL, "the body has ", body.outputs.size(), " outputs, expected at least ",
                 std::max(states, node.outputs.size()), ": one for each state and each value that is collected");
  const size_t collected = body.outputs.size() - states;
  for (const char* attribute : {"directions", "scan_input_axes", "scan_input_directions"})
    TENON_RETURN_IF_ERROR(check_list(node, attribute, static_cast<size_t>(scanned)));
  for (const char* attribute : {"scan_output_axes", "scan_output_directions"})
    TENON_RETURN_IF_ERROR(check_list(node, attribute, collected));
  return {};
}

Status run_scan(HostStep& control) {
  return ScanRun(control).run();
}

}  // namespace tenon::host
