// The shape rule of RNN, GRU and LSTM.
#include "host/graph/shape_rules/rules.h"

namespace tenon::host::shape_rules {

// X is time x batch x inputs and R directions x gates*hidden x hidden. Y is time x directions x batch x hidden, the
// last states directions x batch x hidden; with layout 1 the batch comes first in all but R.
Status recurrent(ShapeContext& c) {
  const Dims *x = c.shape(0), *r = c.shape(2);
  TENON_RETURN_IF_ERROR(c.expect_rank(0, 3, "X is time x batch x inputs, or batch x time x inputs with layout 1"));
  TENON_RETURN_IF_ERROR(c.expect_rank(2, 3, "R is directions x gates*hidden x hidden"));
  const bool is_batch_first = c.attr("layout") == 1;
  const Dim directions = known_dim(c.node().string_attribute("direction") == "bidirectional" ? 2 : 1);
  Dim hidden = unknown_dim();
  if (c.attr("hidden_size") > 0) {
    hidden = known_dim(c.attr("hidden_size"));
  } else if (r != nullptr) {
    hidden = (*r)[2];
  }
  const Dim time = x == nullptr ? unknown_dim() : (*x)[is_batch_first ? 1 : 0];
  const Dim batch = x == nullptr ? unknown_dim() : (*x)[is_batch_first ? 0 : 1];
  c.set(0, is_batch_first ? Dims{batch, time, directions, hidden} : Dims{time, directions, batch, hidden});
  for (size_t i = 1; i < c.output_count(); ++i)
    c.set(i, is_batch_first ? Dims{batch, directions, hidden} : Dims{directions, batch, hidden});
  return {};
}

}  // namespace tenon::host::shape_rules
