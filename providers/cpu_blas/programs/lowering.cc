#include "programs/lowering.h"

#include <algorithm>
#include <cstring>

#include "common.h"

namespace tenon::cpu_blas {
namespace {

using Kind = TileOperand::Kind;

/// Whether the instruction's result is bool whatever its operands are.
bool is_test(simd::Op op) {
  return op >= simd::Op::kIsNaN && op <= simd::Op::kGreaterOrEqual;
}

TileOperand operand(Kind kind, size_t index) {
  return {kind, static_cast<uint16_t>(index)};
}

}  // namespace

void Lowering::begin_with(const sdk::ValueView& product) {
  program_.inputs = {TileType::kFloat};
  inputs_ = {product};
  values_.emplace_back(product, operand(Kind::kInput, 0));
}

sdk::Result<TileOperand> Lowering::input(uint32_t i) {
  if (!has_input(i)) return sdk::unsupported("input ", i, " is left out");
  const sdk::ValueView value = node_.input(i);
  for (const auto& [known, at] : values_)
    if (known == value) return at;
  const sdk::TensorView info = value.info();
  TileType type;
  if (!tile_type_of(info.dtype(), &type))
    return sdk::unsupported("input ", i, " is of type ", sdk::dtype_name(info.dtype()), ", which programs have not");
  TileOperand at;
  const auto data = info.is_constant() && info.has_rank() ? value.data() : std::nullopt;
  if (data && data->raw() != nullptr && data->count() == 1) {
    TileConstant one{type, static_cast<uint32_t>(data->rank()), {}};
    std::memcpy(one.bytes, data->raw(), static_cast<size_t>(simd::tile_type_size(type)));
    program_.constants.push_back(one);
    at = operand(Kind::kConstant, program_.constants.size() - 1);
  } else {
    if (inputs_.size() >= Program::kMostInputs) return sdk::unsupported("more than ", Program::kMostInputs, " inputs");
    program_.inputs.push_back(type);
    inputs_.push_back(value);
    at = operand(Kind::kInput, inputs_.size() - 1);
  }
  values_.emplace_back(value, at);
  return at;
}

bool Lowering::constant_float(uint32_t i, float* value) const {
  const sdk::ValueView input = node_.input(i);
  if (!input.info().is_constant() || input.info().dtype() != TN_FLOAT) return false;
  const auto data = input.data();
  if (!data || data->raw() == nullptr || data->count() != 1) return false;
  *value = data->data<float>()[0];
  return true;
}

TileOperand Lowering::constant(float value) {
  TileConstant one{TileType::kFloat, 0, {}};
  std::memcpy(one.bytes, &value, sizeof value);
  program_.constants.push_back(one);
  return operand(Kind::kConstant, program_.constants.size() - 1);
}

sdk::Result<TileOperand> Lowering::emit(simd::Op op, std::vector<TileOperand> operands, Fit fit, float p, float q) {
  const TileType type = type_of(operands.back());
  for (size_t i = op == simd::Op::kWhere ? 1 : 0; i < operands.size(); ++i)
    if (type_of(operands[i]) != type) return sdk::unsupported("operands are of different types");
  if (program_.instructions.size() >= Program::kMostInstructions) return sdk::unsupported("the program is too long");
  Instruction instruction;
  instruction.function = simd::find_op(op, type);
  if (instruction.function == nullptr)
    return sdk::unsupported(node_.op_type(), " of ", sdk::dtype_name(dtype_of(type)), " is no instruction of programs");
  instruction.op = op;
  instruction.type = is_test(op) ? TileType::kBool : type;
  instruction.fit = fit;
  std::copy(operands.begin(), operands.end(), instruction.operands);
  instruction.p = p, instruction.q = q;
  program_.instructions.push_back(instruction);
  return operand(Kind::kValue, program_.instructions.size() - 1);
}

sdk::Result<TileOperand> Lowering::cast(const TileOperand& from, TileType to) {
  TN_ASSIGN_OR_RETURN(const TileOperand at, emit(simd::Op::kCopy, {from}));
  Instruction& instruction = program_.instructions.back();
  if (to != instruction.type) instruction.function = simd::find_cast(instruction.type, to);
  if (instruction.function == nullptr)
    return sdk::unsupported("programs do not cast ", sdk::dtype_name(dtype_of(instruction.type)), " to ",
                            sdk::dtype_name(dtype_of(to)));
  instruction.type = to;
  return at;
}

sdk::Status Lowering::divide_by(const TileOperand& divisor) {
  const TileType type = type_of(divisor);
  if (type == TileType::kFloat) return {};
  if (divisor.is(Kind::kValue)) return sdk::unsupported("integers are divided by what is computed");
  if (divisor.is(Kind::kInput)) {
    program_.integer_divisors.push_back(divisor.index);
    return {};
  }
  const unsigned char* bytes = program_.constants[divisor.index].bytes;
  if (std::any_of(bytes, bytes + simd::tile_type_size(type), [](unsigned char byte) { return byte != 0; })) return {};
  return sdk::unsupported("integers are divided by the constant 0");
}

sdk::Result<Program> Lowering::finish(const std::vector<sdk::ValueView>& outputs) {
  for (const sdk::ValueView& value : outputs) {
    const auto found =
        std::find_if(values_.begin(), values_.end(), [&](const auto& known) { return known.first == value; });
    if (found == values_.end() || !found->second.is(Kind::kValue))
      return sdk::unsupported("an output is not of the program");
    program_.outputs.push_back(found->second.index);
  }
  program_.join_swishes();
  program_.assign_registers();
  return std::move(program_);
}

}  // namespace tenon::cpu_blas
