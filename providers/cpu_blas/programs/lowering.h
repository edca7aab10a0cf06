// A program being made of nodes. Used while a session opens, by one thread.
#pragma once

#include <tenon/sdk/graph.hpp>
#include <utility>

#include "programs/program.h"

namespace tenon::cpu_blas {

/// Collects a program node by node, in topological order.
class Lowering {
 public:
  /// Input 0 is this value, of floats: what a product computes.
  void begin_with(const sdk::ValueView& product);
  /// TN_UNSUPPORTED, with the reason, of a node that is no elementwise operator of operators.inc or has types or
  /// attributes that instructions lack; what it added before is then of no use. In lower.cc, with the table.
  sdk::Status add(const sdk::NodeView& node);
  const Program& so_far() const { return program_; }
  /// The values that the program's inputs are; constants of one element are none.
  const std::vector<sdk::ValueView>& inputs() const { return inputs_; }
  /// With the values that go out, in their order.
  sdk::Result<Program> finish(const std::vector<sdk::ValueView>& outputs);

  // What rows of operators.inc use.

  struct Row;
  const sdk::NodeView& node() const { return node_; }
  bool has_input(uint32_t i) const { return i < node_.input_count() && bool(node_.input(i)); }
  sdk::Result<TileOperand> input(uint32_t i);
  TileType type_of(const TileOperand& operand) const { return program_.type_of(operand); }
  /// The one float of a constant input with its data at hand.
  bool constant_float(uint32_t i, float* value) const;
  TileOperand constant(float value);
  /// TN_UNSUPPORTED where there is no such instruction for the type of the last operand.
  sdk::Result<TileOperand> emit(simd::Op op, std::vector<TileOperand> operands, Fit fit = Fit::kBroadcast, float p = 0,
                                float q = 0);
  sdk::Result<TileOperand> cast(const TileOperand& from, TileType to);
  /// TN_UNSUPPORTED where an integer divisor may be 0 unseen; one that is an input is asked when the program runs.
  sdk::Status divide_by(const TileOperand& divisor);
  void set_output(const TileOperand& value) { values_.emplace_back(node_.output(0), value); }

 private:
  sdk::NodeView node_;
  Program program_;
  std::vector<sdk::ValueView> inputs_;
  std::vector<std::pair<sdk::ValueView, TileOperand>> values_;
};

}  // namespace tenon::cpu_blas
