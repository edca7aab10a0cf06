#include "programs/epilogue.h"

#include <algorithm>

#include "common.h"
#include "programs/plan.h"

namespace tenon::cpu_blas {
namespace {

using Kind = TileOperand::Kind;

constexpr int64_t kColumns = 256;         // taken at a time
constexpr size_t kMostBytes = 16 * 1024;  // of registers
constexpr size_t kMostSlots = Program::kMostInputs + kMostBytes / (kColumns * 4) + 3 * Program::kMostInstructions;

uint16_t slot_of(const Program& program, const TileOperand& operand) {
  size_t slot = operand.index;
  if (operand.is(Kind::kValue)) slot = program.inputs.size() + program.instructions[operand.index].reg;
  if (operand.is(Kind::kConstant)) slot = program.inputs.size() + program.registers + operand.index;
  return static_cast<uint16_t>(slot);
}

std::vector<TileStep> make_steps(const Program& program) {
  std::vector<TileStep> steps;
  for (const Instruction& i : program.instructions) {
    TileStep step{};
    step.function = i.function;
    step.p = i.p, step.q = i.q;
    step.y = static_cast<uint16_t>(program.inputs.size() + i.reg);
    uint16_t* const slots[] = {&step.a, &step.b, &step.c};
    bool* const steps_through[] = {&step.a_steps, &step.b_steps, &step.c_steps};
    const uint32_t count = i.operand_count();
    for (uint32_t k = 0; k < count; ++k) {
      *slots[k] = slot_of(program, i.operands[k]);
      *steps_through[k] = !i.operands[k].is(Kind::kConstant);
    }
    step.has_b = count > 1, step.has_c = count > 2;
    steps.push_back(step);
  }
  if (!steps.empty()) steps.back().y = 0;
  return steps;
}

}  // namespace

Tail::Tail(std::string node, Program program, std::vector<uint32_t> inputs)
    : node_(std::move(node)), program_(std::move(program)), inputs_(std::move(inputs)), steps_(make_steps(program_)) {}

sdk::Status Tail::run_apart(sdk::RunContext& run, const float* product, sdk::ShapeView shape) const {
  std::vector<sdk::ShapeView> shapes{shape};
  PlanMemory memory;
  memory.inputs[0] = product;
  for (const uint32_t input : inputs_) {
    shapes.push_back(run.input(input).shape());
    memory.inputs[shapes.size() - 1] = run.input(input).raw();
  }
  auto plan = make_plan(program_, shapes);
  if (!plan.is_ok()) return sdk::invalid_model(node_, ": ", plan.take_status().message());
  const size_t last = program_.outputs[0];
  TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_FLOAT, plan.value().results[last]));
  memory.results[last] = y.raw();
  for (const Pass& pass : plan.value().passes)
    for (const uint16_t value : pass.kept) {
      const int64_t bytes = pass.count * simd::tile_type_size(program_.instructions[value].type);
      TN_ASSIGN_OR_RETURN(memory.results[value], run.scratch<uint8_t>(static_cast<size_t>(bytes)));
    }
  return run_plan(run, program_, plan.value(), memory);
}

bool TailCall::lay_out(sdk::ShapeView result, size_t split, sdk::ShapeView shape, Operand* operand) {
  if (shape.size() > result.size()) return false;
  const size_t missing = result.size() - shape.size();
  const auto is_there = [&](size_t i) { return i >= missing && shape[i - missing] != 1; };
  for (size_t i = missing; i < result.size(); ++i)
    if (shape[i - missing] != 1 && shape[i - missing] != result[i]) return false;
  // Along columns: all of them or none; a dimension of 1 is both.
  bool has_columns = false, lacks_columns = false;
  for (size_t i = split; i < result.size(); ++i)
    if (result[i] != 1) (is_there(i) ? has_columns : lacks_columns) = true;
  if (has_columns && lacks_columns) return false;
  operand->has_columns = has_columns;
  operand->row_step =
      has_columns ? extent(result, static_cast<int64_t>(split), static_cast<int64_t>(result.size())) : 1;
  // Along rows: a range of dimensions; those behind it repeat each of its elements, those before it all of them.
  enum { kBehind, kIn, kBefore } place = kBehind;
  for (size_t i = split; i-- > 0;) {
    if (result[i] == 1) continue;
    if (is_there(i)) {
      if (place == kBefore) return false;
      place = kIn;
      operand->period *= result[i];
    } else if (place == kBehind) {
      operand->repeat *= result[i];
    } else {
      place = kBefore;
    }
  }
  if (operand->period == 1) operand->row_step = 0;
  return true;
}

bool TailCall::fits(const Tail& tail, sdk::RunContext& run, const Instruction& i, sdk::ShapeView result) {
  if (i.fit == Fit::kBroadcast) return true;
  if (i.fit == Fit::kEqual || i.fit == Fit::kChannels) return false;
  // The first operand is to be of the result's shape: what the product computes, or is computed from it.
  if (!i.operands[0].is(Kind::kValue) && !(i.operands[0] == TileOperand{Kind::kInput, 0})) return false;
  for (uint32_t k = 1; k < i.operand_count(); ++k) {
    if (i.fit == Fit::kFirst || i.operands[k].is(Kind::kConstant)) continue;
    if (!i.operands[k].is(Kind::kInput) || i.operands[k].index == 0) return false;
    const sdk::TensorView t = run.input(tail.inputs_[i.operands[k].index - 1]);
    if (i.fit == Fit::kScalars && t.count() != 1) return false;
    if (i.fit == Fit::kLast && (t.rank() != 1 || result.empty() || t.dim(0) != result[result.size() - 1])) return false;
  }
  return true;
}

bool TailCall::bind(const Tail& tail, sdk::RunContext& run, sdk::ShapeView result, size_t split) {
  tail_ = nullptr;
  if (tail.empty()) return true;
  const Program& program = tail.program_;
  if (static_cast<size_t>(program.registers) * kColumns * static_cast<size_t>(program.register_element) > kMostBytes)
    return false;
  for (const TileConstant& constant : program.constants)
    if (constant.rank > result.size()) return false;
  for (const Instruction& i : program.instructions)
    if (!fits(tail, run, i, result)) return false;
  operands_.assign(program.inputs.size(), {});
  operands_[0].has_columns = true;
  for (size_t i = 1; i < program.inputs.size(); ++i) {
    const sdk::TensorView t = run.input(tail.inputs_[i - 1]);
    if (!lay_out(result, split, t.shape(), &operands_[i])) return false;
    operands_[i].data = static_cast<const uint8_t*>(t.raw());
    operands_[i].element = simd::tile_type_size(program.inputs[i]);
  }
  // Scalars and rows are one element a tile's row.
  steps_ = tail.steps_;
  const auto settle = [&](uint16_t slot, bool* steps_through) {
    if (slot < operands_.size() && !operands_[slot].has_columns) *steps_through = false;
  };
  for (TileStep& step : steps_) {
    settle(step.a, &step.a_steps);
    settle(step.b, &step.b_steps);
    settle(step.c, &step.c_steps);
  }
  tail_ = &tail;
  return true;
}

void TailCall::apply(float* c, int64_t rows, int64_t columns, int64_t ldc, int64_t row, int64_t column) const {
  if (empty()) return;
  const Program& program = tail_->program_;
  alignas(64) uint8_t buffer[kMostBytes];
  void* slots[kMostSlots];
  const size_t inputs = operands_.size();
  for (size_t i = 0; i < program.registers; ++i)
    slots[inputs + i] = buffer + static_cast<int64_t>(i) * kColumns * program.register_element;
  for (size_t i = 0; i < program.constants.size(); ++i)
    slots[inputs + program.registers + i] = const_cast<unsigned char*>(program.constants[i].bytes);
  // One long row where rows follow each other and nothing tells them apart.
  if (ldc == columns && inputs == 1) columns *= rows, ldc = columns, rows = 1;
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t first = 0; first < columns; first += kColumns) {
      slots[0] = c + r * ldc + first;
      for (size_t i = 1; i < inputs; ++i) {
        const Operand& o = operands_[i];
        const int64_t at = (row + r) / o.repeat % o.period * o.row_step + (o.has_columns ? column + first : 0);
        slots[i] = const_cast<uint8_t*>(o.data) + at * o.element;
      }
      run_steps(steps_, slots, std::min(kColumns, columns - first));
    }
  }
}

sdk::Result<float*> result_memory(sdk::RunContext& run, bool is_output, const sdk::Shape& shape) {
  if (!is_output) return run.scratch<float>(static_cast<size_t>(sdk::element_count(shape)));
  TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_FLOAT, shape));
  return y.data<float>();
}

}  // namespace tenon::cpu_blas
