// See kernel.h. A program is built twice at most for one set of shapes: fast, and careful for runs in which NaN could
// be lost. Nothing else is kept between runs.
#include "kernel.h"

#include <algorithm>
#include <mutex>

#include "lower/weights.h"

namespace onednn {
namespace {

using ProgramPtr = std::shared_ptr<const Program>;

/// Programs by the shapes of the inputs. For any thread.
class ProgramCache {
 public:
  /// What `build` makes is kept; beyond a number of shapes the eldest goes. Two threads that meet new shapes at once
  /// wait for each other.
  template <typename Build>
  sdk::Result<ProgramPtr> get(const std::vector<sdk::Shape>& shapes, bool careful, const Build& build) {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (const Entry& entry : entries_)
      if (entry.careful == careful && entry.shapes == shapes) return entry.program;
    TN_ASSIGN_OR_RETURN(ProgramPtr program, build());
    if (entries_.size() == kMost) entries_.erase(entries_.begin());
    entries_.push_back({shapes, careful, program});
    return program;
  }

 private:
  static constexpr size_t kMost = 32;
  struct Entry {
    std::vector<sdk::Shape> shapes;
    bool careful;
    ProgramPtr program;
  };
  std::mutex mutex_;
  std::vector<Entry> entries_;
};

class GroupKernel final : public sdk::Kernel {
 public:
  GroupKernel(Group group, std::vector<PackedLayout> layouts)
      : group_(std::move(group)), layouts_(std::move(layouts)), blobs_(layouts_.size(), nullptr) {
    for (const Op& op : group_.ops)
      if (op.slot != kNone) packed_ops_.push_back(&op);
    int most = -1;
    for (const Value& value : group_.values) most = std::max(most, value.input);
    input_values_.assign(static_cast<size_t>(most + 1), kNone);
    for (size_t i = 0; i < group_.values.size(); ++i)
      if (group_.values[i].input >= 0) input_values_[static_cast<size_t>(group_.values[i].input)] = static_cast<int>(i);
  }

  /// Compiles for the shapes that the session knows, if it knows them all.
  sdk::Status prepare() {
    std::vector<sdk::Shape> shapes(input_values_.size());
    for (size_t i = 0; i < shapes.size(); ++i) {
      if (input_values_[i] == kNone) continue;
      shapes[i] = group_.values[static_cast<size_t>(input_values_[i])].shape;
      if (std::any_of(shapes[i].begin(), shapes[i].end(), [](int64_t d) { return d < 0; })) return {};
    }
    return program(shapes, false).take_status();
  }

  uint32_t pack_count() const override { return static_cast<uint32_t>(packed_ops_.size()); }

  sdk::Result<sdk::PackPlan> pack_plan(uint32_t slot) override {
    const Op& op = *packed_ops_[slot];
    sdk::PackPlan plan;
    for (const int value : pack_sources(op)) {
      const Value& source = group_.values[static_cast<size_t>(value)];
      if (!source.is_constant) return sdk::PackPlan{};  // packed in each run
      plan.inputs.push_back(static_cast<uint32_t>(source.input));
    }
    plan.byte_length = static_cast<uint64_t>(layouts_[slot].bytes);
    plan.key = pack_key(op, layouts_[slot]);
    return plan;
  }

  sdk::Status pack(uint32_t slot, sdk::PackContext& pack) const override {
    std::vector<const float*> sources;
    for (uint32_t i = 0; i < pack.source_count(); ++i) sources.push_back(pack.source(i).data<float>());
    return pack_weight(*packed_ops_[slot], group_, layouts_[slot], sources, pack.blob());
  }

  sdk::Status bind_pack(uint32_t slot, const void* blob, uint64_t byte_length) override {
    if (byte_length != static_cast<uint64_t>(layouts_[slot].bytes))
      return sdk::Status(TN_INTERNAL,
                         sdk::concat("the pack has ", byte_length, " bytes, expected ", layouts_[slot].bytes));
    blobs_[slot] = static_cast<const char*>(blob);
    return {};
  }

  sdk::Status run(sdk::RunContext& run) const override {
    std::vector<sdk::Shape> shapes(input_values_.size());
    for (size_t i = 0; i < shapes.size(); ++i) {
      if (input_values_[i] == kNone) continue;
      const sdk::ShapeView shape = run.input(static_cast<uint32_t>(i)).shape();
      shapes[i].assign(shape.begin(), shape.end());
    }
    TN_ASSIGN_OR_RETURN(const ProgramPtr fast, program(shapes, false));
    std::vector<sdk::MutableTensorView> outputs;
    for (size_t i = 0; i < fast->output_shapes.size(); ++i) {
      TN_ASSIGN_OR_RETURN(sdk::MutableTensorView output,
                          run.output(static_cast<uint32_t>(i), TN_FLOAT, fast->output_shapes[i]));
      outputs.push_back(output);
    }
    TN_ASSIGN_OR_RETURN(const Packed packed, packed_for(run));
    TN_ASSIGN_OR_RETURN(const bool is_done, fast->run(run, outputs, packed));
    if (is_done) return {};
    TN_ASSIGN_OR_RETURN(const ProgramPtr careful, program(shapes, true));
    return careful->run(run, outputs, packed).take_status();
  }

 private:
  sdk::Result<ProgramPtr> program(const std::vector<sdk::Shape>& shapes, bool careful) const {
    return programs_.get(shapes, careful, [&]() -> sdk::Result<ProgramPtr> {
      Group group = group_;
      for (size_t i = 0; i < shapes.size(); ++i)
        if (input_values_[i] != kNone) group.values[static_cast<size_t>(input_values_[i])].shape = shapes[i];
      TN_RETURN_IF_ERROR(infer_shapes(&group));
      fuse(&group);
      return compile_program(group, layouts_, careful);
    });
  }

  /// The blobs that were bound; those of weights that are no constants, or while a constant is folded, are made here.
  sdk::Result<Packed> packed_for(sdk::RunContext& run) const {
    Packed packed;
    for (size_t slot = 0; slot < layouts_.size(); ++slot) {
      const char* blob = blobs_[slot];
      if (blob == nullptr) {
        TN_ASSIGN_OR_RETURN(char* const own, run.scratch<char>(static_cast<size_t>(layouts_[slot].bytes)));
        std::vector<const float*> sources;
        for (const int value : pack_sources(*packed_ops_[slot]))
          sources.push_back(
              run.input(static_cast<uint32_t>(group_.values[static_cast<size_t>(value)].input)).data<float>());
        TN_RETURN_IF_ERROR(pack_weight(*packed_ops_[slot], group_, layouts_[slot], sources, own));
        blob = own;
      }
      packed.blobs.push_back(blob);
      packed.gains.push_back(gain_of(*packed_ops_[slot], layouts_[slot], blob));
    }
    return packed;
  }

  const Group group_;
  const std::vector<PackedLayout> layouts_;
  std::vector<const char*> blobs_;
  std::vector<const Op*> packed_ops_;  // by slot
  std::vector<int> input_values_;      // by input of the kernel
  mutable ProgramCache programs_;
};

/// Whether the op's weight is brought into a layout of its own.
bool is_packed(const Op& op, const Group& group) {
  if (op.kind == Kind::kConv) return true;
  if (op.kind != Kind::kMatMul) return false;
  const Value& b = group.values[static_cast<size_t>(op.inputs[1])];
  return b.is_constant && b.input >= 0 && b.shape.size() == 2 && b.shape[0] > 0 && b.shape[1] > 0;
}

}  // namespace

sdk::Result<sdk::KernelPtr> make_kernel(Group group) {
  fold_scales(&group);
  std::vector<PackedLayout> layouts;
  for (Op& op : group.ops) {
    if (!is_packed(op, group)) continue;
    TN_ASSIGN_OR_RETURN(PackedLayout layout, choose_layout(op, group));
    op.slot = static_cast<int>(layouts.size());
    layouts.push_back(std::move(layout));
  }
  auto kernel = std::make_unique<GroupKernel>(std::move(group), std::move(layouts));
  TN_RETURN_IF_ERROR(kernel->prepare());
  return sdk::KernelPtr(std::move(kernel));
}

}  // namespace onednn
