// Fusion within a group; see op.h. An operator moves to the place of the last one that it took in, where all that it
// reads is computed.
#include <algorithm>

#include "graph/op.h"

namespace onednn {
namespace {

class Fuser {
 public:
  explicit Fuser(Group* group) : group_(*group) {}

  void fold_scales() {
    for (size_t i = 0; i < group_.ops.size(); ++i)
      if (group_.ops[i].kind == Kind::kConv) follow(i, &Fuser::take_scale);
  }
  void fuse() {
    for (size_t i = 0; i < group_.ops.size(); ++i) {
      const Kind kind = group_.ops[i].kind;
      if (kind == Kind::kMatMul) follow(i, &Fuser::take_bias);
      // What is moved behind is met again there, with nothing left to take.
      if (kind == Kind::kConv || kind == Kind::kMatMul) {
        follow(i, &Fuser::take_residual);
        follow(i, &Fuser::take_function);
      }
    }
  }
  ~Fuser() {
    const auto is_gone = [](const Op& op) { return op.output == kNone; };
    group_.ops.erase(std::remove_if(group_.ops.begin(), group_.ops.end(), is_gone), group_.ops.end());
  }

 private:
  using Taker = bool (Fuser::*)(Op& op, const Op& next);

  Value& value(int number) { return group_.values[static_cast<size_t>(number)]; }
  bool is_constant(int number) { return number == kNone || value(number).is_constant; }

  /// Lets `taker` have the readers of the op at `index`, one after the other, as long as it takes them.
  void follow(size_t index, Taker taker) {
    while (group_.ops[index].output != kNone) {
      const int result = group_.ops[index].output;
      if (value(result).use_count != 1) return;
      size_t next = index + 1;
      const auto reads = [&](const Op& op) {
        return op.output != kNone && std::find(op.inputs.begin(), op.inputs.end(), result) != op.inputs.end();
      };
      while (next < group_.ops.size() && !reads(group_.ops[next])) ++next;
      if (next == group_.ops.size() || !(this->*taker)(group_.ops[index], group_.ops[next])) return;
      group_.ops[index].output = group_.ops[next].output;
      group_.ops[next] = std::move(group_.ops[index]);
      group_.ops[index].output = kNone;  // taken away at the end
      index = next;
    }
  }

  bool take_scale(Op& op, const Op& next) {
    if (next.kind != Kind::kNormalize || next.inputs[0] != op.output) return false;
    const bool knows_all =
        is_constant(op.inputs[1]) && (op.inputs.size() < 3 || is_constant(op.inputs[2])) &&
        std::all_of(next.inputs.begin() + 1, next.inputs.end(), [&](int i) { return is_constant(i); });
    if (!knows_all || value(next.inputs[1]).shape != sdk::Shape{value(op.inputs[1]).shape[0]}) return false;
    op.scales.push_back({next.inputs[1], next.inputs[2], next.inputs[3], next.inputs[4], next.epsilon});
    return true;
  }

  /// The operand of an addition that is not the result of `op`; kNone when `next` is none.
  int other_operand(const Op& op, const Op& next) {
    if (next.kind != Kind::kBinary || next.algorithm != dnnl::algorithm::binary_add) return kNone;
    return next.inputs[next.inputs[0] == op.output ? 1 : 0];
  }

  bool take_bias(Op& op, const Op& next) {
    const int other = other_operand(op, next);
    if (other == kNone || op.inputs.size() > 2 || op.residual != kNone || !op.functions.empty()) return false;
    const sdk::Shape& result = value(op.output).shape;
    if (result != value(next.output).shape || value(other).shape != sdk::Shape{result.back()}) return false;
    op.inputs.push_back(other);
    return true;
  }

  bool take_residual(Op& op, const Op& next) {
    const int other = other_operand(op, next);
    if (other == kNone || op.residual != kNone || !op.functions.empty()) return false;
    if (value(other).shape != value(op.output).shape) return false;
    op.residual = other;
    return true;
  }

  bool take_function(Op& op, const Op& next) {
    if (next.kind != Kind::kEltwise || !op.functions.empty()) return false;
    op.functions.push_back(next.function);
    return true;
  }

  Group& group_;
};

}  // namespace

void fold_scales(Group* group) {
  Fuser(group).fold_scales();
}

void fuse(Group* group) {
  Fuser(group).fuse();
}

}  // namespace onednn
