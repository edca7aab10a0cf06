#include "ml/scores.h"

#include <cmath>
#include <limits>

#include "shape_math.h"

namespace tenon::cpu_ref {
namespace {

// Scores nearer to 0 count as none in SOFTMAX_ZERO.
constexpr double kNearZero = 1e-7;

template <typename T>
T greatest_of(const T* scores, int64_t count) {
  T greatest = std::numeric_limits<T>::lowest();
  for (int64_t i = 0; i < count; ++i)
    if (scores[i] > greatest) greatest = scores[i];
  return greatest;
}

template <typename T>
void softmax(T* scores, int64_t count, bool skips_zeros) {
  const T greatest = greatest_of(scores, count);
  T sum = 0;
  for (int64_t i = 0; i < count; ++i) {
    if (skips_zeros && std::abs(scores[i]) <= T(kNearZero)) {
      scores[i] *= std::exp(-greatest);
    } else {
      scores[i] = std::exp(scores[i] - greatest);
      sum += scores[i];
    }
  }
  for (int64_t i = 0; i < count; ++i) scores[i] /= sum;
}

}  // namespace

template <typename T>
T logistic(T x) {
  const T v = 1 / (1 + std::exp(-std::abs(x)));
  return x < 0 ? 1 - v : v;
}

template <typename T>
T probit(T x) {
  const T y = 2 * x - 1, log = std::log((1 - y) * (1 + y));
  // In float these sums cancel around 0.5, so the order is that of others who compute them.
  const T a = 2 / (T(3.14159f) * T(0.147f)) + T(0.5) * log, b = 1 / T(0.147f) * log;
  const T root = std::sqrt(-a + std::sqrt(a * a - b));
  return T(1.41421356f) * (y < 0 ? -root : root);
}

template <typename T>
void transform_scores(PostTransform transform, T* scores, int64_t count) {
  switch (transform) {
    case PostTransform::kNone: return;
    case PostTransform::kSoftmax: return softmax(scores, count, false);
    case PostTransform::kSoftmaxZero: return softmax(scores, count, true);
    case PostTransform::kLogistic:
      for (int64_t i = 0; i < count; ++i) scores[i] = logistic(scores[i]);
      return;
    case PostTransform::kProbit:
      for (int64_t i = 0; i < count; ++i) scores[i] = probit(scores[i]);
      return;
  }
}

template <typename T>
void write_two_scores(PostTransform transform, T score, bool is_chance, float* z) {
  const bool is_logistic = transform == PostTransform::kLogistic, is_probit = transform == PostTransform::kProbit;
  const T first = is_logistic ? logistic(-score) : is_probit ? probit(score) : is_chance ? 1 - score : -score;
  const T second = is_logistic ? logistic(score) : is_probit ? T(0) : score;
  z[0] = static_cast<float>(first);
  z[1] = static_cast<float>(second);
}

template void write_two_scores(PostTransform, float, bool, float*);
template void write_two_scores(PostTransform, double, bool, float*);
template float logistic(float);
template double logistic(double);
template float probit(float);
template double probit(double);
template void transform_scores(PostTransform, float*, int64_t);
template void transform_scores(PostTransform, double*, int64_t);

sdk::Result<PostTransform> read_post_transform(const sdk::KernelInfo& info) {
  const std::string word = info.attr_string("post_transform");
  if (word == "NONE") return PostTransform::kNone;
  if (word == "SOFTMAX") return PostTransform::kSoftmax;
  if (word == "LOGISTIC") return PostTransform::kLogistic;
  if (word == "SOFTMAX_ZERO") return PostTransform::kSoftmaxZero;
  if (word == "PROBIT") return PostTransform::kProbit;
  return sdk::invalid_model("attribute post_transform is '", word,
                            "', expected NONE, SOFTMAX, LOGISTIC, SOFTMAX_ZERO or PROBIT");
}

sdk::Result<ClassLabels> read_labels(const sdk::KernelInfo& info, std::string_view ints_name) {
  ClassLabels labels{info.attr_strings("classlabels_strings"), info.attr_ints(ints_name)};
  if (labels.size() == 0)
    return sdk::invalid_model("neither attribute classlabels_strings nor ", ints_name, " has a label, expected one ",
                              "for each class in one of them");
  return labels;
}

sdk::Status write_labels(sdk::RunContext& run, const ClassLabels& labels, sdk::Span<const int64_t> chosen) {
  const int64_t dims[] = {static_cast<int64_t>(chosen.size())};
  if (!labels.has_strings()) {
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y, run.output(0, TN_INT64, dims));
    for (size_t i = 0; i < chosen.size(); ++i)
      y.data<int64_t>()[i] = chosen[i] < 0 ? ~chosen[i] : labels.ints[static_cast<size_t>(chosen[i])];
    return {};
  }
  TN_RETURN_IF_ERROR(run.output(0, TN_STRING, dims).take_status());
  for (size_t i = 0; i < chosen.size(); ++i) {
    const std::string_view label = chosen[i] < 0 ? (~chosen[i] != 0 ? "1" : "0")
                                                 : std::string_view(labels.strings[static_cast<size_t>(chosen[i])]);
    TN_RETURN_IF_ERROR(run.set_string(0, static_cast<int64_t>(i), label));
  }
  return {};
}

sdk::Result<Rows> rows_of(const sdk::TensorView& x) {
  if (x.rank() == 1) return Rows{1, x.dim(0)};
  if (x.rank() == 2) return Rows{x.dim(0), x.dim(1)};
  return sdk::invalid_argument("input X has shape ", sdk::shape_text(x.shape()), ", expected C or N x C");
}

sdk::Result<Rows> matrix_rows(const sdk::TensorView& x) {
  if (x.rank() == 2) return Rows{x.dim(0), x.dim(1)};
  return sdk::invalid_argument("input X has shape ", sdk::shape_text(x.shape()), ", expected N x C");
}

template <typename T>
void convert_elements(const sdk::TensorView& x, int64_t begin, int64_t count, T* to) {
  const auto convert = [&](const auto* from) {
    for (int64_t i = 0; i < count; ++i) to[i] = static_cast<T>(from[begin + i]);
  };
  switch (x.dtype()) {
    case TN_FLOAT: return convert(x.data<float>());
    case TN_DOUBLE: return convert(x.data<double>());
    case TN_INT32: return convert(x.data<int32_t>());
    case TN_INT64: return convert(x.data<int64_t>());
    case TN_FLOAT16:
      for (int64_t i = 0; i < count; ++i) to[i] = static_cast<T>(static_cast<float>(x.data<sdk::Float16>()[begin + i]));
      return;
    default: return;
  }
}

template void convert_elements(const sdk::TensorView&, int64_t, int64_t, float*);
template void convert_elements(const sdk::TensorView&, int64_t, int64_t, double*);

sdk::Result<const float*> floats_of(sdk::RunContext& run, const sdk::TensorView& x) {
  if (x.dtype() == TN_FLOAT) return x.data<float>();
  TN_ASSIGN_OR_RETURN(float* const converted, run.scratch<float>(static_cast<size_t>(x.count())));
  convert_elements(x, 0, x.count(), converted);
  return static_cast<const float*>(converted);
}

double dot(const float* a, const float* b, int64_t count) {
  // Several sums, which a processor adds to at a time.
  constexpr int64_t kSums = 8;
  double sums[kSums] = {};
  int64_t i = 0;
  for (; i + kSums <= count; i += kSums)
    for (int64_t s = 0; s < kSums; ++s) sums[s] += double(a[i + s]) * double(b[i + s]);
  for (; i < count; ++i) sums[0] += double(a[i]) * double(b[i]);
  double sum = 0;
  for (const double s : sums) sum += s;
  return sum;
}

sdk::Result<Numbers> read_numbers(const sdk::KernelInfo& info, std::string_view floats, std::string_view tensor) {
  Numbers numbers;
  for (const float v : info.attr_floats(floats)) numbers.values.push_back(double(v));
  sdk::TensorView given;
  if (tensor.empty() || !info.attr_tensor(tensor, &given) || given.count() == 0) return numbers;
  if (!numbers.values.empty())
    return sdk::invalid_model("attributes ", floats, " and ", tensor, " are both given, expected one of them");
  if (given.rank() != 1)
    return sdk::invalid_model("attribute ", tensor, " has shape ", sdk::shape_text(given.shape()), ", expected a list");
  if (given.dtype() != TN_FLOAT && given.dtype() != TN_DOUBLE && given.dtype() != TN_FLOAT16)
    return sdk::invalid_model("attribute ", tensor, " is ", sdk::dtype_name(given.dtype()),
                              ", expected float, double or float16");
  numbers.are_double = given.dtype() == TN_DOUBLE;
  numbers.values.resize(static_cast<size_t>(given.count()));
  convert_elements(given, 0, given.count(), numbers.values.data());
  return numbers;
}

sdk::Status check_length(std::string_view name, size_t length, size_t expected, std::string_view like) {
  if (length == expected) return {};
  return sdk::invalid_model("attribute ", name, " has ", length, " entries, expected ", expected, " as ", like);
}

}  // namespace tenon::cpu_ref
