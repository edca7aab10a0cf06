// Operators that make, read and change sequences. Lists are copied when they are changed while another value has them,
// tensors only where they lie in memory that does not live as long. Positions count from the end where they are
// negative.
#include "host/runtime/host_ops/host_step.h"
#include "host/runtime/host_ops/operators.h"

namespace tenon::host {
namespace {

using Kind = ValueType::Kind;

// The element of input `i`, an int32 or int64 scalar, or `fallback` without one; within [-length, most].
Result<size_t> position(const HostStep& step, size_t i, size_t length, int64_t most, int64_t fallback) {
  const auto count = static_cast<int64_t>(length);
  int64_t at = fallback;
  if (step.has_input(i)) {
    TENON_ASSIGN_OR_RETURN(at, HostStep::index_of(step.input(i), "the position"));
  }
  if (at < -count || at > most)
    return error(TN_INVALID_ARGUMENT, "position ", at, " is outside of a sequence of ", length, ", expected ", -count,
                 " to ", most);
  return static_cast<size_t>(at < 0 ? at + count : at);
}

}  // namespace

Status run_sequence_construct(HostStep& step) {
  std::vector<RunValue> elements;
  for (size_t i = 0; i < step.node().inputs.size(); ++i) {
    if (!step.has_input(i)) return error(TN_INVALID_MODEL, "input ", i, " is left out, expected an element");
    TENON_ASSIGN_OR_RETURN(RunValue element, step.lasting_input(i));
    elements.push_back(std::move(element));
  }
  if (elements.empty()) return error(TN_INVALID_MODEL, "it has no inputs, expected one or more");
  const ElementType type = elements[0].type();
  TENON_ASSIGN_OR_RETURN(RunValue sequence, RunValue::sequence(type, std::move(elements)));
  return step.give_sequence(0, std::move(sequence));
}

Status run_sequence_empty(HostStep& step) {
  const tn_dtype dtype = dtype_from_number(step.node().int_attribute("dtype").value_or(TN_FLOAT));
  TENON_ASSIGN_OR_RETURN(RunValue sequence, RunValue::sequence({Kind::kTensor, dtype}, {}));
  return step.give_sequence(0, std::move(sequence));
}

Status run_sequence_insert(HostStep& step) {
  TENON_ASSIGN_OR_RETURN(RunValue element, step.lasting_input(1));
  TENON_ASSIGN_OR_RETURN(RunValue sequence, step.taken_sequence(0));
  const size_t length = sequence.elements().size();
  const auto back = static_cast<int64_t>(length);
  TENON_ASSIGN_OR_RETURN(const size_t at, position(step, 2, length, back, back));
  TENON_RETURN_IF_ERROR(step.check_list(length + 1));
  TENON_RETURN_IF_ERROR(sequence.insert(at, std::move(element)));
  return step.give_sequence(0, std::move(sequence));
}

Status run_sequence_erase(HostStep& step) {
  TENON_ASSIGN_OR_RETURN(RunValue sequence, step.taken_sequence(0));
  const size_t length = sequence.elements().size();
  if (length == 0) return error(TN_INVALID_ARGUMENT, "the sequence is empty, expected an element to erase");
  TENON_ASSIGN_OR_RETURN(const size_t at, position(step, 1, length, static_cast<int64_t>(length) - 1, -1));
  TENON_RETURN_IF_ERROR(step.check_list(length));
  sequence.erase(at);
  return step.give_sequence(0, std::move(sequence));
}

Status run_sequence_at(HostStep& step) {
  TENON_ASSIGN_OR_RETURN(const RunValue* sequence, step.input_of_kind(0, Kind::kSequence));
  const size_t length = sequence->elements().size();
  TENON_ASSIGN_OR_RETURN(const size_t at, position(step, 1, length, static_cast<int64_t>(length) - 1, 0));
  return step.give(0, sequence->elements()[at]);
}

Status run_sequence_length(HostStep& step) {
  TENON_ASSIGN_OR_RETURN(const RunValue* sequence, step.input_of_kind(0, Kind::kSequence));
  TENON_ASSIGN_OR_RETURN(Tensor length, Tensor::allocate(TN_INT64, {}, Residence::kRuntime));
  *static_cast<int64_t*>(length.mutable_data()) = static_cast<int64_t>(sequence->elements().size());
  return step.give(0, std::move(length));
}

}  // namespace tenon::host
