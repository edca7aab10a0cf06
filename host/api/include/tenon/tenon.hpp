// The C++17 API of Tenon: a header-only layer over <tenon/tenon.h> that frees what it makes and throws tenon::Error.
//
//   tenon::Session session("model.onnx");
//   std::vector<float> pixels(64);
//   tenon::Results results = session.run({{"x", tenon::Tensor::of<float>({1, 64}, pixels)}});
//   const float* scores = results[0].data<float>();
//
// A Session may be run from several threads at once; other objects belong to one thread at a time.
#pragma once

#include <tenon/tenon.h>

#include <chrono>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace tenon {

/// What every function here throws when it fails.
class Error : public std::runtime_error {
 public:
  Error(tenon_code code, const std::string& message) : std::runtime_error(message), code_(code) {}
  tenon_code code() const { return code_; }

 private:
  tenon_code code_;
};

namespace detail {

inline void check(int code) {
  if (code != TENON_OK) throw Error(static_cast<tenon_code>(code), tenon_last_error());
}

template <typename T, void (*destroy)(T*)>
struct Destroy {
  void operator()(T* handle) const { destroy(handle); }
};
template <typename T, void (*destroy)(T*)>
using Handle = std::unique_ptr<T, Destroy<T, destroy>>;

/// The number of ONNX TensorProto.DataType that stands for T.
template <typename T>
constexpr uint32_t dtype_of() {
  if constexpr (std::is_same_v<T, float>) {
    return 1;
  } else if constexpr (std::is_same_v<T, uint8_t>) {
    return 2;
  } else if constexpr (std::is_same_v<T, int8_t>) {
    return 3;
  } else if constexpr (std::is_same_v<T, uint16_t>) {
    return 4;
  } else if constexpr (std::is_same_v<T, int16_t>) {
    return 5;
  } else if constexpr (std::is_same_v<T, int32_t>) {
    return 6;
  } else if constexpr (std::is_same_v<T, int64_t>) {
    return 7;
  } else if constexpr (std::is_same_v<T, tenon_string>) {
    return 8;
  } else if constexpr (std::is_same_v<T, bool>) {
    return 9;
  } else if constexpr (std::is_same_v<T, double>) {
    return 11;
  } else if constexpr (std::is_same_v<T, uint32_t>) {
    return 12;
  } else if constexpr (std::is_same_v<T, uint64_t>) {
    return 13;
  } else {
    static_assert(!sizeof(T), "no ONNX element type stands for this C++ type: use Tensor::raw");
  }
}

}  // namespace detail

/// Typed, row-major data to give to a run. Borrows or owns its bytes; copies share them.
class Tensor {
 public:
  /// Borrows `data`, which must outlive the runs that it is given to.
  template <typename T>
  static Tensor of(std::vector<int64_t> shape, const T* data, size_t count) {
    return raw(detail::dtype_of<T>(), std::move(shape), data, count * sizeof(T));
  }
  template <typename T>
  static Tensor of(std::vector<int64_t> shape, const std::vector<T>& data) {
    return of<T>(std::move(shape), data.data(), data.size());
  }
  /// Keeps `data`.
  template <typename T>
  static Tensor of(std::vector<int64_t> shape, std::vector<T>&& data) {
    auto kept = std::make_shared<const std::vector<T>>(std::move(data));
    Tensor tensor = of<T>(std::move(shape), kept->data(), kept->size());
    tensor.owner_ = std::move(kept);
    return tensor;
  }
  /// Keeps the texts.
  static Tensor strings(std::vector<int64_t> shape, std::vector<std::string> texts) {
    struct Kept {
      std::vector<std::string> texts;
      std::vector<tenon_string> views;
    };
    auto kept = std::make_shared<Kept>(Kept{std::move(texts), {}});
    for (const std::string& text : kept->texts) kept->views.push_back({text.data(), text.size()});
    Tensor tensor = of<tenon_string>(std::move(shape), kept->views.data(), kept->views.size());
    tensor.owner_ = std::move(kept);
    return tensor;
  }
  /// Borrows bytes of any element type, by its number in ONNX TensorProto.DataType.
  static Tensor raw(uint32_t dtype, std::vector<int64_t> shape, const void* data, size_t byte_length) {
    Tensor tensor;
    tensor.dtype_ = dtype;
    tensor.shape_ = std::move(shape);
    tensor.data_ = data;
    tensor.byte_length_ = byte_length;
    return tensor;
  }

  /// As the C API takes it; borrows `name` and this tensor.
  tenon_tensor c(const char* name) const {
    return {name, dtype_, static_cast<uint32_t>(shape_.size()), shape_.data(), data_, byte_length_};
  }

 private:
  Tensor() = default;
  uint32_t dtype_ = 0;
  std::vector<int64_t> shape_;
  const void* data_ = nullptr;
  size_t byte_length_ = 0;
  std::shared_ptr<const void> owner_;
};

/// A tensor that a run made; lives as long as its Results.
class ResultView {
 public:
  explicit ResultView(const tenon_tensor& tensor) : tensor_(tensor) {}
  std::string name() const { return tensor_.name; }
  uint32_t dtype() const { return tensor_.dtype; }
  std::vector<int64_t> shape() const { return {tensor_.shape, tensor_.shape + tensor_.rank}; }
  size_t byte_length() const { return tensor_.byte_length; }
  const void* raw() const { return tensor_.data; }
  /// Number of elements of type T that the tensor holds.
  template <typename T>
  size_t count() const {
    return tensor_.byte_length / sizeof(T);
  }
  /// The elements; T must be the C++ type of dtype().
  template <typename T>
  const T* data() const {
    if (detail::dtype_of<T>() != tensor_.dtype)
      throw Error(TENON_INVALID_ARGUMENT, "result '" + name() + "' has elements of type " +
                                              std::to_string(tensor_.dtype) + ", asked for as type " +
                                              std::to_string(detail::dtype_of<T>()));
    return static_cast<const T*>(tensor_.data);
  }
  template <typename T>
  std::vector<T> to_vector() const {
    return {data<T>(), data<T>() + count<T>()};
  }
  std::vector<std::string> to_strings() const {
    std::vector<std::string> texts;
    for (size_t i = 0; i < count<tenon_string>(); ++i) {
      const tenon_string& text = data<tenon_string>()[i];
      texts.emplace_back(text.data, text.size);
    }
    return texts;
  }

 private:
  tenon_tensor tensor_;
};

/// What a run made. Move-only.
class Results {
 public:
  explicit Results(tenon_results* results) : results_(results) {}
  size_t size() const { return tenon_results_count(results_.get()); }
  ResultView operator[](size_t index) const {
    tenon_tensor tensor{};
    detail::check(tenon_results_get(results_.get(), index, &tensor));
    return ResultView(tensor);
  }
  ResultView operator[](std::string_view name) const {
    for (size_t i = 0; i < size(); ++i)
      if ((*this)[i].name() == name) return (*this)[i];
    throw Error(TENON_INVALID_ARGUMENT, "there is no result '" + std::string(name) + "'");
  }

 private:
  detail::Handle<tenon_results, tenon_results_destroy> results_;
};

/// Session options by name; see tenon_options_set.
class Options {
 public:
  Options() : options_(tenon_options_create()) {
    if (options_ == nullptr) throw std::bad_alloc();
  }
  Options& set(const std::string& name, const std::string& value) {
    detail::check(tenon_options_set(options_.get(), name.c_str(), value.c_str()));
    return *this;
  }
  Options& providers(const std::string& list) { return set("providers", list); }
  Options& threads(unsigned count) { return set("threads", std::to_string(count)); }
  /// "auto", "readonly" or "off".
  Options& pack(const std::string& mode) { return set("pack", mode); }
  Options& cache_dir(const std::string& folder) { return set("cache_dir", folder); }
  Options& cache_max_bytes(uint64_t bytes) { return set("cache_max_bytes", std::to_string(bytes)); }
  Options& verify_packs_always() { return set("pack_verify", "always"); }
  const tenon_options* c() const { return options_.get(); }

 private:
  detail::Handle<tenon_options, tenon_options_destroy> options_;
};

/// Stops runs from any thread.
class Cancel {
 public:
  Cancel() : cancel_(tenon_cancel_create()) {
    if (cancel_ == nullptr) throw std::bad_alloc();
  }
  void now() { tenon_cancel_now(cancel_.get()); }
  tenon_cancel* c() const { return cancel_.get(); }

 private:
  detail::Handle<tenon_cancel, tenon_cancel_destroy> cancel_;
};

/// An input or output of a model as declared.
struct Port {
  std::string name;
  uint32_t dtype = 0;
  bool has_rank = false;
  std::vector<int64_t> shape;          // -1: free
  std::vector<std::string> dim_names;  // "" where there is none
};

struct NamedTensor {
  std::string name;
  Tensor tensor;
};

/// A model that is ready to run. Move-only.
class Session {
 public:
  explicit Session(const std::string& path) { open(path, nullptr); }
  Session(const std::string& path, const Options& options) { open(path, options.c()); }
  /// Of a model in memory, which must outlive the session.
  static Session from_bytes(const void* data, size_t size) { return from_bytes(data, size, nullptr); }
  static Session from_bytes(const void* data, size_t size, const Options& options) {
    return from_bytes(data, size, options.c());
  }

  std::vector<Port> inputs() const { return ports(tenon_session_input_count(session_.get()), tenon_session_input); }
  std::vector<Port> outputs() const { return ports(tenon_session_output_count(session_.get()), tenon_session_output); }

  /// `wanted`: names of outputs, all when empty. `timeout`: negative for none. `cancel` may be null.
  Results run(const std::vector<NamedTensor>& inputs, const std::vector<std::string>& wanted = {},
              std::chrono::milliseconds timeout = std::chrono::milliseconds(-1), Cancel* cancel = nullptr) {
    std::vector<tenon_tensor> given;
    for (const NamedTensor& input : inputs) given.push_back(input.tensor.c(input.name.c_str()));
    std::vector<const char*> names;
    for (const std::string& name : wanted) names.push_back(name.c_str());
    tenon_results* results = nullptr;
    detail::check(tenon_session_run(session_.get(), given.data(), given.size(), names.empty() ? nullptr : names.data(),
                                    names.size(), timeout.count(), cancel != nullptr ? cancel->c() : nullptr,
                                    &results));
    return Results(results);
  }

  /// Where every node runs and every byte lives; format: "text", "details" or "json".
  std::string report(const std::string& format = "text") const {
    char* raw = nullptr;
    detail::check(tenon_session_report(session_.get(), format.c_str(), &raw));
    const detail::Handle<char, tenon_string_free> text(raw);
    return text.get();
  }

 private:
  Session() = default;
  void open(const std::string& path, const tenon_options* options) {
    tenon_session* session = nullptr;
    detail::check(tenon_session_open(path.c_str(), options, &session));
    session_.reset(session);
  }
  static Session from_bytes(const void* data, size_t size, const tenon_options* options) {
    Session made;
    tenon_session* session = nullptr;
    detail::check(tenon_session_open_bytes(data, size, options, &session));
    made.session_.reset(session);
    return made;
  }
  std::vector<Port> ports(size_t count, int (*get)(const tenon_session*, size_t, tenon_port*)) const {
    std::vector<Port> found;
    for (size_t i = 0; i < count; ++i) {
      tenon_port raw{};
      detail::check(get(session_.get(), i, &raw));
      Port port{raw.name, raw.dtype, raw.rank >= 0, {}, {}};
      for (int32_t d = 0; d < raw.rank; ++d) {
        port.shape.push_back(raw.shape[d]);
        port.dim_names.emplace_back(raw.dim_names[d]);
      }
      found.push_back(std::move(port));
    }
    return found;
  }

  detail::Handle<tenon_session, tenon_session_close> session_;
};

/// Puts the model of a file into shared memory, where every process of this user opens it as "shm:" + name; see
/// tenon_publish.
inline void publish(const std::string& name, const std::string& path, const Options& options = Options()) {
  detail::check(tenon_publish(name.c_str(), path.c_str(), options.c()));
}
/// The same of an image of an .onnx or .ort file, which is not needed afterwards.
inline void publish_bytes(const std::string& name, const void* data, size_t size, const Options& options = Options()) {
  detail::check(tenon_publish_bytes(name.c_str(), data, size, options.c()));
}
inline void unpublish(const std::string& name) {
  detail::check(tenon_unpublish(name.c_str()));
}

}  // namespace tenon
