// What RNN, GRU and LSTM share: the walk over time. Shapes are those of the SDK's geometry/recurrent.hpp. Behind the
// end of a sequence Y is 0. All is computed in double.
#pragma once

#include <algorithm>
#include <numeric>
#include <tenon/sdk/geometry/recurrent.hpp>

#include "arithmetic.h"
#include "linear/dot.h"
#include "recurrent/activation.h"
#include "shape_math.h"

namespace tenon::cpu_ref {

using sdk::RecurrentAttributes;
using sdk::RecurrentShape;

/// The weights of one direction; row g*H + j is of gate g.
template <typename T>
struct RecurrentWeights {
  const T *w, *r, *b;  // b: null where there is no bias
  int64_t gates, inputs, hidden;

  template <typename X>
  double of_input(int64_t row, const X* x) const {
    return dot(w + row * inputs, x, inputs) + (b == nullptr ? 0 : double(b[row]));
  }
  double of_state(int64_t row, const double* h) const {
    return dot(r + row * hidden, h, hidden) + (b == nullptr ? 0 : double(b[gates * hidden + row]));
  }
};

/// One sequence in one direction.
struct RecurrentLane {
  int64_t direction, sequence;
  double* states;  // rows of H; the step replaces them
  double* room;    // of as many doubles as was asked for
  bool is_first;   // no step came before
};

/// Calls `step(weights, row of X, lane)` for each time of each sequence and direction, stores the first state to Y
/// after each and all states to the other outputs in the end. `room`: doubles that a step needs.
template <typename T, typename Step>
sdk::Status walk_time(sdk::RunContext& run, const RecurrentAttributes& attributes, const RecurrentShape& shape,
                      int64_t room, const Step& step) {
  const int64_t H = shape.hidden;
  TN_ASSIGN_OR_RETURN(const int64_t lane_doubles, add(attributes.states * H, room));
  T* outputs[3] = {};
  const sdk::Shape y_dims = shape.y_shape(), state_dims = shape.state_shape();
  for (uint32_t i = 0; i <= attributes.states; ++i) {
    if (!run.output_wanted(i)) continue;
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(i, sdk::kDTypeOf<T>, i == 0 ? y_dims : state_dims));
    outputs[i] = y.data<T>();
  }
  TN_ASSIGN_OR_RETURN(double* const scratch, worker_rooms(run, lane_doubles));
  const int64_t steps = shape.directions * std::accumulate(shape.lengths.begin(), shape.lengths.end(), int64_t{0});
  run.count_products(attributes.gates * H, 1, shape.inputs + shape.fed + H, steps);
  const double cost = double(shape.time) * double(attributes.gates * H) * double(shape.inputs + H);
  run.parallel_for(shape.directions * shape.batch, cost, [&](uint32_t worker, int64_t begin, int64_t end) {
    for (int64_t lane_index = begin; lane_index < end && !run.cancelled(); ++lane_index) {
      const int64_t d = lane_index / shape.batch, b = lane_index % shape.batch;
      const int64_t length = shape.lengths[static_cast<size_t>(b)];
      const bool is_reversed = d == 1 || attributes.starts_reversed;
      double* const mine = scratch + worker * lane_doubles;
      RecurrentLane lane{d, b, mine, mine + attributes.states * H, true};
      for (uint32_t s = 0; s < attributes.states; ++s) {
        double* const state = lane.states + s * H;
        std::fill_n(state, H, 0.0);
        if (run.has_input(5 + s)) std::copy_n(run.input(5 + s).data<T>() + shape.state_row(d, b), H, state);
      }
      const int64_t rows = attributes.gates * H, columns = shape.inputs + shape.fed;
      const RecurrentWeights<T> weights{run.input(1).data<T>() + d * rows * columns,
                                        run.input(2).data<T>() + d * rows * H,
                                        run.has_input(3) ? run.input(3).data<T>() + d * 2 * rows : nullptr,
                                        attributes.gates,
                                        columns,
                                        H};
      const auto store = [&](const double* from, T* to) {
        std::transform(from, from + H, to, [](double v) { return from_double<T>(v); });
      };
      for (int64_t i = 0; i < length; ++i) {
        const int64_t t = is_reversed ? length - 1 - i : i;
        step(weights, run.input(0).data<T>() + shape.x_row(t, b), lane);
        lane.is_first = false;
        if (outputs[0] != nullptr) store(lane.states, outputs[0] + shape.y_row(t, d, b));
      }
      if (outputs[0] != nullptr)
        for (int64_t t = length; t < shape.time; ++t) std::fill_n(outputs[0] + shape.y_row(t, d, b), H, T(0));
      for (uint32_t s = 0; s < attributes.states; ++s)
        if (outputs[s + 1] != nullptr) store(lane.states + s * H, outputs[s + 1] + shape.state_row(d, b));
    }
  });
  return {};
}

}  // namespace tenon::cpu_ref
