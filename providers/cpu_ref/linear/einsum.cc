// Einsum: Output[output term] = the sum, over all labels that are not in the output term, of the product of the
// operands' elements. A label repeated within a term takes the diagonal; "..." stands for leading dimensions that
// broadcast; without
// "->" the output has the dimensions of "...", then the labels that occur once, in ASCII order. Products and sums are
// held in Accumulator<T>. The output must not be an input.
#include <algorithm>
#include <map>
#include <tenon/sdk/kernel.hpp>

#include "arithmetic.h"
#include "linear/einsum_equation.h"
#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

/// One loop over a label: its extent, and the stride along it of each operand.
struct LabelLoop {
  int64_t extent;
  sdk::Shape strides;
};

bool is_empty(const std::vector<LabelLoop>& loops) {
  return std::any_of(loops.begin(), loops.end(), [](const LabelLoop& l) { return l.extent == 0; });
}

/// Calls body() for every combination of the loops, the last one innermost, with `at` moved to its elements.
template <typename Body>
void for_each(const std::vector<LabelLoop>& loops, sdk::Shape& at, Body&& body) {
  if (is_empty(loops)) return;
  sdk::Shape index(loops.size(), 0);
  while (true) {
    body();
    size_t d = loops.size();
    for (; d > 0; --d) {
      const LabelLoop& loop = loops[d - 1];
      const bool wraps = ++index[d - 1] == loop.extent;
      for (size_t k = 0; k < at.size(); ++k) at[k] += loop.strides[k] * (wraps ? 1 - loop.extent : 1);
      if (!wraps) break;
      index[d - 1] = 0;
    }
    if (d == 0) return;
  }
}

class Einsum final : public sdk::Kernel {
 public:
  explicit Einsum(EinsumEquation equation) : equation_(std::move(equation)) {}

  sdk::Status run(sdk::RunContext& run) const override {
    std::vector<sdk::TensorView> operands;
    std::vector<sdk::ShapeView> shapes;
    for (uint32_t k = 0; k < run.input_count(); ++k) {
      operands.push_back(run.input(k));
      shapes.push_back(operands.back().shape());
    }
    TN_ASSIGN_OR_RETURN(const EinsumTerms terms, equation_.resolve(shapes));
    std::map<int, LabelLoop> loops;
    TN_RETURN_IF_ERROR(make_loops(terms, shapes, loops));
    std::vector<LabelLoop> kept, summed;
    sdk::Shape shape;
    for (int label : terms.output) {
      kept.push_back(loops.at(label));
      shape.push_back(kept.back().extent);
    }
    for (const auto& [label, loop] : loops)
      if (std::find(terms.output.begin(), terms.output.end(), label) == terms.output.end()) summed.push_back(loop);
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, operands[0].dtype(), shape));
    return visit_numeric(operands[0].dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      T* out = y.template data<T>();
      sdk::Shape at(operands.size(), 0);
      for_each(kept, at, [&] {
        Accumulator<T> sum = 0;
        for_each(summed, at, [&] {
          Accumulator<T> product = 1;
          for (size_t k = 0; k < operands.size(); ++k)
            product = wrapping_multiply(
                product, static_cast<Accumulator<T>>(static_cast<Compute<T>>(operands[k].data<T>()[at[k]])));
          sum = wrapping_add(sum, product);
        });
        *out++ = from_accumulator<T>(sum);
      });
      return {};
    });
  }

 private:
  static sdk::Status make_loops(const EinsumTerms& terms, const std::vector<sdk::ShapeView>& shapes,
                                std::map<int, LabelLoop>& loops) {
    for (size_t k = 0; k < shapes.size(); ++k) {
      const sdk::Shape strides = row_major_strides(shapes[k]);
      for (size_t d = 0; d < shapes[k].size(); ++d) {
        LabelLoop& loop =
            loops.try_emplace(terms.inputs[k][d], LabelLoop{1, sdk::Shape(shapes.size(), 0)}).first->second;
        const int64_t extent = shapes[k][d];
        if (extent != 1 && loop.extent != 1 && extent != loop.extent)
          return sdk::invalid_argument("dimension ", d, " of operand ", k, " is ", extent, ", expected ", loop.extent,
                                       " as elsewhere under the same label");
        if (extent != 1) {
          loop.extent = extent;
          loop.strides[k] += strides[d];
        }
      }
    }
    return {};
  }

  EinsumEquation equation_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_einsum(const sdk::KernelInfo& info) {
  TN_ASSIGN_OR_RETURN(EinsumEquation equation, EinsumEquation::parse(info.attr_string("equation")));
  return std::make_unique<Einsum>(std::move(equation));
}

}  // namespace tenon::cpu_ref
