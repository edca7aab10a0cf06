// Laying a program out; see plan.h.
#include "programs/plan.h"

#include <algorithm>
#include <tenon/sdk/geometry/broadcast.hpp>

#include "common.h"

namespace tenon::cpu_blas {
namespace {

using Kind = TileOperand::Kind;

constexpr int64_t kCacheBytes = 24 * 1024;  // of the first-level cache, for a tile of all that a pass touches
constexpr int64_t kLeastTile = 128, kLargestTile = 4096;
// Rows below it are taken together; operands that change from row to row are then spread, which costs more.
constexpr int64_t kShortRow = 1024, kShortMixedRow = 192;
constexpr double kStepNs = 4;     // what an instruction takes beside its elements
constexpr double kByteNs = 0.02;  // of a stream

/// Without leading ones: shapes that are equal so have their elements at the same places.
sdk::Shape trimmed(const sdk::Shape& shape) {
  const auto first = std::find_if(shape.begin(), shape.end(), [](int64_t size) { return size != 1; });
  return sdk::Shape(first, shape.end());
}

class Planner {
 public:
  explicit Planner(const Program& program) : program_(program) {}

  sdk::Result<Plan> plan(sdk::Span<const sdk::ShapeView> inputs) {
    for (const sdk::ShapeView shape : inputs) plan_.inputs.emplace_back(shape.begin(), shape.end());
    for (const Instruction& i : program_.instructions) {
      TN_ASSIGN_OR_RETURN(sdk::Shape shape, result_of(i));
      trimmed_.push_back(trimmed(shape));
      plan_.results.push_back(std::move(shape));
    }
    for (const std::vector<uint16_t>& members : classes()) add_pass(members);
    return std::move(plan_);
  }

 private:
  sdk::Shape shape_of(const TileOperand& operand) const {
    if (operand.is(Kind::kInput)) return plan_.inputs[operand.index];
    if (operand.is(Kind::kConstant)) return sdk::Shape(program_.constants[operand.index].rank, 1);
    return plan_.results[operand.index];
  }

  sdk::Result<sdk::Shape> result_of(const Instruction& i) const {
    sdk::Shape shape = shape_of(i.operands[0]);
    for (uint32_t k = 1; k < i.operand_count(); ++k) {
      const sdk::Shape other = shape_of(i.operands[k]);
      switch (i.fit) {
        case Fit::kBroadcast: {
          TN_ASSIGN_OR_RETURN(shape, sdk::broadcast_shape(shape, other));
          break;
        }
        case Fit::kEqual: TN_RETURN_IF_ERROR(sdk::check_variadic(shape, other, 1)); break;
        case Fit::kFirst: {
          TN_ASSIGN_OR_RETURN(const sdk::Shape both, sdk::broadcast_shape(shape, other));
          if (both != shape) return misfit(k, other, "one that broadcasts to " + sdk::shape_text(shape));
          break;
        }
        case Fit::kScalars:
          if (sdk::element_count(other) != 1) return misfit(k, other, "a scalar");
          break;
        case Fit::kChannels:
        case Fit::kLast: {
          const int64_t size = vector_size(i.fit, shape);
          if (other.size() != 1 || other[0] != size || (i.fit == Fit::kChannels && shape.empty()))
            return misfit(k, other, std::to_string(size));
          break;
        }
      }
    }
    return shape;
  }

  static sdk::Status misfit(uint32_t operand, const sdk::Shape& shape, const std::string& expected) {
    return sdk::invalid_model("operand ", operand, " is ", sdk::shape_text(shape), ", expected ", expected);
  }

  static int64_t vector_size(Fit fit, const sdk::Shape& shape) {
    if (fit == Fit::kLast) return shape.empty() ? 1 : shape.back();
    return shape.size() >= 2 ? shape[1] : 1;
  }

  /// The shape by which an operand broadcasts to the result.
  sdk::Shape operand_shape(const Instruction& i, uint32_t k) const {
    sdk::Shape shape = shape_of(i.operands[k]);
    if (k == 0 || (i.fit != Fit::kScalars && i.fit != Fit::kChannels)) return shape;
    if (i.fit == Fit::kScalars) return {};
    const size_t rank = shape_of(i.operands[0]).size();
    if (rank > 2) shape.resize(rank - 1, 1);
    return shape;
  }

  /// Instructions by the shape of their results, so that what one class reads, those before it compute. An operand has
  /// no more elements than the result, and where it has as many but another shape, fewer dimensions.
  std::vector<std::vector<uint16_t>> classes() const {
    std::vector<std::vector<uint16_t>> classes;
    for (uint16_t i = 0; i < program_.instructions.size(); ++i) {
      const auto same = std::find_if(classes.begin(), classes.end(),
                                     [&](const auto& members) { return trimmed_[members[0]] == trimmed_[i]; });
      if (same == classes.end()) {
        classes.push_back({i});
      } else {
        same->push_back(i);
      }
    }
    std::stable_sort(classes.begin(), classes.end(), [&](const auto& left, const auto& right) {
      const sdk::Shape &a = trimmed_[left[0]], &b = trimmed_[right[0]];
      const int64_t a_count = sdk::element_count(a), b_count = sdk::element_count(b);
      return a_count != b_count ? a_count < b_count : a.size() < b.size();
    });
    return classes;
  }

  /// Whether the profile counts it: a function of floats.
  bool is_operation(const Instruction& i) const {
    return i.op != simd::Op::kCopy && program_.type_of(i.operands[0]) == TileType::kFloat;
  }

  bool is_read_outside(uint16_t value, const sdk::Shape& shape) const {
    for (size_t i = 0; i < program_.instructions.size(); ++i)
      for (const TileOperand& operand : program_.instructions[i].operands)
        if (operand == TileOperand{Kind::kValue, value} && trimmed_[i] != shape) return true;
    return false;
  }

  /// The stream of the pass for `what`, broadcast by `shape`.
  uint16_t stream(Pass* pass, const sdk::Shape& whole, const TileOperand& what, const sdk::Shape& shape) const {
    Stream s;
    s.what = what;
    s.element = simd::tile_type_size(program_.type_of(what));
    s.steps.assign(whole.size(), 0);
    int64_t step = 1;
    for (size_t i = 0; i < std::min(shape.size(), whole.size()); ++i) {
      const int64_t size = shape[shape.size() - 1 - i];
      if (size != 1) s.steps[whole.size() - 1 - i] = step;
      step *= size;
    }
    for (size_t i = 0; i < pass->streams.size(); ++i)
      if (pass->streams[i].what == what && pass->streams[i].steps == s.steps) return static_cast<uint16_t>(i);
    pass->streams.push_back(std::move(s));
    return static_cast<uint16_t>(pass->streams.size() - 1);
  }

  void add_pass(const std::vector<uint16_t>& members) {
    const sdk::Shape& whole = trimmed_[members[0]];
    Pass pass;
    pass.count = sdk::element_count(whole);
    if (pass.count == 0) return;
    // Slots of streams first: which results and operands are any.
    std::vector<int> written(program_.instructions.size(), -1);
    for (const uint16_t i : members) {
      const bool goes_out = std::find(program_.outputs.begin(), program_.outputs.end(), i) != program_.outputs.end();
      const bool is_kept = is_read_outside(i, whole);
      if (is_kept && !goes_out) pass.kept.push_back(i);
      if (is_kept || goes_out) written[i] = stream(&pass, whole, {Kind::kValue, i}, whole);
    }
    std::vector<TileStep> steps;
    constexpr uint16_t kRegister = 0x4000, kConstant = 0x8000;
    for (const uint16_t i : members) {
      const Instruction& instruction = program_.instructions[i];
      TileStep step{};
      step.function = instruction.function;
      step.p = instruction.p, step.q = instruction.q;
      step.y = static_cast<uint16_t>(written[i] >= 0 ? written[i] : kRegister + instruction.reg);
      uint16_t* const slots[] = {&step.a, &step.b, &step.c};
      const uint32_t count = instruction.operand_count();
      for (uint32_t k = 0; k < count; ++k) {
        const TileOperand& operand = instruction.operands[k];
        if (operand.is(Kind::kConstant)) {
          *slots[k] = static_cast<uint16_t>(kConstant + operand.index);
        } else if (operand.is(Kind::kValue) && trimmed_[operand.index] == whole && written[operand.index] < 0) {
          *slots[k] = static_cast<uint16_t>(kRegister + program_.instructions[operand.index].reg);
        } else if (operand.is(Kind::kValue) && trimmed_[operand.index] == whole) {
          *slots[k] = static_cast<uint16_t>(written[operand.index]);
        } else {
          *slots[k] = stream(&pass, whole, operand, operand_shape(instruction, k));
        }
      }
      step.has_b = count > 1, step.has_c = count > 2;
      steps.push_back(step);
      pass.tile_cost_ns += simd::op_cost_ns(instruction.op);  // of an element, until there is a tile
      if (is_operation(instruction)) plan_.flops += static_cast<uint64_t>(pass.count);
    }
    merge_loops(&pass, whole);
    choose_tile(&pass);
    const auto base = static_cast<uint16_t>(pass.streams.size());
    const auto place = [&](uint16_t* slot, bool* steps_through) {
      *steps_through = *slot < kConstant;
      if (*slot >= kConstant) {
        *slot = static_cast<uint16_t>(*slot - kConstant + base + program_.registers);
      } else if (*slot >= kRegister) {
        *slot = static_cast<uint16_t>(*slot - kRegister + base);
      } else {
        const Stream& s = pass.streams[*slot];
        *steps_through = pass.joins_rows ? !s.is_scalar : s.steps.back() != 0;
      }
    };
    for (TileStep& step : steps) {
      bool ignored;
      place(&step.y, &ignored);
      place(&step.a, &step.a_steps);
      place(&step.b, &step.b_steps);
      place(&step.c, &step.c_steps);
    }
    pass.steps = std::move(steps);
    plan_.passes.push_back(std::move(pass));
  }

  /// Loops that all streams step through evenly become one.
  static void merge_loops(Pass* pass, const sdk::Shape& whole) {
    std::vector<std::vector<int64_t>> steps(pass->streams.size());
    for (size_t i = 0; i < whole.size(); ++i) {
      if (whole[i] == 1) continue;
      bool merges = !pass->loops.empty();
      for (size_t s = 0; s < steps.size(); ++s)
        merges = merges && steps[s].back() == pass->streams[s].steps[i] * whole[i];
      if (merges) {
        pass->loops.back() *= whole[i];
      } else {
        pass->loops.push_back(whole[i]);
      }
      for (size_t s = 0; s < steps.size(); ++s) {
        if (!merges) steps[s].push_back(0);
        steps[s].back() = pass->streams[s].steps[i];
      }
    }
    if (pass->loops.empty()) {
      pass->loops.push_back(1);
      for (auto& of_stream : steps) of_stream.push_back(1);
    }
    for (size_t s = 0; s < steps.size(); ++s) pass->streams[s].steps = std::move(steps[s]);
  }

  void choose_tile(Pass* pass) const {
    const int64_t inner = pass->loops.back();
    bool is_mixed = false;
    for (Stream& s : pass->streams) {
      int64_t dense = 1;
      s.is_dense = s.is_scalar = s.is_one_row = true;
      for (size_t i = pass->loops.size(); i-- > 0;) {
        s.is_dense = s.is_dense && s.steps[i] == dense;
        s.is_scalar = s.is_scalar && s.steps[i] == 0;
        s.is_one_row = s.is_one_row && (s.steps[i] == 0) == (i + 1 < pass->loops.size());
        dense *= pass->loops[i];
      }
      is_mixed = is_mixed || !(s.is_dense || s.is_scalar || s.is_one_row);
    }
    pass->joins_rows = pass->loops.size() > 1 && inner < (is_mixed ? kShortMixedRow : kShortRow);
    int64_t bytes = program_.registers * program_.register_element;
    for (Stream& s : pass->streams) {
      if (!s.is_scalar) bytes += s.element;
      if (s.is_dense) pass->tile_cost_ns += kByteNs * static_cast<double>(s.element);
      if (pass->joins_rows && !s.is_dense && !s.is_scalar) {
        s.expanded = pass->expansions++;
        bytes += program_.register_element;
      }
    }
    const int64_t fits = kCacheBytes / std::max<int64_t>(bytes, 1) / 64 * 64;
    pass->tile = std::min(std::max(fits, kLeastTile), kLargestTile);
    if (pass->joins_rows) {
      const int64_t rows = std::max<int64_t>(pass->tile / inner, 1);
      pass->tile = rows * inner;
      pass->tiles = ceil_div(pass->count / inner, rows);
    } else {
      const int64_t pieces = ceil_div(inner, pass->tile);
      pass->tile = std::min(inner, round_up(ceil_div(inner, pieces), 64));
      pass->tiles = pass->count / inner * ceil_div(inner, pass->tile);
    }
    pass->buffer_stride = round_up(pass->tile * program_.register_element, 64);
    pass->buffer_bytes = pass->buffer_stride * (program_.registers + pass->expansions);
    pass->tile_cost_ns = pass->tile_cost_ns * static_cast<double>(pass->tile) +
                         kStepNs * static_cast<double>(pass->streams.size() + pass->steps.size() + 2);
  }

  const Program& program_;
  Plan plan_;
  std::vector<sdk::Shape> trimmed_;  // of results, by instruction
};

}  // namespace

bool Plan::is_for(sdk::Span<const sdk::ShapeView> shapes) const {
  if (shapes.size() != inputs.size()) return false;
  for (size_t i = 0; i < shapes.size(); ++i)
    if (!std::equal(shapes[i].begin(), shapes[i].end(), inputs[i].begin(), inputs[i].end())) return false;
  return true;
}

sdk::Result<Plan> make_plan(const Program& program, sdk::Span<const sdk::ShapeView> inputs) {
  return Planner(program).plan(inputs);
}

}  // namespace tenon::cpu_blas
