#include "programs/program.h"

#include <algorithm>

namespace tenon::cpu_blas {

namespace {

using Kind = TileOperand::Kind;

int64_t count_readers(const Program& program, uint16_t value) {
  auto count = std::count(program.outputs.begin(), program.outputs.end(), value);
  for (const Instruction& i : program.instructions)
    count += std::count(i.operands, i.operands + 3, TileOperand{Kind::kValue, value});
  return count;
}

/// Takes out an instruction that nobody reads.
void remove(Program& program, uint16_t unread) {
  program.instructions.erase(program.instructions.begin() + unread);
  for (Instruction& i : program.instructions)
    for (TileOperand& operand : i.operands)
      if (operand.is(Kind::kValue) && operand.index > unread) --operand.index;
  for (uint16_t& output : program.outputs)
    if (output > unread) --output;
}

}  // namespace

bool tile_type_of(uint32_t dtype, TileType* type) {
  switch (dtype) {
    case TN_FLOAT: *type = TileType::kFloat; return true;
    case TN_INT32: *type = TileType::kInt32; return true;
    case TN_INT64: *type = TileType::kInt64; return true;
    case TN_BOOL: *type = TileType::kBool; return true;
    case TN_FLOAT16: *type = TileType::kFloat16; return true;
    case TN_BFLOAT16: *type = TileType::kBfloat16; return true;
    default: return false;
  }
}

tn_dtype dtype_of(TileType type) {
  constexpr tn_dtype kTypes[] = {TN_FLOAT, TN_INT32, TN_INT64, TN_BOOL, TN_FLOAT16, TN_BFLOAT16};
  return kTypes[static_cast<size_t>(type)];
}

uint32_t Instruction::operand_count() const {
  uint32_t count = 0;
  while (count < 3 && !operands[count].is(Kind::kNone)) ++count;
  return count;
}

TileType Program::type_of(const TileOperand& operand) const {
  if (operand.is(Kind::kInput)) return inputs[operand.index];
  if (operand.is(Kind::kConstant)) return constants[operand.index].type;
  return instructions[operand.index].type;
}

void Program::join_swishes() {
  for (size_t at = 0; at < instructions.size(); ++at) {
    for (int side = 0; side < 2 && instructions[at].op == simd::Op::kMul; ++side) {
      const TileOperand x = instructions[at].operands[side], factor = instructions[at].operands[1 - side];
      if (!factor.is(Kind::kValue) || instructions[factor.index].op != simd::Op::kSigmoid) continue;
      if (!(instructions[factor.index].operands[0] == x) || count_readers(*this, factor.index) > 1) continue;
      Instruction swish;
      swish.function = simd::find_op(simd::Op::kSwish, TileType::kFloat);
      swish.op = simd::Op::kSwish;
      swish.operands[0] = x;
      swish.p = 1;
      instructions[at] = swish;
      remove(*this, factor.index);
      --at;
    }
  }
}

void Program::assign_registers() {
  std::vector<size_t> last(instructions.size());
  for (size_t i = 0; i < instructions.size(); ++i) {
    last[i] = i;
    for (const TileOperand& operand : instructions[i].operands)
      if (operand.is(Kind::kValue)) last[operand.index] = i;
  }
  std::vector<size_t> busy_until;  // by register
  for (size_t i = 0; i < instructions.size(); ++i) {
    // An operand's register is not free for the result: elements may differ in size.
    const auto free = std::find_if(busy_until.begin(), busy_until.end(), [&](size_t until) { return until < i; });
    instructions[i].reg = static_cast<uint16_t>(free - busy_until.begin());
    if (free == busy_until.end()) {
      busy_until.push_back(last[i]);
    } else {
      *free = last[i];
    }
  }
  registers = static_cast<uint16_t>(busy_until.size());
  for (const Instruction& i : instructions) register_element = std::max(register_element, simd::tile_type_size(i.type));
}

std::vector<uint32_t> Program::reusable_inputs(uint32_t output) const {
  const size_t end = outputs[output];
  // What the output is computed of: all that has then run, since its shape is at least theirs.
  std::vector<bool> before(instructions.size(), false);
  before[end] = true;
  for (size_t i = end + 1; i-- > 0;)
    if (before[i])
      for (const TileOperand& operand : instructions[i].operands)
        if (operand.is(Kind::kValue)) before[operand.index] = true;
  std::vector<uint32_t> reusable;
  for (uint32_t input = 0; input < inputs.size(); ++input) {
    bool fits = simd::tile_type_size(inputs[input]) == simd::tile_type_size(instructions[end].type);
    for (size_t i = 0; i < instructions.size(); ++i)
      for (uint32_t k = 0; k < 3; ++k)
        if (instructions[i].operands[k] == TileOperand{Kind::kInput, static_cast<uint16_t>(input)})
          fits = fits && before[i] && (k == 0 || instructions[i].fit <= Fit::kFirst);
    if (fits) reusable.push_back(input);
  }
  return reusable;
}

}  // namespace tenon::cpu_blas
