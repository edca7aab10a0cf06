// ArrayFeatureExtractor: the columns of X that Y counts, in its order; of X with one dimension they are one row.
// FeatureVectorizer: the inputs' columns side by side as floats, of each as many as inputdimensions says, with zeros
// where it has fewer. An input is N x C, where C may be several dimensions, or C as one row.
#include <algorithm>

#include "ml/scores.h"
#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

class ArrayFeatureExtractor final : public sdk::Kernel {
 public:
  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0), columns = run.input(1);
    if (x.rank() == 0) return sdk::invalid_argument("input X is a scalar, expected at least one dimension");
    const int64_t width = x.dim(x.rank() - 1), count = columns.count();
    const int64_t* const indices = columns.data<int64_t>();
    for (int64_t i = 0; i < count; ++i)
      if (indices[i] < 0 || indices[i] >= width)
        return sdk::invalid_argument("input Y has ", indices[i], ", expected a column of X: 0 to ", width - 1);
    sdk::Shape shape = x.rank() == 1 ? sdk::Shape{1} : to_shape(x.shape().subspan(0, x.shape().size() - 1));
    TN_ASSIGN_OR_RETURN(const int64_t rows, product(shape, 0, shape.size()));
    shape.push_back(count);
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView z, run.output(0, x.dtype(), shape));
    if (x.dtype() == TN_STRING) {
      for (int64_t i = 0; i < rows * count; ++i) {
        const tn_str& text = x.data<tn_str>()[i / count * width + indices[i % count]];
        TN_RETURN_IF_ERROR(run.set_string(0, i, sdk::view(text)));
      }
      return {};
    }
    return visit_list(MlTypes{}, x.dtype(), [&](auto tag) -> sdk::Status {
      using T = decltype(tag);
      for (int64_t row = 0; row < rows; ++row)
        for (int64_t i = 0; i < count; ++i) z.data<T>()[row * count + i] = x.data<T>()[row * width + indices[i]];
      return {};
    });
  }
};

sdk::Result<Rows> flat_rows(const sdk::TensorView& x) {
  if (x.rank() < 3) return rows_of(x);
  TN_ASSIGN_OR_RETURN(const int64_t columns, product(x.shape(), 1, x.shape().size()));
  return Rows{x.dim(0), columns};
}

class FeatureVectorizer final : public sdk::Kernel {
 public:
  FeatureVectorizer(std::vector<int64_t> widths, int64_t total) : widths_(std::move(widths)), total_(total) {}

  sdk::Status run(sdk::RunContext& run) const override {
    TN_ASSIGN_OR_RETURN(const Rows first, flat_rows(run.input(0)));
    const int64_t dims[] = {first.count, total_};
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_FLOAT, dims));
    std::fill_n(y.data<float>(), y.count(), 0.0f);
    int64_t begin = 0;
    for (uint32_t i = 0; i < run.input_count(); ++i) {
      const sdk::TensorView x = run.input(i);
      TN_ASSIGN_OR_RETURN(const Rows rows, flat_rows(x));
      if (rows.count != first.count)
        return sdk::invalid_argument("input ", i, " has shape ", sdk::shape_text(x.shape()), ", expected ", first.count,
                                     " rows as the first");
      const int64_t width = std::min(rows.columns, widths_[i]);
      for (int64_t row = 0; row < rows.count; ++row)
        convert_elements(x, row * rows.columns, width, y.data<float>() + row * total_ + begin);
      begin += widths_[i];
    }
    return {};
  }

 private:
  const std::vector<int64_t> widths_;
  const int64_t total_;
};

}  // namespace

sdk::Result<sdk::KernelPtr> make_array_feature_extractor(const sdk::KernelInfo&) {
  return std::make_unique<ArrayFeatureExtractor>();
}

sdk::Result<sdk::KernelPtr> make_feature_vectorizer(const sdk::KernelInfo& info) {
  std::vector<int64_t> widths = info.attr_ints("inputdimensions");
  TN_RETURN_IF_ERROR(check_length("inputdimensions", widths.size(), info.input_count(), "there are inputs"));
  int64_t total = 0;
  for (const int64_t width : widths) {
    if (width < 1) return sdk::invalid_model("attribute inputdimensions has ", width, ", expected at least 1");
    TN_ASSIGN_OR_RETURN(total, add(total, width));
  }
  return std::make_unique<FeatureVectorizer>(std::move(widths), total);
}

}  // namespace tenon::cpu_ref
