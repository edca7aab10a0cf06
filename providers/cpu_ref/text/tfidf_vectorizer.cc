// TfIdfVectorizer: how often each n-gram of a pool is in X ([C], or each row of [N, C]), at the place that
// ngram_indexes gives it. An n-gram's elements lie 1 to max_skip_count + 1 apart. Mode TF counts, IDF gives the weight
// of what is there, TFIDF count times weight.
#include <algorithm>
#include <map>
#include <tenon/sdk/kernel.hpp>

#include "dispatch.h"

namespace tenon::cpu_ref {
namespace {

enum class Mode { kTf, kIdf, kTfIdf };

/// The n-grams of the pool by their elements, which are numbers of the pool's distinct words.
struct Pool {
  std::map<std::string, int64_t> strings;
  std::map<int64_t, int64_t> ints;
  std::map<std::vector<int64_t>, size_t> ngrams;  // to their place in the attributes

  int64_t word(int64_t value) { return ints.try_emplace(value, static_cast<int64_t>(ints.size())).first->second; }
  int64_t word(const std::string& s) {
    return strings.try_emplace(s, static_cast<int64_t>(strings.size())).first->second;
  }
};

struct Form {
  Mode mode = Mode::kTf;
  int64_t least = 1, most = 1, skips = 0;
  std::vector<int64_t> places;  // of each n-gram in the output
  std::vector<float> weights;   // of each n-gram
  int64_t width = 0;            // of the output
  Pool pool;
};

class TfIdfVectorizer final : public sdk::Kernel {
 public:
  explicit TfIdfVectorizer(Form form) : form_(std::move(form)) {}

  sdk::Status run(sdk::RunContext& run) const override {
    const sdk::TensorView x = run.input(0);
    if (x.rank() != 1 && x.rank() != 2)
      return sdk::invalid_argument("input X has shape ", sdk::shape_text(x.shape()), ", expected C or N x C");
    const int64_t rows = x.rank() == 2 ? x.dim(0) : 1, columns = x.dim(x.rank() - 1);
    const int64_t dims[] = {rows, form_.width};
    const sdk::ShapeView shape(dims, 2);
    TN_ASSIGN_OR_RETURN(const sdk::MutableTensorView y,
                        run.output(0, TN_FLOAT, x.rank() == 2 ? shape : shape.subspan(1, 1)));
    std::fill_n(y.data<float>(), y.count(), 0.0f);
    std::vector<int64_t> words(static_cast<size_t>(columns));
    for (int64_t row = 0; row < rows && !run.cancelled(); ++row) {
      for (int64_t i = 0; i < columns; ++i) words[static_cast<size_t>(i)] = word_at(x, row * columns + i);
      count_row(words, y.data<float>() + row * form_.width);
    }
    return {};
  }

 private:
  /// -1: a word that the pool has not.
  int64_t word_at(const sdk::TensorView& x, int64_t i) const {
    const auto found = [](const auto& words, const auto& key) {
      const auto it = words.find(key);
      return it == words.end() ? int64_t{-1} : it->second;
    };
    if (x.dtype() == TN_STRING) return found(form_.pool.strings, std::string(sdk::view(x.data<tn_str>()[i])));
    return found(form_.pool.ints, x.dtype() == TN_INT32 ? int64_t{x.data<int32_t>()[i]} : x.data<int64_t>()[i]);
  }

  void count_row(const std::vector<int64_t>& words, float* y) const {
    std::vector<int64_t> ngram;
    const auto columns = static_cast<int64_t>(words.size());
    for (int64_t n = form_.least; n <= std::min(form_.most, columns); ++n) {
      // Elements cannot lie further apart than X is long, and a single one has no gaps.
      const int64_t furthest = n == 1 ? 1 : std::min(form_.skips + 1, (columns - 1) / (n - 1));
      for (int64_t step = 1; step <= furthest; ++step)
        for (int64_t first = 0; first + (n - 1) * step < columns; ++first) {
          ngram.clear();
          for (int64_t i = 0; i < n; ++i) ngram.push_back(words[static_cast<size_t>(first + i * step)]);
          if (const auto found = form_.pool.ngrams.find(ngram); found != form_.pool.ngrams.end()) add(found->second, y);
        }
    }
  }

  void add(size_t ngram, float* y) const {
    float& count = y[form_.places[ngram]];
    const float weight = form_.weights.empty() ? 1 : form_.weights[ngram];
    switch (form_.mode) {
      case Mode::kTf: count += 1; return;
      case Mode::kIdf: count = weight; return;
      case Mode::kTfIdf: count += weight; return;
    }
  }

  const Form form_;
};

sdk::Status read_mode(const sdk::KernelInfo& info, Form* form) {
  const std::string mode = info.attr_string("mode");
  if (mode != "TF" && mode != "IDF" && mode != "TFIDF")
    return sdk::invalid_model("attribute mode is '", mode, "', expected TF, IDF or TFIDF");
  form->mode = mode == "TF" ? Mode::kTf : mode == "IDF" ? Mode::kIdf : Mode::kTfIdf;
  form->least = info.attr_int("min_gram_length");
  form->most = info.attr_int("max_gram_length");
  form->skips = info.attr_int("max_skip_count");
  if (form->least < 1 || form->most < form->least || form->skips < 0 || form->skips > INT32_MAX)
    return sdk::invalid_model("min_gram_length is ", form->least, ", max_gram_length ", form->most,
                              " and max_skip_count ", form->skips,
                              ", expected at least 1, at least the former, and 0 to ", INT32_MAX);
  return {};
}

sdk::Status read_places(const sdk::KernelInfo& info, Form* form) {
  form->places = info.attr_ints("ngram_indexes");
  form->weights = info.attr_floats("weights");
  for (const int64_t place : form->places) {
    if (place < 0 || place > INT32_MAX)
      return sdk::invalid_model("attribute ngram_indexes has ", place, ", expected 0 to ", INT32_MAX);
    form->width = std::max(form->width, place + 1);
  }
  if (!form->weights.empty() && form->weights.size() != form->places.size())
    return sdk::invalid_model("attribute weights has ", form->weights.size(), " numbers, expected ",
                              form->places.size(), " as ngram_indexes");
  return {};
}

/// The words of the pool, in sections of 1-grams, 2-grams and so on that begin where ngram_counts says.
sdk::Status read_pool(const sdk::KernelInfo& info, Form* form) {
  std::vector<int64_t> words;
  const std::vector<std::string> strings = info.attr_strings("pool_strings");
  const std::vector<int64_t> ints = info.attr_ints("pool_int64s");
  if (strings.empty() == ints.empty())
    return sdk::invalid_model("expected either attribute pool_strings or pool_int64s");
  for (const std::string& s : strings) words.push_back(form->pool.word(s));
  for (const int64_t value : ints) words.push_back(form->pool.word(value));
  const std::vector<int64_t> begins = info.attr_ints("ngram_counts");
  for (size_t n = 1; n <= begins.size(); ++n) {
    const int64_t begin = begins[n - 1];
    const int64_t end = n < begins.size() ? begins[n] : static_cast<int64_t>(words.size());
    if (begin < 0 || end < begin || end > static_cast<int64_t>(words.size()) ||
        (end - begin) % static_cast<int64_t>(n) != 0)
      return sdk::invalid_model("attribute ngram_counts lets the ", n, "-grams lie from ", begin, " to ", end, " of ",
                                words.size(), " words, expected a multiple of ", n, " within");
    for (auto at = words.begin() + begin; at != words.begin() + end; at += static_cast<int64_t>(n))
      form->pool.ngrams.try_emplace({at, at + static_cast<int64_t>(n)}, form->pool.ngrams.size());
  }
  if (form->pool.ngrams.size() != form->places.size())
    return sdk::invalid_model("the pool has ", form->pool.ngrams.size(), " different n-grams and ngram_indexes ",
                              form->places.size(), " numbers, expected one for each");
  return {};
}

}  // namespace

sdk::Result<sdk::KernelPtr> make_tfidf_vectorizer(const sdk::KernelInfo& info) {
  Form form;
  TN_RETURN_IF_ERROR(read_mode(info, &form));
  TN_RETURN_IF_ERROR(read_places(info, &form));
  TN_RETURN_IF_ERROR(read_pool(info, &form));
  const bool has_strings = info.input(0).info().dtype() == TN_STRING;
  if (has_strings == form.pool.strings.empty())
    return sdk::invalid_model("X is ", sdk::dtype_name(info.input(0).info().dtype()), ", but the pool has ",
                              has_strings ? "numbers" : "strings");
  return std::make_unique<TfIdfVectorizer>(std::move(form));
}

}  // namespace tenon::cpu_ref
