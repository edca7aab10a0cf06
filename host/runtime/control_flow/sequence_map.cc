// SequenceMap: runs its body for each element of its sequences, which have one length, with the other inputs as they
// are; each output of the body becomes a sequence.
#include "host/runtime/control_flow/body_run.h"
#include "host/runtime/host_ops/host_operator.h"
#include "host/runtime/host_ops/node_check.h"
#include "host/runtime/host_ops/operators.h"

namespace tenon::host {
namespace {

using Kind = ValueType::Kind;

Result<size_t> common_length(const HostStep& step) {
  TENON_ASSIGN_OR_RETURN(const RunValue* first, step.input_of_kind(0, Kind::kSequence));
  const size_t length = first->elements().size();
  for (size_t i = 1; i < step.node().inputs.size(); ++i)
    if (step.kind_of_input(i) == Kind::kSequence && step.borrowed_input(i).elements().size() != length)
      return error(TN_INVALID_ARGUMENT, "input ", i, " is ", describe(step.borrowed_input(i)), ", expected ", length,
                   " elements as the first one has");
  return length;
}

Status iterate(HostStep& step, BodyRun& body, size_t i, std::vector<std::vector<RunValue>>& results) {
  std::vector<RunValue> inputs;
  for (size_t n = 0; n < step.node().inputs.size(); ++n) {
    RunValue value = step.borrowed_input(n);
    inputs.push_back(value.kind() == Kind::kSequence ? value.elements()[i] : std::move(value));
  }
  TENON_ASSIGN_OR_RETURN(std::vector<RunValue> outputs, body.run(std::move(inputs)));
  for (size_t n = 0; n < results.size(); ++n) {
    TENON_ASSIGN_OR_RETURN(Tensor tensor, step.lasting(std::move(outputs[n].tensor())));
    results[n].push_back(std::move(tensor));
  }
  return {};
}

}  // namespace

Status check_sequence_map(const Node& node) {
  const std::vector<Graph*> bodies = host_bodies(node);
  TENON_RETURN_IF_ERROR(check_count("the node", bodies.size(), 1, "it runs its body"));
  TENON_RETURN_IF_ERROR(check_given(node, 0));
  TENON_RETURN_IF_ERROR(check_count("the list of inputs of the body", bodies[0]->inputs.size(), node.inputs.size(),
                                    "it takes an element of each sequence, and each other input"));
  TENON_RETURN_IF_ERROR(check_count("the list of outputs of the body", bodies[0]->outputs.size(), node.outputs.size(),
                                    "each becomes a sequence"));
  return check_tensors("the body's output", bodies[0]->outputs);
}

Status run_sequence_map(HostStep& step) {
  TENON_ASSIGN_OR_RETURN(const size_t length, common_length(step));
  TENON_RETURN_IF_ERROR(step.check_list(length * step.node().outputs.size()));
  BodyRun body(step, 0);
  std::vector<std::vector<RunValue>> results(step.node().outputs.size());
  for (size_t i = 0; i < length; ++i)
    if (const Status status = iterate(step, body, i, results); !status.is_ok())
      return status.with_context(concat("element ", i));
  for (size_t n = 0; n < results.size(); ++n) {
    const ElementType type =
        results[n].empty() ? ElementType{Kind::kTensor, body.graph().outputs[n]->type.dtype} : results[n][0].type();
    TENON_ASSIGN_OR_RETURN(RunValue sequence, RunValue::sequence(type, std::move(results[n])));
    TENON_RETURN_IF_ERROR(step.give_sequence(n, std::move(sequence)));
  }
  return {};
}

}  // namespace tenon::host
