#include "programs/elementwise_kernel.h"

#include <algorithm>

#include "programs/lower.h"

namespace tenon::cpu_blas {
namespace {

template <typename T>
bool holds_zero(const sdk::TensorView& t) {
  const T* values = t.data<T>();
  return std::find(values, values + t.count(), T(0)) != values + t.count();
}

/// The shapes of the values, if all of all are known.
std::vector<sdk::Shape> declared_shapes(const std::vector<sdk::ValueView>& values) {
  std::vector<sdk::Shape> shapes;
  for (const sdk::ValueView& value : values) {
    const sdk::TensorView info = value.info();
    if (!info.has_rank() || std::any_of(info.shape().begin(), info.shape().end(), [](int64_t d) { return d < 0; }))
      return {};
    shapes.emplace_back(info.shape().begin(), info.shape().end());
  }
  return shapes;
}

/// Which inputs of the kernel lend their memory to which output. The host never lends a constant's.
std::vector<tn_alias> aliases_of(const Program& program, const std::vector<uint32_t>& inputs) {
  std::vector<tn_alias> aliases;
  for (uint32_t output = 0; output < program.outputs.size(); ++output)
    for (const uint32_t input : program.reusable_inputs(output))
      aliases.push_back({output, inputs[input], TN_ALIAS_MAY_REUSE});
  return aliases;
}

/// The kernel of a program whose inputs are these of the kernel.
sdk::Result<sdk::KernelPtr> finish_kernel(std::string node, const Lowering& lowering, Program program,
                                          std::vector<uint32_t> inputs, sdk::KernelTerms* terms) {
  terms->aliases = aliases_of(program, inputs);
  return sdk::KernelPtr(std::make_unique<ElementwiseKernel>(std::move(node), std::move(program), std::move(inputs),
                                                            declared_shapes(lowering.inputs())));
}

}  // namespace

ElementwiseKernel::ElementwiseKernel(std::string node, Program program, std::vector<uint32_t> inputs,
                                     const std::vector<sdk::Shape>& declared)
    : node_(std::move(node)), program_(std::move(program)), inputs_(std::move(inputs)) {
  if (declared.size() != program_.inputs.size()) return;
  const std::vector<sdk::ShapeView> shapes(declared.begin(), declared.end());
  if (auto plan = make_plan(program_, shapes); plan.is_ok())
    last_ = std::make_shared<const Plan>(std::move(plan.value()));
}

sdk::Result<std::shared_ptr<const Plan>> ElementwiseKernel::plan_for(sdk::Span<const sdk::ShapeView> shapes) const {
  {
    std::lock_guard lock(mutex_);
    if (last_ != nullptr && last_->is_for(shapes)) return last_;
  }
  auto made = make_plan(program_, shapes);
  if (!made.is_ok()) return sdk::invalid_model(node_, ": ", made.take_status().message());
  auto plan = std::make_shared<const Plan>(std::move(made.value()));
  std::lock_guard lock(mutex_);
  last_ = plan;
  return plan;
}

sdk::Status ElementwiseKernel::check_divisors(sdk::RunContext& run) const {
  for (const uint16_t i : program_.integer_divisors) {
    const sdk::TensorView t = run.input(inputs_[i]);
    if (t.dtype() == TN_INT32 ? holds_zero<int32_t>(t) : holds_zero<int64_t>(t))
      return sdk::invalid_argument(node_, ": a divisor, ", sdk::shape_text(t.shape()),
                                   ", holds 0: an integer divided by 0 has no value");
  }
  return {};
}

sdk::Status ElementwiseKernel::run(sdk::RunContext& run) const {
  sdk::ShapeView shapes[Program::kMostInputs];
  PlanMemory memory;
  for (size_t i = 0; i < inputs_.size(); ++i) {
    const sdk::TensorView t = run.input(inputs_[i]);
    shapes[i] = t.shape();
    memory.inputs[i] = t.raw();
  }
  TN_ASSIGN_OR_RETURN(const std::shared_ptr<const Plan> plan,
                      plan_for(sdk::Span<const sdk::ShapeView>(shapes, inputs_.size())));
  bool is_empty = true;
  for (uint32_t i = 0; i < program_.outputs.size(); ++i) {
    const uint16_t value = program_.outputs[i];
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y,
                        run.output(i, dtype_of(program_.instructions[value].type), plan->results[value]));
    memory.results[value] = y.raw();
    is_empty = is_empty && y.count() == 0;
  }
  if (is_empty) return {};
  TN_RETURN_IF_ERROR(check_divisors(run));
  for (const Pass& pass : plan->passes)
    for (const uint16_t value : pass.kept) {
      const int64_t bytes = pass.count * simd::tile_type_size(program_.instructions[value].type);
      TN_ASSIGN_OR_RETURN(memory.results[value], run.scratch<uint8_t>(static_cast<size_t>(bytes)));
    }
  return run_plan(run, program_, *plan, memory);
}

sdk::Result<sdk::KernelPtr> make_elementwise(const sdk::KernelInfo& info) {
  Lowering lowering;
  const sdk::Status status = lowering.add(info);
  if (!status.is_ok()) return sdk::Status(status.code(), describe(info) + ": " + status.message());
  TN_ASSIGN_OR_RETURN(Program program, lowering.finish({info.output(0)}));
  std::vector<uint32_t> inputs;
  for (const sdk::ValueView& value : lowering.inputs())
    for (uint32_t i = 0; i < info.input_count(); ++i)
      if (info.input(i) == value) {
        inputs.push_back(i);
        break;
      }
  return finish_kernel(describe(info), lowering, std::move(program), std::move(inputs), &info.terms());
}

sdk::Result<sdk::KernelPtr> make_elementwise_group(const sdk::GroupInfo& group) {
  Lowering lowering;
  for (size_t i = 0; i < group.node_count(); ++i) TN_RETURN_IF_ERROR(lowering.add(group.node(i)));
  std::vector<sdk::ValueView> outputs;
  for (size_t i = 0; i < group.output_count(); ++i) outputs.push_back(group.output(i));
  TN_ASSIGN_OR_RETURN(Program program, lowering.finish(outputs));
  std::vector<uint32_t> inputs;
  for (const sdk::ValueView& value : lowering.inputs())
    inputs.push_back(static_cast<uint32_t>(group.input_index(value)));
  return finish_kernel("group '" + std::string(group.label()) + "'", lowering, std::move(program), std::move(inputs),
                       &group.terms());
}

}  // namespace tenon::cpu_blas
