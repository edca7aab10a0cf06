#include "recurrent/recurrent.h"

namespace tenon::cpu_ref {
sdk::Result<RecurrentAttributes> read_recurrent_attributes(const sdk::KernelInfo& info, int64_t gates, int64_t states) {
  RecurrentAttributes a;
  a.gates = gates;
  a.states = states;
  const std::string direction = info.attr_string("direction", "forward");
  if (direction != "forward" && direction != "reverse" && direction != "bidirectional")
    return sdk::invalid_model("attribute direction is '", direction, "', expected forward, reverse or bidirectional");
  a.directions = direction == "bidirectional" ? 2 : 1;
  a.starts_reversed = direction == "reverse";
  a.hidden_size = info.attr_int("hidden_size", 0);
  if (a.hidden_size < 0) return sdk::invalid_model("attribute hidden_size is ", a.hidden_size, ", expected at least 1");
  const int64_t layout = info.attr_int("layout", 0);
  if (layout != 0 && layout != 1) return sdk::invalid_model("attribute layout is ", layout, ", expected 0 or 1");
  a.is_batch_first = layout == 1;
  return a;
}

sdk::Result<RecurrentShape> resolve_recurrent(sdk::RunContext& run, const RecurrentAttributes& a, int64_t fed) {
  const sdk::TensorView x = run.input(0), r = run.input(2);
  if (x.rank() != 3)
    return sdk::invalid_argument("input X has shape ", sdk::shape_text(x.shape()), ", expected ",
                                 a.is_batch_first ? "batch x time x inputs" : "time x batch x inputs");
  if (r.rank() != 3)
    return sdk::invalid_argument("input R has shape ", sdk::shape_text(r.shape()),
                                 ", expected directions x gates*hidden x hidden");
  RecurrentShape shape;
  shape.time = x.dim(a.is_batch_first ? 1 : 0);
  shape.batch = x.dim(a.is_batch_first ? 0 : 1);
  shape.inputs = x.dim(2);
  shape.hidden = a.hidden_size > 0 ? a.hidden_size : r.dim(2);
  shape.fed = fed;
  shape.directions = a.directions;
  shape.is_batch_first = a.is_batch_first;
  if (shape.hidden > INT64_MAX / 8 / std::max<int64_t>(a.gates, 1))
    return sdk::invalid_argument("the hidden size is ", shape.hidden, ", expected one whose gates count in 64 bits");
  const int64_t rows = a.gates * shape.hidden;
  TN_ASSIGN_OR_RETURN(const int64_t columns, add(shape.inputs, fed));
  TN_RETURN_IF_ERROR(check_shape(
      run, 1, "W", {a.directions, rows, columns},
      fed == 0 ? "directions x gates*hidden x inputs" : "directions x gates*hidden x inputs with what is fed back"));
  TN_RETURN_IF_ERROR(
      check_shape(run, 2, "R", {a.directions, rows, shape.hidden}, "directions x gates*hidden x hidden"));
  TN_RETURN_IF_ERROR(check_shape(run, 3, "B", {a.directions, 2 * rows}, "directions x 2*gates*hidden"));
  TN_RETURN_IF_ERROR(check_shape(run, 4, "sequence_lens", {shape.batch}, "batch"));
  const int64_t first = a.is_batch_first ? shape.batch : a.directions;
  const int64_t second = a.is_batch_first ? a.directions : shape.batch;
  for (uint32_t s = 0; s < a.states; ++s)
    TN_RETURN_IF_ERROR(check_shape(run, 5 + s, s == 0 ? "initial_h" : "initial_c", {first, second, shape.hidden},
                                   a.is_batch_first ? "batch x directions x hidden" : "directions x batch x hidden"));
  shape.lengths.assign(static_cast<size_t>(shape.batch), shape.time);
  if (!run.has_input(4)) return shape;
  for (int64_t b = 0; b < shape.batch; ++b) {
    const int64_t length = run.input(4).data<int32_t>()[b];
    if (length < 0 || length > shape.time)
      return sdk::invalid_argument("input sequence_lens has ", length, " for sequence ", b, ", expected 0 to ",
                                   shape.time);
    shape.lengths[static_cast<size_t>(b)] = length;
  }
  return shape;
}

}  // namespace tenon::cpu_ref
