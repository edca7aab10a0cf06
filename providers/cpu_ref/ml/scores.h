// What the classifiers and regressors of ai.onnx.ml have in common: post transforms of scores, labels of classes, rows
// of X, attributes that come in one of two types.
#pragma once

#include <string>
#include <tenon/sdk/kernel.hpp>
#include <vector>

#include "dispatch.h"

namespace tenon::cpu_ref {

using MlTypes = TypeList<float, double, int32_t, int64_t>;

enum class PostTransform { kNone, kSoftmax, kLogistic, kSoftmaxZero, kProbit };

/// By the attribute post_transform, which is a word.
sdk::Result<PostTransform> read_post_transform(const sdk::KernelInfo& info);

template <typename T>
T logistic(T x);
/// The inverse of the normal distribution function, by Winitzki's formula; no number outside of 0 to 1.
template <typename T>
T probit(T x);
/// Of the scores of one row, in place. Softmax of zeros leaves zeros of zero chance.
template <typename T>
void transform_scores(PostTransform transform, T* scores, int64_t count);

/// The scores of two classes where one score s tells both: 1 - s, s where it is a chance, else -s, s; with LOGISTIC
/// logistic(-s), logistic(s), with PROBIT that of s and 0, and no other post transform counts.
template <typename T>
void write_two_scores(PostTransform transform, T score, bool is_chance, float* z);

/// The labels of classes, of which one list is given.
struct ClassLabels {
  std::vector<std::string> strings;
  std::vector<int64_t> ints;

  bool has_strings() const { return !strings.empty(); }
  int64_t size() const { return static_cast<int64_t>(has_strings() ? strings.size() : ints.size()); }
};
sdk::Result<ClassLabels> read_labels(const sdk::KernelInfo& info, std::string_view ints_name);

/// One label for each row: classes by their place in the list, or, where `others` is given, below 0: ~(0 or 1) stands
/// for the labels 0 and 1 that no list has.
sdk::Status write_labels(sdk::RunContext& run, const ClassLabels& labels, sdk::Span<const int64_t> chosen);

/// X as rows: C is one row, and N x C are N.
struct Rows {
  int64_t count, columns;
};
sdk::Result<Rows> rows_of(const sdk::TensorView& x);
/// X as rows of operators that take N x C alone.
sdk::Result<Rows> matrix_rows(const sdk::TensorView& x);

/// The elements [begin, begin + count) of a tensor of MlTypes or float16 as T.
template <typename T>
void convert_elements(const sdk::TensorView& x, int64_t begin, int64_t count, T* to);
/// All of X as float, borrowed where it is.
sdk::Result<const float*> floats_of(sdk::RunContext& run, const sdk::TensorView& x);

/// The sum of products, in double.
double dot(const float* a, const float* b, int64_t count);

/// A list of numbers that is an attribute of floats or, under the second name, a tensor of floats or doubles.
struct Numbers {
  std::vector<double> values;
  bool are_double = false;
};
sdk::Result<Numbers> read_numbers(const sdk::KernelInfo& info, std::string_view floats, std::string_view tensor);

/// TN_INVALID_MODEL unless the list has as many entries as `expected`, those of the attribute `like`.
sdk::Status check_length(std::string_view name, size_t length, size_t expected, std::string_view like);

}  // namespace tenon::cpu_ref
